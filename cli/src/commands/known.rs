//! `trial known`: the ledgers that this user has verified before, and what to do when one of them is not as it was.

use crate::{
    args::{Global, keep::KnownCommand},
    clock::{self, stamp},
    error::CliError,
    known::{Known, Pin},
    output::Output,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use trial_ledger::ledger::Ledger;

/// Lists, forgets, accepts.
pub fn run(global: &Global, args: &KnownCommand, output: &mut Output<'_>) -> Result<u8, CliError> {
    let known = Known::read()?;
    if let Some(trouble) = known.trouble() {
        return Err(CliError::unknown(trouble).hint("name another file in TRIAL_KNOWN_LEDGERS"));
    }
    match args {
        KnownCommand::List => {
            tell(known.pins(), "no ledger was verified by this user yet", output)?;
            if let (Some(file), false) = (known.file(), output.json) {
                writeln!(output.err, "trial: note: kept in {}", file.display())?;
            }
        }
        KnownCommand::Forget { origin, genesis } => {
            let gone = known.forget(origin, *genesis)?;
            if gone.is_empty() {
                let message = format!("no ledger of the origin {origin} is known");
                return Err(CliError::no(message).hint("trial known list shows them"));
            }
            tell(&gone, "", output)?;
            writeln!(output.err, "trial: note: forgotten; the next command that opens it meets it for the first time")?;
        }
        KnownCommand::Accept => accept(global, &known, output)?,
    }
    Ok(0)
}

/// Verified to its end, but compared with nothing: that is what is asked for.
fn accept(global: &Global, known: &Known, output: &mut Output<'_>) -> Result<(), CliError> {
    let (ledger, notices) = Ledger::open(&global.ledger)?;
    output.notices(&notices.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    let Some(new) = Pin::of(ledger.tip(), clock::now()?) else {
        return Err(CliError::unknown("the log has no genesis"));
    };
    if let Some(old) = known.pin(&new.origin, new.genesis) {
        let (size, seen, root) = (old.size, stamp(old.seen), STANDARD.encode(old.root.0));
        writeln!(output.err, "trial: note: in place of {size} entries with the root {root}, seen on {seen}")?;
    }
    known.accept(&new)?;
    tell(&[new], "", output)
}

fn tell(pins: &[Pin], none: &str, output: &mut Output<'_>) -> Result<(), CliError> {
    if output.json {
        let ledgers: Vec<Value> = pins.iter().map(line).collect();
        return output.value(&json!({ "known": ledgers }));
    }
    if pins.is_empty() {
        writeln!(output.err, "trial: note: {none}")?;
    }
    for pin in pins {
        output.line(&pin.origin)?;
        output.line(&format!("  genesis  {}", pin.genesis))?;
        output.line(&format!("  entries  {}, seen {}", pin.size, stamp(pin.seen)))?;
        output.line(&format!("  root     {}", STANDARD.encode(pin.root.0)))?;
    }
    Ok(())
}

fn line(pin: &Pin) -> Value {
    json!({
        "origin": pin.origin, "genesis": pin.genesis, "entries": pin.size, "root": STANDARD.encode(pin.root.0),
        "seen": stamp(pin.seen)
    })
}
