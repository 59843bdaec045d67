//! Volume: a stretch of the log in one database of sled 0.34.7, one transaction for each append.
//!
//! Promises that a transaction happens whole or not at all, and that entries only follow the last one. sled's `flush` does
//! not reach the disk on Linux (it calls `sync_file_range`), so after a loss of power the journal is the record; on close
//! the file is synced. sled may panic on a damaged file and may open a truncated one as empty: panics are caught here, and
//! the ledger compares with the journal. Opening rewrites files: a sled folder is never evidence.

use crate::{
    envelope::Envelope,
    folder::Folder,
    merkle::{BLOCK, Frontier},
    store::{Head, Kept, StoreError, follow_kept},
};
use sled::{
    Db, Transactional, Tree,
    transaction::{ConflictableTransactionError, TransactionError},
};
use std::{
    fs::{self, File},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    thread,
    time::Duration,
};
use trial_core::ids::{Hash, Seq};

/// Page cache in bytes: enough for the upper levels of the trees; entries are read once, in order, and need none.
const CACHE: u64 = 4 << 20;

const HEAD: &[u8] = b"head";

/// How often, and how long apart, a lock is asked for: sled's own threads may hold it for a moment after a database was
/// closed, in this very process too.
const LOCK_TRIES: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(25);

/// The file of sled in a volume's folder.
pub(crate) const FILE: &str = "db";

/// Entries from one place on, in a folder of their own.
pub(crate) struct Volume {
    /// The place of its first entry, a multiple of [`BLOCK`].
    first: u64,
    /// Lines by seq, big-endian.
    entries: Tree,
    /// The head: seq, then leaf hash.
    meta: Tree,
    /// Roots of the complete blocks of entries, by number, big-endian: derived, never believed.
    blocks: Tree,
    // Last, so that the trees are dropped before the file is synced.
    open: Open,
}

/// The open database; synced to disk when it goes.
struct Open {
    /// There until it is closed.
    db: Option<Db>,
    file: Folder,
}

impl Open {
    fn flush(&self) -> sled::Result<usize> {
        self.db.as_ref().map_or(Ok(0), |db| db.flush())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        // Nothing rests on this: what is lost here, the journal has.
        let _ = guard(|| self.flush());
        // sled syncs its file once more when it goes, and panics where that fails.
        let db = self.db.take();
        let _ = guard(|| {
            drop(db);
            Ok(())
        });
        let _ = File::open(self.file.path()).and_then(|file| file.sync_data());
    }
}

impl Volume {
    /// Opens the database in a folder, or makes an empty one there. Whether it may be empty is for the ledger to judge.
    ///
    /// # Errors
    /// Another process has it open, or it cannot be read.
    pub fn open(folder: &Folder, first: u64) -> Result<Volume, StoreError> {
        let config =
            sled::Config::new().path(folder.path()).use_compression(false).flush_every_ms(None).cache_capacity(CACHE);
        let open = || {
            guard(|| {
                let db = config.open()?;
                Ok((db.open_tree("entries")?, db.open_tree("meta")?, db.open_tree("blocks")?, db))
            })
        };
        let mut opened = open();
        for _ in 1..LOCK_TRIES {
            if !opened.as_ref().is_err_and(locked) {
                break;
            }
            thread::sleep(LOCK_PAUSE);
            opened = open();
        }
        if opened.is_err() && sweep(folder.path()).is_ok_and(|swept| swept) {
            opened = open();
        }
        let (entries, meta, blocks, db) = opened.map_err(|error| match locked(&error) {
            true => StoreError::InUse(folder.name().into()),
            false => error,
        })?;
        Ok(Volume { first, entries, meta, blocks, open: Open { db: Some(db), file: folder.join(FILE) } })
    }

    /// The place of its first entry.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// Puts the roots of the complete blocks of this volume in the place of what it has, and says how many it had not so.
    ///
    /// # Errors
    /// It cannot be read or written.
    pub fn put_block_roots(&self, roots: &[Hash]) -> Result<u64, StoreError> {
        let number = self.first / BLOCK;
        guard(|| {
            let (mut changes, mut wrong) = (sled::Batch::default(), 0);
            for (block, root) in (number..).zip(roots) {
                let key = block.to_be_bytes();
                if self.blocks.get(key)?.is_none_or(|found| *found != root.0) {
                    changes.insert(&key, &root.0);
                    wrong += 1;
                }
            }
            for surplus in self.blocks.range((number + roots.len() as u64).to_be_bytes()..) {
                changes.remove(surplus?.0);
                wrong += 1;
            }
            if wrong > 0 {
                self.blocks.apply_batch(changes)?;
                self.open.flush()?;
            }
            Ok(wrong)
        })
    }

    /// Numbers and roots of the blocks that these entries complete, when they follow the last one.
    fn completed(&self, entries: &[Kept]) -> Result<Vec<(u64, Hash)>, StoreError> {
        let mut completed = Vec::new();
        let Some(first) = entries.first().map(|kept| kept.head().seq.0) else { return Ok(completed) };
        let open = first / BLOCK * BLOCK;
        if open + BLOCK > first.saturating_add(entries.len() as u64) {
            return Ok(completed);
        }
        let missing = || StoreError::Unreadable("an entry of it is gone".to_owned());
        let stored = (open..first).map(|place| Ok(self.get(Seq(place))?.ok_or_else(missing)?.leaf_hash()));
        let new = entries.iter().map(|kept| Ok(kept.head().hash));
        let mut block = Frontier::default();
        for leaf in stored.chain(new) {
            block.push(leaf?);
            if block.size() == BLOCK {
                completed.push((open / BLOCK + completed.len() as u64, std::mem::take(&mut block).root()));
            }
        }
        Ok(completed)
    }
}

/// Keeps what sled says when it panics from the terminal: the store catches it, and says so in its own words. For a
/// program to call once, before it opens a store.
pub fn tell_panics_as_errors() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let in_sled = panic.location().is_some_and(|place| place.file().contains("/sled-"));
        if !in_sled {
            usual(panic);
        }
    }));
}

/// Takes away what a kill left of snapshots that sled was making of its own pages, and says whether there was any. sled
/// takes one for its newest, finds it corrupted and does not open any more; without it, it reads its log.
fn sweep(folder: &Path) -> io::Result<bool> {
    let mut unfinished = Vec::new();
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            unfinished.push(path);
        }
    }
    // Whoever has the lock may be making one.
    let file = File::open(folder.join(FILE))?;
    let mut tries = 0..LOCK_TRIES;
    while file.try_lock().is_err() {
        tries.next().ok_or(io::ErrorKind::WouldBlock)?;
        thread::sleep(LOCK_PAUSE);
    }
    unfinished.iter().try_for_each(fs::remove_file)?;
    Ok(!unfinished.is_empty())
}

/// sled has no kind for this: the message is all there is.
fn locked(error: &StoreError) -> bool {
    matches!(error, StoreError::Unreadable(why) if why.contains("could not acquire lock"))
}

/// Runs sled code, which may panic on damaged files.
fn guard<T>(run: impl FnOnce() -> sled::Result<T>) -> Result<T, StoreError> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(result) => result.map_err(|error| StoreError::Unreadable(error.to_string())),
        Err(_) => Err(StoreError::Unreadable("sled failed on its own file, which may be damaged".to_owned())),
    }
}

fn encoded(head: Head) -> Vec<u8> {
    [&head.seq.0.to_be_bytes()[..], &head.hash.0].concat()
}

fn decoded(bytes: &[u8]) -> Option<Head> {
    let (seq, hash) = bytes.split_first_chunk::<8>()?;
    Some(Head { seq: Seq(u64::from_be_bytes(*seq)), hash: Hash(hash.try_into().ok()?) })
}

fn damaged() -> StoreError {
    StoreError::Unreadable("its head has not the expected 40 bytes".to_owned())
}

impl Volume {
    /// Appends entries that follow its last one or, where it has none, the head of the store. Until [`Volume::flush`], a
    /// kill may undo it.
    pub fn take(&self, entries: &[Kept], before: Option<Head>) -> Result<(), StoreError> {
        let completed = self.completed(entries)?;
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            (&self.entries, &self.meta, &self.blocks).transaction(|(lines, meta, blocks)| {
                let abort = ConflictableTransactionError::Abort;
                let head = match meta.get(HEAD)? {
                    None => before,
                    Some(bytes) => Some(decoded(&bytes).ok_or_else(|| abort(damaged()))?),
                };
                for kept in entries {
                    lines.insert(&kept.head().seq.0.to_be_bytes(), kept.line().as_bytes())?;
                }
                for (block, root) in &completed {
                    blocks.insert(&block.to_be_bytes(), &root.0)?;
                }
                if let Some(head) = follow_kept(head, entries).map_err(abort)? {
                    meta.insert(HEAD, encoded(head))?;
                }
                Ok(())
            })
        }));
        match outcome {
            Ok(Ok(())) => Ok(()),
            Ok(Err(TransactionError::Abort(error))) => Err(error),
            Ok(Err(TransactionError::Storage(error))) => Err(StoreError::Unreadable(error.to_string())),
            Err(_) => Err(StoreError::Unreadable("sled failed on its own file, which may be damaged".to_owned())),
        }
    }

    /// Gives all that was taken to the operating system.
    pub fn flush(&self) -> Result<(), StoreError> {
        guard(|| self.open.flush()).map(|_| ())
    }

    /// Its last entry.
    pub fn head(&self) -> Result<Option<Head>, StoreError> {
        guard(|| self.meta.get(HEAD))?.map(|bytes| decoded(&bytes).ok_or_else(damaged)).transpose()
    }

    /// The envelope at a place.
    pub fn get(&self, seq: Seq) -> Result<Option<Envelope>, StoreError> {
        let key = seq.0.to_be_bytes();
        // sled evicts from each of its 256 shards only at every 64th touch of a page there. Two touches for each entry
        // keep 8,192 entries in memory instead of twice as many, whatever the cache may hold, for some hundred
        // nanoseconds.
        guard(|| self.entries.contains_key(key))?;
        Ok(guard(|| self.entries.get(key))?.map(|line| Envelope::new(line.to_vec())))
    }
}
