//! Views of an invented trial, told entry by entry: each test says what happened and asks what a view makes of it.

#![allow(clippy::unwrap_used, reason = "helpers of tests, which clippy does not recognise outside #[test]")]

mod adjudications;
mod analysis_sets;
mod comparisons;
mod deviations;
mod dictionaries;
mod exposure;
mod histories;
mod plots;
mod properties;
mod radiotherapy;
mod serious;
mod since;
mod story;
mod survival;
