//! `trial status`: where the trial stands, on one screen.

use super::open;
use crate::{
    args::Global,
    error::CliError,
    output::Output,
    render,
    session::Session,
    suspect::{Suspects, sentence},
};
use schemars::JsonSchema;
use serde::Serialize;
use std::mem;
use trial_core::view::{escalation::Escalation, replay::CutLine, status::Status};

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
    let (cut, suspects) = (session.cut(), session.suspects()?);
    let Session { trial, reading, ledger, .. } = session;
    drop(ledger);
    if output.json {
        output.value(&Answer { cut, escalation: Escalation::read(&trial, reading.day), suspects })?;
    } else {
        let status = Status { cut, ..Status::read(&trial, reading) };
        output.text(&render::status(&status, trial.conduct.protocol(), render::screen()))?;
        if let Some(sentence) = sentence(&suspects) {
            output.line(&format!("\nNote: {sentence} (see trial verify)"))?;
        }
    }
    // The process ends now: giving back a million small pieces, one by one, would only keep the reader waiting.
    mem::forget(trial);
    Ok(0)
}
