//! A ledger on disk: what is acknowledged stays, what is behind catches up, what differs is told.
#![allow(clippy::unwrap_used)]

mod sample;

use sample::{Chain, at, edited, event, fraction, secret};
use serde_json::json;
use std::{
    collections::BTreeMap,
    fs,
    io::{Seek, SeekFrom, Write},
    path::Path,
};
use trial_core::ids::Seq;
use trial_ledger::{
    check::Verified,
    envelope::Envelope,
    fault::FaultKind::{self, *},
    ledger::{JOURNAL, Ledger, LedgerError, Notice, STORE},
    lines::read_lines,
    store::StoreError,
    tip::Draft,
    verifier::Verifier,
};

fn made(dir: &Path, chain: &Chain) -> Ledger {
    let mut ledger = Ledger::init(dir, &chain.entries[0]).unwrap();
    ledger.append(&chain.entries[1..]).unwrap();
    ledger
}

/// Opens, checks what is always so, and gives the notices.
fn opened(dir: &Path, chain: &Chain) -> Vec<Notice> {
    let mut seen = Vec::new();
    let (ledger, notices) = Ledger::open_with(dir, |v| seen.push(v.clone())).unwrap();
    assert_eq!(seen, chain.entries);
    assert_eq!((ledger.tip().size(), ledger.tip().root()), (chain.tip.size(), chain.tip.root()));
    assert_eq!(ledger.entries().collect::<Result<Vec<Verified>, _>>().unwrap(), chain.entries);
    assert_eq!(fs::read(dir.join(JOURNAL)).unwrap(), journal_of(&chain.lines()));
    notices
}

fn journal_of(lines: &[Envelope]) -> Vec<u8> {
    lines.iter().flat_map(|line| [line.as_bytes(), b"\n"].concat()).collect()
}

fn faults_of(dir: &Path) -> Vec<(u64, FaultKind)> {
    match Ledger::open(dir) {
        Err(LedgerError::Faulty(faults, _)) => faults.iter().map(|f| (f.seq.unwrap().0, f.kind)).collect(),
        other => panic!("{other:?}"),
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_directory_that_gives_its_name_to_another_while_it_is_opened_is_the_one_that_is_put_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let [place, other, aside] = ["place", "other", "aside"].map(|name| dir.path().join(name));
    let mut chain = Chain::sample();
    drop(made(&place, &chain));
    fs::remove_file(place.join(JOURNAL)).unwrap();
    let lines = journal_of(&chain.lines());
    chain.add("therapist", fraction(1));
    drop(made(&other, &chain));
    let longer = journal_of(&chain.lines());

    let swap = || fs::rename(&place, &aside).and_then(|()| fs::rename(&other, &place)).unwrap();
    let first = |v: &Verified| {
        if v.entry().seq == Seq(0) {
            swap()
        }
    };
    let (_, notices) = Ledger::open_with(&place, first).unwrap();
    let had_none = |notice: &Notice| matches!(notice, Notice::JournalCaughtUp { had: 0, has: 8 });
    assert!(notices.iter().any(had_none), "{notices:?}");
    assert_eq!(fs::read(aside.join(JOURNAL)).unwrap(), lines);
    assert_eq!(fs::read(place.join(JOURNAL)).unwrap(), longer);
    assert!(!other.exists());
}

#[test]
fn a_journal_that_is_not_the_one_that_was_read_any_more_is_not_written() {
    let chain = Chain::sample();
    let whole = journal_of(&chain.lines());
    let moved: Vec<u8> = whole.iter().rev().copied().collect();
    for (now, left) in [(None, None), (Some(&moved), Some(&moved)), (Some(&Vec::new()), Some(&Vec::new()))] {
        let dir = tempfile::tempdir().unwrap();
        drop(made(dir.path(), &chain));
        let path = dir.path().join(JOURNAL);
        let last = |v: &Verified| {
            if v.entry().seq == Seq(7) {
                fs::remove_file(&path).unwrap();
                now.into_iter().for_each(|bytes| fs::write(&path, bytes).unwrap());
            }
        };
        let refused = Ledger::open_with(dir.path(), last).map(drop).unwrap_err();
        assert!(matches!(refused, LedgerError::Io(..)), "{refused}");
        assert_eq!(fs::read(&path).ok().as_ref(), left);
    }
}

#[test]
fn what_was_appended_is_there_when_it_is_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut chain = Chain::sample();
    drop(made(dir.path(), &chain));
    assert_eq!(opened(dir.path(), &chain), []);
    let (mut ledger, _) = Ledger::open(dir.path()).unwrap();
    chain.add("therapist", fraction(1));
    ledger.append(&chain.entries[8..]).unwrap();
    ledger.append(&chain.entries[8..]).unwrap();
    assert_eq!(ledger.tip().size(), 9, "a repeated append changes nothing");
    drop(ledger);
    assert_eq!(opened(dir.path(), &chain), []);
}

#[test]
fn a_batch_may_correct_what_it_has_just_recorded() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = made(dir.path(), &Chain::sample());
    let mut batch = ledger.batch();
    let therapist = secret("therapist");
    batch.sign(&ledger, Draft::new(fraction(1)), &[&therapist], at(8)).unwrap();
    let correction = json!({"target": 8, "field": "/number", "old": 1, "new": 2});
    let draft = Draft::new(event("entry_corrected", correction));
    assert_eq!(batch.sign(&ledger, draft.clone(), &[&therapist], at(9)).unwrap_err().kind, MissingReason);
    batch.sign(&ledger, draft.because("miscounted".parse().unwrap()), &[&therapist], at(9)).unwrap();
    ledger.append_batch(&mut batch, &BTreeMap::new()).unwrap();
    assert_eq!((ledger.tip().size(), ledger.tip().head()), (10, batch.tip().head()));
    batch.sign(&ledger, Draft::new(fraction(3)), &[&therapist], at(10)).unwrap();
    ledger.append_batch(&mut batch, &BTreeMap::new()).unwrap();
    drop(ledger);
    assert_eq!(Ledger::open(dir.path()).unwrap().0.tip().size(), 11);
}

#[test]
fn a_batch_goes_on_from_what_was_appended_and_not_from_a_batch_that_was_not() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = made(dir.path(), &Chain::sample());
    let therapist = secret("therapist");
    let signed = |ledger: &Ledger, number| {
        let mut batch = ledger.batch();
        batch.sign(ledger, Draft::new(fraction(number)), &[&therapist], at(8)).unwrap();
        batch.proven().unwrap()
    };
    let forgotten = signed(&ledger, 1);
    for number in 2..5 {
        let entries = signed(&ledger, number);
        assert_eq!(entries[0].prev(), ledger.tip().head());
        ledger.append(&entries).unwrap();
    }
    assert!(ledger.append(&forgotten).is_err(), "its place is taken");
    ledger.settle().unwrap();
    drop(ledger);
    assert_eq!(Ledger::open(dir.path()).unwrap().0.tip().size(), 11);
}

#[test]
fn entries_of_another_history_are_refused_and_nothing_changes() {
    let dir = tempfile::tempdir().unwrap();
    let mut chain = Chain::sample();
    let mut ledger = made(dir.path(), &chain);
    let mut other = chain.clone();
    other.add("therapist", fraction(1));
    other.add("therapist", fraction(2));
    let fault = ledger.append(&other.entries[9..]).unwrap_err();
    assert!(matches!(&fault, LedgerError::Faulty(f, 1) if f[0].kind == SeqGap), "{fault}");
    chain.add("therapist", fraction(3));
    ledger.append(&chain.entries[8..]).unwrap();
    let fault = ledger.append(&other.entries[9..]).unwrap_err();
    assert!(matches!(&fault, LedgerError::Faulty(f, 1) if f[0].kind == BrokenLink), "{fault}");
    drop(ledger);
    assert_eq!(opened(dir.path(), &chain), []);
}

#[test]
fn nothing_is_made_where_no_ledger_is_and_nothing_is_made_twice() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(Ledger::open(dir.path()), Err(LedgerError::Missing(_))));
    assert!(matches!(Ledger::open(&dir.path().join("none")), Err(LedgerError::Missing(_))));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "opening left nothing behind");
    let chain = Chain::sample();
    drop(made(dir.path(), &chain));
    assert!(matches!(Ledger::init(dir.path(), &chain.entries[0]), Err(LedgerError::Exists(_))));
    assert_eq!(opened(dir.path(), &chain), []);
}

#[test]
fn a_ledger_whose_files_are_empty_is_missing_and_not_new() {
    let dir = tempfile::tempdir().unwrap();
    drop(made(dir.path(), &Chain::sample()));
    fs::write(dir.path().join(JOURNAL), "").unwrap();
    fs::remove_dir_all(dir.path().join(STORE)).unwrap();
    assert!(matches!(Ledger::open(dir.path()), Err(LedgerError::Missing(_))));
    assert!(!dir.path().join(STORE).exists());
}

#[test]
fn a_second_process_is_told_that_the_ledger_is_in_use() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = made(dir.path(), &Chain::sample());
    let error = Ledger::open(dir.path()).unwrap_err();
    assert!(matches!(error, LedgerError::Store(StoreError::InUse(_))), "{error}");
    assert!(!error.is_proof());
    drop(ledger);
    assert!(Ledger::open(dir.path()).is_ok());
}

#[test]
fn a_store_that_is_behind_catches_up_from_the_journal() {
    let dir = tempfile::tempdir().unwrap();
    let mut chain = Chain::sample();
    drop(made(dir.path(), &chain));
    chain.add("therapist", fraction(1));
    chain.add("therapist", fraction(2));
    fs::write(dir.path().join(JOURNAL), journal_of(&chain.lines())).unwrap();
    assert_eq!(opened(dir.path(), &chain), [Notice::StoreCaughtUp { had: 8, has: 10 }]);
    assert_eq!(opened(dir.path(), &chain), []);
    fs::remove_dir_all(dir.path().join(STORE)).unwrap();
    assert_eq!(opened(dir.path(), &chain), [Notice::StoreCaughtUp { had: 0, has: 10 }]);
}

#[test]
fn a_journal_that_is_behind_catches_up_from_the_store() {
    let dir = tempfile::tempdir().unwrap();
    let chain = Chain::sample();
    drop(made(dir.path(), &chain));
    let path = dir.path().join(JOURNAL);
    fs::write(&path, journal_of(&chain.lines()[..6])).unwrap();
    assert_eq!(opened(dir.path(), &chain), [Notice::JournalCaughtUp { had: 6, has: 8 }]);
    fs::remove_file(&path).unwrap();
    assert_eq!(opened(dir.path(), &chain), [Notice::JournalCaughtUp { had: 0, has: 8 }]);
    assert_eq!(opened(dir.path(), &chain), []);
}

#[test]
fn half_a_line_at_the_end_was_never_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let mut chain = Chain::sample();
    drop(made(dir.path(), &chain));
    let path = dir.path().join(JOURNAL);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, [&whole[..], b"{\"body\":{\"ev"].concat()).unwrap();
    assert_eq!(opened(dir.path(), &chain), [Notice::UnacknowledgedTail { bytes: 12 }]);

    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    let last = chain.lines()[7].len() as u64;
    let expected = [Notice::UnacknowledgedTail { bytes: last }, Notice::JournalCaughtUp { had: 7, has: 8 }];
    assert_eq!(opened(dir.path(), &chain), expected);

    let (mut ledger, _) = Ledger::open(dir.path()).unwrap();
    chain.add("therapist", fraction(1));
    ledger.append(&chain.entries[8..]).unwrap();
    drop(ledger);
    assert_eq!(opened(dir.path(), &chain), []);
}

#[test]
fn a_difference_between_journal_and_store_is_told_with_the_one_that_was_changed() {
    let dir = tempfile::tempdir().unwrap();
    let mut chain = Chain::sample();
    chain.add("therapist", fraction(1));
    chain.add("therapist", fraction(2));
    drop(made(dir.path(), &chain));
    let mut lines = chain.lines();
    lines[8] = edited(&lines[8], "2.50", "2.51");
    let changed = journal_of(&lines);
    fs::write(dir.path().join(JOURNAL), &changed).unwrap();
    let expected = [(8, JournalDiffers), (8, SignatureInvalid), (9, BrokenLink)];
    assert_eq!(faults_of(dir.path()), expected);
    assert_eq!(faults_of(dir.path()), expected, "nothing was repaired");
    assert_eq!(fs::read(dir.path().join(JOURNAL)).unwrap(), changed);

    // The same with a sound journal: somebody rewrote the store.
    let mut other = Chain::sample();
    (3..5).for_each(|n| other.add("therapist", fraction(n)));
    fs::write(dir.path().join(JOURNAL), journal_of(&other.lines())).unwrap();
    assert_eq!(faults_of(dir.path()), [(8, JournalDiffers), (9, JournalDiffers)]);
}

#[test]
fn a_faulty_journal_without_a_store_gives_its_sound_beginning_only() {
    let dir = tempfile::tempdir().unwrap();
    let mut chain = Chain::sample();
    chain.add("therapist", fraction(1));
    chain.add("therapist", fraction(2));
    let mut lines = chain.lines();
    lines[8] = edited(&lines[8], "2.50", "2.51");
    fs::write(dir.path().join(JOURNAL), journal_of(&lines)).unwrap();
    let mut shown = 0;
    assert!(Ledger::open_with(dir.path(), |_| shown += 1).is_err());
    assert_eq!(shown, 8);
    assert_eq!(faults_of(dir.path()), [(8, SignatureInvalid), (9, BrokenLink)]);
}

#[test]
fn an_export_is_verified_without_a_store() {
    let dir = tempfile::tempdir().unwrap();
    let mut chain = Chain::sample();
    chain.add("therapist", fraction(1));
    let fix = json!({"target": 8, "field": "/number", "old": 1, "new": 2});
    let fix = Draft::new(event("entry_corrected", fix)).because("miscounted".parse().unwrap());
    chain.try_add("therapist", fix).unwrap();
    let path = dir.path().join("export.jsonl");
    fs::write(&path, journal_of(&chain.lines())).unwrap();
    let (lines, index) = read_lines(&path).unwrap();
    let tip = Verifier::new(lines, index).finish().unwrap();
    assert_eq!((tip.size(), tip.root()), (10, chain.tip.root()));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "reading left nothing behind");
}

#[test]
fn each_flipped_bit_of_a_journal_is_found_at_its_entry() {
    let dir = tempfile::tempdir().unwrap();
    let mut chain = Chain::opened("T-1");
    chain.add("sponsor", event("site_activated", json!({"site": "A", "name": "Site A"})));
    chain.add("sponsor", event("site_activated", json!({"site": "B", "name": "Site B"})));
    let sound = journal_of(&chain.lines());
    let path = dir.path().join("journal.jsonl");
    let mut place = 0;
    fs::write(&path, &sound).unwrap();
    let mut file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    let mut put = |at: usize, byte: u8| {
        file.seek(SeekFrom::Start(at as u64)).unwrap();
        file.write_all(&[byte]).unwrap();
    };
    // The last newline is left out: without it the last entry was never acknowledged, which is no fault of the line.
    for (at, byte) in sound.iter().copied().enumerate().take(sound.len() - 1) {
        for bit in 0..8 {
            put(at, byte ^ (1 << bit));
            let (lines, index) = read_lines(&path).unwrap();
            let fault = Verifier::new(lines, index).finish().unwrap_err();
            assert_eq!(fault.seq, Some(Seq(place)), "byte {at}, bit {bit}: {fault}");
        }
        put(at, byte);
        place += u64::from(byte == b'\n');
    }
}

/// How often the store is damaged, each time otherwise; every second time without the snapshot that sled keeps.
const CASES: usize = 304;

/// Empties, fills, cuts, zeroes or flips a bit of a file of which `used` bytes hold something.
fn damage(bytes: &mut Vec<u8>, used: usize, n: usize) {
    let at = used * (n * 37 % 151) / 151;
    match n {
        0 => bytes.clear(),
        1 => bytes.fill(0x5a),
        2 => bytes.fill(0),
        _ => match n % 4 {
            0 => bytes.truncate(at),
            1 => bytes[at..used.min(at + 512)].fill(0),
            _ => bytes[at] ^= 1 << (n % 8),
        },
    }
}

#[test]
fn a_damaged_store_never_shows_a_shorter_history() {
    let dir = tempfile::tempdir().unwrap();
    let mut chain = Chain::sample();
    drop(made(dir.path(), &chain));
    for _ in 0..3 {
        // Opening makes sled write a snapshot, so that some entries lie in front of one and some behind.
        let (mut ledger, _) = Ledger::open(dir.path()).unwrap();
        for n in 1..20 {
            chain.add("therapist", fraction(n));
            ledger.append(&chain.entries[chain.entries.len() - 1..]).unwrap();
        }
    }
    let store = dir.path().join(STORE);
    let files = fs::read_dir(&store).unwrap().map(|f| f.unwrap().path()).filter(|f| f.is_file());
    let files: Vec<_> = files.map(|f| (f.clone(), fs::read(&f).unwrap())).collect();
    let is_snapshot = |file: &Path| file.file_name().unwrap().to_string_lossy().starts_with("snap.");
    let (mut caught_up, mut refused) = (0, 0);
    for i in 0..CASES {
        fs::remove_dir_all(&store).unwrap();
        fs::create_dir(&store).unwrap();
        for (file, sound) in files.iter().filter(|(file, _)| i % 2 == 0 || !is_snapshot(file)) {
            let mut bytes = sound.clone();
            if file.ends_with("db") {
                let used = bytes.iter().rposition(|b| *b != 0).unwrap();
                damage(&mut bytes, used, i / 2);
            } else if i % 4 == 2 && is_snapshot(file) {
                let middle = bytes.len() * (i % 97) / 97;
                bytes[middle] ^= 1 << (i % 8);
            }
            fs::write(file, bytes).unwrap();
        }
        match Ledger::open(dir.path()) {
            Ok((ledger, notices)) => {
                assert_eq!(ledger.tip().root(), chain.tip.root());
                assert_eq!(ledger.entries().filter(Result::is_ok).count(), chain.entries.len());
                caught_up += usize::from(!notices.is_empty());
            }
            Err(LedgerError::Faulty(faults, _)) => {
                assert!(faults.iter().all(|f| matches!(f.kind, JournalDiffers | StoreUnreadable)), "{faults:?}");
                refused += 1;
            }
            Err(LedgerError::Store(StoreError::Unreadable(_))) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(caught_up > 0 && refused > 0, "caught up {caught_up}, refused {refused}");
}
