//! `trial status`: where the trial stands, on one screen.

use super::open;
use crate::{args::Global, error::CliError, output::Output, render, suspect::sentence};
use trial_core::view::replay::Replay;

/// Shows it.
pub fn run(global: &Global, output: &mut Output<'_>) -> Result<u8, CliError> {
    let session = open(global, output)?;
    let replay = Replay::read(&session.trial, session.reading);
    let suspects = session.suspects()?;
    if output.json {
        output
            .value(&serde_json::json!({ "cut": replay.cut, "escalation": replay.escalation, "suspects": suspects }))?;
    } else {
        output.text(&render::status(&replay, session.trial.conduct.protocol(), render::screen()))?;
        if let Some(sentence) = sentence(&suspects) {
            output.line(&format!("\nNote: {sentence} (see trial verify)"))?;
        }
    }
    Ok(0)
}
