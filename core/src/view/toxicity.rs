//! Toxicity: subjects by worst grade, per row of the protocol's table and dose level.
//!
//! A subject counts once per row at the worst grade over the row's terms. The denominator is the subjects treated.

use super::{
    escalation::Escalation,
    trends::{self, LevelTrend},
};
use crate::{grade::DoseLevel, grade::Grade, ids::SubjectId, projection::Trial};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// The toxicity table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Toxicity {
    /// Treated subjects, in all and by level.
    pub treated: ByLevel<usize>,
    /// Rows in the order of the protocol, then one per term that no row counts.
    pub rows: Vec<Row>,
    /// Subjects with any adverse event, and with one of grade 3 or more.
    pub subjects: Counts,
    /// The rows with the most subjects, most frequent first, ties in alphabetical order.
    pub most_common: Vec<String>,
    /// Adverse events of grade 4 or 5.
    pub grade4_plus: usize,
    /// Trends over the dose levels.
    pub trends: Vec<LevelTrend>,
}

/// A number in all and by dose level.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct ByLevel<T> {
    /// In all.
    pub total: T,
    /// By level.
    pub levels: BTreeMap<DoseLevel, T>,
}

/// Subjects with any grade, and with grade 3 or more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Counts {
    /// Any grade.
    pub any: usize,
    /// Grade 3 or more.
    pub grade3_plus: usize,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Row {
    /// How it is printed.
    pub label: String,
    /// The terms that it counts.
    pub terms: Vec<String>,
    /// Subjects.
    #[serde(flatten)]
    pub counts: ByLevel<Counts>,
}

/// How many rows count as the most common.
const MOST_COMMON: usize = 5;

struct Worst<'a> {
    subject: &'a SubjectId,
    level: DoseLevel,
    term: &'a str,
    grade: Grade,
}

impl Toxicity {
    /// Reads the table.
    pub fn read(trial: &Trial, escalation: Option<&Escalation>) -> Toxicity {
        let Some(protocol) = trial.conduct.protocol() else { return Toxicity::default() };
        let events = events(trial);
        let levels: Vec<DoseLevel> = protocol.levels.iter().map(|l| l.level).collect();
        let planned = protocol.toxicity_rows.iter().map(|row| {
            let terms = row.terms.iter().map(|t| t.to_string()).collect();
            (row.label.to_string(), terms)
        });
        let mut rows: Vec<Row> = planned.map(|(label, terms)| count(label, terms, &events, &levels)).collect();
        let counted = |term: &str| protocol.toxicity_rows.iter().any(|r| r.terms.iter().any(|t| t.as_str() == term));
        let mut others: Vec<&str> = events.iter().map(|e| e.term).filter(|t| !counted(t)).collect();
        others.sort_unstable();
        others.dedup();
        rows.extend(others.into_iter().map(|t| count(t.to_owned(), vec![t.to_owned()], &events, &levels)));
        Toxicity {
            treated: treated(trial, &levels),
            subjects: distinct(events.iter()),
            most_common: most_common(&rows),
            grade4_plus: events.iter().filter(|e| e.grade.get() >= 4).count(),
            trends: trends::read(trial, escalation),
            rows,
        }
    }
}

fn events(trial: &Trial) -> Vec<Worst<'_>> {
    let mut all = Vec::new();
    for (subject, _, enrolment) in trial.subjects.enrolled() {
        for (_, ae) in trial.safety.of(subject) {
            if let (Some((_, report)), Some(grade)) = (ae.report(), ae.worst_grade()) {
                all.push(Worst { subject, level: enrolment.level, term: report.term.as_str(), grade });
            }
        }
    }
    all
}

fn distinct<'a>(events: impl Iterator<Item = &'a Worst<'a>>) -> Counts {
    let mut worst: BTreeMap<&SubjectId, Grade> = BTreeMap::new();
    for event in events {
        let grade = worst.entry(event.subject).or_insert(event.grade);
        *grade = (*grade).max(event.grade);
    }
    Counts { any: worst.len(), grade3_plus: worst.values().filter(|g| g.get() >= 3).count() }
}

fn count(label: String, terms: Vec<String>, events: &[Worst<'_>], levels: &[DoseLevel]) -> Row {
    let of_row = |e: &&Worst<'_>| terms.iter().any(|t| t == e.term);
    let total = distinct(events.iter().filter(of_row));
    let at = |level: DoseLevel| distinct(events.iter().filter(of_row).filter(move |e| e.level == level));
    let levels = levels.iter().map(|level| (*level, at(*level))).collect();
    Row { label, terms, counts: ByLevel { total, levels } }
}

fn treated(trial: &Trial, levels: &[DoseLevel]) -> ByLevel<usize> {
    let mut by_level = ByLevel { total: 0, levels: levels.iter().map(|l| (*l, 0)).collect() };
    for (subject, _, enrolment) in trial.subjects.enrolled() {
        if trial.first_treatment(subject).is_some() {
            by_level.total += 1;
            *by_level.levels.entry(enrolment.level).or_default() += 1;
        }
    }
    by_level
}

fn most_common(rows: &[Row]) -> Vec<String> {
    let mut ranked: Vec<(usize, &str)> =
        rows.iter().map(|r| (r.counts.total.any, r.label.as_str())).filter(|(n, _)| *n > 0).collect();
    ranked.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    ranked.into_iter().take(MOST_COMMON).map(|(_, label)| label.to_owned()).collect()
}
