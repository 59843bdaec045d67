//! State: what came to be known since an earlier one, as it is written: a head, then shares of the subjects' facts.
//!
//! Promises that the head's hash is the id, that the head names each share by its hash, and that nothing is handed out
//! that does not have its hash. One subject's facts are found without reading those of all others.

use super::{decode, encode, id};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use trial_core::{
    ids::{Hash, SubjectId},
    projection::{Share, Since},
};

/// How many subjects are written together.
const SUBJECTS: usize = 32;

/// How many bytes say how long the head is.
const LENGTH: usize = 4;

/// The head of a state.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct State {
    since: Since,
    shares: Vec<Named>,
}

/// A share, as its head names it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Named {
    /// The first subject of it.
    first: SubjectId,
    bytes: u32,
    hash: Hash,
}

/// The bytes of a state, and its id.
pub fn write(since: &Since) -> (Hash, Vec<u8>) {
    let (mut shares, mut bodies) = (Vec::new(), Vec::new());
    for share in since.shares(SUBJECTS) {
        let Some(first) = share.first().cloned() else { continue };
        let body = encode(&share);
        shares.push(Named { first, bytes: length(&body), hash: id(&body) });
        bodies.extend(body);
    }
    let head = encode(&(since, shares));
    let bytes = [&length(&head).to_be_bytes()[..], &head, &bodies].concat();
    (id(&head), bytes)
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("what is known of a trial is far smaller")
}

/// Why a state was not read.
#[derive(Debug)]
pub enum Unread {
    /// Its bytes are not those that its id names.
    Altered,
    /// They are of another version of this program.
    OfAnotherVersion,
}

impl State {
    /// How many bytes of the file come before the shares, by the first four of them.
    pub fn head_length(start: [u8; LENGTH]) -> u64 {
        u64::from(u32::from_be_bytes(start)) + LENGTH as u64
    }

    /// What the bytes before the shares say.
    ///
    /// # Errors
    /// They have another id, or are of another version.
    pub fn read(start: &[u8], expected: Hash) -> Result<State, Unread> {
        let head = start.get(LENGTH..).filter(|head| id(head) == expected).ok_or(Unread::Altered)?;
        decode(head).ok_or(Unread::OfAnotherVersion)
    }

    /// The share that tells of a subject, if there is one: its number, and where it lies behind the head.
    pub fn place(&self, subject: &SubjectId) -> Option<(usize, Range<u64>)> {
        let number = self.shares.partition_point(|share| share.first <= *subject).checked_sub(1)?;
        let start = self.shares[..number].iter().map(|share| u64::from(share.bytes)).sum();
        Some((number, start..start + u64::from(self.shares[number].bytes)))
    }

    /// With no subject's facts.
    pub fn with_none(self) -> Since {
        self.since
    }

    /// With the facts of one subject out of its share.
    ///
    /// # Errors
    /// The share is not the one that the head names.
    pub fn with(self, number: usize, share: &[u8], subject: &SubjectId) -> Result<Since, Unread> {
        let share = self.shares[number].read(share)?;
        Ok(self.since.with([share.only(subject)]))
    }

    /// With the facts of all subjects.
    ///
    /// # Errors
    /// The shares are not those that the head names.
    pub fn with_all(self, shares: &[u8]) -> Result<Since, Unread> {
        let mut rest = shares;
        let mut parts = Vec::with_capacity(self.shares.len());
        for named in &self.shares {
            let (share, later) = rest.split_at_checked(named.bytes as usize).ok_or(Unread::Altered)?;
            parts.push((named, share));
            rest = later;
        }
        if !rest.is_empty() {
            return Err(Unread::Altered);
        }
        let shares: Result<Vec<Share>, Unread> = parts.par_iter().map(|(named, share)| named.read(share)).collect();
        Ok(self.since.with(shares?))
    }
}

impl Named {
    fn read(&self, share: &[u8]) -> Result<Share, Unread> {
        if id(share) == self.hash { decode(share).ok_or(Unread::OfAnotherVersion) } else { Err(Unread::Altered) }
    }
}
