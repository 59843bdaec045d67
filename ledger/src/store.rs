//! Store: where entries lie by their place. The trait stays tiny, so that other backends can stand behind it.

use crate::{check::Verified, envelope::Envelope};
use std::{borrow::Borrow, collections::BTreeMap, fmt, ops::Range, path::PathBuf, time::Duration};
use trial_core::ids::{Hash, Seq};

/// The last entry of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Its place.
    pub seq: Seq,
    /// Its leaf hash.
    pub hash: Hash,
}

/// A place for entries, by seq.
///
/// What every backend MUST keep:
/// * Only verified entries go in, only envelopes come out: a reader verifies again, whatever the store says.
/// * `append_if_next` is atomic over all its entries and refuses ([`StoreError::NotNext`]) unless the first follows the
///   head, by place and by `prev`, and each of the others the one before it. Two writers cannot both succeed.
/// * When it returns `Ok`, every later call in this or another process sees the entries, also after the process is
///   killed. After a loss of power it MAY have lost the last ones: the journal holds them. It MUST NOT have others.
/// * When it fails for another reason, the entries may or may not be there; `head` tells after opening again.
/// * `get` and `scan` return the bytes that were appended. A backend that cannot read MUST say so and never skip.
/// * Nothing is ever overwritten or removed.
pub trait Store {
    /// Appends entries behind the head; none when there are none.
    ///
    /// # Errors
    /// [`StoreError::NotNext`] when they do not follow the head: nothing has changed then.
    fn append_if_next(&mut self, entries: &[Verified]) -> Result<(), StoreError>;

    /// The envelopes at these places, in order; ends where the store ends.
    fn scan(&self, places: Range<u64>) -> impl Iterator<Item = Result<Envelope, StoreError>>;

    /// The last entry, if there is one.
    ///
    /// # Errors
    /// The store cannot be read.
    fn head(&self) -> Result<Option<Head>, StoreError>;

    /// The envelope at one place, if the store reaches so far.
    ///
    /// # Errors
    /// The store cannot be read.
    fn get(&self, seq: Seq) -> Result<Option<Envelope>, StoreError>;
}

/// What a store keeps of a verified entry, and what it compares: nothing else makes one.
#[cfg(feature = "store")]
#[derive(Debug)]
pub(crate) struct Kept {
    head: Head,
    prev: Hash,
    line: Envelope,
}

#[cfg(feature = "store")]
impl Kept {
    pub fn of(verified: &Verified) -> Kept {
        let head = Head { seq: verified.entry().seq, hash: verified.entry().hash };
        Kept { head, prev: verified.prev(), line: verified.envelope().clone() }
    }

    /// The head of a store that ends with it.
    pub fn head(&self) -> Head {
        self.head
    }

    pub fn line(&self) -> &Envelope {
        &self.line
    }
}

/// Says whether the entries follow the head and each other.
pub(crate) fn follow<E: Borrow<Verified>>(head: Option<Head>, entries: &[E]) -> Result<Option<Head>, StoreError> {
    let place = |verified: &Verified| (verified.entry().seq, verified.entry().hash, verified.prev());
    in_order(head, entries.iter().map(|entry| place(entry.borrow())))
}

/// The same of what is to be kept.
#[cfg(feature = "store")]
pub(crate) fn follow_kept(head: Option<Head>, entries: &[Kept]) -> Result<Option<Head>, StoreError> {
    in_order(head, entries.iter().map(|kept| (kept.head.seq, kept.head.hash, kept.prev)))
}

fn in_order(
    head: Option<Head>,
    mut places: impl Iterator<Item = (Seq, Hash, Hash)>,
) -> Result<Option<Head>, StoreError> {
    places.try_fold(head, |head, (seq, hash, prev)| {
        let (next, before) = head.map_or((Seq(0), Hash::ZERO), |head| (head.seq.next(), head.hash));
        match (seq, prev) == (next, before) {
            true => Ok(Some(Head { seq, hash })),
            false => Err(StoreError::NotNext { expected: next, found: seq }),
        }
    })
}

/// Why a store did not do what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// Another process has it open.
    InUse(PathBuf),
    /// The entries do not follow its last one.
    NotNext {
        /// The place that is next.
        expected: Seq,
        /// The place of the entry that does not fit there.
        found: Seq,
    },
    /// It cannot be read or written; what the backend said.
    Unreadable(String),
    /// It has not answered for so long.
    Silent(Duration),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreError::InUse(path) => write!(f, "{} is in use by another process", path.display()),
            StoreError::NotNext { expected, found } if expected == found => {
                write!(f, "entry {found} does not follow the last entry of the store")
            }
            StoreError::NotNext { expected, found } => {
                write!(f, "the store was expected to take entry {expected} next, found entry {found}")
            }
            StoreError::Unreadable(why) => write!(f, "the store cannot be read or written: {why}"),
            StoreError::Silent(time) => write!(f, "the store has not answered for {} seconds", time.as_secs()),
        }
    }
}

impl std::error::Error for StoreError {}

/// A store in memory, for tests and for tools that keep nothing.
#[derive(Debug, Default)]
pub struct MemoryStore {
    entries: BTreeMap<Seq, Envelope>,
    head: Option<Head>,
}

impl Store for MemoryStore {
    fn append_if_next(&mut self, entries: &[Verified]) -> Result<(), StoreError> {
        self.head = follow(self.head, entries)?;
        self.entries.extend(entries.iter().map(|v| (v.entry().seq, v.envelope().clone())));
        Ok(())
    }

    fn scan(&self, places: Range<u64>) -> impl Iterator<Item = Result<Envelope, StoreError>> {
        let end = places.end.max(places.start);
        self.entries.range(Seq(places.start)..Seq(end)).map(|(_, envelope)| Ok(envelope.clone()))
    }

    fn head(&self) -> Result<Option<Head>, StoreError> {
        Ok(self.head)
    }

    fn get(&self, seq: Seq) -> Result<Option<Envelope>, StoreError> {
        Ok(self.entries.get(&seq).cloned())
    }
}
