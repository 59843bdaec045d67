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

/// Standard output, where whoever reads the answer may stop reading: the rest counts as read, and nothing has failed.
struct Answer<'a>(io::StdoutLock<'a>);

impl io::Write for Answer<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.write(bytes) {
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(bytes.len()),
            written => written,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.0.flush() {
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            flushed => flushed,
        }
    }
}

fn main() -> ExitCode {
    trial_ledger::sled_store::tell_panics_as_errors();
    let matches = args::command().get_matches();
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(e) => e.exit(),
    };
    let (mut out, mut err) = (io::BufWriter::new(Answer(io::stdout().lock())), io::stderr());
    let mut output = Output { out: &mut out, err: &mut err, json: cli.global.json };
    let ended =
        commands::run(&cli, &matches, &mut output).and_then(|code| out.flush().map(|()| code).map_err(CliError::from));
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
