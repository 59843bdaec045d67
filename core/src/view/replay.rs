//! A replay: every view of the trial at one cut.

use super::{
    analysis_sets::AnalysisSets,
    association::{self, Association},
    baseline::Baseline,
    chart,
    deviations::{self, Deviation},
    escalation::Escalation,
    exposure::{self, AgentExposure},
    grouping::Groupings,
    observation::{self, Observation},
    radiotherapy::RadiotherapyTable,
    response::ResponseTable,
    serious::Serious,
    subjects::{self, SubjectRow},
    survival::Survival,
    toxicity::Toxicity,
};
use crate::{
    event::{Clock, DataKind},
    ids::Hash,
    projection::{Case, Trial, Witnessed},
};
use chrono::{DateTime, NaiveDate, Utc};
use rayon::join;
use schemars::JsonSchema;
use serde::Serialize;

/// When a reading happens and how far it looks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Reading {
    /// The day of reading in the trial's zone: windows are judged on it.
    pub day: NaiveDate,
    /// The instant of reading: clocks that run in hours are judged on it.
    pub instant: DateTime<Utc>,
    /// Entries recorded later are not seen.
    pub as_of: Option<DateTime<Utc>>,
    /// What occurred later is not seen.
    pub cutoff: Option<NaiveDate>,
}

/// What every output says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CutLine {
    /// Number of entries.
    pub entries: u64,
    /// Leaf hash of the last of them.
    pub head: Option<Hash>,
    /// Day of reading.
    pub day: NaiveDate,
    /// Entries recorded later are not seen.
    pub as_of: Option<DateTime<Utc>>,
    /// What occurred later is not seen.
    pub cutoff: Option<NaiveDate>,
    /// Where the times come from.
    pub clock: Option<Clock>,
    /// Whose facts these are.
    pub data: Option<DataKind>,
    /// The trial's title.
    pub title: Option<String>,
    /// The trial's time zone, an IANA name.
    pub zone: Option<String>,
    /// The largest part of the log that a witness has seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub witnessed: Option<Witnessed>,
    /// How many of the entries the reader verified before; the others were verified now, as all were where this is not
    /// said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified_before: Option<u64>,
}

/// Every view at one cut.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Replay {
    /// What it rests on.
    pub cut: CutLine,
    /// Escalation; none before a protocol is in force.
    pub escalation: Option<Escalation>,
    /// Analysis sets.
    pub analysis_sets: AnalysisSets,
    /// Baseline.
    pub baseline: Baseline,
    /// Toxicity.
    pub toxicity: Toxicity,
    /// Serious adverse events.
    pub serious: Serious,
    /// Drug exposure.
    pub exposure: Vec<AgentExposure>,
    /// Radiotherapy.
    pub radiotherapy: RadiotherapyTable,
    /// Response.
    pub response: ResponseTable,
    /// Survival.
    pub survival: Survival,
    /// Association.
    pub association: Vec<Association>,
    /// Deviations.
    pub deviations: Vec<Deviation>,
    /// One line per subject.
    pub subjects: Vec<SubjectRow>,
}

impl CutLine {
    /// The cut of a trial at a reading.
    pub fn new(trial: &Trial, reading: Reading) -> CutLine {
        let opened = trial.conduct.opened.as_ref();
        CutLine {
            entries: trial.cut.entries,
            head: trial.cut.head,
            day: reading.day,
            as_of: reading.as_of,
            cutoff: reading.cutoff,
            clock: opened.map(|o| o.clock),
            data: opened.map(|o| o.data),
            title: opened.map(|o| o.title.to_string()),
            zone: opened.map(|o| o.zone.to_string()),
            witnessed: trial.witnessing.largest().cloned(),
            verified_before: None,
        }
    }
}

/// The views that others are read from.
pub(super) struct Judged {
    pub observations: Vec<Observation>,
    pub escalation: Option<Escalation>,
    pub response: ResponseTable,
    pub serious: Serious,
}

impl Judged {
    /// Reads them, at once where there are several processors.
    pub fn of_cases(trial: &Trial, cases: &[Case], reading: Reading) -> Judged {
        let escalated = || {
            let observations = observation::of_cases(trial, cases, reading.day);
            let escalation = Escalation::of_cases(trial, cases, &observations);
            (observations, escalation)
        };
        let ((observations, escalation), (response, serious)) = join(escalated, || {
            join(|| ResponseTable::of_cases(trial, cases), || Serious::of_cases(cases, reading.instant))
        });
        Judged { observations, escalation, response, serious }
    }
}

impl Replay {
    /// Reads every view.
    pub fn read(trial: &Trial, reading: Reading) -> Replay {
        let protocol = trial.conduct.protocol();
        let cases = trial.cases();
        let Judged { observations, escalation, response, serious } = Judged::of_cases(trial, &cases, reading);
        let charts = chart::charts(&cases, &observations, &response);
        let groupings = Groupings::read(protocol, &charts);
        // One after the other on two processors, and no view waits for another: what takes longest comes first.
        let judged = || {
            join(
                || deviations::read(trial, reading.day, &charts, escalation.as_ref(), &serious),
                || Survival::read(protocol, &charts, &groupings),
            )
        };
        let counted = || {
            join(
                || AnalysisSets::of_charts(trial, reading.day, &charts),
                || association::read(protocol, &charts, &groupings),
            )
        };
        let treated = || {
            join(
                || Toxicity::read(protocol, &cases, escalation.as_ref()),
                || join(|| RadiotherapyTable::read(protocol, &cases), || exposure::read(protocol, &cases)),
            )
        };
        let listed = || join(|| Baseline::read(trial), || subjects::read(&charts));
        let (
            ((deviations, survival), (analysis_sets, association)),
            ((toxicity, (radiotherapy, exposure)), (baseline, subjects)),
        ) = join(|| join(judged, counted), || join(treated, listed));
        Replay {
            cut: CutLine::new(trial, reading),
            escalation,
            analysis_sets,
            baseline,
            toxicity,
            serious,
            exposure,
            radiotherapy,
            response,
            survival,
            association,
            deviations,
            subjects,
        }
    }
}
