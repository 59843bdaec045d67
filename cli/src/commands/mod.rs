//! The verbs, one file each.

mod amend;
mod append;
mod backup;
mod check;
mod checkpoint;
mod completions;
mod cut;
mod demo;
mod design;
mod dictionary;
mod diff;
mod export;
mod history;
pub mod init;
mod key;
mod known;
mod lesions;
mod log;
mod man;
pub mod paths;
mod plot;
mod proposal;
mod prove;
mod recover;
mod replay;
mod report;
pub mod seal;
mod show;
mod status;
mod verify;
mod why;
mod witness;
mod witnessed;

use crate::{
    args::{Cli, Command, Global},
    error::CliError,
    keys::KeyRing,
    output::Output,
    session::{Facts, Lens, Resting, Session},
};
use clap::ArgMatches;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::Value;

/// Runs a command; the exit code where it did its work.
///
/// # Errors
/// See [`CliError`].
pub fn run(cli: &Cli, matches: &ArgMatches, output: &mut Output<'_>) -> Result<u8, CliError> {
    let global = &cli.global;
    match &cli.command {
        Command::Demo { dir } => demo::run(dir, output),
        Command::Init(args) => init::run(global, args, output),
        Command::Key(args) => key::run(global, args, output),
        Command::Checkpoint(args) => checkpoint::run(global, args, output),
        Command::Witness(args) => witness::run(global, args, output),
        Command::Witnessed { file } => witnessed::run(global, file, output),
        Command::Prove(args) => prove::run(global, args, output),
        Command::Check(args) => check::run(args, output),
        Command::Known(args) => known::run(global, args, output),
        Command::Append(args) => append::run(global, args, matches, output),
        Command::Proposal(args) => proposal::run(global, args, output),
        Command::Amend(args) => amend::run(global, args, output),
        Command::Verify(args) => verify::run(global, args, output),
        Command::Log(args) => log::run(global, args, output),
        Command::Show { seq } => show::run(global, *seq, output),
        Command::History { subject, lesions: true, field: _ } => lesions::run(global, subject, output),
        Command::History { subject, field, lesions: false } => history::run(global, subject, field.as_deref(), output),
        Command::Status => status::run(global, output),
        Command::Replay => replay::run(global, output),
        Command::Report { output: file } => report::run(global, file, output),
        Command::Why { number } => why::run(global, number, output),
        Command::Diff(args) => diff::run(global, args, output),
        Command::Paths(args) => paths::run(global, args, output),
        Command::Design(args) => design::run(args, output),
        Command::Plot(args) => plot::run(global, args, output),
        Command::Export { output: path, format } => export::run(global, path.as_deref(), *format, output),
        Command::Recover(args) => recover::run(global, args, output),
        Command::Backup { dir } => backup::run(global, dir, output),
        Command::Restore(args) => backup::restore(global, args, output),
        Command::Dictionary(args) => dictionary::run(global, args, output),
        Command::Man { dir } => man::run(dir, output),
        Command::Completions { shell } => completions::run(*shell, output),
    }
}

/// The schema of each answer with `--json`, by the command's words.
pub(crate) fn answers() -> Vec<(&'static str, Value)> {
    vec![
        ("append", schema::<append::Receipt>()),
        ("append-file", schema::<append::Reports>()),
        ("diff", schema::<diff::Diff>()),
        ("history", schema::<history::Answer>()),
        ("history-lesions", schema::<lesions::Answer>()),
        ("log", schema::<log::Answer>()),
        ("paths", schema::<paths::PathsAnswer>()),
        ("replay", schema::<replay::Answer<'_>>()),
        ("show", schema::<show::Answer<'_>>()),
        ("status", schema::<status::Answer>()),
        ("verify", schema::<verify::Verdict>()),
        ("why", schema::<why::Answer>()),
    ]
}

/// What is written, not what would be read: members that are always there are required.
fn schema<T: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>().to_value()
}

fn lens(global: &Global) -> Lens {
    Lens { as_of: global.as_of.clone(), cutoff: global.cutoff, resting: resting(global), facts: Facts::All }
}

fn resting(global: &Global) -> Resting {
    if global.full { Resting::OnNothing } else { Resting::OnSnapshots }
}

fn key_ring(global: &Global) -> KeyRing {
    KeyRing::new(global.keys.as_deref(), &global.ledger, global.passphrase_file.as_deref())
}

/// The key that signs, as asked for.
fn signer(global: &Global) -> Result<&str, CliError> {
    global.key.as_deref().ok_or_else(|| {
        CliError::usage("no key is named to sign with").hint("give --key ALIAS (see trial key list), or set TRIAL_KEY")
    })
}

/// What is said of a subject of whom nothing is known, with the nearest one where one was meant.
fn unknown_subject(session: &Session, found: &str) -> CliError {
    let hint = match session.trial.subjects.nearest(found) {
        Some(near) => format!("did you mean {near}?"),
        None => "trial replay lists the subjects".to_owned(),
    };
    CliError::no(format!("nothing is recorded of {found}")).hint(hint)
}

fn open(global: &Global, output: &mut Output<'_>) -> Result<Session, CliError> {
    open_through(global, &lens(global), output)
}

/// For what leaves the ledger as evidence, which rests on nothing: every entry is verified now.
fn open_whole(global: &Global, facts: Facts, output: &mut Output<'_>) -> Result<Session, CliError> {
    open_through(global, &Lens { resting: Resting::OnNothing, facts, ..lens(global) }, output)
}

fn open_through(global: &Global, lens: &Lens, output: &mut Output<'_>) -> Result<Session, CliError> {
    let session = Session::open(&global.ledger, lens)?;
    output.notices(&session.notices)?;
    Ok(session)
}
