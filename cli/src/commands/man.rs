//! `trial man`: a manual page for the command and for each verb, in a folder that `man` can read.

use crate::{args, error::CliError, output::Output};
use std::{fs, path::Path};

/// Writes `trial.1`, `trial-append.1`, `trial-append-dose-taken.1` and so on into a folder, which is made if need be.
pub fn run(folder: &Path, output: &mut Output<'_>) -> Result<u8, CliError> {
    let io = |e: std::io::Error| CliError::unknown(format!("{}: {e}", folder.display()));
    fs::create_dir_all(folder).map_err(io)?;
    clap_mangen::generate_to(args::command(), folder).map_err(io)?;
    let pages = fs::read_dir(folder).map_err(io)?.filter_map(Result::ok);
    let pages = pages.filter(|file| file.path().extension().is_some_and(|extension| extension == "1")).count();
    writeln!(output.err, "trial: note: {pages} manual pages in {}", folder.display())?;
    Ok(0)
}
