//! Response: RECIST 1.1 for every subject, overall and inside the radiotherapy field, at the protocol's time point.

use super::baseline::percent;
use crate::{
    grade::DoseLevel,
    ids::{Seq, SubjectId},
    projection::{AT_ONCE, Case, Trial, Visit},
    protocol::Protocol,
    recist::{self, Best, Field, Marker, NewLesion, NonTargetLesion, Response, Seen, TargetLesion},
    statistics::binomial::{ConfidenceLevel, Proportion},
};
use chrono::{Days, NaiveDate};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;

/// The response table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct ResponseTable {
    /// The time point as the protocol calls it.
    pub time_point: String,
    /// Of all lesions.
    pub overall: Counts,
    /// Of the lesions inside the planning target volume.
    pub in_field: Counts,
    /// Change of the sum of diameters at the time point, largest growth first.
    pub waterfall: Vec<Bar>,
    /// Treated subjects without an assessment at the time point.
    pub not_assessed: Vec<SubjectId>,
    /// Every visit of every subject.
    pub subjects: Vec<SubjectResponse>,
}

/// Subjects by response at the time point.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
#[allow(non_snake_case)] // the field's own abbreviations, as RECIST prints them
pub struct Counts {
    /// Complete response.
    pub CR: usize,
    /// Partial response.
    pub PR: usize,
    /// Stable disease, or neither complete response nor progression.
    pub SD: usize,
    /// Progressive disease.
    pub PD: usize,
    /// Not evaluable.
    pub NE: usize,
    /// Complete and partial responses among the subjects assessed.
    pub rate: Option<Rate>,
}

/// A proportion with its exact confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Rate {
    /// Subjects with it.
    pub x: u64,
    /// Subjects in all.
    pub n: u64,
    /// x / n.
    pub estimate: f64,
    /// Clopper-Pearson interval at 95 %.
    pub ci95: (f64, f64),
    /// Wilson interval at 95 %.
    pub wilson95: (f64, f64),
}

/// One bar of a waterfall plot.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Bar {
    /// The subject.
    pub subject: SubjectId,
    /// The assigned level.
    pub level: DoseLevel,
    /// Day of the assessment, from the first treatment.
    pub day: i64,
    /// Change of the sum from baseline in percent.
    pub change_pct: Option<f64>,
    /// The same for lesions inside the field.
    pub in_field_change_pct: Option<f64>,
    /// Overall response.
    pub overall: Response,
    /// Response inside the field.
    pub in_field: Option<Response>,
    /// Whether there were new lesions: a bar below zero can still be progression.
    pub new_lesions: bool,
    /// Whether there were new lesions inside the field.
    pub in_field_new_lesions: bool,
}

/// One subject's assessments.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SubjectResponse {
    /// The subject.
    pub subject: SubjectId,
    /// The assigned level.
    pub level: DoseLevel,
    /// Day of the baseline assessment.
    pub baseline: NaiveDate,
    /// Visits, overall.
    pub visits: Vec<recist::Visit>,
    /// Visits, inside the field.
    pub in_field: Vec<recist::Visit>,
    /// Best overall response.
    pub best: Best,
    /// The overall response at the time point.
    pub at_time_point: Option<Response>,
    /// The response inside the field at the time point.
    pub in_field_at_time_point: Option<Response>,
    /// The day of progression.
    pub progression: Option<NaiveDate>,
    /// The entries that it rests on.
    pub entries: Vec<Seq>,
}

impl ResponseTable {
    /// Reads the table.
    pub fn read(trial: &Trial) -> ResponseTable {
        ResponseTable::of_cases(trial, &trial.cases())
    }

    /// The same of cases that were found already.
    pub(super) fn of_cases(trial: &Trial, cases: &[Case]) -> ResponseTable {
        let Some(protocol) = trial.conduct.protocol() else { return ResponseTable::default() };
        let (mut subjects, mut waterfall, mut not_assessed) = (Vec::new(), Vec::new(), Vec::new());
        let treated = cases.par_iter().with_min_len(AT_ONCE).filter_map(|case| {
            let (enrolment, first) = case.enrolment().zip(case.first_treatment())?;
            Some((case, first, subject(protocol, case, enrolment.level, first)))
        });
        for (case, first, subject) in treated.collect::<Vec<_>>() {
            waterfall.extend(subject.as_ref().and_then(|s| bar(protocol, s, first)));
            if subject.as_ref().is_none_or(|s| s.at_time_point.is_none()) {
                not_assessed.push(case.id.clone());
            }
            subjects.extend(subject);
        }
        waterfall.sort_by(|a: &Bar, b: &Bar| {
            let (x, y) = (a.change_pct.unwrap_or(f64::INFINITY), b.change_pct.unwrap_or(f64::INFINITY));
            y.total_cmp(&x).then_with(|| a.subject.cmp(&b.subject))
        });
        ResponseTable {
            time_point: protocol.response.label.to_string(),
            overall: Counts::of(subjects.iter().filter_map(|s| s.at_time_point)),
            in_field: Counts::of(subjects.iter().filter_map(|s| s.in_field_at_time_point)),
            waterfall,
            not_assessed,
            subjects,
        }
    }

    /// One subject's assessments.
    pub fn of(&self, subject: &SubjectId) -> Option<&SubjectResponse> {
        let place = self.subjects.binary_search_by(|line| line.subject.cmp(subject)).ok()?;
        self.subjects.get(place)
    }
}

impl Counts {
    fn of(responses: impl Iterator<Item = Response>) -> Counts {
        let mut counts = Counts::default();
        for response in responses {
            match response {
                Response::CR => counts.CR += 1,
                Response::PR => counts.PR += 1,
                Response::SD | Response::NonCrNonPd => counts.SD += 1,
                Response::PD => counts.PD += 1,
                Response::NE => counts.NE += 1,
            }
        }
        let n = counts.CR + counts.PR + counts.SD + counts.PD + counts.NE;
        counts.rate = rate(counts.CR + counts.PR, n);
        counts
    }

    /// A count in percent of all that were assessed.
    pub fn percent(&self, count: usize) -> f64 {
        percent(count, self.CR + self.PR + self.SD + self.PD + self.NE)
    }
}

/// A proportion with its intervals; none of nothing.
pub fn rate(x: usize, n: usize) -> Option<Rate> {
    let proportion = Proportion::new(x as u64, n as u64)?;
    Some(Rate {
        x: proportion.x(),
        n: proportion.n(),
        estimate: proportion.estimate(),
        ci95: proportion.clopper_pearson(ConfidenceLevel::P95),
        wilson95: proportion.wilson(ConfidenceLevel::P95),
    })
}

impl Seen for &Visit {
    fn day(&self) -> NaiveDate {
        self.occurred_at.day()
    }
    fn targets(&self) -> &[TargetLesion] {
        &self.targets
    }
    fn non_targets(&self) -> &[NonTargetLesion] {
        &self.non_targets
    }
    fn new_lesions(&self) -> &[NewLesion] {
        &self.new_lesions
    }
    fn marker(&self) -> Option<Marker> {
        None
    }
}

fn time_point(protocol: &Protocol, first: NaiveDate) -> Option<NaiveDate> {
    first.checked_add_days(Days::new(u64::try_from(protocol.response.target_day).ok()?))
}

fn subject(protocol: &Protocol, case: &Case, level: DoseLevel, first: NaiveDate) -> Option<SubjectResponse> {
    let stated = case.visits?;
    let mut assessments: Vec<&Visit> = stated.facts().collect();
    assessments.sort_by_key(|visit| visit.day());
    // The baseline is the last assessment before or on the first day of treatment.
    let baselines = assessments.iter().take_while(|visit| visit.day() <= first).count();
    let baseline = assessments.get(baselines.checked_sub(1)?)?;
    let later = &assessments[baselines..];
    let rules = &protocol.response.rules;
    let visits = recist::evaluate(baseline, later, Field::Overall, rules);
    let in_field = recist::evaluate(baseline, later, Field::InField, rules);
    let at = |visits: &[recist::Visit]| {
        let day = time_point(protocol, first)?;
        recist::response_at(visits, day, protocol.response.window_days).map(|v| v.overall)
    };
    let course = recist::Course { start: first, new_therapy: None };
    Some(SubjectResponse {
        subject: case.id.clone(),
        level,
        baseline: baseline.day(),
        best: recist::best_response(&visits, &course, rules),
        at_time_point: at(&visits),
        in_field_at_time_point: at(&in_field),
        progression: recist::progression_date(&visits),
        entries: stated.iter().map(|(seq, _)| seq).collect(),
        visits,
        in_field,
    })
}

fn bar(protocol: &Protocol, s: &SubjectResponse, first: NaiveDate) -> Option<Bar> {
    let day = time_point(protocol, first)?;
    let visit = recist::response_at(&s.visits, day, protocol.response.window_days)?;
    let in_field = s.in_field.iter().find(|v| v.day == visit.day);
    Some(Bar {
        subject: s.subject.clone(),
        level: s.level,
        day: (visit.day - first).num_days(),
        change_pct: visit.change_from_baseline_pct,
        in_field_change_pct: in_field.and_then(|v| v.change_from_baseline_pct),
        overall: visit.overall,
        in_field: in_field.map(|v| v.overall),
        new_lesions: !visit.new_lesions.is_empty(),
        in_field_new_lesions: in_field.is_some_and(|v| !v.new_lesions.is_empty()),
    })
}
