//! State: what came to be known since an earlier one, as it is written: shares of the subjects' facts, then a head.
//!
//! Promises that the head's hash is the id, that the head names each share by its hash, and that nothing is handed out
//! that does not have its hash. One subject's facts are found without reading those of all others.

use super::{decode, encode, id};
use serde::{Deserialize, Serialize};
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

/// Of which subjects facts are asked for.
#[derive(Debug, Clone, Copy)]
pub enum Whose<'a> {
    /// Of one.
    Only(&'a SubjectId),
    /// Of those from one on and before another, where these are named.
    Between(Option<&'a SubjectId>, Option<&'a SubjectId>),
}

impl Shares {
    /// All bytes of them.
    pub fn bytes(&self) -> u64 {
        self.0.iter().map(|named| u64::from(named.bytes)).sum()
    }

    /// Those that tell of these subjects, and how many bytes lie in front of them.
    pub fn of<'a>(&'a self, whose: Whose<'a>) -> (u64, impl Iterator<Item = Asked<'a>>) {
        let begun = |subject: &SubjectId| self.0.partition_point(|named| named.first <= *subject);
        let (start, end) = match whose {
            Whose::Only(subject) => (begun(subject).saturating_sub(1), begun(subject)),
            Whose::Between(from, to) => (
                from.map_or(0, |from| begun(from).saturating_sub(1)),
                to.map_or(self.0.len(), |to| self.0.partition_point(|named| named.first < *to)),
            ),
        };
        let front = self.0[..start].iter().map(|named| u64::from(named.bytes)).sum();
        (front, self.0[start..end.max(start)].iter().map(move |named| Asked { named, whose }))
    }

    /// The first subjects of those shares that cut them into so many parts, all of about as many bytes.
    pub fn cuts(&self, parts: u64) -> Vec<SubjectId> {
        let (all, mut front, mut cuts) = (self.bytes(), 0, Vec::new());
        for named in &self.0 {
            if front * parts >= all * (cuts.len() as u64 + 1) {
                cuts.push(named.first.clone());
            }
            front += u64::from(named.bytes);
        }
        cuts
    }
}

/// A share, of some subjects in it.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    named: &'a Named,
    whose: Whose<'a>,
}

impl Asked<'_> {
    /// How many bytes it has.
    pub fn bytes(&self) -> usize {
        self.named.bytes as usize
    }

    /// What its bytes tell of them.
    ///
    /// # Errors
    /// They are not those that the head names.
    pub fn read(&self, share: &[u8]) -> Result<Share, Unread> {
        let share = self.named.read(share)?;
        Ok(match self.whose {
            Whose::Only(subject) => share.only(subject),
            Whose::Between(from, to) => share.between(from, to),
        })
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

    /// What it says without any subject's facts, given away.
    pub fn into_since(self) -> Since {
        self.since
    }
}

impl Named {
    fn read(&self, share: &[u8]) -> Result<Share, Unread> {
        if id(share) == self.hash { decode(share).ok_or(Unread::OfAnotherVersion) } else { Err(Unread::Altered) }
    }
}
