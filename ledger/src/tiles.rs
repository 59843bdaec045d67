//! Tiles: a log as a static directory (C2SP tlog-tiles), which any web server can serve: written, and read without a store.
//!
//! Promises that each tile of hashes is compared with the one that the entries give, byte for byte, and the checkpoint's
//! root with theirs: what differs is a fault that names the tile. What is not there is not told to be changed. Whether
//! the entries are sound is for the verifier, and who signed the checkpoint for whoever knows the log's key.

use crate::{
    checkpoint::Checkpoint,
    envelope::Envelope,
    fault::{Fault, FaultKind},
    hash,
    note::Note,
    tile::{self, Tile, Tiling, WIDTH},
    verifier::Lookup,
};
use std::{
    cell::RefCell,
    collections::{BTreeSet, VecDeque},
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read as _, Write as _},
    path::{Path, PathBuf},
    rc::Rc,
};
use trial_core::ids::{Hash, Seq};

/// The file of the checkpoint.
pub const CHECKPOINT: &str = "checkpoint";

/// The folder of the tiles.
pub const TILE: &str = "tile";

/// The most bytes that a bundle may have by its form.
const MOST_BYTES: u64 = WIDTH as u64 * (2 + u16::MAX as u64);

/// Writes a log into a directory; everything is on disk when [`Writer::finish`] returns.
#[derive(Debug)]
pub struct Writer {
    dir: PathBuf,
    tiling: Tiling,
    folders: BTreeSet<PathBuf>,
}

impl Writer {
    /// Begins in a directory that is empty or not there yet.
    ///
    /// # Errors
    /// There is something in it, or it cannot be made.
    pub fn new(dir: &Path) -> io::Result<Writer> {
        fs::create_dir_all(dir)?;
        if fs::read_dir(dir)?.next().is_some() {
            return Err(io::Error::new(ErrorKind::AlreadyExists, "the directory is not empty"));
        }
        Ok(Writer { dir: dir.to_owned(), tiling: Tiling::default(), folders: BTreeSet::new() })
    }

    /// Writes the next entry.
    ///
    /// # Errors
    /// The disk failed.
    pub fn push(&mut self, entry: &Envelope) -> io::Result<()> {
        let complete = self.tiling.push(entry);
        complete.into_iter().try_for_each(|(tile, bytes)| self.write(&tile.to_string(), &bytes))
    }

    /// Writes what is left and, as the last file, the checkpoint, if there is one.
    ///
    /// # Errors
    /// The disk failed.
    pub fn finish(mut self, checkpoint: Option<&[u8]>) -> io::Result<Tiling> {
        for (tile, bytes) in self.tiling.end() {
            self.write(&tile.to_string(), &bytes)?;
        }
        self.folders.iter().try_for_each(|folder| File::open(folder)?.sync_all())?;
        if let Some(checkpoint) = checkpoint {
            self.write(CHECKPOINT, checkpoint)?;
        }
        File::open(&self.dir)?.sync_all()?;
        Ok(self.tiling)
    }

    fn write(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.dir.join(path);
        let folder = path.parent().unwrap_or(&self.dir);
        if self.folders.insert(folder.to_owned()) {
            fs::create_dir_all(folder)?;
            let above = folder.ancestors().skip(1).take_while(|above| above.starts_with(&self.dir));
            self.folders.extend(above.map(Path::to_owned));
        }
        let mut file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        file.write_all(bytes)?;
        file.sync_all()
    }
}

/// Whether a directory looks like one of tiles.
pub fn is_tiles(dir: &Path) -> bool {
    dir.join(TILE).is_dir()
}

/// What reading a directory of tiles found beside its entries; whole once the last entry was read.
#[derive(Debug, Default)]
pub struct Beside {
    /// Tiles that are not those of the entries, or cannot be read.
    pub faults: Vec<Fault>,
    /// The checkpoint, as it lies there; nothing where there is none.
    pub checkpoint: Option<Vec<u8>>,
}

/// The entries of a directory of tiles, in order.
#[derive(Debug)]
pub struct Tiles {
    dir: PathBuf,
    claimed: Option<Checkpoint>,
    size: u64,
    pending: VecDeque<Envelope>,
    next: u64,
    tiling: Tiling,
    beside: Rc<RefCell<Beside>>,
    ended: bool,
}

/// Opens a directory of tiles: its entries, a look-up, and what else is found.
///
/// # Errors
/// It cannot be read; or the checkpoint is none.
pub fn read_tiles(dir: &Path) -> Result<(Tiles, TileIndex, Rc<RefCell<Beside>>), Fault> {
    let note = match fs::read(dir.join(CHECKPOINT)) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(unreadable(CHECKPOINT, error)),
    };
    let claimed = note.as_deref().map(checkpoint).transpose()?;
    let size = match &claimed {
        Some(claimed) => claimed.size,
        None => size_of(dir).map_err(|error| unreadable(TILE, error))?,
    };
    let beside = Rc::new(RefCell::new(Beside { faults: Vec::new(), checkpoint: note }));
    let tiles = Tiles {
        dir: dir.to_owned(),
        claimed,
        size,
        pending: VecDeque::new(),
        next: 0,
        tiling: Tiling::default(),
        beside: Rc::clone(&beside),
        ended: false,
    };
    Ok((tiles, TileIndex { dir: dir.to_owned(), size }, beside))
}

/// What a signed checkpoint says; who signed it is not looked at.
///
/// # Errors
/// `checkpoint_invalid`.
pub fn checkpoint(note: &[u8]) -> Result<Checkpoint, Fault> {
    let invalid = |why: String| Fault::new(FaultKind::CheckpointInvalid, "a checkpoint (C2SP tlog-checkpoint)", why);
    let note = Note::parse(note).map_err(|why| invalid(why.to_string()))?;
    note.text().parse().map_err(|why: crate::checkpoint::BadCheckpoint| invalid(why.to_string()))
}

fn unreadable(path: impl std::fmt::Display, error: io::Error) -> Fault {
    let found = if error.kind() == ErrorKind::NotFound { "no such file".to_owned() } else { error.to_string() };
    Fault::new(FaultKind::StoreUnreadable, format!("the file {path}"), found)
}

/// How many entries there are where no checkpoint says it: whole bundles, then the widest partial one.
fn size_of(dir: &Path) -> io::Result<u64> {
    let mut size = 0;
    for index in 0.. {
        let full = Tile { holds: tile::Holds::Entries, index, width: WIDTH }.to_string();
        if !fs::exists(dir.join(&full))? {
            let partial = match fs::read_dir(dir.join(full + ".p")) {
                Err(error) if error.kind() == ErrorKind::NotFound => 0,
                found => {
                    let widths = found?.flatten().filter_map(|e| e.file_name().to_str()?.parse::<u64>().ok());
                    // What no partial bundle can be called is not one.
                    widths.filter(|width| *width < WIDTH as u64).max().unwrap_or(0)
                }
            };
            return Ok(size + partial);
        }
        size += WIDTH as u64;
    }
    Ok(size)
}

fn bundle(dir: &Path, index: u64, size: u64) -> Result<Vec<Envelope>, Fault> {
    let Some(tile) = Tile::bundle(index, size) else { return Ok(Vec::new()) };
    let bytes = read(dir, tile, MOST_BYTES).map_err(|error| unreadable(tile, error))?;
    tile::entries(&bytes, tile.width).map_err(|whole| {
        let found = format!("{} bytes with {whole} whole entries in front", bytes.len());
        Fault::new(FaultKind::RootMismatch, format!("{tile} with {} entries", tile.width), found)
    })
}

fn read(dir: &Path, tile: Tile, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(dir.join(tile.to_string()))?.take(most + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl Tiles {
    /// How many entries the checkpoint speaks of, or lie there.
    pub fn size(&self) -> u64 {
        self.size
    }

    fn step(&mut self) -> Result<Option<Envelope>, Fault> {
        if self.pending.is_empty() {
            self.pending = bundle(&self.dir, self.next, self.size)?.into();
            self.next += 1;
        }
        let Some(entry) = self.pending.pop_front() else {
            self.compare(self.tiling.end());
            self.compare_root();
            return Ok(None);
        };
        let complete = self.tiling.push(&entry);
        self.compare(complete);
        Ok(Some(entry))
    }

    /// Compares the tiles of hashes that the entries give with those that lie there.
    fn compare(&self, tiles: Vec<(Tile, Vec<u8>)>) {
        for (tile, expected) in tiles {
            if tile.holds == tile::Holds::Entries {
                continue;
            }
            match read(&self.dir, tile, expected.len() as u64) {
                Ok(found) if found == expected => {}
                Ok(found) => self.beside.borrow_mut().faults.push(differing(tile, &expected, &found)),
                Err(error) => self.beside.borrow_mut().faults.push(unreadable(tile, error)),
            }
        }
    }

    fn compare_root(&self) {
        let Some(claimed) = &self.claimed else { return };
        if claimed.root != self.tiling.root() {
            let size = self.tiling.size();
            let found = format!("{} over {size} entries", hash::to_base64(self.tiling.root()));
            let expected = format!("the root {} of the checkpoint", hash::to_base64(claimed.root));
            self.beside.borrow_mut().faults.push(Fault::new(FaultKind::RootMismatch, expected, found));
        }
    }
}

fn differing(tile: Tile, expected: &[u8], found: &[u8]) -> Fault {
    let whole = found.chunks_exact(32).take(tile.width);
    let hash = |bytes: &[u8]| bytes.try_into().map_or(Hash::ZERO, Hash);
    match expected.chunks_exact(32).zip(whole).enumerate().find(|(_, (expected, found))| expected != found) {
        Some((at, (expected, found))) => {
            let (expected, found) = (hash(expected), hash(found));
            Fault::new(FaultKind::RootMismatch, format!("{tile}: hash {at} of the entries is {expected}"), found)
        }
        None => {
            let expected = format!("{tile} with {} hashes, {} bytes", tile.width, expected.len());
            Fault::new(FaultKind::RootMismatch, expected, format!("{} bytes, or more", found.len()))
        }
    }
}

impl Iterator for Tiles {
    type Item = Result<Envelope, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let step = self.step();
        self.ended = !matches!(step, Ok(Some(_)));
        step.transpose()
    }
}

/// Finds entries in their bundles.
#[derive(Debug)]
pub struct TileIndex {
    dir: PathBuf,
    size: u64,
}

impl Lookup for TileIndex {
    fn envelope(&self, seq: Seq) -> Option<Envelope> {
        let (index, at) = (seq.0 / WIDTH as u64, usize::try_from(seq.0 % WIDTH as u64).ok()?);
        let mut entries = bundle(&self.dir, index, self.size).ok()?;
        (at < entries.len()).then(|| entries.swap_remove(at))
    }
}
