//! Checkpoint: size and root of a log, signed, to take away (C2SP tlog-checkpoint v1.0.0).
//!
//! Promises three lines and no more (what is not the tree cannot be audited), one spelling, and that a
//! [`SignedCheckpoint`] holds at least one good signature by a log key that was named beforehand. Does not compare with
//! any log.

use crate::{
    body, cosignature, hash,
    key::Secret,
    note::{BadNote, BadVkey, KeyName, Note, SignatureLine, SignatureType, Signed, Vkey, Vkeys},
    receipt,
};
use std::{fmt, str::FromStr};
use trial_core::ids::Hash;

/// Name of a log: the first line of its checkpoints and the name of its key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(KeyName);

impl Origin {
    /// As the name of a key.
    pub fn name(&self) -> &KeyName {
        &self.0
    }

    /// The verifier key of a log of this name.
    pub fn vkey(&self, key: crate::key::PublicKey) -> Vkey {
        Vkey::new(self.0.clone(), SignatureType::Ed25519, key)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Origin {
    type Err = BadCheckpoint;
    fn from_str(text: &str) -> Result<Self, BadCheckpoint> {
        let name: KeyName = text.parse().map_err(|_: BadVkey| BadCheckpoint::Origin)?;
        // The first lines of everything else that is signed or written: no checkpoint can pass as one of them.
        let entry = std::str::from_utf8(body::CONTEXT).unwrap_or_default().trim_end();
        let taken = [entry, cosignature::CONTEXT, receipt::CONTEXT, "subtree/v1"].contains(&text);
        if taken || text.starts_with("trial-ledger/") { Err(BadCheckpoint::Origin) } else { Ok(Origin(name)) }
    }
}

/// What a log says of itself at one size. Nothing here is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Name of the log.
    pub origin: Origin,
    /// How many entries it has.
    pub size: u64,
    /// The RFC 6962 root over their leaf hashes.
    pub root: Hash,
}

impl Checkpoint {
    /// Signs it as the log.
    pub fn sign(self, secret: &Secret) -> SignedCheckpoint {
        let vkey = self.origin.vkey(secret.public());
        let mut note = Note::unsigned(self.to_string()).expect("a checkpoint ends in a newline and has no controls");
        let signature = secret.sign(note.text().as_bytes()).to_vec();
        note.add(SignatureLine { name: vkey.name().clone(), id: vkey.id(), signature });
        let by = vec![Signed { name: vkey.name().clone(), key: vkey.key(), time: None }];
        SignedCheckpoint { checkpoint: self, note, by }
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, hash::to_base64(self.root))
    }
}

impl FromStr for Checkpoint {
    type Err = BadCheckpoint;
    fn from_str(text: &str) -> Result<Self, BadCheckpoint> {
        let lines: Vec<&str> = text.strip_suffix('\n').ok_or(BadCheckpoint::Lines)?.split('\n').collect();
        let [origin, size, root] = lines[..] else { return Err(BadCheckpoint::Lines) };
        Ok(Checkpoint {
            origin: origin.parse()?,
            size: decimal(size).ok_or(BadCheckpoint::Size)?,
            root: hash::from_base64(root).ok_or(BadCheckpoint::Root)?,
        })
    }
}

/// A number in decimal, in its one spelling.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    text.parse::<u64>().ok().filter(|number| number.to_string() == text)
}

/// A checkpoint that its log has signed, with the note it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: Note,
    by: Vec<Signed>,
}

impl SignedCheckpoint {
    /// Opens a note as a checkpoint, by the keys under which its log may sign.
    ///
    /// # Errors
    /// It is no checkpoint, or no key among these has signed it under the name of its origin.
    pub fn open(note: Note, logs: &Vkeys) -> Result<SignedCheckpoint, BadCheckpoint> {
        let checkpoint: Checkpoint = note.text().parse()?;
        let own = logs.iter().filter(|key| key.kind() == SignatureType::Ed25519);
        let own = Vkeys::new(own.filter(|key| key.name() == checkpoint.origin.name()).cloned());
        let by = note.signed_by(&own.map_err(|_| BadCheckpoint::NotSigned)?).map_err(BadCheckpoint::Note)?;
        if by.is_empty() { Err(BadCheckpoint::NotSigned) } else { Ok(SignedCheckpoint { checkpoint, note, by }) }
    }

    /// What it says.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The note, with all signature lines.
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// The log keys that have signed it.
    pub fn by(&self) -> &[Signed] {
        &self.by
    }

    /// Adds a signature line of somebody else.
    pub fn add(&mut self, line: SignatureLine) {
        self.note.add(line);
    }

    /// The cosignatures that hold under these witness keys.
    ///
    /// # Errors
    /// A line names one of these keys and its signature does not hold.
    pub fn cosigned_by(&self, witnesses: &Vkeys) -> Result<Vec<Signed>, BadNote> {
        self.note.signed_by(witnesses)
    }
}

/// Why a note is no checkpoint of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadCheckpoint {
    /// The note itself does not count.
    Note(BadNote),
    /// Not exactly origin, size and root.
    Lines,
    /// The origin is no name for a log.
    Origin,
    /// The size is not a decimal number without leading zeros.
    Size,
    /// The root is not base64 of 32 bytes.
    Root,
    /// It is of another log, by this name.
    OtherLog(Origin),
    /// No known log key of this origin has signed it.
    NotSigned,
}

impl fmt::Display for BadCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BadCheckpoint::Note(why) => return why.fmt(f),
            BadCheckpoint::OtherLog(origin) => return write!(f, "the checkpoint is of another log, {origin}"),
            BadCheckpoint::Lines => "a checkpoint has exactly three lines: origin, size, root",
            BadCheckpoint::Origin => "the origin of the checkpoint is not a name for a log",
            BadCheckpoint::Size => "the size of the checkpoint is not a decimal number without leading zeros",
            BadCheckpoint::Root => "the root of the checkpoint is not 32 bytes in base64",
            BadCheckpoint::NotSigned => "no known key of its log has signed the checkpoint",
        })
    }
}

impl std::error::Error for BadCheckpoint {}

impl From<BadNote> for BadCheckpoint {
    fn from(why: BadNote) -> Self {
        BadCheckpoint::Note(why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTE: &str = "sponsor.example/t\n5\nxdLI99KgopQeEbhBz61Swat/eYutsZFYeC0O8DZPaqU=\n";

    fn secret() -> Secret {
        Secret::from_seed(&[7; 32])
    }

    fn signed(text: &str) -> Note {
        let mut note = Note::unsigned(text).unwrap();
        let vkey = "sponsor.example/t".parse::<Origin>().unwrap().vkey(secret().public());
        let signature = secret().sign(text.as_bytes()).to_vec();
        note.add(SignatureLine { name: vkey.name().clone(), id: vkey.id(), signature });
        note
    }

    fn logs() -> Vkeys {
        Vkeys::new(["sponsor.example/t".parse::<Origin>().unwrap().vkey(secret().public())]).unwrap()
    }

    #[test]
    fn a_signed_checkpoint_opens_under_its_own_key_only() {
        let made = NOTE.parse::<Checkpoint>().unwrap().sign(&secret());
        assert_eq!(made.note(), &signed(NOTE));
        assert_eq!(SignedCheckpoint::open(signed(NOTE), &logs()).unwrap(), made);
        let other = "sponsor.example/t".parse::<Origin>().unwrap().vkey(Secret::from_seed(&[8; 32]).public());
        let refused = SignedCheckpoint::open(signed(NOTE), &Vkeys::new([other]).unwrap());
        assert_eq!(refused, Err(BadCheckpoint::NotSigned));
        assert_eq!(SignedCheckpoint::open(signed(NOTE), &Vkeys::default()), Err(BadCheckpoint::NotSigned));
    }

    #[test]
    fn a_signature_under_the_name_of_another_log_does_not_count() {
        let origin: Origin = "sponsor.example/other".parse().unwrap();
        let mut note = Note::unsigned(NOTE).unwrap();
        let vkey = origin.vkey(secret().public());
        note.add(SignatureLine {
            name: vkey.name().clone(),
            id: vkey.id(),
            signature: secret().sign(NOTE.as_bytes()).to_vec(),
        });
        assert!(note.signed_by(&Vkeys::new([vkey.clone()]).unwrap()).is_ok());
        assert_eq!(SignedCheckpoint::open(note, &Vkeys::new([vkey]).unwrap()), Err(BadCheckpoint::NotSigned));
    }

    #[test]
    fn a_witness_cannot_sign_for_the_log() {
        let name = "sponsor.example/t".parse::<KeyName>().unwrap();
        let mut note = Note::unsigned(NOTE).unwrap();
        note.add(cosignature::cosign(NOTE, name.clone(), &secret(), 1_480_000_000));
        let key = Vkey::new(name, SignatureType::Cosignature, secret().public());
        assert_eq!(SignedCheckpoint::open(note, &Vkeys::new([key]).unwrap()), Err(BadCheckpoint::NotSigned));
    }

    #[test]
    fn three_lines_in_one_spelling_and_nothing_else() {
        let refused = |from: &str, to: &str| {
            assert!(NOTE.contains(from));
            SignedCheckpoint::open(signed(&NOTE.replacen(from, to, 1)), &logs()).unwrap_err()
        };
        for size in ["05", "+5", "5 ", " 5", "-5", "", "5.0", "0x5", "18446744073709551616"] {
            assert_eq!(refused("\n5\n", &format!("\n{size}\n")), BadCheckpoint::Size, "{size:?}");
        }
        assert_eq!(refused("aqU=\n", "aqU=\nextension\n"), BadCheckpoint::Lines);
        assert_eq!(refused("\n5\n", "\n"), BadCheckpoint::Lines);
        assert_eq!(refused("aqU=", "aqV="), BadCheckpoint::Root, "unused bits that are not zero");
        assert_eq!(refused("aqU=", "aqU"), BadCheckpoint::Root);
        assert_eq!(refused("xdLI", ""), BadCheckpoint::Root);
        assert_eq!(refused("aqU=", "aqU=AA=="), BadCheckpoint::Root);
    }

    #[test]
    fn an_origin_is_a_name_and_no_first_line_of_anything_else() {
        for bad in [
            "",
            "a b",
            "a+b",
            "a\u{a0}b",
            "a\tb",
            "trial-ledger/entry/v1",
            "trial-ledger/sealed/v1",
            "cosignature/v1",
            "c2sp.org/tlog-proof@v1",
            "subtree/v1",
        ] {
            assert_eq!(bad.parse::<Origin>(), Err(BadCheckpoint::Origin), "{bad:?}");
        }
        assert!("sponsor.example/試験".parse::<Origin>().is_ok());
        assert_eq!(decimal("0"), Some(0));
        assert_eq!(decimal("18446744073709551615"), Some(u64::MAX));
    }
}
