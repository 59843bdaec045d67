//! `trial export`: the verified entries, byte for byte as signed: one a line, or in tiles. Sealed values stay where they are.

use super::open_whole;
use crate::{
    args::{ExportFormat, Global},
    error::CliError,
    output::Output,
    progress,
    session::{Facts, Session},
};
use std::{
    fs::{File, OpenOptions},
    io::{self, BufWriter, Write},
    path::Path,
};
use trial_ledger::tiles::Writer;

/// Writes them.
pub fn run(
    global: &Global,
    path: Option<&Path>,
    format: ExportFormat,
    output: &mut Output<'_>,
) -> Result<u8, CliError> {
    match (format, path) {
        (ExportFormat::Jsonl, file) => lines(global, file, output),
        (ExportFormat::Tiles, Some(dir)) => tiles(global, dir, output),
        (ExportFormat::Tiles, None) => {
            Err(CliError::usage("tiles are a directory, and none is named").hint("give --output DIR"))
        }
    }
}

/// The lines up to the cut.
fn lines(global: &Global, file: Option<&Path>, output: &mut Output<'_>) -> Result<u8, CliError> {
    let session = open_whole(global, Facts::None, output)?;
    match file {
        None => write(&session, output.out)?,
        Some(path) => {
            create(path, |file| write(&session, file))?;
            writeln!(output.err, "trial: note: {} entries in {}", session.trial.cut.entries, path.display())?;
        }
    }
    let sealed = session.ledger.tip().commitments();
    if sealed > 0 {
        let told = format!("the export holds commitments to sealed values ({sealed}), and none of the values");
        writeln!(output.err, "trial: note: {told}")?;
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

/// The tiles of the last signed checkpoint, and the checkpoint; all entries where none was signed yet.
fn tiles(global: &Global, dir: &Path, output: &mut Output<'_>) -> Result<u8, CliError> {
    if global.as_of.is_some() || global.cutoff.is_some() {
        return Err(CliError::usage(
            "tiles have the entries of the last checkpoint: --as-of and --cutoff have no place here",
        )
        .hint("export the lines up to a day without --format tiles"));
    }
    let io = |e: io::Error| {
        CliError::unknown(format!("{}: {e}", dir.display())).hint("choose a directory that is empty or not there yet")
    };
    let session = open_whole(global, Facts::None, output)?;
    let ledger = &session.ledger;
    let checkpoint = ledger.last_checkpoint()?;
    let size = checkpoint.as_ref().map_or(ledger.tip().size(), |last| last.checkpoint().size);
    checkpoint.as_ref().map_or(Ok(()), |last| ledger.extends(last.checkpoint()))?;
    let mut writer = Writer::new(dir).map_err(io)?;
    let bar = progress::bar(size, "writing");
    for verified in ledger.entries().take(usize::try_from(size).unwrap_or(usize::MAX)) {
        writer.push(verified?.envelope()).map_err(io)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    let note = checkpoint.as_ref().map(|last| last.note().to_string());
    writer.finish(note.as_ref().map(String::as_bytes)).map_err(io)?;
    writeln!(output.err, "trial: note: {size} entries in {}", dir.display())?;
    if checkpoint.is_none() {
        writeln!(
            output.err,
            "trial: note: without a checkpoint: none was signed yet, so nobody can tell a shorter copy"
        )?;
    } else if size < ledger.tip().size() {
        let newer = ledger.tip().size() - size;
        writeln!(output.err, "trial: note: the last checkpoint is older than {newer} entries, which are left out")?;
    }
    Ok(0)
}

fn write(session: &Session, out: &mut dyn Write) -> Result<(), CliError> {
    let wanted = usize::try_from(session.trial.cut.entries).unwrap_or(usize::MAX);
    for verified in session.ledger.entries().take(wanted) {
        out.write_all(verified?.envelope().as_bytes())?;
        out.write_all(b"\n")?;
    }
    Ok(())
}
