//! Batch: entries signed one after the other and not yet appended. They may build on each other.
//!
//! Promises that nobody has them to keep, and none is acknowledged, before a reader of their lines would find them right.
//! Each is checked as it is signed; its line is read again, and its signatures are judged, while the next ones are signed
//! or, for the last ones, while the journal waits for its disk.

use super::{Ledger, LedgerError};
use crate::{
    body::RecordedAt,
    canon::Writer,
    check::Verified,
    envelope::Envelope,
    fault::Fault,
    follower::Follower,
    key::Secret,
    proposal::Proposal,
    prover::Prover,
    sealed::{Place, Sealed},
    tip::{Draft, Tip},
    verifier::Lookup,
};
use std::{borrow::Borrow, collections::BTreeMap, mem, sync::Arc};
use trial_core::{
    entry::Entry,
    ids::{Hash, Seq},
};

/// Entries signed one after the other and not yet appended, at the end of a ledger. When they are, it goes on from there.
pub struct Batch {
    tip: Tip,
    /// Shared with the prover alone.
    entries: Vec<Arc<Verified>>,
    prover: Prover,
    /// Room for writing bodies.
    writer: Writer,
}

impl Batch {
    pub(super) fn new(tip: Tip) -> Batch {
        let prover = Prover::new(tip.genesis().unwrap_or(Hash::ZERO));
        Batch { tip, entries: Vec::new(), prover, writer: Writer::default() }
    }

    /// The end of the log with the batch.
    pub fn tip(&self) -> &Tip {
        &self.tip
    }

    /// The entry that was made last.
    pub fn last(&self) -> Option<&Entry> {
        self.entries.last().map(|made| made.entry())
    }

    /// What the next entry may look up: the batch, then the store of its ledger.
    pub fn earlier<'a>(&'a self, ledger: &'a Ledger) -> Earlier<'a, Arc<Verified>> {
        ledger.earlier(&self.entries)
    }

    /// Signs the next entry at the end of this ledger: see [`Tip::sign`]. Its line is read again while the next entries are
    /// signed. When this fails, the batch is as it was.
    ///
    /// # Errors
    /// The fault that a reader would find in the entry.
    pub fn sign(
        &mut self,
        ledger: &Ledger,
        draft: Draft,
        secrets: &[&Secret],
        at: RecordedAt,
    ) -> Result<&Entry, Fault> {
        let earlier = ledger.earlier(&self.entries);
        let made = self.tip.sign_unproven(draft, secrets, at, &earlier, &mut self.writer)?;
        self.prover.push(Arc::clone(&made));
        Ok(self.push(made))
    }

    /// Takes a proposal that everybody has signed as the next entry: see [`Tip::accept`].
    ///
    /// # Errors
    /// The fault that a reader would find in the entry; the batch is as it was.
    pub fn accept(&mut self, ledger: &Ledger, proposal: &Proposal) -> Result<&Entry, Fault> {
        let made = self.tip.accept(proposal, &ledger.earlier(&self.entries))?;
        Ok(self.push(Arc::new(made)))
    }

    fn push(&mut self, made: Arc<Verified>) -> &Entry {
        self.entries.push(made);
        self.last().expect("one was pushed")
    }

    /// The entries, when all their lines and signatures are known to hold; the batch goes on behind them.
    ///
    /// # Errors
    /// The fault that a reader would find. What comes behind it in this batch will not be appended.
    pub fn proven(&mut self) -> Result<Vec<Verified>, Fault> {
        let proven = self.prover.finish();
        let entries = mem::take(&mut self.entries);
        proven?;
        Ok(entries.into_iter().map(Arc::unwrap_or_clone).collect())
    }
}

impl Ledger {
    /// A batch of new entries, which may build on each other. It can be used again after each append, which spares a copy of
    /// the tip: that takes the longer the more people and subjects there are.
    pub fn batch(&self) -> Batch {
        Batch::new(self.tip.clone())
    }

    /// Appends what a batch has signed, with the values that it commits to: see [`Ledger::append_with`]. The batch goes on
    /// behind it.
    ///
    /// # Errors
    /// See [`Ledger::append_with`]. Then the batch is over: none of its entries will be appended.
    pub fn append_batch(
        &mut self,
        batch: &mut Batch,
        values: &BTreeMap<Place, Sealed>,
    ) -> Result<Vec<Verified>, LedgerError> {
        let entries = mem::take(&mut batch.entries);
        let prover = &mut batch.prover;
        let hurried = prover.hurry().map_err(LedgerError::refused);
        let appended = hurried.and_then(|()| self.append_if(&entries, values, || prover.verdict()));
        // What was not asked for is not left for those who come later.
        let judged = prover.verdict().map_err(LedgerError::refused);
        appended.and(judged)?;
        Ok(entries.into_iter().map(Arc::unwrap_or_clone).collect())
    }
}

/// Entries that are not in the store yet, one after the other, then the store.
pub struct Earlier<'a, E> {
    pub(super) entries: &'a [E],
    pub(super) store: &'a Follower,
}

impl<E: Borrow<Verified>> Lookup for Earlier<'_, E> {
    fn envelope(&self, seq: Seq) -> Option<Envelope> {
        let first = self.entries.first().map_or(seq, |verified| verified.borrow().entry().seq);
        let pending = seq.0.checked_sub(first.0).and_then(|index| self.entries.get(usize::try_from(index).ok()?));
        pending.map(|verified| verified.borrow().envelope().clone()).or_else(|| self.store.envelope(seq))
    }
}
