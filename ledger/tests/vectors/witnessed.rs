//! Logs into which a checkpoint came back.

use crate::{
    Faulty, Sound,
    faulty::{last, then},
    sample::{self, Chain, at, event, secret, signed},
};
use serde_json::{Value, json};
use trial_core::{
    entry::Role,
    event::{Clock, Event},
    ids::Hash,
};
use trial_ledger::{
    checkpoint::{Checkpoint, SignedCheckpoint},
    cosignature::cosign,
    key::Secret,
    tip::{Draft, Tip},
};

/// When entry 0 is recorded, in seconds; each of the others a minute after the one before.
const OPENED: u64 = 1_476_057_600;

/// A log on the machine's clock, with a monitor, a key of the log (entry 2) and one of a witness (entry 3).
fn keyed() -> Chain {
    let mut opened = sample::opened("T-1");
    opened.clock = Clock::System;
    let (tip, first) = Tip::open(opened, sample::sponsor(), &secret("sponsor"), at(0)).unwrap();
    let mut chain = Chain { tip, entries: vec![first] };
    chain.add("sponsor", sample::grant("monitor", Role::Monitor, None));
    for (name, purpose) in [("stranger", "log"), ("witness", "witness")] {
        let facts = json!({
            "key": secret(name).key(), "name": name, "organisation": "Example", "role": "monitor", "purpose": purpose
        });
        chain.add("sponsor", event("key_granted", facts));
    }
    chain
}

fn log() -> Secret {
    secret("stranger")
}

fn checkpoint(chain: &Chain, size: u64) -> SignedCheckpoint {
    let root = chain.tip.root_at(size, &chain.lines()).unwrap_or(Hash::ZERO);
    Checkpoint { origin: chain.tip.origin().unwrap(), size, root }.sign(&log())
}

fn witnessed(checkpoint: &SignedCheckpoint, by: &Secret, time: u64) -> Value {
    let mut note = checkpoint.note().clone();
    note.add(cosign(note.text(), "monitor.example".parse().unwrap(), by, time));
    let lines: Vec<String> = note.to_string().lines().map(str::to_owned).collect();
    json!({ "note": lines, "witness": "monitor.example", "time": time })
}

fn good(chain: &Chain, size: u64) -> Value {
    witnessed(&checkpoint(chain, size), &secret("witness"), OPENED + 180)
}

fn brought(facts: Value) -> Event {
    event("checkpoint_witnessed", facts)
}

/// A log with checkpoints that came back.
pub fn sound() -> Vec<Sound> {
    let mut chain = keyed();
    for size in [4, 3] {
        let facts = good(&chain, size);
        chain.add("monitor", brought(facts));
    }
    vec![Sound { name: "witnessed", what: "checkpoints that a witness cosigned came back into the log", chain }]
}

/// Each way in which one can be wrong.
pub fn all() -> Vec<Faulty> {
    let chain = keyed();
    let one = |name, what, facts: Value| {
        last(name, what, then(&chain, signed(&chain.next_body("monitor", brought(facts)), &["monitor"])))
    };
    let bent = |change: &dyn Fn(&mut Value)| {
        let mut facts = good(&chain, 4);
        change(&mut facts);
        facts
    };
    let other_root = Checkpoint { root: Hash([7; 32]), ..checkpoint(&chain, 4).checkpoint().clone() }.sign(&log());
    let (time, witness) = (OPENED + 180, secret("witness"));
    let by_witness = checkpoint(&chain, 4).checkpoint().clone().sign(&witness);
    let joined = |facts: &mut Value| {
        let lines: Vec<&str> = facts["note"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
        facts["note"] = json!([lines.join("\n")]);
    };
    vec![
        one(
            "checkpoint_invalid-log_key",
            "signed by a key that is not the log's",
            witnessed(&by_witness, &witness, time),
        ),
        one(
            "checkpoint_invalid-witness_key",
            "cosigned by a key of another purpose",
            witnessed(&checkpoint(&chain, 4), &log(), time),
        ),
        one("checkpoint_invalid-before_the_key", "over entries in front of the grant of the log key", good(&chain, 2)),
        one("checkpoint_invalid-not_there_yet", "over an entry that comes later", good(&chain, 5)),
        one(
            "checkpoint_invalid-another_time",
            "the entry names another time than the cosignature",
            bent(&|f| f["time"] = json!(time + 1)),
        ),
        one(
            "checkpoint_invalid-another_name",
            "the entry names another witness",
            bent(&|f| f["witness"] = json!("other.example")),
        ),
        one(
            "checkpoint_invalid-another_log",
            "the checkpoint is of another log",
            bent(&|f| f["note"][0] = json!("sponsor.example/T-2")),
        ),
        one("checkpoint_invalid-leading_zero", "the size has a leading zero", bent(&|f| f["note"][1] = json!("04"))),
        one(
            "checkpoint_invalid-extension",
            "a fourth line",
            bent(&|f| f["note"].as_array_mut().unwrap().insert(3, json!("more"))),
        ),
        one("checkpoint_invalid-lines_in_one", "all lines in one", bent(&joined)),
        one(
            "checkpoint_invalid-unsigned",
            "no signature lines",
            bent(&|f| f["note"].as_array_mut().unwrap().truncate(4)),
        ),
        one(
            "root_mismatch-witnessed",
            "signed and cosigned over another history",
            witnessed(&other_root, &witness, time),
        ),
        one(
            "time_after_witness-recorded",
            "an entry within it claims to be recorded a second later",
            witnessed(&checkpoint(&chain, 4), &witness, time - 1),
        ),
        last("checkpoint_invalid-revoked", "a log key signs over its own revocation", revoked()),
    ]
}

fn revoked() -> Vec<trial_ledger::envelope::Envelope> {
    let mut chain = keyed();
    let draft = Draft::new(event("key_revoked", json!({ "key": log().key() })));
    chain.try_add("sponsor", draft.because("lost".parse().unwrap())).unwrap();
    let facts = witnessed(&checkpoint(&chain, 5), &secret("witness"), OPENED + 300);
    let body = chain.next_body("monitor", brought(facts));
    then(&chain, signed(&body, &["monitor"]))
}
