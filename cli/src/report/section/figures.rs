//! Figures: the plots of one date.

use super::Scene;
use crate::report::html::Lines;

/// Who entered which level when, windows, decisions.
pub fn timeline(_: Scene<'_>) -> Lines {
    Lines::new()
}

/// Best change by subject, overall and in field.
pub fn waterfall(_: Scene<'_>) -> Lines {
    Lines::new()
}

/// Change over time by subject.
pub fn spider(_: Scene<'_>) -> Lines {
    Lines::new()
}

/// The course of each subject.
pub fn swimmer(_: Scene<'_>) -> Lines {
    Lines::new()
}

/// Kaplan-Meier curves.
pub fn curves(_: Scene<'_>) -> Lines {
    Lines::new()
}
