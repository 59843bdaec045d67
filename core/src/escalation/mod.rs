//! Dose escalation: the rule as protocol data, and pure functions over counts of patients.
//!
//! [`Design`] is what the protocol says, [`decide`] what the rule makes of the counts, [`Paths`] every way a trial
//! can go, [`Outcomes`] the short notation `1NNN 2NNT`, [`conduct`] the state of a running trial. Nothing here knows a
//! subject, a date or a clock: whoever counts decides who is evaluable and whose window has closed.

mod characteristics;
mod conduct;
mod design;
pub mod generate;
mod interval;
mod isotonic;
mod outcomes;
mod paths;
mod rolling;
mod rule;
mod table;

pub use characteristics::{
    BadProbabilities, OperatingCharacteristics, PathCounts, operating_characteristics, path_counts,
};
pub use conduct::{Conduct, Decided, Flag, LevelStatus, Mtd, Overrides, StaleDecision, State, conduct, places_opened};
pub use design::{
    BadDesign, COHORT, DeEscalation, Design, FULL, GateAnchor, MtdConvention, OverEnrolment, PartialCohort,
    ThreePlusThree,
};
pub use isotonic::isotonic;
pub use outcomes::{BadOutcomes, Departure, Outcomes};
pub use paths::{Cohort, NextStep, Node, Paths, next_step_table};
pub use rolling::{RollingAction, RollingSix};
pub use rule::{Action, Basis, Ground, LevelCount, NoMtd, Recommendation, Rule, decide, decide_when_closed};
pub use table::{DecisionTable, MtdEstimate, Row, Share, TableAction};
