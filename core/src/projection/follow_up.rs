//! Follow-up: contacts, progression, death and laboratory values, by subject.

use super::Projection;
use crate::{
    encoded,
    entry::{Change, Entry},
    event::{DeathCause, Event, ProgressionBasis, VitalStatus},
    ids::{Name, Seq, SubjectId},
    quantity::Decimal,
    relation::Relation,
    shared::Shared,
    stated::Stated,
    text::Text,
};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Follow-up of all subjects.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FollowUp {
    pub(super) by_subject: BTreeMap<SubjectId, Survivorship>,
    #[serde(skip)]
    tests: Shared<Name>,
    #[serde(skip)]
    units: Shared<Text>,
}

/// One subject's follow-up.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Survivorship {
    /// Contacts.
    #[serde(with = "encoded::dated")]
    pub contacts: Stated<(NaiveDate, VitalStatus)>,
    /// Progressions in the investigator's judgement.
    #[serde(with = "encoded::dated")]
    pub progressions: Stated<(NaiveDate, ProgressionBasis)>,
    /// Death.
    pub deaths: Stated<Death>,
    /// Laboratory values.
    pub laboratory: Stated<LaboratoryValue>,
}

/// A death.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Death {
    /// The day.
    #[serde(with = "encoded::day")]
    pub day: NaiveDate,
    /// The cause.
    pub cause: DeathCause,
    /// Relation to the protocol treatment.
    pub relation: Relation,
}

/// A laboratory value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LaboratoryValue {
    /// The day of the sample.
    #[serde(with = "encoded::day")]
    pub day: NaiveDate,
    /// What was measured.
    pub test: Name,
    /// The value.
    pub value: Decimal,
    /// Its unit.
    pub unit: Text,
}

impl FollowUp {
    /// One subject's follow-up.
    pub fn of(&self, subject: &SubjectId) -> Option<&Survivorship> {
        self.by_subject.get(subject)
    }

    fn at(&mut self, subject: &SubjectId) -> &mut Survivorship {
        if !self.by_subject.contains_key(subject) {
            self.by_subject.insert(subject.clone(), Survivorship::default());
        }
        self.by_subject.get_mut(subject).expect("just inserted")
    }

    fn set(&mut self, seq: Seq, event: &Event) {
        if let Event::FollowedUp(e) = event {
            self.at(&e.subject).contacts.set(seq, (e.occurred_at.day(), e.status));
        } else if let Event::ProgressionRecorded(e) = event {
            self.at(&e.subject).progressions.set(seq, (e.occurred_at.day(), e.basis));
        } else if let Event::DeathRecorded(e) = event {
            let death = Death { day: e.occurred_at.day(), cause: e.cause, relation: e.relation };
            self.at(&e.subject).deaths.set(seq, death);
        } else if let Event::LaboratoryMeasured(e) = event {
            let value = LaboratoryValue {
                day: e.occurred_at.day(),
                test: self.tests.of(&e.test),
                value: e.value,
                unit: self.units.of(&e.unit),
            };
            self.at(&e.subject).laboratory.set(seq, value);
        }
    }
}

impl Survivorship {
    /// Whether nothing is stated any more.
    fn is_empty(&self) -> bool {
        let alive = self.contacts.is_empty() && self.laboratory.is_empty();
        alive && self.progressions.is_empty() && self.deaths.is_empty()
    }

    /// The death with its entry.
    pub fn death(&self) -> Option<(Seq, &Death)> {
        self.deaths.first()
    }

    /// The last day on which the subject was known to be alive by a contact.
    pub fn last_contact(&self) -> Option<NaiveDate> {
        self.contacts.facts().filter(|(_, status)| *status == VitalStatus::Alive).map(|(day, _)| *day).max()
    }
}

impl Projection for FollowUp {
    fn apply(&mut self, entry: &Entry) {
        self.change(entry.change());
    }
}

impl FollowUp {
    /// One step of what is known.
    pub(crate) fn change(&mut self, change: Change<'_>) {
        match change {
            Change::Set(seq, event) => self.set(seq, event),
            Change::Unset(seq, whose) => {
                whose.retain(&mut self.by_subject, |survivorship| {
                    survivorship.contacts.unset(seq);
                    survivorship.progressions.unset(seq);
                    survivorship.deaths.unset(seq);
                    survivorship.laboratory.unset(seq);
                    !survivorship.is_empty()
                });
            }
        }
    }
}
