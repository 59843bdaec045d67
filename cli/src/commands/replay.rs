//! `trial replay`: every table, computed from the log.

use super::open;
use crate::{
    args::Global,
    error::CliError,
    output::Output,
    pager, render,
    session::Session,
    suspect::{Suspects, sentence},
};
use schemars::JsonSchema;
use serde::Serialize;
use std::mem;
use trial_core::view::replay::Replay;

/// What is answered: all views, and which entries under them are in doubt.
#[derive(Serialize, JsonSchema)]
pub(super) struct Answer<'a> {
    #[serde(flatten)]
    replay: &'a Replay,
    /// Entries in doubt.
    suspects: &'a [Suspects],
}

/// Shows it.
pub fn run(global: &Global, output: &mut Output<'_>) -> Result<u8, CliError> {
    let session = open(global, output)?;
    let suspects = session.suspects()?;
    // The ledger is closed before the views are read: what its store keeps in memory is not needed beside them.
    let cut = session.cut();
    let Session { trial, reading, ledger, .. } = session;
    drop(ledger);
    let replay = Replay { cut, ..Replay::read(&trial, reading) };
    if output.json {
        output.value(&Answer { replay: &replay, suspects: &suspects })?;
    } else {
        let mut pieces = render::replay(&replay, trial.conduct.protocol(), render::screen());
        if let Some(sentence) = sentence(&suspects) {
            pieces.push(format!("\nNote: {sentence} (see trial verify)\n"));
        }
        pager::page(&pieces, output)?;
    }
    // The process ends now: giving back a million small pieces, one by one, would only keep the reader waiting.
    mem::forget((trial, replay));
    Ok(0)
}
