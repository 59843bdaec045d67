//! `trial dictionary`: a published table of terms becomes the entries that adopt it, all or none.

use super::{key_ring, signer};
use crate::{
    args::{DictionaryArgs, Global},
    dictionary,
    draft::Draft,
    error::CliError,
    output::Output,
    recorder::Recorder,
};
use serde_json::{Value, json};
use std::fs::File;
use trial_core::{dictionary::digest, ids::Name};

/// Adopts it, or prints the drafts that would.
pub fn run(global: &Global, args: &DictionaryArgs, output: &mut Output<'_>) -> Result<u8, CliError> {
    let name: Name = args.name.parse().map_err(|e| CliError::usage(format!("--name: {e}")))?;
    let at = |e: CliError| CliError { message: format!("{}: {}", args.file.display(), e.message), ..e };
    let file = File::open(&args.file).map_err(|e| at(CliError::unknown(e.to_string())))?;
    let terms = dictionary::table(file).map_err(at)?;
    let events = dictionary::events(&name, &terms);
    if args.drafts {
        for event in &events {
            output.line(&json!({ "event": event }).to_string())?;
        }
        return Ok(0);
    }
    let appended = append(global, &events, output)?;
    let (count, sha256) = (terms.len(), digest(&terms));
    if output.json {
        let answer = json!({ "dictionary": name, "terms": count, "sha256": sha256, "entries": appended });
        output.value(&answer)?;
    } else {
        output.line(&format!("{name} adopted: {count} terms in {} entries, SHA-256 {sha256}", appended.len()))?;
    }
    Ok(0)
}

fn append(global: &Global, events: &[Value], output: &mut Output<'_>) -> Result<Vec<u64>, CliError> {
    let alias = signer(global).map_err(|e| CliError {
        hint: Some(format!("{}; to print drafts: --drafts", e.hint.unwrap_or_default())),
        ..e
    })?;
    let (mut recorder, notices) = Recorder::open(&global.ledger, key_ring(global), super::resting(global), None)?;
    output.notices(&notices)?;
    let mut appended = Vec::new();
    for event in events {
        let draft = Draft::of(event.clone());
        appended.push(recorder.record(&draft, None, alias)?.seq.0);
    }
    output.notices(&recorder.commit()?)?;
    recorder.opened().map_or(Ok(()), |opened| output.banner(opened))?;
    Ok(appended)
}
