//! Tip: the verified end of a log in memory, and the only place from which the log can grow.
//!
//! Promises that what it signs has passed the very checks that a reader will run. Does not write anything anywhere,
//! and reads no clock: the time of a new entry is an argument.

mod again;
mod kept;

#[cfg(feature = "store")]
use crate::check::Unsigned;
use crate::{
    body::{self, Body, RecordedAt, VERSION},
    canon::Writer,
    check::{Context, Refusal, Signed, Verified, check},
    fault::{Fault, FaultKind},
    key::Secret,
    merkle::Blocks,
    prepare::Prepared,
    roster::{self, Revocation, Roster},
    sealed::{Place, Redaction},
    verifier::Lookup,
};
use serde::{Deserialize, Serialize};
#[cfg(feature = "store")]
use std::sync::Arc;
use std::{collections::BTreeMap, ops::Range};
use trial_core::{
    countersignature::Countersignatures,
    entry::{Effect, Entry, Meaning, Signer},
    event::{Event, TrialOpened},
    ids::{Hash, Key, Name, Seq, SiteId, SubjectId},
    text::Text,
};

/// What is known at the verified end of a log. Cheap to clone.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Tip {
    next: Seq,
    head: Option<Hash>,
    genesis: Option<Hash>,
    #[serde(with = "trial_core::encoded::json")]
    opened: Option<TrialOpened>,
    /// The tree over all entries up to the first fault.
    blocks: Blocks,
    /// After a fault, where entries are missing, in order. Nothing is proven then, and no hash is kept any more.
    #[serde(skip)]
    missing: Option<Vec<Range<Seq>>>,
    roster: Roster,
    recorded_at: Option<RecordedAt>,
    /// Where each subject gave consent.
    sites: BTreeMap<SubjectId, SiteId>,
    /// How many people must sign together, by the protocol in force.
    #[serde(with = "trial_core::encoded::json")]
    countersignatures: Vec<Countersignatures>,
    /// What corrected entries state now; nothing where they are voided.
    #[serde(with = "kept::amended")]
    amended: BTreeMap<Seq, Option<Event>>,
    /// How many sealed values the entries commit to.
    commitments: u64,
    /// Which of them were redacted.
    #[serde(with = "kept::redactions")]
    redactions: BTreeMap<Place, Redaction>,
}

/// An entry to be made: what a person decides about it; the rest follows from the tip.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// What happened.
    pub event: Event,
    /// What the author's signature means.
    pub meaning: Meaning,
    /// Who else signs, and what it means.
    pub countersigners: Vec<(Key, Meaning)>,
    /// Why, where the event asks for it.
    pub reason: Option<Text>,
    /// Commitments to values that stand outside the log, by name.
    pub sealed: BTreeMap<Name, Hash>,
}

impl Draft {
    /// A draft that one author signs, without a reason.
    pub fn new(event: impl Into<Event>) -> Draft {
        Draft {
            event: event.into(),
            meaning: Meaning::Authorship,
            countersigners: Vec::new(),
            reason: None,
            sealed: BTreeMap::new(),
        }
    }

    /// The same with a reason.
    pub fn because(self, reason: Text) -> Draft {
        Draft { reason: Some(reason), ..self }
    }
}

impl Tip {
    /// How many entries the log has.
    pub fn size(&self) -> u64 {
        self.next.0
    }

    /// The place of the next entry.
    pub fn next(&self) -> Seq {
        self.next
    }

    /// Leaf hash of the last entry; zeros when there is none.
    pub fn head(&self) -> Hash {
        self.head.unwrap_or(Hash::ZERO)
    }

    /// The RFC 6962 root over all entries.
    pub fn root(&self) -> Hash {
        self.blocks.root()
    }

    /// Leaf hash of the first entry, which names the ledger.
    pub fn genesis(&self) -> Option<Hash> {
        self.genesis
    }

    /// What the genesis says: names, time zone, clock.
    pub fn opened(&self) -> Option<&TrialOpened> {
        self.opened.as_ref()
    }

    /// Whose keys count now.
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// When the last entry was recorded.
    pub fn recorded_at(&self) -> Option<RecordedAt> {
        self.recorded_at
    }

    /// How many sealed values the entries commit to, redacted ones included.
    pub fn commitments(&self) -> u64 {
        self.commitments
    }

    /// The sealed values that were redacted, and by which entry.
    pub fn redactions(&self) -> &BTreeMap<Place, Redaction> {
        &self.redactions
    }

    /// Roots of all complete blocks of entries, in order: see [`Blocks`].
    pub fn block_roots(&self) -> &[Hash] {
        self.blocks.roots()
    }

    /// How many people must sign together, by the protocol in force.
    pub fn countersignatures(&self) -> &[Countersignatures] {
        &self.countersignatures
    }

    pub(crate) fn genesis_or(&self, claimed: Hash) -> Hash {
        self.genesis.unwrap_or(claimed)
    }

    /// Whether the log up to here has an entry with this number.
    pub(crate) fn has(&self, seq: Seq) -> bool {
        let gaps = self.missing.as_deref().unwrap_or_default();
        let begun = gaps.partition_point(|gap| gap.start <= seq);
        seq < self.next && !gaps[..begun].last().is_some_and(|gap| gap.contains(&seq))
    }

    pub(crate) fn site_of(&self, subject: &SubjectId) -> Option<&SiteId> {
        self.sites.get(subject)
    }

    /// What an entry states now, as far as it can be read again: nothing where there is none, or it is voided.
    pub fn current(&self, target: Seq, lookup: &dyn Lookup) -> Option<Event> {
        match self.amended(target) {
            Some(now) => now.clone(),
            None if self.has(target) => Some(self.recorded(target, lookup)?.0),
            None => None,
        }
    }

    pub(crate) fn amended(&self, seq: Seq) -> Option<&Option<Event>> {
        self.amended.get(&seq)
    }

    /// Opens a ledger: the first entry, signed by the sponsor.
    ///
    /// # Errors
    /// The fault that a reader would find, for example a signer who is not a sponsor.
    pub fn open(
        opened: TrialOpened,
        signer: Signer,
        secret: &Secret,
        at: RecordedAt,
    ) -> Result<(Tip, Verified), Fault> {
        let mut tip = Tip::default();
        let body = tip.next_body(Draft::new(opened), signer, at);
        let verified = tip.seal(&body, &[secret], &())?;
        Ok((tip, verified))
    }

    /// Signs a draft as the next entry, checks it as a reader would, and moves on to it.
    ///
    /// The first secret is the author's; the others are those of the countersigners. `lookup` fetches what a correction
    /// changes. When this fails, the tip is as it was.
    ///
    /// # Errors
    /// The fault that a reader would find in the entry.
    pub fn sign(
        &mut self,
        draft: Draft,
        secrets: &[&Secret],
        at: RecordedAt,
        lookup: &dyn Lookup,
    ) -> Result<Verified, Fault> {
        let body = self.body(draft, self.author(secrets)?.key(), at)?;
        self.seal(&body, secrets, lookup)
    }

    /// The same with all checks of what was signed, taken as it was before it was written. That a reader of the line finds
    /// the same in it, and signatures that hold, is left to the [prover](crate::prover).
    #[cfg(feature = "store")]
    pub(crate) fn sign_unproven(
        &mut self,
        draft: Draft,
        secrets: &[&Secret],
        at: RecordedAt,
        lookup: &dyn Lookup,
        writer: &mut Writer,
    ) -> Result<Arc<Verified>, Fault> {
        let made = self.unsigned(draft, secrets, at, lookup, writer)?.sign(self.head());
        self.advance(&made);
        Ok(made)
    }

    /// A draft as the next entry, with all checks but those of its link and its signatures: only these are missing.
    ///
    /// # Errors
    /// The fault that a reader would find in the entry.
    #[cfg(feature = "store")]
    pub(crate) fn unsigned(
        &self,
        draft: Draft,
        secrets: &[&Secret],
        at: RecordedAt,
        lookup: &dyn Lookup,
        writer: &mut Writer,
    ) -> Result<Unsigned, Fault> {
        let body = self.body(draft, self.author(secrets)?.key(), at)?;
        self.spelled(&body, writer)?;
        Unsigned::check(self.context(lookup, Signed::All), body, writer, secrets)
    }

    fn author<'s>(&self, secrets: &[&'s Secret]) -> Result<&'s Secret, Fault> {
        let expected = "the secret key of an author in the roster";
        secrets.first().copied().ok_or_else(|| self.fault(FaultKind::SignatureInvalid, expected, "none"))
    }

    /// The body of a draft as the next entry.
    pub(crate) fn body(&self, draft: Draft, author: Key, at: RecordedAt) -> Result<Body<Event>, Fault> {
        let signer = self.introduce(author, draft.meaning)?;
        let others = draft.countersigners.iter().map(|(key, meaning)| self.introduce(*key, *meaning));
        let countersigners = others.collect::<Result<Vec<_>, _>>()?;
        Ok(Body { countersigners, ..self.next_body(draft, signer, at) })
    }

    fn next_body(&self, draft: Draft, signer: Signer, recorded_at: RecordedAt) -> Body<Event> {
        let (event, reason, sealed) = (draft.event, draft.reason, draft.sealed);
        let (ledger, seq, prev, countersigners) = (self.genesis_or(Hash::ZERO), self.next, self.head(), Vec::new());
        Body { v: VERSION, ledger, seq, prev, recorded_at, signer, countersigners, event, reason, sealed }
    }

    pub(crate) fn canonical(&self, body: &Body<Event>) -> Result<Vec<u8>, Fault> {
        self.spelled(body, &mut Writer::default()).map(<[u8]>::to_vec)
    }

    fn spelled<'w>(&self, body: &Body<Event>, writer: &'w mut Writer) -> Result<&'w [u8], Fault> {
        writer.write(body).map_err(|why| self.fault(FaultKind::NotCanonical, "canonical JSON", why))
    }

    pub(crate) fn context<'a>(&'a self, lookup: &'a dyn Lookup, signed: Signed) -> Context<'a> {
        Context { tip: self, lookup, genesis: None, next: None, signed }
    }

    /// Moves on to an entry that was made elsewhere, if it passes all checks here.
    ///
    /// # Errors
    /// The fault that a reader would find in the entry; the tip is as it was.
    pub fn take(&mut self, entry: &Verified, lookup: &dyn Lookup) -> Result<(), Fault> {
        let verified = check(self.context(lookup, Signed::All), Prepared::alone(entry.envelope().clone()));
        let verified = verified.map_err(|refusal| refusal.fault)?;
        self.advance(&verified);
        Ok(())
    }

    fn fault(&self, kind: FaultKind, expected: &str, found: impl std::fmt::Display) -> Fault {
        Fault::at(kind, self.next, expected, found)
    }

    fn introduce(&self, key: Key, meaning: Meaning) -> Result<Signer, Fault> {
        let unknown = || self.fault(FaultKind::UnknownSigner, "a key of the roster", key);
        Ok(self.roster.get(key).ok_or_else(unknown)?.signer(key, meaning))
    }

    fn seal(&mut self, body: &Body<Event>, secrets: &[&Secret], lookup: &dyn Lookup) -> Result<Verified, Fault> {
        let bytes = self.canonical(body)?;
        let message = body::message(&bytes);
        let signature = |secret: &&Secret| (secret.key(), secret.sign(&message));
        let line = body::line(&bytes, secrets.iter().map(signature));
        let verified =
            check(self.context(lookup, Signed::All), Prepared::alone(line)).map_err(|refusal| refusal.fault)?;
        self.advance(&verified);
        Ok(verified)
    }

    /// Moves on to a verified entry, which stands at `next`.
    pub(crate) fn advance(&mut self, verified: &Verified) {
        let entry = verified.entry();
        if entry.seq == Seq(0) {
            self.genesis = Some(entry.hash);
        }
        self.learn(entry);
        self.commitments += verified.sealed().len() as u64;
        self.put(entry.hash);
    }

    /// Moves on to what an entry says that stands at `next` and is not signed yet. Until its [hash](Tip::link) is known, the
    /// head is that of an entry before it, and lines behind that one cannot be read again.
    #[cfg(feature = "store")]
    pub(crate) fn expect(&mut self, unsigned: &Unsigned) {
        self.learn(unsigned.entry());
        self.commitments += unsigned.sealed().len() as u64;
        self.next = self.next.next();
    }

    /// Learns the hash of the first expected entry that lacks it.
    pub(crate) fn link(&mut self, leaf: Hash) {
        if self.missing.is_none() {
            self.blocks.push(leaf);
        }
        self.head = Some(leaf);
    }

    /// Moves past an entry that failed, so that the next one is judged on its own.
    pub(crate) fn skip(&mut self, refusal: &Refusal) {
        let missing = self.missing.get_or_insert_default();
        match &refusal.claims {
            // One that stands behind its place, or a second time, leaves the log around it as it was.
            Some(claims) if claims.seq < self.next => {}
            Some(claims) => {
                if claims.seq > self.next {
                    missing.push(self.next..claims.seq);
                    self.next = claims.seq;
                }
                self.learn(claims);
                self.put(refusal.hash);
            }
            None => self.put(refusal.hash),
        }
    }

    fn put(&mut self, leaf: Hash) {
        self.link(leaf);
        self.next = self.next.next();
    }

    fn learn(&mut self, entry: &Entry) {
        let at = RecordedAt::new(entry.recorded_at);
        self.recorded_at = self.recorded_at.max(Some(at));
        if let Event::TrialOpened(opened) = &entry.event
            && self.opened.is_none()
        {
            self.opened = Some((**opened).clone());
            self.grant(entry.seq, at, &roster::founding(&entry.signer));
        }
        if let Event::KeyGranted(grant) = &entry.event {
            self.grant(entry.seq, at, grant);
        }
        if let Event::KeyRevoked(revoked) = &entry.event {
            let (reason, compromised_since) = (entry.reason.clone(), revoked.compromised_since);
            self.roster.revoke(revoked.key, Revocation { seq: entry.seq, at, reason, compromised_since });
        }
        if let Event::ProtocolActivated(activated) = &entry.event {
            self.countersignatures = activated.protocol.countersignatures.clone();
        }
        if let Event::ValueRedacted(redacted) = &entry.event {
            let place = Place::of(redacted);
            self.redactions.entry(place).or_insert_with(|| Redaction::of(entry));
        }
        self.learn_site(&entry.event);
        match &entry.effect {
            // What is withheld from one reader was stated all the same; the checks never withhold anything.
            Effect::States | Effect::Withheld => {}
            Effect::Revises { target, event } => {
                self.learn_site(event);
                self.amended.insert(*target, Some((**event).clone()));
            }
            Effect::Voids { target, .. } => {
                self.amended.insert(*target, None);
            }
        }
    }

    fn learn_site(&mut self, event: &Event) {
        if let Event::ConsentGiven(consent) = event {
            self.sites.insert(consent.subject.clone(), consent.site.clone());
        }
    }

    fn grant(&mut self, seq: Seq, at: RecordedAt, grant: &trial_core::event::KeyGranted) {
        // An entry that failed may carry a key that cannot be admitted: then nobody can sign with it.
        if let Ok(member) = self.roster.granting(seq, at, grant) {
            self.roster.grant(grant.key, member);
        }
    }
}
