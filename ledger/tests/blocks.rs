//! A log longer than a block of 256 entries: what its tip no longer keeps is read again, and not believed.
#![allow(clippy::unwrap_used)]

mod sample;

use sample::{Chain, edited, event, secret};
use serde_json::json;
use std::{fs, path::Path, sync::LazyLock};
use trial_core::{
    entry::Effect,
    ids::{Hash, Seq},
};
use trial_ledger::{
    check::Verified,
    envelope::Envelope,
    fault::FaultKind::{self, *},
    ledger::{JOURNAL, Ledger, Notice, STORE},
    lines::read_lines,
    merkle::{Frontier, ProofError, verify_consistency, verify_inclusion},
    sled_store::SledStore,
    store::Store,
    tip::Draft,
    verifier::Verifier,
};

/// Two complete blocks and a part of a third.
static LONG: LazyLock<Chain> = LazyLock::new(|| Chain::of(600));

fn root(lines: &[Envelope]) -> Hash {
    lines.iter().map(Envelope::leaf_hash).collect::<Frontier>().root()
}

fn correction(target: u64) -> Draft {
    let facts = json!({"target": target, "field": "/dose/value", "old": "2.50", "new": "2.52"});
    Draft::new(event("entry_corrected", facts)).because("slip of the pen".parse().unwrap())
}

/// The long chain with corrections of an entry in its first, second and open block.
fn corrected() -> Chain {
    let mut chain = LONG.clone();
    for target in [8, 511, 599] {
        chain.try_add("therapist", correction(target)).unwrap();
        let Effect::Revises { target: revised, .. } = chain.entries.last().unwrap().entry().effect else {
            panic!("it revises")
        };
        assert_eq!(revised, Seq(target));
    }
    chain
}

fn first_fault(lines: &[Envelope], lookup: &Vec<Envelope>) -> Option<(u64, FaultKind)> {
    let mut judged = Verifier::new(lines.iter().cloned().map(Ok), lookup);
    judged.find_map(Result::err).map(|fault| (fault.seq.unwrap().0, fault.kind))
}

#[test]
fn what_a_correction_changes_is_read_again_from_any_block() {
    let chain = corrected();
    let lines = chain.lines();
    assert_eq!(first_fault(&lines, &lines), None);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("export.jsonl");
    fs::write(&path, journal_of(&lines)).unwrap();
    let (read, index) = read_lines(&path).unwrap();
    assert_eq!(Verifier::new(read, index).finish().unwrap().root(), root(&lines));
}

#[test]
fn no_line_that_is_read_again_may_be_another_than_was_verified() {
    let lines = corrected().lines();
    // The first correction rests on the first block: on its target, and on each line that the block's root commits to.
    for changed in [8, 200] {
        let mut other = lines.clone();
        other[changed] = edited(&lines[changed], "2.50", "9.50");
        assert_eq!(first_fault(&lines, &other), Some((600, StoreUnreadable)), "line {changed}");
    }
    let mut other = lines.clone();
    other[300] = edited(&lines[300], "2.50", "9.50");
    assert_eq!(first_fault(&lines, &other), Some((601, StoreUnreadable)), "the second one on the second block");
    other[300] = lines[300].clone();
    other[520] = edited(&lines[520], "2.50", "9.50");
    assert_eq!(first_fault(&lines, &other), Some((602, StoreUnreadable)), "the third one on the open block");
    let shorter = lines[..500].to_vec();
    assert_eq!(first_fault(&lines, &shorter), Some((601, StoreUnreadable)), "and a line must be there at all");
}

#[test]
fn after_a_fault_corrections_are_still_judged_by_what_they_change() {
    let mut lines = corrected().lines();
    lines[20] = edited(&lines[20], "2.50", "2.51");
    let found = sample::faults(&lines);
    let found: Vec<_> = found.iter().map(|fault| (fault.seq.unwrap().0, fault.kind)).collect();
    assert_eq!(found, [(20, SignatureInvalid), (21, BrokenLink)]);
}

#[test]
fn a_tip_keeps_a_root_for_each_block_and_knows_every_earlier_root() {
    let (tip, lines) = (&LONG.tip, LONG.lines());
    assert_eq!(tip.block_roots(), [root(&lines[..256]), root(&lines[256..512])]);
    for size in [0, 1, 8, 255, 256, 257, 300, 511, 512, 513, 599, 600] {
        assert_eq!(tip.root_at(size, &lines), Some(root(&lines[..usize::try_from(size).unwrap()])), "size {size}");
    }
    assert_eq!(tip.root_at(601, &lines), None);
    assert_eq!(tip.root_at(300, &()), None, "without the lines it cannot be told");
    assert_eq!(tip.root_at(512, &()), Some(root(&lines[..512])), "whole blocks need no lines");
}

fn made(dir: &Path, entries: &[Verified]) -> Ledger {
    let mut ledger = Ledger::init(dir, &entries[0]).unwrap();
    // Small and large appends, which end in front of, at and behind the end of a block.
    let mut rest = &entries[1..];
    for size in [1, 253, 1, 1, 200].into_iter().chain([usize::MAX]) {
        let (next, later) = rest.split_at(size.min(rest.len()));
        ledger.append(next).unwrap();
        rest = later;
    }
    ledger
}

fn journal_of(lines: &[Envelope]) -> Vec<u8> {
    lines.iter().flat_map(|line| [line.as_bytes(), b"\n"].concat()).collect()
}

fn notices(dir: &Path) -> Vec<Notice> {
    let (ledger, notices) = Ledger::open(dir).unwrap();
    assert_eq!(ledger.tip().root(), LONG.tip.root());
    notices
}

#[test]
fn a_ledger_proves_any_entry_and_any_growth() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = made(dir.path(), &LONG.entries);
    let lines = LONG.lines();
    for size in [1, 2, 255, 256, 257, 511, 512, 513, 600] {
        let whole = ledger.root_at(size).unwrap();
        for seq in [0, 1, 254, 255, 256, 400, 511, 512, 599].into_iter().filter(|seq| *seq < size) {
            let path = ledger.inclusion(Seq(seq), size).unwrap();
            let leaf = lines[usize::try_from(seq).unwrap()].leaf_hash();
            assert_eq!(verify_inclusion(leaf, seq, size, &path, whole), Ok(()), "{seq} of {size}");
            let (old, path) = (seq + 1, ledger.consistency(seq + 1, size).unwrap());
            let judged = verify_consistency(old, size, &path, ledger.root_at(old).unwrap(), whole);
            assert_eq!(judged, Ok(()), "{old} to {size}");
        }
    }
    assert_eq!(ledger.inclusion(Seq(600), 600), Err(ProofError::IndexBeyondSize { index: 600, size: 600 }));
    assert_eq!(ledger.inclusion(Seq(0), 601), Err(ProofError::SizeBeyondLog { size: 601, has: 600 }));
    assert_eq!(ledger.consistency(600, 601), Err(ProofError::SizeBeyondLog { size: 601, has: 600 }));
    assert_eq!(ledger.consistency(0, 600), Err(ProofError::NothingToExtend));
    let unread = ledger.tip().inclusion(Seq(3), 600, &());
    assert!(matches!(unread, Err(ProofError::Unreadable { first: 2, last: 2 })), "{unread:?}");
}

#[test]
fn block_roots_in_the_store_grow_with_the_entries() {
    let dir = tempfile::tempdir().unwrap();
    drop(made(dir.path(), &LONG.entries));
    let store = SledStore::open(&dir.path().join(STORE)).unwrap();
    assert_eq!(store.put_block_roots(LONG.tip.block_roots()), Ok(0), "they are there already");
    drop(store);
    assert_eq!(notices(dir.path()), []);
    fs::remove_dir_all(dir.path().join(STORE)).unwrap();
    assert_eq!(notices(dir.path()), [Notice::StoreCaughtUp { had: 0, has: 600 }]);
    assert_eq!(notices(dir.path()), [], "a store that caught up has them too");
}

#[test]
fn block_roots_that_are_wrong_missing_or_too_many_are_computed_again_with_a_notice() {
    let dir = tempfile::tempdir().unwrap();
    drop(made(dir.path(), &LONG.entries));
    let sound = LONG.tip.block_roots();
    let (wrong, missing) = ([sound[0], Hash([7; 32])], [sound[0]]);
    let surplus = [sound[0], sound[1], Hash([7; 32])];
    for damage in [&wrong[..], &missing, &surplus] {
        let store = SledStore::open(&dir.path().join(STORE)).unwrap();
        assert_eq!(store.put_block_roots(damage), Ok(1));
        drop(store);
        assert_eq!(notices(dir.path()), [Notice::BlocksComputed { wrong: 1 }]);
        assert_eq!(notices(dir.path()), []);
    }
}

#[test]
fn entries_that_the_store_does_not_take_leave_its_block_roots_as_they_were() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = SledStore::open(dir.path()).unwrap();
    store.append_if_next(&LONG.entries[..200]).unwrap();
    assert!(store.append_if_next(&LONG.entries[201..600]).is_err());
    assert_eq!(store.put_block_roots(&[]), Ok(0));
    store.append_if_next(&LONG.entries[200..600]).unwrap();
    assert_eq!(store.put_block_roots(LONG.tip.block_roots()), Ok(0));
}

#[test]
fn a_journal_that_is_behind_by_more_than_a_block_catches_up() {
    let dir = tempfile::tempdir().unwrap();
    drop(made(dir.path(), &LONG.entries));
    let path = dir.path().join(JOURNAL);
    let whole = fs::read(&path).unwrap();
    for had in [1, 256, 257, 599] {
        fs::write(&path, journal_of(&LONG.lines()[..had])).unwrap();
        assert_eq!(notices(dir.path()), [Notice::JournalCaughtUp { had: had as u64, has: 600 }]);
        assert_eq!(fs::read(&path).unwrap(), whole, "had {had}");
    }
}

#[test]
fn an_append_that_is_repeated_is_known_by_its_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = made(dir.path(), &LONG.entries[..550]);
    ledger.append(&LONG.entries[100..600]).unwrap();
    assert_eq!(ledger.tip().root(), LONG.tip.root());
    ledger.append(&LONG.entries).unwrap();
    assert_eq!(ledger.tip().size(), 600, "a repeated append changes nothing");
    let mut other = Chain::sample();
    let event = event("site_activated", json!({"site": "C", "name": "Site C"}));
    let made = other.tip.sign(Draft::new(event), &[&secret("sponsor")], sample::at(8), &()).unwrap();
    assert!(ledger.append(&[made]).is_err(), "another entry at a place that is taken");
    assert_eq!(ledger.tip().size(), 600);
}
