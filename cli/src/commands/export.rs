//! `trial export`: the verified entry lines, byte for byte as signed.

use super::open;
use crate::{args::Global, error::CliError, output::Output};
use std::{
    fs::{File, OpenOptions},
    io::{self, BufWriter, Write},
    path::Path,
};

/// Writes the lines up to the cut.
pub fn run(global: &Global, file: Option<&Path>, output: &mut Output<'_>) -> Result<u8, CliError> {
    let session = open(global, output)?;
    match file {
        None => write(&session, output.out)?,
        Some(path) => {
            create(path, |file| write(&session, file))?;
            writeln!(output.err, "trial: note: {} entries in {}", session.trial.cut.entries, path.display())?;
        }
    }
    Ok(0)
}

/// Makes a file that was not there, and writes it to the disk.
pub(super) fn create(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> Result<(), CliError>,
) -> Result<(), CliError> {
    let io = |e: io::Error| {
        CliError::unknown(format!("{}: {e}", path.display())).hint("choose a file that is not there yet")
    };
    let mut file = BufWriter::new(OpenOptions::new().write(true).create_new(true).open(path).map_err(io)?);
    write(&mut file)?;
    file.into_inner().map_err(|e| io(e.into_error()))?.sync_all().map_err(io)
}

fn write(session: &crate::session::Session, out: &mut dyn Write) -> Result<(), CliError> {
    let wanted = usize::try_from(session.trial.cut.entries).unwrap_or(usize::MAX);
    for verified in session.ledger.entries().take(wanted) {
        out.write_all(verified?.envelope().as_bytes())?;
        out.write_all(b"\n")?;
    }
    Ok(())
}
