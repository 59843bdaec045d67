//! `trial backup` and `trial restore`: a copy with a manifest, and a ledger made from one that was verified.

use super::open_whole;
use crate::{
    args::{Global, keep::RestoreArgs},
    clock::{self, stamp},
    contact::{Held, Watch},
    error::{CliError, ErrorKind},
    output::Output,
    session::Facts,
};
use serde_json::json;
use std::path::Path;
use trial_ledger::{
    backup::{self, BackupError},
    recover::{self, Side, State},
};

impl From<BackupError> for CliError {
    fn from(error: BackupError) -> CliError {
        let kind = if error.is_proof() { ErrorKind::No } else { ErrorKind::Unknown };
        CliError { kind, message: error.to_string(), hint: Some(error.hint().to_owned()) }
    }
}

/// Makes a backup.
pub fn run(global: &Global, dir: &Path, output: &mut Output<'_>) -> Result<u8, CliError> {
    let session = open_whole(global, Facts::None, output)?;
    let manifest = backup::write(&session.ledger, dir, stamp(clock::now()?))?;
    if output.json {
        output.value(&json!({ "dir": dir, "manifest": manifest }))?;
    } else {
        output.line(&format!(
            "{} entries and {} other files in {}",
            manifest.entries,
            manifest.files.len() - 1,
            dir.display()
        ))?;
        output.line(&format!("head {}", manifest.head))?;
        output.line(&format!("root {}", manifest.root))?;
        writeln!(output.err, "trial: note: keys are not in it; a value redacted later must be deleted from it too")?;
    }
    Ok(0)
}

/// Makes a ledger from a backup.
pub fn restore(global: &Global, args: &RestoreArgs, output: &mut Output<'_>) -> Result<u8, CliError> {
    // What a link leads to is looked up once.
    let from = &args.backup.canonicalize().map_err(|e| CliError::unknown(format!("{}: {e}", args.backup.display())))?;
    let manifest = backup::manifest(from)?;
    let mut watch = Watch::begin()?;
    let state = recover::examine(from, Side::Journal, 0, |verified| watch.see(verified.entry()))?;
    let tip = match state {
        State::Sound { tip, .. } => tip,
        State::Faulty(_, fault) => return Err(BackupError::Faulty(Box::new(fault)).into()),
        State::Absent | State::Unreadable(_) => {
            return Err(CliError::unknown(format!("the journal of {} {state}", from.display())));
        }
    };
    backup::compare(&manifest, &tip)?;
    let contact = match watch.compare(&tip, Held::Ledger) {
        Ok(contact) => Some(contact),
        Err(found) if found.missing.is_some() && found.missing == args.losing => {
            writeln!(output.err, "trial: note: {}", found.fault)?;
            writeln!(
                output.err,
                "trial: note: what you saw stays known: every command tells until trial known accept"
            )?;
            None
        }
        Err(found) => {
            let hint = match found.missing {
                Some(n) => format!("a newer backup may have them; to restore all the same, say so: --losing {n}"),
                None => found.hint,
            };
            return Err(CliError::from(*found.fault).hint(hint));
        }
    };
    backup::restore(from, &manifest, &global.ledger)?;
    if let Some(mut contact) = contact {
        output.notices(contact.notice.as_slice())?;
        output.notices(contact.moved(&tip).as_slice())?;
    }
    let (entries, made_at) = (tip.size(), &manifest.made_at);
    if output.json {
        output.value(&json!({ "dir": global.ledger, "entries": entries, "head": tip.head(), "made_at": made_at }))?;
    } else {
        output
            .line(&format!("restored {entries} entries of {made_at}, each verified, to {}", global.ledger.display()))?;
    }
    Ok(0)
}
