//! Status: where the trial stands, the part of a replay that fits on one screen.
//!
//! Promises the numbers of a replay at the same cut, and reads only the views that it needs.

use super::{
    chart,
    deviations::{self, Deviation},
    escalation::Escalation,
    replay::{CutLine, Judged, Reading},
    serious::Serious,
    toxicity::Toxicity,
};
use crate::{ids::SubjectId, projection::Trial};
use chrono::NaiveDate;
use rayon::join;

/// Where the trial stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// What it rests on.
    pub cut: CutLine,
    /// Escalation; none before a protocol is in force.
    pub escalation: Option<Escalation>,
    /// Toxicity.
    pub toxicity: Toxicity,
    /// Serious adverse events.
    pub serious: Serious,
    /// Deviations.
    pub deviations: Vec<Deviation>,
    /// Number of enrolled subjects.
    pub enrolled: usize,
    /// Who died, of those who consented, and when.
    pub died: Vec<(SubjectId, NaiveDate)>,
}

impl Status {
    /// Reads where the trial stands.
    pub fn read(trial: &Trial, reading: Reading) -> Status {
        let cases = trial.cases();
        let Judged { observations, escalation, response, serious } = Judged::of_cases(trial, &cases, reading);
        let charts = chart::charts(&cases, &observations, &response);
        let (deviations, toxicity) = join(
            || deviations::read(trial, reading.day, &charts, escalation.as_ref(), &serious),
            || Toxicity::read(trial.conduct.protocol(), &cases, escalation.as_ref()),
        );
        let consented = cases.iter().filter(|case| !case.subject.consents.is_empty());
        let died = consented.filter_map(|case| Some((case.id.clone(), case.follow_up?.death()?.1.day)));
        Status {
            cut: CutLine::new(trial, reading),
            toxicity,
            deviations,
            enrolled: cases.iter().filter(|case| case.enrolment().is_some()).count(),
            died: died.collect(),
            escalation,
            serious,
        }
    }
}
