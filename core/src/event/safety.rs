//! Safety: adverse events in CTCAE terms, what became of them, rulings and deaths.

use super::{Facts, facts};
use crate::{
    date::Moment,
    grade::Grade,
    ids::{Name, SubjectId},
    relation::{Attribution, Relation},
    text::Text,
    words::words,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

words!(
    /// What was done with a component of the treatment (CDISC codelist ACN, and the same for radiotherapy).
    ActionTaken {
        /// Nothing.
        NotChanged = "not_changed",
        /// A smaller dose.
        Reduced = "reduced",
        /// Held for a time.
        Interrupted = "interrupted",
        /// Ended.
        Withdrawn = "withdrawn",
        /// The component was not being given.
        NotApplicable = "not_applicable",
    }
);

words!(
    /// What became of an adverse event (CDISC codelist OUT).
    Outcome {
        /// Over.
        Recovered = "recovered",
        /// Getting better.
        Recovering = "recovering",
        /// Over, with lasting harm.
        RecoveredWithSequelae = "recovered_with_sequelae",
        /// Still there.
        NotRecovered = "not_recovered",
        /// Death.
        Fatal = "fatal",
        /// Not known.
        Unknown = "unknown",
    }
);

/// An adverse event, in the terms of the adopted dictionary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdverseEventReported {
    /// The subject.
    pub subject: SubjectId,
    /// Name of this adverse event, unique within the subject.
    pub ae: Name,
    /// When it began.
    pub occurred_at: Moment,
    /// The term of the adopted dictionary, spelled as there.
    pub term: Text,
    /// What it was, where the term is one of "Other, specify".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub specify: Option<Text>,
    /// The grade.
    pub grade: Grade,
    /// Relation to each component of the treatment; left out while not yet assessed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribution: Option<Attribution>,
    /// Whether it is serious (ICH E2A).
    pub serious: bool,
    /// Whether medical intervention was used; left out while not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intervention: Option<bool>,
    /// Whether prophylaxis had been given; left out while not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prophylaxis: Option<bool>,
    /// Whether it was controlled with medication; left out while not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controlled: Option<bool>,
    /// Medications given for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub medications: Vec<Name>,
    /// What was done with each component of the treatment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub action: BTreeMap<Name, ActionTaken>,
}

/// News of an adverse event: only what changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdverseEventUpdated {
    /// The subject.
    pub subject: SubjectId,
    /// Name of the adverse event.
    pub ae: Name,
    /// When this became so.
    pub occurred_at: Moment,
    /// The grade from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grade: Option<Grade>,
    /// Relation to each component of the treatment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribution: Option<Attribution>,
    /// Whether it is serious (ICH E2A).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serious: Option<bool>,
    /// Whether medical intervention was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intervention: Option<bool>,
    /// Whether prophylaxis had been given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prophylaxis: Option<bool>,
    /// Whether it was controlled with medication.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controlled: Option<bool>,
    /// Medications given for it, all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub medications: Vec<Name>,
    /// What was done with each component of the treatment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub action: BTreeMap<Name, ActionTaken>,
    /// What became of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Moment>,
}

words!(
    /// Why an event is serious (ICH E2A II.B).
    Seriousness {
        /// Death.
        Death = "death",
        /// Life-threatening.
        LifeThreatening = "life_threatening",
        /// In-patient hospitalisation or its prolongation.
        Hospitalisation = "hospitalisation",
        /// Persistent or significant disability.
        Disability = "disability",
        /// Congenital anomaly.
        CongenitalAnomaly = "congenital_anomaly",
        /// Other important medical event.
        ImportantMedicalEvent = "important_medical_event",
    }
);

/// A serious adverse event is reported to the sponsor (EU 536/2014 art. 41: within 24 hours of awareness).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeriousEventReported {
    /// The subject.
    pub subject: SubjectId,
    /// Name of the adverse event.
    pub ae: Name,
    /// When the investigator became aware of it.
    pub aware_at: Moment,
    /// When it was reported to the sponsor.
    pub occurred_at: Moment,
    /// Why it is serious.
    pub criteria: Vec<Seriousness>,
}

words!(
    /// Whether an adverse event is a dose-limiting toxicity.
    DltRuling {
        /// It is.
        Dlt = "dlt",
        /// It is not.
        NotDlt = "not_dlt",
    }
);

/// People confirm or overturn what the protocol's definition says of an adverse event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DltRuled {
    /// The subject.
    pub subject: SubjectId,
    /// Name of the adverse event.
    pub ae: Name,
    /// The ruling.
    pub ruling: DltRuling,
    /// The clause of the protocol's definition that it rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clause: Option<Name>,
}

impl Facts for DltRuled {
    fn subject(&self) -> Option<&SubjectId> {
        Some(&self.subject)
    }
}

words!(
    /// Of what a subject died.
    DeathCause {
        /// The disease under study.
        Disease = "disease",
        /// An adverse event.
        AdverseEvent = "adverse_event",
        /// Something else.
        Other = "other",
        /// Not known.
        Unknown = "unknown",
    }
);

/// The subject died.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeathRecorded {
    /// The subject.
    pub subject: SubjectId,
    /// When.
    pub occurred_at: Moment,
    /// Of what.
    pub cause: DeathCause,
    /// Relation to the protocol treatment.
    pub relation: Relation,
}

facts!(
    AdverseEventReported: subject occurred,
    AdverseEventUpdated: subject occurred,
    SeriousEventReported: subject occurred,
    DeathRecorded: subject occurred,
);
