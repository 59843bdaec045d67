//! Generated tables, as both test programs about them ask for one.

use trial_core::escalation::{
    DecisionTable,
    generate::{IntervalDesign, Wanted, table},
};

/// What a table is wanted for: cohorts of three, up to 18 at a level.
pub fn wanted(target: &str) -> Wanted {
    Wanted {
        target: target.parse().unwrap(),
        half_width: "0.05".parse().unwrap(),
        cohort_size: 3,
        max_at_level: 18,
        max_subjects: 36,
    }
}

/// The table of a design for a target.
pub fn made(design: IntervalDesign, target: &str) -> DecisionTable {
    table(design, &wanted(target)).unwrap()
}
