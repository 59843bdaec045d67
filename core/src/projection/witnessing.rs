//! Witnessing: which checkpoints came back cosigned, and between which times an entry must have come into being.

use super::Projection;
use crate::{
    entry::Entry,
    event::{CheckpointWitnessed, Event},
    ids::Seq,
    text::Text,
};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A witness has seen the log at a size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Witnessed {
    /// The entry that says so.
    pub seq: Seq,
    /// How many entries she saw.
    pub size: u64,
    /// Her name on the checkpoint.
    pub witness: Text,
    /// When, by her clock, in seconds since 1970 (UTC).
    pub time: u64,
}

impl Witnessed {
    /// When, as an instant.
    pub fn at(&self) -> DateTime<Utc> {
        i64::try_from(self.time)
            .ok()
            .and_then(|time| DateTime::from_timestamp(time, 0))
            .unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

/// Between what others saw: an entry came after the one and before the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Bound<'a> {
    /// The latest time that stood in the log already when it was made.
    pub after: Option<&'a Witnessed>,
    /// The earliest time at which a witness had seen it.
    pub before: Option<&'a Witnessed>,
}

/// All checkpoints that came back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witnessing {
    seen: Vec<Witnessed>,
}

impl Witnessing {
    /// What others saw of an entry.
    pub fn bound(&self, seq: Seq) -> Bound<'_> {
        Bound {
            after: self.seen.iter().filter(|seen| seen.seq < seq).max_by_key(|seen| seen.time),
            before: self.seen.iter().filter(|seen| seen.size > seq.0).min_by_key(|seen| seen.time),
        }
    }

    /// The one over the most entries; of several, the first.
    pub fn largest(&self) -> Option<&Witnessed> {
        self.seen.iter().rev().max_by_key(|seen| seen.size)
    }

    /// Whether a cosignature is in the log already.
    pub fn has(&self, event: &CheckpointWitnessed) -> bool {
        let size = size_of(event);
        self.seen.iter().any(|s| s.witness == event.witness && s.time == event.time && Some(s.size) == size)
    }
}

/// The second line of a checkpoint (C2SP tlog-checkpoint); the verifier has read all of it.
fn size_of(event: &CheckpointWitnessed) -> Option<u64> {
    event.note.get(1)?.parse().ok()
}

impl Projection for Witnessing {
    fn apply(&mut self, entry: &Entry) {
        if let Event::CheckpointWitnessed(event) = &entry.event
            && let Some(size) = size_of(event)
        {
            self.seen.push(Witnessed { seq: entry.seq, size, witness: event.witness.clone(), time: event.time });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn witnessing(seen: &[(u64, u64, u64)]) -> Witnessing {
        let one = |(seq, size, time): &(u64, u64, u64)| Witnessed {
            seq: Seq(*seq),
            size: *size,
            witness: "w.example".parse().unwrap(),
            time: *time,
        };
        Witnessing { seen: seen.iter().map(one).collect() }
    }

    #[test]
    fn an_entry_lies_between_the_last_time_in_front_of_it_and_the_first_that_saw_it() {
        // Entry 12 says: the first 10 were seen at 100; entry 20: the first 20 at 200; entry 21, late: the first 5 at 90.
        let all = witnessing(&[(12, 10, 100), (20, 20, 200), (21, 5, 90)]);
        let times = |seq: u64| {
            let bound = all.bound(Seq(seq));
            (bound.after.map(|s| s.time), bound.before.map(|s| s.time))
        };
        assert_eq!(times(0), (None, Some(90)));
        assert_eq!(times(4), (None, Some(90)));
        assert_eq!(times(9), (None, Some(100)));
        assert_eq!(times(10), (None, Some(200)));
        assert_eq!(times(12), (None, Some(200)), "the entry that brings a time is not after it");
        assert_eq!(times(13), (Some(100), Some(200)));
        assert_eq!(times(20), (Some(100), None));
        assert_eq!(times(22), (Some(200), None));
        assert_eq!(all.largest().unwrap().size, 20);
        assert_eq!(Witnessing::default().bound(Seq(0)), Bound::default());
    }
}
