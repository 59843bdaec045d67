//! Admission: what cannot have happened is refused before it is signed.
//!
//! Promises that a refusal names what it contradicts, and that history is never refused for breaking the protocol: a
//! departure needs a reason or is flagged on reading. Does not check signatures, roles or the chain; the verifier does.

mod conduct;
mod subject;
mod treatment;
mod values;

use crate::{
    event::{EntryCorrected, Event, EventKind},
    ids::{Seq, SubjectId},
    projection::{Subject, Trial},
    protocol::Protocol,
    text::Text,
};
use chrono::NaiveDate;
use std::fmt;

/// Why a draft is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong.
    pub message: String,
    /// The entry that it contradicts, if there is one.
    pub contradicts: Option<Seq>,
    /// What to do.
    pub hint: Option<String>,
}

impl Refusal {
    fn new(message: impl Into<String>) -> Refusal {
        Refusal { message: message.into(), contradicts: None, hint: None }
    }

    fn contradicts(mut self, seq: Seq) -> Refusal {
        self.contradicts = Some(seq);
        self
    }

    fn hint(mut self, hint: impl Into<String>) -> Refusal {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match self.contradicts {
            Some(seq) => write!(f, " (entry {seq})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Refusal {}

type Admitted = Result<(), Refusal>;

/// What a draft is admitted against.
#[derive(Debug, Clone, Copy)]
pub struct Admission<'a> {
    /// Everything known so far.
    pub trial: &'a Trial,
    /// The day of recording, in the trial's zone.
    pub today: NaiveDate,
    /// The reason given with the draft, if any.
    pub reason: Option<&'a Text>,
}

/// Whether an event of this kind is admitted by what is known of the trial itself and, where it is about a subject, of that
/// one: then the facts of all others need not be there. A refusal may say less then, since it cannot name another subject.
pub fn looks_at_own_subject_alone(kind: EventKind) -> bool {
    match kind {
        EventKind::ConsentGiven
        | EventKind::SubjectScreened
        | EventKind::ScreenFailed
        | EventKind::SubjectWithdrawn
        | EventKind::DoseTaken
        | EventKind::DoseMissed
        | EventKind::DosingChanged
        | EventKind::RadiotherapyPlanned
        | EventKind::FractionDelivered
        | EventKind::FractionMissed
        | EventKind::AdverseEventReported
        | EventKind::AdverseEventUpdated
        | EventKind::SeriousEventReported
        | EventKind::DltRuled
        | EventKind::DeathRecorded
        | EventKind::TumourAssessed
        | EventKind::ProgressionRecorded
        | EventKind::FollowedUp
        | EventKind::LaboratoryMeasured
        | EventKind::SignedOff => true,
        EventKind::ProtocolActivated
        | EventKind::SiteActivated
        | EventKind::DictionaryAdopted
        | EventKind::KeyGranted
        | EventKind::KeyRevoked
        | EventKind::CheckpointWitnessed
        | EventKind::DeviationRecorded => true,
        // Whoever is enrolled or counts takes a place beside others; an amendment is about any entry.
        EventKind::TrialOpened
        | EventKind::SubjectEnrolled
        | EventKind::EvaluabilityRuled
        | EventKind::EscalationDecided
        | EventKind::MtdDeclared
        | EventKind::EntryCorrected
        | EventKind::EntryVoided
        | EventKind::ValueRedacted => false,
    }
}

impl Admission<'_> {
    /// Whether the event can have happened, given everything known so far.
    ///
    /// # Errors
    /// The first contradiction found.
    pub fn check(&self, event: &Event) -> Admitted {
        if event.kind().needs_reason() && self.reason.is_none() {
            return Err(Refusal::new(format!("{} needs a reason", event.kind())).hint("add --reason \"...\""));
        }
        self.times(event)?;
        if let Some(id) = event.subject() {
            self.subject_known(event, id)?;
        }
        self.facts(event)
    }

    fn facts(&self, event: &Event) -> Admitted {
        match event {
            Event::TrialOpened(_) => Err(Refusal::new("the trial is open already").contradicts(Seq(0))),
            Event::ProtocolActivated(e) => self.protocol_activated(e),
            Event::SiteActivated(e) => self.site_activated(e),
            Event::DictionaryAdopted(e) => self.dictionary_adopted(e),
            // The roster belongs to the verifier, which checks keys as of each position.
            Event::KeyGranted(_) | Event::KeyRevoked(_) | Event::CheckpointWitnessed(_) => Ok(()),
            Event::ConsentGiven(e) => self.consent_given(e),
            Event::SubjectScreened(e) => self.subject_screened(e),
            Event::SubjectEnrolled(e) => self.subject_enrolled(e),
            Event::ScreenFailed(e) => self.screen_failed(e),
            Event::SubjectWithdrawn(_) => Ok(()),
            Event::EvaluabilityRuled(e) => self.evaluability_ruled(e),
            Event::DoseTaken(e) => self.dose_taken(e),
            Event::DoseMissed(e) => self.dose_missed(e),
            Event::DosingChanged(e) => self.dosing_changed(e),
            Event::RadiotherapyPlanned(e) => self.radiotherapy_planned(e),
            Event::FractionDelivered(e) => self.fraction_delivered(e),
            Event::FractionMissed(e) => self.fraction_missed(e),
            Event::AdverseEventReported(e) => self.adverse_event_reported(e),
            Event::AdverseEventUpdated(e) => self.adverse_event_updated(e),
            Event::SeriousEventReported(e) => self.serious_event_reported(e),
            Event::DltRuled(e) => self.dlt_ruled(e),
            Event::DeathRecorded(e) => self.death_recorded(e),
            Event::TumourAssessed(e) => self.tumour_assessed(e),
            Event::ProgressionRecorded(_) | Event::FollowedUp(_) | Event::LaboratoryMeasured(_) => Ok(()),
            Event::EscalationDecided(e) => self.escalation_decided(e),
            Event::MtdDeclared(e) => self.mtd_declared(e),
            Event::DeviationRecorded(_) => Ok(()),
            Event::SignedOff(e) => self.signed_off(e),
            // What a correction does needs its target: see `corrected`.
            Event::EntryCorrected(_) | Event::EntryVoided(_) | Event::ValueRedacted(_) => Ok(()),
        }
    }

    /// Whether a correction leaves an event that can have happened: `target` is the entry's current event.
    ///
    /// # Errors
    /// When the correction does not apply, or the corrected event contradicts the dictionary or the protocol.
    pub fn corrected(&self, correction: &EntryCorrected, target: &Event) -> Result<Event, Refusal> {
        let at = |refusal: Refusal| refusal.contradicts(correction.target);
        let event = correction.apply_to(target).map_err(|e| {
            at(Refusal::new(format!("{} cannot be corrected: {e}", correction.field)))
                .hint("look at its current values: trial show SEQ")
        })?;
        if event.occurred().is_some_and(|moment| moment.day() > self.today) {
            return Err(at(Refusal::new(format!("the corrected event would occur after today, {}", self.today))));
        }
        // The corrected event is judged against everything else that is known.
        let mut without = self.trial.clone();
        without.withdraw(correction.target);
        let others = Admission { trial: &without, ..*self };
        if let Some(id) = event.subject() {
            others.subject_known(&event, id).map_err(at)?;
        }
        others.facts(&event).map_err(at)?;
        Ok(event)
    }

    /// Whether an entry may be voided: `target` is its current event.
    ///
    /// # Errors
    /// When its type is not correctable, or later facts of the subject rest on it.
    pub fn voided(&self, seq: Seq, target: &Event) -> Admitted {
        if !target.kind().is_correctable() {
            return Err(Refusal::new(format!("{} cannot be voided: it is answered by a new event", target.kind()))
                .contradicts(seq));
        }
        let Some(id) = target.subject() else { return Ok(()) };
        let Some(subject) = self.trial.subjects.get(id) else { return Ok(()) };
        let rests = match target.kind() {
            EventKind::ConsentGiven => subject.consents.len() == 1 && !subject.screenings.is_empty(),
            EventKind::SubjectEnrolled => self.trial.first_treatment(id).is_some(),
            _ => false,
        };
        if rests {
            let message = format!("other facts of {id} rest on its {}", target.kind());
            return Err(Refusal::new(message).contradicts(seq).hint("correct it, or void those first"));
        }
        Ok(())
    }

    fn times(&self, event: &Event) -> Admitted {
        let Some(day) = event.occurred().map(|moment| moment.day()) else { return Ok(()) };
        if day > self.today {
            let message = format!("{} on {day} has not happened yet: today is {}", event.kind(), self.today);
            return Err(Refusal::new(message).hint("record it when it has happened"));
        }
        let Some(protocol) = self.trial.conduct.protocol() else { return Ok(()) };
        let consent = event.subject().and_then(|id| self.trial.subjects.get(id)).and_then(|s| s.consents.first());
        let possible = consent.map_or(day, |(_, consent)| consent.day.max(day));
        let late = (self.today - possible).num_days();
        if late > i64::from(protocol.late_entry_days) && self.reason.is_none() {
            let limit = protocol.late_entry_days;
            let message =
                format!("{} on {day} is recorded {late} days late: more than {limit} need a reason", event.kind());
            return Err(Refusal::new(message).hint("add --reason \"...\""));
        }
        Ok(())
    }

    /// The subject must have consented, before this and at this trial; the dead and the withdrawn have no new facts.
    fn subject_known(&self, event: &Event, id: &SubjectId) -> Admitted {
        let (kind, subject) = (event.kind(), self.trial.subjects.get(id));
        let day = event.occurred().map(|moment| moment.day());
        let before_consent = matches!(kind, EventKind::TumourAssessed | EventKind::LaboratoryMeasured);
        if kind != EventKind::ConsentGiven {
            let Some((seq, consent)) = subject.and_then(|s| s.consents.first()) else {
                let first = format!("record the consent first: trial append consent-given --subject {id} ...");
                let hint = match self.trial.subjects.nearest(id.as_str()) {
                    Some(near) => format!("did you mean {near}? Otherwise {first}"),
                    None => first,
                };
                return Err(Refusal::new(format!("{id} is not known: no consent is recorded")).hint(hint));
            };
            if let Some(day) = day.filter(|day| !before_consent && *day < consent.day) {
                let message = format!("{kind} on {day} lies before the consent of {id} on {}", consent.day);
                return Err(Refusal::new(message).contradicts(seq));
            }
        }
        self.alive(kind, id, day)?;
        subject.map_or(Ok(()), |subject| withdrawn(kind, id, subject, day))
    }

    fn alive(&self, kind: EventKind, id: &SubjectId, day: Option<NaiveDate>) -> Admitted {
        let Some((seq, death)) = self.trial.follow_up.of(id).and_then(|f| f.death()) else { return Ok(()) };
        let told_of_the_dead = matches!(
            kind,
            EventKind::DltRuled | EventKind::EvaluabilityRuled | EventKind::SignedOff | EventKind::DeviationRecorded
        );
        if kind == EventKind::DeathRecorded {
            return Err(Refusal::new(format!("the death of {id} is recorded already")).contradicts(seq));
        }
        if !told_of_the_dead && day.is_some_and(|day| day > death.day) {
            let message = format!("{kind} lies after the death of {id} on {}", death.day);
            return Err(Refusal::new(message).contradicts(seq));
        }
        Ok(())
    }

    fn protocol(&self) -> Result<&Protocol, Refusal> {
        self.trial.conduct.protocol().ok_or_else(|| {
            Refusal::new("no protocol is in force").hint("activate one first: trial append protocol-activated ...")
        })
    }

    fn subject(&self, id: &SubjectId) -> Result<&Subject, Refusal> {
        self.trial.subjects.get(id).ok_or_else(|| Refusal::new(format!("{id} is not known")))
    }
}

fn withdrawn(kind: EventKind, id: &SubjectId, subject: &Subject, day: Option<NaiveDate>) -> Admitted {
    use crate::event::Withdrawal;
    let consent = subject.withdrawals.iter().find(|(_, (_, from))| *from == Withdrawal::Consent);
    let Some((seq, (since, _))) = consent else { return Ok(()) };
    let allowed = matches!(
        kind,
        EventKind::DeathRecorded
            | EventKind::DltRuled
            | EventKind::EvaluabilityRuled
            | EventKind::SignedOff
            | EventKind::DeviationRecorded
            | EventKind::ConsentGiven
    );
    if !allowed && day.is_some_and(|day| day > *since) {
        let message = format!("{id} withdrew consent on {since}: no later facts are collected");
        return Err(Refusal::new(message).contradicts(seq));
    }
    Ok(())
}
