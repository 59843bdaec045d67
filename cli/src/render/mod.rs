//! Stand-in until the tables arrive.
use crate::commands::paths::PathsAnswer;
use trial_core::{protocol::Protocol, view::replay::Replay};
/// Screen.
pub fn screen() {}
/// Status.
pub fn status(r: &Replay, _: Option<&Protocol>, _: ()) -> String {
    serde_json::to_string_pretty(&r.escalation).unwrap_or_default()
}
/// Replay.
pub fn replay(r: &Replay, _: Option<&Protocol>, _: ()) -> String {
    serde_json::to_string_pretty(r).unwrap_or_default()
}
/// Paths.
pub fn paths(p: &PathsAnswer, _: &Protocol, _: bool, _: ()) -> String {
    serde_json::to_string_pretty(p).unwrap_or_default()
}
