//! `trial completions`: completions for a shell.

use crate::{args, error::CliError, output::Output};
use clap_complete::{Shell, generate};

/// Writes them.
pub fn run(shell: Shell, output: &mut Output<'_>) -> Result<u8, CliError> {
    let mut script = Vec::new();
    generate(shell, &mut args::command(), "trial", &mut script);
    output.text(&String::from_utf8_lossy(&script))?;
    Ok(0)
}
