//! Directories of tiles.

use super::{entries::BEGINNING, notes};
use std::{collections::BTreeMap, fs, path::Path, sync::LazyLock};
use trial_ledger::{
    envelope::Envelope,
    tile::{self, Holds, Tiling, WIDTH},
    tiles::{CHECKPOINT, read_tiles},
    verifier::Verifier,
};

/// How many changes of an input are made: more say nothing that these do not.
const MOST_CHANGES: usize = 8;

/// The files that an input may change or make: those of the log, and others that a reader might look for.
const FILES: &[&str] = &[
    CHECKPOINT,
    "tile/entries/000.p/8",
    "tile/0/000.p/8",
    "tile/entries/000.p/3",
    "tile/0/000.p/3",
    "tile/entries/000",
    "tile/0/000",
    "tile/1/000.p/1",
    "tile/entries/000.p/300",
    "tile/entries/001.p/18446744073709551615",
];

/// The files of the small log.
static SOUND: LazyLock<BTreeMap<String, Vec<u8>>> = LazyLock::new(|| {
    let mut tiling = Tiling::default();
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for line in &BEGINNING.lines {
        files.extend(tiling.push(line).into_iter().map(|(tile, bytes)| (tile.to_string(), bytes)));
    }
    files.extend(tiling.end().into_iter().map(|(tile, bytes)| (tile.to_string(), bytes)));
    files.insert(CHECKPOINT.to_owned(), notes::checkpoint_seeds().remove(0));
    files
});

/// Tiles: a bundle that is taken apart is put together the same, and a directory that is found right under its checkpoint
/// holds the entries that the checkpoint was made over, whatever else was changed in it.
///
/// An input is a list of changes: a byte for the file, one for how it is changed, one for the length of what follows.
pub fn tiles(bytes: &[u8]) {
    bundle(bytes);
    let mut files = SOUND.clone();
    let mut rest = bytes;
    for _ in 0..MOST_CHANGES {
        let Some(([file, how, length], behind)) = rest.split_first_chunk() else { break };
        let (change, behind) = behind.split_at(behind.len().min(usize::from(*length)));
        rest = behind;
        let name = FILES[usize::from(*file) % FILES.len()].to_owned();
        let held = files.entry(name.clone()).or_default();
        match how % 4 {
            0 => *held = change.to_vec(),
            1 => held.extend_from_slice(change),
            2 => {
                let (at, change) = change.split_at(change.len().min(2));
                let at = at.iter().fold(0, |at, byte| at * 256 + usize::from(*byte));
                held.iter_mut().skip(at).zip(change).for_each(|(held, change)| *held = *change);
            }
            _ => drop(files.remove(&name)),
        }
    }
    let dir = tempfile::tempdir().expect("a directory");
    for (name, bytes) in &files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }
    judged(dir.path(), files.get(CHECKPOINT) == SOUND.get(CHECKPOINT));
}

fn judged(dir: &Path, same_checkpoint: bool) {
    let Ok((tiles, index, beside)) = read_tiles(dir) else { return };
    let read: Vec<_> = tiles.take(4 * WIDTH).collect();
    let entries: Vec<Envelope> = read.iter().filter_map(|entry| entry.clone().ok()).collect();
    let right = entries.len() == read.len() && beside.borrow().faults.is_empty();
    if right && same_checkpoint {
        assert_eq!(entries, BEGINNING.lines, "another log under the same checkpoint");
    }
    let verified = Verifier::new(read, index).filter(Result::is_ok).count();
    assert!(verified <= entries.len());
}

fn bundle(bytes: &[u8]) {
    let Some((width, bytes)) = bytes.split_first() else { return };
    let Ok(entries) = tile::entries(bytes, usize::from(*width)) else { return };
    assert_eq!(entries.len(), usize::from(*width));
    let mut tiling = Tiling::default();
    entries.iter().for_each(|entry| assert!(tiling.push(entry).is_empty(), "less than a tile"));
    let again = tiling.end().into_iter().find(|(tile, _)| tile.holds == Holds::Entries).map(|(_, bytes)| bytes);
    assert_eq!(again.unwrap_or_default(), bytes);
}
