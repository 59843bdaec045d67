//! Chart: a subject's case together with what was judged of it, the observation and the response.
//!
//! Promises that a reading judges each subject once, however many views ask. Does not judge anything itself.

use super::{
    observation::Observation,
    response::{ResponseTable, SubjectResponse},
};
use crate::projection::{Beside, Case};
use chrono::NaiveDate;

/// One subject at a reading.
#[derive(Debug, Clone, Copy)]
pub struct Chart<'t> {
    /// What is recorded.
    pub case: Case<'t>,
    /// What is known of dose-limiting toxicity, once enrolled.
    pub observed: Option<&'t Observation>,
    /// The tumour assessments, once there is one after the baseline's.
    pub measured: Option<&'t SubjectResponse>,
}

/// The chart of every case, given in the order of their identifiers.
pub fn charts<'t>(cases: &[Case<'t>], observations: &'t [Observation], response: &'t ResponseTable) -> Vec<Chart<'t>> {
    let mut observed = Beside::of(observations.iter().map(|o| (&o.subject, o)));
    let mut measured = Beside::of(response.subjects.iter().map(|s| (&s.subject, s)));
    let chart = |case: &Case<'t>| Chart { case: *case, observed: observed.at(case.id), measured: measured.at(case.id) };
    cases.iter().map(chart).collect()
}

/// Those who were treated, each with the day of the first treatment.
pub fn treated<'c, 't>(charts: &'c [Chart<'t>]) -> impl Iterator<Item = (&'c Chart<'t>, NaiveDate)> {
    let enrolled = charts.iter().filter(|chart| chart.case.enrolment().is_some());
    enrolled.filter_map(|chart| Some((chart, chart.case.first_treatment()?)))
}
