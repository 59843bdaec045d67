//! Snapshot folder: `snapshots/` of a ledger, where states and snapshots lie as files.
//!
//! Promises that nothing is handed out whose bytes have not the id that was asked for: a file that is gone is missing, one
//! that was changed is altered, and neither is believed. Whoever lost it computes it again from the entries.

mod stack;

pub use stack::Stack;

use crate::{
    fault::{Fault, FaultKind},
    snapshot::{self, LENGTH, Snapshot, State, StateName, Unread},
};
use std::{
    fs::{self, File},
    io::{self, Read as _, Seek as _, SeekFrom},
    ops::Range,
    path::{Path, PathBuf},
};
use trial_core::{
    ids::{Hash, Seq, SubjectId},
    projection::{Since, Trial},
};

/// The folder of the snapshots.
pub const SNAPSHOTS: &str = "snapshots";

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
    pub fn trial(&self, names: &[StateName], mut see: impl FnMut(&State) + Send) -> Found<Trial> {
        self.put_together(names, |path, id| {
            let bytes = fs::read(path)?;
            let (bytes, end) = bytes.split_last_chunk().ok_or(Unread::Altered)?;
            let shares = usize::try_from(State::head_length(*end)).ok().and_then(|head| bytes.len().checked_sub(head));
            let (shares, head) = bytes.split_at(shares.ok_or(Unread::Altered)?);
            let state = State::read(head, id)?;
            see(&state);
            Ok(state.with_all(shares)?)
        })
    }

    /// What was known then of the trial itself and, where one is named, of a subject, read without the facts of all others.
    pub fn trial_about(&self, names: &[StateName], subject: Option<&SubjectId>) -> Found<Trial> {
        self.put_together(names, |path, id| {
            let mut file = File::open(path)?;
            let mut end = [0; LENGTH];
            let head_ends = file.metadata()?.len().checked_sub(LENGTH as u64).ok_or(Unread::Altered)?;
            file.seek(SeekFrom::Start(head_ends))?;
            file.read_exact(&mut end)?;
            let shares_end = head_ends.checked_sub(State::head_length(end)).ok_or(Unread::Altered)?;
            let state = State::read(&read_at(&mut file, shares_end..head_ends)?, id)?;
            match subject.and_then(|subject| Some((subject, state.place(subject)?))) {
                Some((subject, (number, place))) => {
                    let share = read_at(&mut file, place)?;
                    Ok(state.with(number, &share, subject)?)
                }
                None => Ok(state.with_none()),
            }
        })
    }

    /// Reads the states that the last of these is put together from, one after the other.
    fn put_together(
        &self,
        names: &[StateName],
        mut read: impl FnMut(&Path, Hash) -> Result<Since, Failed> + Send,
    ) -> Found<Trial> {
        let mut chain = snapshot::chain(names.len() as u64 * snapshot::EVERY).into_iter();
        let mut next = || {
            let entries = chain.next()?;
            let number = usize::try_from(entries / snapshot::EVERY).unwrap_or(usize::MAX);
            let (name, path) = (names[number - 1], self.state(entries));
            Some(found(&path, entries, name.id, || {
                let since = read(&path, name.id)?;
                let follows = since.from().0 == snapshot::base(entries) && since.entries() == entries;
                if follows { Ok(since) } else { Err(Unread::OfAnotherVersion.into()) }
            }))
        };
        let (mut trial, mut read) = (Trial::default(), next());
        while let Some(found) = read {
            let since = match found {
                Found::Sound(since) => since,
                Found::Missing => return Found::Missing,
                Found::Altered(fault) => return Found::Altered(fault),
            };
            // The next one is read while this one is taken in.
            ((), read) = rayon::join(|| trial.advance(since), &mut next);
        }
        Found::Sound(trial)
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

fn read_at(file: &mut File, place: Range<u64>) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(place.start))?;
    let mut bytes = vec![0; usize::try_from(place.end - place.start).unwrap_or_default()];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}
