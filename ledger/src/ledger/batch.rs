//! Batch: entries signed one after the other and not yet appended. They may build on each other.
//!
//! Promises that nobody has them to keep, and none is acknowledged, before a reader of their lines would find them right.
//! Each is checked as it is signed; its line is read again, and its signatures are judged, while the next ones are signed, and
//! of the last ones while the disk has begun to take them.

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
        self.append_if(&entries, values, || batch.prover.finish())?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fault::FaultKind,
        ledger::JOURNAL,
        sample::{Chain, at, fraction, secret},
    };
    use std::{fs, path::Path};

    fn made(dir: &Path) -> Ledger {
        let chain = Chain::sample();
        let mut ledger = Ledger::init(dir, &chain.entries[0]).unwrap();
        ledger.append(&chain.entries[1..]).unwrap();
        ledger
    }

    fn one_more(ledger: &mut Ledger, batch: &mut Batch) {
        let seq = ledger.tip().size();
        let draft = Draft::new(fraction(u32::try_from(seq % 99 + 1).unwrap()));
        batch.sign(ledger, draft, &[&secret("therapist")], at(seq)).unwrap();
        let appended = ledger.append_batch(batch, &BTreeMap::new()).unwrap();
        assert_eq!(appended[0].entry().seq.0, seq);
    }

    #[test]
    fn a_single_entry_whose_signature_does_not_hold_is_not_acknowledged_and_does_not_stay() {
        for before in [0, 1, 15, 16, 17, 40] {
            let dir = tempfile::tempdir().unwrap();
            let mut ledger = made(dir.path());
            let mut batch = ledger.batch();
            for _ in 0..before {
                one_more(&mut ledger, &mut batch);
            }
            let size = ledger.tip().size();
            let journal = fs::read(dir.path().join(JOURNAL)).unwrap();
            let (draft, secrets) = (Draft::new(fraction(1)), [&secret("therapist")]);
            let unsigned = batch.tip.unsigned(draft, &secrets, at(size), &(), &mut batch.writer).unwrap();
            let forged = unsigned.forged(&secret("monitor")).sign(batch.tip.head());
            batch.tip.advance(&forged);
            batch.prover.push(Arc::clone(&forged));
            batch.entries.push(forged);
            let refused = ledger.append_batch(&mut batch, &BTreeMap::new()).unwrap_err();
            assert!(
                matches!(&refused, LedgerError::Faulty(f, 1) if f[0].kind == FaultKind::SignatureInvalid),
                "{refused}"
            );
            assert_eq!(ledger.tip().size(), size);
            assert_eq!(fs::read(dir.path().join(JOURNAL)).unwrap(), journal, "behind {before}");
            // The ledger goes on, in a batch of its own.
            let mut batch = ledger.batch();
            one_more(&mut ledger, &mut batch);
            drop(ledger);
            let (ledger, notices) = Ledger::open(dir.path()).unwrap();
            assert_eq!((ledger.tip().size(), notices), (size + 1, vec![]));
        }
    }
}
