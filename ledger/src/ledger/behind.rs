//! Behind: a ledger opened behind a snapshot, whose entries are not verified once more.
//!
//! Promises that the last entry of the snapshot is still there, in the journal and in the store, and that every entry
//! behind it is in both and verified as always. Whatever is otherwise is not judged here: the ledger is then opened and
//! verified whole, and that verdict stands. Does not look at entries in front: `trial verify` does.

use super::{JOURNAL, Ledger, LedgerError, Notice, STORE, ahead::Ahead};
use crate::{
    again::Again,
    envelope::Envelope,
    fault::{Fault, FaultKind},
    folder::Folder,
    journal::Journal,
    lines::Tail,
    merkle::BLOCK,
    sled_store::SledStore,
    snapshot::{Snapshot, StateName},
    sought::Sought,
    store::{Store, StoreError},
    verifier::Verifier,
};
use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
    path::Path,
};
use trial_core::ids::{Hash, Seq};

impl Ledger {
    /// Opens a ledger behind a snapshot; nothing where it is not as the snapshot has it, or not in order.
    ///
    /// # Errors
    /// There is no ledger, or it is in use.
    pub fn open_behind(dir: &Path, snapshot: &Snapshot) -> Result<Option<(Ledger, Vec<Notice>)>, LedgerError> {
        let dir = held(dir)?;
        if !matches!(dir.join(STORE).join("db").path().try_exists(), Ok(true)) {
            return Ok(None);
        }
        let store = match SledStore::within(dir.join(STORE)) {
            Ok(store) => store,
            Err(error @ StoreError::InUse(_)) => return Err(error.into()),
            Err(StoreError::NotNext { .. } | StoreError::Unreadable(_) | StoreError::Silent(_)) => return Ok(None),
        };
        let Ok(Some(head)) = store.head() else { return Ok(None) };
        let tip = snapshot.tip();
        let (size, end) = (tip.size(), head.seq.0 + 1);
        let last = size.checked_sub(1).and_then(|last| store.get(Seq(last)).ok().flatten());
        let Some(last) = last.filter(|last| end >= size && last.leaf_hash() == tip.head()) else { return Ok(None) };
        let path = dir.join(JOURNAL);
        let place = snapshot.journal().checked_sub(last.len() as u64 + 1);
        let opened = place.and_then(|place| Beside::open(path.path(), place).ok());
        let Some(mut journal) = opened else { return Ok(None) };
        if !journal.goes_on_with(&last) {
            return Ok(None);
        }
        let lookup = store.clone();
        let lines = store.scan(size..end).map(|read| {
            let unreadable = |error| Fault::new(FaultKind::StoreUnreadable, "entries in the store", error);
            let line = read.map_err(unreadable)?;
            match journal.goes_on_with(&line) {
                true => Ok(line),
                false => Err(Fault::new(FaultKind::JournalDiffers, "the line of the store", "another one, or none")),
            }
        });
        let Ok(Some(end_line)) = store.get(head.seq) else { return Ok(None) };
        let Ok(tip) = Verifier::after(tip.clone(), lines, lookup).finish() else { return Ok(None) };
        let Some(length) = journal.length().filter(|_| tip.size() == end) else { return Ok(None) };
        let journal = Journal::open(path.path(), Tail { offset: length, bytes: 0 }, Some(&end_line))
            .map_err(LedgerError::io(&path))?;
        let ledger = Ledger::at(dir, journal, store, tip)?;
        let notices = ledger.settle_sealed()?;
        Ok(Some((ledger, notices)))
    }

    /// How the ledger stands now, for whoever verified it.
    pub fn snapshot(&self, states: Vec<StateName>) -> Snapshot {
        Snapshot::new(self.tip.clone(), self.length, states)
    }

    /// The entries from a place on, as they were verified: see [`crate::tip::Tip::again`].
    pub fn again(&self, from: Seq, amended: BTreeMap<Seq, Vec<Seq>>) -> Again<'_> {
        let many = self.tip.size().saturating_sub(from.0) > BLOCK;
        // The journal is read faster than the store, of which each volume is opened first.
        let journal = Sought::open(self.dir.join(JOURNAL).path()).ok().filter(|_| many);
        match journal.and_then(|journal| Ahead::start(journal, self.tip.blocks_from(from))) {
            Some(ahead) => self.tip.again_from(from, amended, &self.store, Box::new(ahead)),
            None => self.tip.again(from, amended, &self.store),
        }
    }
}

/// The directory, looked up once: what its name comes to mean afterwards is not opened.
pub(crate) fn held(dir: &Path) -> Result<Folder, LedgerError> {
    Folder::held(dir).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => LedgerError::Missing(dir.to_owned()),
        _ => LedgerError::Io(dir.to_owned(), error),
    })
}

/// Which ledger a directory claims to hold: the leaf hash of the first line of its journal, if there is one.
pub fn claimed_genesis(dir: &Path) -> Option<Hash> {
    let mut line = Vec::new();
    let file = File::open(dir.join(JOURNAL)).ok()?;
    BufReader::new(file).take(crate::envelope::MAX_LINE as u64 + 1).read_until(b'\n', &mut line).ok()?;
    (line.pop() == Some(b'\n')).then(|| Envelope::new(line).leaf_hash())
}

/// The journal, read beside the store.
struct Beside {
    reader: BufReader<File>,
    line: Vec<u8>,
}

impl Beside {
    fn open(path: &Path, place: u64) -> io::Result<Beside> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(place))?;
        Ok(Beside { reader: BufReader::with_capacity(1 << 16, file), line: Vec::new() })
    }

    /// Whether the next line is this one.
    fn goes_on_with(&mut self, expected: &Envelope) -> bool {
        self.line.resize(expected.len() + 1, 0);
        let read = self.reader.read_exact(&mut self.line).is_ok();
        read && self.line.split_last() == Some((&b'\n', expected.as_bytes()))
    }

    /// How long the file is, if nothing follows.
    fn length(&mut self) -> Option<u64> {
        let ends = self.reader.fill_buf().ok()?.is_empty();
        ends.then(|| self.reader.stream_position().ok()).flatten()
    }
}
