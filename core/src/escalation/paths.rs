//! Every way a trial under a design can go: cohorts of outcomes, end points, and exact operating characteristics.
//!
//! Promises the whole tree in a fixed order (depth first, fewer DLTs first), so that sums have the same bits on every
//! machine. Assumes that each cohort is enrolled as recommended and closes; over-enrolment and late DLTs have no path.
//! The tree grows by a factor of about 2.5 per level: it is walked, never held.

use super::design::Design;
use super::rule::{Action, LevelCount, Recommendation, at, decide, decide_when_closed};
use crate::grade::DoseLevel;
use serde::Serialize;
use std::fmt;

/// Patients treated together at one level, and how many of them had a DLT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
        if let Some(level) = node.next.level.filter(|_| !node.is_end()) {
            self.open.extend((0..=node.next.add).rev().filter_map(|dlt| node.child(self.design, level, dlt)));
        }
        Some(node)
    }
}

/// How many ways there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PathCounts {
    /// States, the empty trial included.
    pub nodes: u64,
    /// States in which the trial ends.
    pub end_points: u64,
    /// The fewest evaluable patients of an end point.
    pub min_patients: u32,
    /// The most.
    pub max_patients: u32,
    /// End points without an MTD.
    pub no_mtd: u64,
    /// End points whose MTD is the level, the lowest first.
    pub mtd: Vec<u64>,
}

/// Counts the nodes and end points of a design; all zero where the start level is not planned.
pub fn path_counts(design: &Design, levels: u8) -> PathCounts {
    let mtd = vec![0; usize::from(levels)];
    let mut counts = PathCounts { nodes: 0, end_points: 0, min_patients: 0, max_patients: 0, no_mtd: 0, mtd };
    for node in Paths::new(design, levels) {
        counts.nodes += 1;
        if !node.is_end() {
            continue;
        }
        let patients = node.patients();
        counts.min_patients = if counts.end_points == 0 { patients } else { counts.min_patients.min(patients) };
        counts.max_patients = counts.max_patients.max(patients);
        counts.end_points += 1;
        match node.mtd() {
            Some(level) => counts.mtd[usize::from(level.get()) - 1] += 1,
            None => counts.no_mtd += 1,
        }
    }
    counts
}

/// What a design does on average if the true probabilities of a DLT are these: exact, by enumeration.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OperatingCharacteristics {
    /// The probability that no level is the MTD.
    pub no_mtd: f64,
    /// The probability that the level is the MTD, the lowest first.
    pub mtd: Vec<f64>,
    /// Expected evaluable patients at each level, the lowest first.
    pub patients: Vec<f64>,
    /// Expected patients with a DLT at each level, the lowest first.
    pub dlt: Vec<f64>,
    /// Expected evaluable patients in all.
    pub expected_patients: f64,
    /// Expected patients with a DLT in all.
    pub expected_dlt: f64,
}

/// Probabilities that are none.
#[derive(Debug, Clone, PartialEq)]
pub enum BadProbabilities {
    /// Not from 0 to 1: its place (from 1) and the number.
    OutOfRange(usize, f64),
    /// None at all, more than 99, or fewer than the start level.
    Levels(usize),
}

impl fmt::Display for BadProbabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadProbabilities::OutOfRange(place, found) => {
                write!(f, "the probability of a DLT at level {place} is {found}: expected 0 to 1")
            }
            BadProbabilities::Levels(found) => {
                write!(
                    f,
                    "found {found} probabilities: expected one per level, from the lowest to at least the start level"
                )
            }
        }
    }
}

impl std::error::Error for BadProbabilities {}

/// The exact operating characteristics for these true probabilities of a DLT, one per planned level, the lowest first.
///
/// Each path has the product of its cohorts' binomial probabilities.
pub fn operating_characteristics(
    design: &Design,
    probabilities: &[f64],
) -> Result<OperatingCharacteristics, BadProbabilities> {
    if let Some((place, p)) = probabilities.iter().enumerate().find(|(_, p)| !(0.0..=1.0).contains(*p)) {
        return Err(BadProbabilities::OutOfRange(place + 1, *p));
    }
    let bad = BadProbabilities::Levels(probabilities.len());
    let levels = u8::try_from(probabilities.len()).ok().and_then(DoseLevel::new).ok_or(bad.clone())?;
    if design.start_level() > levels {
        return Err(bad);
    }
    let zeros = vec![0.0; probabilities.len()];
    let mut found = OperatingCharacteristics {
        no_mtd: 0.0,
        mtd: zeros.clone(),
        patients: zeros.clone(),
        dlt: zeros,
        expected_patients: 0.0,
        expected_dlt: 0.0,
    };
    for node in Paths::new(design, levels.get()).filter(Node::is_end) {
        let probability = node.cohorts.iter().map(|cohort| likelihood(*cohort, probabilities)).product::<f64>();
        match node.mtd() {
            Some(level) => found.mtd[usize::from(level.get()) - 1] += probability,
            None => found.no_mtd += probability,
        }
        for (level, count) in node.counts.iter().enumerate() {
            found.patients[level] += probability * f64::from(count.evaluable);
            found.dlt[level] += probability * f64::from(count.dlt);
        }
    }
    found.expected_patients = found.patients.iter().sum();
    found.expected_dlt = found.dlt.iter().sum();
    Ok(found)
}

/// The binomial probability of a cohort. Plain products, because the last bits of `powi` differ between machines.
fn likelihood(cohort: Cohort, probabilities: &[f64]) -> f64 {
    let p = probabilities[usize::from(cohort.level.get()) - 1];
    let ways = (0..cohort.dlt).fold(1, |ways, i| ways * u64::from(cohort.patients - i) / u64::from(i + 1));
    let with = (0..cohort.dlt).fold(1.0, |product, _| product * p);
    let without = (cohort.dlt..cohort.patients).fold(1.0, |product, _| product * (1.0 - p));
    ways as f64 * with * without
}

/// One row of the question "what if so many of the pending have a DLT?".
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
