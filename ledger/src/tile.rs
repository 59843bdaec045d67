//! Tile: the static form of a log (C2SP tlog-tiles v0.1.0): tiles of hashes, bundles of entries, and where they lie.
//!
//! Promises the paths, widths and bytes of the specification, for a log of any size, in memory of one tile for each level.
//! Does not verify entries, and neither reads nor writes files.

use crate::{envelope::Envelope, merkle::Frontier};
use std::fmt;
use trial_core::ids::Hash;

/// How many hashes a full tile holds, and how many entries a full bundle.
pub const WIDTH: usize = 256;

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holds {
    /// Entries.
    Entries,
    /// The roots of as many complete subtrees of 256^level leaves; at level 0 the leaf hashes.
    Hashes {
        /// The level.
        level: u8,
    },
}

/// A tile by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    /// What it holds.
    pub holds: Holds,
    /// Which of its level, from 0.
    pub index: u64,
    /// How many hashes or entries: 1 to 256. Less than 256 only at the end of a log.
    pub width: usize,
}

impl Tile {
    /// The bundle of entries at a place, in a log of this size; none where the log ends before it.
    pub fn bundle(index: u64, size: u64) -> Option<Tile> {
        let first = index.checked_mul(WIDTH as u64)?;
        let width = usize::try_from(size.checked_sub(first)?).unwrap_or(usize::MAX).min(WIDTH);
        (width > 0).then_some(Tile { holds: Holds::Entries, index, width })
    }
}

/// The path below the directory of the log: `tile/0/x001/x234/067.p/5`.
impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.holds {
            Holds::Entries => write!(f, "tile/entries/")?,
            Holds::Hashes { level } => write!(f, "tile/{level}/")?,
        }
        let mut groups = vec![self.index % 1000];
        let mut rest = self.index / 1000;
        while rest > 0 {
            groups.push(rest % 1000);
            rest /= 1000;
        }
        for (left, group) in groups.iter().enumerate().rev() {
            if left > 0 { write!(f, "x{group:03}/")? } else { write!(f, "{group:03}")? }
        }
        if self.width < WIDTH { write!(f, ".p/{}", self.width) } else { Ok(()) }
    }
}

/// The bytes of a bundle: each entry with its length in front, 16 bits, big-endian.
fn encode(bundle: &mut Vec<u8>, entry: &Envelope) {
    let length = u16::try_from(entry.len()).expect("an entry line has at most 16 KiB");
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry.as_bytes());
}

/// Takes a bundle apart.
///
/// # Errors
/// It does not hold as many entries as its name says, or ends within one: how many whole ones there are.
pub fn entries(bundle: &[u8], width: usize) -> Result<Vec<Envelope>, usize> {
    let (mut found, mut rest) = (Vec::new(), bundle);
    while let Some((length, behind)) = rest.split_first_chunk::<2>() {
        let Some((entry, behind)) = behind.split_at_checked(usize::from(u16::from_be_bytes(*length))) else { break };
        found.push(Envelope::new(entry));
        rest = behind;
    }
    if rest.is_empty() && found.len() == width { Ok(found) } else { Err(found.len()) }
}

/// A log on its way into tiles, entry by entry.
#[derive(Debug, Default)]
pub struct Tiling {
    size: u64,
    bundle: Vec<u8>,
    /// The hashes of each level that are in no full tile yet.
    levels: Vec<Vec<Hash>>,
    frontier: Frontier,
}

impl Tiling {
    /// Takes the next entry; hands out the tiles that it completes, with their bytes.
    pub fn push(&mut self, entry: &Envelope) -> Vec<(Tile, Vec<u8>)> {
        let mut complete = Vec::new();
        encode(&mut self.bundle, entry);
        self.size += 1;
        if self.size.is_multiple_of(WIDTH as u64) {
            let tile = Tile { holds: Holds::Entries, index: self.size / WIDTH as u64 - 1, width: WIDTH };
            complete.push((tile, std::mem::take(&mut self.bundle)));
        }
        let mut next = entry.leaf_hash();
        self.frontier.push(next);
        let mut span = 1;
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let hashes = &mut self.levels[level];
            hashes.push(next);
            span *= WIDTH as u64;
            if hashes.len() < WIDTH {
                break;
            }
            let mut root = Frontier::default();
            hashes.iter().for_each(|hash| root.push(*hash));
            next = root.root();
            complete.push((hash_tile(level, self.size / span - 1, hashes), bytes(hashes)));
            hashes.clear();
        }
        complete
    }

    /// The partial tiles at the end of the log, with their bytes.
    pub fn end(&self) -> Vec<(Tile, Vec<u8>)> {
        let mut partial = Vec::new();
        let mut index = self.size;
        if let Some(tile) = Tile::bundle(self.size / WIDTH as u64, self.size) {
            partial.push((tile, self.bundle.clone()));
        }
        for (level, hashes) in self.levels.iter().enumerate() {
            index /= WIDTH as u64;
            if !hashes.is_empty() {
                partial.push((hash_tile(level, index, hashes), bytes(hashes)));
            }
        }
        partial
    }

    /// How many entries there are.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root over them.
    pub fn root(&self) -> Hash {
        self.frontier.root()
    }
}

fn hash_tile(level: usize, index: u64, hashes: &[Hash]) -> Tile {
    let level = u8::try_from(level).expect("a log of 2^64 entries has 8 levels");
    Tile { holds: Holds::Hashes { level }, index, width: hashes.len() }
}

fn bytes(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn path(holds: Holds, index: u64, width: usize) -> String {
        Tile { holds, index, width }.to_string()
    }

    #[test]
    fn paths_are_those_of_the_specification() {
        let level = |level| Holds::Hashes { level };
        assert_eq!(path(level(0), 1_234_067, 256), "tile/0/x001/x234/067");
        assert_eq!(path(level(0), 0, 256), "tile/0/000");
        assert_eq!(path(level(1), 999, 17), "tile/1/999.p/17");
        assert_eq!(path(level(2), 1000, 1), "tile/2/x001/000.p/1");
        assert_eq!(path(Holds::Entries, 1_234_067, 112), "tile/entries/x001/x234/067.p/112");
        assert_eq!(path(level(5), 1_000_000_000, 256), "tile/5/x001/x000/x000/000");
    }

    /// All tiles of a log of so many small entries.
    fn tiled(size: u64) -> (BTreeMap<String, Vec<u8>>, Tiling) {
        let mut tiling = Tiling::default();
        let mut tiles = BTreeMap::new();
        for seq in 0..size {
            let complete = tiling.push(&Envelope::new(seq.to_string().into_bytes()));
            tiles.extend(complete.into_iter().map(|(tile, bytes)| (tile.to_string(), bytes)));
        }
        tiles.extend(tiling.end().into_iter().map(|(tile, bytes)| (tile.to_string(), bytes)));
        (tiles, tiling)
    }

    #[test]
    fn a_log_of_70000_entries_has_the_tiles_that_the_specification_counts() {
        let (tiles, _) = tiled(70_000);
        let count = |start: &str, partial| {
            tiles.keys().filter(|path| path.starts_with(start) && path.contains(".p/") == partial).count()
        };
        assert_eq!((count("tile/0/", false), count("tile/1/", false), count("tile/2/", false)), (273, 1, 0));
        assert_eq!((count("tile/0/", true), count("tile/1/", true), count("tile/2/", true)), (1, 1, 1));
        for path in ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1", "tile/entries/273.p/112"] {
            assert!(tiles.contains_key(path), "{path}");
        }
        assert_eq!(tiles["tile/2/000.p/1"].len(), 32);
        assert_eq!(count("tile/entries/", false) + count("tile/entries/", true), 274);
    }

    #[test]
    fn a_full_tile_is_one_hash_of_the_level_above() {
        let (tiles, tiling) = tiled(256);
        assert_eq!(tiles["tile/1/000.p/1"], tiling.root().0);
        assert_eq!(tiles["tile/0/000"][..32], hash::leaf(b"0").0);
        assert_eq!(tiles.keys().collect::<Vec<_>>(), ["tile/0/000", "tile/1/000.p/1", "tile/entries/000"]);
        assert!(tiled(0).0.is_empty());
    }

    #[test]
    fn a_bundle_that_is_not_what_its_name_says_is_refused() {
        let (tiles, _) = tiled(3);
        let bundle = &tiles["tile/entries/000.p/3"];
        assert_eq!(*bundle, [0, 1, b'0', 0, 1, b'1', 0, 1, b'2']);
        assert_eq!(entries(bundle, 3).unwrap()[2].as_bytes(), b"2");
        assert_eq!((entries(bundle, 2), entries(bundle, 4)), (Err(3), Err(3)));
        assert_eq!(
            (entries(&bundle[..8], 3), entries(&bundle[..7], 3), entries(&bundle[..7], 2)),
            (Err(2), Err(2), Err(2))
        );
        assert_eq!(entries(&[bundle, &[0][..]].concat(), 3), Err(3));
        assert_eq!(entries(&[], 0), Ok(vec![]));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn widths_at_the_end_are_those_of_the_formula_and_hashes_add_up_to_the_root(size in 0_u64..3000) {
            let (tiles, tiling) = tiled(size);
            for (level, span) in [(0, 1), (1, 256), (2, 65536)] {
                let (full, width) = (size / span / 256, size / span % 256);
                let found = tiles.keys().filter(|path| path.starts_with(&format!("tile/{level}/")));
                prop_assert_eq!(found.count() as u64, full + u64::from(width > 0));
                if width > 0 {
                    let tile = Tile { holds: Holds::Hashes { level }, index: full, width: width as usize };
                    prop_assert_eq!(tiles[&tile.to_string()].len() as u64, 32 * width);
                }
            }
            let mut frontier = Frontier::default();
            (0..size).for_each(|seq| frontier.push(hash::leaf(seq.to_string().as_bytes())));
            prop_assert_eq!(tiling.root(), frontier.root());
        }

        #[test]
        fn any_bytes_are_a_bundle_or_are_not_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..600), width in 0_usize..260) {
            if let Ok(found) = entries(&bytes, width) {
                let mut again = Vec::new();
                found.iter().for_each(|entry| encode(&mut again, entry));
                prop_assert_eq!(again, bytes);
            }
        }
    }
}
