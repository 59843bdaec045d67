//! The command `trial`.

#![forbid(unsafe_code)]

use clap::FromArgMatches as _;
use std::{
    io::{self, Write as _},
    process::ExitCode,
};
use trial_cli::{
    args::{self, Cli},
    commands,
    error::CliError,
    output::Output,
};

fn main() -> ExitCode {
    trial_ledger::sled_store::tell_panics_as_errors();
    let matches = args::command().get_matches();
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(e) => e.exit(),
    };
    let (mut out, mut err) = (io::BufWriter::new(io::stdout().lock()), io::stderr());
    let mut output = Output { out: &mut out, err: &mut err, json: cli.global.json };
    let ended = commands::run(&cli, &matches, &mut output).and_then(|code| match out.flush() {
        // Whoever reads the answer may stop reading: that is not a failure.
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(CliError::from(e)),
        Ok(()) | Err(_) => Ok(code),
    });
    match ended {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            let _ = out.flush();
            eprintln!("trial: error: {error}");
            if let Some(hint) = &error.hint {
                eprintln!("trial: hint: {hint}");
            }
            ExitCode::from(error.kind.exit_code())
        }
    }
}
