//! Ledger: a directory with the journal, the store, checkpoints and sealed values.
//!
//! Promises that an acknowledged entry is in the journal on disk, that every read of the store sees it, that opening
//! verifies every entry, and that whichever of the two is behind catches up from the other, with a notice. Never makes a
//! ledger where none is, and never repairs a difference. Does not compare with what anybody saw before: that is the part of checkpoints and pins.

mod ahead;
mod append;
mod batch;
mod behind;
mod checkpoints;
mod error;
mod proofs;
mod sealing;
mod stream;

pub use batch::{Batch, Earlier};
pub use behind::claimed_genesis;
pub(crate) use behind::held;
pub use checkpoints::LATEST;
pub use error::LedgerError;
pub use sealing::{SealedReport, Unsealed};
pub use stream::Stream;

use crate::{
    check::Verified,
    durable::sync_folder,
    envelope::Envelope,
    fault::{Fault, FaultKind},
    folder::Folder,
    follower::Follower,
    journal::Journal,
    lines::{LineIndex, Lines, Tail, read_lines},
    lockstep::{Either, Lockstep},
    merkle::BLOCK,
    sealed_folder::SealedFolder,
    sled_store::SledStore,
    store::Store,
    tip::Tip,
    verifier::{Verifier, Way},
};
use std::{
    borrow::Borrow,
    fmt, fs, io,
    path::Path,
    sync::{Arc, Mutex},
};
use trial_core::ids::Seq;

/// The entry lines.
pub const JOURNAL: &str = "journal.jsonl";
/// The folder of the store.
pub const STORE: &str = "store";
/// The folder of the signed checkpoints.
pub const CHECKPOINTS: &str = "checkpoints";
/// The folder of the sealed values.
pub const SEALED: &str = "sealed";

/// How many entries the store takes at a time when it catches up.
const CATCH_UP: usize = 512;

/// How many faults are kept of a ledger that has more.
const MOST_FAULTS: usize = 1000;

/// A ledger that was verified when it was opened, and may grow.
pub struct Ledger {
    dir: Folder,
    /// Shared with the thread of a [`Stream`].
    journal: Arc<Mutex<Journal>>,
    /// How many bytes of it are acknowledged.
    length: u64,
    store: Follower,
    sealed: SealedFolder,
    tip: Tip,
    /// Set while an append has not come to its end: then only a new open can tell what is on disk.
    unsure: bool,
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ledger({}, {} entries)", self.dir.name().display(), self.tip.size())
    }
}

/// Something that opening put in order, to be told to whoever opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// The store lacked entries that the journal has.
    StoreCaughtUp {
        /// How many it had.
        had: u64,
        /// How many it has now.
        has: u64,
    },
    /// The journal lacked entries that the store has.
    JournalCaughtUp {
        /// How many it had.
        had: u64,
        /// How many it has now.
        has: u64,
    },
    /// The store lacked roots of blocks, or had others than its entries give.
    BlocksComputed {
        /// How many roots were not as the entries give them.
        wrong: u64,
    },
    /// Bytes behind the last whole line of the journal, never acknowledged, were cut off.
    UnacknowledgedTail {
        /// How many bytes.
        bytes: u64,
    },
    /// Sealed values of acknowledged entries had not taken their place yet.
    SealedCaughtUp {
        /// How many.
        values: u64,
    },
    /// Sealed values were left by an append that was never acknowledged: they were deleted.
    UnacknowledgedValues {
        /// How many.
        values: u64,
    },
    /// A sealed value was still there although an entry redacts it: it was deleted.
    RedactionFinished {
        /// The entry that commits to it.
        target: Seq,
        /// The entry that redacts it.
        by: Seq,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Notice::StoreCaughtUp { had, has } => {
                write!(f, "the store had {had} of {has} entries: the others were verified and taken from the journal")
            }
            Notice::JournalCaughtUp { had, has } => {
                write!(f, "the journal had {had} of {has} entries: the others were verified and taken from the store")
            }
            Notice::BlocksComputed { wrong } => {
                write!(
                    f,
                    "{wrong} roots of blocks in the store were missing or wrong: they were computed again from the entries"
                )
            }
            Notice::UnacknowledgedTail { bytes } => {
                write!(
                    f,
                    "the journal ended in {bytes} bytes of an entry that was never acknowledged: they were cut off"
                )
            }
            Notice::SealedCaughtUp { values } => {
                write!(f, "sealed values of the last entries were put in their place: {values}")
            }
            Notice::UnacknowledgedValues { values } => {
                write!(f, "sealed values of entries that were never acknowledged were deleted: {values}")
            }
            Notice::RedactionFinished { target, by } => {
                write!(f, "a sealed value of entry {target}, redacted at entry {by}, was still there: it was deleted")
            }
        }
    }
}

impl Ledger {
    /// Makes a new ledger in a directory that is empty or not there yet; everything is on disk when this returns.
    ///
    /// # Errors
    /// [`LedgerError::Exists`] when there is anything in the directory.
    pub fn init(dir: &Path, genesis: &Verified) -> Result<Ledger, LedgerError> {
        let mut tip = Tip::default();
        tip.take(genesis, &()).map_err(LedgerError::refused)?;
        fs::create_dir_all(dir).map_err(LedgerError::io(&Folder::named(dir)))?;
        let dir = held(dir)?;
        let io = LedgerError::io(&dir);
        if fs::read_dir(dir.path()).map_err(&io)?.next().is_some() {
            return Err(LedgerError::Exists(dir.name().to_owned()));
        }
        for folder in [STORE, CHECKPOINTS, SEALED] {
            fs::create_dir(dir.join(folder).path()).map_err(&io)?;
        }
        let mut journal = Journal::create(dir.join(JOURNAL).path()).map_err(&io)?;
        let mut store = SledStore::within(dir.join(STORE))?;
        journal.append([genesis.envelope()]).map_err(&io)?;
        store.append_if_next(std::slice::from_ref(genesis))?;
        for folder in [dir.join(STORE), dir.clone(), dir.join("..")] {
            sync_folder(folder.path()).map_err(&io)?;
        }
        Ledger::at(dir, journal, store, tip)
    }

    fn at(dir: Folder, journal: Journal, store: SledStore, tip: Tip) -> Result<Ledger, LedgerError> {
        let (sealed, length, store) = (SealedFolder::new(dir.join(SEALED)), journal.length(), Follower::new(store)?);
        Ok(Ledger { dir, journal: Arc::new(Mutex::new(journal)), length, store, sealed, tip, unsure: false })
    }

    /// Opens a ledger and verifies all of it.
    ///
    /// # Errors
    /// See [`Ledger::open_with`].
    pub fn open(dir: &Path) -> Result<(Ledger, Vec<Notice>), LedgerError> {
        Ledger::open_with(dir, |_| {})
    }

    /// Opens a ledger and shows each entry as it is verified, in order: one pass for the chain and for what is folded.
    ///
    /// # Errors
    /// There is no ledger, it is in use, it cannot be read, or it is faulty; what was shown before a fault is sound.
    pub fn open_with(dir: &Path, show: impl FnMut(&Verified)) -> Result<(Ledger, Vec<Notice>), LedgerError> {
        Ledger::open_by(dir, Way::default(), show)
    }

    /// The same, verified in this way.
    ///
    /// # Errors
    /// See [`Ledger::open_with`].
    pub fn open_by(
        dir: &Path,
        way: Way,
        mut show: impl FnMut(&Verified),
    ) -> Result<(Ledger, Vec<Notice>), LedgerError> {
        let dir = held(dir)?;
        let path = dir.join(JOURNAL);
        let io = LedgerError::io(&path);
        let (lines, index) = lines_of(&dir)?.unzip();
        let tail = lines.as_ref().map(Lines::tail);
        let mut store = SledStore::within(dir.join(STORE))?;
        let stored = store.head()?.map_or(0, |head| head.seq.0 + 1);

        let source = Lockstep::new(lines, store.clone(), stored);
        let journal_end = source.journal_end();
        let mut verifier = Verifier::new(source, Either { store: store.clone(), journal: index }).by(way);
        let (mut behind, mut faults) = (Vec::new(), Faults::default());
        for judged in verifier.by_ref() {
            match judged {
                Ok(verified) => {
                    show(&verified);
                    if verified.entry().seq.0 >= stored {
                        behind.push(verified);
                    }
                    if behind.len() == CATCH_UP {
                        store.append_if_next(&std::mem::take(&mut behind))?;
                    }
                }
                Err(fault) => faults.push(fault),
            }
        }
        store.append_if_next(&behind)?;
        if !faults.list.is_empty() {
            return Err(LedgerError::Faulty(faults.list, faults.total));
        }
        let tip = match verifier.finish() {
            Err(fault) if fault.kind == FaultKind::StoreMissing => {
                return Err(LedgerError::Missing(dir.name().to_owned()));
            }
            judged => judged.map_err(LedgerError::refused)?,
        };

        let had = journal_end.get().unwrap_or(0);
        let end = tail.as_ref().map_or_else(Tail::default, |tail| tail.get());
        let last = had.checked_sub(1).map(|last| store.get(Seq(last))).transpose()?.flatten();
        // Where one was read and is gone now, opening it tells: what comes behind its lines makes no journal alone.
        let journal = match tail.is_some() || fs::exists(path.path()).map_err(&io)? {
            true => Journal::open(path.path(), end, last.as_ref()),
            false => Journal::create(path.path()).and_then(|journal| sync_folder(dir.path()).map(|()| journal)),
        };
        let mut journal = journal.map_err(&io)?;
        journal_catches_up(&mut journal, &store, &tip, had, &path)?;
        let wrong = store.put_block_roots(tip.block_roots())?;
        let mut notices = Vec::new();
        let has = tip.size();
        notices.extend((end.bytes > 0).then_some(Notice::UnacknowledgedTail { bytes: end.bytes }));
        notices.extend((stored < has).then_some(Notice::StoreCaughtUp { had: stored, has }));
        notices.extend((had < has).then_some(Notice::JournalCaughtUp { had, has }));
        notices.extend((wrong > 0).then_some(Notice::BlocksComputed { wrong }));
        let ledger = Ledger::at(dir, journal, store, tip)?;
        notices.extend(ledger.settle_sealed()?);
        Ok((ledger, notices))
    }

    /// The verified end, from which new entries are made.
    pub fn tip(&self) -> &Tip {
        &self.tip
    }

    /// The directory, for whoever reads in it while the ledger is open. What it is called is told by whoever opened it.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn folder(&self) -> &Folder {
        &self.dir
    }

    /// The store, for look-ups.
    pub fn store(&self) -> &Follower {
        &self.store
    }

    /// All entries once more, verified again.
    pub fn entries(&self) -> Verifier<impl Iterator<Item = Result<Envelope, Fault>>, &Follower> {
        let unreadable = |error| Fault::new(FaultKind::StoreUnreadable, "entries in the store", error);
        let read = self.store.scan(0..self.tip.size()).map(move |read| read.map_err(unreadable));
        Verifier::new(read, &self.store)
    }

    /// What new entries may look up: each other, then the store.
    fn earlier<'a, E: Borrow<Verified>>(&'a self, entries: &'a [E]) -> Earlier<'a, E> {
        Earlier { entries, store: &self.store }
    }

    /// Waits until the store has all entries too.
    ///
    /// # Errors
    /// The store refused, or does not answer: the entries are in the journal, the ledger takes nothing more until it is
    /// opened again, and then the store catches up.
    pub fn settle(&mut self) -> Result<(), LedgerError> {
        let settled = self.store.settle();
        self.unsure |= settled.is_err();
        Ok(settled?)
    }
}

/// The journal of a directory that has one, where there is a ledger at all.
fn lines_of(dir: &Folder) -> Result<Option<(Lines, LineIndex)>, LedgerError> {
    let path = dir.join(JOURNAL);
    match fs::metadata(path.path()) {
        Ok(journal) if journal.len() > 0 => read_lines(path.path()).map(Some).map_err(LedgerError::io(&path)),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(LedgerError::io(&path)(error)),
        // Opening sled would make an empty database: only where there is one already can it hold the genesis.
        Ok(_) | Err(_) => match fs::exists(dir.join(STORE).join("db").path()) {
            Ok(true) => Ok(None),
            Ok(false) => Err(LedgerError::Missing(dir.name().to_owned())),
            Err(error) => Err(LedgerError::io(dir)(error)),
        },
    }
}

fn journal_catches_up(
    journal: &mut Journal,
    store: &SledStore,
    tip: &Tip,
    had: u64,
    path: &Folder,
) -> Result<(), LedgerError> {
    for block in had / BLOCK..tip.size().div_ceil(BLOCK) {
        // They were verified a moment ago; these are the same bytes, or something is changing the store under us.
        let Some(lines) = tip.block(block, store) else {
            let changed =
                Fault::at(FaultKind::JournalDiffers, Seq(block * BLOCK), "the entries just verified", "others");
            return Err(LedgerError::refused(changed));
        };
        let lines = (block * BLOCK..).zip(&lines).filter(|(seq, _)| *seq >= had).map(|(_, (line, _))| line);
        journal.append(lines).map_err(LedgerError::io(path))?;
    }
    Ok(())
}

#[derive(Default)]
struct Faults {
    list: Vec<Fault>,
    total: usize,
}

impl Faults {
    fn push(&mut self, fault: Fault) {
        self.total += 1;
        if self.list.len() < MOST_FAULTS {
            self.list.push(fault);
        }
    }
}
