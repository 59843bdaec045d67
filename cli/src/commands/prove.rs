//! `trial prove`: a receipt of an entry, which holds without the ledger.

use crate::{
    args::{Global, checkpoint::ProveArgs},
    error::CliError,
    output::Output,
    receipts,
    session::{Facts, Lens, Resting, Session},
};
use serde_json::json;
use std::path::PathBuf;
use trial_core::ids::Seq;
use trial_ledger::{checkpoint::SignedCheckpoint, hash::to_base64, note::Note};

/// Writes the proof, and the entry beside it.
pub fn run(global: &Global, args: &ProveArgs, output: &mut Output<'_>) -> Result<u8, CliError> {
    let seq = args.seq;
    let mut notes = Vec::new();
    let session = Session::open_with(
        &global.ledger,
        &Lens { resting: Resting::OnNothing, facts: Facts::None, ..super::lens(global) },
        |verified| {
            if let trial_core::event::Event::CheckpointWitnessed(event) = &verified.entry().event {
                notes.push(event.note.iter().map(|line| format!("{line}\n")).collect::<String>());
            }
        },
    )?;
    output.notices(&session.notices)?;
    let size = session.ledger.tip().size();
    if seq >= size {
        return Err(CliError::no(format!("entry {seq} is not there: expected 0 to {}", size.saturating_sub(1))));
    }
    let signed = covering(&session, Seq(seq), &notes)?;
    let default = || PathBuf::from(format!("{seq}.{}", receipts::PROOF));
    let proof = args.output.clone().unwrap_or_else(default);
    let entry = receipts::write(&session.ledger, Seq(seq), &signed, &proof)?;
    let checkpoint = signed.checkpoint();
    if output.json {
        output.value(&json!({
            "seq": seq, "size": checkpoint.size, "root": to_base64(checkpoint.root), "signatures": signed.note().lines().len(),
            "proof": proof, "entry": entry
        }))?;
    } else {
        output.line(&format!("{}: entry {seq} is among the first {} entries", proof.display(), checkpoint.size))?;
        output.line(&format!("{}: the entry itself; give both away together", entry.display()))?;
        writeln!(
            output.err,
            "trial: note: whoever has both checks them with: trial check {} --log VKEY",
            proof.display()
        )?;
    }
    Ok(0)
}

/// The checkpoint over the entry that most have signed; of several, the largest.
fn covering(session: &Session, seq: Seq, notes: &[String]) -> Result<SignedCheckpoint, CliError> {
    let tip = session.ledger.tip();
    let witnessed = notes.iter().filter_map(|note| tip.checkpoint_of(Note::parse(note.as_bytes()).ok()?).ok());
    let last = session.ledger.last_checkpoint()?;
    if let Some(last) = &last {
        session.ledger.extends(last.checkpoint()).map_err(|e| super::checkpoint::evidence(session, e))?;
    }
    let covers = |signed: &SignedCheckpoint| signed.checkpoint().size > seq.0;
    let found = last.iter().cloned().chain(witnessed).filter(covers);
    found.max_by_key(|signed| (signed.note().lines().len(), signed.checkpoint().size)).ok_or_else(|| {
        let message = match last {
            Some(last) => {
                format!("entry {seq} came after the last checkpoint (over {} entries)", last.checkpoint().size)
            }
            None => "no checkpoint was made of this ledger yet".to_owned(),
        };
        CliError::no(message).hint("make one first: trial --key LOG checkpoint")
    })
}
