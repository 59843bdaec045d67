//! Safety: adverse events with all that became known of them, serious reports, rulings.

use super::Projection;
use crate::{
    date::Moment,
    encoded,
    entry::{Change, Effect, Entry, Signer, Whose},
    event::{DltRuling, Event, Outcome, Seriousness},
    few::Few,
    grade::Grade,
    ids::{Name, Seq, SubjectId},
    relation::Attribution,
    shared::Shared,
    stated::Stated,
    text::Text,
};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Adverse events of all subjects.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Safety {
    pub(super) by_subject: BTreeMap<SubjectId, Few<Name, AdverseEvent>>,
    #[serde(skip)]
    names: Shared<Name>,
    #[serde(skip)]
    terms: Shared<Text>,
}

/// One adverse event: its report and everything that followed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AdverseEvent {
    /// The report (one; a second is refused at append).
    pub reports: Stated<Report>,
    /// What updates said of it.
    pub updates: Stated<Said>,
    /// Reports to the sponsor as serious.
    pub serious_reports: Stated<SeriousReport>,
    /// When the report or an update that calls it serious was recorded: the site knew by then.
    #[serde(with = "encoded::instants")]
    pub recorded_serious: Stated<DateTime<Utc>>,
    /// Rulings on dose-limiting toxicity: the last counts.
    pub rulings: Stated<Ruling>,
}

/// The first report of an adverse event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The term of the adopted dictionary.
    pub term: Text,
    /// When it began.
    pub onset: Moment,
    /// What was said of it then.
    pub said: Said,
}

/// What a report or an update says of an adverse event, as far as it says something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Said {
    /// The grade.
    pub grade: Option<Grade>,
    /// Relation to each component of the treatment.
    pub attribution: Option<Attribution>,
    /// Whether it is serious (ICH E2A).
    pub serious: Option<bool>,
    /// Whether medical intervention was used.
    pub intervention: Option<bool>,
    /// Whether prophylaxis had been given.
    pub prophylaxis: Option<bool>,
    /// Whether it was controlled with medication.
    pub controlled: Option<bool>,
    /// What became of it.
    pub outcome: Option<Outcome>,
    /// The last day of it.
    #[serde(with = "encoded::some_day")]
    pub ended: Option<NaiveDate>,
}

/// A report of a serious event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeriousReport {
    /// When the investigator became aware.
    pub aware: Moment,
    /// When it was reported to the sponsor.
    pub reported: Moment,
    /// Why it is serious.
    pub criteria: Vec<Seriousness>,
}

/// A ruling on dose-limiting toxicity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ruling {
    /// What was ruled.
    pub ruling: DltRuling,
    /// The clause.
    pub clause: Option<Name>,
    /// Why, as its entry says.
    pub reason: Option<Text>,
    /// Who signed it, the author first.
    #[serde(with = "encoded::json")]
    pub signatures: Vec<Signer>,
    /// When it was recorded.
    #[serde(with = "chrono::serde::ts_milliseconds")]
    pub signed_at: DateTime<Utc>,
}

impl Safety {
    /// One subject's adverse events.
    pub fn of(&self, subject: &SubjectId) -> impl Iterator<Item = (&Name, &AdverseEvent)> {
        self.by_subject.get(subject).into_iter().flatten()
    }

    /// One adverse event.
    pub fn get(&self, subject: &SubjectId, ae: &Name) -> Option<&AdverseEvent> {
        self.by_subject.get(subject)?.get(ae)
    }

    fn at(&mut self, subject: &SubjectId, ae: &Name) -> &mut AdverseEvent {
        if !self.by_subject.contains_key(subject) {
            self.by_subject.insert(subject.clone(), Few::new());
        }
        let all = self.by_subject.get_mut(subject).expect("just inserted");
        all.at(ae, || self.names.of(ae))
    }

    fn attributed(&mut self, attribution: Option<&Attribution>) -> Option<Attribution> {
        attribution.map(|all| all.iter().map(|(component, relation)| (self.names.of(component), *relation)).collect())
    }

    /// Keeps when an event was first recorded as serious; a correction of something else does not move it.
    fn note_serious(&mut self, seq: Seq, event: &Event, recorded_at: DateTime<Utc>) {
        let (subject, ae, serious) = if let Event::AdverseEventReported(e) = event {
            (&e.subject, &e.ae, e.serious)
        } else if let Event::AdverseEventUpdated(e) = event {
            (&e.subject, &e.ae, e.serious == Some(true))
        } else {
            return;
        };
        if serious {
            self.at(subject, ae).recorded_serious.set(seq, recorded_at);
        }
    }

    /// Keeps a ruling with its reason and who signed it; a correction of it keeps both.
    fn rule(&mut self, seq: Seq, event: &Event, entry: &Entry, before: Option<Ruling>) {
        if let Event::DltRuled(e) = event {
            let (ruling, clause) = (e.ruling, e.clause.clone());
            let ruling = match before {
                Some(before) => Ruling { ruling, clause, ..before },
                None => {
                    let signatures = entry.signers().cloned().collect();
                    Ruling { ruling, clause, reason: entry.reason.clone(), signatures, signed_at: entry.recorded_at }
                }
            };
            self.at(&e.subject, &e.ae).rulings.set(seq, ruling);
        }
    }

    /// The ruling that this entry states.
    fn ruling(&self, seq: Seq, subject: Option<&SubjectId>) -> Option<Ruling> {
        let mut all = self.by_subject.get(subject?)?.values();
        all.find_map(|ae| ae.rulings.get(seq).cloned())
    }

    /// When this entry was first recorded as calling its event serious.
    fn serious_since(&self, seq: Seq, subject: Option<&SubjectId>) -> Option<DateTime<Utc>> {
        let mut all = self.by_subject.get(subject?)?.values();
        all.find_map(|ae| ae.recorded_serious.get(seq).copied())
    }

    fn set(&mut self, seq: Seq, event: &Event) {
        if let Event::AdverseEventReported(e) = event {
            let said = Said {
                grade: Some(e.grade),
                attribution: self.attributed(e.attribution.as_ref()),
                serious: Some(e.serious),
                intervention: e.intervention,
                prophylaxis: e.prophylaxis,
                controlled: e.controlled,
                outcome: None,
                ended: None,
            };
            let report = Report { term: self.terms.of(&e.term), onset: e.occurred_at, said };
            self.at(&e.subject, &e.ae).reports.set(seq, report);
        } else if let Event::AdverseEventUpdated(e) = event {
            let said = Said {
                grade: e.grade,
                attribution: self.attributed(e.attribution.as_ref()),
                serious: e.serious,
                intervention: e.intervention,
                prophylaxis: e.prophylaxis,
                controlled: e.controlled,
                outcome: e.outcome,
                ended: e.ended_at.map(|moment| moment.day()),
            };
            self.at(&e.subject, &e.ae).updates.set(seq, said);
        } else if let Event::SeriousEventReported(e) = event {
            let report = SeriousReport { aware: e.aware_at, reported: e.occurred_at, criteria: e.criteria.clone() };
            self.at(&e.subject, &e.ae).serious_reports.set(seq, report);
        }
    }
}

impl AdverseEvent {
    fn unset(&mut self, seq: Seq) {
        self.reports.unset(seq);
        self.updates.unset(seq);
        self.serious_reports.unset(seq);
        self.recorded_serious.unset(seq);
        self.rulings.unset(seq);
    }

    /// Whether nothing is stated any more.
    fn is_empty(&self) -> bool {
        let reported = !self.reports.is_empty() || !self.updates.is_empty();
        !reported && self.serious_reports.is_empty() && self.recorded_serious.is_empty() && self.rulings.is_empty()
    }

    /// The report with its entry.
    pub fn report(&self) -> Option<(Seq, &Report)> {
        self.reports.first()
    }

    /// What was said of it, the latest first: updates, then the report.
    fn said(&self) -> impl Iterator<Item = &Said> {
        self.updates.facts().rev().chain(self.reports.facts().map(|report| &report.said))
    }

    /// The worst grade so far.
    pub fn worst_grade(&self) -> Option<Grade> {
        self.said().filter_map(|said| said.grade).max()
    }

    /// The relation to each component as last assessed.
    pub fn attribution(&self) -> Option<&Attribution> {
        self.said().find_map(|said| said.attribution.as_ref())
    }

    /// Whether medical intervention was used, where known.
    pub fn intervention(&self) -> Option<bool> {
        self.said().find_map(|said| said.intervention)
    }

    /// Whether prophylaxis had been given, where known.
    pub fn prophylaxis(&self) -> Option<bool> {
        self.said().find_map(|said| said.prophylaxis)
    }

    /// Whether it was controlled with medication, where known.
    pub fn controlled(&self) -> Option<bool> {
        self.said().find_map(|said| said.controlled)
    }

    /// Whether it is serious.
    pub fn serious(&self) -> bool {
        self.said().find_map(|said| said.serious).unwrap_or(false)
    }

    /// The outcome as last reported.
    pub fn outcome(&self) -> Option<Outcome> {
        self.said().find_map(|said| said.outcome)
    }

    /// The last day of it, once it is over.
    pub fn ended(&self) -> Option<NaiveDate> {
        self.said().find_map(|said| said.ended)
    }

    /// What was known of it when only the entries before a place were there.
    ///
    /// A corrected entry shows its present value: what it said before its correction is in the record, not here.
    pub fn before(&self, seq: Seq) -> AdverseEvent {
        let mut then = self.clone();
        let later: Vec<Seq> = self.entries().into_iter().filter(|entry| *entry >= seq).collect();
        for entry in later {
            then.reports.unset(entry);
            then.updates.unset(entry);
            then.rulings.unset(entry);
        }
        then
    }

    /// The last of the entries that state it.
    pub fn last_entry(&self) -> Option<Seq> {
        let report = self.reports.last().map(|(seq, _)| seq);
        let update = self.updates.last().map(|(seq, _)| seq);
        let ruling = self.rulings.last().map(|(seq, _)| seq);
        report.max(update).max(ruling)
    }

    /// The entries that state it: the report, its updates and the rulings.
    pub fn entries(&self) -> Vec<Seq> {
        let reports = self.reports.iter().map(|(seq, _)| seq);
        let updates = self.updates.iter().map(|(seq, _)| seq);
        let rulings = self.rulings.iter().map(|(seq, _)| seq);
        let mut all: Vec<Seq> = reports.chain(updates).chain(rulings).collect();
        all.sort();
        all
    }
}

impl Projection for Safety {
    fn apply(&mut self, entry: &Entry) {
        let (mut known, mut ruled) = (entry.recorded_at, None);
        if let Effect::Revises { target, event } = &entry.effect {
            // A correction may give the event another name: nothing stays under the old one.
            known = self.serious_since(*target, event.subject()).unwrap_or(known);
            ruled = self.ruling(*target, event.subject());
            self.change(Change::Unset(*target, Whose::of(event.subject())));
        }
        self.change(entry.change());
        if let Change::Set(seq, event) = entry.change() {
            self.note_serious(seq, event, known);
            self.rule(seq, event, entry, ruled);
        }
    }
}

impl Safety {
    /// Keeps of one subject's events what folding looks back on: since when they are known as serious, and rulings.
    pub(super) fn forget(&mut self, id: &SubjectId) {
        let Some(events) = self.by_subject.remove(id) else { return };
        let kept =
            events.into_members().into_iter().filter_map(|(name, AdverseEvent { recorded_serious, rulings, .. })| {
                let kept = AdverseEvent { recorded_serious, rulings, ..AdverseEvent::default() };
                (!kept.is_empty()).then_some((name, kept))
            });
        let kept: Few<Name, AdverseEvent> = kept.collect();
        if !kept.is_empty() {
            self.by_subject.insert(id.clone(), kept);
        }
    }

    /// One step of what is known.
    pub(crate) fn change(&mut self, change: Change<'_>) {
        match change {
            Change::Set(seq, event) => self.set(seq, event),
            Change::Unset(seq, whose) => {
                whose.retain(&mut self.by_subject, |events| {
                    events.retain(|_, ae| {
                        ae.unset(seq);
                        !ae.is_empty()
                    });
                    !events.is_empty()
                });
            }
        }
    }
}
