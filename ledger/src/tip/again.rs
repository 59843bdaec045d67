//! Again: what a tip needs of the entries behind it, which it does not keep.
//!
//! Promises that lines which are read again are those that were verified, and roots and paths of any earlier size, for
//! the price of reading a few blocks of lines. After a fault nothing is proven, and lines are taken as they come.

use super::Tip;
use crate::{
    again::{Block, read_block},
    body::RecordedAt,
    claims::Claims,
    envelope::Envelope,
    merkle::{self, BLOCK, ProofError},
    verifier::Lookup,
};
use std::{collections::BTreeMap, ops::Range};
use trial_core::{
    event::Event,
    ids::{Hash, Name, Seq},
};

impl Tip {
    /// The RFC 6962 root over the first `size` entries; nothing when there are fewer, or they cannot be read again.
    pub fn root_at(&self, size: u64, lookup: &dyn Lookup) -> Option<Hash> {
        self.root_of(0..size, lookup)
    }

    /// The path that proves that the entry is among the first `size` ones: see [`merkle::verify_inclusion`].
    ///
    /// # Errors
    /// There is no such entry or size, or the lines cannot be read again.
    pub fn inclusion(&self, seq: Seq, size: u64, lookup: &dyn Lookup) -> Result<Vec<Hash>, ProofError> {
        self.has_size(size)?;
        self.path(merkle::inclusion(seq.0, size)?, lookup)
    }

    /// The path that proves that the first `new` entries begin with the first `old`: see [`merkle::verify_consistency`].
    ///
    /// # Errors
    /// There are no such sizes, or the lines cannot be read again.
    pub fn consistency(&self, old: u64, new: u64, lookup: &dyn Lookup) -> Result<Vec<Hash>, ProofError> {
        self.has_size(new)?;
        self.path(merkle::consistency(old, new)?, lookup)
    }

    /// What an entry stated when it was recorded, and its commitments; nothing if its line cannot be read again as it was.
    pub(crate) fn recorded(&self, seq: Seq, lookup: &dyn Lookup) -> Option<(Event, BTreeMap<Name, Hash>)> {
        let claims = self.claims_of(seq, lookup)?;
        Some((claims.entry.event, claims.sealed))
    }

    /// When an entry was recorded; nothing if its line cannot be read again as it was.
    pub(crate) fn recorded_at_of(&self, seq: Seq, lookup: &dyn Lookup) -> Option<RecordedAt> {
        Some(RecordedAt::new(self.claims_of(seq, lookup)?.entry.recorded_at))
    }

    fn claims_of(&self, seq: Seq, lookup: &dyn Lookup) -> Option<Claims> {
        let envelope = match self.missing {
            Some(_) => lookup.envelope(seq)?,
            None => {
                let (block, within) = (seq.0 / BLOCK, usize::try_from(seq.0 % BLOCK).ok()?);
                self.block(block, lookup)?.into_iter().nth(within)?.0
            }
        };
        Claims::read(&envelope).filter(|claims| claims.entry.seq == seq)
    }

    /// The lines of one block, as they were verified, with their leaf hashes.
    pub(crate) fn block(&self, block: u64, lookup: &dyn Lookup) -> Option<Block> {
        self.as_verified(block, read_block(self.blocks.places(block), lookup)?)
    }

    /// These lines, if they are those of the block as it was verified.
    pub(crate) fn as_verified(&self, block: u64, lines: Block) -> Option<Block> {
        let hashes: Vec<Hash> = lines.iter().map(|(_, hash)| *hash).collect();
        self.blocks.holds(block, &hashes).then_some(lines)
    }

    /// The places of each block from that of an entry on.
    pub(crate) fn blocks_from(&self, from: Seq) -> impl Iterator<Item = Range<u64>> + use<> {
        let size = self.blocks.size();
        (from.0 / BLOCK..size.div_ceil(BLOCK)).map(move |block| block * BLOCK..size.min((block + 1) * BLOCK))
    }

    fn root_of(&self, range: Range<u64>, lookup: &dyn Lookup) -> Option<Hash> {
        self.blocks.root_of(range, |places| lookup.envelopes(places).map(|lines| hashes(&lines)))
    }

    fn path(&self, ranges: Vec<Range<u64>>, lookup: &dyn Lookup) -> Result<Vec<Hash>, ProofError> {
        let root = |range: Range<u64>| {
            let (first, last) = (range.start, range.end - 1);
            self.root_of(range, lookup).ok_or(ProofError::Unreadable { first, last })
        };
        ranges.into_iter().map(root).collect()
    }

    fn has_size(&self, size: u64) -> Result<(), ProofError> {
        let has = self.blocks.size();
        if size <= has { Ok(()) } else { Err(ProofError::SizeBeyondLog { size, has }) }
    }
}

fn hashes(lines: &[Envelope]) -> Vec<Hash> {
    lines.iter().map(Envelope::leaf_hash).collect()
}
