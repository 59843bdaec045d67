//! `trial check`: does a receipt hold? With no ledger at hand.

use crate::{
    args::checkpoint::CheckArgs,
    clock::second,
    error::{CliError, ErrorKind},
    output::Output,
    receipts::entry_beside,
    trust::{Cosigned, Trust},
};
use serde_json::json;
use std::{fs, path::Path};
use trial_ledger::{
    hash::to_base64,
    receipt::{BadReceipt, Receipt, Received},
};

/// Checks the proof, the entry beside it, the log's signature, and the quorum where one is demanded.
pub fn run(args: &CheckArgs, output: &mut Output<'_>) -> Result<u8, CliError> {
    let proof = args.file.as_path();
    let trust = Trust::read(&args.trust)?;
    if trust.logs().iter().next().is_none() {
        return Err(CliError::usage("whose log it should be is not said")
            .hint("give --log VKEY, which the sponsor tells, or --trust FILE with your trust file"));
    }
    let entry = args.entry.clone().unwrap_or_else(|| entry_beside(proof));
    let read = |path: &Path| fs::read(path).map_err(|e| CliError::unknown(format!("{}: {e}", path.display())));
    let bytes = read(proof)?;
    let line = read(&entry).map_err(|e| e.hint("the entry travels beside its proof: give --entry FILE"))?;
    // An entry line has no newline of its own; a text editor or `sed` adds one.
    let line = line.strip_suffix(b"\n").unwrap_or(&line);
    let no = |e: BadReceipt| {
        CliError::no(format!("{} does not hold: {e}", proof.display()))
            .hint("keep both files as evidence, and ask for a new receipt")
    };
    let receipt = Receipt::parse(&bytes).map_err(no)?;
    let received = receipt.check(line, trust.logs()).map_err(no)?;
    let cosigned = match trust.judge(receipt.note.clone()) {
        Ok((_, cosigned)) => cosigned,
        Err(fault) => return Err(CliError { kind: ErrorKind::No, ..CliError::from(fault) }),
    };
    if output.json {
        output.value(&value(receipt.index.0, &received, &cosigned))?;
    } else {
        output.text(&text(receipt.index.0, &received, &cosigned))?;
    }
    Ok(0)
}

fn value(index: u64, received: &Received, cosigned: &[Cosigned]) -> serde_json::Value {
    let checkpoint = received.checkpoint.checkpoint();
    let by: Vec<_> = received.checkpoint.by().iter().map(|by| by.key).collect();
    json!({
        "holds": true, "origin": checkpoint.origin.to_string(), "seq": index, "size": checkpoint.size,
        "root": to_base64(checkpoint.root), "hash": received.leaf, "event": received.event,
        "recorded_at": received.recorded_at, "signers": received.signers, "log_keys": by, "cosigned": cosigned
    })
}

fn text(index: u64, received: &Received, cosigned: &[Cosigned]) -> String {
    let checkpoint = received.checkpoint.checkpoint();
    let mut lines = vec![
        format!("holds: entry {index} is among the first {} of {}", checkpoint.size, checkpoint.origin),
        format!("entry       {}, recorded {} by its own word", received.event, received.recorded_at),
    ];
    for signer in &received.signers {
        let who = format!("{} ({}, {}): {}", signer.name, signer.role, signer.organisation, signer.meaning);
        lines.push(format!("signed by   {who}"));
        lines.push(format!("            with the key {}", signer.key));
    }
    lines.extend(received.checkpoint.by().iter().map(|by| format!("log key     {}", by.key)));
    lines.extend(cosigned.iter().map(|c| format!("cosigned    by {} at {}", c.name, second(c.time))));
    if cosigned.is_empty() {
        lines.push("cosigned    by nobody whom you named: the log alone says so".to_owned());
    }
    lines.push("not shown   whether these signers were in the roster: that takes the ledger (trial verify)".to_owned());
    lines.join("\n") + "\n"
}
