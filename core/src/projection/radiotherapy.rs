//! Radiotherapy: plans and every fraction, by subject.

use super::Projection;
use crate::{
    encoded,
    entry::{Change, Entry},
    event::{Cause, Event},
    few::Few,
    ids::{Name, Seq, SubjectId},
    quantity::AbsorbedDose,
    shared::Shared,
    stated::Stated,
};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Radiotherapy of all subjects.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Radiotherapy {
    pub(super) by_subject: BTreeMap<SubjectId, Course>,
    #[serde(skip)]
    names: Shared<Name>,
}

/// One subject's course of radiotherapy.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Course {
    /// Plans: a later one is a re-plan.
    pub plans: Stated<Plan>,
    /// Fractions delivered.
    pub fractions: Stated<Fraction>,
    /// Fractions missed: the plan, the day and why.
    pub missed: Stated<(Name, NaiveDate, Cause)>,
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Its name.
    pub name: Name,
    /// The day of approval.
    #[serde(with = "encoded::day")]
    pub day: NaiveDate,
    /// Prescribed dose in all fractions together.
    pub prescription: AbsorbedDose,
    /// Number of fractions.
    pub fractions: u8,
    /// Mean dose to each organ at risk.
    pub mean_doses: Few<Name, AbsorbedDose>,
}

/// A fraction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fraction {
    /// The plan.
    pub plan: Name,
    /// Its number.
    pub number: u8,
    /// The day.
    #[serde(with = "encoded::day")]
    pub day: NaiveDate,
    /// The dose delivered.
    pub dose: AbsorbedDose,
}

impl Radiotherapy {
    /// One subject's course.
    pub fn of(&self, subject: &SubjectId) -> Option<&Course> {
        self.by_subject.get(subject)
    }

    fn at(&mut self, subject: &SubjectId) -> &mut Course {
        if !self.by_subject.contains_key(subject) {
            self.by_subject.insert(subject.clone(), Course::default());
        }
        self.by_subject.get_mut(subject).expect("just inserted")
    }

    fn set(&mut self, seq: Seq, event: &Event) {
        if let Event::RadiotherapyPlanned(e) = event {
            let plan = Plan {
                name: self.names.of(&e.plan),
                day: e.occurred_at.day(),
                prescription: e.prescription,
                fractions: e.fractions,
                mean_doses: e.mean_doses.iter().map(|(organ, dose)| (self.names.of(organ), *dose)).collect(),
            };
            self.at(&e.subject).plans.set(seq, plan);
        } else if let Event::FractionDelivered(e) = event {
            let plan = self.names.of(&e.plan);
            let fraction = Fraction { plan, number: e.number, day: e.occurred_at.day(), dose: e.dose };
            self.at(&e.subject).fractions.set(seq, fraction);
        } else if let Event::FractionMissed(e) = event {
            let plan = self.names.of(&e.plan);
            self.at(&e.subject).missed.set(seq, (plan, e.occurred_at.day(), e.cause));
        }
    }
}

impl Course {
    /// Whether nothing is stated any more.
    fn is_empty(&self) -> bool {
        self.plans.is_empty() && self.fractions.is_empty() && self.missed.is_empty()
    }

    /// The last day on which a fraction was delivered.
    pub fn last_day(&self) -> Option<NaiveDate> {
        self.fractions.facts().map(|f| f.day).max()
    }

    /// The first day on which a fraction was delivered.
    pub fn first_day(&self) -> Option<NaiveDate> {
        self.fractions.facts().map(|f| f.day).min()
    }

    /// Delivered dose in thousand-millionths of a gray, summed fraction by fraction, exact.
    pub fn delivered_nanogray(&self) -> i128 {
        self.fractions.facts().map(|f| f.dose.nanogray()).sum()
    }
}

impl Projection for Radiotherapy {
    fn apply(&mut self, entry: &Entry) {
        self.change(entry.change());
    }
}

impl Radiotherapy {
    /// One step of what is known.
    pub(crate) fn change(&mut self, change: Change<'_>) {
        match change {
            Change::Set(seq, event) => self.set(seq, event),
            Change::Unset(seq, whose) => {
                whose.retain(&mut self.by_subject, |course| {
                    course.plans.unset(seq);
                    course.fractions.unset(seq);
                    course.missed.unset(seq);
                    !course.is_empty()
                });
            }
        }
    }
}
