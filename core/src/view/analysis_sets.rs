//! Analysis sets: who belongs to which, why or why not, and the flow from consent to each set (CONSORT 2010, ICH E9 5.2).
//!
//! Promises one answer per set for every subject who consented: in, out, or open while facts are awaited, each with its
//! reason and the entries it rests on. Does not change any other view: each names its own denominator.

use super::{membership::Candidate, observation, response::ResponseTable};
use crate::{
    ids::{Seq, SubjectId},
    projection::Trial,
    words::words,
};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;

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
        let Some(protocol) = trial.conduct.protocol() else { return AnalysisSets::default() };
        let observations = observation::read(trial, day);
        let consented = trial.subjects.iter().filter(|(_, subject)| !subject.consents.is_empty());
        let subjects: Vec<SubjectSets> = consented
            .map(|(id, subject)| {
                let observed = observation::of(&observations, id);
                let candidate = Candidate { trial, protocol, id, subject, observed, response, day };
                SubjectSets { subject: id.clone(), sets: candidate.sets() }
            })
            .collect();
        let flow = AnalysisSet::ALL.iter().map(|set| step(&subjects, *set)).collect();
        AnalysisSets { flow, subjects }
    }
}

fn step(subjects: &[SubjectSets], set: AnalysisSet) -> FlowStep {
    let with = |standing| subjects.iter().filter(move |s| s.get(set).is_some_and(|m| m.standing == standing));
    let by_reason = |standing| {
        let of = |reason: &SetReason| -> Option<LeftOut> {
            let left = with(standing).filter(|s| s.get(set).is_some_and(|m| m.reason == *reason));
            let subjects: Vec<SubjectId> = left.map(|s| s.subject.clone()).collect();
            (!subjects.is_empty()).then_some(LeftOut { reason: *reason, n: subjects.len(), subjects })
        };
        SetReason::ALL.iter().filter_map(of).collect()
    };
    FlowStep {
        set,
        from: set.drawn_from(),
        n: with(Standing::In).count(),
        out: by_reason(Standing::Out),
        open: by_reason(Standing::Open),
    }
}
