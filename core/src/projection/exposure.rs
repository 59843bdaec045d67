//! Exposure: every intake of every drug, by subject.

use super::Projection;
use crate::{
    entry::{Change, Effect, Entry},
    event::{Cause, DosingChange, Event},
    ids::{Name, Seq, SubjectId},
    quantity::{Decimal, Mass},
    stated::Stated,
};
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::BTreeMap;

/// Drug exposure of all subjects.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Exposure {
    by_subject: BTreeMap<SubjectId, BTreeMap<Name, Agent>>,
}

/// One subject's exposure to one drug.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Agent {
    /// Intakes.
    pub doses: Stated<Dose>,
    /// Intakes that did not happen, by the day they were due.
    pub missed: Stated<(NaiveDate, Cause)>,
    /// Changes of dosing.
    pub changes: Stated<Dosing>,
}

/// One intake, kept small: a trial can have millions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dose {
    /// The day.
    pub day: NaiveDate,
    /// Seconds since 1970 (UTC), where the instant is known.
    pub second: Option<i64>,
    /// The amount in milligrams.
    pub milligrams: Decimal,
}

/// One change of dosing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dosing {
    /// The day.
    pub day: NaiveDate,
    /// What changed.
    pub change: DosingChange,
    /// The dose from now on, where it is reduced.
    pub dose: Option<Mass>,
    /// Why.
    pub cause: Cause,
}

impl Exposure {
    /// One subject's drugs.
    pub fn of(&self, subject: &SubjectId) -> impl Iterator<Item = (&Name, &Agent)> {
        self.by_subject.get(subject).into_iter().flatten()
    }

    /// One subject's exposure to one drug.
    pub fn agent(&self, subject: &SubjectId, agent: &Name) -> Option<&Agent> {
        self.by_subject.get(subject)?.get(agent)
    }

    fn at(&mut self, subject: &SubjectId, agent: &Name) -> &mut Agent {
        // Two look-ups instead of the entry API: a million doses must not clone a million names.
        if !self.by_subject.get(subject).is_some_and(|agents| agents.contains_key(agent)) {
            self.by_subject.entry(subject.clone()).or_default().entry(agent.clone()).or_default();
        }
        self.by_subject.get_mut(subject).and_then(|agents| agents.get_mut(agent)).expect("just inserted")
    }
}

impl Agent {
    /// Whether nothing is stated any more.
    fn is_empty(&self) -> bool {
        self.doses.is_empty() && self.missed.is_empty() && self.changes.is_empty()
    }

    /// The last day on which a dose was taken.
    pub fn last_day(&self) -> Option<NaiveDate> {
        self.doses.facts().map(|d| d.day).max()
    }

    /// The first day on which a dose was taken.
    pub fn first_day(&self) -> Option<NaiveDate> {
        self.doses.facts().map(|d| d.day).min()
    }

    /// The day on which dosing ended for good, if it was recorded: stopped or completed and not resumed later.
    pub fn ended(&self) -> Option<NaiveDate> {
        let last = self.changes.facts().max_by_key(|c| c.day)?;
        matches!(last.change, DosingChange::Stopped | DosingChange::Completed).then_some(last.day)
    }
}

impl Projection for Exposure {
    fn apply(&mut self, entry: &Entry) {
        if let Effect::Revises { target, .. } = &entry.effect {
            // A correction may name another drug: nothing stays under the old one.
            self.change(Change::Unset(*target));
        }
        self.change(entry.change());
    }
}

impl Exposure {
    /// One step of what is known.
    pub(crate) fn change(&mut self, change: Change<'_>) {
        match change {
            Change::Set(seq, event) => self.set(seq, event),
            Change::Unset(seq) => {
                self.by_subject.retain(|_, agents| {
                    agents.retain(|_, agent| {
                        agent.doses.unset(seq);
                        agent.missed.unset(seq);
                        agent.changes.unset(seq);
                        !agent.is_empty()
                    });
                    !agents.is_empty()
                });
            }
        }
    }
}

impl Exposure {
    fn set(&mut self, seq: Seq, event: &Event) {
        if let Event::DoseTaken(e) = event {
            let second = e.occurred_at.instant().map(|i: DateTime<Utc>| i.timestamp());
            let dose = Dose { day: e.occurred_at.day(), second, milligrams: e.dose.value };
            self.at(&e.subject, &e.agent).doses.set(seq, dose);
        } else if let Event::DoseMissed(e) = event {
            self.at(&e.subject, &e.agent).missed.set(seq, (e.occurred_at.day(), e.cause));
        } else if let Event::DosingChanged(e) = event {
            let dosing = Dosing { day: e.occurred_at.day(), change: e.change, dose: e.dose, cause: e.cause };
            self.at(&e.subject, &e.agent).changes.set(seq, dosing);
        }
    }
}
