//! The whole trial: all projections in one pass, with the cut that they rest on.

use super::{Conduct, Exposure, FollowUp, Projection, Radiotherapy, Response, Safety, Subjects, Witnessing, case};
use crate::{
    encoded,
    entry::{Change, Effect, Entry, Whose},
    event::EventKind,
    ids::{Hash, Seq, SubjectId},
};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything that is known, after some entries.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// How the trial is run.
    #[serde(with = "encoded::json")]
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
    /// Which checkpoints came back cosigned.
    pub witnessing: Witnessing,
    /// What it rests on.
    pub cut: Cut,
}

/// What a reading rests on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Cut {
    /// Number of entries taken in.
    pub entries: u64,
    /// Leaf hash of the last of them.
    pub head: Option<Hash>,
    /// When the last of them was recorded.
    pub recorded_at: Option<DateTime<Utc>>,
    /// Entries recorded some days after what they state occurred.
    pub late: BTreeMap<Seq, Late>,
    /// Entries corrected or voided, and by which.
    pub amended: BTreeMap<Seq, Vec<Seq>>,
}

/// An entry recorded some days after what it states occurred.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Late {
    /// How many days.
    pub days: i64,
    /// The day it occurred.
    #[serde(with = "encoded::day")]
    pub day: NaiveDate,
    /// What occurred.
    pub kind: EventKind,
    /// The subject.
    pub subject: Option<SubjectId>,
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
        self.witnessing.apply(entry);
        self.cut.apply(entry, &self.subjects);
    }
}

impl Cut {
    /// Whether the entry came late. What lies before consent, such as a baseline scan, cannot be recorded sooner.
    fn late(entry: &Entry, consents: &Subjects) -> Option<Late> {
        let subject = entry.event.subject();
        let day = entry.event.occurred()?.day();
        let consent = subject.and_then(|id| consents.get(id)).and_then(|s| s.consents.first());
        let possible = consent.map_or(day, |(_, consent)| consent.day.max(day));
        let days = (entry.recorded_at.date_naive() - possible).num_days();
        // The day in UTC may be one behind the day at the place.
        (days > 1).then(|| Late { days, day, kind: entry.event.kind(), subject: subject.cloned() })
    }

    /// Reaches behind an entry, whatever it says.
    pub fn reach(&mut self, entry: &Entry) {
        self.entries = entry.seq.0 + 1;
        self.head = Some(entry.hash);
        self.recorded_at = Some(entry.recorded_at);
    }

    fn apply(&mut self, entry: &Entry, subjects: &Subjects) {
        self.reach(entry);
        match &entry.effect {
            Effect::States => {
                if let Some(late) = Cut::late(entry, subjects) {
                    self.late.insert(entry.seq, late);
                }
            }
            Effect::Withheld => {}
            Effect::Revises { target, .. } | Effect::Voids { target, .. } => {
                self.amended.entry(*target).or_default().push(entry.seq);
            }
        }
        if let Change::Unset(seq, _) = entry.change() {
            self.late.remove(&seq);
        }
    }
}

impl Trial {
    /// The first day of protocol treatment: the first dose of any drug or the first fraction.
    pub fn first_treatment(&self, subject: &SubjectId) -> Option<NaiveDate> {
        let treated = case::treated(self.exposure.by_subject.get(subject), self.radiotherapy.of(subject));
        treated.map(|treated| treated.first.0)
    }
}

impl Trial {
    /// What would be known if an entry stated nothing.
    pub fn withdraw(&mut self, seq: Seq) {
        self.conduct.deviations.unset(seq);
        self.subjects.change(Change::Unset(seq, Whose::Anybody));
        self.exposure.change(Change::Unset(seq, Whose::Anybody));
        self.radiotherapy.change(Change::Unset(seq, Whose::Anybody));
        self.safety.change(Change::Unset(seq, Whose::Anybody));
        self.response.change(Change::Unset(seq, Whose::Anybody));
        self.follow_up.change(Change::Unset(seq, Whose::Anybody));
    }
}
