//! Lockstep: journal and store read side by side, each entry compared byte for byte.
//!
//! Promises that a difference is a fault at its place, and that the journal's line goes on to the verifier after it, so
//! that the signatures tell which of the two was changed. Where one of them ends, the other one goes on alone.

use crate::{
    envelope::Envelope,
    fault::{Fault, FaultKind},
    lines::{LineIndex, Lines},
    sled_store::SledStore,
    store::Store,
    verifier::Lookup,
};
use std::{cell::Cell, ops::Range, rc::Rc};
use trial_core::ids::Seq;

/// Envelopes of a ledger, from both places where they lie.
pub(crate) struct Lockstep {
    journal: Option<Lines>,
    store: SledStore,
    stored: u64,
    next: Seq,
    after_fault: Option<Envelope>,
    journal_end: Rc<Cell<Option<u64>>>,
}

impl Lockstep {
    /// Reads the journal beside the first `stored` entries of the store.
    pub fn new(journal: Option<Lines>, store: SledStore, stored: u64) -> Lockstep {
        Lockstep { journal, store, stored, next: Seq(0), after_fault: None, journal_end: Rc::default() }
    }

    /// How many entries the journal has; known once its end was reached.
    pub fn journal_end(&self) -> Rc<Cell<Option<u64>>> {
        Rc::clone(&self.journal_end)
    }

    fn read_journal(&mut self) -> Result<Option<Envelope>, Fault> {
        let line = self.journal.as_mut().and_then(Iterator::next).transpose()?;
        if line.is_none() && self.journal_end.get().is_none() {
            self.journal = None;
            self.journal_end.set(Some(self.next.0));
        }
        Ok(line)
    }

    fn read_store(&self) -> Result<Option<Envelope>, Fault> {
        if self.next.0 >= self.stored {
            return Ok(None);
        }
        match self.store.get(self.next) {
            Ok(Some(envelope)) => Ok(Some(envelope)),
            Ok(None) => {
                let expected = format!("one of {} entries in the store", self.stored);
                Err(Fault::at(FaultKind::JournalDiffers, self.next, expected, "none at this place"))
            }
            Err(error) => Err(Fault::at(FaultKind::StoreUnreadable, self.next, "an entry in the store", error)),
        }
    }

    fn step(&mut self) -> Result<Option<Envelope>, Fault> {
        let line = self.read_journal()?;
        match (line, self.read_store()) {
            (line, Err(fault)) => {
                self.after_fault = line;
                Err(fault)
            }
            (Some(line), Ok(Some(stored))) if line != stored => {
                let (expected, found) = (line.leaf_hash(), stored.leaf_hash());
                let expected = format!("{expected} as in the journal");
                self.after_fault = Some(line);
                Err(Fault::at(FaultKind::JournalDiffers, self.next, expected, format!("{found} in the store")))
            }
            (Some(line), Ok(_)) => Ok(Some(line)),
            (None, Ok(stored)) => Ok(stored),
        }
    }
}

impl Iterator for Lockstep {
    type Item = Result<Envelope, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(line) = self.after_fault.take() {
            return Some(Ok(line));
        }
        let step = self.step().transpose()?;
        self.next = self.next.next();
        Some(step)
    }
}

/// Looks entries up in the store or, where that is behind, in the journal.
pub(crate) struct Either {
    pub store: SledStore,
    pub journal: Option<LineIndex>,
}

impl Lookup for Either {
    fn envelope(&self, seq: Seq) -> Option<Envelope> {
        self.store.envelope(seq).or_else(|| self.journal.as_ref()?.envelope(seq))
    }

    fn envelopes(&self, places: Range<u64>) -> Option<Vec<Envelope>> {
        self.store.envelopes(places.clone()).or_else(|| self.journal.as_ref()?.envelopes(places))
    }
}
