//! Stack: the states that the next ones span, each put in its place when its last entry was folded.
//!
//! Promises states made of nothing but what was folded and of states that were computed before, whose shares are read again
//! by their hashes, one at a time; and files that are whole or not there. A state that cannot be read again is an error:
//! nothing can be made of it. Whether what is written reaches the disk matters to nobody, since it can be computed again.

use super::{Put, SnapshotFolder, state_file};
use crate::snapshot::{Complete, Shares, State, StateName, Whose, base};
use std::{
    fs::{self, File},
    io::{self, BufRead as _, BufReader, BufWriter, Read, Write as _},
    path::PathBuf,
};
use trial_core::{ids::Seq, projection::Share};

/// How much is read and written at once.
const BUFFER: usize = 1 << 16;

/// All states so far by their names, and of which the next one can be made.
#[derive(Debug)]
pub struct Stack {
    folder: SnapshotFolder,
    names: Vec<StateName>,
    /// Those that the last one is put together from.
    spans: Vec<Span>,
}

/// A state that others are made of.
#[derive(Debug)]
struct Span {
    entries: u64,
    shares: Shares,
    /// Its bytes, where there is no file of them.
    held: Option<Vec<u8>>,
}

impl Stack {
    /// Of no states yet.
    pub fn new(folder: SnapshotFolder) -> Stack {
        Stack { folder, names: Vec::new(), spans: Vec::new() }
    }

    /// Goes on behind these states.
    pub fn behind(folder: SnapshotFolder, names: Vec<StateName>) -> Stack {
        Stack { folder, names, spans: Vec::new() }
    }

    /// Takes note of a state, one after the other, that the last one is put together from.
    pub fn see(&mut self, state: &State) {
        self.spans.push(Span { entries: state.since().entries(), shares: state.shares().clone(), held: None });
    }

    /// The folder where they lie.
    pub fn folder(&self) -> &SnapshotFolder {
        &self.folder
    }

    /// Their names, in order.
    pub fn names(&self) -> &[StateName] {
        &self.names
    }

    /// Puts the next state in its place.
    ///
    /// # Errors
    /// One that it spans is not as it was computed, or the disk fails: no later one can be made.
    pub fn put(&mut self, complete: Complete) -> io::Result<Put> {
        let entries = complete.entries();
        let first = self.spans.partition_point(|span| span.entries <= base(entries));
        let mut earlier = Vec::new();
        for span in &self.spans[first..] {
            earlier.push((Seq(base(span.entries)), span.read(&self.folder)?));
        }
        let mut file = Becoming::of(self.folder.state(entries));
        let written = complete.write(earlier, |bytes| file.take(bytes));
        let beside = file.beside.clone();
        let finished = written.and_then(|written| Ok((written, file.finish()?)));
        let ((name, shares), (put, held)) = finished.inspect_err(|_| drop(fs::remove_file(beside)))?;
        self.names.push(name);
        self.spans.truncate(first);
        self.spans.push(Span { entries, shares, held });
        Ok(put)
    }
}

impl Span {
    /// The shares, read again.
    fn read(&self, folder: &SnapshotFolder) -> io::Result<impl Iterator<Item = io::Result<Share>>> {
        let bytes: Box<dyn Read> = match &self.held {
            Some(held) => Box::new(held.as_slice()),
            None => Box::new(BufReader::with_capacity(BUFFER, File::open(folder.state(self.entries))?)),
        };
        let (_, all) = self.shares.of(Whose::Between(None, None));
        Ok(state_file::read(all, bytes).map(|share| share.map_err(io::Error::from)))
    }
}

/// A file that becomes a state.
struct Becoming {
    path: PathBuf,
    beside: PathBuf,
    bytes: Bytes,
    /// What is to be said of it.
    put: Put,
}

/// Where its bytes are.
enum Bytes {
    /// In the file that is there, so far: this many.
    There(BufReader<File>, u64),
    /// In one beside it.
    Beside(BufWriter<File>),
    /// In memory.
    Held(Vec<u8>),
}

impl Becoming {
    fn of(path: PathBuf) -> Becoming {
        let beside = path.with_extension("new");
        match File::open(&path) {
            Ok(file) => {
                let bytes = Bytes::There(BufReader::with_capacity(BUFFER, file), 0);
                Becoming { path, beside, bytes, put: Put::Confirmed }
            }
            Err(_) => {
                let (bytes, put) = match Becoming::create(&beside) {
                    Ok(file) => (Bytes::Beside(file), Put::Written),
                    Err(_) => (Bytes::Held(Vec::new()), Put::Held),
                };
                Becoming { path, beside, bytes, put }
            }
        }
    }

    fn create(beside: &PathBuf) -> io::Result<BufWriter<File>> {
        beside.parent().map_or(Ok(()), fs::create_dir_all)?;
        Ok(BufWriter::with_capacity(BUFFER, File::create(beside)?))
    }

    /// Takes the next bytes.
    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.bytes {
            Bytes::There(there, same) => {
                if has_next(there, bytes) {
                    *same += bytes.len() as u64;
                    return Ok(());
                }
                self.part()?;
                self.take(bytes)
            }
            Bytes::Beside(file) => file.write_all(bytes),
            Bytes::Held(held) => {
                held.extend(bytes);
                Ok(())
            }
        }
    }

    /// Parts with the file that is there: only so many bytes of it are right.
    fn part(&mut self) -> io::Result<()> {
        let Bytes::There(_, same) = self.bytes else { return Ok(()) };
        let mut right = File::open(&self.path)?.take(same);
        (self.bytes, self.put) = match Becoming::create(&self.beside) {
            Ok(mut file) => {
                io::copy(&mut right, &mut file)?;
                (Bytes::Beside(file), Put::Replaced)
            }
            Err(_) => {
                let mut held = Vec::new();
                right.read_to_end(&mut held)?;
                (Bytes::Held(held), Put::Held)
            }
        };
        Ok(())
    }

    /// What became of it; the bytes, where there is no file.
    fn finish(mut self) -> io::Result<(Put, Option<Vec<u8>>)> {
        if let Bytes::There(there, _) = &mut self.bytes
            && !there.fill_buf()?.is_empty()
        {
            self.part()?;
        }
        match self.bytes {
            Bytes::There(..) => Ok((self.put, None)),
            Bytes::Beside(file) => {
                drop(file.into_inner().map_err(io::IntoInnerError::into_error)?);
                fs::rename(&self.beside, &self.path)?;
                Ok((self.put, None))
            }
            Bytes::Held(held) => Ok((self.put, Some(held))),
        }
    }
}

/// Whether these bytes come next.
fn has_next(there: &mut BufReader<File>, mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        let Ok(found) = there.fill_buf() else { return false };
        let length = found.len().min(bytes.len());
        let (next, rest) = bytes.split_at(length);
        if length == 0 || found[..length] != *next {
            return false;
        }
        there.consume(length);
        bytes = rest;
    }
    true
}
