//! Proposal: an entry line that travels and collects signatures.
//!
//! Promises that what each person signs is the very body that will stand in the log: its place, its time and all its
//! signers are fixed when it is proposed. Reading one checks its form and the signatures against the keys that it names
//! itself; only a [`Tip`] tells whether those people may sign it there, and only the verifier makes it an entry.

use crate::{
    body::{self, Body, Parts},
    canon,
    check::{self, Context, Signed, Verified},
    envelope::{Envelope, MAX_LINE},
    fault::Fault,
    key::{PublicKey, Secret},
    prepare::Prepared,
    tip::{Draft, Tip},
    verifier::Lookup,
};
use std::{fmt, iter};
use trial_core::{
    entry::{Entry, Signer},
    ids::Key,
};

/// An entry line with the signatures so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    envelope: Envelope,
    body: Body,
    signed: Vec<Key>,
}

/// Why bytes are no proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoProposal {
    /// More bytes than an entry may have.
    TooLong,
    /// Not an entry line of this format; why.
    Form(String),
    /// A signature that does not fit the key and the body; by whom.
    Signature(String),
}

impl fmt::Display for NoProposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoProposal::TooLong => write!(f, "expected at most {MAX_LINE} bytes, found more"),
            NoProposal::Form(why) => write!(f, "expected an entry line with the signatures so far, found {why}"),
            NoProposal::Signature(name) => {
                write!(f, "the signature of {name} does not fit: something was changed since")
            }
        }
    }
}

impl std::error::Error for NoProposal {}

/// Why somebody cannot sign a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotAsked {
    /// It does not name this key.
    Unnamed(Key),
    /// The key has signed already.
    Signed(Key),
}

impl fmt::Display for NotAsked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotAsked::Unnamed(key) => write!(f, "the proposal does not name the key {key}"),
            NotAsked::Signed(key) => write!(f, "the key {key} has signed it already"),
        }
    }
}

impl std::error::Error for NotAsked {}

impl Proposal {
    /// Reads a file: one entry line, with or without a newline at its end.
    ///
    /// # Errors
    /// It is none, or a signature in it does not hold.
    pub fn read(bytes: &[u8]) -> Result<Proposal, NoProposal> {
        let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        if line.len() > MAX_LINE {
            return Err(NoProposal::TooLong);
        }
        canon::check(line).map_err(|wrong| NoProposal::Form(wrong.to_string()))?;
        let envelope = Envelope::new(line);
        let parts = body::read(&envelope).map_err(|w| NoProposal::Form(format!("{} at {}", w.message, w.pointer)))?;
        let signed = held(&parts)?;
        let body = parts.body;
        Ok(Proposal { envelope, body, signed })
    }

    /// The line as it stands.
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// What is signed: the whole body, as it will stand in the log.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// All who are asked to sign, the author first.
    pub fn signers(&self) -> impl Iterator<Item = &Signer> {
        iter::once(&self.body.signer).chain(&self.body.countersigners)
    }

    /// Whether the signature of this key is there.
    pub fn is_signed_by(&self, key: Key) -> bool {
        self.signed.contains(&key)
    }

    /// Those whose signatures are not there yet.
    pub fn missing(&self) -> impl Iterator<Item = &Signer> {
        self.signers().filter(|signer| !self.is_signed_by(signer.key))
    }

    /// The same with one signature more.
    ///
    /// # Errors
    /// It does not ask for this one.
    pub fn sign(&self, secret: &Secret) -> Result<Proposal, NotAsked> {
        let key = secret.key();
        if self.is_signed_by(key) {
            return Err(NotAsked::Signed(key));
        }
        if !self.signers().any(|signer| signer.key == key) {
            return Err(NotAsked::Unnamed(key));
        }
        let parts = body::read(&self.envelope).expect("it was read from these bytes");
        let so_far = parts.signatures.iter().filter_map(|line| Some((line.key, line.signature()?)));
        let one_more = (key, secret.sign(&body::message(parts.signed)));
        let envelope = body::line(parts.signed, so_far.chain([one_more]));
        Ok(Proposal { envelope, body: parts.body, signed: [&self.signed[..], &[key]].concat() })
    }
}

/// Whose signatures are there; each must fit the key that it names.
fn held(parts: &Parts<'_>) -> Result<Vec<Key>, NoProposal> {
    let message = body::message(parts.signed);
    let signers = || iter::once(&parts.body.signer).chain(&parts.body.countersigners);
    let hold = |line: &body::SignatureLine<'_>| {
        let named = signers().find(|signer| signer.key == line.key);
        let wrong = || NoProposal::Signature(named.map_or_else(|| line.key.to_string(), |who| who.name.to_string()));
        let public = PublicKey::admit(line.key).map_err(|_| wrong())?;
        let signature = line.signature().ok_or_else(wrong)?;
        public.verify(&message, &signature).map_err(|_| wrong())?;
        named.map(|_| line.key).ok_or_else(wrong)
    };
    parts.signatures.iter().map(hold).collect()
}

impl Tip {
    /// Makes a proposal of a draft: the next entry, signed by its author alone, checked in all but what is missing.
    ///
    /// # Errors
    /// The fault that a reader would find even if all whom it names had signed.
    pub fn propose(
        &self,
        draft: Draft,
        author: &Secret,
        at: body::RecordedAt,
        lookup: &dyn Lookup,
    ) -> Result<Proposal, Fault> {
        let body = self.body(draft, author.key(), at)?;
        let bytes = self.canonical(&body)?;
        let envelope = body::line(&bytes, [(author.key(), author.sign(&body::message(&bytes)))]);
        let proposal = Proposal { envelope, body: body.with(|event| event.to_value()), signed: vec![author.key()] };
        self.examine(&proposal, lookup).map(|_| proposal)
    }

    /// What a proposal would record as the next entry, once all whom it names have signed.
    ///
    /// # Errors
    /// The fault that a reader would find even then.
    pub fn examine(&self, proposal: &Proposal, lookup: &dyn Lookup) -> Result<Entry, Fault> {
        check::proposed(self.context(lookup, Signed::SoFar), proposal.envelope())
    }

    /// Moves on to a proposal that everybody has signed.
    ///
    /// # Errors
    /// The fault that a reader would find in the entry; the tip is as it was.
    pub fn accept(&mut self, proposal: &Proposal, lookup: &dyn Lookup) -> Result<Verified, Fault> {
        let context: Context<'_> = self.context(lookup, Signed::All);
        let verified =
            check::check(context, Prepared::alone(proposal.envelope().clone())).map_err(|refusal| refusal.fault)?;
        self.advance(&verified);
        Ok(verified)
    }
}
