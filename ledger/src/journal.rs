//! Journal: the entry lines in one append-only file, readable without us. It is the record if power fails.
//!
//! Promises that what [`Journal::append`] acknowledged is on disk (`fdatasync`), and that an append that failed leaves no
//! half line in front of the next one. Does not check what it writes: only verified entries reach it.

use crate::{envelope::Envelope, lines::Tail};
use std::{
    convert::Infallible,
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
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

    /// Opens the file that was read to its end for appending behind its lines, of which `last` is the last one; what follows
    /// them was never acknowledged and goes.
    ///
    /// # Errors
    /// The file cannot be opened or cut, or is not the one that was read before: then it stays as it is.
    pub fn open(path: &Path, end: Tail, last: Option<&Envelope>) -> io::Result<Journal> {
        let mut file = OpenOptions::new().read(true).append(true).open(path)?;
        let (length, found) = (end.offset, file.metadata()?.len());
        let last = last.map_or_else(Vec::new, |last| [last.as_bytes(), b"\n"].concat());
        let mut there = vec![0; last.len()];
        if let Some(place) = length.checked_sub(last.len() as u64).filter(|_| length <= found) {
            file.seek(SeekFrom::Start(place))?;
            file.read_exact(&mut there)?;
        }
        if found != length + end.bytes || there != last {
            let why = format!("the {found} bytes are not the {} that were read before", length + end.bytes);
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        if end.bytes > 0 {
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
        self.append_if(lines, || Ok::<_, Infallible>(())).map(|Ok(())| ())
    }

    /// Writes the lines, and syncs them once if `proven` says that they are good: that is asked while the disk has begun.
    ///
    /// # Errors
    /// As [`Journal::append`]; within, what `proven` said. Then too nothing is acknowledged, and the file is cut back.
    pub fn append_if<'a, L, E>(&mut self, lines: L, proven: impl FnOnce() -> Result<(), E>) -> io::Result<Result<(), E>>
    where
        L: IntoIterator<Item = &'a Envelope, IntoIter: Clone>,
    {
        let lines = lines.into_iter();
        let mut bytes = Vec::with_capacity(lines.clone().map(|line| line.len() + 1).sum());
        for line in lines {
            bytes.extend_from_slice(line.as_bytes());
            bytes.push(b'\n');
        }
        let written = self.file.write_all(&bytes).and_then(|()| {
            #[cfg(target_os = "linux")]
            self.begin_to_sync(bytes.len());
            let proven = proven();
            if proven.is_ok() { self.file.sync_data().map(|()| proven) } else { self.cut().map(|()| proven) }
        });
        match &written {
            Ok(Ok(())) => self.length += bytes.len() as u64,
            Ok(Err(_)) => {}
            Err(_) => {
                let _ = self.cut();
            }
        }
        written
    }

    /// Takes away what is behind the acknowledged lines.
    fn cut(&self) -> io::Result<()> {
        self.file.set_len(self.length)?;
        self.file.sync_all()
    }

    /// Lets the disk begin with bytes that were just written behind the acknowledged lines. Nothing rests on it.
    #[cfg(target_os = "linux")]
    fn begin_to_sync(&self, bytes: usize) {
        // Linux begins to write what it is told will not be needed, as PostgreSQL makes use of it (pg_flush_data). It would
        // also forget pages that lie in the range as a whole, once they are written: so few bytes have none.
        if let Some(few) = std::num::NonZeroU64::new(bytes as u64).filter(|bytes| bytes.get() < 4096) {
            let _ = rustix::fs::fadvise(&self.file, self.length, Some(few), rustix::fs::Advice::DontNeed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_prove_wrong_are_cut_off() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.jsonl");
        let mut journal = Journal::create(&path).unwrap();
        journal.append([&Envelope::new(*b"one")]).unwrap();
        let long = Envelope::new("x".repeat(10_000).into_bytes());
        for line in [&Envelope::new(*b"two"), &long] {
            let seen = || {
                let written = std::fs::metadata(&path).unwrap().len();
                if written == 4 + line.len() as u64 + 1 { Err("wrong") } else { Ok(()) }
            };
            assert_eq!(journal.append_if([line], seen).unwrap(), Err("wrong"));
            assert_eq!((std::fs::read(&path).unwrap(), journal.length()), (b"one\n".to_vec(), 4));
        }
        journal.append([&Envelope::new(*b"two")]).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntwo\n");
    }

    #[test]
    fn lines_are_appended_behind_what_was_acknowledged() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.jsonl");
        let mut journal = Journal::create(&path).unwrap();
        journal.append([&Envelope::new(*b"one"), &Envelope::new(*b"two")]).unwrap();
        assert!(Journal::create(&path).is_err());
        drop(journal);
        std::fs::write(&path, "one\ntwo\nhalf a li").unwrap();
        for (end, last) in [(Tail { offset: 8, bytes: 8 }, "two"), (Tail { offset: 8, bytes: 9 }, "one")] {
            assert!(Journal::open(&path, end, Some(&Envelope::new(last.as_bytes()))).is_err(), "another file");
        }
        let mut journal = Journal::open(&path, Tail { offset: 8, bytes: 9 }, Some(&Envelope::new(*b"two"))).unwrap();
        journal.append([&Envelope::new(*b"three")]).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntwo\nthree\n");
    }
}
