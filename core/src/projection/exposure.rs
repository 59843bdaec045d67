//! Exposure: every intake of every drug, by subject.

use super::Projection;
use crate::{
    encoded,
    entry::{Change, Effect, Entry, Whose},
    event::{Cause, DoseTaken, DosingChange, Event},
    few::Few,
    ids::{Name, Seq, SubjectId},
    quantity::{Decimal, Mass},
    shared::Shared,
    stated::Stated,
};
use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, num::NonZeroI32};

/// Drug exposure of all subjects.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Exposure {
    pub(super) by_subject: BTreeMap<SubjectId, Few<Name, Agent>>,
    #[serde(skip)]
    names: Shared<Name>,
}

/// One subject's exposure to one drug.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Agent {
    /// Intakes.
    pub doses: Stated<Dose>,
    /// Intakes that did not happen, by the day they were due.
    #[serde(with = "encoded::dated")]
    pub missed: Stated<(NaiveDate, Cause)>,
    /// Changes of dosing.
    pub changes: Stated<Dosing>,
}

/// One intake, kept small: a trial can have millions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Dose {
    /// The day.
    #[serde(with = "encoded::day")]
    pub day: NaiveDate,
    /// Seconds from midnight (UTC) of that day, where the instant is known: less than two days either way.
    since_midnight: Option<NonZeroI32>,
    /// The amount in milligrams.
    pub milligrams: Decimal,
}

/// One change of dosing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Dosing {
    /// The day.
    #[serde(with = "encoded::day")]
    pub day: NaiveDate,
    /// What changed.
    pub change: DosingChange,
    /// The dose from now on, where it is reduced.
    pub dose: Option<Mass>,
    /// Why.
    pub cause: Cause,
}

impl Dose {
    fn new(taken: &DoseTaken) -> Dose {
        let day = taken.occurred_at.day();
        let seconds = taken.occurred_at.instant().map(|instant| instant.timestamp() - midnight(day));
        // One more, so that zero is left for what is not known.
        let since_midnight = seconds.and_then(|s| NonZeroI32::new(if s < 0 { s } else { s + 1 } as i32));
        Dose { day, since_midnight, milligrams: taken.dose.value }
    }

    /// Seconds since 1970 (UTC), where the instant is known.
    pub fn second(&self) -> Option<i64> {
        let since_midnight = i64::from(self.since_midnight?.get());
        Some(midnight(self.day) + if since_midnight < 0 { since_midnight } else { since_midnight - 1 })
    }
}

fn midnight(day: NaiveDate) -> i64 {
    day.and_time(NaiveTime::MIN).and_utc().timestamp()
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
        // A look-up in front of the entry API: a million doses must not clone a million names.
        if !self.by_subject.contains_key(subject) {
            self.by_subject.insert(subject.clone(), Few::new());
        }
        let agents = self.by_subject.get_mut(subject).expect("just inserted");
        agents.at(agent, || self.names.of(agent))
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
        if let Effect::Revises { target, event } = &entry.effect {
            // A correction may name another drug: nothing stays under the old one.
            self.change(Change::Unset(*target, Whose::of(event.subject())));
        }
        self.change(entry.change());
    }
}

impl Exposure {
    /// One step of what is known.
    pub(crate) fn change(&mut self, change: Change<'_>) {
        match change {
            Change::Set(seq, event) => self.set(seq, event),
            Change::Unset(seq, whose) => {
                whose.retain(&mut self.by_subject, |agents| {
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
            self.at(&e.subject, &e.agent).doses.set(seq, Dose::new(e));
        } else if let Event::DoseMissed(e) = event {
            self.at(&e.subject, &e.agent).missed.set(seq, (e.occurred_at.day(), e.cause));
        } else if let Event::DosingChanged(e) = event {
            let dosing = Dosing { day: e.occurred_at.day(), change: e.change, dose: e.dose, cause: e.cause };
            self.at(&e.subject, &e.agent).changes.set(seq, dosing);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dose_is_small_and_keeps_its_second_at_any_offset() {
        assert_eq!(size_of::<(Seq, Dose)>(), 24, "a trial has millions of them");
        for at in [
            "2016-10-17T00:00:00+00:00",
            "2016-10-17T00:00:00+14:00",
            "2016-10-17T23:59:59-12:00",
            "2016-10-17T23:59:59-23:59",
            "1900-01-01T00:00:01+23:59",
            "2999-12-31T23:59:59-23:59",
            "2016-10-17",
        ] {
            let facts = serde_json::json!({
                "subject": "S-1", "agent": "a", "occurred_at": at, "dose": {"value": "2.50", "unit": "mg"}
            });
            let taken: DoseTaken = serde_json::from_value(facts).unwrap();
            let dose = Dose::new(&taken);
            assert_eq!(dose.second(), taken.occurred_at.instant().map(|instant| instant.timestamp()), "{at}");
            assert_eq!((dose.day, dose.milligrams), (taken.occurred_at.day(), taken.dose.value));
        }
    }
}
