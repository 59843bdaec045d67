//! Snapshot: how a verified log stood, written down so that its beginning need not be verified at each opening.
//!
//! Promises one encoding for one log, bound to its entries (size, leaf hash of the last, root) and to the version of what
//! is known; any other bytes have another id. A snapshot proves nothing: it counts for whoever remembers its id from
//! their own verification, and for nobody else. Does not touch files.

mod state;

pub use state::{Asked, LENGTH, Shares, State, Unread, Whose};

use crate::{hash, tip::Tip};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use trial_core::{
    entry::Entry,
    ids::{Hash, Seq},
    projection::{Marks, STATE_VERSION, Share, Stretch, Trial},
};

/// The first line of what an id is the hash of.
pub const CONTEXT: &[u8] = b"trial-ledger/snapshot/v1\n";

/// How many entries lie between two states.
pub const EVERY: u64 = 1_024;

/// The id of what is written: of a snapshot's bytes, of the head of a state, of a share.
pub fn id(bytes: &[u8]) -> Hash {
    hash::sha256(&[CONTEXT, bytes])
}

/// Which state goes on from which: what is known after `entries` is what was known after this many, and what came since.
/// Each state reaches as far back as its number has twos, so that any is put together from few.
pub fn base(entries: u64) -> u64 {
    let number = entries / EVERY;
    (number & number.saturating_sub(1)) * EVERY
}

/// The states of which the one after `entries` is put together, first to last.
pub fn chain(entries: u64) -> Vec<u64> {
    let mut chain = Vec::new();
    let mut at = entries / EVERY * EVERY;
    while at > 0 {
        chain.push(at);
        at = base(at);
    }
    chain.reverse();
    chain
}

/// The name of a state: its id, and when its last entry was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateName {
    /// The id.
    pub id: Hash,
    /// When its last entry was recorded, in milliseconds since 1970 (UTC).
    recorded_at: i64,
}

impl StateName {
    /// Whether nothing in it was recorded after an instant.
    pub fn is_by(&self, instant: DateTime<Utc>) -> bool {
        self.recorded_at <= instant.timestamp_millis()
    }
}

#[derive(Serialize, Deserialize)]
struct Versioned<T> {
    version: u32,
    content: T,
}

fn encode<T: Serialize>(content: &T) -> Vec<u8> {
    let versioned = Versioned { version: STATE_VERSION, content };
    postcard::to_allocvec(&versioned).expect("maps and lists of known length can be written")
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let (versioned, rest) = postcard::take_from_bytes::<Versioned<T>>(bytes).ok()?;
    (versioned.version == STATE_VERSION && rest.is_empty()).then_some(versioned.content)
}

/// What the next state takes up when its last entry is folded: the rest of it lies in states before.
#[derive(Debug, Clone)]
pub struct Complete {
    stretch: Stretch,
    recorded_at: i64,
}

impl Complete {
    /// With the entry that completes it.
    pub fn new(stretch: Stretch, last: &Entry) -> Complete {
        Complete { stretch, recorded_at: last.recorded_at.timestamp_millis() }
    }

    /// After how many entries.
    pub fn entries(&self) -> u64 {
        self.stretch.entries()
    }

    /// What came to be known.
    pub fn stretch(&self) -> &Stretch {
        &self.stretch
    }

    /// Hands out the bytes of the state, one part after the other, and then its name and its shares. `earlier` are the
    /// shares of the states that it spans, in order, each with its first entry: they are read as they are needed.
    ///
    /// # Errors
    /// A share cannot be read, or `out` failed.
    pub fn write<E>(
        self,
        earlier: Vec<(Seq, impl Iterator<Item = Result<Share, E>>)>,
        out: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(StateName, Shares), E> {
        let (id, shares) = state::write(self.stretch, earlier, out)?;
        Ok((StateName { id, recorded_at: self.recorded_at }, shares))
    }
}

/// The states of a log, one for each [`EVERY`] entries, as its entries are folded.
#[derive(Debug, Clone, Default)]
pub struct States {
    marks: Marks,
}

impl States {
    /// Goes on behind states that were put together.
    pub fn behind(mut marks: Marks) -> States {
        marks.begin_stretch();
        States { marks }
    }

    /// Takes note of an entry that the trial has just taken in; hands out what it completes. The trial MAY have forgotten
    /// what came before (see [`Trial::forget`]).
    pub fn see(&mut self, entry: &Entry, trial: &Trial) -> Option<Complete> {
        self.marks.see(entry);
        let entries = entry.seq.0 + 1;
        if !entries.is_multiple_of(EVERY) {
            return None;
        }
        let stretch = trial.stretch(Seq(base(entries)), Seq(entries - EVERY), &self.marks);
        self.marks.begin_stretch();
        Some(Complete::new(stretch, entry))
    }
}

/// How a log stood: its tip, and the names of its states.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Snapshot {
    tip: Tip,
    root: Hash,
    journal: u64,
    states: Vec<StateName>,
}

impl Snapshot {
    /// Of a verified log whose journal has so many bytes.
    pub fn new(tip: Tip, journal: u64, states: Vec<StateName>) -> Snapshot {
        Snapshot { root: tip.root(), tip, journal, states }
    }

    /// What bytes say, if they are those of this id and version.
    pub fn read(bytes: &[u8]) -> Option<Snapshot> {
        let snapshot: Snapshot = decode(bytes)?;
        (snapshot.tip.root() == snapshot.root).then_some(snapshot)
    }

    /// Its bytes.
    pub fn to_vec(&self) -> Vec<u8> {
        encode(self)
    }

    /// The verified end of the log as it was then.
    pub fn tip(&self) -> &Tip {
        &self.tip
    }

    /// How many bytes the journal had.
    pub fn journal(&self) -> u64 {
        self.journal
    }

    /// The states up to there, in order.
    pub fn states(&self) -> &[StateName] {
        &self.states
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_state_is_put_together_from_few_that_join_without_a_gap() {
        for number in 1..5_000 {
            let chain = chain(number * EVERY + 7);
            assert!(chain.len() <= 13, "{number}: {chain:?}");
            assert_eq!(chain.last(), Some(&(number * EVERY)));
            let mut end = 0;
            for entries in chain {
                assert_eq!(base(entries), end, "{number}");
                end = entries;
            }
        }
        assert_eq!(chain(EVERY - 1), [0; 0]);
    }

    #[test]
    fn bytes_of_another_version_or_with_something_behind_them_are_not_read() {
        let bytes = Snapshot::new(Tip::default(), 0, Vec::new()).to_vec();
        assert!(Snapshot::read(&bytes).is_some());
        assert!(Snapshot::read(&[&bytes[..], b"x"].concat()).is_none());
        let other = [&[STATE_VERSION as u8 + 1], &bytes[1..]].concat();
        assert!(Snapshot::read(&other).is_none());
        for end in 0..bytes.len() {
            assert!(Snapshot::read(&bytes[..end]).is_none(), "{end}");
        }
    }
}
