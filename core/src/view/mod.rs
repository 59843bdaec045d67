//! Views: what the projections mean on a day. Computed on reading, never stored.
//!
//! The day of reading is an argument: whether a window has closed is judged on it, and nothing here reads a clock.

pub mod analysis_sets;
pub mod association;
pub mod baseline;
pub mod chart;
pub mod curves;
pub mod deviations;
pub mod ending;
pub mod escalation;
pub mod exposure;
pub mod grounds;
pub mod grouping;
mod membership;
pub mod observation;
pub mod radiotherapy;
pub mod replay;
pub mod response;
pub mod serious;
pub mod spider;
pub mod status;
pub mod subjects;
pub mod survival;
pub mod swimmer;
pub mod timeline;
pub mod toxicity;
pub mod trends;
pub mod waterfall;
pub mod why;
