//! Radiotherapy: what was delivered, in what time, and what it means biologically.
//!
//! BED = sum of d (1 + d / (alpha/beta)); EQD2 = sum of d (d + alpha/beta) / (2 + alpha/beta): the linear-quadratic
//! model, fraction by fraction. The mean dose to an organ is physical dose; it is not converted, because that needs
//! the dose-volume histogram.

use super::baseline::median_range;
use crate::{
    grade::DoseLevel,
    ids::{Name, SubjectId},
    projection::{Case, Course},
    protocol::{Protocol, RadiotherapyRules},
    quantity::Decimal,
};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;

/// Radiotherapy of all treated subjects.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct RadiotherapyTable {
    /// Median, smallest and largest prescription in gray.
    pub prescription_gy: MedianRange,
    /// One row per subject.
    pub subjects: Vec<CourseRow>,
}

/// Median and range.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub struct MedianRange {
    /// Median.
    pub median: Option<f64>,
    /// Smallest.
    pub min: Option<f64>,
    /// Largest.
    pub max: Option<f64>,
}

/// One subject's course.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CourseRow {
    /// The subject.
    pub subject: SubjectId,
    /// The assigned level.
    pub level: DoseLevel,
    /// Prescribed dose in gray, of the plan in force.
    pub prescribed_gy: Option<f64>,
    /// Planned number of fractions.
    pub planned_fractions: Option<u8>,
    /// Fractions delivered.
    pub delivered_fractions: usize,
    /// Fractions recorded as missed.
    pub missed_fractions: usize,
    /// Dose delivered in gray.
    pub delivered_gy: f64,
    /// First day.
    pub first_day: Option<NaiveDate>,
    /// Last day.
    pub last_day: Option<NaiveDate>,
    /// Overall treatment time in days, both ends counted.
    pub overall_days: Option<i64>,
    /// Days beyond the planned overall treatment time, once all fractions are delivered.
    pub prolongation_days: Option<i64>,
    /// Mean doses to organs at risk in gray, with the protocol's limit.
    pub mean_doses: Vec<MeanDose>,
    /// Biological doses, one per ratio of the protocol.
    pub biological: Vec<Biological>,
}

/// Mean dose to an organ.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct MeanDose {
    /// The plan.
    pub plan: Name,
    /// The organ.
    pub organ: Name,
    /// Planned mean dose in gray.
    pub gy: f64,
    /// The protocol's limit in gray.
    pub limit_gy: Option<f64>,
}

/// Biological dose for one alpha/beta ratio.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Biological {
    /// alpha/beta in gray.
    pub alpha_beta_gy: f64,
    /// Biologically effective dose in gray.
    pub bed_gy: f64,
    /// Equivalent dose in fractions of 2 Gy, in gray.
    pub eqd2_gy: f64,
}

impl RadiotherapyTable {
    /// Reads the table.
    pub fn read(protocol: Option<&Protocol>, cases: &[Case]) -> RadiotherapyTable {
        let rules = protocol.and_then(|p| p.treatment.radiotherapy.as_ref());
        let subjects: Vec<CourseRow> =
            cases.iter().filter_map(|case| Some(row(case.id, case.enrolment()?.level, case.course?, rules))).collect();
        let prescribed: Vec<f64> = subjects.iter().filter_map(|s| s.prescribed_gy).collect();
        let (median, min, max) = median_range(&prescribed);
        RadiotherapyTable { prescription_gy: MedianRange { median, min, max }, subjects }
    }
}

fn row(subject: &SubjectId, level: DoseLevel, course: &Course, rules: Option<&RadiotherapyRules>) -> CourseRow {
    let plan = course.plans.last().map(|(_, plan)| plan);
    let (first_day, last_day) = (course.first_day(), course.last_day());
    let overall_days = first_day.zip(last_day).map(|(first, last)| (last - first).num_days() + 1);
    let complete = plan.is_some_and(|p| course.fractions.len() >= usize::from(p.fractions));
    let doses: Vec<f64> = course.fractions.facts().map(|f| f.dose.gray()).collect();
    let mean_doses = course.plans.facts().flat_map(|plan| {
        plan.mean_doses.iter().map(|(organ, dose)| MeanDose {
            plan: plan.name.clone(),
            organ: organ.clone(),
            gy: dose.gray(),
            limit_gy: rules.and_then(|r| r.mean_dose_limits.get(organ)).map(|d| d.gray()),
        })
    });
    CourseRow {
        subject: subject.clone(),
        level,
        prescribed_gy: plan.map(|p| p.prescription.gray()),
        planned_fractions: plan.map(|p| p.fractions),
        delivered_fractions: course.fractions.len(),
        missed_fractions: course.missed.len(),
        delivered_gy: course.delivered_nanogray() as f64 / 1e9,
        first_day,
        last_day,
        overall_days,
        prolongation_days: overall_days.zip(rules).filter(|_| complete).map(|(d, r)| d - i64::from(r.overall_days)),
        mean_doses: mean_doses.collect(),
        biological: rules.map_or_else(Vec::new, |r| r.alpha_beta.iter().map(|ab| biological(&doses, *ab)).collect()),
    }
}

/// Biological doses of some fractions in gray.
pub fn biological(doses: &[f64], alpha_beta: Decimal) -> Biological {
    let ab = alpha_beta.to_f64();
    Biological {
        alpha_beta_gy: ab,
        bed_gy: doses.iter().map(|d| d * (1.0 + d / ab)).sum(),
        eqd2_gy: doses.iter().map(|d| d * (d + ab) / (2.0 + ab)).sum(),
    }
}
