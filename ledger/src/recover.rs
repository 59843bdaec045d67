//! Recover: the store made again from the journal, or the journal from the store, where one of the two is damaged.
//!
//! Promises that every entry is verified before it is written, that what is replaced is moved aside and never deleted, and
//! that a kill at any moment leaves the sound side as it was: then a ledger opens from that one, or this is run again.
//! Does not decide which side is right: that is said by whoever calls, who has looked at both.

use crate::{
    check::Verified,
    durable::sync_folder,
    envelope::Envelope,
    fault::{Fault, FaultKind},
    folder::Folder,
    journal::Journal,
    ledger::{JOURNAL, Ledger, LedgerError, STORE, held},
    lines::read_lines,
    merkle::Frontier,
    sled_store::SledStore,
    store::{Store, StoreError},
    tip::Tip,
    verifier::{Lookup, Verifier},
};
use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};
use trial_core::ids::Hash;

/// How many entries are written at a time.
const AT_A_TIME: usize = 512;

/// The ending of what is being made; whatever has it is unfinished, and may go.
const UNFINISHED: &str = ".recovering";

/// The two places where the entries of a ledger lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The file of lines.
    Journal,
    /// The database.
    Store,
}

impl Side {
    /// The other one.
    pub fn other(self) -> Side {
        match self {
            Side::Journal => Side::Store,
            Side::Store => Side::Journal,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Side::Journal => JOURNAL,
            Side::Store => STORE,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Side::Journal => "the journal",
            Side::Store => "the store",
        })
    }
}

/// How one side is, looked at alone.
#[derive(Debug)]
pub enum State {
    /// There is nothing.
    Absent,
    /// Every entry is verified.
    Sound {
        /// Its end.
        tip: Box<Tip>,
        /// The root when it was as long as was asked for; none where it is shorter.
        then: Option<Hash>,
    },
    /// So many entries are sound, and then there is this fault.
    Faulty(u64, Fault),
    /// It cannot be read; why.
    Unreadable(String),
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            State::Absent => f.write_str("is not there, or has no entry"),
            State::Sound { tip, .. } => write!(f, "is sound: {} entries, head {}", tip.size(), tip.head()),
            State::Faulty(sound, fault) => write!(f, "is faulty behind {sound} sound entries: {fault}"),
            State::Unreadable(why) => write!(f, "cannot be read: {why}"),
        }
    }
}

/// Looks at one side alone and verifies all of it. `then` is a size at which the root is wanted.
///
/// # Errors
/// The store is in use, or the file system refuses.
pub fn examine(dir: &Path, side: Side, then: u64, show: impl FnMut(&Verified)) -> Result<State, LedgerError> {
    let path = held(dir)?.join(side.name());
    let io = LedgerError::io(&path);
    match side {
        Side::Journal => {
            if fs::metadata(path.path()).is_err_and(|e| e.kind() == io::ErrorKind::NotFound) {
                return Ok(State::Absent);
            }
            let (lines, index) = read_lines(path.path()).map_err(io)?;
            Ok(judge(Verifier::new(lines, index), then, show))
        }
        Side::Store => {
            // Opening sled would make an empty database.
            if !fs::exists(path.join("db").path()).map_err(io)? {
                return Ok(State::Absent);
            }
            let opened = SledStore::within(path).and_then(|store| Ok((store.head()?, store)));
            match opened {
                Ok((None, _)) => Ok(State::Absent),
                Ok((Some(head), store)) => Ok(judge(Verifier::new(scan(&store, head.seq.0 + 1), &store), then, show)),
                Err(error @ StoreError::InUse(_)) => Err(error.into()),
                Err(StoreError::Unreadable(why)) => Ok(State::Unreadable(why)),
                Err(error @ (StoreError::NotNext { .. } | StoreError::Silent(_))) => {
                    Ok(State::Unreadable(error.to_string()))
                }
            }
        }
    }
}

fn scan(store: &SledStore, size: u64) -> impl Iterator<Item = Result<Envelope, Fault>> {
    let unreadable = |error| Fault::new(FaultKind::StoreUnreadable, "an entry in the store", error);
    let missing = Fault::new(FaultKind::StoreUnreadable, "as many entries as the store says it has", "fewer");
    let mut left = size;
    let mut read = store.scan(0..size);
    std::iter::from_fn(move || {
        let next = read.next().map(|read| read.map_err(unreadable));
        let ended_early = next.is_none() && std::mem::take(&mut left) > 0;
        left = left.saturating_sub(u64::from(next.is_some()));
        next.or_else(|| ended_early.then(|| Err(missing.clone())))
    })
}

fn judge<I, L>(mut verifier: Verifier<I, L>, then: u64, mut show: impl FnMut(&Verified)) -> State
where
    I: Iterator<Item = Result<Envelope, Fault>>,
    L: Lookup,
{
    let (mut frontier, mut root) = (Frontier::default(), None);
    for judged in verifier.by_ref() {
        match judged {
            Ok(verified) => {
                show(&verified);
                frontier.push(verified.entry().hash);
                root = root.or_else(|| (frontier.size() == then).then(|| frontier.root()));
            }
            Err(fault) if fault.kind.is_proof() => return State::Faulty(frontier.size(), fault),
            Err(fault) => return State::Unreadable(fault.to_string()),
        }
    }
    match verifier.finish() {
        Ok(tip) => State::Sound { tip: Box::new(tip), then: root },
        Err(_) => State::Absent,
    }
}

/// Makes one side again from the other one, which must be sound. What was in its place is moved aside, under its name with
/// `stamp` in it; where it is now, if there was anything.
///
/// # Errors
/// The source has a fault, or the disk failed: then what is there is as it was.
pub fn rebuild(dir: &Path, from: Side, stamp: &str) -> Result<(Tip, Option<PathBuf>), LedgerError> {
    let (dir, name, io) = (held(dir)?, from.other().name(), LedgerError::io);
    let (place, new) = (dir.join(name), dir.join(format!("{name}{UNFINISHED}")));
    let aside = dir.join(format!("{name}.{stamp}"));
    if fs::exists(aside.path()).map_err(io(&aside))? {
        return Err(LedgerError::Exists(aside.name().to_owned()));
    }
    let tip = match from {
        Side::Journal => {
            if fs::exists(new.path()).map_err(io(&new))? {
                fs::remove_dir_all(new.path()).map_err(io(&new))?;
            }
            fs::create_dir(new.path()).map_err(io(&new))?;
            let tip = fill_store(&dir.join(JOURNAL), &new)?;
            sync_folder(new.path()).map_err(io(&new))?;
            tip
        }
        Side::Store => {
            if fs::exists(new.path()).map_err(io(&new))? {
                fs::remove_file(new.path()).map_err(io(&new))?;
            }
            fill_journal(dir.join(STORE), &new)?
        }
    };
    // On disk and whole, before anything is moved. Between the two renames there is one side only: that is enough to open.
    sync_folder(dir.path()).map_err(io(&dir))?;
    let there = fs::exists(place.path()).map_err(io(&place))?;
    if there {
        fs::rename(place.path(), aside.path()).map_err(io(&place))?;
    }
    fs::rename(new.path(), place.path()).map_err(io(&new))?;
    sync_folder(dir.path()).map_err(io(&dir))?;
    Ok((tip, there.then(|| aside.name().to_owned())))
}

/// Takes away what an earlier run left unfinished.
///
/// # Errors
/// The file system refuses.
pub fn sweep(ledger: &Ledger) -> Result<(), LedgerError> {
    let [store, journal] = [STORE, JOURNAL].map(|name| ledger.folder().join(format!("{name}{UNFINISHED}")));
    let gone =
        |result: io::Result<()>| result.or_else(|e| if e.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(e) });
    gone(fs::remove_dir_all(store.path())).map_err(LedgerError::io(&store))?;
    gone(fs::remove_file(journal.path())).map_err(LedgerError::io(&journal))
}

fn fill_store(journal: &Folder, folder: &Folder) -> Result<Tip, LedgerError> {
    let (lines, index) = read_lines(journal.path()).map_err(LedgerError::io(journal))?;
    let mut store = SledStore::within(folder.clone())?;
    let tip = pour(Verifier::new(lines, index), |entries| Ok(store.append_if_next(entries)?))?;
    store.put_block_roots(tip.block_roots())?;
    Ok(tip)
}

fn fill_journal(folder: Folder, path: &Folder) -> Result<Tip, LedgerError> {
    let io = LedgerError::io(path);
    let store = SledStore::within(folder)?;
    let size = store.head()?.map_or(0, |head| head.seq.0 + 1);
    let mut journal = Journal::create(path.path()).map_err(&io)?;
    pour(Verifier::new(scan(&store, size), &store), |entries| {
        journal.append(entries.iter().map(Verified::envelope)).map_err(&io)
    })
}

/// Verified entries from one side into the other, some at a time.
fn pour<I, L>(
    mut verifier: Verifier<I, L>,
    mut write: impl FnMut(&[Verified]) -> Result<(), LedgerError>,
) -> Result<Tip, LedgerError>
where
    I: Iterator<Item = Result<Envelope, Fault>>,
    L: Lookup,
{
    let mut entries = Vec::new();
    for judged in verifier.by_ref() {
        entries.push(judged.map_err(LedgerError::refused)?);
        if entries.len() == AT_A_TIME {
            write(&std::mem::take(&mut entries))?;
        }
    }
    write(&entries)?;
    verifier.finish().map_err(LedgerError::refused)
}
