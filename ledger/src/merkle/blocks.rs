//! Blocks: the tree of RFC 6962 in blocks of 256 leaves, of which it keeps the roots.
//!
//! Promises the root of any range of leaves that a proof is made of, with the leaves of at most one block read again, and
//! that leaves which are read again are those that were pushed. Keeps 32 bytes for each block and the leaf hashes of the
//! block that is not complete yet; everything below a block's root is computed from the entries when it is needed.

use super::Frontier;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{ops::Range, sync::Arc};
use trial_core::ids::Hash;

/// How many leaves a block has: its root is a node of level 8.
pub const BLOCK: u64 = 256;

/// A growing tree, of which the roots of all complete blocks are kept. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Blocks {
    /// Roots of the complete blocks, in order. Shared, and copied only when a clone grows.
    roots: Arc<Vec<Hash>>,
    /// The tree whose leaves are the complete blocks.
    upper: Frontier,
    /// Leaf hashes of the block that is not complete: fewer than [`BLOCK`].
    open: Vec<Hash>,
}

impl Serialize for Blocks {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        (&*self.roots, &self.open).serialize(s)
    }
}

impl<'de> Deserialize<'de> for Blocks {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let (roots, open) = <(Vec<Hash>, Vec<Hash>)>::deserialize(d)?;
        Ok(Blocks { upper: roots.iter().copied().collect(), roots: Arc::new(roots), open })
    }
}

impl Blocks {
    /// Adds one leaf hash.
    pub fn push(&mut self, leaf: Hash) {
        self.open.push(leaf);
        if self.open.len() as u64 == BLOCK {
            let root = root_of(self.open.drain(..));
            self.upper.push(root);
            Arc::make_mut(&mut self.roots).push(root);
        }
    }

    /// How many leaves the tree has.
    pub fn size(&self) -> u64 {
        self.roots.len() as u64 * BLOCK + self.open.len() as u64
    }

    /// The root over all leaves.
    pub fn root(&self) -> Hash {
        topped(self.upper.clone(), &self.open)
    }

    /// Roots of the complete blocks, in order.
    pub fn roots(&self) -> &[Hash] {
        &self.roots
    }

    /// The leaves of the block with this number, as far as there are any.
    pub fn places(&self, block: u64) -> Range<u64> {
        let start = block.saturating_mul(BLOCK).min(self.size());
        start..start.saturating_add(BLOCK).min(self.size())
    }

    /// Whether these are all leaf hashes of a block, as they were pushed.
    pub fn holds(&self, block: u64, leaves: &[Hash]) -> bool {
        match usize::try_from(block).ok().and_then(|block| self.roots.get(block)) {
            // As many leaves as there were: the root of fewer, with nodes for leaves, is another one (RFC 6962 prefixes).
            Some(root) => leaves.len() as u64 == BLOCK && root_of(leaves.iter().copied()) == *root,
            None => block == self.roots.len() as u64 && leaves == self.open,
        }
    }

    /// The root of a range of leaves as it occurs in proofs: from 0, or one whose start is a multiple of the power of two
    /// that its length does not exceed.
    ///
    /// `again` reads the leaf hashes at some places; it is asked for one block at most, and need not be trusted. Nothing
    /// where it gives others than were pushed, and behind the end.
    pub fn root_of(&self, range: Range<u64>, again: impl Fn(Range<u64>) -> Option<Vec<Hash>>) -> Option<Hash> {
        if range.end > self.size() || range.start > range.end {
            return None;
        }
        // A range shorter than a block lies within one, since it begins where a subtree of its size does.
        let (first, last) = (range.start / BLOCK, range.end / BLOCK);
        let whole = self.roots.get(usize::try_from(first).ok()?..usize::try_from(last).ok()?)?;
        let aligned = range.start.is_multiple_of(BLOCK);
        let rest = if aligned { last * BLOCK } else { range.start }..range.end;
        let upper = if aligned { whole.iter().copied().collect() } else { Frontier::default() };
        if rest.is_empty() {
            return Some(upper.root());
        }
        let block = rest.start / BLOCK;
        let leaves = if block == self.roots.len() as u64 {
            self.open.clone()
        } else {
            again(self.places(block)).filter(|leaves| self.holds(block, leaves))?
        };
        let within = |place: u64| usize::try_from(place - block * BLOCK).ok();
        Some(topped(upper, leaves.get(within(rest.start)?..within(rest.end)?)?))
    }
}

fn root_of(leaves: impl IntoIterator<Item = Hash>) -> Hash {
    leaves.into_iter().collect::<Frontier>().root()
}

/// The root over complete blocks and the leaves behind them. Fewer leaves than a block has are a right subtree of their
/// own, which stands in the upper tree like one more block.
fn topped(mut upper: Frontier, leaves: &[Hash]) -> Hash {
    if !leaves.is_empty() {
        upper.push(root_of(leaves.iter().copied()));
    }
    upper.root()
}

#[cfg(test)]
mod tests {
    use super::{super::proof, *};
    use crate::hash;
    use proptest::prelude::*;
    use std::cell::Cell;

    fn leaf(index: u64) -> Hash {
        hash::leaf(index.to_string().as_bytes())
    }

    fn leaves(range: Range<u64>) -> Option<Vec<Hash>> {
        Some(range.map(leaf).collect())
    }

    fn grown(size: u64) -> Blocks {
        let mut blocks = Blocks::default();
        (0..size).for_each(|index| blocks.push(leaf(index)));
        blocks
    }

    #[test]
    fn the_tree_of_blocks_has_the_root_of_the_tree_of_leaves_at_every_size() {
        let (mut blocks, mut frontier) = (Blocks::default(), Frontier::default());
        for index in 0..1100 {
            assert_eq!((blocks.size(), blocks.root()), (index, frontier.root()));
            blocks.push(leaf(index));
            frontier.push(leaf(index));
        }
        assert_eq!(blocks.roots().len(), 4);
        assert_eq!(blocks.roots()[3], root_of(leaves(768..1024).unwrap()));
    }

    #[test]
    fn any_earlier_root_reads_one_block_again_at_most() {
        let blocks = grown(1100);
        for size in (0..=1100).step_by(11).chain([1, 255, 256, 257, 511, 512, 1024, 1025]) {
            let reads = Cell::new(0);
            let again = |places: Range<u64>| {
                reads.set(reads.get() + 1);
                assert_eq!((places.start % BLOCK, places.end - places.start), (0, BLOCK), "a whole block");
                leaves(places)
            };
            assert_eq!(blocks.root_of(0..size, again), Some(root_of(leaves(0..size).unwrap())), "size {size}");
            assert!(reads.get() <= 1);
        }
        assert_eq!(blocks.root_of(0..1101, leaves), None);
    }

    #[test]
    fn leaves_that_are_read_again_must_be_those_that_were_pushed() {
        let blocks = grown(600);
        let other = |places: Range<u64>| Some(places.map(|index| leaf(index.max(1))).collect());
        assert_eq!(blocks.root_of(0..100, other), None);
        assert_eq!(blocks.root_of(256..300, other), blocks.root_of(256..300, leaves), "that block is as it was");
        for wrong in [None, Some(vec![]), leaves(0..255), leaves(0..257), leaves(256..512)] {
            assert_eq!(blocks.root_of(0..100, |_| wrong.clone()), None);
        }
        // Two nodes have the root of the block: they are not its leaves.
        let halves = vec![root_of(leaves(0..128).unwrap()), root_of(leaves(128..256).unwrap())];
        assert_eq!(root_of(halves.clone()), blocks.roots()[0]);
        assert!(!blocks.holds(0, &halves));
        assert!(blocks.holds(2, &leaves(512..600).unwrap()) && !blocks.holds(2, &leaves(512..599).unwrap()));
        assert!(!blocks.holds(3, &[]) && !blocks.holds(u64::MAX, &[]));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn any_proof_of_any_size_is_made_from_blocks(
            (size, index) in (1u64..1100).prop_flat_map(|size| (Just(size), 0..size)),
        ) {
            let blocks = grown(1100);
            let root = |range: Range<u64>| blocks.root_of(range, leaves).unwrap();
            let path: Vec<Hash> = proof::inclusion(index, size).unwrap().into_iter().map(root).collect();
            prop_assert_eq!(proof::verify_inclusion(leaf(index), index, size, &path, root(0..size)), Ok(()));
            let path: Vec<Hash> = proof::consistency(index + 1, size).unwrap().into_iter().map(root).collect();
            let judged = proof::verify_consistency(index + 1, size, &path, root(0..index + 1), root(0..size));
            prop_assert_eq!(judged, Ok(()));
        }
    }
}
