//! Sled store: the entries in volumes, each a database of sled, of which the last one grows.
//!
//! Promises the contract of [`Store`], but that an append which begins a volume is two transactions, one behind the other.
//! What opening and appending cost depends on the last volume alone, not on the length of the log. The first volume lies
//! in the folder itself, each later one in a folder below it that is named by the place of its first entry. A volume that
//! is gone is told where its entries are asked for; none is made in its place.

use crate::{
    check::Verified,
    durable::sync_folder,
    envelope::Envelope,
    folder::Folder,
    merkle::BLOCK,
    store::{Head, Kept, Store, StoreError, follow_kept},
    verifier::Lookup,
    volume::{FILE, Volume},
};
use std::{
    fs, io,
    ops::Range,
    path::Path,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
};
use trial_core::ids::{Hash, Seq};

pub use crate::volume::tell_panics_as_errors;

/// How many entries a volume takes: so many that what sled adds to each file weighs little, and so few that one is opened
/// in some milliseconds.
pub const PER_VOLUME: u64 = 65_536;

/// The entries of a log in a folder of their own. Clones share it.
#[derive(Clone)]
pub struct SledStore {
    folder: Folder,
    per_volume: u64,
    volumes: Arc<RwLock<Volumes>>,
}

struct Volumes {
    /// The place of the first entry of each, in order.
    firsts: Vec<u64>,
    /// Open as long as the store is: whoever has it is the only one.
    last: Volume,
    /// The one that was read last, of those in front.
    earlier: Option<Volume>,
}

impl SledStore {
    /// Opens the store in a folder, or makes an empty one there. Whether it may be empty is for the ledger to judge.
    ///
    /// # Errors
    /// Another process has it open, or it cannot be read.
    pub fn open(folder: &Path) -> Result<SledStore, StoreError> {
        SledStore::within(Folder::named(folder))
    }

    /// The same in a folder that may be held.
    pub(crate) fn within(folder: Folder) -> Result<SledStore, StoreError> {
        SledStore::of(folder, PER_VOLUME)
    }

    fn of(folder: Folder, per_volume: u64) -> Result<SledStore, StoreError> {
        loop {
            let firsts = firsts(&folder)?;
            let first = firsts[firsts.len() - 1];
            let last = opened(&folder, first)?;
            // Whoever had it may have begun another one in the meantime.
            if self::firsts(&folder)? == firsts {
                let volumes = Arc::new(RwLock::new(Volumes { firsts, last, earlier: None }));
                return Ok(SledStore { folder, per_volume, volumes });
            }
        }
    }

    fn volumes(&self) -> RwLockReadGuard<'_, Volumes> {
        self.volumes.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the volume where a place is, or would be.
    fn at<T>(&self, place: u64, ask: impl FnOnce(&Volume) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let volumes = self.volumes();
        if place >= volumes.last.first() {
            return ask(&volumes.last);
        }
        let first = volumes.firsts[volumes.firsts.partition_point(|first| *first <= place).saturating_sub(1)];
        if let Some(earlier) = volumes.earlier.as_ref().filter(|earlier| earlier.first() == first) {
            return ask(earlier);
        }
        drop(volumes);
        let mut volumes = self.volumes.write().unwrap_or_else(PoisonError::into_inner);
        // Closed before the next one is opened: two are in memory at most.
        volumes.earlier = None;
        let earlier = opened(&self.folder, first)?;
        ask(volumes.earlier.insert(earlier))
    }

    /// Puts the roots of all complete blocks in the place of what the store has, and says how many it had not so.
    ///
    /// # Errors
    /// The store cannot be read or written.
    pub fn put_block_roots(&self, roots: &[Hash]) -> Result<u64, StoreError> {
        let mut firsts = self.volumes().firsts.clone();
        firsts.push(u64::MAX);
        let block = |place: u64| usize::try_from(place / BLOCK).unwrap_or(usize::MAX).min(roots.len());
        let mut wrong = 0;
        for volume in firsts.windows(2) {
            let roots = &roots[block(volume[0])..block(volume[1])];
            wrong += self.at(volume[0], |volume| volume.put_block_roots(roots))?;
        }
        Ok(wrong)
    }

    /// Appends as [`Store::append_if_next`] does, but for this: until [`SledStore::flush`], a kill may undo it.
    pub(crate) fn take(&mut self, entries: &[Kept]) -> Result<(), StoreError> {
        let mut head = self.head()?;
        follow_kept(head, entries)?;
        let mut rest = entries;
        while let Some(first) = rest.first() {
            let first = first.head().seq.0;
            if self.room(first) == 0 {
                self.begin_volume(first)?;
            }
            let room = usize::try_from(self.room(first)).unwrap_or(usize::MAX);
            let (now, later) = rest.split_at(room.min(rest.len()));
            self.volumes().last.take(now, head)?;
            head = now.last().map(Kept::head);
            rest = later;
        }
        Ok(())
    }

    /// How many entries the last volume has room for from a place on. It ends with a block: one that is longer than others
    /// ends with the block that it has begun.
    fn room(&self, place: u64) -> u64 {
        let full = self.volumes().last.first() + self.per_volume;
        full.checked_sub(place).unwrap_or_else(|| place.next_multiple_of(BLOCK) - place)
    }

    fn begin_volume(&mut self, first: u64) -> Result<(), StoreError> {
        let mut volumes = self.volumes.write().unwrap_or_else(PoisonError::into_inner);
        volumes.last.flush()?;
        let folder = folder_of(&self.folder, first);
        fs::create_dir_all(folder.path()).map_err(|error| unreadable(&folder, &error))?;
        let next = in_use_as(&self.folder, Volume::open(&folder, first))?;
        sync_folder(self.folder.path()).map_err(|error| unreadable(&self.folder, &error))?;
        volumes.firsts.push(first);
        volumes.last = next;
        Ok(())
    }

    /// Gives all that was taken to the operating system.
    pub(crate) fn flush(&self) -> Result<(), StoreError> {
        self.volumes().last.flush()
    }
}

impl Store for SledStore {
    fn append_if_next(&mut self, entries: &[Verified]) -> Result<(), StoreError> {
        self.take(&entries.iter().map(Kept::of).collect::<Vec<_>>())?;
        self.flush()
    }

    /// One look-up for each entry: sled's own iterator touches each page too rarely for its cache to evict any, and a
    /// scan of a whole volume would end with all of it in memory.
    fn scan(&self, places: Range<u64>) -> impl Iterator<Item = Result<Envelope, StoreError>> {
        let mut places = places;
        // Nothing comes after an entry that cannot be read: whoever went on would be shown a history with a hole.
        let mut ended = false;
        std::iter::from_fn(move || {
            let read = if ended { None } else { places.next().and_then(|place| self.get(Seq(place)).transpose()) };
            ended = !matches!(read, Some(Ok(_)));
            read
        })
    }

    fn head(&self) -> Result<Option<Head>, StoreError> {
        let (head, first) = {
            let volumes = self.volumes();
            (volumes.last.head()?, volumes.last.first())
        };
        match (head, first.checked_sub(1)) {
            // The last volume was begun, and nothing was put into it.
            (None, Some(before)) => self.at(before, Volume::head),
            (head, _) => Ok(head),
        }
    }

    fn get(&self, seq: Seq) -> Result<Option<Envelope>, StoreError> {
        self.at(seq.0, |volume| volume.get(seq))
    }
}

impl Lookup for SledStore {
    fn envelope(&self, seq: Seq) -> Option<Envelope> {
        self.get(seq).ok().flatten()
    }
}

fn folder_of(store: &Folder, first: u64) -> Folder {
    if first == 0 { store.clone() } else { store.join(format!("{first:012}")) }
}

/// The places of the first entries of all volumes, in order; 0 also where there is none yet.
fn firsts(store: &Folder) -> Result<Vec<u64>, StoreError> {
    let mut firsts = vec![0];
    let read = |error| unreadable(store, &error);
    let files = match fs::read_dir(store.path()) {
        Ok(files) => files,
        // Opening makes it.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(firsts),
        Err(error) => return Err(read(error)),
    };
    for file in files {
        let name = file.map_err(read)?.file_name();
        let first = name.to_str().filter(|name| name.len() == 12).and_then(|name| name.parse().ok());
        // One without a file was never used: whoever began it did not come so far.
        firsts.extend(first.filter(|first| folder_of(store, *first).join(FILE).path().exists()));
    }
    firsts.sort_unstable();
    Ok(firsts)
}

/// Opens a volume; only in an empty store is one made.
fn opened(store: &Folder, first: u64) -> Result<Volume, StoreError> {
    let folder = folder_of(store, first);
    if firsts(store)?.len() > 1 && !fs::exists(folder.join(FILE).path()).map_err(|error| unreadable(&folder, &error))? {
        return Err(StoreError::Unreadable(format!("the volume in {} is gone", folder.name().display())));
    }
    in_use_as(store, Volume::open(&folder, first))
}

fn in_use_as(store: &Folder, opened: Result<Volume, StoreError>) -> Result<Volume, StoreError> {
    opened.map_err(|error| match error {
        StoreError::InUse(_) => StoreError::InUse(store.name().to_owned()),
        StoreError::NotNext { .. } | StoreError::Unreadable(_) | StoreError::Silent(_) => error,
    })
}

fn unreadable(folder: &Folder, error: &io::Error) -> StoreError {
    StoreError::Unreadable(format!("{}: {error}", folder.name().display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        sample::{Chain, fraction},
        tip::Tip,
        verifier::Verifier,
    };

    fn chain(length: usize) -> Chain {
        let mut chain = Chain::sample();
        (chain.entries.len()..length).for_each(|place| chain.add("therapist", fraction(1 + place as u32 % 30)));
        chain
    }

    fn volumes(folder: &Path) -> Vec<u64> {
        firsts(&Folder::named(folder)).unwrap()
    }

    fn lines(store: &SledStore) -> Vec<Envelope> {
        store.scan(0..u64::MAX).collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn a_volume_ends_with_a_block_and_all_are_read_as_one_log() {
        let chain = chain(1_100);
        let expected: Vec<Envelope> = chain.entries.iter().map(|verified| verified.envelope().clone()).collect();
        for batch in [1, 7, 300, 1_100] {
            let dir = tempfile::tempdir().unwrap();
            let mut store = SledStore::of(Folder::named(dir.path()), 2 * BLOCK).unwrap();
            chain.entries.chunks(batch).for_each(|entries| store.append_if_next(entries).unwrap());
            assert_eq!(volumes(dir.path()), [0, 512, 1024], "{batch} at once");
            assert_eq!(lines(&store), expected);
            assert_eq!(
                SledStore::of(Folder::named(dir.path()), 1).err(),
                Some(StoreError::InUse(dir.path().to_owned()))
            );
            drop(store);
            let store = SledStore::of(Folder::named(dir.path()), 2 * BLOCK).unwrap();
            assert_eq!(store.head().unwrap().map(|head| head.seq), Some(Seq(1_099)));
            assert_eq!(lines(&store), expected);
            // There and back: what was read last is closed for what is read next.
            for place in [0, 1_099, 600, 511, 512, 1_024, 3] {
                assert_eq!(store.get(Seq(place)).unwrap().as_ref(), expected.get(place as usize), "{place}");
            }
        }
    }

    #[test]
    fn a_volume_that_was_longer_already_ends_with_the_block_that_it_has_begun() {
        let chain = chain(900);
        let dir = tempfile::tempdir().unwrap();
        SledStore::open(dir.path()).unwrap().append_if_next(&chain.entries[..600]).unwrap();
        let mut store = SledStore::of(Folder::named(dir.path()), BLOCK).unwrap();
        store.append_if_next(&chain.entries[600..]).unwrap();
        assert_eq!(volumes(dir.path()), [0, 768]);
        assert_eq!(lines(&store).len(), 900);
    }

    #[test]
    fn the_roots_of_blocks_lie_in_every_volume_and_wrong_ones_are_replaced() {
        let chain = chain(900);
        let dir = tempfile::tempdir().unwrap();
        let mut store = SledStore::of(Folder::named(dir.path()), BLOCK).unwrap();
        store.append_if_next(&chain.entries).unwrap();
        let read = lines(&store).into_iter().map(Ok);
        let tip: Tip = Verifier::new(read, &store).finish().unwrap();
        assert_eq!(store.put_block_roots(tip.block_roots()).unwrap(), 0, "as the appends have put them");
        let wrong: Vec<Hash> = tip.block_roots().iter().map(|root| hash_of_another(*root)).collect();
        assert_eq!(store.put_block_roots(&wrong).unwrap(), 3);
        assert_eq!(store.put_block_roots(&wrong[..1]).unwrap(), 2, "what is too many goes");
        assert_eq!(store.put_block_roots(tip.block_roots()).unwrap(), 3);
    }

    fn hash_of_another(root: Hash) -> Hash {
        Hash(root.0.map(|byte| !byte))
    }

    #[test]
    fn a_volume_that_is_gone_is_told_and_not_made_anew() {
        let chain = chain(900);
        let dir = tempfile::tempdir().unwrap();
        SledStore::of(Folder::named(dir.path()), BLOCK).unwrap().append_if_next(&chain.entries).unwrap();
        fs::remove_dir_all(folder_of(&Folder::named(dir.path()), 256).path()).unwrap();
        let store = SledStore::of(Folder::named(dir.path()), BLOCK).unwrap();
        assert_eq!(store.get(Seq(300)), Ok(None), "none at this place: the ledger tells it as a fault");
        assert!(store.get(Seq(600)).unwrap().is_some());
        drop(store);
        fs::remove_file(dir.path().join(FILE)).unwrap();
        let store = SledStore::of(Folder::named(dir.path()), BLOCK).unwrap();
        let gone = store.get(Seq(0)).unwrap_err();
        assert!(gone.to_string().contains("is gone"), "{gone}");
        assert!(!dir.path().join(FILE).exists());
    }

    #[test]
    fn a_volume_that_was_begun_and_not_used_changes_nothing() {
        let chain = chain(300);
        let dir = tempfile::tempdir().unwrap();
        let mut store = SledStore::of(Folder::named(dir.path()), BLOCK).unwrap();
        store.append_if_next(&chain.entries[..256]).unwrap();
        store.begin_volume(256).unwrap();
        drop(store);
        fs::create_dir(folder_of(&Folder::named(dir.path()), 512).path()).unwrap();
        let mut store = SledStore::of(Folder::named(dir.path()), BLOCK).unwrap();
        assert_eq!(store.head().unwrap().map(|head| head.seq), Some(Seq(255)));
        store.append_if_next(&chain.entries[256..]).unwrap();
        assert_eq!((lines(&store).len(), volumes(dir.path())), (300, vec![0, 256]));
    }

    #[test]
    fn a_kill_while_sled_makes_a_snapshot_of_its_pages_leaves_a_store_that_opens() {
        let chain = chain(300);
        let dir = tempfile::tempdir().unwrap();
        SledStore::open(dir.path()).unwrap().append_if_next(&chain.entries).unwrap();
        let unfinished = dir.path().join("snap.FFFFFFFFFFFFFFFF.generating");
        for left in [&b""[..], b"half of a snapshot of its pages"] {
            fs::write(&unfinished, left).unwrap();
            assert_eq!(lines(&SledStore::open(dir.path()).unwrap()).len(), 300);
            assert!(!unfinished.exists());
        }
    }
}
