//! Output: the answer goes to stdout, everything else to stderr.

use crate::error::CliError;
use serde::Serialize;
use std::{
    fs::OpenOptions,
    io::{self, IsTerminal, Write},
    path::Path,
};
use trial_core::event::{Clock, DataKind, TrialOpened};

/// Where a command writes.
pub struct Output<'a> {
    /// The answer.
    pub out: &'a mut dyn Write,
    /// Everything else.
    pub err: &'a mut dyn Write,
    /// Whether the answer is asked for in JSON.
    pub json: bool,
}

impl Output<'_> {
    /// Writes text.
    ///
    /// # Errors
    /// The reader has gone, or the disk is full.
    pub fn text(&mut self, text: &str) -> Result<(), CliError> {
        self.out.write_all(text.as_bytes()).map_err(CliError::from)
    }

    /// Writes a line.
    ///
    /// # Errors
    /// See [`Output::text`].
    pub fn line(&mut self, line: &str) -> Result<(), CliError> {
        writeln!(self.out, "{line}").map_err(CliError::from)
    }

    /// Writes a value as JSON, members in a fixed order, one object.
    ///
    /// # Errors
    /// See [`Output::text`].
    pub fn value(&mut self, value: &impl Serialize) -> Result<(), CliError> {
        serde_json::to_writer_pretty(&mut *self.out, value).map_err(|e| CliError::from(io::Error::from(e)))?;
        self.line("")
    }

    /// Says above an answer for people that its facts are invented or its times given by hand.
    ///
    /// # Errors
    /// See [`Output::text`].
    pub fn banner(&mut self, opened: &TrialOpened) -> Result<(), CliError> {
        match banner(opened.clock, opened.data) {
            Some(banner) if !self.json => self.line(banner),
            Some(_) | None => Ok(()),
        }
    }

    /// Tells what is to be told beside the answer: what opening put in order, what was compared with.
    ///
    /// # Errors
    /// See [`Output::text`].
    pub fn notices(&mut self, notices: &[String]) -> Result<(), CliError> {
        for notice in notices {
            writeln!(self.err, "trial: note: {notice}")?;
        }
        Ok(())
    }
}

/// Writes a file that is not there yet; it is on disk when this returns.
///
/// # Errors
/// There is such a file, or the disk failed.
pub fn write_new(path: &Path, content: &[u8]) -> Result<(), CliError> {
    let made = OpenOptions::new().write(true).create_new(true).open(path);
    made.and_then(|mut file| file.write_all(content).and_then(|()| file.sync_all()))
        .map_err(|e| CliError::unknown(format!("{}: {e}", path.display())).hint("choose a file that is not there yet"))
}

/// What every answer on a ledger must say whose clock or data are not real.
pub fn banner(clock: Clock, data: DataKind) -> Option<&'static str> {
    match (clock, data) {
        (Clock::Simulated, DataKind::Synthetic) => Some("SYNTHETIC DATA · SIMULATED CLOCK"),
        (Clock::Simulated, DataKind::Real) => Some("SIMULATED CLOCK"),
        (Clock::System, DataKind::Synthetic) => Some("SYNTHETIC DATA"),
        (Clock::System, DataKind::Real) => None,
    }
}

/// The width of the terminal, or what COLUMNS says; 80 columns where there is neither.
pub fn width() -> usize {
    let said = std::env::var("COLUMNS").ok().and_then(|c| c.parse::<usize>().ok());
    let seen = || terminal_size::terminal_size_of(io::stdout()).map(|(columns, _)| usize::from(columns.0));
    said.or_else(seen).unwrap_or(80).clamp(60, 120)
}

/// Whether to colour: only on a terminal, and not where NO_COLOR is set (no-color.org).
pub fn colours() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
}
