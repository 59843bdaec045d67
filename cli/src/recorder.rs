//! The recorder: drafts become entries. Each is admitted, signed, and checked as a reader will check it.

use crate::{
    clock::{self, Zone},
    contact::Contact,
    draft::{Draft, Standing},
    error::CliError,
    keys::KeyRing,
    session::{Lens, Session},
};
use chrono::{DateTime, Utc};
use std::{collections::BTreeMap, path::Path};
use trial_core::{
    admission::Admission,
    authority::may_sign,
    entry::{Effect, Entry},
    event::{Clock, Event, EventKind, TrialOpened},
    ids::{Key, Seq},
    projection::{Projection as _, Trial},
    view::escalation::Escalation,
};
use trial_ledger::{
    body::RecordedAt,
    check::Verified,
    key::Secret,
    ledger::Ledger,
    tip::{self, Tip},
};

/// Makes entries at the end of a ledger, and appends them all or none.
pub struct Recorder {
    ledger: Ledger,
    contact: Contact,
    trial: Trial,
    zone: Zone,
    clock: Clock,
    keys: KeyRing,
    secrets: BTreeMap<String, Secret>,
    tip: Tip,
    made: Vec<Verified>,
    lines: BTreeMap<usize, Seq>,
}

/// What became of a draft.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Its place.
    pub seq: Seq,
    /// Its type.
    pub kind: EventKind,
    /// The subject, if it is about one.
    pub subject: Option<String>,
}

impl Recorder {
    /// Opens a ledger to append to it.
    ///
    /// # Errors
    /// See [`Session::open`].
    pub fn open(dir: &Path, keys: KeyRing) -> Result<(Recorder, Vec<String>), CliError> {
        let session = Session::open(dir, &Lens::default())?;
        let notices = session.notices.clone();
        Ok((Recorder::new(session, keys), notices))
    }

    /// Goes on from a session without a cut.
    pub fn new(session: Session, keys: KeyRing) -> Recorder {
        let tip = session.ledger.tip().clone();
        Recorder {
            ledger: session.ledger,
            contact: session.contact,
            trial: session.trial,
            zone: session.zone,
            clock: session.opened.clock,
            keys,
            secrets: BTreeMap::new(),
            tip,
            made: Vec::new(),
            lines: BTreeMap::new(),
        }
    }

    /// Everything known, with the entries made so far.
    pub fn trial(&self) -> &Trial {
        &self.trial
    }

    /// The end of the log with the entries made so far.
    pub fn tip(&self) -> &Tip {
        &self.tip
    }

    /// The genesis.
    pub fn opened(&self) -> Option<&TrialOpened> {
        self.tip.opened()
    }

    /// The ledger, without the entries made so far.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Knows a secret by an alias, so that its file is not read.
    pub fn know(&mut self, alias: &str, secret: Secret) {
        self.secrets.insert(alias.to_owned(), secret);
    }

    /// Admits and signs a draft as the next entry; nothing is on disk yet. `line` is its line in a file of drafts.
    ///
    /// # Errors
    /// The event is refused, the signer may not sign it, or the key cannot be read; the recorder is as it was.
    pub fn record(&mut self, draft: &Draft, line: Option<usize>, signer: &str) -> Result<Recorded, CliError> {
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
            entries: self.tip.size(),
            head: self.tip.head(),
            // Counting looks at every subject: only what cites the counts pays for it.
            levels: if draft.cites_counts() { Escalation::counts(&self.trial, today) } else { Vec::new() },
        };
        let event = draft.complete(&standing).map_err(|e| CliError::no(e.to_string()))?;
        let alias = draft.by.as_deref().unwrap_or(signer);
        self.load(alias)?;
        let key = self.secrets[alias].key();
        self.authorised(key, alias, &event)?;
        let admission = Admission { trial: &self.trial, today, reason: draft.reason.as_ref() };
        admission.check(&event)?;
        self.amends(&admission, &event, key)?;
        self.sign(event, draft, alias, at, line)
    }

    fn sign(
        &mut self,
        event: Event,
        draft: &Draft,
        alias: &str,
        at: DateTime<Utc>,
        line: Option<usize>,
    ) -> Result<Recorded, CliError> {
        let recorded = Recorded {
            seq: self.tip.next(),
            kind: event.kind(),
            subject: event.subject().map(|subject| subject.to_string()),
        };
        let entry = tip::Draft { reason: draft.reason.clone(), ..tip::Draft::new(event) };
        let earlier = self.ledger.earlier(&self.made);
        let verified = self.tip.sign(entry, &[&self.secrets[alias]], RecordedAt::new(at), &earlier)?;
        self.trial.apply(verified.entry());
        self.made.push(verified);
        if let Some(line) = line {
            self.lines.insert(line, recorded.seq);
        }
        Ok(recorded)
    }

    /// Puts everything made so far on disk: all or nothing. Remembers where the ledger ends now, and hands out what kept
    /// it from that: the entries stand all the same.
    ///
    /// # Errors
    /// The disk failed.
    pub fn commit(&mut self) -> Result<Vec<String>, CliError> {
        self.append()?;
        Ok(self.contact.moved(self.ledger.tip()).into_iter().collect())
    }

    /// Puts everything made so far on disk, and remembers it only with the next [`Recorder::commit`].
    ///
    /// # Errors
    /// The disk failed.
    pub fn append(&mut self) -> Result<(), CliError> {
        self.ledger.append(&self.made)?;
        self.made.clear();
        Ok(())
    }

    fn recorded_at(&self, draft: &Draft) -> Result<DateTime<Utc>, CliError> {
        let last = self.tip.recorded_at().map(RecordedAt::instant);
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

    fn load(&mut self, alias: &str) -> Result<(), CliError> {
        if !self.secrets.contains_key(alias) {
            let secret = self.keys.read(alias)?;
            self.secrets.insert(alias.to_owned(), secret);
        }
        Ok(())
    }

    /// Says it in the words of the person at the keyboard, before the verifier would say it in its own.
    fn authorised(&self, key: Key, alias: &str, event: &Event) -> Result<(), CliError> {
        let Some(member) = self.tip.roster().get(key) else {
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
            Event::ValueRedacted(e) => {
                return Err(CliError::no(format!("entry {} has no sealed value named {}", e.target, e.value)));
            }
            _ => return Ok(()),
        };
        let Some(current) = self.current(target)? else {
            let last = self.tip.size().saturating_sub(1);
            return Err(CliError::no(format!("entry {target} is not there, or is voided: expected 0 to {last}"))
                .hint("trial log lists the entries"));
        };
        let role = self.tip.roster().get(key).map(|member| member.role);
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

    /// What an entry states now; none where it is voided or not there.
    fn current(&self, target: Seq) -> Result<Option<Event>, CliError> {
        let mut current = None;
        for verified in self.ledger.entries() {
            follow(&mut current, target, verified?.entry());
        }
        for verified in &self.made {
            follow(&mut current, target, verified.entry());
        }
        Ok(current)
    }
}

fn follow(current: &mut Option<Event>, target: Seq, entry: &Entry) {
    match &entry.effect {
        Effect::States if entry.seq == target => *current = Some(entry.event.clone()),
        Effect::Revises { target: revised, event } if *revised == target => *current = Some((**event).clone()),
        Effect::Voids { target: voided } if *voided == target => *current = None,
        Effect::States | Effect::Revises { .. } | Effect::Voids { .. } | Effect::Withheld => {}
    }
}
