//! Receipt: a proof, to be kept apart from the ledger, that an entry is in it (C2SP tlog-proof@v1).
//!
//! Promises that a receipt that holds ties the exact bytes of one entry line to a checkpoint that the log has signed, and
//! that the entry is signed by the keys it names. Does not tell whether those keys were in the roster at that place: that
//! takes the whole log. `extra` is not authenticated: it is passed over when read, and never written.

use crate::{
    body,
    checkpoint::{BadCheckpoint, SignedCheckpoint, decimal},
    envelope::Envelope,
    hash,
    key::PublicKey,
    merkle::{self, ProofError},
    note::{BadNote, Note, Vkeys},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::fmt;
use trial_core::{
    entry::Signer,
    ids::{Hash, Seq},
};

/// The first line of the file.
pub const CONTEXT: &str = "c2sp.org/tlog-proof@v1";

/// A path is never longer: sizes have 64 bits.
const MOST_HASHES: usize = 63;

/// Where an entry is in a log, and how that is shown. Nothing here is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The place of the entry.
    pub index: Seq,
    /// The hashes beside the way from its leaf to the root (RFC 6962 section 2.1.1).
    pub path: Vec<Hash>,
    /// The checkpoint.
    pub note: Note,
}

/// What a receipt that holds shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// The checkpoint that the entry is in.
    pub checkpoint: SignedCheckpoint,
    /// The leaf hash of the entry.
    pub leaf: Hash,
    /// Its type.
    pub event: String,
    /// When it says it was recorded.
    pub recorded_at: body::RecordedAt,
    /// Who signed it, the author first, as they say of themselves: each has signed with the key named here.
    pub signers: Vec<Signer>,
}

impl Receipt {
    /// Reads the file.
    ///
    /// # Errors
    /// It is not spelled as a proof, whatever it may prove.
    pub fn parse(bytes: &[u8]) -> Result<Receipt, BadReceipt> {
        let text = std::str::from_utf8(bytes).map_err(|_| BadNote::NotUtf8)?;
        let rest = text.strip_prefix(CONTEXT).and_then(|rest| rest.strip_prefix('\n')).ok_or(BadReceipt::Context)?;
        let rest = match rest.strip_prefix("extra ") {
            None => rest,
            Some(extra) => {
                let (extra, rest) = extra.split_once('\n').ok_or(BadReceipt::Extra)?;
                STANDARD.decode(extra).map_err(|_| BadReceipt::Extra)?;
                rest
            }
        };
        let (head, note) = rest.split_once("\n\n").ok_or(BadReceipt::Checkpoint)?;
        let mut lines = head.split('\n');
        let index = lines.next().and_then(|line| decimal(line.strip_prefix("index ")?)).ok_or(BadReceipt::Index)?;
        let path: Vec<Hash> =
            lines.map(|line| hash::from_base64(line).ok_or(BadReceipt::Hash)).collect::<Result<_, _>>()?;
        if path.len() > MOST_HASHES {
            return Err(BadReceipt::Hash);
        }
        Ok(Receipt { index: Seq(index), path, note: Note::parse(note.as_bytes())? })
    }

    /// Checks it for the exact bytes of an entry line (without its newline), by the keys under which the log may sign.
    ///
    /// # Errors
    /// The first thing that does not hold.
    pub fn check(&self, line: &[u8], logs: &Vkeys) -> Result<Received, BadReceipt> {
        let checkpoint = SignedCheckpoint::open(self.note.clone(), logs)?;
        let (size, root) = (checkpoint.checkpoint().size, checkpoint.checkpoint().root);
        let leaf = hash::leaf(line);
        merkle::verify_inclusion(leaf, self.index.0, size, &self.path, root)?;
        let envelope = Envelope::new(line);
        let parts = body::read(&envelope).map_err(|_| BadReceipt::Entry("is not an entry line".to_owned()))?;
        if parts.body.seq != self.index {
            let why = format!("says of itself that it is entry {}, at place {}", parts.body.seq, self.index);
            return Err(BadReceipt::Entry(why));
        }
        let signers: Vec<Signer> =
            [&parts.body.signer].into_iter().chain(&parts.body.countersigners).cloned().collect();
        let message = body::message(parts.signed);
        for signer in &signers {
            let signature = parts.signatures.iter().find(|line| line.key == signer.key).and_then(|s| s.signature());
            let held = signature.zip(PublicKey::admit(signer.key).ok());
            if held.is_none_or(|(signature, key)| key.verify(&message, &signature).is_err()) {
                return Err(BadReceipt::Entry(format!("is not signed by {}", signer.name)));
            }
        }
        let event = parts.body.event["type"].as_str().unwrap_or("an event").to_owned();
        Ok(Received { checkpoint, leaf, event, recorded_at: parts.body.recorded_at, signers })
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{CONTEXT}\nindex {}", self.index)?;
        self.path.iter().try_for_each(|hash| writeln!(f, "{}", hash::to_base64(*hash)))?;
        write!(f, "\n{}", self.note)
    }
}

/// Why a receipt does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadReceipt {
    /// The first line is not that of a proof.
    Context,
    /// The line `extra` is not base64.
    Extra,
    /// The line `index` is not there, or holds no number.
    Index,
    /// A line of the path is not 32 bytes in base64, or there are too many.
    Hash,
    /// No empty line stands before the checkpoint.
    Checkpoint,
    /// The checkpoint does not count.
    Note(BadCheckpoint),
    /// The entry and the path do not lead to the root of the checkpoint.
    Proof(ProofError),
    /// The entry line itself is not right.
    Entry(String),
}

impl fmt::Display for BadReceipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadReceipt::Context => write!(f, "the file does not begin with the line {CONTEXT}"),
            BadReceipt::Extra => f.write_str("the line `extra` is not base64"),
            BadReceipt::Index => f.write_str("expected the line `index` and a number without leading zeros"),
            BadReceipt::Hash => write!(f, "expected at most {MOST_HASHES} lines of 32 bytes each in base64"),
            BadReceipt::Checkpoint => f.write_str("no empty line stands before the checkpoint"),
            BadReceipt::Note(why) => why.fmt(f),
            BadReceipt::Proof(why) => write!(f, "the entry is not the one that the receipt was given for: {why}"),
            BadReceipt::Entry(why) => write!(f, "the entry {why}"),
        }
    }
}

impl std::error::Error for BadReceipt {}

impl From<BadNote> for BadReceipt {
    fn from(why: BadNote) -> Self {
        BadReceipt::Note(BadCheckpoint::Note(why))
    }
}

impl From<BadCheckpoint> for BadReceipt {
    fn from(why: BadCheckpoint) -> Self {
        BadReceipt::Note(why)
    }
}

impl From<ProofError> for BadReceipt {
    fn from(why: ProofError) -> Self {
        BadReceipt::Proof(why)
    }
}

#[cfg(test)]
mod tests;
