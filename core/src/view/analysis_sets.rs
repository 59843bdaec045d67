//! Analysis sets: who belongs to which, why or why not, and the flow from consent to each set (CONSORT 2010, ICH E9 5.2).
//!
//! Promises one answer per set for every subject who consented: in, out, or open while facts are awaited, each with its
//! reason and the entries it rests on. Does not change any other view: each names its own denominator.

use super::{
    chart::{self, Chart},
    membership::Candidate,
    observation,
    response::ResponseTable,
};
use crate::{
    ids::{Seq, SubjectId},
    projection::{AT_ONCE, RecordedDeviation, Trial},
    words::words,
};
use chrono::NaiveDate;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

words!(
    /// An analysis set.
    AnalysisSet {
        /// Gave consent.
        Consented = "consented",
        /// Took a place at a dose level.
        Enrolled = "enrolled",
        /// Received any protocol treatment: the safety set.
        Treated = "treated",
        /// Counts for dose-limiting toxicity.
        DltEvaluable = "dlt_evaluable",
        /// Measurable at baseline, and judged at the time point or progressed or dead before it.
        ResponseEvaluable = "response_evaluable",
        /// Treated as the protocol says.
        PerProtocol = "per_protocol",
    }
);

impl AnalysisSet {
    /// The set that it is drawn from.
    pub fn drawn_from(self) -> Option<AnalysisSet> {
        match self {
            AnalysisSet::Consented => None,
            AnalysisSet::Enrolled => Some(AnalysisSet::Consented),
            AnalysisSet::Treated => Some(AnalysisSet::Enrolled),
            AnalysisSet::DltEvaluable | AnalysisSet::ResponseEvaluable | AnalysisSet::PerProtocol => {
                Some(AnalysisSet::Treated)
            }
        }
    }
}

words!(
    /// Whether a subject belongs to a set.
    Standing {
        /// Belongs.
        In = "in",
        /// Does not belong.
        Out = "out",
        /// Not known yet.
        Open = "open",
    }
);

words!(
    /// Why a subject belongs to a set or not.
    SetReason {
        /// Nothing speaks against it.
        Fulfilled = "fulfilled",
        /// Had a dose-limiting toxicity.
        Dlt = "dlt",
        /// Progressed before the time point.
        ProgressedEarlier = "progressed_earlier",
        /// Died before the time point.
        DiedEarlier = "died_earlier",
        /// Failed screening.
        ScreenFailed = "screen_failed",
        /// Withdrew.
        Withdrawn = "withdrawn",
        /// Died.
        Died = "died",
        /// Screening goes on.
        InScreening = "in_screening",
        /// Waits for the first treatment.
        TreatmentAwaited = "treatment_awaited",
        /// Treatment goes on.
        TreatmentGoesOn = "treatment_goes_on",
        /// The window for dose-limiting toxicity is open.
        WindowOpen = "window_open",
        /// Something has to be recorded or ruled first.
        RulingAwaited = "ruling_awaited",
        /// Ruled not evaluable.
        RuledOut = "ruled_out",
        /// No tumour assessment before treatment.
        NoBaseline = "no_baseline",
        /// No measurable target at baseline.
        NotMeasurable = "not_measurable",
        /// The assessment at the time point may still come.
        AssessmentAwaited = "assessment_awaited",
        /// No assessment at the time point.
        NotAssessed = "not_assessed",
        /// An important deviation is recorded.
        ImportantDeviation = "important_deviation",
        /// Received less than the protocol's smallest share of a component.
        TooLittleTreatment = "too_little_treatment",
    }
);

/// All sets.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct AnalysisSets {
    /// From consent to each set.
    pub flow: Vec<FlowStep>,
    /// Every subject who consented.
    pub subjects: Vec<SubjectSets>,
}

/// One box of the flow: a set with those left out on the way to it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FlowStep {
    /// The set.
    pub set: AnalysisSet,
    /// The set that it is drawn from.
    pub from: Option<AnalysisSet>,
    /// Subjects in it.
    pub n: usize,
    /// Those left out, by reason.
    pub out: Vec<LeftOut>,
    /// Those not known yet, by reason.
    pub open: Vec<LeftOut>,
}

/// Subjects left out for one reason.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LeftOut {
    /// The reason.
    pub reason: SetReason,
    /// How many.
    pub n: usize,
    /// Who.
    pub subjects: Vec<SubjectId>,
}

/// One subject's sets.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SubjectSets {
    /// The subject.
    pub subject: SubjectId,
    /// Each set that the subject can belong to: those drawn from a set that the subject is in.
    pub sets: Vec<Membership>,
}

/// Whether a subject belongs to a set, and why.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Membership {
    /// The set.
    pub set: AnalysisSet,
    /// Whether the subject belongs.
    pub standing: Standing,
    /// Why.
    pub reason: SetReason,
    /// The same in words.
    pub because: String,
    /// The entries that it rests on.
    pub entries: Vec<Seq>,
}

impl SubjectSets {
    /// One set of this subject.
    pub fn get(&self, set: AnalysisSet) -> Option<&Membership> {
        self.sets.iter().find(|m| m.set == set)
    }
}

impl AnalysisSets {
    /// Reads all sets as of a day; none before a protocol is in force.
    pub fn read(trial: &Trial, day: NaiveDate, response: &ResponseTable) -> AnalysisSets {
        let cases = trial.cases();
        let observations = observation::of_cases(trial, &cases, day);
        AnalysisSets::of_charts(trial, day, &chart::charts(&cases, &observations, response))
    }

    /// The same of charts that were made already.
    pub(super) fn of_charts(trial: &Trial, day: NaiveDate, charts: &[Chart]) -> AnalysisSets {
        let Some(protocol) = trial.conduct.protocol() else { return AnalysisSets::default() };
        let important = important(trial);
        let consented = charts.par_iter().with_min_len(AT_ONCE);
        let consented = consented.filter(|chart| !chart.case.subject.consents.is_empty());
        let subjects: Vec<SubjectSets> = consented
            .map(|chart| {
                let departures = important.get(chart.case.id).map_or(&[][..], Vec::as_slice);
                let candidate = Candidate { protocol, chart, departures, day };
                SubjectSets { subject: chart.case.id.clone(), sets: candidate.sets() }
            })
            .collect();
        let flow = AnalysisSet::ALL.iter().map(|set| step(&subjects, *set)).collect();
        AnalysisSets { flow, subjects }
    }
}

/// Important deviations as people recorded them, by subject.
fn important(trial: &Trial) -> BTreeMap<&SubjectId, Vec<(Seq, &RecordedDeviation)>> {
    let mut by_subject: BTreeMap<&SubjectId, Vec<(Seq, &RecordedDeviation)>> = BTreeMap::new();
    for (seq, deviation) in trial.conduct.deviations.iter().filter(|(_, deviation)| deviation.important) {
        if let Some(subject) = &deviation.subject {
            by_subject.entry(subject).or_default().push((seq, deviation));
        }
    }
    by_subject
}

fn step(subjects: &[SubjectSets], set: AnalysisSet) -> FlowStep {
    let (mut n, mut out, mut open) = (0, BTreeMap::new(), BTreeMap::new());
    for (subject, membership) in subjects.iter().filter_map(|s| Some((&s.subject, s.get(set)?))) {
        let left: &mut BTreeMap<SetReason, Vec<SubjectId>> = match membership.standing {
            Standing::In => {
                n += 1;
                continue;
            }
            Standing::Out => &mut out,
            Standing::Open => &mut open,
        };
        left.entry(membership.reason).or_default().push(subject.clone());
    }
    let by_reason = |left: BTreeMap<SetReason, Vec<SubjectId>>| {
        left.into_iter().map(|(reason, subjects)| LeftOut { reason, n: subjects.len(), subjects }).collect()
    };
    FlowStep { set, from: set.drawn_from(), n, out: by_reason(out), open: by_reason(open) }
}
