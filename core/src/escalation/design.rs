//! The escalation rule as the protocol states it: data, signed into the log with the rest of the protocol.
//!
//! Promises that what a protocol leaves out has its documented default. Does not know how many levels are planned:
//! [`Design::check`] compares the two.

use super::rolling::RollingSix;
use super::rule::{LevelCount, Rule};
use super::table::{DecisionTable, TableAction};
use crate::grade::DoseLevel;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Evaluable patients in one cohort of a 3+3 design.
pub const COHORT: u32 = 3;
/// Evaluable patients at a level that a 3+3 design has filled.
pub const FULL: u32 = 6;

/// The escalation design of a trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Design {
    /// Cohorts of three, a level expanded to six after one dose-limiting toxicity.
    ThreePlusThree(ThreePlusThree),
    /// Up to six patients at a level at once, decided as the 3+3 once they close.
    RollingSix(RollingSix),
    /// A table of decisions by evaluable subjects and DLTs at the level: interval designs.
    DecisionTable(DecisionTable),
}

/// The 3+3 design: cohorts of three evaluable patients, at most six at a level, two DLTs are too many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ThreePlusThree {
    /// The level of the first cohort; 1 unless stated.
    pub start_level: DoseLevel,
    /// Whether the MTD needs at most one DLT in six (Korn 1994), so that 0/3 at the top level is filled to six; false
    /// unless stated: 0/3 at the top level ends the trial.
    pub mtd_needs_six: bool,
    /// What follows two DLTs at a level where a lower level was given to three; `fill` unless stated.
    pub de_escalation: DeEscalation,
    /// What no DLT in four or five evaluable patients means; `escalate` unless stated.
    pub partial_cohort: PartialCohort,
    /// What a patient beyond the places opened means; `flag` unless stated.
    pub over_enrolment: OverEnrolment,
    /// From which day of the last evaluable patient the escalation gate counts; `last_treatment` unless stated.
    pub gate_anchor: GateAnchor,
    /// Calendar months from the anchor until the next level may open; 3 unless stated.
    pub gate_months: u8,
    /// Which level the trial calls the MTD; `highest_tolerated` unless stated.
    pub mtd_convention: MtdConvention,
}

/// What follows two DLTs at a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum DeEscalation {
    /// The next lower level is filled to six before it may be the MTD.
    Fill,
    /// The trial stops and the next lower level given is the MTD, however few it has (Storer 1989, design A).
    None,
}

/// What no DLT in four or five evaluable patients means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum PartialCohort {
    /// The same as 0/3: three to six evaluable patients without a DLT escalate (as in SPIRE).
    Escalate,
    /// The level is completed to six first.
    Complete,
}

/// What a patient enrolled beyond the places opened means; the patient is recorded and counted in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum OverEnrolment {
    /// Flagged as `over_enrolment`.
    Flag,
    /// Allowed up to six at an opened level (cohorts of three to six, as in SPIRE), flagged beyond.
    UpToSix,
}

/// The day from which the escalation gate counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum GateAnchor {
    /// The last protocol treatment of the last evaluable patient of the cohort.
    LastTreatment,
    /// The first dose of the last evaluable patient of the cohort.
    FirstDose,
}

/// Which level is called the maximum tolerated dose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum MtdConvention {
    /// The highest level that was tolerated; the recommended dose is the MTD.
    HighestTolerated,
    /// The lowest level that was not; the recommended dose is one level below the MTD.
    LowestIntolerable,
}

impl Default for ThreePlusThree {
    fn default() -> Self {
        ThreePlusThree {
            start_level: DoseLevel::new(1).expect("1 is a level"),
            mtd_needs_six: false,
            de_escalation: DeEscalation::Fill,
            partial_cohort: PartialCohort::Escalate,
            over_enrolment: OverEnrolment::Flag,
            gate_anchor: GateAnchor::LastTreatment,
            gate_months: 3,
            mtd_convention: MtdConvention::HighestTolerated,
        }
    }
}

impl Default for Design {
    fn default() -> Self {
        Design::ThreePlusThree(ThreePlusThree::default())
    }
}

impl Design {
    /// The level of the first cohort.
    pub fn start_level(&self) -> DoseLevel {
        match self {
            Design::ThreePlusThree(rule) => rule.start_level,
            Design::RollingSix(rule) => rule.start_level,
            Design::DecisionTable(table) => table.start_level,
        }
    }

    /// Places open at the start level before any decision is signed.
    pub fn first_cohort(&self) -> u32 {
        match self {
            Design::ThreePlusThree(_) => COHORT,
            Design::RollingSix(_) => FULL,
            Design::DecisionTable(table) => u32::from(table.cohort_size),
        }
    }

    /// Patients that the cohort at a level with so many evaluable still lacks; a whole cohort where it is complete.
    pub fn lacking(&self, evaluable: u32) -> u32 {
        match self {
            Design::ThreePlusThree(_) => COHORT - evaluable % COHORT,
            Design::RollingSix(_) => FULL - evaluable % FULL,
            Design::DecisionTable(table) => table.lacking(evaluable),
        }
    }

    /// The name of what it says while the cohort is not complete: enrol or wait.
    pub fn waits(&self) -> Rule {
        match self {
            Design::ThreePlusThree(_) | Design::RollingSix(_) => Rule::R0,
            Design::DecisionTable(_) => Rule::TWait,
        }
    }

    /// How long to wait before the next level, in calendar months, and from what.
    pub fn gate(&self) -> (GateAnchor, u8) {
        match self {
            Design::ThreePlusThree(rule) => (rule.gate_anchor, rule.gate_months),
            Design::RollingSix(rule) => (rule.gate_anchor, rule.gate_months),
            Design::DecisionTable(table) => (table.gate_anchor, table.gate_months),
        }
    }

    /// Which level the trial calls the MTD.
    pub fn mtd_convention(&self) -> MtdConvention {
        match self {
            Design::ThreePlusThree(rule) => rule.mtd_convention,
            Design::RollingSix(_) | Design::DecisionTable(_) => MtdConvention::HighestTolerated,
        }
    }

    /// Whether a level with this count, and with it all above, may not be treated again.
    pub fn excludes(&self, count: LevelCount) -> bool {
        match self {
            Design::ThreePlusThree(_) | Design::RollingSix(_) => count.too_toxic(),
            Design::DecisionTable(table) => table.action(count) == TableAction::DeEscalateAndExclude,
        }
    }

    /// The most patients that a level with `places` places may have without being flagged.
    pub fn allowed(&self, places: u32) -> u32 {
        match self {
            Design::ThreePlusThree(rule) => match rule.over_enrolment {
                OverEnrolment::UpToSix if places > 0 => places.max(FULL),
                OverEnrolment::UpToSix | OverEnrolment::Flag => places,
            },
            Design::RollingSix(_) | Design::DecisionTable(_) => places,
        }
    }

    /// Refuses a design that cannot be run with this many planned levels, or that contradicts itself.
    pub fn check(&self, levels: u8) -> Result<(), BadDesign> {
        if self.start_level().get() > levels {
            return Err(BadDesign::StartNotPlanned { start: self.start_level(), levels });
        }
        match self {
            Design::ThreePlusThree(rule) if rule.mtd_needs_six && rule.de_escalation == DeEscalation::None => {
                Err(BadDesign::SixWithoutFill)
            }
            Design::ThreePlusThree(_) | Design::RollingSix(_) => Ok(()),
            Design::DecisionTable(table) => table.check(),
        }
    }
}

/// Why a design cannot be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadDesign {
    /// The start level is above the highest planned level.
    StartNotPlanned {
        /// The start level stated.
        start: DoseLevel,
        /// How many levels are planned.
        levels: u8,
    },
    /// An MTD in six patients is asked for, and the fill that gives it is switched off.
    SixWithoutFill,
    /// A decision table that cannot be followed.
    Table(&'static str),
    /// A row of a decision table that contradicts itself.
    Row {
        /// The row's number of evaluable subjects.
        n: u8,
        /// What is wrong with it.
        fault: &'static str,
    },
}

impl fmt::Display for BadDesign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadDesign::StartNotPlanned { start, levels } => {
                write!(f, "start_level is {start}: expected one of the {levels} planned levels")
            }
            BadDesign::SixWithoutFill => f.write_str(
                "mtd_needs_six is true and de_escalation is none: expected de_escalation fill, or mtd_needs_six false",
            ),
            BadDesign::Table(fault) => f.write_str(fault),
            BadDesign::Row { n, fault } => write!(f, "row {n}: {fault}"),
        }
    }
}

impl std::error::Error for BadDesign {}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_protocol_leaves_out_has_its_default() {
        let design: Design = serde_json::from_value(json!({"kind": "three_plus_three"})).unwrap();
        assert_eq!(design, Design::default());
        let written = serde_json::to_value(&design).unwrap();
        assert_eq!(
            written,
            json!({"kind": "three_plus_three", "start_level": 1, "mtd_needs_six": false, "de_escalation": "fill",
                "partial_cohort": "escalate", "over_enrolment": "flag", "gate_anchor": "last_treatment",
                "gate_months": 3, "mtd_convention": "highest_tolerated"})
        );
        assert_eq!(serde_json::from_value::<Design>(written).unwrap(), design);
    }

    #[test]
    fn an_unknown_member_is_refused() {
        let text = json!({"kind": "three_plus_three", "cohort_size": 4});
        assert!(serde_json::from_value::<Design>(text).unwrap_err().to_string().contains("cohort_size"));
    }

    #[test]
    fn a_design_that_contradicts_itself_is_refused() {
        let start = ThreePlusThree { start_level: DoseLevel::new(4).unwrap(), ..ThreePlusThree::default() };
        let error = Design::ThreePlusThree(start).check(3).unwrap_err();
        assert_eq!(error.to_string(), "start_level is 4: expected one of the 3 planned levels");
        let six =
            ThreePlusThree { mtd_needs_six: true, de_escalation: DeEscalation::None, ..ThreePlusThree::default() };
        assert_eq!(Design::ThreePlusThree(six).check(3), Err(BadDesign::SixWithoutFill));
        assert_eq!(Design::default().check(1), Ok(()));
    }
}
