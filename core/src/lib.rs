//! The trial: events, protocol, projections, statistics.
//!
//! Pure: no files, no clock, no randomness, no store. Everything here is a value, or a fold over verified entries.

pub mod date;
pub mod dlt;
pub mod grade;
pub mod ids;
pub mod quantity;
pub mod recist;
