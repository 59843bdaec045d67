//! Checkpoints that come back into the log: what the verifier finds in each way in which one can be wrong.
#![allow(clippy::unwrap_used, reason = "helpers of tests, which clippy does not recognise outside #[test]")]

mod sample;

use sample::{Chain, at, event, secret};
use serde_json::{Value, json};
use trial_core::{
    entry::Role,
    event::{Event, TrialOpened},
    ids::Hash,
};
use trial_ledger::{
    checkpoint::{Checkpoint, SignedCheckpoint},
    cosignature::cosign,
    fault::{Fault, FaultKind},
    key::Secret,
    note::{KeyName, SignatureLine},
    tip::{Draft, Tip},
};

/// When the sample's entries are recorded: one minute after the other from here on, in seconds.
const OPENED: u64 = 1_476_057_600;
const MONA: &str = "monitor.example/mona";

fn keyed(name: &str, purpose: &str) -> Event {
    let facts = json!({
        "key": secret(name).key(), "name": name, "organisation": "Example", "role": "monitor", "purpose": purpose
    });
    event("key_granted", facts)
}

/// The sample, then a log key (entry 8), a witness key (9), another witness key (10).
fn chain() -> Chain {
    let mut chain = Chain::sample();
    chain.add("sponsor", keyed("log", "log"));
    chain.add("sponsor", keyed("mona", "witness"));
    chain.add("sponsor", keyed("otto", "witness"));
    chain
}

/// A checkpoint over the first entries of a chain, as its log signs it.
fn signed(chain: &Chain, size: u64, by: &Secret) -> SignedCheckpoint {
    let root = chain.tip.root_at(size, &chain.lines()).unwrap_or(Hash::ZERO);
    Checkpoint { origin: chain.tip.origin().unwrap(), size, root }.sign(by)
}

fn named(name: &str) -> KeyName {
    name.parse().unwrap()
}

/// The event that brings it back, with a cosignature.
fn witnessed(checkpoint: &SignedCheckpoint, name: &str, by: &Secret, time: u64) -> Value {
    let mut note = checkpoint.note().clone();
    note.add(cosign(note.text(), named(name), by, time));
    let lines: Vec<String> = note.to_string().lines().map(str::to_owned).collect();
    json!({ "note": lines, "witness": name, "time": time })
}

fn good(chain: &Chain, size: u64) -> Value {
    witnessed(&signed(chain, size, &secret("log")), MONA, &secret("mona"), OPENED + 3600)
}

fn tried(chain: &mut Chain, facts: Value) -> Result<(), Fault> {
    chain.try_add("monitor", Draft::new(event("checkpoint_witnessed", facts)))
}

#[track_caller]
fn refused(facts: Value) -> Fault {
    tried(&mut chain(), facts).unwrap_err()
}

#[test]
fn a_cosigned_checkpoint_comes_back_and_what_is_read_is_judged_alike() {
    let mut chain = chain();
    for size in [11, 10, 9] {
        let facts = good(&chain, size);
        tried(&mut chain, facts).unwrap();
    }
    assert_eq!(sample::faults(&chain.lines()), []);
    // A reader finds what the writer would have been refused: the event of another history, signed by its author.
    let mut other = self::chain();
    other.add("therapist", sample::fraction(1));
    let foreign = good(&other, 12);
    let body = chain.next_body("monitor", event("checkpoint_witnessed", foreign));
    let fault = chain.fault_of(&body, &["monitor"]).unwrap();
    assert_eq!(fault.kind, FaultKind::RootMismatch);
}

#[test]
fn a_size_must_be_in_front_of_the_entry() {
    let chain = chain();
    assert!(tried(&mut chain.clone(), good(&chain, 11)).is_ok());
    for size in [12, u64::MAX] {
        assert_eq!(refused(good(&chain, size)).kind, FaultKind::CheckpointInvalid, "{size}");
    }
    // Entry 8 grants the log key: what it signs over fewer entries was not signed by this ledger's log.
    for size in [0, 8] {
        assert_eq!(refused(good(&chain, size)).kind, FaultKind::CheckpointInvalid, "{size}");
    }
}

#[test]
fn another_root_is_a_mismatch() {
    let chain = chain();
    let origin = chain.tip.origin().unwrap();
    let other = Checkpoint { origin, size: 10, root: Hash([7; 32]) }.sign(&secret("log"));
    let fault = refused(witnessed(&other, MONA, &secret("mona"), OPENED + 3600));
    assert_eq!((fault.kind, fault.seq.map(|seq| seq.0)), (FaultKind::RootMismatch, Some(11)));
}

#[test]
fn keys_count_for_what_they_were_granted_and_not_before_and_not_after() {
    let chain = chain();
    let log = signed(&chain, 10, &secret("log"));
    let invalid = |facts: Value| assert_eq!(refused(facts).kind, FaultKind::CheckpointInvalid);
    let time = OPENED + 3600;
    for stranger in ["stranger", "sponsor", "monitor", "mona"] {
        invalid(witnessed(&signed(&chain, 10, &secret(stranger)), MONA, &secret("mona"), time));
    }
    for stranger in ["stranger", "sponsor", "monitor", "log"] {
        invalid(witnessed(&log, MONA, &secret(stranger), time));
    }
    assert!(tried(&mut chain.clone(), witnessed(&log, "otto.example", &secret("otto"), time)).is_ok());

    let revoke = |name: &str| {
        let mut chain = self::chain();
        let draft = Draft::new(event("key_revoked", json!({ "key": secret(name).key() })));
        chain.try_add("sponsor", draft.because("left".parse().unwrap())).unwrap();
        chain
    };
    let mut without = revoke("mona");
    assert_eq!(tried(&mut without, good(&chain, 10)).unwrap_err().kind, FaultKind::CheckpointInvalid);
    // A log key that was revoked signs nothing over the revocation, and what it signed before stays signed.
    let mut without = revoke("log");
    let after = good(&without, 12);
    assert_eq!(tried(&mut without, after).unwrap_err().kind, FaultKind::CheckpointInvalid);
    assert!(tried(&mut without, good(&chain, 11)).is_ok());
}

#[test]
fn the_note_the_name_and_the_time_must_be_those_of_the_cosignature() {
    let chain = chain();
    let facts = good(&chain, 10);
    let bent = |change: &dyn Fn(&mut Value)| {
        let mut facts = facts.clone();
        change(&mut facts);
        assert_eq!(refused(facts).kind, FaultKind::CheckpointInvalid);
    };
    bent(&|facts| facts["time"] = json!(OPENED + 3601));
    bent(&|facts| facts["witness"] = json!("monitor.example/moni"));
    bent(&|facts| facts["witness"] = json!("no name"));
    bent(&|facts| facts["note"][0] = json!("sponsor.example/other"));
    bent(&|facts| facts["note"][1] = json!("010"));
    bent(&|facts| facts["note"][4] = json!("\u{2014} sponsor.example/T-1 AAAAAAAA"));
    bent(&|facts| facts["note"] = json!([]));
    bent(&|facts| drop(facts["note"].as_array_mut().unwrap().pop()));
    bent(&|facts| facts["note"].as_array_mut().unwrap().insert(3, json!("an extension line")));
    // Two lines in one would be a second spelling of the same note.
    bent(&|facts| {
        let lines: Vec<String> = facts["note"].as_array().unwrap().iter().map(|l| l.as_str().unwrap().into()).collect();
        facts["note"] = json!([lines.join("\n")]);
    });
    // The line of somebody unknown changes nothing.
    let mut known = facts.clone();
    let stranger = SignatureLine { name: named("w.example"), id: [7; 4], signature: vec![7; 2428] };
    known["note"].as_array_mut().unwrap().push(json!(stranger.to_string()));
    assert!(tried(&mut chain.clone(), known).is_ok());
}

/// A chain whose genesis says that the clock is the machine's.
fn on_the_clock() -> Chain {
    let mut opened: TrialOpened = sample::opened("T-1");
    opened.clock = trial_core::event::Clock::System;
    let (tip, first) = Tip::open(opened, sample::sponsor(), &secret("sponsor"), at(0)).unwrap();
    let mut chain = Chain { tip, entries: vec![first] };
    chain.add("sponsor", sample::grant("monitor", Role::Monitor, None));
    chain.add("sponsor", keyed("log", "log"));
    chain.add("sponsor", keyed("mona", "witness"));
    chain
}

#[test]
fn what_was_witnessed_was_not_recorded_later_unless_times_are_given_by_hand() {
    let chain = on_the_clock();
    // Entry 3, the last of four, was recorded at minute 3.
    let at = |time: u64| witnessed(&signed(&chain, 4, &secret("log")), MONA, &secret("mona"), time);
    assert!(tried(&mut chain.clone(), at(OPENED + 180)).is_ok(), "the same second");
    let fault = tried(&mut chain.clone(), at(OPENED + 179)).unwrap_err();
    assert_eq!(fault.kind, FaultKind::TimeAfterWitness);
    assert!(fault.found.contains("entry 3"), "{fault}");
    let fewer = witnessed(&signed(&chain, 3, &secret("log")), MONA, &secret("mona"), OPENED + 179);
    assert!(tried(&mut chain.clone(), fewer).is_ok(), "entry 2 was recorded at minute 2");

    let simulated = self::chain();
    let early = witnessed(&signed(&simulated, 10, &secret("log")), MONA, &secret("mona"), 1);
    assert!(tried(&mut simulated.clone(), early).is_ok(), "times given by hand prove nothing");
}

#[test]
fn who_signs_the_entry_is_a_matter_of_roles() {
    let chain = chain();
    for name in ["sponsor", "monitor"] {
        assert!(chain.clone().try_add(name, Draft::new(event("checkpoint_witnessed", good(&chain, 10)))).is_ok());
    }
    // The witness key itself signs cosignatures and no entries.
    for (name, kind) in [("investigator", FaultKind::RoleNotAllowed), ("mona", FaultKind::SignerMismatch)] {
        let refused = chain.clone().try_add(name, Draft::new(event("checkpoint_witnessed", good(&chain, 10))));
        assert_eq!(refused.unwrap_err().kind, kind, "{name}");
    }
}
