//! Verifier: the place where entries come from. An iterator takes envelopes in and gives verified entries out.
//!
//! Promises that every [`Verified`] it yields follows from the genesis on without a fault in front of it. After a fault
//! it yields faults only, each judged by itself, so that the first broken link is named and what comes later is told
//! too. Does not compare with anything outside the log: without a checkpoint or a pin it proves internal consistency.
//!
//! A projection takes entries, and envelopes have none to give:
//! ```compile_fail,E0308
//! fn fold<P: trial_core::projection::Projection>(projection: &mut P, envelope: &trial_ledger::envelope::Envelope) {
//!     projection.apply(envelope);
//! }
//! ```
//! A verified one has:
//! ```
//! fn fold<P: trial_core::projection::Projection>(projection: &mut P, verified: &trial_ledger::check::Verified) {
//!     projection.apply(verified.entry());
//! }
//! ```

pub use crate::prepare::Way;

use crate::{
    check::{Context, Signed, Verified, check},
    envelope::Envelope,
    fault::{Fault, FaultKind},
    prepare::{Prepared, Preparer},
    tip::Tip,
};
use std::ops::Range;
use trial_core::ids::{Hash, Seq};

/// Fetches envelopes again, for a correction that needs what an earlier entry states, and for roots of earlier sizes.
///
/// The answer need not be trusted: the lines of a block are compared with the block's root, which was verified.
pub trait Lookup {
    /// The envelope at a place of the log, if it can be had.
    fn envelope(&self, seq: Seq) -> Option<Envelope>;

    /// The envelopes at these places, if all can be had.
    fn envelopes(&self, places: Range<u64>) -> Option<Vec<Envelope>> {
        places.map(|place| self.envelope(Seq(place))).collect()
    }
}

/// Nothing to look anything up in.
impl Lookup for () {
    fn envelope(&self, _: Seq) -> Option<Envelope> {
        None
    }
}

impl<L: Lookup + ?Sized> Lookup for &L {
    fn envelope(&self, seq: Seq) -> Option<Envelope> {
        (**self).envelope(seq)
    }

    fn envelopes(&self, places: Range<u64>) -> Option<Vec<Envelope>> {
        (**self).envelopes(places)
    }
}

/// A log in memory, one envelope for each place.
impl Lookup for Vec<Envelope> {
    fn envelope(&self, seq: Seq) -> Option<Envelope> {
        self.get(usize::try_from(seq.0).ok()?).cloned()
    }
}

/// Verifies a log as it is read.
///
/// The source gives envelopes, or the fault that kept it from reading one (which is then not proven, but not to be
/// told: see [`FaultKind::is_proof`]).
pub struct Verifier<I: Iterator<Item = Result<Envelope, Fault>>, L> {
    source: Preparer<I>,
    lookup: L,
    tip: Tip,
    genesis: Option<Hash>,
    first_fault: Option<Fault>,
}

impl<I: Iterator<Item = Result<Envelope, Fault>>, L: Lookup> Verifier<I, L> {
    /// Verifies from the genesis on.
    pub fn new(source: impl IntoIterator<IntoIter = I>, lookup: L) -> Self {
        Verifier::after(Tip::default(), source, lookup)
    }

    /// Goes on from a tip: the source begins with the entry after it.
    pub fn after(tip: Tip, source: impl IntoIterator<IntoIter = I>, lookup: L) -> Self {
        Verifier { source: Preparer::new(source.into_iter()), lookup, tip, genesis: None, first_fault: None }
    }

    /// Demands that the log begins with this genesis, which [`Verifier::finish`] checks once more.
    pub fn of_ledger(self, genesis: Hash) -> Self {
        Verifier { genesis: Some(genesis), ..self }
    }

    /// Verifies in this way, in place of the quick one with the engine that all verifiers share.
    pub fn by(self, way: Way) -> Self {
        Verifier { source: self.source.by(way), ..self }
    }

    /// Works on so many threads, in place of one for each processor. What depends on the log in front is always checked
    /// on the caller's.
    pub fn on_threads(self, threads: usize) -> Self {
        Verifier { source: self.source.on(threads), ..self }
    }

    /// The verified log so far; none after a fault, since nothing may be built on it.
    pub fn so_far(&self) -> Option<&Tip> {
        self.first_fault.is_none().then_some(&self.tip)
    }

    /// Verifies what is left and hands out the tip.
    ///
    /// # Errors
    /// The first fault of the log; a log without a genesis is one.
    pub fn finish(mut self) -> Result<Tip, Fault> {
        for _ in self.by_ref() {}
        if let Some(fault) = self.first_fault {
            return Err(fault);
        }
        let Some(found) = self.tip.genesis() else {
            return Err(Fault::new(FaultKind::StoreMissing, "a log that begins with trial_opened", "no entries"));
        };
        match self.genesis.filter(|expected| *expected != found) {
            Some(expected) => Err(Fault::at(FaultKind::GenesisMismatch, Seq(0), expected, found)),
            None => Ok(self.tip),
        }
    }

    fn judge(&mut self, prepared: Prepared) -> Result<Verified, Fault> {
        let next = self.source.peek().and_then(|next| next.as_ref().ok()).map(|next| &next.envelope);
        let context =
            Context { tip: &self.tip, lookup: &self.lookup, genesis: self.genesis, next, signed: Signed::All };
        match check(context, prepared) {
            Ok(verified) => {
                self.tip.advance(&verified);
                Ok(verified)
            }
            Err(refusal) => {
                self.tip.skip(&refusal);
                Err(refusal.fault)
            }
        }
    }
}

impl<I: Iterator<Item = Result<Envelope, Fault>>, L: Lookup> Iterator for Verifier<I, L> {
    type Item = Result<Verified, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let judged = self.source.next()?.and_then(|prepared| self.judge(prepared));
            match judged {
                Ok(verified) if self.first_fault.is_none() => return Some(Ok(verified)),
                Ok(_) => {}
                Err(fault) => {
                    self.first_fault.get_or_insert_with(|| fault.clone());
                    return Some(Err(fault));
                }
            }
        }
    }
}
