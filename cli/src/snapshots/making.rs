//! Making snapshots: what the entries give is computed while they are verified, and put into its place beside that.
//!
//! Promises states that rest on the entries alone: what lies in the folder is compared, and replaced where it differs. Keeps
//! the facts of the last entries in memory and no others. What cannot be written is not there the next time, and stops
//! nobody.

use super::{Rested, is_due};
use crate::{known::Known, remembered::Remembered};
use std::{
    io,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard,
        mpsc::{SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
};
use trial_core::{
    entry::Entry,
    projection::{Marks, Projection as _, Stretch, Trial},
};
use trial_ledger::{
    ledger::{Ledger, claimed_genesis},
    snapshot::{Complete, StateName, States},
    snapshot_folder::{Found, Put, SnapshotFolder, Stack},
};

/// How many states may wait until those before them are made.
const WAITING: usize = 16;

/// What is to be told where states could not be made.
const LOST: &str = "the snapshots are not complete: one could not be written, or was not as it had been written when the \
                    next one was made of it; verify again to make them";

/// Which snapshots a verification computed.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Recomputed {
    /// How many there are, one for each 1,024 entries.
    pub computed: u64,
    /// How many were there, with these very bytes.
    pub confirmed: u64,
    /// How many were missing, and are there now.
    pub written: u64,
    /// How many were others, and were replaced.
    pub altered: u64,
}

impl std::fmt::Display for Recomputed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Recomputed { computed, confirmed, written, altered } = self;
        write!(f, "{computed} computed again from the entries: {confirmed} as they were, {written} new")?;
        if *altered > 0 { write!(f, ", {altered} altered and replaced") } else { Ok(()) }
    }
}

/// The snapshots of a ledger, computed while it grows or is verified.
#[derive(Debug)]
pub struct Making {
    states: States,
    complete: Vec<Complete>,
    putting: Putting,
    /// How many entries the snapshot has that this user remembers.
    remembered: u64,
}

impl Making {
    /// From the beginning of a ledger.
    pub fn begin(dir: &Path) -> Making {
        Making::of(States::default(), Stack::new(SnapshotFolder::of(dir)), 0)
    }

    /// What was known after these states, and what is to be made behind them and behind a snapshot of so many entries.
    pub fn behind(dir: &Path, names: &[StateName], remembered: u64) -> (Rested, Making) {
        let folder = SnapshotFolder::of(dir);
        let (mut marks, mut stack) = (Marks::default(), Stack::behind(folder.clone(), names.to_vec()));
        let found = folder.trial(names, |state| {
            marks.see_all(state.since());
            stack.see(state);
        });
        let making = match found {
            Found::Sound(_) => Making::of(States::behind(marks), stack, remembered),
            Found::Missing | Found::Altered(_) => Making::of(States::default(), Stack::new(folder), remembered),
        };
        (Rested::of(found), making)
    }

    fn of(states: States, stack: Stack, remembered: u64) -> Making {
        let made = Made { stack, told: Recomputed::default(), lost: false };
        let putting = Putting { made: Arc::new(Mutex::new(made)), beside: None };
        Making { states, complete: Vec::new(), putting, remembered }
    }

    /// Takes note of an entry that the trial has just taken in; what it completes.
    pub fn see(&mut self, entry: &Entry, trial: &Trial) -> Option<&Stretch> {
        let complete = self.states.see(entry, trial)?;
        self.complete.push(complete);
        self.complete.last().map(Complete::stretch)
    }

    /// Writes the states that are complete: their entries were verified.
    pub fn write(&mut self) {
        self.complete.drain(..).for_each(|complete| self.putting.put(complete));
    }

    /// Makes a snapshot of how a ledger stands and remembers it, where the last one is far behind.
    pub fn renew(&mut self, ledger: &Ledger, known: &Known) {
        self.write();
        let made = self.putting.made();
        let entries = ledger.tip().size();
        if made.lost || !is_due(entries, self.remembered) {
            return;
        }
        let Some(genesis) = ledger.tip().genesis() else { return };
        let snapshot = ledger.snapshot(made.stack.names().to_vec());
        let put = made.stack.folder().put_snapshot(&snapshot);
        let kept = put.and_then(|id| Remembered { genesis, entries, id }.keep(known));
        // What was not kept costs time the next time.
        self.remembered = if kept.is_ok() { entries } else { self.remembered };
    }
}

/// What was made so far.
#[derive(Debug)]
struct Made {
    stack: Stack,
    told: Recomputed,
    /// Set where a state could not be put, or not be read again when the next one was made of it.
    lost: bool,
}

impl Made {
    fn put(&mut self, complete: Complete) {
        if self.lost {
            return;
        }
        match self.stack.put(complete) {
            Ok(Put::Confirmed) => self.told.confirmed += 1,
            Ok(Put::Written) => self.told.written += 1,
            Ok(Put::Replaced) => self.told.altered += 1,
            Ok(Put::Held) => {}
            Err(_) => self.lost = true,
        }
        self.told.computed += u64::from(!self.lost);
    }
}

/// Puts states into their places, on a thread beside this one where there is one to be had.
#[derive(Debug)]
struct Putting {
    made: Arc<Mutex<Made>>,
    beside: Option<(SyncSender<Complete>, JoinHandle<()>)>,
}

impl Putting {
    fn put(&mut self, complete: Complete) {
        if self.beside.is_none() {
            self.beside = self.start().ok();
        }
        match &self.beside {
            Some((give, _)) => give.send(complete).expect("it takes what it is given"),
            None => self.lock().put(complete),
        }
    }

    fn start(&self) -> io::Result<(SyncSender<Complete>, JoinHandle<()>)> {
        let (give, take) = sync_channel(WAITING);
        let made = Arc::clone(&self.made);
        let put = move || take.into_iter().for_each(|complete| lock(&made).put(complete));
        Ok((give, thread::Builder::new().name("snapshots".to_owned()).spawn(put)?))
    }

    /// What was made, once all is put that was given.
    fn made(&mut self) -> MutexGuard<'_, Made> {
        self.settle();
        self.lock()
    }

    fn settle(&mut self) {
        if let Some((give, thread)) = self.beside.take() {
            drop(give);
            let _ = thread.join();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Made> {
        lock(&self.made)
    }
}

impl Drop for Putting {
    /// Nothing writes into a ledger that may be somebody else's by then.
    fn drop(&mut self) {
        self.settle();
    }
}

fn lock(made: &Mutex<Made>) -> MutexGuard<'_, Made> {
    made.lock().expect("putting a state does not panic")
}

/// Computes the snapshots of a ledger from all of its entries, and keeps no facts but those of the last of them.
#[derive(Debug)]
pub struct Recomputing {
    trial: Trial,
    making: Making,
    named: Vec<String>,
}

impl Recomputing {
    /// Begins with none, and names the snapshot that this user remembers where it was altered.
    pub fn begin(dir: &Path, known: &Known) -> Recomputing {
        let remembered = claimed_genesis(dir).and_then(|genesis| Remembered::of(known, genesis));
        let found = remembered.map(|remembered| SnapshotFolder::of(dir).snapshot(remembered.entries, remembered.id));
        let named = match found {
            Some(Found::Altered(fault)) => vec![format!("{fault}: it was not believed, and is made anew")],
            Some(Found::Sound(_) | Found::Missing) | None => Vec::new(),
        };
        Recomputing { named, ..Recomputing::unnamed(dir) }
    }

    /// Begins with none, and names none.
    pub fn unnamed(dir: &Path) -> Recomputing {
        Recomputing { trial: Trial::default(), making: Making::begin(dir), named: Vec::new() }
    }

    /// Takes in the next verified entry.
    pub fn take(&mut self, entry: &Entry) {
        self.trial.apply(entry);
        if let Some(stretch) = self.making.see(entry, &self.trial) {
            self.trial.forget(stretch);
            self.making.write();
        }
    }

    /// Remembers what was computed of a ledger that was found sound.
    pub fn finish(mut self, ledger: &Ledger, known: &Known) -> (Recomputed, Vec<String>) {
        self.making.renew(ledger, known);
        let made = self.making.putting.made();
        if made.lost {
            self.named.push(LOST.to_owned());
        }
        (made.told.clone(), self.named)
    }
}
