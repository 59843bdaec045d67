//! `trial report`: one HTML page that shows the trial at any date and proves its entries.

use super::open_whole;
use crate::{args::Global, error::CliError, output::Output, report, session::Facts};
use std::{fs::OpenOptions, io::BufWriter, path::Path};

/// Writes the page.
pub fn run(global: &Global, file: &Path, output: &mut Output<'_>) -> Result<u8, CliError> {
    let io = |e: std::io::Error| {
        CliError::unknown(format!("{}: {e}", file.display())).hint("choose a file that is not there yet")
    };
    let session = open_whole(global, Facts::All, output)?;
    let created = OpenOptions::new().write(true).create_new(true).open(file).map_err(io)?;
    let mut out = BufWriter::new(created);
    report::write(&session, &mut out)?;
    out.into_inner().map_err(|e| io(e.into_error()))?.sync_all().map_err(io)?;
    writeln!(
        output.err,
        "trial: note: {} entries in {}; open it in a browser",
        session.trial.cut.entries,
        file.display()
    )?;
    Ok(0)
}
