//! Proof: that an entry is in a log of a given size, and that a log extends what it was (RFC 9162 section 2.1).
//!
//! Promises the iterative verifiers of RFC 9162 sections 2.1.3.2 and 2.1.4.2, and what the paths of sections 2.1.3.1 and
//! 2.1.4.1 are made of: ranges of leaves, whose roots whoever has the leaves computes. Does not bind a size to a root: a
//! path of three leaves may fit four as well. Whoever signs a root signs its size beside it.

use crate::hash;
use std::{fmt, ops::Range};
use trial_core::ids::Hash;

/// The ranges of leaves whose roots prove that the leaf `index` is in the first `size`, from the leaf up.
///
/// # Errors
/// [`ProofError::IndexBeyondSize`].
pub fn inclusion(index: u64, size: u64) -> Result<Vec<Range<u64>>, ProofError> {
    if index >= size {
        return Err(ProofError::IndexBeyondSize { index, size });
    }
    let (mut ranges, mut within) = (Vec::new(), 0..size);
    while within.end - within.start > 1 {
        let (left, right) = split(within);
        let (sibling, inner) = if index < left.end { (right, left) } else { (left, right) };
        ranges.push(sibling);
        within = inner;
    }
    ranges.reverse();
    Ok(ranges)
}

/// The ranges of leaves whose roots prove that the first `new` leaves begin with the first `old`.
///
/// # Errors
/// [`ProofError::NothingToExtend`], [`ProofError::OldBeyondNew`].
pub fn consistency(old: u64, new: u64) -> Result<Vec<Range<u64>>, ProofError> {
    sizes(old, new)?;
    let (mut ranges, mut within) = (Vec::new(), 0..new);
    while within.end != old {
        let (left, right) = split(within);
        let (sibling, inner) = if old <= left.end { (right, left) } else { (left, right) };
        ranges.push(sibling);
        within = inner;
    }
    // What begins at 0 is the old tree itself: its root is known to whoever asks.
    if within.start > 0 {
        ranges.push(within);
    }
    ranges.reverse();
    Ok(ranges)
}

/// The two subtrees of a range of at least two leaves: the left one has the largest power of two below their number.
fn split(range: Range<u64>) -> (Range<u64>, Range<u64>) {
    let middle = range.start + (1 << (range.end - range.start - 1).ilog2());
    (range.start..middle, middle..range.end)
}

fn sizes(old: u64, new: u64) -> Result<(), ProofError> {
    match old {
        0 => Err(ProofError::NothingToExtend),
        _ if old > new => Err(ProofError::OldBeyondNew { old, new }),
        _ => Ok(()),
    }
}

/// Checks that `leaf` is the leaf `index` of the `size` leaves with this root (RFC 9162 section 2.1.3.2).
///
/// # Errors
/// The check that failed.
pub fn verify_inclusion(leaf: Hash, index: u64, size: u64, path: &[Hash], root: Hash) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::IndexBeyondSize { index, size });
    }
    let (mut place, mut computed) = (Place { node: index, last: size - 1 }, leaf);
    for sibling in path {
        computed = match place.side().ok_or(ProofError::TooLong { found: path.len() })? {
            Side::Left => hash::node(*sibling, computed),
            Side::Right => hash::node(computed, *sibling),
        };
        place.up();
    }
    place.at_root(path)?;
    if computed == root { Ok(()) } else { Err(ProofError::RootDiffers { expected: root, found: computed }) }
}

/// Checks that the `new` leaves with `new_root` begin with the `old` leaves with `old_root` (RFC 9162 section 2.1.4.2).
///
/// `old` of 0 is an error: everything extends nothing, and there is nothing to prove.
///
/// # Errors
/// The check that failed.
pub fn verify_consistency(old: u64, new: u64, path: &[Hash], old_root: Hash, new_root: Hash) -> Result<(), ProofError> {
    sizes(old, new)?;
    if old == new {
        return match path {
            [] if old_root == new_root => Ok(()),
            [] => Err(ProofError::NewRootDiffers { expected: new_root, found: old_root }),
            [_, ..] => Err(ProofError::TooLong { found: path.len() }),
        };
    }
    // The largest complete subtree at the right edge of the old tree; it is the old tree if that is a power of two.
    let mut place = Place { node: old - 1, last: new - 1 };
    place.shift(place.node.trailing_ones());
    let (start, rest) = if old.is_power_of_two() {
        (old_root, path)
    } else {
        let (first, rest) = path.split_first().ok_or(ProofError::TooShort { found: 0 })?;
        (*first, rest)
    };
    let (mut computed_old, mut computed_new) = (start, start);
    for sibling in rest {
        match place.side().ok_or(ProofError::TooLong { found: path.len() })? {
            Side::Left => {
                computed_old = hash::node(*sibling, computed_old);
                computed_new = hash::node(*sibling, computed_new);
            }
            Side::Right => computed_new = hash::node(computed_new, *sibling),
        }
        place.up();
    }
    place.at_root(path)?;
    if computed_old != old_root {
        return Err(ProofError::OldRootDiffers { expected: old_root, found: computed_old });
    }
    if computed_new != new_root {
        return Err(ProofError::NewRootDiffers { expected: new_root, found: computed_new });
    }
    Ok(())
}

/// On which side of the node the next hash of the path stands.
enum Side {
    Left,
    Right,
}

/// A node on its way up, and the last node of its level: `fn` and `sn` of RFC 9162.
#[derive(Clone, Copy)]
struct Place {
    node: u64,
    last: u64,
}

impl Place {
    /// Where the sibling stands; none at the root. The last node of a level without a right sibling goes up as it is,
    /// until it has a left one: no node is ever doubled.
    fn side(&mut self) -> Option<Side> {
        if self.last == 0 {
            return None;
        }
        if self.node == self.last && self.node.is_multiple_of(2) {
            self.shift(self.node.trailing_zeros());
        }
        Some(if self.node.is_multiple_of(2) { Side::Right } else { Side::Left })
    }

    fn up(&mut self) {
        self.shift(1);
    }

    fn shift(&mut self, levels: u32) {
        self.node = self.node.checked_shr(levels).unwrap_or(0);
        self.last = self.last.checked_shr(levels).unwrap_or(0);
    }

    fn at_root(self, path: &[Hash]) -> Result<(), ProofError> {
        if self.last == 0 { Ok(()) } else { Err(ProofError::TooShort { found: path.len() }) }
    }
}

/// Why a proof cannot be made, or does not prove anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProofError {
    /// There is no such leaf in a tree of this size.
    IndexBeyondSize {
        /// The leaf.
        index: u64,
        /// The size of the tree.
        size: u64,
    },
    /// The old tree is empty.
    NothingToExtend,
    /// The old tree is larger than the new one.
    OldBeyondNew {
        /// The size of the old tree.
        old: u64,
        /// The size of the new tree.
        new: u64,
    },
    /// The log has fewer entries.
    SizeBeyondLog {
        /// The size that was asked for.
        size: u64,
        /// How many entries there are.
        has: u64,
    },
    /// Entries that the path is made of cannot be read again as they were verified.
    Unreadable {
        /// The first of them.
        first: u64,
        /// The last of them.
        last: u64,
    },
    /// The path goes on above the root.
    TooLong {
        /// How many hashes it has.
        found: usize,
    },
    /// The path ends below the root.
    TooShort {
        /// How many hashes it has.
        found: usize,
    },
    /// Leaf and path give another root.
    RootDiffers {
        /// The root to be proven.
        expected: Hash,
        /// The root that comes out.
        found: Hash,
    },
    /// The path gives another root for the old size.
    OldRootDiffers {
        /// The root to be proven.
        expected: Hash,
        /// The root that comes out.
        found: Hash,
    },
    /// The path gives another root for the new size.
    NewRootDiffers {
        /// The root to be proven.
        expected: Hash,
        /// The root that comes out.
        found: Hash,
    },
}

impl fmt::Display for ProofError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProofError::IndexBeyondSize { index, size } => {
                write!(f, "expected an entry among the first {size}, found entry {index}")
            }
            ProofError::NothingToExtend => f.write_str("expected an old size of at least 1, found 0"),
            ProofError::OldBeyondNew { old, new } => {
                write!(f, "expected an old size of at most {new}, found {old}")
            }
            ProofError::SizeBeyondLog { size, has } => write!(f, "expected a size of at most {has}, found {size}"),
            ProofError::Unreadable { first, last } => {
                write!(f, "entries {first} to {last} were expected to be there still, and cannot be read again")
            }
            ProofError::TooLong { found } => write!(f, "the path has {found} hashes, more than lead to the root"),
            ProofError::TooShort { found } => write!(f, "the path has {found} hashes, fewer than lead to the root"),
            ProofError::RootDiffers { expected, found } => {
                write!(f, "the entry and its path were expected to give the root {expected}, found {found}")
            }
            ProofError::OldRootDiffers { expected, found } => {
                write!(f, "the path was expected to give the old root {expected}, found {found}")
            }
            ProofError::NewRootDiffers { expected, found } => {
                write!(f, "the path was expected to give the new root {expected}, found {found}")
            }
        }
    }
}

impl std::error::Error for ProofError {}

#[cfg(test)]
mod tests;
