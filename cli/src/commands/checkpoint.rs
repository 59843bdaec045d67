//! `trial checkpoint`: the size and the root of the ledger, signed by its log key, to take away.

use super::{key_ring, open_whole, signer};
use crate::{
    args::{Global, checkpoint::CheckpointArgs},
    error::CliError,
    output::{Output, write_new},
    session::{Facts, Session},
};
use serde_json::json;
use trial_ledger::{
    checkpoint::SignedCheckpoint,
    hash::{self, to_base64},
    key::Secret,
    ledger::LedgerError,
    merkle::ProofError,
};

/// Signs it, and writes it with the proof that a witness asks for.
pub fn run(global: &Global, args: &CheckpointArgs, output: &mut Output<'_>) -> Result<u8, CliError> {
    let alias = signer(global)?;
    let session = open_whole(global, Facts::None, output)?;
    let secret = key_ring(global).log_key(alias, session.ledger.tip())?;
    let signed = session.ledger.checkpoint(&secret).map_err(|e| evidence(&session, e))?;
    let text = match args.since {
        None => signed.note().to_string(),
        Some(old) => request(&session, old, &signed)?,
    };
    let checkpoint = signed.checkpoint();
    if let Some(path) = &args.output {
        write_new(path, text.as_bytes())?;
    }
    if output.json {
        output.value(&json!({
            "origin": checkpoint.origin.to_string(), "size": checkpoint.size, "root": to_base64(checkpoint.root),
            "log": vkey(&signed, &secret), "note": signed.note().to_string(), "file": args.output
        }))?;
    } else if let Some(path) = &args.output {
        output.line(&format!("checkpoint over {} entries in {}", checkpoint.size, path.display()))?;
    } else {
        output.text(&text)?;
    }
    writeln!(output.err, "trial: note: the log's key, for whoever checks it: {}", vkey(&signed, &secret))?;
    Ok(0)
}

fn vkey(signed: &SignedCheckpoint, secret: &Secret) -> String {
    signed.checkpoint().origin.vkey(secret.public()).to_string()
}

/// What a witness is asked (C2SP tlog-witness, add-checkpoint): the size she last signed, the proof, the checkpoint.
fn request(session: &Session, old: u64, signed: &SignedCheckpoint) -> Result<String, CliError> {
    let path = match old {
        // Everything extends nothing: there is nothing to prove.
        0 => Vec::new(),
        old => session.ledger.consistency(old, signed.checkpoint().size).map_err(|e| match e {
            ProofError::OldBeyondNew { .. } => CliError::no(format!("--since {old}: {e}"))
                .hint("whoever has signed more entries than there are has seen what is gone from here: ask for that checkpoint"),
            other => CliError::unknown(format!("--since {old}: {other}")),
        })?,
    };
    let path: String = path.into_iter().map(|hash| hash::to_base64(hash) + "\n").collect();
    Ok(format!("old {old}\n{path}\n{}", signed.note()))
}

/// A ledger that does not extend what it signed: the signed checkpoint is the evidence.
pub(super) fn evidence(session: &Session, error: LedgerError) -> CliError {
    let proven = error.is_proof();
    let error = CliError::from(error);
    match session.ledger.last_checkpoint() {
        Ok(Some(last)) if proven => CliError {
            message: format!("{error}\nthe checkpoint that was signed:\n{}", last.note()),
            hint: Some("nothing was signed; keep this ledger and its checkpoints/latest as evidence".to_owned()),
            ..error
        },
        Ok(_) | Err(_) => error,
    }
}
