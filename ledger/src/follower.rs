//! Follower: the store behind the journal. It takes what the journal has on disk on a thread of its own, so that an
//! append waits for the journal alone.
//!
//! Promises the contract of [`Store`] to this process: every read waits until the store has taken what it was given, in
//! order. The store asks for the same disk and the same processors as the appends, and is in no hurry: it takes what waits
//! when nothing more comes for a moment, when many entries wait, or when somebody asks. After a kill, as after a loss of power, the store MAY lack what was not [settled](Follower::settle): the journal
//! holds it, and the next open lets the store catch up. What the store refuses on its thread is told by the next call.
//! Does not write the journal: its caller has.

use crate::{
    check::Verified,
    envelope::Envelope,
    sled_store::SledStore,
    store::{Head, Kept, Store, StoreError, follow},
    verifier::Lookup,
};
use std::{
    borrow::Borrow,
    mem,
    ops::Range,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};
use trial_core::ids::Seq;

/// How many entries the store takes in one transaction.
const TOGETHER: usize = 512;

/// How many entries are so many that the store takes them while more come: some twenty megabytes, and a fraction of a second
/// at the next opening where the process is killed.
const MANY: usize = 16_384;

/// How many entries may wait for the store before an append waits for it too.
const MOST_WAITING: usize = MANY + MANY / 2;

/// How long the store may take for all that waits: milliseconds, unless its disk fails. Where a system call of sled fails
/// on one of its own threads, it waits for that thread for ever.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long the thread waits for more before it takes few entries, and before it flushes: the journal waits for the same disk.
const LULL: Duration = Duration::from_millis(50);

/// A store that is behind by what its thread has not taken yet.
pub struct Follower {
    /// Shared with the thread.
    store: SledStore,
    /// Where the store will be when it has taken all.
    head: Option<Head>,
    queue: Arc<Queue>,
    /// There from the first append on.
    thread: Option<JoinHandle<()>>,
}

/// What waits for the store, and how it fares.
#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<Kept>,
    work: Work,
    asked: Asked,
    ended: bool,
    failed: Option<StoreError>,
}

/// What the thread is doing.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Work {
    /// Nothing: all that it took is flushed.
    #[default]
    Done,
    /// Nothing, but what it took last would not survive a kill.
    Taken,
    /// It is taking, or flushing.
    Busy,
}

/// What somebody waits for.
#[derive(Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Asked {
    /// Nobody waits.
    #[default]
    Nothing,
    /// All that was given is taken.
    Taken,
    /// It is flushed too.
    Flushed,
}

impl State {
    /// Whether a read would miss something.
    fn is_behind(&self) -> bool {
        self.failed.is_none() && (self.work == Work::Busy || !self.waiting.is_empty())
    }

    fn is_unsettled(&self) -> bool {
        self.is_behind() || (self.failed.is_none() && self.work != Work::Done)
    }

    /// Whether the thread has nothing to do, now or after a lull.
    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.work == Work::Done && !self.ended && self.failed.is_none()
    }

    /// Whether the thread has something to do that cannot wait for a lull.
    fn is_pressing(&self) -> bool {
        let asked = match self.asked {
            Asked::Nothing => false,
            Asked::Taken => !self.waiting.is_empty(),
            Asked::Flushed => true,
        };
        asked || self.waiting.len() >= MANY || self.ended || self.failed.is_some()
    }
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits while it is so, but not for ever: then the store has failed. Counts seconds in which this process ran: one that
    /// was stopped for a while has not waited for the store.
    fn wait_while(&self, is_so: impl Fn(&State) -> bool) -> Result<MutexGuard<'_, State>, StoreError> {
        let mut state = self.state();
        for _ in 0..PATIENCE.as_secs() {
            let second = self.changed.wait_timeout_while(state, Duration::from_secs(1), |state| is_so(state));
            let (waited, ended) = second.unwrap_or_else(PoisonError::into_inner);
            state = waited;
            if !ended.timed_out() {
                return state.failed.clone().map_or(Ok(state), Err);
            }
        }
        Err(state.failed.get_or_insert(StoreError::Silent(PATIENCE)).clone())
    }

    /// What the thread does: takes all that waits, again and again, and flushes when nothing more comes.
    fn serve(&self, mut store: SledStore) {
        loop {
            let mut state = self.next();
            let entries = mem::take(&mut state.waiting);
            if state.failed.is_some() || (entries.is_empty() && state.work == Work::Done) {
                return;
            }
            state.work = Work::Busy;
            drop(state);
            let (done, outcome) = match entries.is_empty() {
                true => (Work::Done, store.flush()),
                false => (Work::Taken, entries.chunks(TOGETHER).try_for_each(|entries| store.take(entries))),
            };
            drop(entries);
            let mut state = self.state();
            state.work = done;
            if !state.is_behind() && (done == Work::Done || state.asked < Asked::Flushed) {
                state.asked = Asked::Nothing;
            }
            state.failed = state.failed.take().or(outcome.err());
            drop(state);
            self.changed.notify_all();
        }
    }

    /// Waits until there is something to take, or to flush, or the end.
    fn next(&self) -> MutexGuard<'_, State> {
        let idle = self.changed.wait_while(self.state(), |state| state.is_idle());
        let mut state = idle.unwrap_or_else(PoisonError::into_inner);
        loop {
            let waiting = state.waiting.len();
            let lull = self.changed.wait_timeout_while(state, LULL, |state| !state.is_pressing());
            state = lull.unwrap_or_else(PoisonError::into_inner).0;
            if state.is_pressing() || state.waiting.len() == waiting {
                return state;
            }
        }
    }
}

impl Follower {
    /// Follows with a store, from where it is.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn new(store: SledStore) -> Result<Follower, StoreError> {
        Ok(Follower { head: store.head()?, store, queue: Arc::default(), thread: None })
    }

    /// Waits until the store has all that it was given, also if the process is killed then.
    ///
    /// # Errors
    /// What the store refused since, or that it does not answer: it may lack the last entries then, and takes no more.
    pub fn settle(&self) -> Result<(), StoreError> {
        self.ask(Asked::Flushed, State::is_unsettled)
    }

    /// The store, when it has taken all that it was given.
    fn abreast(&self) -> Result<&SledStore, StoreError> {
        self.ask(Asked::Taken, State::is_behind)?;
        Ok(&self.store)
    }

    /// Waits, and says so to the thread, while it is so.
    fn ask(&self, what: Asked, is_so: impl Fn(&State) -> bool) -> Result<(), StoreError> {
        let mut state = self.queue.state();
        if is_so(&state) {
            state.asked = state.asked.max(what);
            self.queue.changed.notify_all();
        }
        drop(state);
        self.queue.wait_while(is_so).map(drop)
    }

    /// What the store refused so far, without waiting for it.
    ///
    /// # Errors
    /// That.
    pub fn failed(&self) -> Result<(), StoreError> {
        self.queue.state().failed.clone().map_or(Ok(()), Err)
    }

    /// See [`Store::append_if_next`].
    ///
    /// # Errors
    /// The same.
    pub(crate) fn append<E: Borrow<Verified>>(&mut self, entries: &[E]) -> Result<(), StoreError> {
        let head = follow(self.head, entries)?;
        if entries.is_empty() {
            return self.failed();
        }
        self.start()?;
        let mut state = self.queue.wait_while(|state| state.is_behind() && state.waiting.len() >= MOST_WAITING)?;
        let idle = state.is_idle();
        state.waiting.extend(entries.iter().map(|entry| Kept::of(entry.borrow())));
        // One that counts a lull looks by itself whether more came.
        let tell = idle || state.is_pressing();
        drop(state);
        if tell {
            self.queue.changed.notify_all();
        }
        self.head = head;
        Ok(())
    }

    fn start(&mut self) -> Result<(), StoreError> {
        if self.thread.is_none() {
            let (queue, store) = (Arc::clone(&self.queue), self.store.clone());
            let thread = thread::Builder::new().name("store".to_owned()).spawn(move || queue.serve(store));
            self.thread = Some(thread.map_err(|error| StoreError::Unreadable(error.to_string()))?);
        }
        Ok(())
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let settled = self.settle();
        self.queue.state().ended = true;
        self.queue.changed.notify_all();
        // One that does not answer is left alone: waiting for it would be waiting for ever.
        if let Some(thread) = self.thread.take()
            && !matches!(settled, Err(StoreError::Silent(_)))
        {
            let _ = thread.join();
        }
    }
}

impl Store for Follower {
    fn append_if_next(&mut self, entries: &[Verified]) -> Result<(), StoreError> {
        self.append(entries)
    }

    fn scan(&self, places: Range<u64>) -> impl Iterator<Item = Result<Envelope, StoreError>> {
        let refused = self.abreast().err();
        let places = if refused.is_some() { 0..0 } else { places };
        refused.map(Err).into_iter().chain(self.store.scan(places))
    }

    fn head(&self) -> Result<Option<Head>, StoreError> {
        self.abreast()?.head()
    }

    fn get(&self, seq: Seq) -> Result<Option<Envelope>, StoreError> {
        self.abreast()?.get(seq)
    }
}

impl Lookup for Follower {
    fn envelope(&self, seq: Seq) -> Option<Envelope> {
        self.get(seq).ok().flatten()
    }
}
