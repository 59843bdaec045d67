//! The Merkle tree over the entries: RFC 6962 section 2.1, grown leaf by leaf.
//!
//! Promises the root of the tree over all leaves pushed so far, in memory of one hash per bit of the size.
//! Does not keep the leaves.

mod blocks;
mod proof;

pub use blocks::{BLOCK, Blocks};
pub use proof::{ProofError, consistency, inclusion, verify_consistency, verify_inclusion};

use crate::hash;
use trial_core::ids::Hash;

/// The right edge of a growing tree: the roots of its complete subtrees, largest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    /// One root for each bit set in `size`, from the highest bit down.
    peaks: Vec<Hash>,
}

impl Frontier {
    /// Adds one leaf hash.
    pub fn push(&mut self, leaf: Hash) {
        let mut root = leaf;
        // Each trailing one bit of the old size is a complete subtree that the new leaf completes to the next size.
        for _ in 0..self.size.trailing_ones() {
            let left = self.peaks.pop().expect("there is one peak for each bit set in the size");
            root = hash::node(left, root);
        }
        self.peaks.push(root);
        self.size += 1;
    }

    /// The root over all leaves; SHA-256 of nothing for the empty tree.
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev().copied();
        match peaks.next() {
            None => hash::sha256(&[]),
            Some(last) => peaks.fold(last, |right, left| hash::node(left, right)),
        }
    }

    /// How many leaves the tree has.
    pub fn size(&self) -> u64 {
        self.size
    }
}

impl FromIterator<Hash> for Frontier {
    fn from_iter<I: IntoIterator<Item = Hash>>(leaves: I) -> Frontier {
        let mut frontier = Frontier::default();
        leaves.into_iter().for_each(|leaf| frontier.push(leaf));
        frontier
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine, engine::general_purpose::STANDARD};
    use serde_json::Value;

    fn vectors(name: &str) -> Value {
        let path = format!("{}/../tests/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }

    #[test]
    fn roots_agree_with_the_recursive_definition_at_every_size() {
        let file = vectors("merkle.json");
        let roots = file["roots"].as_object().unwrap();
        assert!(roots.len() > 16);
        let largest: u64 = roots.keys().map(|size| size.parse().unwrap()).max().unwrap();
        let mut frontier = Frontier::default();
        for size in 0..=largest {
            assert_eq!(frontier.size(), size);
            if let Some(root) = roots.get(&size.to_string()) {
                assert_eq!(frontier.root().to_string(), root.as_str().unwrap(), "size {size}");
            }
            frontier.push(hash::leaf(size.to_string().as_bytes()));
        }
    }

    #[test]
    fn the_golden_chain_has_its_golden_leaves_and_roots() {
        let file = vectors("golden_chain.json");
        let mut frontier = Frontier::default();
        let roots = file["merkle_roots_base64_by_size"].as_array().unwrap();
        assert_eq!(STANDARD.encode(frontier.root().0), roots[0].as_str().unwrap());
        for (entry, root) in file["entries"].as_array().unwrap().iter().zip(&roots[1..]) {
            let leaf = hash::leaf(entry["line"].as_str().unwrap().as_bytes());
            assert_eq!(leaf.to_string(), entry["leaf"].as_str().unwrap());
            frontier.push(leaf);
            assert_eq!(STANDARD.encode(frontier.root().0), root.as_str().unwrap());
        }
        assert_eq!(frontier.size(), 5);
    }
}
