//! The trial: events, protocol, projections, statistics.
//!
//! Pure: no files, no clock, no randomness, no store. Everything here is a value, or a fold over verified entries.

#![forbid(unsafe_code)]

pub mod admission;
pub mod authority;
pub mod countersignature;
pub mod date;
pub mod dictionary;
pub mod dlt;
pub mod encoded;
pub mod entry;
pub mod escalation;
pub mod event;
pub mod few;
pub mod grade;
pub mod ids;
pub mod projection;
pub mod protocol;
pub mod quantity;
pub mod recist;
pub mod relation;
pub mod rounded;
mod shared;
pub mod spelling;
mod stated;
pub mod statistics;
pub mod text;
pub mod view;
mod words;

pub use stated::Stated;
