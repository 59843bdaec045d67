//! State file: the head of a state as it lies in the folder, and its shares as they are asked for.
//!
//! Promises that the head has the id that was asked for, stands for the very entries, and names as many bytes of shares as
//! the file has; and that no share is handed out but the one that the head names.

use super::{Failed, Found, found};
use crate::snapshot::{self, Asked, LENGTH, State, Unread, Whose};
use std::{
    fs::File,
    io::{self, Read, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};
use trial_core::{
    ids::Hash,
    projection::{Share, Since},
};

/// A state of which the head was read.
pub struct StateFile {
    path: PathBuf,
    id: Hash,
    state: State,
}

impl StateFile {
    /// Reads the head of the state after so many entries.
    pub fn open(path: PathBuf, entries: u64, id: Hash) -> Found<StateFile> {
        let state = StateFile::head(&path, entries, id);
        found(&path, entries, id, || Ok(StateFile { state: state?, path: path.clone(), id }))
    }

    fn head(path: &Path, entries: u64, id: Hash) -> Result<State, Failed> {
        let mut file = File::open(path)?;
        let head_ends = file.metadata()?.len().checked_sub(LENGTH as u64).ok_or(Unread::Altered)?;
        let mut end = [0; LENGTH];
        file.seek(SeekFrom::Start(head_ends))?;
        file.read_exact(&mut end)?;
        let head_begins = head_ends.checked_sub(State::head_length(end)).ok_or(Unread::Altered)?;
        let mut head = vec![0; usize::try_from(head_ends - head_begins).unwrap_or_default()];
        file.seek(SeekFrom::Start(head_begins))?;
        file.read_exact(&mut head)?;
        let state = State::read(&head, id)?;
        if state.shares().bytes() != head_begins {
            return Err(Unread::Altered.into());
        }
        let follows = state.since().from().0 == snapshot::base(entries) && state.since().entries() == entries;
        if follows { Ok(state) } else { Err(Unread::OfAnotherVersion.into()) }
    }

    /// The state.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// What is found where one of its shares cannot be read.
    pub fn unread<T>(&self, failed: Failed) -> Found<T> {
        found(&self.path, self.state.since().entries(), self.id, || Err(failed))
    }

    /// What it says without any subject's facts.
    pub fn into_since(self) -> Since {
        self.state.into_since()
    }

    /// Its shares as far as they tell of these subjects, read one by one.
    pub fn shares<'a>(&'a self, whose: Whose<'a>) -> io::Result<impl Iterator<Item = Result<Share, Failed>>> {
        let (front, asked) = self.state.shares().of(whose);
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(front))?;
        Ok(read(asked, file))
    }
}

/// Shares that lie one behind the other, read one by one.
pub fn read<'a>(
    asked: impl Iterator<Item = Asked<'a>>,
    mut bytes: impl Read,
) -> impl Iterator<Item = Result<Share, Failed>> {
    let mut share = Vec::new();
    asked.map(move |asked| {
        share.resize(asked.bytes(), 0);
        bytes.read_exact(&mut share)?;
        Ok(asked.read(&share)?)
    })
}
