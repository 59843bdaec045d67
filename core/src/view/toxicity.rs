//! Toxicity: subjects by worst grade, per row of the protocol's table and dose level.
//!
//! A subject counts once per row at the worst grade over the row's terms. The denominator is the subjects treated.

use super::{
    escalation::Escalation,
    trends::{self, LevelTrend},
};
use crate::{
    grade::{DoseLevel, Grade},
    projection::Case,
    protocol::Protocol,
};
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
    /// The place of the subject among the cases.
    subject: usize,
    level: DoseLevel,
    term: &'a str,
    grade: Grade,
}

impl Toxicity {
    /// Reads the table.
    pub fn read(protocol: Option<&Protocol>, cases: &[Case], escalation: Option<&Escalation>) -> Toxicity {
        let Some(protocol) = protocol else { return Toxicity::default() };
        let events = events(cases);
        let levels: Vec<DoseLevel> = protocol.levels.iter().map(|l| l.level).collect();
        let planned = protocol.toxicity_rows.iter().map(|row| {
            let terms = row.terms.iter().map(|t| t.to_string()).collect();
            (row.label.to_string(), terms)
        });
        let mut rows: Vec<(String, Vec<String>)> = planned.collect();
        let counted = |term: &str| protocol.toxicity_rows.iter().any(|r| r.terms.iter().any(|t| t.as_str() == term));
        let mut others: Vec<&str> = events.iter().map(|e| e.term).filter(|t| !counted(t)).collect();
        others.sort_unstable();
        others.dedup();
        rows.extend(others.into_iter().map(|t| (t.to_owned(), vec![t.to_owned()])));
        let rows = count(rows, &events, &levels);
        let mut subjects = Tally::new(&levels);
        events.iter().for_each(|event| subjects.see(event));
        Toxicity {
            treated: treated(cases, &levels),
            subjects: subjects.counts().total,
            most_common: most_common(&rows),
            grade4_plus: events.iter().filter(|e| e.grade.get() >= 4).count(),
            trends: trends::read(cases, escalation),
            rows,
        }
    }
}

fn events<'t>(cases: &[Case<'t>]) -> Vec<Worst<'t>> {
    let mut all = Vec::new();
    for (subject, case) in cases.iter().enumerate() {
        let Some(enrolment) = case.enrolment() else { continue };
        for (_, ae) in case.events() {
            if let (Some((_, report)), Some(grade)) = (ae.report(), ae.worst_grade()) {
                all.push(Worst { subject, level: enrolment.level, term: report.term.as_str(), grade });
            }
        }
    }
    all
}

/// Subjects counted at their worst grade; the events of a subject come one after the other.
struct Tally {
    counts: ByLevel<Counts>,
    open: Option<(usize, DoseLevel, Grade)>,
}

impl Tally {
    fn new(levels: &[DoseLevel]) -> Tally {
        let levels = levels.iter().map(|level| (*level, Counts::default())).collect();
        Tally { counts: ByLevel { total: Counts::default(), levels }, open: None }
    }

    fn see(&mut self, event: &Worst<'_>) {
        match &mut self.open {
            Some((subject, _, grade)) if *subject == event.subject => *grade = event.grade.max(*grade),
            Some(_) | None => {
                self.close();
                self.open = Some((event.subject, event.level, event.grade));
            }
        }
    }

    fn close(&mut self) {
        let Some((_, level, grade)) = self.open.take() else { return };
        for counts in [Some(&mut self.counts.total), self.counts.levels.get_mut(&level)].into_iter().flatten() {
            counts.any += 1;
            counts.grade3_plus += usize::from(grade.get() >= 3);
        }
    }

    fn counts(mut self) -> ByLevel<Counts> {
        self.close();
        self.counts
    }
}

/// Counts every row in one walk over the events.
fn count(rows: Vec<(String, Vec<String>)>, events: &[Worst<'_>], levels: &[DoseLevel]) -> Vec<Row> {
    let mut counted_in: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (row, (_, terms)) in rows.iter().enumerate() {
        for term in terms {
            let of_term = counted_in.entry(term).or_default();
            if of_term.last() != Some(&row) {
                of_term.push(row);
            }
        }
    }
    let mut tallies: Vec<Tally> = rows.iter().map(|_| Tally::new(levels)).collect();
    for event in events {
        for row in counted_in.get(event.term).into_iter().flatten() {
            tallies[*row].see(event);
        }
    }
    let row = |((label, terms), tally): (_, Tally)| Row { label, terms, counts: tally.counts() };
    rows.into_iter().zip(tallies).map(row).collect()
}

fn treated(cases: &[Case], levels: &[DoseLevel]) -> ByLevel<usize> {
    let mut by_level = ByLevel { total: 0, levels: levels.iter().map(|l| (*l, 0)).collect() };
    for enrolment in cases.iter().filter(|case| case.treated.is_some()).filter_map(Case::enrolment) {
        by_level.total += 1;
        *by_level.levels.entry(enrolment.level).or_default() += 1;
    }
    by_level
}

fn most_common(rows: &[Row]) -> Vec<String> {
    let mut ranked: Vec<(usize, &str)> =
        rows.iter().map(|r| (r.counts.total.any, r.label.as_str())).filter(|(n, _)| *n > 0).collect();
    ranked.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    ranked.into_iter().take(MOST_COMMON).map(|(_, label)| label.to_owned()).collect()
}
