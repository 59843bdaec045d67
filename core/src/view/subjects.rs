//! Subjects: one line for each, from consent to the last contact.

use super::{chart::Chart, observation::Status};
use crate::{
    event::BaselineValue,
    few::Few,
    grade::DoseLevel,
    ids::{Name, Seq, SiteId, SubjectId},
    projection::{AT_ONCE, Case, LaboratoryValue},
    recist::Response,
};
use chrono::NaiveDate;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// One subject.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SubjectRow {
    /// The subject.
    pub subject: SubjectId,
    /// The site.
    pub site: Option<SiteId>,
    /// First consent.
    pub consented: Option<NaiveDate>,
    /// Screen failure.
    pub screen_failed: Option<NaiveDate>,
    /// Enrolment.
    pub enrolled: Option<NaiveDate>,
    /// The assigned level.
    pub level: Option<DoseLevel>,
    /// First day of treatment.
    pub first_treatment: Option<NaiveDate>,
    /// Last day of the window for dose-limiting toxicity.
    pub window_closes: Option<NaiveDate>,
    /// Whether the subject counts for dose-limiting toxicity.
    pub dlt_status: Option<Status>,
    /// Baseline values as recorded.
    pub baseline: Few<Name, BaselineValue>,
    /// Prescribed radiotherapy in gray, and fractions planned.
    pub prescribed_gy: Option<f64>,
    /// Fractions planned.
    pub fractions: Option<u8>,
    /// Laboratory values: first and last of each test.
    pub laboratory: Few<Name, FirstAndLast>,
    /// Overall response at the time point.
    pub response: Option<Response>,
    /// First progression.
    pub progression: Option<NaiveDate>,
    /// Death.
    pub died: Option<NaiveDate>,
    /// Last contact.
    pub last_contact: Option<NaiveDate>,
    /// Sign-offs by an investigator.
    pub sign_offs: Vec<SignOff>,
}

/// The first and the last value of a test.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FirstAndLast {
    /// The first value.
    pub first: f64,
    /// The last value.
    pub last: f64,
    /// The unit.
    pub unit: String,
}

/// A sign-off, and whether anything of the subject changed since.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SignOff {
    /// The milestone.
    pub milestone: Name,
    /// Its entry.
    pub seq: Seq,
}

/// Reads one line per subject who consented.
pub fn read(charts: &[Chart]) -> Vec<SubjectRow> {
    let rows = charts.par_iter().with_min_len(AT_ONCE).filter(|chart| !chart.case.subject.consents.is_empty());
    rows.map(|Chart { case, observed, measured }| {
        let Case { id, subject, follow_up, .. } = *case;
        let plan = case.course.and_then(|c| c.plans.last()).map(|(_, plan)| plan);
        let recorded = follow_up.and_then(|f| f.progressions.facts().map(|(day, _)| *day).min());
        let baseline = subject.screenings.facts().flat_map(|screening| &screening.baseline);
        let baseline = baseline.map(|(name, value)| (name.clone(), value.clone())).collect();
        SubjectRow {
            subject: id.clone(),
            site: subject.site().cloned(),
            consented: subject.consents.first().map(|(_, c)| c.day),
            screen_failed: subject.screen_failures.first().map(|(_, day)| *day),
            enrolled: subject.enrolments.first().map(|(_, e)| e.day),
            level: subject.level(),
            first_treatment: case.first_treatment(),
            window_closes: observed.and_then(|o| o.closes),
            dlt_status: observed.map(|o| o.status),
            baseline,
            prescribed_gy: plan.map(|p| p.prescription.gray()),
            fractions: plan.map(|p| p.fractions),
            laboratory: follow_up.map_or_else(Few::new, |f| laboratory(f.laboratory.facts())),
            response: measured.and_then(|s| s.at_time_point),
            progression: recorded.into_iter().chain(measured.and_then(|s| s.progression)).min(),
            died: follow_up.and_then(|f| f.death()).map(|(_, death)| death.day),
            last_contact: follow_up.and_then(|f| f.last_contact()),
            sign_offs: subject
                .sign_offs
                .iter()
                .map(|(seq, (milestone, _))| SignOff { milestone: milestone.clone(), seq })
                .collect(),
        }
    })
    .collect()
}

fn laboratory<'a>(values: impl Iterator<Item = &'a LaboratoryValue>) -> Few<Name, FirstAndLast> {
    let mut sorted: Vec<&LaboratoryValue> = values.collect();
    sorted.sort_by_key(|v| v.day);
    let mut tests = BTreeMap::new();
    for value in sorted {
        let number = value.value.to_f64();
        let test = tests.entry(value.test.clone());
        let test = test.or_insert_with(|| FirstAndLast { first: number, last: number, unit: value.unit.to_string() });
        test.last = number;
    }
    tests.into_iter().collect()
}
