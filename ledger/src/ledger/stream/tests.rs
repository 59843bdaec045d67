//! Streams that go well, and streams whose disk, lines or owners fail half-way.

use super::*;
use crate::{
    fault::FaultKind,
    journal::Journal,
    ledger::Notice,
    lines::Tail,
    sample::{Chain, at, event, fraction, secret},
    verifier::Lookup as _,
};
use serde_json::json;
use std::{fs, path::Path};
use trial_core::entry::Meaning;

fn made(dir: &Path) -> Ledger {
    let chain = Chain::sample();
    let mut ledger = Ledger::init(dir, &chain.entries[0]).unwrap();
    ledger.append(&chain.entries[1..]).unwrap();
    ledger
}

fn sign(stream: &mut Stream<'_>, entries: u64) {
    for _ in 0..entries {
        let seq = stream.tip.next().0;
        let number = u32::try_from(seq % 99 + 1).unwrap();
        stream.sign(Draft::new(fraction(number)), &[&secret("therapist")], at(seq)).unwrap();
    }
}

fn commit(stream: &mut Stream<'_>) {
    stream.commit(&BTreeMap::new()).unwrap();
}

fn places(entries: &[Arc<Verified>]) -> Vec<u64> {
    entries.iter().map(|verified| verified.entry().seq.0).collect()
}

fn journal(dir: &Path) -> Vec<u8> {
    fs::read(dir.join(JOURNAL)).unwrap()
}

#[test]
fn a_stream_writes_what_one_signature_after_the_other_would() {
    for groups in [vec![1], vec![1, 2, 3], vec![40, 1, 64, 33], vec![8; 20]] {
        let dir = tempfile::tempdir().unwrap();
        let mut ledger = made(dir.path());
        let mut stream = ledger.stream().unwrap();
        let mut told = Vec::new();
        for group in &groups {
            sign(&mut stream, *group);
            commit(&mut stream);
            told.extend(stream.acknowledged());
            let on_disk = journal(dir.path());
            let lines: Vec<u8> = told.iter().flat_map(|v| [v.envelope().as_bytes(), b"\n"].concat()).collect();
            assert!(on_disk.windows(lines.len().max(1)).any(|part| part == lines) || lines.is_empty());
        }
        stream.wait().unwrap();
        told.extend(stream.acknowledged());
        drop(stream);
        let size = 8 + groups.iter().sum::<u64>();
        let chain = Chain::of(size);
        assert_eq!(places(&told), (8..size).collect::<Vec<_>>());
        assert_eq!((ledger.tip().size(), ledger.tip().root()), (size, chain.tip.root()));
        let lines: Vec<u8> = chain.lines().iter().flat_map(|line| [line.as_bytes(), b"\n"].concat()).collect();
        assert_eq!(journal(dir.path()), lines);
        drop(ledger);
        let (ledger, notices) = Ledger::open(dir.path()).unwrap();
        assert_eq!((ledger.tip().size(), notices), (size, vec![]));
    }
}

#[test]
fn an_entry_may_correct_what_is_still_under_way_and_a_refused_one_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = made(dir.path());
    let mut stream = ledger.stream().unwrap();
    sign(&mut stream, 50);
    commit(&mut stream);
    sign(&mut stream, 50);
    let therapist = secret("therapist");
    let number = 100 % 99 + 1;
    let correction = json!({"target": 100, "field": "/number", "old": number, "new": 7});
    let draft = Draft::new(event("entry_corrected", correction));
    let refused = stream.sign(draft.clone(), &[&therapist], at(108)).unwrap_err();
    assert!(matches!(&refused, LedgerError::Faulty(f, 1) if f[0].kind == FaultKind::MissingReason), "{refused}");
    let because = draft.because("miscounted".parse().unwrap());
    assert_eq!(stream.sign(because.clone(), &[&therapist], at(108)).unwrap(), Seq(108));
    let stale = stream.sign(because, &[&therapist], at(108)).unwrap_err();
    assert!(matches!(&stale, LedgerError::Faulty(f, 1) if f[0].kind == FaultKind::StaleCorrection), "{stale}");
    let unknown = stream.sign(Draft::new(fraction(1)), &[&secret("nobody")], at(109)).unwrap_err();
    assert!(matches!(&unknown, LedgerError::Faulty(f, 1) if f[0].kind == FaultKind::UnknownSigner), "{unknown}");
    commit(&mut stream);
    stream.wait().unwrap();
    drop(stream);
    drop(ledger);
    assert_eq!(Ledger::open(dir.path()).unwrap().0.tip().size(), 109);
}

/// Sends one group to the disk, then two to a journal that fails, and says what is told.
fn broken(journal: &str) {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = made(dir.path());
    let mut stream = ledger.stream().unwrap();
    sign(&mut stream, 40);
    commit(&mut stream);
    stream.wait().unwrap();
    *stream.ledger.journal.lock().unwrap() = Journal::open(Path::new(journal), Tail::default(), None).unwrap();
    sign(&mut stream, 40);
    let _ = stream.commit(&BTreeMap::new());
    let failed = stream.wait().unwrap_err();
    assert!(matches!(failed, LedgerError::Io(..) | LedgerError::Unsure(_)), "{failed}");
    assert_eq!(places(&stream.acknowledged()), (8..48).collect::<Vec<_>>(), "{journal}: what came before stands");
    let draft = Draft::new(fraction(1));
    assert!(matches!(stream.sign(draft, &[&secret("therapist")], at(900)), Err(LedgerError::Unsure(_))));
    assert!(matches!(stream.commit(&BTreeMap::new()), Err(LedgerError::Unsure(_))));
    assert_eq!(stream.acknowledged(), []);
    drop(stream);
    assert_eq!(ledger.tip().size(), 48);
    assert!(matches!(ledger.append(&Chain::of(49).entries[48..]), Err(LedgerError::Unsure(_))));
    assert!(matches!(ledger.stream().map(drop), Err(LedgerError::Unsure(_))));
    drop(ledger);
    let (mut ledger, notices) = Ledger::open(dir.path()).unwrap();
    assert_eq!((ledger.tip().size(), notices), (48, vec![]));
    ledger.append(&Chain::of(49).entries[48..]).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn a_group_that_the_disk_did_not_take_is_not_acknowledged_nor_is_one_behind_it() {
    // Takes no byte.
    broken("/dev/full");
    // Takes every byte, and cannot sync them.
    broken("/dev/null");
}

#[test]
fn a_group_with_a_signature_that_does_not_hold_is_not_written_nor_is_one_behind_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = made(dir.path());
    let mut stream = ledger.stream().unwrap();
    sign(&mut stream, 20);
    commit(&mut stream);
    let (draft, secrets) = (Draft::new(fraction(29)), [&secret("therapist")]);
    let earlier = Earlier { entries: &stream.signed, store: &stream.ledger.store };
    let unsigned = stream.tip.unsigned(draft, &secrets, at(28), &earlier, &mut stream.writer).unwrap();
    stream.tip.expect(&unsigned);
    stream.group.entries += 1;
    stream.waiting.push(unsigned.forged(&secret("monitor")));
    sign(&mut stream, 40);
    let told = stream.commit(&BTreeMap::new()).and_then(|()| {
        sign(&mut stream, 1);
        stream.commit(&BTreeMap::new())
    });
    let told = told.and_then(|()| stream.wait()).unwrap_err();
    assert!(matches!(&told, LedgerError::Faulty(f, 1) if f[0].kind == FaultKind::SignatureInvalid), "{told}");
    assert_eq!(places(&stream.acknowledged()), (8..28).collect::<Vec<_>>());
    drop(stream);
    // The disk is as it was: the ledger goes on.
    ledger.append(&Chain::of(29).entries[28..]).unwrap();
    drop(ledger);
    let (ledger, notices) = Ledger::open(dir.path()).unwrap();
    assert_eq!((ledger.tip().size(), notices), (29, vec![]));
}

#[test]
fn a_group_that_the_store_refuses_is_in_the_journal_but_not_acknowledged() {
    let (dir, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut ledger = made(dir.path());
    ledger.settle().unwrap();
    let other = crate::sled_store::SledStore::open(elsewhere.path()).unwrap();
    ledger.store = crate::follower::Follower::new(other).unwrap();
    let mut stream = ledger.stream().unwrap();
    sign(&mut stream, 3);
    commit(&mut stream);
    assert!(matches!(stream.wait().unwrap_err(), LedgerError::Store(_)));
    assert_eq!(stream.acknowledged(), []);
    drop(stream);
    assert_eq!(ledger.tip().size(), 8);
    drop(ledger);
    let (ledger, notices) = Ledger::open(dir.path()).unwrap();
    assert_eq!((ledger.tip().size(), notices), (11, vec![Notice::StoreCaughtUp { had: 8, has: 11 }]));
}

#[test]
fn a_stream_that_is_let_go_appends_what_was_closed_and_forgets_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = made(dir.path());
    let mut stream = ledger.stream().unwrap();
    sign(&mut stream, 40);
    commit(&mut stream);
    sign(&mut stream, 40);
    drop(stream);
    assert_eq!(ledger.tip().size(), 48);
    ledger.append(&Chain::of(50).entries[48..]).unwrap();
    let mut stream = ledger.stream().unwrap();
    sign(&mut stream, 1);
    commit(&mut stream);
    // Whoever forgets it has not waited: the ledger takes nothing more until it is opened again.
    std::mem::forget(stream);
    assert!(matches!(ledger.append(&Chain::of(52).entries[51..]), Err(LedgerError::Unsure(_))));
}

#[test]
fn a_group_that_seals_values_is_in_step_with_them() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = made(dir.path());
    let mut stream = ledger.stream().unwrap();
    sign(&mut stream, 10);
    commit(&mut stream);
    let (name, value) =
        ("comment".parse::<trial_core::ids::Name>().unwrap(), Sealed::new([3; 32], json!("a remark")).unwrap());
    let sealed = BTreeMap::from([(name.clone(), value.commitment())]);
    let draft = |number| Draft { sealed: sealed.clone(), ..Draft::new(fraction(number)) };
    let seq = stream.sign(draft(1), &[&secret("therapist")], at(18)).unwrap();
    stream.commit(&BTreeMap::from([(Place { seq, name: name.clone() }, value.clone())])).unwrap();
    assert_eq!(places(&stream.acknowledged()), (8..19).collect::<Vec<_>>());
    sign(&mut stream, 10);
    commit(&mut stream);
    stream.wait().unwrap();
    assert_eq!(stream.acknowledged().len(), 10);
    stream.sign(draft(2), &[&secret("therapist")], at(29)).unwrap();
    assert!(matches!(stream.commit(&BTreeMap::new()), Err(LedgerError::Faulty(..))), "its value is missing");
    assert_eq!(stream.acknowledged(), []);
    drop(stream);
    assert_eq!(ledger.tip().size(), 29);
    let first = ledger.entries().nth(18).unwrap().unwrap();
    assert_eq!(ledger.unseal(&first).unwrap()[&name], crate::ledger::Unsealed::Value(json!("a remark")));
    assert_eq!(ledger.store().envelope(Seq(29)), None);
}

#[test]
fn several_sign_one_entry_of_a_stream() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = made(dir.path());
    let mut stream = ledger.stream().unwrap();
    let investigator = secret("investigator");
    let draft = Draft { countersigners: vec![(investigator.key(), Meaning::Review)], ..Draft::new(fraction(1)) };
    stream.sign(draft.clone(), &[&secret("therapist")], at(8)).unwrap_err();
    stream.sign(draft, &[&secret("therapist"), &investigator], at(8)).unwrap();
    commit(&mut stream);
    stream.wait().unwrap();
    drop(stream);
    drop(ledger);
    let (ledger, _) = Ledger::open(dir.path()).unwrap();
    let last = ledger.entries().last().unwrap().unwrap();
    assert_eq!(last.entry().signers().count(), 2);
}
