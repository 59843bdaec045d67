//! Treatment: every dose and every fraction is its own event.

use super::facts;
use crate::{
    date::Moment,
    ids::{Name, SubjectId},
    quantity::{AbsorbedDose, Mass},
    words::words,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

words!(
    /// Why a dose or a fraction was not given, or dosing changed.
    Cause {
        /// An adverse event.
        AdverseEvent = "adverse_event",
        /// The disease progressed.
        Progression = "progression",
        /// The subject decided so.
        SubjectDecision = "subject_decision",
        /// The investigator decided so.
        InvestigatorDecision = "investigator_decision",
        /// The machine was not available.
        Machine = "machine",
        /// A public holiday.
        Holiday = "holiday",
        /// Forgotten.
        Forgotten = "forgotten",
        /// As the protocol says.
        Protocol = "protocol",
        /// Anything else.
        Other = "other",
    }
);

/// One intake of a drug.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DoseTaken {
    /// The subject.
    pub subject: SubjectId,
    /// The drug, by the protocol's name.
    pub agent: Name,
    /// When.
    pub occurred_at: Moment,
    /// How much.
    pub dose: Mass,
}

/// One intake that did not happen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DoseMissed {
    /// The subject.
    pub subject: SubjectId,
    /// The drug, by the protocol's name.
    pub agent: Name,
    /// When it was due.
    pub occurred_at: Moment,
    /// Why.
    pub cause: Cause,
}

words!(
    /// How dosing changed.
    DosingChange {
        /// Held for a time.
        Interrupted = "interrupted",
        /// Taken up again.
        Resumed = "resumed",
        /// A smaller dose from now on.
        Reduced = "reduced",
        /// Ended before the planned end.
        Stopped = "stopped",
        /// Ended as planned.
        Completed = "completed",
    }
);

/// Dosing of a drug was interrupted, resumed, reduced, stopped or completed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DosingChanged {
    /// The subject.
    pub subject: SubjectId,
    /// The drug, by the protocol's name.
    pub agent: Name,
    /// When.
    pub occurred_at: Moment,
    /// How.
    pub change: DosingChange,
    /// The dose from now on, where it is reduced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dose: Option<Mass>,
    /// Why.
    pub cause: Cause,
}

/// A radiotherapy plan; a later one with another name is a re-plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RadiotherapyPlanned {
    /// The subject.
    pub subject: SubjectId,
    /// Name of the plan.
    pub plan: Name,
    /// When it was approved.
    pub occurred_at: Moment,
    /// Prescribed dose to the target, in all fractions together.
    pub prescription: AbsorbedDose,
    /// Number of fractions.
    #[schemars(range(min = 1, max = 99))]
    #[serde(deserialize_with = "crate::grade::within::<_, 1, 99>")]
    pub fractions: u8,
    /// Mean dose to each organ at risk, for example `liver`.
    pub mean_doses: BTreeMap<Name, AbsorbedDose>,
    /// The treatment machine.
    pub machine: Name,
}

/// One fraction of radiotherapy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FractionDelivered {
    /// The subject.
    pub subject: SubjectId,
    /// Name of the plan.
    pub plan: Name,
    /// Number of the fraction, from 1.
    #[schemars(range(min = 1, max = 99))]
    #[serde(deserialize_with = "crate::grade::within::<_, 1, 99>")]
    pub number: u8,
    /// When.
    pub occurred_at: Moment,
    /// The dose delivered.
    pub dose: AbsorbedDose,
}

/// One fraction that did not happen on the day it was due.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FractionMissed {
    /// The subject.
    pub subject: SubjectId,
    /// Name of the plan.
    pub plan: Name,
    /// When it was due.
    pub occurred_at: Moment,
    /// Why.
    pub cause: Cause,
}

facts!(
    DoseTaken: subject occurred,
    DoseMissed: subject occurred,
    DosingChanged: subject occurred,
    RadiotherapyPlanned: subject occurred,
    FractionDelivered: subject occurred,
    FractionMissed: subject occurred,
);
