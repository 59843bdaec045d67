//! `trial witness`: a monitor cosigns a checkpoint that extends what she cosigned before. No ledger is needed.

use super::{key_ring, signer};
use crate::{
    args::{Global, checkpoint::WitnessArgs},
    clock::{self, second},
    error::CliError,
    output::{Output, write_new},
    witness::{self, Memory, Place, Refused, Request},
};
use serde_json::json;
use std::fs;
use trial_ledger::{
    checkpoint::{Checkpoint, SignedCheckpoint},
    cosignature::cosign,
    hash::to_base64,
    key::Secret,
    note::{KeyName, Note, SignatureType, Vkey, Vkeys},
};

/// Checks, remembers, then answers.
pub fn run(global: &Global, args: &WitnessArgs, output: &mut Output<'_>) -> Result<u8, CliError> {
    let path = &args.file;
    let bytes = fs::read(path).map_err(|e| CliError::unknown(format!("{}: {e}", path.display())))?;
    let garbled = |e: String| {
        CliError::usage(format!("{} is neither a checkpoint nor a request for a witness: {e}", path.display()))
            .hint("expected what `trial checkpoint --since SIZE` wrote")
    };
    let request = Request::parse(&bytes).map_err(garbled)?;
    let asked: Checkpoint = request.note.text().parse().map_err(|e| garbled(format!("{e}")))?;
    let alias = signer(global)?;
    let secret = key_ring(global).read(alias)?;

    // From here to the answer nobody else signs for this log.
    let place = Place::lock(&args.state.clone().unwrap_or_else(witness::folder), &asked.origin)?;
    let mut memory = remembered(&place, &asked, args, &secret, output)?;
    let signed = memory.open(request.note.clone())?;
    let last = memory.last.clone().map(|note| memory.open(note)).transpose()?;
    judge(&place, last.as_ref(), &request, &signed)?;
    let cosigned = answer(&place, &mut memory, last, signed, &secret)?;
    tell(&cosigned, &memory.witness, args, output)
}

/// What she remembers of the log; at the first contact, what she says of it.
fn remembered(
    place: &Place,
    asked: &Checkpoint,
    args: &WitnessArgs,
    secret: &Secret,
    output: &mut Output<'_>,
) -> Result<Memory, CliError> {
    let own = |name: KeyName| Vkey::new(name, SignatureType::Cosignature, secret.public());
    let Some(mut memory) = place.read()? else {
        let (Some(log), Some(name)) = (&args.log, &args.name) else {
            return Err(CliError::usage(format!("{} is not a log that you have witnessed before", asked.origin)).hint(
                "at the first contact give --log VKEY, which the sponsor told you by another way than this file, and --name \
                 with the name you sign under, for example monitor.example/mona",
            ));
        };
        let memory = Memory { logs: vec![known(log, asked)?], witness: own(name.clone()), last: None };
        distinct(&memory)?;
        writeln!(output.err, "trial: note: first contact with {}: nothing to compare with yet", asked.origin)?;
        writeln!(output.err, "trial: note: you will sign as {}", memory.witness)?;
        return Ok(memory);
    };
    if let Some(log) = args.log.as_ref().filter(|log| !memory.logs.contains(log)) {
        memory.logs.push(known(log, asked)?);
        writeln!(output.err, "trial: note: one more key for {}, because you say so: {log}", asked.origin)?;
    }
    let mine = own(args.name.clone().unwrap_or_else(|| memory.witness.name().clone()));
    if mine != memory.witness {
        if mine.key() == memory.witness.key() {
            return Err(CliError::usage(format!("this key signs as {}: one key has one name", memory.witness.name())));
        }
        if args.name.is_none() {
            return Err(CliError::usage(format!("until now you signed with the key {}", memory.witness.key()))
                .hint("for a new key of your own say so with --name"));
        }
        writeln!(output.err, "trial: note: another key of yours than before: you will sign as {mine}")?;
        memory.witness = mine;
    }
    distinct(&memory)?;
    Ok(memory)
}

/// The key of the log that is meant, and of no other.
fn known(log: &Vkey, asked: &Checkpoint) -> Result<Vkey, CliError> {
    if log.kind() != SignatureType::Ed25519 || log.name() != asked.origin.name() {
        let message = format!("--log {log} is not a key of the log {}", asked.origin);
        return Err(CliError::usage(message).hint("the checkpoint is of another log than you think, or the key is"));
    }
    Ok(log.clone())
}

/// The log and its witness are two keys.
fn distinct(memory: &Memory) -> Result<(), CliError> {
    let keys = Vkeys::new(memory.logs.iter().cloned().chain([memory.witness.clone()]));
    keys.map(|_| ()).map_err(|e| CliError::usage(e.to_string()).hint("a witness has a key that nobody else has"))
}

fn judge(
    place: &Place,
    last: Option<&SignedCheckpoint>,
    request: &Request,
    signed: &SignedCheckpoint,
) -> Result<(), CliError> {
    let asked = signed.checkpoint();
    let Err(refused) = witness::judge(last.map(SignedCheckpoint::checkpoint), request, asked) else { return Ok(()) };
    let both = |last: &SignedCheckpoint| {
        format!("what you cosigned:\n{}\nwhat you were asked:\n{}", last.note(), signed.note())
    };
    Err(match (refused, last) {
        (Refused::Forked, Some(last)) => {
            let path = place.keep_evidence(last.note(), signed.note())?;
            let message = format!("forked: the log has signed two histories of {} entries; not cosigned", asked.size);
            CliError::no(format!("{message}\n{}", both(last)))
                .hint(format!("this is proof: keep {}, and tell the sponsor and the other monitors", path.display()))
        }
        (Refused::Path(why), Some(last)) => {
            let path = place.keep_evidence(last.note(), signed.note())?;
            let message = format!("it is not shown that these {} entries extend the {} that you cosigned: {why}; not cosigned",
                asked.size, last.checkpoint().size);
            CliError::unknown(format!("{message}\n{}", both(last))).hint(format!(
                "the file may be damaged: ask once more for `trial checkpoint --since {}`; if that fails too, verify an \
                 export against what you cosigned (both are in {})",
                last.checkpoint().size,
                path.display()
            ))
        }
        (Refused::Path(_) | Refused::Forked, None) => {
            CliError::usage("at the first contact there is nothing to extend, and the proof has no lines")
        }
        (Refused::Smaller { last: size, asked }, _) => {
            CliError::unknown(format!("you have cosigned {size} entries of this log, this file has {asked}; not cosigned"))
                .hint("either the file is an old one, or the ledger was put back: ask for `trial checkpoint --since SIZE` of today")
        }
        (Refused::Since(0), _) => CliError::usage("you have cosigned nothing of this log yet; not cosigned")
            .hint("ask for `trial checkpoint --since 0`"),
        (Refused::Since(size), _) => {
            CliError::usage(format!("there is no proof from the {size} entries that you cosigned last; not cosigned"))
                .hint(format!("ask for `trial checkpoint --since {size}`"))
        }
        (Refused::OldBeyondSize, _) => CliError::usage("the request extends more entries than it has; not cosigned"),
        (Refused::Empty, _) => CliError::usage("there are no entries to witness"),
    })
}

/// Remembers the checkpoint, then hands out the cosignature. What was signed before is handed out again as it was.
fn answer(
    place: &Place,
    memory: &mut Memory,
    last: Option<SignedCheckpoint>,
    signed: SignedCheckpoint,
    secret: &Secret,
) -> Result<SignedCheckpoint, CliError> {
    let own = Vkeys::new([memory.witness.clone()]).map_err(|e| CliError::unknown(e.to_string()))?;
    let now = u64::try_from(clock::now()?.timestamp()).unwrap_or_default();
    let latest = last.as_ref().and_then(|last| time_of(last.note(), &own));
    if latest.is_some_and(|latest| now < latest) {
        let latest = latest.map(second).unwrap_or_default();
        return Err(CliError::unknown(format!("the clock of this machine runs behind: you cosigned at {latest}"))
            .hint("set the clock, then repeat"));
    }
    // Only what she has checked: lines of others could fill her memory. A new time for the same tree is a new statement:
    // nothing larger was seen until now.
    let mut note = Note::unsigned(signed.note().text()).map_err(|e| CliError::unknown(e.to_string()))?;
    for log in &memory.logs {
        let line = signed.note().lines().iter().find(|line| line.name == *log.name() && line.id == log.id());
        line.into_iter().for_each(|line| note.add(line.clone()));
    }
    let mut cosigned = memory.open(note)?;
    cosigned.add(cosign(cosigned.note().text(), memory.witness.name().clone(), secret, now));
    memory.last = Some(cosigned.note().clone());
    place.write(memory)?;
    Ok(cosigned)
}

fn time_of(note: &Note, own: &Vkeys) -> Option<u64> {
    note.signed_by(own).ok()?.into_iter().filter_map(|signed| signed.time).max()
}

fn tell(cosigned: &SignedCheckpoint, own: &Vkey, args: &WitnessArgs, output: &mut Output<'_>) -> Result<u8, CliError> {
    let note = cosigned.note();
    let checkpoint = cosigned.checkpoint();
    let keys = Vkeys::new([own.clone()]).map_err(|e| CliError::unknown(e.to_string()))?;
    let time = time_of(note, &keys).unwrap_or_default();
    if let Some(path) = &args.output {
        write_new(path, note.to_string().as_bytes())?;
    }
    if output.json {
        output.value(&json!({
            "origin": checkpoint.origin.to_string(), "size": checkpoint.size, "root": to_base64(checkpoint.root),
            "witness": own.to_string(), "time": time, "note": note.to_string(), "file": args.output
        }))?;
    } else if let Some(path) = &args.output {
        output.line(&format!("cosigned {} entries of {} in {}", checkpoint.size, checkpoint.origin, path.display()))?;
    } else {
        output.text(&note.to_string())?;
    }
    writeln!(
        output.err,
        "trial: note: as of {}, {} has seen no larger consistent tree of {} than {} entries",
        second(time),
        own.name(),
        checkpoint.origin,
        checkpoint.size
    )?;
    Ok(0)
}
