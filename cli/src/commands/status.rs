//! `trial status`: where the trial stands, on one screen.

use super::open;
use crate::{args::Global, error::CliError, output::Output, render};
use trial_core::view::replay::Replay;

/// Shows it.
pub fn run(global: &Global, output: &mut Output<'_>) -> Result<u8, CliError> {
    let session = open(global, output)?;
    let replay = Replay::read(&session.trial, session.reading);
    if output.json {
        output.value(&serde_json::json!({ "cut": replay.cut, "escalation": replay.escalation }))?;
    } else {
        output.text(&render::status(&replay, session.trial.conduct.protocol(), render::screen()))?;
    }
    Ok(0)
}
