//! Subjects: consent, baseline, enrolment, withdrawal and rulings on whether they count.

use super::Projection;
use crate::{
    encoded,
    entry::{Change, Entry},
    event::{BaselineValue, Evaluability, Event, Withdrawal},
    few::Few,
    grade::DoseLevel,
    ids::{Name, Seq, SiteId, SubjectId},
    shared::Shared,
    stated::Stated,
    text::Text,
};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// All subjects by their coded identifier.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Subjects {
    pub(super) by_id: BTreeMap<SubjectId, Subject>,
    #[serde(skip)]
    names: Shared<Name>,
    #[serde(skip)]
    units: Shared<Text>,
}

/// What is known of one subject's place in the trial.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Subject {
    /// Consents, in order: a later one is a re-consent.
    pub consents: Stated<Consent>,
    /// Screenings, in order: the last counts.
    pub screenings: Stated<Screening>,
    /// Enrolment.
    pub enrolments: Stated<Enrolment>,
    /// Screen failure, by day.
    pub screen_failures: Stated<NaiveDate>,
    /// Withdrawals.
    #[serde(with = "encoded::dated")]
    pub withdrawals: Stated<(NaiveDate, Withdrawal)>,
    /// Rulings on evaluability: the last counts.
    pub rulings: Stated<Evaluability>,
    /// Sign-offs: the milestone and the number of entries reviewed.
    pub sign_offs: Stated<(Name, u64)>,
}

/// A consent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Consent {
    /// The site.
    pub site: SiteId,
    /// The day.
    #[serde(with = "encoded::day")]
    pub day: NaiveDate,
    /// Version of the form.
    pub form: Name,
}

/// A screening.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Screening {
    /// The day.
    #[serde(with = "encoded::day")]
    pub day: NaiveDate,
    /// Baseline values.
    #[serde(with = "encoded::baseline")]
    pub baseline: Few<Name, BaselineValue>,
    /// Criteria not met.
    pub criteria_not_met: Vec<Name>,
}

/// A place taken at a dose level.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Enrolment {
    /// The day.
    #[serde(with = "encoded::day")]
    pub day: NaiveDate,
    /// The assigned level.
    pub level: DoseLevel,
}

impl Subjects {
    /// One subject.
    pub fn get(&self, id: &SubjectId) -> Option<&Subject> {
        self.by_id.get(id)
    }

    /// All subjects, by identifier.
    pub fn iter(&self) -> impl Iterator<Item = (&SubjectId, &Subject)> {
        self.by_id.iter()
    }

    /// Those enrolled, by identifier, with their enrolment.
    pub fn enrolled(&self) -> impl Iterator<Item = (&SubjectId, &Subject, Enrolment)> {
        self.by_id.iter().filter_map(|(id, s)| s.enrolments.first().map(|(_, e)| (id, s, *e)))
    }

    /// The known subject that a mistyped identifier means: a character too few or too many, two neighbours exchanged,
    /// another case or separator. Another digit is another subject. Where several could be meant, none is named.
    pub fn nearest(&self, mistyped: &str) -> Option<&SubjectId> {
        let mut near = self.by_id.keys().filter(|id| id.as_str() != mistyped && meant(id.as_str(), mistyped));
        near.next().filter(|_| near.next().is_none())
    }

    fn at(&mut self, id: &SubjectId) -> &mut Subject {
        if !self.by_id.contains_key(id) {
            self.by_id.insert(id.clone(), Subject::default());
        }
        self.by_id.get_mut(id).expect("just inserted")
    }

    fn value(&mut self, value: &BaselineValue) -> BaselineValue {
        match value {
            BaselineValue::Category(category) => BaselineValue::Category(self.names.of(category)),
            BaselineValue::Number { value, unit } => BaselineValue::Number { value: *value, unit: self.units.of(unit) },
        }
    }

    fn set(&mut self, seq: Seq, event: &Event) {
        if let Event::ConsentGiven(e) = event {
            let consent = Consent { site: e.site.clone(), day: e.occurred_at.day(), form: self.names.of(&e.form) };
            self.at(&e.subject).consents.set(seq, consent);
        } else if let Event::SubjectScreened(e) = event {
            let screening = Screening {
                day: e.occurred_at.day(),
                baseline: e.baseline.iter().map(|(name, value)| (self.names.of(name), self.value(value))).collect(),
                criteria_not_met: e.criteria_not_met.clone(),
            };
            self.at(&e.subject).screenings.set(seq, screening);
        } else if let Event::SubjectEnrolled(e) = event {
            let enrolment = Enrolment { day: e.occurred_at.day(), level: e.level };
            self.at(&e.subject).enrolments.set(seq, enrolment);
        } else if let Event::ScreenFailed(e) = event {
            self.at(&e.subject).screen_failures.set(seq, e.occurred_at.day());
        } else if let Event::SubjectWithdrawn(e) = event {
            self.at(&e.subject).withdrawals.set(seq, (e.occurred_at.day(), e.from));
        } else if let Event::EvaluabilityRuled(e) = event {
            self.at(&e.subject).rulings.set(seq, e.ruling);
        } else if let Event::SignedOff(e) = event {
            let milestone = self.names.of(&e.milestone);
            self.at(&e.subject).sign_offs.set(seq, (milestone, e.entries));
        }
    }
}

fn meant(id: &str, mistyped: &str) -> bool {
    let plain = |text: &str| text.to_lowercase().replace(['_', '.', ':', ' '], "-");
    let letters = |text: &str| {
        let mut letters: Vec<char> = text.chars().collect();
        letters.sort_unstable();
        letters
    };
    let (id, mistyped) = (plain(id), plain(mistyped));
    let slip = strsim::osa_distance(&id, &mistyped) == 1;
    id == mistyped || slip && (id.len() != mistyped.len() || letters(&id) == letters(&mistyped))
}

impl Subject {
    fn unset(&mut self, seq: Seq) {
        self.consents.unset(seq);
        self.screenings.unset(seq);
        self.enrolments.unset(seq);
        self.screen_failures.unset(seq);
        self.withdrawals.unset(seq);
        self.rulings.unset(seq);
        self.sign_offs.unset(seq);
    }

    /// Whether nothing is stated any more.
    fn is_empty(&self) -> bool {
        let arrived = !self.consents.is_empty() || !self.screenings.is_empty() || !self.enrolments.is_empty();
        let left = !self.screen_failures.is_empty() || !self.withdrawals.is_empty();
        !arrived && !left && self.rulings.is_empty() && self.sign_offs.is_empty()
    }

    /// The site of the first consent.
    pub fn site(&self) -> Option<&SiteId> {
        self.consents.first().map(|(_, c)| &c.site)
    }

    /// The assigned level, once enrolled.
    pub fn level(&self) -> Option<DoseLevel> {
        self.enrolments.first().map(|(_, e)| e.level)
    }

    /// A baseline value of the last screening that has it.
    pub fn baseline(&self, characteristic: &Name) -> Option<&BaselineValue> {
        self.screenings.facts().rev().find_map(|s| s.baseline.get(characteristic))
    }
}

impl Projection for Subjects {
    fn apply(&mut self, entry: &Entry) {
        self.change(entry.change());
    }
}

impl Subjects {
    /// Keeps of one subject what folding looks back on: the consents.
    pub(super) fn forget(&mut self, id: &SubjectId) {
        let Some(Subject { consents, .. }) = self.by_id.remove(id) else { return };
        if !consents.is_empty() {
            self.by_id.insert(id.clone(), Subject { consents, ..Subject::default() });
        }
    }

    /// One step of what is known.
    pub(crate) fn change(&mut self, change: Change<'_>) {
        match change {
            Change::Set(seq, event) => self.set(seq, event),
            Change::Unset(seq, whose) => {
                whose.retain(&mut self.by_id, |subject| {
                    subject.unset(seq);
                    !subject.is_empty()
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_subject_is_answered_with_the_one_that_is_meant_and_never_with_another() {
        let mut subjects = Subjects::default();
        for id in ["RECON-001", "RECON-002", "RECON-012"] {
            subjects.at(&id.parse().unwrap());
        }
        let near = |mistyped: &str| subjects.nearest(mistyped).map(SubjectId::as_str);
        assert_eq!(near("RECON001"), Some("RECON-001"));
        assert_eq!(near("recon_001"), Some("RECON-001"));
        assert_eq!(near("RECNO-002"), Some("RECON-002"));
        assert_eq!(near("RECON-003"), None, "another digit is another subject");
        assert_eq!(near("RECON-0002"), Some("RECON-002"));
        assert_eq!(near("RECON-0012"), None, "001 or 012");
        assert_eq!(near("RECON-01"), None, "001 or 012");
        assert_eq!(near("X"), None);
    }
}
