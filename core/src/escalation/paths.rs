//! Every way a trial under a design can go: cohorts of outcomes and end points.
//!
//! Promises the whole tree in a fixed order (depth first, fewer DLTs first). Assumes that each cohort is enrolled as
//! recommended and closes; over-enrolment and late DLTs have no path. A rolling six is walked six patients at a time,
//! its fastest accrual. The tree grows by a factor of about 2.5 per level of a 3+3, and without such a bound under a
//! table: it is walked, never held.

use super::design::Design;
use super::rule::{Action, LevelCount, Recommendation, at, decide, decide_when_closed};
use crate::grade::DoseLevel;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt;

/// Patients treated together at one level, and how many of them had a DLT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Cohort {
    /// The level given.
    pub level: DoseLevel,
    /// Evaluable patients.
    pub patients: u32,
    /// Those who had a DLT.
    pub dlt: u32,
}

impl Cohort {
    /// Adds these patients to the counts; a level outside the counts is left out.
    pub(super) fn add_to(self, counts: &mut [LevelCount]) {
        if let Some(count) = counts.get_mut(usize::from(self.level.get()) - 1) {
            count.evaluable += self.patients;
            count.dlt += self.dlt;
        }
    }
}

/// `1TNN`: the level, then a letter per patient, the DLTs first.
impl fmt::Display for Cohort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.level)?;
        (0..self.patients).try_for_each(|patient| f.write_str(if patient < self.dlt { "T" } else { "N" }))
    }
}

/// One state of the tree: what happened, and what the rule says next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Node {
    /// The cohorts in the order treated.
    pub cohorts: Vec<Cohort>,
    /// The counts per planned level, the lowest first.
    pub counts: Vec<LevelCount>,
    /// What the rule says.
    pub next: Recommendation,
}

impl Node {
    /// Whether the trial ends here.
    pub fn is_end(&self) -> bool {
        self.next.action.stops()
    }

    /// The MTD of an end point, if it has one.
    pub fn mtd(&self) -> Option<DoseLevel> {
        (self.next.action == Action::StopMtd).then_some(self.next.level).flatten()
    }

    /// Evaluable patients so far.
    pub fn patients(&self) -> u32 {
        self.counts.iter().map(|count| count.evaluable).sum()
    }

    /// The next cohort with this many DLTs.
    fn child(&self, design: &Design, level: DoseLevel, dlt: u32) -> Option<Node> {
        let cohort = Cohort { level, patients: self.next.add, dlt };
        let mut counts = self.counts.clone();
        cohort.add_to(&mut counts);
        let next = decide_when_closed(design, &counts, level)?;
        let cohorts = self.cohorts.iter().copied().chain([cohort]).collect();
        Some(Node { cohorts, counts, next })
    }
}

/// All nodes of a design, depth first, fewer DLTs first; the root is the trial without a patient.
#[derive(Debug, Clone)]
pub struct Paths<'a> {
    design: &'a Design,
    open: Vec<Node>,
}

impl<'a> Paths<'a> {
    /// The tree for this many planned levels; empty where the start level is not one of them.
    pub fn new(design: &'a Design, levels: u8) -> Paths<'a> {
        let counts = vec![LevelCount::default(); usize::from(levels)];
        let next = decide(design, &counts, design.start_level());
        let root = next.map(|next| Node { cohorts: Vec::new(), counts, next });
        Paths { design, open: root.into_iter().collect() }
    }
}

impl Iterator for Paths<'_> {
    type Item = Node;

    fn next(&mut self) -> Option<Node> {
        let node = self.open.pop()?;
        if let Some(level) = node.next.level.filter(|_| !node.is_end() && node.next.add > 0) {
            self.open.extend((0..=node.next.add).rev().filter_map(|dlt| node.child(self.design, level, dlt)));
        }
        Some(node)
    }
}

/// One row of the question "what if so many of the pending have a DLT?".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NextStep {
    /// How many of the pending patients have a DLT.
    pub dlt: u32,
    /// The count at the current level then.
    pub count: LevelCount,
    /// What the rule says then; left out where it says enrol or wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recommendation: Option<Recommendation>,
}

/// What the rule says if 0, 1, 2 ... of the pending patients at the current level have a DLT and all of them close.
///
/// `counts` holds every planned level; empty where `current` is not one of them.
pub fn next_step_table(design: &Design, counts: &[LevelCount], current: DoseLevel, pending: u32) -> Vec<NextStep> {
    let row = |dlt| {
        let mut counts = counts.to_vec();
        Cohort { level: current, patients: pending, dlt }.add_to(&mut counts);
        let recommendation = decide(design, &counts, current);
        Some(NextStep { dlt, count: at(&counts, current)?, recommendation })
    };
    (0..=pending).filter_map(row).collect()
}
