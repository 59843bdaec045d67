//! The trial: events, protocol, projections, statistics.
//!
//! Pure: no files, no clock, no randomness, no store. Everything here is a value, or a fold over verified entries.

pub mod authority;
pub mod date;
pub mod dictionary;
pub mod entry;
pub mod event;
pub mod grade;
pub mod ids;
pub mod projection;
pub mod protocol;
pub mod quantity;
pub mod relation;
pub mod text;
mod words;
