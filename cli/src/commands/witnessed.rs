//! `trial witnessed`: a cosigned checkpoint comes back into the ledger.

use super::{key_ring, signer};
use crate::{args::Global, clock::second, draft::Draft, error::CliError, output::Output, recorder::Recorder};
use serde_json::json;
use std::{fs, path::Path};
use trial_core::event::{CheckpointWitnessed, Event};
use trial_ledger::{
    checkpoint::SignedCheckpoint,
    note::{self, Note, SignatureLine, Signed},
    tip::Tip,
};

/// Records each cosignature that is new.
pub fn run(global: &Global, file: &Path, output: &mut Output<'_>) -> Result<u8, CliError> {
    let alias = signer(global)?;
    let (mut recorder, notices) = Recorder::open(&global.ledger, key_ring(global), super::resting(global), None)?;
    output.notices(&notices)?;
    let signed = read(file, &recorder)?;
    let found = cosignatures(recorder.tip(), &signed)?;
    if found.is_empty() {
        return Err(CliError::no(format!("{}: no witness of the roster has cosigned it", file.display())).hint(
            "the sponsor grants a witness her key: trial key grant KEY --purpose witness --role monitor --name ...",
        ));
    }
    let known = recorder.trial().witnessing.clone();
    let mut recorded = Vec::new();
    for (line, by) in found {
        let event = event(&signed, &line, &by)?;
        if !known.has(&event) {
            let draft = Draft::of(Event::from(event).to_value());
            recorded.push((recorder.record(&draft, None, alias)?, by));
        }
    }
    output.notices(&recorder.commit()?)?;
    recorder.ledger().keep_cosignatures(signed.note())?;
    let size = signed.checkpoint().size;
    if output.json {
        let all: Vec<_> = recorded
            .iter()
            .map(|(entry, by)| json!({ "seq": entry.seq, "witness": by.name.to_string(), "time": by.time }))
            .collect();
        output.value(&json!({ "size": size, "recorded": all }))?;
        return Ok(0);
    }
    for (entry, by) in &recorded {
        let at = second(by.time.unwrap_or_default());
        output.line(&format!("entry {}: {} has witnessed the first {size} entries at {at}", entry.seq, by.name))?;
    }
    if recorded.is_empty() {
        output.line("nothing new: these cosignatures are in the log already")?;
    }
    Ok(0)
}

/// A cosigned note; or signature lines alone, as a witness may answer, for the last checkpoint.
fn read(file: &Path, recorder: &Recorder) -> Result<SignedCheckpoint, CliError> {
    let bytes = fs::read(file).map_err(|e| CliError::unknown(format!("{}: {e}", file.display())))?;
    let at = |why: String| {
        CliError::no(format!("{}: {why}", file.display()))
            .hint("expected what `trial witness` printed: the checkpoint with its cosignature")
    };
    let alone = std::str::from_utf8(&bytes).ok().and_then(|text| note::signature_lines(text).ok());
    if let Some(lines) = alone.filter(|lines| !lines.is_empty()) {
        let Some(mut last) = recorder.ledger().last_checkpoint()? else {
            return Err(at("these are signature lines, and there is no checkpoint they could belong to".to_owned()));
        };
        lines.into_iter().for_each(|line| last.add(line));
        return Ok(last);
    }
    let note = Note::parse(&bytes).map_err(|e| at(e.to_string()))?;
    recorder.tip().checkpoint_of(note).map_err(|e| at(e.to_string()))
}

/// The lines of witnesses of the roster, each with what it says.
fn cosignatures(tip: &Tip, signed: &SignedCheckpoint) -> Result<Vec<(SignatureLine, Signed)>, CliError> {
    let mut found = Vec::new();
    for line in signed.note().lines() {
        let keys = tip.roster().witness_keys(&line.name, tip.size());
        let mut alone = Note::unsigned(signed.note().text()).map_err(|e| CliError::unknown(e.to_string()))?;
        alone.add(line.clone());
        let by = alone.signed_by(&keys).map_err(|e| {
            CliError::no(e.to_string())
                .hint("a cosignature that does not hold is no cosignature: ask the witness again")
        })?;
        found.extend(by.into_iter().map(|by| (line.clone(), by)));
    }
    Ok(found)
}

/// The checkpoint with the lines of the log and this one cosignature.
fn event(signed: &SignedCheckpoint, line: &SignatureLine, by: &Signed) -> Result<CheckpointWitnessed, CliError> {
    let mut note = Note::unsigned(signed.note().text()).map_err(|e| CliError::unknown(e.to_string()))?;
    let of_log = |line: &&SignatureLine| line.name == *signed.checkpoint().origin.name();
    signed.note().lines().iter().filter(of_log).for_each(|line| note.add(line.clone()));
    note.add(line.clone());
    let witness = by.name.as_str().parse().map_err(|e| CliError::no(format!("the name of the witness: {e}")))?;
    let lines = note.to_string().lines().map(str::to_owned).collect();
    Ok(CheckpointWitnessed { note: lines, witness, time: by.time.unwrap_or_default() })
}
