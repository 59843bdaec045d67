//! `trial status`: where the trial stands, on one screen.

use super::open;
use crate::{
    args::Global,
    error::CliError,
    output::Output,
    render,
    suspect::{Suspects, sentence},
};
use schemars::JsonSchema;
use serde::Serialize;
use trial_core::view::{
    escalation::Escalation,
    replay::{CutLine, Replay},
};

/// What is answered: a part of `trial replay`.
#[derive(Serialize, JsonSchema)]
pub(super) struct Answer {
    /// What it rests on.
    cut: CutLine,
    /// Where the trial stands; null before a protocol is in force.
    escalation: Option<Escalation>,
    /// Entries in doubt.
    suspects: Vec<Suspects>,
}

/// Shows it.
pub fn run(global: &Global, output: &mut Output<'_>) -> Result<u8, CliError> {
    let session = open(global, output)?;
    let replay = Replay { cut: session.cut(), ..Replay::read(&session.trial, session.reading) };
    let suspects = session.suspects()?;
    if output.json {
        output.value(&Answer { cut: replay.cut, escalation: replay.escalation, suspects })?;
    } else {
        output.text(&render::status(&replay, session.trial.conduct.protocol(), render::screen()))?;
        if let Some(sentence) = sentence(&suspects) {
            output.line(&format!("\nNote: {sentence} (see trial verify)"))?;
        }
    }
    Ok(0)
}
