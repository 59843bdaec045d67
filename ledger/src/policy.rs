//! Policy: whose signatures a reader demands on a checkpoint (C2SP tlog-policy): logs, witnesses, groups, a quorum.
//!
//! Promises that no public key counts twice, under whatever names, and that each witness counts towards a group in one
//! way only. Reads no clock: now and the age at which a cosignature is stale are arguments. Addresses are passed over.

use crate::{
    checkpoint::{BadCheckpoint, SignedCheckpoint},
    note::{BadVkey, Note, SignatureType, Vkey, Vkeys},
};
use std::{collections::BTreeMap, fmt, ops::Range};

/// How many lines of each kind are read: at least 32 must be.
const MOST: usize = 256;

/// How far ahead of the reader's clock a cosignature's may be, in seconds.
const SKEW: u64 = 300;

/// The name of the quorum that asks for no witness.
const NONE: &str = "none";

/// A trust file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    logs: Vkeys,
    witnesses: Vec<(String, Vkey)>,
    groups: Vec<Group>,
    quorum: Option<Member>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    needs: usize,
    members: Vec<Member>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Member {
    Witness(usize),
    Group(usize),
}

/// What the cosignature of one witness is worth now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It counts; its time, in seconds since 1970 (UTC).
    Fresh(u64),
    /// It is older than the reader accepts.
    Stale(u64),
    /// Its time has not come yet, by the reader's clock.
    Early(u64),
    /// There is none.
    Missing,
}

/// A checkpoint judged by a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The checkpoint, signed by a log of the policy.
    pub checkpoint: SignedCheckpoint,
    /// Each witness of the policy with what its cosignature is worth.
    pub witnesses: Vec<(String, Standing)>,
    /// Witnesses with more than one cosignature on the note; each counts once, the newest.
    pub repeated: Vec<String>,
    /// Whether those that count make up the quorum.
    pub quorum_met: bool,
}

impl Policy {
    /// Reads a trust file.
    ///
    /// # Errors
    /// A line that the format does not allow, with its number.
    pub fn parse(bytes: &[u8]) -> Result<Policy, BadPolicy> {
        let mut reading = Reading::default();
        for (i, line) in bytes.split(|b| *b == b'\n').enumerate() {
            reading.line(line).map_err(|why| BadPolicy { line: i + 1, why })?;
        }
        let quorum = reading.quorum.ok_or(BadPolicy { line: 0, why: BadLine::NoQuorum })?;
        let policy = Policy { logs: reading.logs, witnesses: reading.witnesses, groups: reading.groups, quorum };
        // One key as a log and as a witness could pass one signature off as the other.
        Vkeys::new(policy.logs.iter().chain(policy.witnesses.iter().map(|(_, key)| key)).cloned())
            .map_err(|why| BadPolicy { line: 0, why: BadLine::Key(why) })?;
        Ok(policy)
    }

    /// The keys under which logs may sign.
    pub fn logs(&self) -> &Vkeys {
        &self.logs
    }

    /// Judges a checkpoint at a time (seconds since 1970), where a cosignature older than `max_age` seconds is stale.
    ///
    /// # Errors
    /// It is not a checkpoint of a log of the policy, or a cosignature by one of its witnesses does not hold.
    pub fn judge(&self, note: Note, now: u64, max_age: Option<u64>) -> Result<Judged, BadCheckpoint> {
        let checkpoint = SignedCheckpoint::open(note, &self.logs)?;
        let keys = Vkeys::new(self.witnesses.iter().map(|(_, key)| key.clone())).unwrap_or_default();
        let signed = checkpoint.cosigned_by(&keys)?;
        let (mut witnesses, mut repeated) = (Vec::new(), Vec::new());
        for (name, key) in &self.witnesses {
            let mine: Vec<u64> = signed.iter().filter(|s| s.key == key.key()).filter_map(|s| s.time).collect();
            if mine.len() > 1 {
                repeated.push(name.clone());
            }
            let standing = match mine.iter().max().copied() {
                None => Standing::Missing,
                Some(time) if time > now.saturating_add(SKEW) => Standing::Early(time),
                Some(time) if max_age.is_some_and(|age| now.saturating_sub(time) > age) => Standing::Stale(time),
                Some(time) => Standing::Fresh(time),
            };
            witnesses.push((name.clone(), standing));
        }
        let fresh = |i: usize| matches!(witnesses[i].1, Standing::Fresh(_));
        let quorum_met = self.quorum.is_none_or(|quorum| self.met(quorum, &fresh));
        Ok(Judged { checkpoint, witnesses, repeated, quorum_met })
    }

    fn met(&self, member: Member, fresh: &dyn Fn(usize) -> bool) -> bool {
        match member {
            Member::Witness(witness) => fresh(witness),
            // A group names only what stands above it, so that this ends.
            Member::Group(group) => {
                let group = &self.groups[group];
                group.members.iter().filter(|member| self.met(**member, fresh)).count() >= group.needs
            }
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Standing::Fresh(_) => "cosigned",
            Standing::Stale(_) => "stale",
            Standing::Early(_) => "from the future",
            Standing::Missing => "missing",
        })
    }
}

#[derive(Default)]
struct Reading {
    logs: Vkeys,
    witnesses: Vec<(String, Vkey)>,
    groups: Vec<Group>,
    names: BTreeMap<String, Member>,
    quorum: Option<Option<Member>>,
    /// Names that stand in a group already: each counts once.
    used: Vec<String>,
}

impl Reading {
    fn line(&mut self, line: &[u8]) -> Result<(), BadLine> {
        if line.iter().any(|b| (*b < 0x20 && *b != b'\t') || *b == 0x7f) {
            return Err(BadLine::Control);
        }
        let line = std::str::from_utf8(line).map_err(|_| BadLine::NotUtf8)?;
        let words: Vec<&str> = line.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
        match words[..] {
            [] => Ok(()),
            [first, ..] if first.starts_with('#') => Ok(()),
            ["log", vkey] | ["log", vkey, _] => self.log(vkey),
            ["witness", name, vkey] | ["witness", name, vkey, _] => self.witness(name, vkey),
            ["group", name, needs, ref members @ ..] if !members.is_empty() => self.group(name, needs, members),
            ["quorum", name] => self.quorum(name),
            [_, ..] => Err(BadLine::Shape),
        }
    }

    fn log(&mut self, vkey: &str) -> Result<(), BadLine> {
        let key = key_of(vkey, SignatureType::Ed25519)?;
        self.logs.add(key).map_err(BadLine::Key)?;
        within(self.logs.iter().count())
    }

    fn witness(&mut self, name: &str, vkey: &str) -> Result<(), BadLine> {
        let key = key_of(vkey, SignatureType::Cosignature)?;
        if let Some((other, _)) = self.witnesses.iter().find(|(_, known)| known.key() == key.key()) {
            return Err(BadLine::DuplicateWitness(other.clone(), name.to_owned()));
        }
        self.name(name, Member::Witness(self.witnesses.len()))?;
        self.witnesses.push((name.to_owned(), key));
        within(self.witnesses.len())
    }

    fn group(&mut self, name: &str, needs: &str, members: &[&str]) -> Result<(), BadLine> {
        let needs = match needs {
            "any" => 1,
            "all" => members.len(),
            number => crate::checkpoint::decimal(number)
                .and_then(|number| usize::try_from(number).ok())
                .filter(|number| Range { start: 1, end: members.len() + 1 }.contains(number))
                .ok_or(BadLine::Threshold)?,
        };
        let mut found = Vec::new();
        for member in members {
            found.push(*self.names.get(*member).ok_or_else(|| BadLine::Unknown((*member).to_owned()))?);
            if self.used.iter().any(|used| used == member) {
                return Err(BadLine::UsedTwice((*member).to_owned()));
            }
            self.used.push((*member).to_owned());
        }
        self.name(name, Member::Group(self.groups.len()))?;
        self.groups.push(Group { needs, members: found });
        within(self.groups.len())
    }

    fn quorum(&mut self, name: &str) -> Result<(), BadLine> {
        if self.quorum.is_some() {
            return Err(BadLine::TwoQuorums);
        }
        let member = match name {
            NONE => None,
            name => Some(*self.names.get(name).ok_or_else(|| BadLine::Unknown(name.to_owned()))?),
        };
        self.quorum = Some(member);
        Ok(())
    }

    fn name(&mut self, name: &str, member: Member) -> Result<(), BadLine> {
        if name == NONE || self.names.contains_key(name) {
            return Err(BadLine::NameTaken(name.to_owned()));
        }
        self.names.insert(name.to_owned(), member);
        Ok(())
    }
}

fn key_of(vkey: &str, kind: SignatureType) -> Result<Vkey, BadLine> {
    let key: Vkey = vkey.parse().map_err(BadLine::Key)?;
    if key.kind() == kind { Ok(key) } else { Err(BadLine::WrongType(kind)) }
}

fn within(number: usize) -> Result<(), BadLine> {
    if number > MOST { Err(BadLine::TooMany) } else { Ok(()) }
}

/// Why a trust file is refused, and at which line (0: of the whole).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadPolicy {
    /// The number of the line, from 1.
    pub line: usize,
    /// What is wrong.
    pub why: BadLine,
}

/// What is wrong with a line of a trust file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadLine {
    /// A control character besides the tab.
    Control,
    /// Not UTF-8.
    NotUtf8,
    /// None of the four kinds of lines.
    Shape,
    /// A verifier key is refused.
    Key(BadVkey),
    /// A key that cannot sign what its line is for.
    WrongType(SignatureType),
    /// One witness key under two names, which would count twice.
    DuplicateWitness(String, String),
    /// A name that is there already, or is `none`.
    NameTaken(String),
    /// A name that no line above defines.
    Unknown(String),
    /// A name in two groups, or twice in one.
    UsedTwice(String),
    /// Not `any`, `all` or a number from 1 to that of the members.
    Threshold,
    /// Two quorum lines.
    TwoQuorums,
    /// No quorum line.
    NoQuorum,
    /// More lines of one kind than are read.
    TooMany,
}

impl fmt::Display for BadPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        match &self.why {
            BadLine::Control => f.write_str("control characters (a carriage return?) are not allowed"),
            BadLine::NotUtf8 => f.write_str("expected UTF-8"),
            BadLine::Shape => f.write_str(
                "expected `log VKEY`, `witness NAME VKEY`, `group NAME any|all|K MEMBER...` or `quorum NAME`",
            ),
            BadLine::Key(why) => why.fmt(f),
            BadLine::WrongType(kind) => write!(f, "expected a key of type 0x{:02x}", kind.byte()),
            BadLine::DuplicateWitness(one, two) => {
                write!(f, "duplicate key: the witnesses {one} and {two} have one public key, which would count twice")
            }
            BadLine::NameTaken(name) => write!(f, "the name {name} is taken"),
            BadLine::Unknown(name) => write!(f, "{name} is not defined above"),
            BadLine::UsedTwice(name) => write!(f, "{name} is a member already: each counts once"),
            BadLine::Threshold => f.write_str("expected `any`, `all` or a number from 1 to that of the members"),
            BadLine::TwoQuorums => f.write_str("a second quorum line"),
            BadLine::NoQuorum => f.write_str("no quorum line: expected `quorum NAME` or `quorum none`"),
            BadLine::TooMany => write!(f, "more than {MOST} lines of this kind"),
        }
    }
}

impl std::error::Error for BadPolicy {}

#[cfg(test)]
mod tests;
