//! The rolling six design: up to six patients at a level at once (Skolnik et al., J Clin Oncol 2008;26:190-195).
//!
//! With nobody pending it is the 3+3 whose MTD needs six (R0 to R7), except that six places open at a time: the slowest
//! accrual makes it that 3+3. What is new is the table over enrolled, evaluable and DLT while windows are open.

use super::conduct::LevelStatus;
use super::design::{COHORT, FULL, GateAnchor, ThreePlusThree};
use super::rule::{LevelCount, Recommendation, Verdict, at};
use crate::grade::DoseLevel;
use crate::words::words;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The rolling six design: two DLTs are too many, three without one or at most one in six escalate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RollingSix {
    /// The level of the first patients; 1 unless stated.
    pub start_level: DoseLevel,
    /// From which day of the last evaluable patient the escalation gate counts; `last_treatment` unless stated.
    pub gate_anchor: GateAnchor,
    /// Calendar months from the anchor until the next level may open, beyond the DLT window; 0 unless stated.
    pub gate_months: u8,
}

impl Default for RollingSix {
    fn default() -> Self {
        let start_level = DoseLevel::new(1).expect("1 is a level");
        RollingSix { start_level, gate_anchor: GateAnchor::LastTreatment, gate_months: 0 }
    }
}

words!(
    /// What the rolling six says when the next patient comes.
    RollingAction {
        /// Enrol at the same level.
        Same = "same",
        /// Six are enrolled and undecided: wait.
        Suspend = "suspend",
        /// Enrol at the next higher level.
        Escalate = "escalate",
        /// Enrol at the next lower level.
        DeEscalate = "de_escalate",
    }
);

impl RollingSix {
    /// The cell of the table: what holds whatever the pending patients turn out to have.
    ///
    /// Two DLTs de-escalate; no DLT in three, four or five with nobody pending, and at most one in six even if the
    /// pending has one, escalate.
    pub fn says(status: LevelStatus) -> RollingAction {
        let LevelStatus { enrolled, evaluable, dlt, pending, .. } = status;
        let none_in_three = pending == 0 && dlt == 0 && evaluable >= COHORT;
        let at_most_one_in_six = evaluable + pending >= FULL && dlt + pending <= 1;
        match (dlt, none_in_three || at_most_one_in_six) {
            (2.., _) => RollingAction::DeEscalate,
            (0 | 1, true) => RollingAction::Escalate,
            (0 | 1, false) if enrolled >= FULL => RollingAction::Suspend,
            (0 | 1, false) => RollingAction::Same,
        }
    }

    /// The 3+3 that it is with nobody pending.
    pub(super) fn closed(&self) -> ThreePlusThree {
        ThreePlusThree { start_level: self.start_level, mtd_needs_six: true, ..ThreePlusThree::default() }
    }
}

/// The same verdict with as many places as make six at the level.
pub(super) fn six(verdict: Verdict, counts: &[LevelCount]) -> Verdict {
    match verdict {
        Verdict::Due(recommendation) => Verdict::Due(fill(recommendation, counts)),
        Verdict::Short(recommendation) => Verdict::Short(fill(recommendation, counts)),
    }
}

fn fill(recommendation: Recommendation, counts: &[LevelCount]) -> Recommendation {
    let treated = recommendation.level.filter(|_| !recommendation.action.stops());
    let taken = treated.and_then(|level| at(counts, level)).map(|count| count.evaluable);
    Recommendation { add: taken.map_or(0, |taken| FULL.saturating_sub(taken)), ..recommendation }
}
