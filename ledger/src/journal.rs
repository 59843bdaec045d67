//! Journal: the entry lines in one append-only file, readable without us. It is the record if power fails.
//!
//! Promises that what [`Journal::append`] acknowledged is on disk (`fdatasync`), and that an append that failed leaves no
//! half line in front of the next one. Does not check what it writes: only verified entries reach it.

use crate::envelope::Envelope;
use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::Path,
};

/// The journal, open for appending.
#[derive(Debug)]
pub struct Journal {
    file: File,
    /// Where the acknowledged lines end.
    length: u64,
}

impl Journal {
    /// Creates the file; it must not be there yet. The caller syncs the directory.
    ///
    /// # Errors
    /// The file is there, or cannot be written.
    pub fn create(path: &Path) -> io::Result<Journal> {
        let file = OpenOptions::new().append(true).create_new(true).open(path)?;
        file.sync_all()?;
        Ok(Journal { file, length: 0 })
    }

    /// Opens the file for appending behind its first `length` bytes; bytes behind them were never acknowledged and go.
    ///
    /// # Errors
    /// The file cannot be opened or cut.
    pub fn open(path: &Path, length: u64) -> io::Result<Journal> {
        let file = OpenOptions::new().append(true).open(path)?;
        let found = file.metadata()?.len();
        if found < length {
            let why = format!("expected {length} bytes that were read before, found {found}");
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, why));
        }
        if found > length {
            file.set_len(length)?;
            file.sync_all()?;
        }
        Ok(Journal { file, length })
    }

    /// How many bytes the acknowledged lines have.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Writes the lines and syncs them once.
    ///
    /// # Errors
    /// Nothing is acknowledged; the file is cut back to what was.
    // BUG: if the sync fails and so does the cut, the lines may or may not be on disk; the next open verifies and tells.
    pub fn append<'a, L>(&mut self, lines: L) -> io::Result<()>
    where
        L: IntoIterator<Item = &'a Envelope, IntoIter: Clone>,
    {
        let lines = lines.into_iter();
        let mut bytes = Vec::with_capacity(lines.clone().map(|line| line.len() + 1).sum());
        for line in lines {
            bytes.extend_from_slice(line.as_bytes());
            bytes.push(b'\n');
        }
        if let Err(error) = self.file.write_all(&bytes).and_then(|()| self.file.sync_data()) {
            let _ = self.file.set_len(self.length).and_then(|()| self.file.sync_all());
            return Err(error);
        }
        self.length += bytes.len() as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_appended_behind_what_was_acknowledged() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.jsonl");
        let mut journal = Journal::create(&path).unwrap();
        journal.append([&Envelope::new(*b"one"), &Envelope::new(*b"two")]).unwrap();
        assert!(Journal::create(&path).is_err());
        drop(journal);
        std::fs::write(&path, "one\ntwo\nhalf a li").unwrap();
        let mut journal = Journal::open(&path, 8).unwrap();
        journal.append([&Envelope::new(*b"three")]).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntwo\nthree\n");
    }
}
