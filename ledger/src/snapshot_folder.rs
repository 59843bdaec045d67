//! Snapshot folder: `snapshots/` of a ledger, where states and snapshots lie as files.
//!
//! Promises that nothing is handed out whose bytes have not the id that was asked for: a file that is gone is missing, one
//! that was changed is altered, and neither is believed. Whoever lost it computes it again from the entries.

mod stack;
mod state_file;

pub use stack::Stack;

use state_file::StateFile;

use crate::{
    fault::{Fault, FaultKind},
    snapshot::{self, Snapshot, State, StateName, Unread, Whose},
};
use rayon::prelude::*;
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use trial_core::{
    ids::{Hash, Seq, SubjectId},
    projection::{Share, Since, Trial},
};

/// The folder of the snapshots.
pub const SNAPSHOTS: &str = "snapshots";

/// Of how many subjects the facts are put together at once.
const AT_ONCE: usize = 64;

/// How many snapshots of the end are left for other users, who remember other ones.
const KEPT: usize = 4;

/// A folder of snapshots, which need not be there.
#[derive(Debug, Clone)]
pub struct SnapshotFolder {
    dir: PathBuf,
}

/// What is in a file, beside what was asked for.
#[derive(Debug)]
pub enum Found<T> {
    /// The very thing.
    Sound(T),
    /// No file.
    Missing,
    /// Other bytes.
    Altered(Box<Fault>),
}

impl<T> Found<T> {
    fn and_then<U>(self, then: impl FnOnce(T) -> Found<U>) -> Found<U> {
        match self {
            Found::Sound(it) => then(it),
            Found::Missing => Found::Missing,
            Found::Altered(fault) => Found::Altered(fault),
        }
    }
}

/// What became of a state that was computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// The same bytes were there.
    Confirmed,
    /// There was none.
    Written,
    /// Others were there, which were replaced.
    Replaced,
    /// It cannot be written: it is held in memory for as long as others are made of it.
    Held,
}

impl SnapshotFolder {
    /// The folder of the ledger in a directory.
    pub fn of(ledger: &Path) -> SnapshotFolder {
        SnapshotFolder { dir: ledger.join(SNAPSHOTS) }
    }

    fn state(&self, entries: u64) -> PathBuf {
        self.dir.join(format!("state-{entries:012}"))
    }

    fn end(&self, entries: u64) -> PathBuf {
        self.dir.join(format!("end-{entries:012}"))
    }

    /// The snapshot of the end after so many entries, by the id that its user remembers.
    pub fn snapshot(&self, entries: u64, id: Hash) -> Found<Snapshot> {
        let path = self.end(entries);
        found(&path, entries, id, || {
            let bytes = fs::read(&path)?;
            if snapshot::id(&bytes) != id {
                return Err(Unread::Altered.into());
            }
            let read = Snapshot::read(&bytes).filter(|snapshot| snapshot.tip().size() == entries);
            read.ok_or(Unread::OfAnotherVersion.into())
        })
    }

    /// What was known after the last of these states; `see` is shown each state that it is put together from.
    pub fn trial(&self, names: &[StateName], see: impl FnMut(&State)) -> Found<Trial> {
        self.open(names).and_then(|files| {
            files.iter().map(StateFile::state).for_each(see);
            // Each processor puts together what is told of some subjects, who follow each other by identifier.
            let largest = files.iter().map(|file| file.state().shares()).max_by_key(|shares| shares.bytes());
            let cuts = largest.map(|shares| shares.cuts(2 * rayon::current_num_threads() as u64)).unwrap_or_default();
            let from = [None].into_iter().chain(cuts.iter().map(Some));
            let to = cuts.iter().map(Some).chain([None]);
            let parts: Vec<Whose<'_>> = from.zip(to).map(|(from, to)| Whose::Between(from, to)).collect();
            put_together(files, &parts)
        })
    }

    /// What was known then of the trial itself and, where one is named, of a subject, read without the facts of all others.
    pub fn trial_about(&self, names: &[StateName], subject: Option<&SubjectId>) -> Found<Trial> {
        self.open(names).and_then(|files| put_together(files, subject.map(Whose::Only).as_slice()))
    }

    /// The states that the last of these is put together from.
    fn open(&self, names: &[StateName]) -> Found<Vec<StateFile>> {
        let chain = snapshot::chain(names.len() as u64 * snapshot::EVERY);
        let open = |entries: &u64| {
            let number = usize::try_from(*entries / snapshot::EVERY).unwrap_or(usize::MAX);
            let (path, id) = (self.state(*entries), names[number - 1].id);
            StateFile::open(path, *entries, id)
        };
        let mut files = Vec::with_capacity(chain.len());
        for found in chain.par_iter().map(open).collect::<Vec<_>>() {
            match found {
                Found::Sound(file) => files.push(file),
                Found::Missing => return Found::Missing,
                Found::Altered(fault) => return Found::Altered(fault),
            }
        }
        Found::Sound(files)
    }

    /// Puts a snapshot of the end down, and hands out its id.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn put_snapshot(&self, snapshot: &Snapshot) -> io::Result<Hash> {
        let bytes = snapshot.to_vec();
        self.write(&self.end(snapshot.tip().size()), &bytes)?;
        let mut ends = Vec::new();
        for file in fs::read_dir(&self.dir)? {
            let path = file?.path();
            if path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with("end-")) {
                ends.push(path);
            }
        }
        ends.sort();
        let surplus = ends.len().saturating_sub(KEPT);
        ends[..surplus].iter().try_for_each(fs::remove_file)?;
        Ok(snapshot::id(&bytes))
    }

    /// Whole, or not at all; whether it reaches the disk matters to nobody, since it can be computed again.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.dir)?;
        let beside = path.with_extension("new");
        fs::write(&beside, bytes)?;
        fs::rename(beside, path)
    }
}

/// Puts a trial together from states that go on from each other, and from what they tell of some subjects, in order.
fn put_together(files: Vec<StateFile>, asked: &[Whose<'_>]) -> Found<Trial> {
    let tell = |whose: &Whose<'_>| {
        let mut shares = Vec::with_capacity(files.len());
        for (place, file) in files.iter().enumerate() {
            let at = move |failed| (place, failed);
            let read = file.shares(*whose).map_err(|error| at(error.into()))?;
            shares.push((file.state().since(), read.map(move |share| share.map_err(at))));
        }
        Since::joined(shares, AT_ONCE).collect::<Result<Vec<Share>, (usize, Failed)>>()
    };
    let (mut told, mut unread): (Vec<Share>, Option<(usize, Failed)>) = (Vec::new(), None);
    for part in asked.par_iter().map(tell).collect::<Vec<_>>() {
        match part {
            Ok(shares) => told.extend(shares),
            // Of several states the first is named.
            Err(failed) if unread.as_ref().is_none_or(|(place, _)| failed.0 < *place) => unread = Some(failed),
            Err(_) => {}
        }
    }
    match unread {
        Some((place, failed)) => files[place].unread(failed),
        None => Found::Sound(Trial::of(files.into_iter().map(StateFile::into_since), told)),
    }
}

/// Why a file was not read.
enum Failed {
    Unread(Unread),
    Io(io::Error),
}

impl From<Unread> for Failed {
    fn from(unread: Unread) -> Failed {
        Failed::Unread(unread)
    }
}

impl From<Failed> for io::Error {
    fn from(failed: Failed) -> io::Error {
        match failed {
            Failed::Unread(Unread::Altered | Unread::OfAnotherVersion) => {
                io::Error::new(io::ErrorKind::InvalidData, "not the state that was computed")
            }
            Failed::Io(error) => error,
        }
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Failed {
        Failed::Io(error)
    }
}

/// What came of reading the file that should have this id.
fn found<T>(path: &Path, entries: u64, id: Hash, read: impl FnOnce() -> Result<T, Failed>) -> Found<T> {
    let altered = |found: String| {
        let place = Seq(entries.saturating_sub(1));
        Found::Altered(Box::new(Fault::at(FaultKind::SnapshotMismatch, place, format!("a snapshot {id}"), found)))
    };
    match read() {
        Ok(read) => Found::Sound(read),
        // As good as none.
        Err(Failed::Unread(Unread::OfAnotherVersion)) => Found::Missing,
        Err(Failed::Unread(Unread::Altered)) => altered(format!("another one in {}", path.display())),
        Err(Failed::Io(error)) if error.kind() == io::ErrorKind::NotFound => Found::Missing,
        Err(Failed::Io(error)) => altered(format!("{}: {error}", path.display())),
    }
}
