//! State: what came to be known since an earlier one, as it is written: shares of the subjects' facts, then a head.
//!
//! Promises that the head's hash is the id, that the head names each share by its hash, and that nothing is handed out
//! that does not have its hash. One subject's facts are found without reading those of all others.

use super::{decode, encode, id};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use trial_core::{
    ids::{Hash, Seq, SubjectId},
    projection::{Share, Since, Stretch},
};

/// How many subjects are written together.
const SUBJECTS: usize = 32;

/// How many bytes say how long the head is.
pub const LENGTH: usize = 4;

/// The head of a state.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct State {
    since: Since,
    shares: Shares,
}

/// The shares of a state, as its head names them: they lie one behind the other, from the beginning of the file on.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shares(Vec<Named>);

/// A share, as its head names it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Named {
    /// The first subject of it.
    first: SubjectId,
    bytes: u32,
    hash: Hash,
}

/// Hands out the bytes of a state, and then its id and its shares: see [`super::Complete::write`].
pub fn write<E>(
    stretch: Stretch,
    earlier: Vec<(Seq, impl Iterator<Item = Result<Share, E>>)>,
    mut out: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(Hash, Shares), E> {
    let (since, joined) = stretch.join(earlier, SUBJECTS);
    let mut shares = Vec::new();
    for share in joined {
        let share = share?;
        let Some(first) = share.first().cloned() else { continue };
        let body = encode(&share);
        shares.push(Named { first, bytes: length(&body), hash: id(&body) });
        out(&body)?;
    }
    let state = State { since, shares: Shares(shares) };
    let head = encode(&state);
    out(&head)?;
    out(&length(&head).to_be_bytes())?;
    Ok((id(&head), state.shares))
}

impl Shares {
    /// How many bytes each has, and how it is read.
    pub fn iter(&self) -> impl Iterator<Item = (usize, impl Fn(&[u8]) -> Result<Share, Unread>)> {
        self.0.iter().map(|named| (named.bytes as usize, |share: &[u8]| named.read(share)))
    }
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
    /// How many bytes the head has, by the last four of the file, which come behind it.
    pub fn head_length(end: [u8; LENGTH]) -> u64 {
        u64::from(u32::from_be_bytes(end))
    }

    /// What the bytes of a head say.
    ///
    /// # Errors
    /// They have another id, or are of another version.
    pub fn read(head: &[u8], expected: Hash) -> Result<State, Unread> {
        if id(head) == expected { decode(head).ok_or(Unread::OfAnotherVersion) } else { Err(Unread::Altered) }
    }

    /// What it says without any subject's facts.
    pub fn since(&self) -> &Since {
        &self.since
    }

    /// Its shares.
    pub fn shares(&self) -> &Shares {
        &self.shares
    }

    /// The share that tells of a subject, if there is one: its number, and where it lies in the file.
    pub fn place(&self, subject: &SubjectId) -> Option<(usize, Range<u64>)> {
        let number = self.shares.0.partition_point(|share| share.first <= *subject).checked_sub(1)?;
        let start = self.shares.0[..number].iter().map(|share| u64::from(share.bytes)).sum();
        Some((number, start..start + u64::from(self.shares.0[number].bytes)))
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
        let share = self.shares.0[number].read(share)?;
        Ok(self.since.with([share.only(subject)]))
    }

    /// With the facts of all subjects.
    ///
    /// # Errors
    /// The shares are not those that the head names.
    pub fn with_all(self, shares: &[u8]) -> Result<Since, Unread> {
        let mut rest = shares;
        let mut parts = Vec::with_capacity(self.shares.0.len());
        for named in &self.shares.0 {
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
