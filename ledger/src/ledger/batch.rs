//! Batch: entries signed one after the other and not yet appended. They may build on each other.

use crate::{
    body::RecordedAt,
    check::Verified,
    envelope::Envelope,
    fault::Fault,
    follower::Follower,
    key::Secret,
    prepare,
    prover::Prover,
    tip::{Draft, Tip},
    verifier::Lookup,
};
use std::sync::{Mutex, PoisonError};
use trial_core::{entry::Entry, ids::Seq};

/// Entries signed one after the other and not yet appended.
pub struct Batch<'l> {
    pub(super) store: &'l Follower,
    pub(super) tip: Tip,
    /// Nobody else has them before their signatures are proven.
    entries: Vec<Verified>,
    prover: Prover,
    /// Where the tip goes in the end.
    left: &'l Mutex<Option<Tip>>,
}

impl Batch<'_> {
    pub(super) fn new<'l>(store: &'l Follower, tip: Tip, left: &'l Mutex<Option<Tip>>) -> Batch<'l> {
        Batch { store, tip, entries: Vec::new(), prover: Prover::new(prepare::engine()), left }
    }

    /// The end of the log with the batch.
    pub fn tip(&self) -> &Tip {
        &self.tip
    }

    /// Signs the next entry: see [`Tip::sign`]. Its signatures are judged while the next entries are signed. When this
    /// fails, the batch is as it was.
    ///
    /// # Errors
    /// The fault that a reader would find in the entry, its signatures aside.
    pub fn sign(&mut self, draft: Draft, secrets: &[&Secret], at: RecordedAt) -> Result<&Entry, Fault> {
        let earlier = Earlier { entries: &self.entries, store: self.store };
        let (made, signed) = self.tip.sign_unproven(draft, secrets, at, &earlier)?;
        self.prover.push(signed);
        self.entries.push(made);
        Ok(self.entries.last().expect("one was pushed").entry())
    }

    /// The entries, for [`super::Ledger::append`], when all their signatures hold.
    ///
    /// # Errors
    /// An entry of which a signature does not hold.
    pub fn into_entries(self) -> Result<Vec<Verified>, Fault> {
        self.prover.finish()?;
        *self.left.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.tip);
        Ok(self.entries)
    }
}

/// Entries that are not in the store yet, one after the other, then the store.
pub struct Earlier<'a> {
    pub(super) entries: &'a [Verified],
    pub(super) store: &'a Follower,
}

impl Lookup for Earlier<'_> {
    fn envelope(&self, seq: Seq) -> Option<Envelope> {
        let first = self.entries.first().map_or(seq, |verified| verified.entry().seq);
        let pending = seq.0.checked_sub(first.0).and_then(|index| self.entries.get(usize::try_from(index).ok()?));
        pending.map(|verified| verified.envelope().clone()).or_else(|| self.store.envelope(seq))
    }
}
