//! A replay: every view of the trial at one cut.

use super::{
    analysis_sets::AnalysisSets,
    association::{self, Association},
    baseline::Baseline,
    deviations::{self, Deviation},
    escalation::Escalation,
    exposure::{self, AgentExposure},
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
    projection::{Trial, Witnessed},
};
use chrono::{DateTime, NaiveDate, Utc};
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

impl Replay {
    /// Reads every view.
    pub fn read(trial: &Trial, reading: Reading) -> Replay {
        let escalation = Escalation::read(trial, reading.day);
        let response = ResponseTable::read(trial);
        let serious = Serious::read(trial, reading.instant);
        Replay {
            cut: CutLine::new(trial, reading),
            analysis_sets: AnalysisSets::read(trial, reading.day, &response),
            baseline: Baseline::read(trial),
            toxicity: Toxicity::read(trial, escalation.as_ref()),
            exposure: exposure::read(trial),
            radiotherapy: RadiotherapyTable::read(trial),
            survival: Survival::read(trial, &response),
            association: association::read(trial, &response),
            deviations: deviations::read(trial, reading.day, escalation.as_ref(), &response, &serious),
            subjects: subjects::read(trial, reading.day, &response),
            escalation,
            response,
            serious,
        }
    }
}
