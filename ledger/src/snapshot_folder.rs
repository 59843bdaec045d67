//! Snapshot folder: `snapshots/` of a ledger, where states and snapshots lie as files.
//!
//! Promises that nothing is handed out whose bytes have not the id that was asked for: a file that is gone is missing, one
//! that was changed is altered, and neither is believed. Whoever lost it computes it again from the entries.

use crate::{
    fault::{Fault, FaultKind},
    snapshot::{self, Fresh, Snapshot, StateName},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use trial_core::{
    ids::{Hash, Seq},
    projection::{Marks, Trial},
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

    /// The bytes of a file, if they have this id.
    fn read(&self, path: &Path, entries: u64, id: Hash) -> Found<Vec<u8>> {
        let altered = |found: String| {
            let place = Seq(entries.saturating_sub(1));
            Found::Altered(Box::new(Fault::at(FaultKind::SnapshotMismatch, place, format!("a snapshot {id}"), found)))
        };
        match fs::read(path) {
            Ok(bytes) if snapshot::id(&bytes) == id => Found::Sound(bytes),
            Ok(bytes) => altered(format!("{} in {}", snapshot::id(&bytes), path.display())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Found::Missing,
            Err(error) => altered(format!("{}: {error}", path.display())),
        }
    }

    /// The snapshot of the end after so many entries, by the id that its user remembers.
    pub fn snapshot(&self, entries: u64, id: Hash) -> Found<Snapshot> {
        match self.read(&self.end(entries), entries, id) {
            Found::Sound(bytes) => {
                let read = Snapshot::read(&bytes).filter(|snapshot| snapshot.tip().size() == entries);
                // Of another version of this program: as good as none.
                read.map_or(Found::Missing, Found::Sound)
            }
            Found::Missing => Found::Missing,
            Found::Altered(fault) => Found::Altered(fault),
        }
    }

    /// What was known after the last of these states.
    pub fn trial(&self, names: &[StateName]) -> Found<(Trial, Marks)> {
        let (mut trial, mut marks) = (Trial::default(), Marks::default());
        for entries in snapshot::chain(names.len() as u64 * snapshot::EVERY) {
            let number = usize::try_from(entries / snapshot::EVERY).unwrap_or(usize::MAX);
            let Some(name) = names.get(number - 1) else { return Found::Missing };
            match self.read(&self.state(entries), entries, name.id) {
                Found::Sound(bytes) => match snapshot::read_state(&bytes) {
                    Some(since) if since.from().0 == trial.cut.entries && since.entries() == entries => {
                        marks.see_all(&since);
                        trial.advance(since);
                    }
                    Some(_) | None => return Found::Missing,
                },
                Found::Missing => return Found::Missing,
                Found::Altered(fault) => return Found::Altered(fault),
            }
        }
        Found::Sound((trial, marks))
    }

    /// Puts a computed state in its place.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn put(&self, fresh: &Fresh) -> io::Result<Put> {
        let path = self.state(fresh.entries);
        let put = match fs::read(&path) {
            Ok(bytes) if bytes == fresh.bytes => return Ok(Put::Confirmed),
            Ok(_) => Put::Replaced,
            Err(_) => Put::Written,
        };
        self.write(&path, &fresh.bytes)?;
        Ok(put)
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
