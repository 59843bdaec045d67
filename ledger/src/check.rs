//! The checks on one entry, in their order, against the verified log in front of it.
//!
//! Promises that a [`Verified`] comes from here and nowhere else: there is one path for entries that are read and for
//! entries that are being made. Does not check whether facts are plausible; that is admission, at append.

#[cfg(feature = "store")]
mod unsigned;
#[cfg(feature = "store")]
pub(crate) use unsigned::Unsigned;

use crate::{
    body,
    claims::Claims,
    envelope::Envelope,
    fault::{Fault, FaultKind},
    key::BadSignature,
    prepare::Prepared,
    roster::{self, Member},
    sealed::Place,
    tip::Tip,
    verifier::Lookup,
    witnessed,
};
use std::collections::BTreeMap;
use trial_core::{
    authority,
    countersignature::{self, Countersignatures},
    entry::{Effect, Entry, Role, Signer},
    event::{Conformity, CorrectionError, Event, EventKind, ValueRedacted},
    ids::{Hash, Key, Name, Seq, SiteId},
};

/// An entry whose every claim about itself has been checked, with the bytes it stands in.
///
/// Only the verifier makes one:
/// ```compile_fail,E0451
/// fn forge(entry: trial_core::entry::Entry, envelope: trial_ledger::envelope::Envelope) -> trial_ledger::check::Verified {
///     trial_ledger::check::Verified { entry, envelope, prev: trial_core::ids::Hash::ZERO, sealed: Default::default() }
/// }
/// ```
/// Everybody may read it:
/// ```
/// fn read(verified: &trial_ledger::check::Verified) -> &trial_core::entry::Entry {
///     verified.entry()
/// }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    envelope: Envelope,
    entry: Entry,
    prev: Hash,
    sealed: BTreeMap<Name, Hash>,
}

impl Verified {
    /// What it says.
    pub fn entry(&self) -> &Entry {
        &self.entry
    }

    /// What was verified before, read again: see [`crate::again`], which alone makes one.
    pub(crate) fn again(envelope: Envelope, entry: Entry, prev: Hash, sealed: BTreeMap<Name, Hash>) -> Verified {
        Verified { envelope, entry, prev, sealed }
    }

    /// The exact bytes.
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// Leaf hash of the entry that it follows.
    pub fn prev(&self) -> Hash {
        self.prev
    }

    /// Commitments to values that stand outside the log, by name.
    pub fn sealed(&self) -> &BTreeMap<Name, Hash> {
        &self.sealed
    }
}

/// An entry that failed, and what it says all the same, so that later faults can still be told apart.
pub(crate) struct Refusal {
    pub fault: Fault,
    pub hash: Hash,
    pub claims: Option<Entry>,
}

/// What the verifier knows besides the log up to here.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub tip: &'a Tip,
    pub lookup: &'a dyn Lookup,
    /// The genesis that this ledger must have, if the reader knows it.
    pub genesis: Option<Hash>,
    /// The line after this one, to tell a missing entry from one that was moved.
    pub next: Option<&'a Envelope>,
    /// Whose signatures must be there.
    pub signed: Signed,
}

/// Whose signatures must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signed {
    /// Everybody's who is named: an entry.
    All,
    /// Nobody's; those that are there must hold: a proposal.
    SoFar,
}

/// Runs all checks on the entry that should come next.
pub(crate) fn check(context: Context<'_>, prepared: Prepared) -> Result<Verified, Box<Refusal>> {
    let Prepared { envelope, claims, signatures_hold } = prepared;
    let read = claims.map_or_else(|| Claims::plainly(context.tip.next(), &envelope), Ok);
    let mut claims = match read {
        Ok(claims) => claims,
        Err(fault) => return Err(Box::new(Refusal { fault, hash: envelope.leaf_hash(), claims: None })),
    };
    match context.judge(&envelope, &claims, signatures_hold) {
        Err(fault) => Err(Box::new(Refusal { fault, hash: claims.entry.hash, claims: Some(claims.entry) })),
        Ok(effect) => {
            claims.entry.effect = effect;
            Ok(Verified { envelope, entry: claims.entry, prev: claims.prev, sealed: claims.sealed })
        }
    }
}

/// Runs all checks but those for missing signatures on what is proposed as the next entry. What it says is not verified:
/// it may still never be signed.
pub(crate) fn proposed(context: Context<'_>, envelope: &Envelope) -> Result<Entry, Fault> {
    let claims = Claims::plainly(context.tip.next(), envelope)?;
    let effect = context.judge(envelope, &claims, false)?;
    Ok(Entry { effect, ..claims.entry })
}

impl Context<'_> {
    /// All that depends on the log in front: place, people, signatures, time, what it changes. `signatures_hold` says that
    /// each signature was found valid already, under the key that stands beside it.
    fn judge(&self, envelope: &Envelope, claims: &Claims, signatures_hold: bool) -> Result<Effect, Fault> {
        let entry = &claims.entry;
        self.place(claims)?;
        self.people(entry)?;
        self.signers(claims)?;
        if !signatures_hold {
            self.signatures(envelope, claims)?;
        }
        self.time_and_reason(entry)?;
        let effect = self.effect(entry)?;
        self.keys_and_checkpoints(entry)?;
        Ok(effect)
    }

    fn fault(&self, kind: FaultKind, expected: impl std::fmt::Display, found: impl std::fmt::Display) -> Fault {
        Fault::at(kind, self.tip.next(), expected, found)
    }

    /// `seq`, `ledger`, `prev`, and the genesis at the beginning only.
    fn place(&self, claims: &Claims) -> Result<(), Fault> {
        let entry = &claims.entry;
        let (seq, found) = (self.tip.next(), entry.seq);
        if found != seq {
            let moved = || self.next.and_then(seq_of).is_some_and(|next| next < found);
            let kind = if self.tip.has(found) {
                FaultKind::SeqDuplicate
            } else if found < seq || moved() {
                FaultKind::SeqOutOfOrder
            } else {
                FaultKind::SeqGap
            };
            return Err(self.fault(kind, seq, found));
        }
        let is_first = seq == Seq(0);
        let opens = entry.event.kind() == EventKind::TrialOpened;
        if is_first != opens {
            let expected = if is_first { "trial_opened as the first event" } else { "trial_opened nowhere but first" };
            let kind = if is_first { FaultKind::GenesisMismatch } else { FaultKind::SchemaViolation };
            return Err(self.fault(kind, expected, entry.event.kind()));
        }
        if is_first && let Some(genesis) = self.genesis.filter(|genesis| *genesis != entry.hash) {
            return Err(self.fault(FaultKind::GenesisMismatch, genesis, entry.hash));
        }
        // After a genesis that failed there is nothing to compare with: its own claim stands, links are still checked.
        let ledger = if is_first { Hash::ZERO } else { self.tip.genesis_or(claims.ledger) };
        if claims.ledger != ledger {
            return Err(self.fault(FaultKind::WrongLedger, ledger, claims.ledger));
        }
        let head = self.tip.head();
        if claims.prev != head { Err(self.fault(FaultKind::BrokenLink, head, claims.prev)) } else { Ok(()) }
    }

    /// The signers are in the roster as they say, may sign this, and are not bound to another site.
    fn people(&self, entry: &Entry) -> Result<(), Fault> {
        let seq = self.tip.next();
        if seq == Seq(0) {
            let signer = &entry.signer;
            if signer.role != Role::Sponsor || !entry.countersigners.is_empty() {
                return Err(self.fault(FaultKind::RoleNotAllowed, "a sponsor alone", signer.role));
            }
            return self.founder(entry).map(|_| ());
        }
        self.tip.roster().signing(seq, &entry.signer)?;
        let mut known = vec![&entry.signer];
        for countersigner in &entry.countersigners {
            self.tip.roster().signing(seq, countersigner)?;
            if known.iter().any(|other| other.key == countersigner.key || other.is_same_person(countersigner)) {
                let found = format!("{} a second time", countersigner.name);
                return Err(self.fault(FaultKind::CountersignatureMissing, "another person", found));
            }
            known.push(countersigner);
        }
        self.authority(&entry.signer, entry.event.kind())?;
        entry.signers().try_for_each(|signer| self.scope(signer, &entry.event))?;
        self.together(entry)
    }

    /// Who opens the ledger, as a member of a roster that is empty yet.
    fn founder(&self, entry: &Entry) -> Result<Member, Fault> {
        let at = body::RecordedAt::new(entry.recorded_at);
        self.tip.roster().granting(self.tip.next(), at, &roster::founding(&entry.signer))
    }

    /// Enough different people sign, as the format and the protocol in force ask for this event.
    fn together(&self, entry: &Entry) -> Result<(), Fault> {
        let kind = entry.event.kind();
        if let Some(role) = authority::countersigned_by(kind)
            && entry.countersigners.iter().all(|other| other.role != role)
        {
            let expected = format!("a countersigner of {kind} who is {role}");
            return Err(self.fault(FaultKind::CountersignatureMissing, expected, "none"));
        }
        let mut asked = countersignature::asked(self.tip.countersignatures(), &entry.event);
        asked.try_for_each(|rule| self.enough(entry, rule, kind))
    }

    fn enough(&self, entry: &Entry, rule: &Countersignatures, kind: EventKind) -> Result<(), Fault> {
        if rule.is_met(entry.signers()) {
            return Ok(());
        }
        let expected = format!("{} people who sign {kind}, each {}", rule.needed, rule.roles());
        Err(self.fault(FaultKind::CountersignatureMissing, expected, rule.counted(entry.signers())))
    }

    fn authority(&self, signer: &Signer, kind: EventKind) -> Result<(), Fault> {
        if authority::may_sign(signer.role, kind) {
            return Ok(());
        }
        let allowed: Vec<_> = authority::roles(kind).iter().map(|role| role.as_str()).collect();
        let expected = format!("{} for {kind}", allowed.join(" or "));
        Err(self.fault(FaultKind::RoleNotAllowed, expected, signer.role))
    }

    /// A person bound to a site writes about that site's subjects only.
    fn scope(&self, signer: &Signer, event: &Event) -> Result<(), Fault> {
        let Some(own) = &signer.site else { return Ok(()) };
        let consented = if let Event::ConsentGiven(consent) = event { Some(&consent.site) } else { None };
        let known = event.subject().and_then(|subject| self.tip.site_of(subject));
        let other = |site: &&SiteId| *site != own;
        match [consented, known].into_iter().flatten().find(other) {
            Some(site) => Err(self.fault(FaultKind::SiteOutOfScope, format!("site {own}"), format!("site {site}"))),
            None => Ok(()),
        }
    }

    /// Exactly the signatures of the signer and the countersigners, sorted by key.
    fn signers(&self, Claims { entry, signatures, .. }: &Claims) -> Result<(), Fault> {
        if !signatures.windows(2).all(|pair| pair[0].0 < pair[1].0) {
            return Err(self.fault(FaultKind::SignatureNotCanonical, "signatures sorted by key", "another order"));
        }
        let present = |key: Key| self.signed == Signed::SoFar || signatures.iter().any(|(by, _)| *by == key);
        if !present(entry.signer.key) {
            return Err(self.fault(
                FaultKind::SignatureInvalid,
                format!("a signature by {}", entry.signer.name),
                "none",
            ));
        }
        if let Some(absent) = entry.countersigners.iter().find(|signer| !present(signer.key)) {
            let expected = format!("a signature by {}", absent.name);
            return Err(self.fault(FaultKind::CountersignatureMissing, expected, "none"));
        }
        if signatures.iter().any(|(by, _)| entry.signers().all(|signer| signer.key != *by)) {
            let expected = format!("{} signatures", entry.signers().count());
            return Err(self.fault(FaultKind::SignatureNotCanonical, expected, signatures.len()));
        }
        Ok(())
    }

    /// Each signature is strictly valid.
    fn signatures(&self, envelope: &Envelope, claims: &Claims) -> Result<(), Fault> {
        let message = body::message(&envelope.as_bytes()[claims.signed.clone()]);
        for (key, signature) in &claims.signatures {
            let Some(signature) = signature else {
                return Err(self.fault(FaultKind::SignatureNotCanonical, "64 bytes in padded base64", key));
            };
            let founder;
            let public = match self.tip.roster().get(*key) {
                Some(member) => &member.public,
                None => {
                    founder = self.founder(&claims.entry)?;
                    &founder.public
                }
            };
            public.verify(&message, signature).map_err(|bad| {
                let kind = match bad {
                    BadSignature::NotCanonical => FaultKind::SignatureNotCanonical,
                    BadSignature::Invalid => FaultKind::SignatureInvalid,
                };
                self.fault(kind, "a signature by this key over this body", format!("{bad} (key {key})"))
            })?;
        }
        Ok(())
    }

    fn time_and_reason(&self, entry: &Entry) -> Result<(), Fault> {
        if let Some(before) = self.tip.recorded_at().filter(|before| entry.recorded_at < before.instant()) {
            let found = body::RecordedAt::new(entry.recorded_at);
            return Err(self.fault(FaultKind::TimeRegression, format!("{before} or later"), found));
        }
        let overrides =
            matches!(&entry.event, Event::EscalationDecided(decision) if decision.conformity == Conformity::Override);
        if (entry.event.kind().needs_reason() || overrides) && entry.reason.is_none() {
            return Err(self.fault(FaultKind::MissingReason, format!("a reason for {}", entry.event.kind()), "none"));
        }
        Ok(())
    }

    /// What the entry does to what is known; corrections need the authority over what they change.
    fn effect(&self, entry: &Entry) -> Result<Effect, Fault> {
        if let Event::EntryCorrected(correction) = &entry.event {
            let current = self.current(correction.target)?;
            self.over(entry, &current)?;
            let event = correction.apply_to(&current).map_err(|wrong| self.uncorrectable(&correction.old, wrong))?;
            self.scope(&entry.signer, &event)?;
            return Ok(Effect::Revises { target: correction.target, event: Box::new(event) });
        }
        if let Event::EntryVoided(voided) = &entry.event {
            let current = self.current(voided.target)?;
            self.over(entry, &current)?;
            if !current.kind().is_correctable() {
                return Err(self.uncorrectable(&serde_json::Value::Null, CorrectionError::NotCorrectable));
            }
            return Ok(Effect::Voids { target: voided.target, subject: current.subject().cloned() });
        }
        if let Event::ValueRedacted(redaction) = &entry.event {
            self.redaction(entry, redaction)?;
        }
        Ok(Effect::States)
    }

    /// There is such a value, it was not redacted before, and it is within the site of all who sign.
    fn redaction(&self, entry: &Entry, redaction: &ValueRedacted) -> Result<(), Fault> {
        let (event, sealed) = self.recorded(redaction.target)?;
        let place = Place::of(redaction);
        if !sealed.contains_key(&place.name) {
            let expected = format!("a commitment to {} in entry {}", place.name, place.seq);
            return Err(self.fault(FaultKind::StaleCorrection, expected, "none"));
        }
        if let Some(earlier) = self.tip.redactions().get(&place) {
            let found = format!("{place}, redacted at entry {}", earlier.seq);
            return Err(self.fault(FaultKind::StaleCorrection, "a value that is not redacted yet", found));
        }
        entry.signers().try_for_each(|signer| self.scope(signer, &event))
    }

    fn over(&self, entry: &Entry, current: &Event) -> Result<(), Fault> {
        let kind = current.kind();
        if kind.is_correctable() {
            self.authority(&entry.signer, kind)?;
            let mut asked = countersignature::asked(self.tip.countersignatures(), current);
            asked.try_for_each(|rule| self.enough(entry, rule, kind))?;
        }
        self.scope(&entry.signer, current)
    }

    fn uncorrectable(&self, old: &serde_json::Value, wrong: CorrectionError) -> Fault {
        match wrong {
            CorrectionError::Stale { current } => self.fault(FaultKind::StaleCorrection, current, old),
            CorrectionError::NotCorrectable
            | CorrectionError::FixedMember
            | CorrectionError::NoSuchMember
            | CorrectionError::Event(_) => {
                self.fault(FaultKind::SchemaViolation, "a correction that can be made", wrong)
            }
        }
    }

    /// What an earlier entry states now.
    fn current(&self, target: Seq) -> Result<Event, Fault> {
        match self.tip.amended(target) {
            Some(Some(event)) => Ok(event.clone()),
            Some(None) => {
                let found = format!("entry {target}, which is voided");
                Err(self.fault(FaultKind::StaleCorrection, "an entry that states something", found))
            }
            None => Ok(self.recorded(target)?.0),
        }
    }

    /// What an earlier entry stated when it was recorded, and its commitments: the bytes are fetched again and must be the
    /// verified ones.
    fn recorded(&self, target: Seq) -> Result<(Event, BTreeMap<Name, Hash>), Fault> {
        if !self.tip.has(target) {
            return Err(self.fault(FaultKind::StaleCorrection, "an earlier entry", format!("entry {target}")));
        }
        self.tip.recorded(target, self.lookup).ok_or_else(|| {
            let expected = format!("entry {target} to be there still as it was verified");
            self.fault(FaultKind::StoreUnreadable, expected, "it cannot be read again")
        })
    }

    /// Keys that enter or leave the roster, and checkpoints that come back.
    fn keys_and_checkpoints(&self, entry: &Entry) -> Result<(), Fault> {
        if let Event::KeyGranted(grant) = &entry.event {
            self.tip.roster().granting(self.tip.next(), body::RecordedAt::new(entry.recorded_at), grant)?;
        }
        if let Event::KeyRevoked(revocation) = &entry.event {
            self.tip.roster().revoking(self.tip.next(), revocation)?;
        }
        if let Event::CheckpointWitnessed(witnessed) = &entry.event {
            witnessed::check(self.tip, self.lookup, witnessed)?;
        }
        Ok(())
    }
}

/// What a line states and what it commits to, without asking whether it is right.
#[cfg(feature = "store")]
pub(crate) fn stated(envelope: &Envelope) -> Option<(Event, BTreeMap<Name, Hash>)> {
    let claims = Claims::read(envelope)?;
    Some((claims.entry.event, claims.sealed))
}

fn seq_of(envelope: &Envelope) -> Option<Seq> {
    body::read(envelope).ok().map(|parts| parts.body.seq)
}
