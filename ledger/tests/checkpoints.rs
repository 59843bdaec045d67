//! Checkpoints of a ledger on disk: never two that contradict each other.
#![allow(clippy::unwrap_used, reason = "helpers of tests, which clippy does not recognise outside #[test]")]

mod sample;

use sample::{Chain, event, fraction, secret};
use serde_json::json;
use std::{fs, path::Path};
use trial_ledger::{
    cosignature::cosign,
    fault::FaultKind,
    ledger::{CHECKPOINTS, LATEST, Ledger, LedgerError},
};

fn chain() -> Chain {
    let mut chain = Chain::sample();
    let facts = json!({
        "key": secret("log").key(), "name": "log", "organisation": "Example", "role": "sponsor", "purpose": "log"
    });
    chain.add("sponsor", event("key_granted", facts));
    chain
}

fn made(dir: &Path, chain: &Chain) -> Ledger {
    let mut ledger = Ledger::init(dir, &chain.entries[0]).unwrap();
    ledger.append(&chain.entries[1..]).unwrap();
    ledger
}

fn kind(refused: Result<impl std::fmt::Debug, LedgerError>) -> FaultKind {
    match refused.unwrap_err() {
        LedgerError::Faulty(faults, _) => faults[0].kind,
        other => panic!("{other}"),
    }
}

#[test]
fn a_checkpoint_is_on_disk_when_it_is_handed_out_and_the_same_size_gives_the_same_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = made(dir.path(), &chain());
    let first = ledger.checkpoint(&secret("log")).unwrap();
    let latest = dir.path().join(CHECKPOINTS).join(LATEST);
    assert_eq!(fs::read_to_string(&latest).unwrap(), first.note().to_string());
    assert_eq!((first.checkpoint().size, first.checkpoint().root), (9, ledger.tip().root()));

    let mut cosigned = first.note().clone();
    cosigned.add(cosign(first.note().text(), "w.example".parse().unwrap(), &secret("mona"), 5));
    ledger.keep_cosignatures(&cosigned).unwrap();
    assert_eq!(ledger.checkpoint(&secret("log")).unwrap().note(), &cosigned, "cosignatures stay with it");

    let mut chain = chain();
    chain.add("therapist", fraction(1));
    ledger.append(&chain.entries[9..]).unwrap();
    let second = ledger.checkpoint(&secret("log")).unwrap();
    assert_eq!((second.checkpoint().size, second.note().lines().len()), (10, 1));
    // Those of another size do not move over.
    ledger.keep_cosignatures(&cosigned).unwrap();
    assert_eq!(ledger.last_checkpoint().unwrap().unwrap(), second);
}

#[test]
fn only_a_log_key_signs() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = made(dir.path(), &chain());
    assert_eq!(kind(ledger.checkpoint(&secret("sponsor"))), FaultKind::SignerMismatch);
    assert_eq!(kind(ledger.checkpoint(&secret("stranger"))), FaultKind::UnknownSigner);
    assert!(!dir.path().join(CHECKPOINTS).join(LATEST).exists());
}

#[test]
fn a_ledger_that_was_put_back_signs_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut longer = chain();
    longer.add("therapist", fraction(1));
    let earlier = tempfile::tempdir().unwrap();
    let ledger = made(earlier.path(), &chain());
    let signed = made(dir.path(), &longer).checkpoint(&secret("log")).unwrap();
    let latest = earlier.path().join(CHECKPOINTS).join(LATEST);
    fs::write(&latest, signed.note().to_string()).unwrap();
    assert_eq!(kind(ledger.checkpoint(&secret("log"))), FaultKind::RolledBack);
    assert_eq!(fs::read_to_string(&latest).unwrap(), signed.note().to_string(), "the evidence stays");
}

#[test]
fn a_ledger_with_another_history_signs_nothing() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (mut left, mut right) = (chain(), chain());
    left.add("therapist", fraction(1));
    right.add("therapist", fraction(2));
    right.add("therapist", fraction(3));
    let signed = made(one.path(), &left).checkpoint(&secret("log")).unwrap();
    let ledger = made(other.path(), &right);
    let latest = other.path().join(CHECKPOINTS).join(LATEST);
    fs::write(&latest, signed.note().to_string()).unwrap();
    assert_eq!(kind(ledger.checkpoint(&secret("log"))), FaultKind::Forked);
    assert_eq!(fs::read_to_string(&latest).unwrap(), signed.note().to_string());
}

#[test]
fn a_last_checkpoint_that_was_bent_is_not_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = made(dir.path(), &chain());
    let signed = ledger.checkpoint(&secret("log")).unwrap();
    let latest = dir.path().join(CHECKPOINTS).join(LATEST);
    let text = signed.note().to_string();
    for bent in
        [String::new(), text.replacen("\n9\n", "\n8\n", 1), text.replacen("T-1", "T-2", 1), text[..20].to_owned()]
    {
        fs::write(&latest, bent).unwrap();
        assert_eq!(kind(ledger.checkpoint(&secret("log"))), FaultKind::CheckpointInvalid);
    }
}
