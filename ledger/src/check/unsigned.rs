//! Unsigned: an entry that has passed its checks and waits for the hash of the line before it, and for its signatures.
//!
//! Promises that all which can be done without that hash is done: the line is spelled, with room for the hash and the
//! signatures, and every check but those of link and signatures has passed. Does not check these two: whoever signs
//! must leave that to the [prover](crate::prover).

use super::{Context, Verified, check};
use crate::{
    body::{self, Body},
    canon::Writer,
    claims::Claims,
    envelope::{Envelope, MAX_LINE},
    fault::Fault,
    key::Secret,
    prepare::Prepared,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::{collections::BTreeMap, ops::Range, sync::Arc};
use trial_core::{
    entry::Entry,
    event::Event,
    ids::{Hash, Name},
};

/// An entry that waits for a link and signatures.
pub(crate) struct Unsigned {
    /// What it will be, in its place from now on; nobody gets it before it is signed.
    entry: Arc<Verified>,
    /// Where the body stands in the line.
    body: Range<usize>,
    /// Where in the line the hash of the line before it goes.
    prev: Range<usize>,
    /// Who signs, sorted by key.
    by: Vec<Secret>,
}

impl Unsigned {
    /// Checks a body, which the writer has just written.
    ///
    /// # Errors
    /// The fault that a reader would find.
    pub fn check(
        context: Context<'_>,
        body: Body<Event>,
        writer: &Writer,
        secrets: &[&Secret],
    ) -> Result<Unsigned, Fault> {
        let mut by: Vec<Secret> = secrets.iter().map(|secret| (*secret).clone()).collect();
        by.sort_by_key(Secret::key);
        by.dedup_by_key(|secret| secret.key());
        let prev = writer.place_of("prev").expect("the members of a body are written in their order");
        let line = body::unsigned_line(writer.written(), by.iter().map(Secret::key));
        let place = body::OPENING.len()..body::OPENING.len() + writer.written().len();
        let envelope = Envelope::new(line);
        // Too long a line, or the values of a correction, nested too deep: what only a reader refuses is read at once.
        let prepared = match body.event {
            Event::EntryCorrected(_) => Prepared::alone(envelope),
            _ if envelope.len() > MAX_LINE => Prepared::alone(envelope),
            _ => {
                let claims = Claims::unsigned(body, place.clone(), by.iter().map(Secret::key));
                Prepared { claims: Some(claims), ..Prepared::plain(envelope) }
            }
        };
        let checked = check(context, Prepared { signatures_hold: true, ..prepared });
        let entry = Arc::new(checked.map_err(|refusal| refusal.fault)?);
        // Without the quotes.
        let prev = place.start + prev.start + 1..place.start + prev.end - 1;
        Ok(Unsigned { entry, body: place, prev, by })
    }

    /// What it says; its hash is not known yet.
    pub fn entry(&self) -> &Entry {
        &self.entry.entry
    }

    /// Commitments to values that stand outside the log.
    pub fn sealed(&self) -> &BTreeMap<Name, Hash> {
        &self.entry.sealed
    }

    /// The same, but signed with this secret, whoever it says it is by.
    #[cfg(test)]
    pub fn forged(self, secret: &Secret) -> Unsigned {
        Unsigned { by: vec![secret.clone()], ..self }
    }

    /// Signs it behind a line of this hash.
    pub fn sign(mut self, prev: Hash) -> Arc<Verified> {
        let entry = Arc::get_mut(&mut self.entry).expect("nobody else has it");
        let line = entry.envelope.bytes_mut();
        prev.spell((&mut line[self.prev]).try_into().expect("the room of a hash is as long as its digits"));
        let message = body::message(&line[self.body]);
        for (which, secret) in self.by.iter().enumerate() {
            let signature = secret.sign(&message);
            let place = body::place_of_signature(line.len(), which, self.by.len());
            STANDARD.encode_slice(signature, &mut line[place]).expect("there is room for a signature");
        }
        entry.entry.hash = entry.envelope.leaf_hash();
        entry.prev = prev;
        self.entry
    }
}
