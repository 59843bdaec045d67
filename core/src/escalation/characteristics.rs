//! How many ways a design has, and what it does on average: exact, without simulation.
//!
//! A design looks at the counts and the current level alone, so ways that lead to the same state are followed once,
//! with their number or their probability. States are taken in a fixed order, so sums have the same bits on every
//! machine. Assumes what [`super::Paths`] assumes.

use super::design::Design;
use super::paths::Cohort;
use super::rule::{Action, LevelCount, Recommendation, decide, decide_when_closed};
use crate::grade::DoseLevel;
use schemars::JsonSchema;
use serde::Serialize;
use std::{collections::BTreeMap, fmt};

/// More states than this are not followed: some seconds.
const MOST_STATES: usize = 500_000;

/// A state of the trial; ordered by the evaluable patients in all, because every cohort adds some.
type State = (u32, Vec<LevelCount>, DoseLevel);

/// Visits every state with its weight, the root first; false where there are more than [`MOST_STATES`].
fn walk<W: Copy>(
    design: &Design,
    levels: u8,
    root: W,
    follow: impl Fn(W, Cohort) -> W,
    add: impl Fn(W, W) -> W,
    mut visit: impl FnMut(&State, Recommendation, W),
) -> bool {
    let counts = vec![LevelCount::default(); usize::from(levels)];
    let mut open: BTreeMap<State, W> = BTreeMap::new();
    let mut visited = 0;
    open.insert((0, counts, design.start_level()), root);
    while let Some((state, weight)) = open.pop_first() {
        let (patients, counts, current) = &state;
        let decide = if *patients == 0 { decide } else { decide_when_closed };
        let Some(next) = decide(design, counts, *current) else { return true };
        visited += 1;
        if visited > MOST_STATES {
            return false;
        }
        visit(&state, next, weight);
        let Some(level) = next.level.filter(|_| !next.action.stops() && next.add > 0) else { continue };
        for dlt in 0..=next.add {
            let cohort = Cohort { level, patients: next.add, dlt };
            let mut counts = counts.clone();
            cohort.add_to(&mut counts);
            let reached = follow(weight, cohort);
            let sum = open.entry((patients + next.add, counts, level));
            sum.and_modify(|found| *found = add(*found, reached)).or_insert(reached);
        }
    }
    true
}

fn mtd(next: Recommendation) -> Option<usize> {
    let level = next.level.filter(|_| next.action == Action::StopMtd);
    level.map(|level| usize::from(level.get()) - 1)
}

/// How many ways there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PathCounts {
    /// States, the empty trial included, each way to reach one counted.
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
    /// Whether there are more ways than could be followed: the numbers are then those of the shorter ways.
    pub too_many: bool,
}

/// Counts the nodes and end points of a design; all zero where the start level is not planned.
pub fn path_counts(design: &Design, levels: u8) -> PathCounts {
    let mut found = PathCounts {
        nodes: 0,
        end_points: 0,
        min_patients: 0,
        max_patients: 0,
        no_mtd: 0,
        mtd: vec![0; usize::from(levels)],
        too_many: false,
    };
    let whole = walk(
        design,
        levels,
        1_u64,
        |ways, _| ways,
        u64::saturating_add,
        |(patients, ..), next, ways| {
            found.nodes = found.nodes.saturating_add(ways);
            if !next.action.stops() {
                return;
            }
            found.min_patients = if found.end_points == 0 { *patients } else { found.min_patients.min(*patients) };
            found.max_patients = found.max_patients.max(*patients);
            found.end_points = found.end_points.saturating_add(ways);
            let ends = mtd(next).and_then(|level| found.mtd.get_mut(level)).unwrap_or(&mut found.no_mtd);
            *ends = ends.saturating_add(ways);
        },
    );
    PathCounts { too_many: !whole || found.nodes == u64::MAX, ..found }
}

/// What a design does on average if the true probabilities of a DLT are these: exact, by enumeration.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
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

/// Probabilities for which there are no operating characteristics.
#[derive(Debug, Clone, PartialEq)]
pub enum BadProbabilities {
    /// Not from 0 to 1: its place (from 1) and the number.
    OutOfRange(usize, f64),
    /// None at all, more than 99, or fewer than the start level.
    Levels(usize),
    /// The design has more ways with so many levels than can be followed.
    TooMany(usize),
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
            BadProbabilities::TooMany(levels) => {
                write!(f, "the design can go more than {MOST_STATES} ways over {levels} levels: expected fewer")
            }
        }
    }
}

impl std::error::Error for BadProbabilities {}

/// The exact operating characteristics for these true probabilities of a DLT, one per planned level, the lowest first.
///
/// Each way has the product of its cohorts' binomial probabilities.
///
/// # Errors
/// See [`BadProbabilities`].
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
    let whole = walk(
        design,
        levels.get(),
        1.0,
        |probability, cohort| probability * likelihood(cohort, probabilities),
        |one: f64, other| one + other,
        |(_, counts, _), next, probability| {
            if !next.action.stops() {
                return;
            }
            *mtd(next).and_then(|level| found.mtd.get_mut(level)).unwrap_or(&mut found.no_mtd) += probability;
            for (level, count) in counts.iter().enumerate() {
                found.patients[level] += probability * f64::from(count.evaluable);
                found.dlt[level] += probability * f64::from(count.dlt);
            }
        },
    );
    if !whole {
        return Err(BadProbabilities::TooMany(probabilities.len()));
    }
    found.expected_patients = found.patients.iter().sum();
    found.expected_dlt = found.dlt.iter().sum();
    Ok(found)
}

/// The binomial probability of a cohort. Plain products, because the last bits of `powi` differ between machines.
fn likelihood(cohort: Cohort, probabilities: &[f64]) -> f64 {
    let p = probabilities[usize::from(cohort.level.get()) - 1];
    let ways = (0..cohort.dlt).fold(1.0, |ways, i| ways * f64::from(cohort.patients - i) / f64::from(i + 1));
    let with = (0..cohort.dlt).fold(1.0, |product, _| product * p);
    let without = (cohort.dlt..cohort.patients).fold(1.0, |product, _| product * (1.0 - p));
    ways * with * without
}
