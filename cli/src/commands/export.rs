//! `trial export`: the verified entry lines, byte for byte as signed.

use super::open;
use crate::{args::Global, error::CliError, output::Output};
use std::{
    fs::OpenOptions,
    io::{BufWriter, Write},
    path::Path,
};

/// Writes the lines up to the cut.
pub fn run(global: &Global, file: Option<&Path>, output: &mut Output<'_>) -> Result<u8, CliError> {
    let session = open(global, output)?;
    match file {
        None => write(&session, output.out)?,
        Some(path) => {
            let io = |e: std::io::Error| {
                CliError::unknown(format!("{}: {e}", path.display())).hint("choose a file that is not there yet")
            };
            let file = OpenOptions::new().write(true).create_new(true).open(path).map_err(io)?;
            let mut file = BufWriter::new(file);
            write(&session, &mut file)?;
            file.into_inner().map_err(|e| io(e.into_error()))?.sync_all().map_err(io)?;
            writeln!(output.err, "trial: note: {} entries in {}", session.trial.cut.entries, path.display())?;
        }
    }
    Ok(0)
}

fn write(session: &crate::session::Session, out: &mut dyn Write) -> Result<(), CliError> {
    let wanted = usize::try_from(session.trial.cut.entries).unwrap_or(usize::MAX);
    for verified in session.ledger.entries().take(wanted) {
        out.write_all(verified?.envelope().as_bytes())?;
        out.write_all(b"\n")?;
    }
    Ok(())
}
