//! The decision table of an interval design: for each number of evaluable subjects and of DLTs at a level, what to do.
//!
//! Holds whole numbers alone, because it is signed with the protocol; [`super::generate`] makes it from a formula.
//! Promises an answer for every count: beyond its last row the last row speaks, which is the safer side. Does not know
//! the planned levels or what other levels showed: the rule does.

use super::design::{BadDesign, GateAnchor};
use super::rule::LevelCount;
use crate::grade::{DoseLevel, within};
use crate::words::words;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A design whose rule is a table: BOIN, mTPI-2, keyboard, i3+3, or one made by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionTable {
    /// The level of the first cohort; 1 unless stated.
    #[serde(default = "lowest")]
    pub start_level: DoseLevel,
    /// Evaluable subjects in a cohort; 3 unless stated.
    #[schemars(range(min = 1, max = 99))]
    #[serde(default = "three", deserialize_with = "within::<_, 1, 99>")]
    pub cohort_size: u8,
    /// The most evaluable subjects in all: the escalation ends with them.
    pub max_subjects: u16,
    /// The most evaluable subjects at a level: the escalation ends when the rule would treat on at a level that has
    /// them; no such limit where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_at_level: Option<u8>,
    /// The probability of a DLT at the dose that is sought.
    pub target: Share,
    /// Which level is the MTD at the end; `closest_to_target` unless stated.
    #[serde(default = "closest")]
    pub mtd: MtdEstimate,
    /// From which day of the last evaluable patient the escalation gate counts; `last_treatment` unless stated.
    #[serde(default = "last_treatment")]
    pub gate_anchor: GateAnchor,
    /// Calendar months from the anchor until the next level may open, beyond the DLT window; 0 unless stated.
    #[serde(default)]
    pub gate_months: u8,
    /// One row for each number of evaluable subjects at a level, from 1 without a gap.
    pub rows: Vec<Row>,
}

/// A share of one, as a fraction of whole numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Share {
    /// Above the line.
    pub numerator: u32,
    /// Below the line.
    pub denominator: u32,
}

/// What to do at one number of evaluable subjects: thresholds, or every cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Row {
    /// Evaluable subjects at the level.
    pub n: u8,
    /// Escalate with at most so many DLTs; never where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalate_if_at_most: Option<u8>,
    /// De-escalate with at least so many; never where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub de_escalate_if_at_least: Option<u8>,
    /// De-escalate and exclude the level and all above with at least so many; never where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exclude_if_at_least: Option<u8>,
    /// The action for 0, 1, .. n DLTs, instead of the thresholds: for a row that no thresholds describe.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cells: Vec<TableAction>,
}

words!(
    /// What a cell of the table says, the milder first.
    TableAction {
        /// The next cohort at the next higher level.
        Escalate = "escalate",
        /// The next cohort at the same level.
        Stay = "stay",
        /// The next cohort at the next lower level.
        DeEscalate = "de_escalate",
        /// As de-escalate, and the level and all above are never opened again.
        DeEscalateAndExclude = "de_escalate_and_exclude",
    }
);

words!(
    /// Which level is the MTD: by the isotonic estimates of the tried levels that are not excluded.
    MtdEstimate {
        /// The level whose estimate is closest to the target; of two as close, the lower estimate. Where levels share
        /// one estimate: the highest of them if it is below the target, else the lowest.
        ClosestToTarget = "closest_to_target",
        /// The highest level whose estimate is at most the target; none where every estimate is above it.
        HighestNotAboveTarget = "highest_not_above_target",
    }
);

fn lowest() -> DoseLevel {
    DoseLevel::new(1).expect("1 is a level")
}

fn three() -> u8 {
    3
}

fn closest() -> MtdEstimate {
    MtdEstimate::ClosestToTarget
}

fn last_treatment() -> GateAnchor {
    GateAnchor::LastTreatment
}

impl Row {
    /// The row that says this of 0, 1, .. n DLTs: as thresholds where they can say it.
    pub fn of(actions: Vec<TableAction>) -> Row {
        let dlts = |wanted: fn(TableAction) -> bool| {
            let found = actions.iter().zip(0_u8..).filter(move |(action, _)| wanted(**action));
            found.map(|(_, dlt)| dlt)
        };
        let n = u8::try_from(actions.len().saturating_sub(1)).unwrap_or(u8::MAX);
        let row = Row {
            n,
            escalate_if_at_most: dlts(|action| action == TableAction::Escalate).last(),
            de_escalate_if_at_least: dlts(|action| action >= TableAction::DeEscalate).next(),
            exclude_if_at_least: dlts(|action| action == TableAction::DeEscalateAndExclude).next(),
            cells: Vec::new(),
        };
        if (0..).zip(&actions).all(|(dlt, action)| row.action(dlt) == *action) {
            return row;
        }
        Row { n, escalate_if_at_most: None, de_escalate_if_at_least: None, exclude_if_at_least: None, cells: actions }
    }

    /// What it says of this many DLTs; more than it has cells count as the last.
    pub fn action(&self, dlt: u32) -> TableAction {
        if let Some(last) = self.cells.last() {
            return *self.cells.get(dlt as usize).unwrap_or(last);
        }
        let at_least = |threshold: Option<u8>| threshold.is_some_and(|threshold| dlt >= u32::from(threshold));
        if at_least(self.exclude_if_at_least) {
            TableAction::DeEscalateAndExclude
        } else if at_least(self.de_escalate_if_at_least) {
            TableAction::DeEscalate
        } else if self.escalate_if_at_most.is_some_and(|threshold| dlt <= u32::from(threshold)) {
            TableAction::Escalate
        } else {
            TableAction::Stay
        }
    }

    fn check(&self) -> Result<(), &'static str> {
        let thresholds = [self.escalate_if_at_most, self.de_escalate_if_at_least, self.exclude_if_at_least];
        if !self.cells.is_empty() {
            let excluded = self.cells.iter().skip_while(|cell| **cell != TableAction::DeEscalateAndExclude);
            return if thresholds.iter().any(Option::is_some) {
                Err("expected cells or thresholds, found both")
            } else if self.cells.len() != usize::from(self.n) + 1 {
                Err("expected a cell for each number of DLTs from 0 to n")
            } else if excluded.into_iter().any(|cell| *cell != TableAction::DeEscalateAndExclude) {
                Err("more DLTs than exclude a level exclude it too")
            } else {
                Ok(())
            };
        }
        let [escalate, down, exclude] = thresholds;
        let before = |low: Option<u8>, high: Option<u8>| low.zip(high).is_none_or(|(low, high)| low < high);
        if thresholds.iter().flatten().any(|threshold| *threshold > self.n) {
            Err("a threshold is above n: leave it out")
        } else if down.is_none() && exclude.is_some() {
            Err("exclude_if_at_least without de_escalate_if_at_least")
        } else if !before(escalate, down) || down.zip(exclude).is_some_and(|(down, exclude)| exclude < down) {
            Err("expected escalate_if_at_most below de_escalate_if_at_least, and exclude_if_at_least not below it")
        } else {
            Ok(())
        }
    }
}

impl DecisionTable {
    /// What the table says of a count; a level without a subject stays.
    pub fn action(&self, count: LevelCount) -> TableAction {
        let row = self.rows.iter().take(count.evaluable as usize).next_back();
        row.map_or(TableAction::Stay, |row| row.action(count.dlt))
    }

    /// Evaluable subjects that the cohort at a level still lacks; a whole cohort where it is complete.
    pub fn lacking(&self, evaluable: u32) -> u32 {
        let cohort = u32::from(self.cohort_size.max(1));
        cohort - evaluable % cohort
    }

    pub(super) fn check(&self) -> Result<(), BadDesign> {
        let Share { numerator, denominator } = self.target;
        let numbered = self.rows.iter().zip(1_u8..).all(|(row, n)| row.n == n);
        let most = self.max_at_level.map_or(self.max_subjects, u16::from).min(self.max_subjects);
        let fault = if numerator == 0 || numerator >= denominator {
            Some("target: expected a fraction between 0 and 1")
        } else if self.max_subjects == 0 || self.max_at_level == Some(0) {
            Some("max_subjects and max_at_level: expected at least 1")
        } else if !numbered {
            Some("rows: expected one for each n from 1 without a gap")
        } else if self.rows.len() < usize::from(most) {
            Some("rows: expected one for each n up to the most subjects at a level")
        } else {
            None
        };
        if let Some(fault) = fault {
            return Err(BadDesign::Table(fault));
        }
        let faulty = self.rows.iter().find_map(|row| Some((row.n, row.check().err()?)));
        faulty.map_or(Ok(()), |(n, fault)| Err(BadDesign::Row { n, fault }))
    }
}
