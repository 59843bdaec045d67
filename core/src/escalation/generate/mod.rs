//! Decision tables from the formulas of published designs: one file a design, each with its source.
//!
//! Targets and intervals are exact fractions. Where a formula has a logarithm or a beta distribution, numbers closer
//! than 1e-9 count as equal, and equal goes to the safer action. A level is excluded where the posterior probability
//! that a DLT is more likely than the target is above 0.95 (prior uniform), from three evaluable subjects on.
//! The tables are compared with published cells in the tests; they do not replace the statistician who chose a design.

mod appendix;
mod boin;
mod fraction;
mod i3plus3;
mod keyboard;
mod mtpi2;

pub use appendix::{boundaries, cells};
pub use fraction::Fraction;

use super::design::GateAnchor;
use super::table::{DecisionTable, MtdEstimate, Row, TableAction};
use crate::{grade::DoseLevel, quantity::Decimal, statistics::special, words::words};
use std::fmt;

/// Numbers closer than this count as equal.
const EQUAL: f64 = 1e-9;
/// A level is excluded above this posterior probability that it is too toxic.
const CERTAIN: f64 = 0.95;
/// No level is excluded with fewer evaluable subjects.
const EXCLUDED_FROM: u32 = 3;

words!(
    /// A published interval design.
    IntervalDesign {
        /// Bayesian optimal interval design (Liu and Yuan 2015).
        Boin = "boin",
        /// Modified toxicity probability interval design, second version (Guo et al. 2017).
        Mtpi2 = "mtpi2",
        /// Keyboard design (Yan, Mandrekar and Yuan 2017).
        Keyboard = "keyboard",
        /// i3+3 design (Liu, Wang and Ji 2020).
        I3plus3 = "i3plus3",
    }
);

/// What a table is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// The probability of a DLT at the dose that is sought.
    pub target: Decimal,
    /// How far below and above the target counts as on target (mTPI-2, keyboard, i3+3).
    pub half_width: Decimal,
    /// Evaluable subjects in a cohort.
    pub cohort_size: u8,
    /// The most evaluable subjects at a level: the rows of the table.
    pub max_at_level: u8,
    /// The most evaluable subjects in all.
    pub max_subjects: u16,
}

/// Why there is no such table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadWanted {
    /// The target is too near to 0 or 1 for the design.
    Target(Decimal),
    /// The interval around the target is empty or reaches 0 or 1.
    Interval(Decimal, Decimal),
    /// No subject in all, at a level or in a cohort.
    Nobody,
}

impl fmt::Display for BadWanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadWanted::Target(target) => write!(f, "the target is {target}: expected more than 0 and less than 0.7"),
            BadWanted::Interval(target, half) => {
                write!(
                    f,
                    "the interval is {half} on either side of {target}: expected it within 0 and 1, and not empty"
                )
            }
            BadWanted::Nobody => f.write_str("expected at least one subject in all, at a level and in a cohort"),
        }
    }
}

impl std::error::Error for BadWanted {}

/// Makes the table of a design.
///
/// # Errors
/// See [`BadWanted`].
pub fn table(design: IntervalDesign, wanted: &Wanted) -> Result<DecisionTable, BadWanted> {
    let target = Fraction::from(wanted.target);
    // 1.4 times the target, from which BOIN de-escalates, must be a probability.
    if target <= Fraction::new(0, 1) || target >= Fraction::new(7, 10) {
        return Err(BadWanted::Target(wanted.target));
    }
    if wanted.cohort_size == 0 || wanted.max_at_level == 0 || wanted.max_subjects == 0 {
        return Err(BadWanted::Nobody);
    }
    let half = Fraction::from(wanted.half_width);
    let on_target = (target - half, target + half);
    if half <= Fraction::new(0, 1) || on_target.0 <= Fraction::new(0, 1) || on_target.1 >= Fraction::new(1, 1) {
        return Err(BadWanted::Interval(wanted.target, wanted.half_width));
    }
    let rows = match design {
        IntervalDesign::Boin => rows(wanted, target, boin::cell(target)),
        IntervalDesign::Mtpi2 => rows(wanted, target, mtpi2::cell(on_target)),
        IntervalDesign::Keyboard => rows(wanted, target, keyboard::cell(on_target)),
        IntervalDesign::I3plus3 => rows(wanted, target, |dlt, n| i3plus3::cell(on_target, dlt, n)),
    };
    Ok(DecisionTable {
        start_level: DoseLevel::new(1).expect("1 is a level"),
        cohort_size: wanted.cohort_size,
        max_subjects: wanted.max_subjects,
        max_at_level: Some(wanted.max_at_level),
        target: target.share(),
        mtd: MtdEstimate::ClosestToTarget,
        gate_anchor: GateAnchor::LastTreatment,
        gate_months: 0,
        rows,
    })
}

/// One row for each n, with the cells of the design and the exclusion that all of them share.
fn rows(wanted: &Wanted, target: Fraction, cell: impl Fn(u32, u32) -> TableAction) -> Vec<Row> {
    let row = |n: u32| {
        let action = |dlt| if excluded(target, dlt, n) { TableAction::DeEscalateAndExclude } else { cell(dlt, n) };
        Row::of((0..=n).map(action).collect())
    };
    (1..=u32::from(wanted.max_at_level)).map(row).collect()
}

/// Whether Pr(p > target | dlt of n) is above 0.95 under a uniform prior.
fn excluded(target: Fraction, dlt: u32, n: u32) -> bool {
    let (_, above) = special::beta_tails(target.to_f64(), f64::from(dlt + 1), f64::from(n - dlt + 1));
    n >= EXCLUDED_FROM && above > CERTAIN - EQUAL
}

/// The posterior probability of each interval under a uniform prior, from the bounds between them.
fn posterior(bounds: &[Fraction], dlt: u32, n: u32) -> Vec<f64> {
    let tails = |x: Fraction| special::beta_tails(x.to_f64(), f64::from(dlt + 1), f64::from(n - dlt + 1));
    let between = |pair: &[Fraction]| {
        let ((low_below, low_above), (high_below, high_above)) = (tails(pair[0]), tails(pair[1]));
        // From the tail where neither number is near 1.
        if low_below < 0.5 { high_below - low_below } else { low_above - high_above }
    };
    bounds.windows(2).map(between).collect()
}

/// The index of the greatest number; of numbers that count as equal, the last.
fn greatest(numbers: impl Iterator<Item = f64>) -> usize {
    let best = numbers.enumerate().reduce(|best, next| if next.1 > best.1 - EQUAL { next } else { best });
    best.map_or(0, |(index, _)| index)
}

/// The action where the interval `found` is likeliest and `on_target` is the one around the target.
fn towards(on_target: usize, found: usize) -> TableAction {
    match found.cmp(&on_target) {
        std::cmp::Ordering::Less => TableAction::Escalate,
        std::cmp::Ordering::Equal => TableAction::Stay,
        std::cmp::Ordering::Greater => TableAction::DeEscalate,
    }
}
