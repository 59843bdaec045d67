//! Stream: entries that are checked, signed, proven and written at the same time, in groups that become durable together.
//!
//! Promises that an entry comes out of it only when it is acknowledged: a reader of its line will find it right, and it is
//! in the journal on disk. While one group waits for the disk, the next ones are proven, signed and checked, each step on
//! a thread of its own: the link makes signing the one step that cannot be done for two entries at once. When a group
//! fails, no later one is written, and what was acknowledged before stands. Does not keep the ledger from being appended
//! to in another way, but has it for itself alone.

mod threads;

use super::{Earlier, JOURNAL, Ledger, LedgerError};
use crate::{
    body::RecordedAt,
    canon::Writer,
    check::{Unsigned, Verified},
    key::Secret,
    sealed::{Place, Sealed},
    tip::{Draft, Tip},
};
use std::{
    collections::{BTreeMap, VecDeque},
    mem,
    sync::Arc,
};
use threads::{Broken, Chunk, Step, Threads};
use trial_core::{event::Event, ids::Seq};

/// How many entries go from one thread to the next together, where the next one has something to do.
const CHUNK: usize = 32;

/// How many groups may be under way behind the one that is being made.
const MOST_GROUPS: usize = 2;

/// Entries on their way to the end of a ledger, which nobody else can append to meanwhile.
pub struct Stream<'l> {
    ledger: &'l mut Ledger,
    /// The end of the log with all entries of the stream; it lacks the hashes of those that are not signed.
    tip: Tip,
    threads: Threads,
    /// Room for writing bodies.
    writer: Writer,
    /// Checked, and not given to the thread that signs.
    waiting: Vec<Unsigned>,
    /// How many that thread was given and has not given back.
    unsigned: usize,
    /// Signed and not acknowledged.
    signed: Chunk,
    /// The group that is being made.
    group: Group,
    /// How many entries the groups under way have, in order.
    under_way: VecDeque<usize>,
    /// Acknowledged, and not told yet.
    acknowledged: Chunk,
    /// Set when a group has failed: nothing comes behind it.
    over: bool,
}

/// The group that is being made.
#[derive(Default)]
struct Group {
    entries: usize,
    /// Whether it adds sealed values or deletes one, which must be in step with its entries.
    seals: bool,
}

impl Ledger {
    /// A stream of entries to the end of this ledger.
    ///
    /// # Errors
    /// An earlier append has failed half-way, or there is no thread to be had.
    pub fn stream(&mut self) -> Result<Stream<'_>, LedgerError> {
        if self.unsure {
            return Err(LedgerError::Unsure(self.dir.name().to_owned()));
        }
        let genesis = self.tip.genesis().unwrap_or(trial_core::ids::Hash::ZERO);
        let threads = Threads::start(genesis, self.tip.head(), Arc::clone(&self.journal));
        Ok(Stream {
            threads: threads.map_err(LedgerError::io(&self.dir))?,
            tip: self.tip.clone(),
            ledger: self,
            writer: Writer::default(),
            waiting: Vec::new(),
            unsigned: 0,
            signed: Vec::new(),
            group: Group::default(),
            under_way: VecDeque::new(),
            acknowledged: Vec::new(),
            over: false,
        })
    }

    /// Takes note of entries that the journal has on disk.
    fn acknowledge(&mut self, entries: &Chunk) -> Result<(), LedgerError> {
        self.store.append(entries)?;
        self.length += entries.iter().map(|verified| verified.envelope().len() as u64 + 1).sum::<u64>();
        entries.iter().for_each(|verified| self.tip.advance(verified));
        Ok(())
    }
}

impl Stream<'_> {
    /// Checks a draft as the next entry of the group that is being made, which will be signed, and tells its place. Nothing is
    /// acknowledged by this.
    ///
    /// # Errors
    /// The fault that a reader would find in the entry: the stream is as it was. Or a group has failed before it.
    pub fn sign(&mut self, draft: Draft, secrets: &[&Secret], at: RecordedAt) -> Result<Seq, LedgerError> {
        self.goes_on()?;
        if looks_back(&draft.event) {
            self.until_signed()?;
        }
        let earlier = Earlier { entries: &self.signed, store: &self.ledger.store };
        let unsigned =
            self.tip.unsigned(draft, secrets, at, &earlier, &mut self.writer).map_err(LedgerError::refused)?;
        let seq = unsigned.entry().seq;
        self.tip.expect(&unsigned);
        self.group.entries += 1;
        self.group.seals |= !unsigned.sealed().is_empty() || matches!(unsigned.entry().event, Event::ValueRedacted(_));
        self.waiting.push(unsigned);
        self.take_signed();
        if self.waiting.len() >= CHUNK || self.unsigned == 0 {
            self.hand_over();
        }
        Ok(seq)
    }

    /// Closes the group that was being made, with the values that it commits to: all of it will be appended, or none. Returns
    /// before that, while few groups are under way: see [`Stream::acknowledged`] and [`Stream::wait`].
    ///
    /// # Errors
    /// This group or one before it failed: see [`Stream::wait`].
    pub fn commit(&mut self, values: &BTreeMap<Place, Sealed>) -> Result<(), LedgerError> {
        self.goes_on()?;
        let group = mem::take(&mut self.group);
        if group.entries == 0 {
            return Ok(());
        }
        self.ledger.store.failed().inspect_err(|_| self.over = true)?;
        if group.seals || !values.is_empty() {
            return self.commit_alone(values);
        }
        self.hand_over();
        self.ledger.unsure = true;
        self.threads.give(Step::Write);
        self.under_way.push_back(group.entries);
        while self.under_way.len() > MOST_GROUPS {
            self.next_group()?;
        }
        while let Some(outcome) = self.threads.written() {
            self.heard(outcome)?;
        }
        Ok(())
    }

    /// What was acknowledged since this was asked the last time, in order: in the journal on disk.
    pub fn acknowledged(&mut self) -> Vec<Arc<Verified>> {
        mem::take(&mut self.acknowledged)
    }

    /// Waits until all groups that were closed are acknowledged.
    ///
    /// # Errors
    /// A fault that a reader would find in a group: it was not written. Or the disk failed: then the ledger takes nothing more
    /// until it is opened again, which tells what is there. Either way what was acknowledged before stands, nothing comes
    /// behind it, and the stream is over.
    // BUG: if the journal has a group and the store fails, it was not acknowledged but will be there: the next open verifies
    // it, lets the store catch up, and tells.
    pub fn wait(&mut self) -> Result<(), LedgerError> {
        self.goes_on()?;
        while !self.under_way.is_empty() {
            self.next_group()?;
        }
        Ok(())
    }

    fn goes_on(&self) -> Result<(), LedgerError> {
        if self.over { Err(LedgerError::Unsure(self.ledger.dir.name().to_owned())) } else { Ok(()) }
    }

    /// A group whose values are in step with it: nothing else is under way meanwhile.
    fn commit_alone(&mut self, values: &BTreeMap<Place, Sealed>) -> Result<(), LedgerError> {
        self.wait()?;
        self.until_signed()?;
        self.over = true;
        self.threads.give(Step::Prove);
        self.threads.wait_until_written().map_err(|broken| self.told(broken))?;
        let entries: Vec<Verified> = self.signed.iter().map(|verified| (**verified).clone()).collect();
        self.ledger.append_with(&entries, values)?;
        self.over = false;
        self.acknowledged.append(&mut self.signed);
        Ok(())
    }

    /// Gives what was checked to the thread that signs.
    fn hand_over(&mut self) {
        if !self.waiting.is_empty() {
            self.unsigned += self.waiting.len();
            self.threads.give(Step::Sign(mem::take(&mut self.waiting)));
        }
    }

    /// Waits until all entries are signed, so that their lines can be read.
    fn until_signed(&mut self) -> Result<(), LedgerError> {
        self.hand_over();
        while self.unsigned > 0 {
            match self.threads.wait_until_signed() {
                Some(chunk) => self.take(chunk),
                // The threads end where a group has failed; before that they have told of those in front.
                None => self.next_group()?,
            }
        }
        Ok(())
    }

    fn take_signed(&mut self) {
        while let Some(chunk) = self.threads.signed() {
            self.take(chunk);
        }
    }

    fn take(&mut self, mut chunk: Chunk) {
        self.unsigned -= chunk.len();
        chunk.iter().for_each(|verified| self.tip.link(verified.entry().hash));
        self.signed.append(&mut chunk);
    }

    fn next_group(&mut self) -> Result<(), LedgerError> {
        let outcome = self.threads.wait_until_written();
        self.heard(outcome)
    }

    /// Goes on behind the first group under way, or ends with it.
    fn heard(&mut self, outcome: Result<(), Broken>) -> Result<(), LedgerError> {
        self.take_signed();
        let group = self.under_way.pop_front().unwrap_or(0);
        self.over = true;
        outcome.map_err(|broken| self.told(broken))?;
        let entries: Chunk = self.signed.drain(..group).collect();
        self.ledger.acknowledge(&entries)?;
        self.acknowledged.extend(entries);
        self.over = false;
        self.ledger.unsure = !self.under_way.is_empty();
        Ok(())
    }

    fn told(&mut self, broken: Broken) -> LedgerError {
        self.under_way.clear();
        match broken {
            Broken::Refused(fault) => {
                // Nothing of it was written, nor of what came behind it.
                self.ledger.unsure = false;
                LedgerError::refused(*fault)
            }
            Broken::Unwritten(error) => {
                self.ledger.unsure = true;
                self.ledger.refused(JOURNAL, error)
            }
        }
    }
}

impl Drop for Stream<'_> {
    /// What was closed is appended still; what was not is forgotten.
    fn drop(&mut self) {
        if !self.over {
            let _ = self.wait();
        }
        self.threads.end();
    }
}

/// Whether the checks of an event read the lines of earlier ones again, which takes the hashes of all in front.
fn looks_back(event: &Event) -> bool {
    matches!(
        event,
        Event::EntryCorrected(_) | Event::EntryVoided(_) | Event::ValueRedacted(_) | Event::CheckpointWitnessed(_)
    )
}

#[cfg(test)]
mod tests;
