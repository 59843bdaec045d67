//! Checkpoints of a ledger on disk: never two that contradict each other.
#![allow(clippy::unwrap_used, reason = "helpers of tests, which clippy does not recognise outside #[test]")]

mod sample;

use sample::{Chain, event, fraction, secret};
use serde_json::json;
use std::{fs, path::Path};
use trial_ledger::{
    body,
    checkpoint::{BadCheckpoint, Checkpoint, SignedCheckpoint},
    cosignature::cosign,
    fault::FaultKind,
    ledger::{CHECKPOINTS, LATEST, Ledger, LedgerError},
    note::{BadNote, Note, SignatureLine, Vkeys},
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

/// Each signature is over words that begin with what they are for (docs/format.md): under the same key, one is not
/// another.
#[test]
fn what_a_key_signed_as_an_entry_is_no_checkpoint_and_the_reverse() {
    let chain = chain();
    let (therapist, origin) = (secret("therapist"), chain.tip.origin().unwrap());
    let body = chain.next_body("therapist", fraction(1)).to_vec().unwrap();
    let message = body::message(&body);
    let text = Checkpoint { origin: origin.clone(), size: 9, root: chain.tip.root() }.to_string();
    let cosigned = cosign(&text, "w.example".parse().unwrap(), &therapist, 5).signature;
    let as_entry = |signature: [u8; 64]| {
        chain.fault_of_line(body::line(&body, [(therapist.key(), signature)])).map(|fault| fault.kind)
    };
    assert_eq!(as_entry(therapist.sign(&message)), None);
    assert_eq!(as_entry(therapist.sign(text.as_bytes())), Some(FaultKind::SignatureInvalid));
    assert_eq!(as_entry(cosigned[8..].try_into().unwrap()), Some(FaultKind::SignatureInvalid));

    // As if this author's key were the log's.
    let vkey = origin.vkey(therapist.public());
    let logs = Vkeys::new([vkey.clone()]).unwrap();
    let as_checkpoint = |text: &str, signature: [u8; 64]| {
        let mut note = Note::unsigned(text).unwrap();
        note.add(SignatureLine { name: vkey.name().clone(), id: vkey.id(), signature: signature.to_vec() });
        SignedCheckpoint::open(note, &logs).map(|_| ())
    };
    assert_eq!(as_checkpoint(&text, therapist.sign(text.as_bytes())), Ok(()));
    let bad = as_checkpoint(&text, therapist.sign(&message)).unwrap_err();
    assert!(matches!(bad, BadCheckpoint::Note(BadNote::BadSignature(..))), "{bad}");
    let bad = as_checkpoint(&text, cosigned[8..].try_into().unwrap()).unwrap_err();
    assert!(matches!(bad, BadCheckpoint::Note(BadNote::BadSignature(..))), "{bad}");
    let words = String::from_utf8(message.clone()).unwrap() + "\n";
    assert_eq!(as_checkpoint(&words, therapist.sign(words.as_bytes())), Err(BadCheckpoint::Lines));
}
