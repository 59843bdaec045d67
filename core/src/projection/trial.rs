//! The whole trial: all projections in one pass, with the cut that they rest on.

use super::{Conduct, Exposure, FollowUp, Projection, Radiotherapy, Response, Safety, Subjects};
use crate::{
    entry::{Change, Effect, Entry},
    ids::{Hash, Seq, SubjectId},
};
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::BTreeMap;

/// Everything that is known, after some entries.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trial {
    /// How the trial is run.
    pub conduct: Conduct,
    /// Subjects.
    pub subjects: Subjects,
    /// Drug exposure.
    pub exposure: Exposure,
    /// Radiotherapy.
    pub radiotherapy: Radiotherapy,
    /// Adverse events.
    pub safety: Safety,
    /// Tumour assessments.
    pub response: Response,
    /// Contacts, progression, death, laboratory.
    pub follow_up: FollowUp,
    /// What it rests on.
    pub cut: Cut,
}

/// What a reading rests on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cut {
    /// Number of entries taken in.
    pub entries: u64,
    /// Leaf hash of the last of them.
    pub head: Option<Hash>,
    /// When the last of them was recorded.
    pub recorded_at: Option<DateTime<Utc>>,
    /// Entries recorded later than they should have been: the entry, and by how many days.
    pub late: BTreeMap<Seq, i64>,
    /// Entries corrected or voided, and by which.
    pub amended: BTreeMap<Seq, Vec<Seq>>,
}

impl Projection for Trial {
    fn apply(&mut self, entry: &Entry) {
        self.conduct.apply(entry);
        self.subjects.apply(entry);
        self.exposure.apply(entry);
        self.radiotherapy.apply(entry);
        self.safety.apply(entry);
        self.response.apply(entry);
        self.follow_up.apply(entry);
        self.cut.apply(entry);
    }
}

impl Cut {
    /// Days between the day something occurred and the day it was recorded.
    fn delay(entry: &Entry) -> Option<i64> {
        let occurred: NaiveDate = entry.event.occurred()?.day();
        Some((entry.recorded_at.date_naive() - occurred).num_days())
    }
}

impl Projection for Cut {
    fn apply(&mut self, entry: &Entry) {
        self.entries = entry.seq.0 + 1;
        self.head = Some(entry.hash);
        self.recorded_at = Some(entry.recorded_at);
        match (&entry.effect, Cut::delay(entry)) {
            (Effect::States, Some(days)) if days > 1 => {
                self.late.insert(entry.seq, days);
            }
            (Effect::States, _) => {}
            (Effect::Revises { target, .. } | Effect::Voids { target }, _) => {
                self.amended.entry(*target).or_default().push(entry.seq);
            }
        }
        if let Change::Unset(seq) = entry.change() {
            self.late.remove(&seq);
        }
    }
}

impl Trial {
    /// The first day of protocol treatment: the first dose of any drug or the first fraction.
    pub fn first_treatment(&self, subject: &SubjectId) -> Option<NaiveDate> {
        let drug = self.exposure.of(subject).filter_map(|(_, agent)| agent.first_day()).min();
        let fraction = self.radiotherapy.of(subject).and_then(|course| course.first_day());
        drug.into_iter().chain(fraction).min()
    }
}
