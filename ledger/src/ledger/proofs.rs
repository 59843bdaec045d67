//! Proofs: roots and paths of a ledger at any size, from the block roots that were verified and a few blocks of the store.

use super::Ledger;
use crate::merkle::ProofError;
use trial_core::ids::{Hash, Seq};

impl Ledger {
    /// The root over the first `size` entries; nothing when there are fewer, or they cannot be read again.
    pub fn root_at(&self, size: u64) -> Option<Hash> {
        self.tip.root_at(size, &self.store)
    }

    /// The path that proves that the entry is among the first `size` ones.
    ///
    /// # Errors
    /// There is no such entry or size, or the store cannot be read.
    pub fn inclusion(&self, seq: Seq, size: u64) -> Result<Vec<Hash>, ProofError> {
        self.tip.inclusion(seq, size, &self.store)
    }

    /// The path that proves that the first `new` entries begin with the first `old`.
    ///
    /// # Errors
    /// There are no such sizes, or the store cannot be read.
    pub fn consistency(&self, old: u64, new: u64) -> Result<Vec<Hash>, ProofError> {
        self.tip.consistency(old, new, &self.store)
    }
}
