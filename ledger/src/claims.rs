//! Claims: what one line says of itself, before anything is judged against the log in front of it.
//!
//! Promises that the bytes are the one spelling of what was read, however it was read: [`Claims::plainly`] goes step by
//! step and names what is wrong; [`quick`] is many times faster and only ever accepts. Does not check whether a word
//! of it is right, nor the signatures.

pub(crate) mod quick;

use crate::{
    body::{self, Body, Parts, VERSION},
    canon::{self, Why},
    envelope::{Envelope, MAX_LINE},
    fault::{Fault, FaultKind},
    key::Signature,
};
use std::{collections::BTreeMap, ops::Range};
use trial_core::{
    entry::{Effect, Entry},
    event::{Event, EventError},
    ids::{Hash, Key, Name, Seq},
};

/// The signatures of a line in their order; none where the base64 is not padded and canonical.
pub(crate) type Signatures = Vec<(Key, Option<Signature>)>;

/// What one line says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Claims {
    /// The entry; what it does to others is not known yet.
    pub entry: Entry,
    /// Leaf hash of the genesis.
    pub ledger: Hash,
    /// Leaf hash of the entry before.
    pub prev: Hash,
    /// Commitments to values outside the log.
    pub sealed: BTreeMap<Name, Hash>,
    /// Where the signed bytes of the body stand in the line.
    pub signed: Range<usize>,
    /// The signatures.
    pub signatures: Signatures,
}

impl Claims {
    /// Reads a line step by step, as the entry that should come next: size, canonical form, shape.
    pub fn plainly(seq: Seq, envelope: &Envelope) -> Result<Claims, Fault> {
        let parts = spelled(seq, envelope)?;
        let event = typed(seq, &parts)?;
        let signatures = parts.signatures.iter().map(|line| (line.key, line.signature())).collect();
        let signed = body::OPENING.len()..body::OPENING.len() + parts.signed.len();
        Ok(Claims::of(envelope.leaf_hash(), parts.body.with(|_| event), signed, signatures))
    }

    /// Reads a line either way; nothing where it is no entry.
    pub fn read(envelope: &Envelope) -> Option<Claims> {
        quick::Reader::default().read(envelope, envelope.leaf_hash()).or_else(|| Claims::plainly(Seq(0), envelope).ok())
    }

    /// What a line will say that has room for signatures by these keys over this body, which stands there.
    #[cfg(feature = "store")]
    pub fn unsigned(body: Body<Event>, signed: Range<usize>, by: impl Iterator<Item = Key>) -> Claims {
        Claims::of(Hash::ZERO, body, signed, by.map(|key| (key, Some([0; 64]))).collect())
    }

    fn of(hash: Hash, body: Body<Event>, signed: Range<usize>, signatures: Signatures) -> Claims {
        let entry = Entry {
            seq: body.seq,
            hash,
            recorded_at: body.recorded_at.instant(),
            signer: body.signer,
            countersigners: body.countersigners,
            event: body.event,
            reason: body.reason,
            effect: Effect::States,
        };
        Claims { entry, ledger: body.ledger, prev: body.prev, sealed: body.sealed, signed, signatures }
    }
}

/// Size, canonical form, shape.
fn spelled(seq: Seq, envelope: &Envelope) -> Result<Parts<'_>, Fault> {
    if envelope.len() > MAX_LINE {
        let found = format!("{} bytes", envelope.len());
        return Err(Fault::at(FaultKind::LimitExceeded, seq, format!("at most {MAX_LINE} bytes"), found));
    }
    canon::check(envelope.as_bytes()).map_err(|wrong| {
        let kind = if wrong.why == Why::Depth { FaultKind::LimitExceeded } else { FaultKind::NotCanonical };
        Fault::at(kind, seq, "canonical JSON", wrong)
    })?;
    let parts = body::read(envelope).map_err(|wrong| schema_violation(seq, &wrong.pointer, &wrong.message))?;
    if parts.body.v == VERSION {
        Ok(parts)
    } else {
        let found = format!("version {}", parts.body.v);
        Err(Fault::at(FaultKind::SchemaViolation, seq, format!("format version {VERSION} at /body/v"), found))
    }
}

fn typed(seq: Seq, parts: &Parts<'_>) -> Result<Event, Fault> {
    let event = Event::from_value(parts.body.event.clone()).map_err(|wrong| match wrong {
        EventError::UnknownType(found) => {
            Fault::at(FaultKind::UnknownEventType, seq, "an event type of this format", found)
        }
        EventError::Schema { pointer, message } => schema_violation(seq, &format!("/body/event{pointer}"), &message),
    })?;
    // One spelling for each event: what serde would also take (an array for a struct, null for what is left out) is not
    // what the schemas describe.
    if event.to_value() != parts.body.event {
        return Err(schema_violation(seq, "/body/event", "members in another than their one spelling"));
    }
    Ok(event)
}

fn schema_violation(seq: Seq, pointer: &str, message: &str) -> Fault {
    let place = if pointer.is_empty() { "/" } else { pointer };
    Fault::at(FaultKind::SchemaViolation, seq, "the shape of an entry", format!("{message} at {place}"))
}
