//! One contract for all stores: each backend passes the same test.
#![allow(clippy::unwrap_used)]

mod sample;

use sample::{Chain, fraction};
use trial_core::ids::Seq;
use trial_ledger::{
    check::Verified,
    envelope::Envelope,
    follower::Follower,
    sled_store::SledStore,
    store::{Head, MemoryStore, Store, StoreError},
};

fn scanned(store: &impl Store, places: std::ops::Range<u64>) -> Vec<Envelope> {
    store.scan(places).collect::<Result<_, _>>().unwrap()
}

fn assert_holds(store: &impl Store, entries: &[Verified]) {
    let lines: Vec<Envelope> = entries.iter().map(|v| v.envelope().clone()).collect();
    let size = entries.len() as u64;
    assert_eq!(scanned(store, 0..size), lines);
    assert_eq!(scanned(store, 0..u64::MAX), lines, "a scan ends where the store ends");
    let head = entries.last().map(|v| Head { seq: v.entry().seq, hash: v.entry().hash });
    assert_eq!(store.head().unwrap(), head);
    assert_eq!(store.get(Seq(size)).unwrap(), None);
    for (seq, line) in (0..).zip(&lines) {
        assert_eq!(store.get(Seq(seq)).unwrap().as_ref(), Some(line));
    }
}

/// What every backend keeps: see the contract of [`Store`].
fn keeps_the_contract(store: &mut impl Store) {
    let mut chain = Chain::sample();
    let mut other = chain.clone();
    (1..3).for_each(|n| chain.add("therapist", fraction(n)));
    (3..5).for_each(|n| other.add("therapist", fraction(n)));
    let entries = &chain.entries;

    assert_holds(store, &[]);
    store.append_if_next(&[]).unwrap();
    let early = store.append_if_next(&entries[1..2]);
    assert_eq!(early, Err(StoreError::NotNext { expected: Seq(0), found: Seq(1) }));
    assert_holds(store, &[]);

    store.append_if_next(&entries[..1]).unwrap();
    store.append_if_next(&entries[1..8]).unwrap();
    assert_holds(store, &entries[..8]);
    assert_eq!(scanned(store, 3..5), [entries[3].envelope().clone(), entries[4].envelope().clone()]);
    assert_eq!(scanned(store, 5..5), []);

    let again = store.append_if_next(&entries[7..9]);
    assert_eq!(again, Err(StoreError::NotNext { expected: Seq(8), found: Seq(7) }));
    let gap = store.append_if_next(&[entries[8].clone(), entries[8].clone()]);
    assert_eq!(gap, Err(StoreError::NotNext { expected: Seq(9), found: Seq(8) }));
    assert_holds(store, &entries[..8]);

    store.append_if_next(&entries[8..9]).unwrap();
    let of_another_history = store.append_if_next(&other.entries[9..10]);
    assert_eq!(of_another_history, Err(StoreError::NotNext { expected: Seq(9), found: Seq(9) }));
    assert_holds(store, &entries[..9]);
}

#[test]
fn the_memory_store_keeps_the_contract() {
    keeps_the_contract(&mut MemoryStore::default());
}

#[test]
fn the_sled_store_keeps_the_contract_and_its_entries() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = SledStore::open(dir.path()).unwrap();
    keeps_the_contract(&mut store);
    assert_eq!(SledStore::open(dir.path()).err(), Some(StoreError::InUse(dir.path().to_owned())));
    let before = scanned(&store, 0..u64::MAX);
    drop(store);
    let store = SledStore::open(dir.path()).unwrap();
    assert_eq!(scanned(&store, 0..u64::MAX), before);
}

#[test]
fn a_store_that_follows_the_journal_keeps_the_contract_and_its_entries() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Follower::new(SledStore::open(dir.path()).unwrap()).unwrap();
    keeps_the_contract(&mut store);
    store.settle().unwrap();
    let before = scanned(&store, 0..u64::MAX);
    drop(store);
    let store = SledStore::open(dir.path()).unwrap();
    assert_eq!(scanned(&store, 0..u64::MAX), before);
}

#[test]
fn many_appends_in_a_row_are_all_seen_by_the_read_behind_each_of_them() {
    let dir = tempfile::tempdir().unwrap();
    let mut chain = Chain::sample();
    (1..100).for_each(|n| chain.add("therapist", fraction(n)));
    let mut store = Follower::new(SledStore::open(dir.path()).unwrap()).unwrap();
    for (seq, verified) in (0..).zip(&chain.entries) {
        store.append_if_next(std::slice::from_ref(verified)).unwrap();
        if seq % 7 == 0 {
            assert_eq!(store.get(Seq(seq)).unwrap().as_ref(), Some(verified.envelope()));
        }
    }
    drop(store);
    assert_holds(&SledStore::open(dir.path()).unwrap(), &chain.entries);
}

#[test]
fn what_the_store_refuses_behind_the_journal_is_told_by_whatever_comes_next() {
    let dir = tempfile::tempdir().unwrap();
    let entries = Chain::sample().entries;
    let mut beside = SledStore::open(dir.path()).unwrap();
    let mut store = Follower::new(beside.clone()).unwrap();
    beside.append_if_next(&entries[..1]).unwrap();
    store.append_if_next(&entries[..1]).unwrap();
    let refused = Err(StoreError::NotNext { expected: Seq(1), found: Seq(0) });
    assert_eq!(store.settle(), refused);
    assert_eq!(store.append_if_next(&entries[1..2]), refused);
    assert_eq!(store.head().map(|_| ()), refused);
    assert_eq!(store.scan(0..1).next().unwrap().map(|_| ()), refused);
    drop(store);
    assert_holds(&beside, &entries[..1]);
}
