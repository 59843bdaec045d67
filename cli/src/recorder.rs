//! The recorder: drafts become entries. Each is admitted, signed, and checked as a reader will check it.

mod recorded;

pub use recorded::Recorded;

use crate::{
    clock::{self, Zone},
    contact::Contact,
    cosigner::Cosigner,
    draft::{Draft, Standing},
    error::CliError,
    keys::KeyRing,
    receipts::Receipts,
    session::{Facts, Lens, Narrow, Resting, Session},
    snapshots::Making,
};
use chrono::{DateTime, Utc};
use std::{collections::BTreeMap, path::Path};
use trial_core::{
    admission::Admission,
    authority::{countersigned_by, may_sign},
    countersignature::asked,
    entry::{Entry, Meaning, Signer},
    event::{Clock, Event, TrialOpened, ValueRedacted},
    ids::{Key, Name, Seq},
    projection::{Projection as _, Trial},
    text::Text,
    view::escalation::Escalation,
};
use trial_ledger::{
    body::RecordedAt,
    key::Secret,
    ledger::{Batch, Ledger},
    proposal::Proposal,
    sealed::{Place, Sealed},
    tip::{self, Tip},
    verifier::Lookup as _,
};

/// How others come to sign.
const COSIGN: &str = "name the others: --countersigner KEY where their keys are at hand, else with --propose FILE, which \
                      they sign in turn (in a file of drafts: \"countersigners\")";

/// Makes entries at the end of a ledger, and appends them all or none.
pub struct Recorder {
    ledger: Ledger,
    contact: Contact,
    trial: Trial,
    zone: Zone,
    clock: Clock,
    keys: KeyRing,
    secrets: BTreeMap<String, Secret>,
    /// The entries made so far, and the end of the log with them.
    batch: Batch,
    /// What they seal.
    values: BTreeMap<Place, Sealed>,
    lines: BTreeMap<usize, Seq>,
    receipts: Option<Receipts>,
    making: Option<Making>,
    /// Set while `trial` knows no more than one draft asked for.
    narrow: Option<Narrow>,
}

/// A draft that was admitted, with what signing it needs.
struct Admitted {
    entry: tip::Draft,
    author: String,
    at: RecordedAt,
    values: BTreeMap<Name, Sealed>,
}

impl Recorder {
    /// Opens a ledger to append to it; where that is one draft only, reads no more of the facts than admits it.
    ///
    /// # Errors
    /// See [`Session::open`].
    pub fn open(
        dir: &Path,
        keys: KeyRing,
        resting: Resting,
        draft: Option<&Draft>,
    ) -> Result<(Recorder, Vec<String>), CliError> {
        let facts = draft.map_or(Facts::All, Draft::asks_for);
        let session = Session::open(dir, &Lens { resting, facts, ..Lens::default() })?;
        let notices = session.notices.clone();
        Ok((Recorder::new(session, keys), notices))
    }

    /// Goes on from a session without a cut.
    pub fn new(session: Session, keys: KeyRing) -> Recorder {
        let batch = session.ledger.batch();
        Recorder {
            ledger: session.ledger,
            contact: session.contact,
            trial: session.trial,
            zone: session.zone,
            clock: session.opened.clock,
            keys,
            secrets: BTreeMap::new(),
            batch,
            values: BTreeMap::new(),
            lines: BTreeMap::new(),
            receipts: None,
            making: session.making,
            narrow: session.narrow,
        }
    }

    /// Everything known, with the entries made so far.
    pub fn trial(&self) -> &Trial {
        &self.trial
    }

    /// The end of the log with the entries made so far.
    pub fn tip(&self) -> &Tip {
        self.batch.tip()
    }

    /// The time zone of the trial.
    pub fn zone(&self) -> Zone {
        self.zone
    }

    /// The genesis.
    pub fn opened(&self) -> Option<&TrialOpened> {
        self.tip().opened()
    }

    /// The ledger, without the entries made so far.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Knows a secret by an alias, so that its file is not read.
    pub fn know(&mut self, alias: &str, secret: Secret) {
        self.secrets.insert(alias.to_owned(), secret);
    }

    /// Admits and signs a draft as the next entry, with all keys at hand; nothing is on disk yet. `line` is its line in a
    /// file of drafts.
    ///
    /// # Errors
    /// The event is refused, the signer may not sign it, or the key cannot be read; the recorder is as it was.
    pub fn record(&mut self, draft: &Draft, line: Option<usize>, signer: &str) -> Result<Recorded, CliError> {
        let mut cosigners = Vec::new();
        for cosigner in &draft.countersigners {
            cosigners.push((self.load(&cosigner.who)?, cosigner.meaning));
        }
        let admitted = self.admit(draft, signer, cosigners)?;
        let aliases = draft.countersigners.iter().map(|cosigner| &cosigner.who);
        let secrets: Vec<&Secret> =
            std::iter::once(&admitted.author).chain(aliases).map(|a| &self.secrets[a]).collect();
        let sealed = admitted.values.keys().cloned().collect();
        let seq = self.batch.sign(&self.ledger, admitted.entry, &secrets, admitted.at)?.seq;
        self.values.extend(admitted.values.into_iter().map(|(name, sealed)| (Place { seq, name }, sealed)));
        Ok(self.take(line, sealed))
    }

    /// Admits a draft and signs it as its author, to be signed by others: nothing is recorded.
    ///
    /// # Errors
    /// See [`Recorder::record`]; or nobody goes by the name of a cosigner.
    pub fn propose(&mut self, draft: &Draft, signer: &str) -> Result<Proposal, CliError> {
        if !draft.sealed.is_empty() {
            let message = "a proposal carries no sealed texts: they would travel with it";
            return Err(CliError::no(message).hint("let all sign at once, with --countersigner KEY"));
        }
        let roster = self.tip().roster();
        let key = |cosigner: &Cosigner| Ok((cosigner.key(roster, &self.keys)?, cosigner.meaning));
        let cosigners = draft.countersigners.iter().map(key).collect::<Result<Vec<_>, CliError>>()?;
        let admitted = self.admit(draft, signer, cosigners)?;
        let earlier = self.batch.earlier(&self.ledger);
        Ok(self.tip().propose(admitted.entry, &self.secrets[&admitted.author], admitted.at, &earlier)?)
    }

    /// Whether a proposal can still become the next entry: it follows the head, and it is admitted.
    ///
    /// # Errors
    /// It is of another ledger, or stale, or the event is refused, or a reader would find a fault even if all had signed.
    pub fn examine(&self, proposal: &Proposal) -> Result<Entry, CliError> {
        let body = proposal.body();
        if self.tip().genesis() != Some(body.ledger) {
            return Err(CliError::no(format!("the proposal is for the ledger {}, this is another", body.ledger))
                .hint("give --ledger DIR of the ledger for which it was made"));
        }
        if self.ledger.store().envelope(body.seq).as_ref() == Some(proposal.envelope()) {
            return Err(CliError::no(format!("the proposal is recorded already, as entry {}", body.seq)));
        }
        if (body.seq, body.prev) != (self.tip().next(), self.tip().head()) {
            let message = format!(
                "the proposal is stale: it follows entry {} ({}..), and the log has gone on to entry {}",
                body.seq.0.saturating_sub(1),
                &body.prev.to_string()[..16],
                self.tip().size().saturating_sub(1)
            );
            return Err(CliError::no(message).hint("look at what is new (trial log --last 5), then propose again"));
        }
        let entry = self.tip().examine(proposal, &self.batch.earlier(&self.ledger))?;
        self.admissible(&entry.event, entry.reason.as_ref(), entry.signer.key, entry.recorded_at)?;
        Ok(entry)
    }

    /// Takes a proposal that everybody has signed as the next entry; nothing is on disk yet.
    ///
    /// # Errors
    /// See [`Recorder::examine`]; or somebody has not signed.
    pub fn accept(&mut self, proposal: &Proposal) -> Result<Recorded, CliError> {
        self.examine(proposal)?;
        let missing: Vec<String> = proposal.missing().map(|signer| signer.name.to_string()).collect();
        if !missing.is_empty() {
            return Err(CliError::no(format!("not signed yet by {}", missing.join(", ")))
                .hint("each of them signs it: trial --key KEY proposal sign FILE"));
        }
        self.batch.accept(&self.ledger, proposal)?;
        Ok(self.take(None, proposal.body().sealed.keys().cloned().collect()))
    }

    /// Goes on behind the entry that was just made.
    fn take(&mut self, line: Option<usize>, sealed: Vec<Name>) -> Recorded {
        let entry = self.batch.last().expect("one was just made");
        let recorded = Recorded::of(entry, sealed);
        self.trial.apply(entry);
        if let Some(making) = &mut self.making {
            making.see(entry, &self.trial);
        }
        if let Some(line) = line {
            self.lines.insert(line, recorded.seq);
        }
        recorded
    }

    fn admit(
        &mut self,
        draft: &Draft,
        signer: &str,
        countersigners: Vec<(Key, Meaning)>,
    ) -> Result<Admitted, CliError> {
        let at = self.recorded_at(draft)?;
        let target =
            match draft.target_line {
                None => None,
                Some(target) => Some(self.lines.get(&target).copied().ok_or_else(|| {
                    CliError::no(format!("line {target} became no entry")).hint("mend that line first")
                })?),
            };
        let today = self.zone.day(at);
        let standing = Standing {
            target,
            entries: self.tip().size(),
            head: self.tip().head(),
            // Counting looks at every subject: only what cites the counts pays for it.
            levels: if draft.cites_counts() { Escalation::counts(&self.trial, today) } else { Vec::new() },
        };
        let event = draft.complete(&standing).map_err(|e| CliError::no(e.to_string()))?;
        let alias = draft.by.as_deref().unwrap_or(signer);
        let key = self.load(alias)?;
        self.authorised(key, alias, &event)?;
        if let Err(refused) = self.admissible(&event, draft.reason.as_ref(), key, at) {
            // What is refused is judged again by everything that is known, whose words stand.
            let narrow = self.narrow.take().ok_or(refused)?;
            self.trial = narrow.widened(&self.ledger)?;
            self.admissible(&event, draft.reason.as_ref(), key, at)?;
        }
        self.together(&event, key, &countersigners)?;
        if let Some(target) = target_of(&event)
            && !self.tip().countersignatures().is_empty()
            && let Some(current) = self.current(target)
        {
            // What several sign, several correct.
            self.together(&current, key, &countersigners)?;
        }
        let values = draft.seal().map_err(|e| CliError::unknown(e.to_string()))?;
        let sealed = values.iter().map(|(name, value)| (name.clone(), value.commitment())).collect();
        let entry = tip::Draft { reason: draft.reason.clone(), countersigners, sealed, ..tip::Draft::new(event) };
        Ok(Admitted { entry, author: alias.to_owned(), at: RecordedAt::new(at), values })
    }

    /// What cannot have happened is refused, and what could never be followed.
    fn admissible(&self, event: &Event, reason: Option<&Text>, author: Key, at: DateTime<Utc>) -> Result<(), CliError> {
        let admission = Admission { trial: &self.trial, today: self.zone.day(at), reason };
        admission.check(event)?;
        self.amends(&admission, event, author)?;
        self.leaves_enough(event)
    }

    /// A rule that nobody could follow would close the log for what it asks.
    fn leaves_enough(&self, event: &Event) -> Result<(), CliError> {
        let roster = self.tip().roster();
        if let Event::ProtocolActivated(e) = event {
            let people = roster.signers();
            let unmet = e.protocol.countersignatures.iter().find_map(|rule| rule.can_be_met(&people).err());
            if let Some(too_few) = unmet {
                return Err(CliError::no(format!("with this protocol, {too_few}"))
                    .hint("grant their keys first, then activate the protocol"));
            }
        }
        if let Event::KeyRevoked(e) = event {
            if let Some(since) = e.compromised_since.filter(|since| *since >= self.tip().next()) {
                let last = self.tip().size().saturating_sub(1);
                return Err(CliError::no(format!(
                    "compromised_since: entry {since} is not there: expected 0 to {last}"
                ))
                .hint("name the first entry that somebody else may have signed (trial log --by NAME)"));
            }
            let (now, then) = (roster.signers(), roster.without(e.key).signers());
            let could = self.tip().countersignatures().iter().filter(|rule| rule.can_be_met(&now).is_ok());
            if let Some(too_few) = could.filter_map(|rule| rule.can_be_met(&then).err()).next() {
                return Err(CliError::no(format!("without this key, {too_few}"))
                    .hint("grant a key to somebody else first, then revoke this one"));
            }
        }
        Ok(())
    }

    /// Says before the verifier would that more people must sign, and how they can.
    fn together(&self, event: &Event, author: Key, others: &[(Key, Meaning)]) -> Result<(), CliError> {
        let roster = self.tip().roster();
        let keys = [(author, Meaning::Authorship)].into_iter().chain(others.iter().copied());
        let signers: Vec<Signer> =
            keys.filter_map(|(key, meaning)| Some(roster.get(key)?.signer(key, meaning))).collect();
        if let Some(role) = countersigned_by(event.kind())
            && !signers.iter().skip(1).any(|other| other.role == role)
        {
            let message = format!("{} is signed by another person too, who is {role}: none would sign", event.kind());
            let hint = "trial amend redact SEQ NAME --reason R --countersigner KEY, where that key is at hand; else with \
                        --propose FILE, which they sign";
            return Err(CliError::no(message).hint(hint));
        }
        let unmet = asked(self.tip().countersignatures(), event).find(|rule| !rule.is_met(&signers));
        unmet.map_or(Ok(()), |rule| {
            let (kind, needed, counted) = (event.kind(), rule.needed, rule.counted(&signers));
            let message = format!("{kind} takes {needed} people, each {}: {counted} would sign", rule.roles());
            Err(CliError::no(message).hint(COSIGN))
        })
    }

    /// From now on each commit leaves a receipt of every entry.
    ///
    /// # Errors
    /// See [`Receipts::into_folder`].
    pub fn leave_receipts(&mut self, folder: &Path, log_key: &str) -> Result<(), CliError> {
        self.receipts = Some(Receipts::into_folder(folder, log_key, &self.keys, self.batch.tip())?);
        Ok(())
    }

    /// Puts everything made so far on disk: all or nothing. Remembers where the ledger ends now, and hands out what kept
    /// it from that: the entries stand all the same.
    ///
    /// # Errors
    /// The disk failed.
    pub fn commit(&mut self) -> Result<Vec<String>, CliError> {
        let first = self.ledger.tip().size();
        self.append()?;
        self.ledger.settle()?;
        let mut notices: Vec<String> = self.contact.moved(self.ledger.tip()).into_iter().collect();
        if let Some(making) = &mut self.making {
            making.renew(&self.ledger, self.contact.known());
        }
        if let Some(receipts) = &self.receipts {
            notices.extend(receipts.leave(&self.ledger, first)?);
        }
        Ok(notices)
    }

    /// Puts everything made so far on disk; the store has it, and it is remembered, only with the next
    /// [`Recorder::commit`].
    ///
    /// # Errors
    /// The disk failed.
    pub fn append(&mut self) -> Result<(), CliError> {
        self.ledger.append_batch(&mut self.batch, &self.values)?;
        self.values.clear();
        Ok(())
    }

    fn recorded_at(&self, draft: &Draft) -> Result<DateTime<Utc>, CliError> {
        let last = self.tip().recorded_at().map(RecordedAt::instant);
        match (self.clock, draft.recorded_at) {
            (Clock::System, Some(_)) => {
                Err(CliError::no("recorded_at is given: this ledger takes the time from the clock")
                    .hint("leave out recorded_at; only a ledger with a simulated clock takes it"))
            }
            (Clock::System, None) => {
                let now = clock::now()?;
                match last {
                    Some(last) if now < last => Err(CliError::unknown(format!(
                        "the clock of this machine runs behind: it says {}, the last entry was recorded at {}",
                        clock::stamp(now),
                        clock::stamp(last)
                    ))
                    .hint("set the clock, then repeat")),
                    Some(_) | None => Ok(now),
                }
            }
            (Clock::Simulated, Some(given)) => Ok(given.to_utc()),
            (Clock::Simulated, None) => last
                .map(|last| last + chrono::TimeDelta::seconds(1))
                .ok_or_else(|| CliError::usage("recorded_at is missing")),
        }
    }

    fn load(&mut self, alias: &str) -> Result<Key, CliError> {
        if let Some(secret) = self.secrets.get(alias) {
            return Ok(secret.key());
        }
        let secret = self.keys.read(alias)?;
        let key = secret.key();
        self.secrets.insert(alias.to_owned(), secret);
        Ok(key)
    }

    /// Says it in the words of the person at the keyboard, before the verifier would say it in its own.
    fn authorised(&self, key: Key, alias: &str, event: &Event) -> Result<(), CliError> {
        let Some(member) = self.tip().roster().get(key) else {
            let hint = format!("the sponsor grants it: trial key grant {alias} --name ... --role ...");
            return Err(CliError::no(format!("the key of {alias} ({key}) is not in the roster")).hint(hint));
        };
        let (role, kind) = (member.role, event.kind());
        if !may_sign(role, kind) {
            let roles: Vec<_> = trial_core::authority::roles(kind).iter().map(|r| r.as_str()).collect();
            return Err(CliError::no(format!("{alias} is {role} and may not sign {kind}"))
                .hint(format!("it is signed by: {}", roles.join(", "))));
        }
        Ok(())
    }

    /// Whether a correction, a voided entry or a redaction fits what it changes.
    fn amends(&self, admission: &Admission<'_>, event: &Event, key: Key) -> Result<(), CliError> {
        let target = match event {
            Event::EntryCorrected(e) => e.target,
            Event::EntryVoided(e) => e.target,
            Event::ValueRedacted(e) => return self.redacts(e),
            _ => return Ok(()),
        };
        let Some(current) = self.current(target) else {
            let last = self.tip().size().saturating_sub(1);
            return Err(CliError::no(format!("entry {target} is not there, or is voided: expected 0 to {last}"))
                .hint("trial log lists the entries"));
        };
        let role = self.tip().roster().get(key).map(|member| member.role);
        if role.is_some_and(|role| !may_sign(role, current.kind())) {
            let message = format!("who may not sign {} may not change it either (entry {target})", current.kind());
            return Err(CliError::no(message));
        }
        match event {
            Event::EntryCorrected(e) => admission.corrected(e, &current).map(|_| ())?,
            Event::EntryVoided(_) => admission.voided(target, &current)?,
            _ => {}
        }
        Ok(())
    }

    /// Whether there is a sealed value of this name, not redacted yet.
    fn redacts(&self, redacted: &ValueRedacted) -> Result<(), CliError> {
        let target = redacted.target;
        let Some(names) = self.ledger.sealed_names(target, &self.batch) else {
            let last = self.tip().size().saturating_sub(1);
            return Err(CliError::no(format!("entry {target} is not there: expected 0 to {last}"))
                .hint("trial log lists the entries"));
        };
        if !names.contains(&redacted.value) {
            let names: Vec<&str> = names.iter().map(Name::as_str).collect();
            let hint = if names.is_empty() { "it has none".to_owned() } else { format!("it has {}", names.join(", ")) };
            let message = format!("entry {target} has no sealed value named {}", redacted.value);
            return Err(CliError::no(message).hint(hint));
        }
        match self.tip().redactions().get(&Place::of(redacted)) {
            Some(earlier) => {
                Err(CliError::no(format!("{} was redacted at entry {}", Place::of(redacted), earlier.seq)))
            }
            None => Ok(()),
        }
    }

    /// What an entry states now; none where it is voided or not there, and for what only amends others.
    fn current(&self, target: Seq) -> Option<Event> {
        let current = self.tip().current(target, &self.batch.earlier(&self.ledger))?;
        target_of(&current).is_none().then_some(current)
    }
}

/// The entry that an amendment is about.
fn target_of(event: &Event) -> Option<Seq> {
    match event {
        Event::EntryCorrected(e) => Some(e.target),
        Event::EntryVoided(e) => Some(e.target),
        _ => None,
    }
}
