//! Snapshots: whoever remembers one goes on behind it; whatever is not as it was is left to the full verification.
#![allow(clippy::unwrap_used)]

mod sample;

use sample::{Chain, edited, fraction, signed};
use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    sync::OnceLock,
};
use trial_core::{
    ids::{Hash, Seq},
    projection::{Marks, Projection as _, Share, Trial},
};
use trial_ledger::{
    check::Verified,
    fault::FaultKind,
    ledger::{JOURNAL, Ledger, STORE, claimed_genesis},
    merkle::Frontier,
    snapshot::{self, Complete, EVERY, Snapshot, StateName, States},
    snapshot_folder::{Found, Put, SNAPSHOTS, SnapshotFolder, Stack},
};

/// Three states and some entries behind them.
const SIZE: u64 = 3 * EVERY + 40;

/// Signed once for all tests.
fn chain() -> &'static Chain {
    static CHAIN: OnceLock<Chain> = OnceLock::new();
    CHAIN.get_or_init(|| Chain::of(SIZE))
}

struct Made {
    dir: tempfile::TempDir,
    snapshot: Snapshot,
    id: Hash,
    trial: Trial,
}

impl Made {
    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn folder(&self) -> SnapshotFolder {
        SnapshotFolder::of(self.path())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path().join(SNAPSHOTS).join(name)
    }

    /// Opened behind the snapshot: the size, where that was possible.
    fn behind(&self) -> Option<u64> {
        Ledger::open_behind(self.path(), &self.snapshot).unwrap().map(|(ledger, _)| ledger.tip().size())
    }
}

/// What is known after some entries, with all facts; and what they complete.
fn folded(entries: &[Verified]) -> (Trial, Vec<Complete>) {
    let (mut trial, mut states, mut all) = (Trial::default(), States::default(), Vec::new());
    for verified in entries {
        trial.apply(verified.entry());
        all.extend(states.see(verified.entry(), &trial));
    }
    (trial, all)
}

/// The states of some entries put into a folder, by whoever forgets the facts in between.
fn put(entries: &[Verified], folder: SnapshotFolder) -> (Stack, Vec<Put>) {
    let (mut trial, mut states) = (Trial::default(), States::default());
    let (mut stack, mut all) = (Stack::new(folder), Vec::new());
    for verified in entries {
        trial.apply(verified.entry());
        if let Some(complete) = states.see(verified.entry(), &trial) {
            trial.forget(complete.stretch());
            all.push(stack.put(complete).unwrap());
        }
    }
    (stack, all)
}

fn made() -> Made {
    let dir = tempfile::tempdir().unwrap();
    let chain = chain();
    let mut ledger = Ledger::init(dir.path(), &chain.entries[0]).unwrap();
    ledger.append(&chain.entries[1..]).unwrap();
    let (stack, puts) = put(&chain.entries, SnapshotFolder::of(dir.path()));
    assert_eq!(puts, [Put::Written; 3]);
    let snapshot = ledger.snapshot(stack.names().to_vec());
    let id = stack.folder().put_snapshot(&snapshot).unwrap();
    Made { dir, snapshot, id, trial: folded(&chain.entries).0 }
}

#[track_caller]
fn sound<T>(found: Found<T>) -> T {
    match found {
        Found::Sound(it) => it,
        Found::Missing => panic!("missing"),
        Found::Altered(fault) => panic!("{fault}"),
    }
}

#[track_caller]
fn altered<T>(found: Found<T>) {
    match found {
        Found::Altered(fault) => assert_eq!(fault.kind, FaultKind::SnapshotMismatch),
        Found::Sound(_) => panic!("believed"),
        Found::Missing => panic!("missing"),
    }
}

#[test]
fn behind_a_snapshot_the_log_is_as_it_was_and_grows_as_ever() {
    let made = made();
    assert_eq!(claimed_genesis(made.path()), made.snapshot.tip().genesis());
    let read = sound(made.folder().snapshot(SIZE, made.id));
    let (mut ledger, notices) = Ledger::open_behind(made.path(), &read).unwrap().unwrap();
    assert_eq!(notices, []);
    assert_eq!((ledger.tip().size(), ledger.tip().root()), (SIZE, chain().tip.root()));
    assert_eq!(ledger.root_at(1000), Some(root(1000)));
    assert_eq!(ledger.tip().roster(), chain().tip.roster());
    let again: Vec<Verified> = ledger.again(Seq(0), Default::default()).map(Result::unwrap).collect();
    assert_eq!(again, chain().entries);
    let mut grown = chain().clone();
    grown.add("therapist", fraction(1));
    ledger.append(&grown.entries[SIZE as usize..]).unwrap();
    drop(ledger);
    // The entry behind the snapshot is verified, and the whole is what a full verification finds.
    let (ledger, _) = Ledger::open_behind(made.path(), &read).unwrap().unwrap();
    assert_eq!((ledger.tip().size(), ledger.tip().root()), (SIZE + 1, grown.tip.root()));
    drop(ledger);
    assert_eq!(Ledger::open(made.path()).unwrap().0.tip().root(), grown.tip.root());
}

fn root(size: usize) -> Hash {
    chain().entries[..size].iter().map(|verified| verified.entry().hash).collect::<Frontier>().root()
}

#[test]
fn what_is_known_after_any_state_is_what_folding_gives() {
    let made = made();
    for count in 0..=3 {
        let trial = sound(made.folder().trial(&made.snapshot.states()[..count], |_| {}));
        assert_eq!(trial, folded(&chain().entries[..count * EVERY as usize]).0, "{count}");
    }
    // Going on from a state that was read gives the next one bit for bit.
    let names = &made.snapshot.states()[..2];
    let (mut marks, mut stack) = (Marks::default(), Stack::behind(made.folder(), names.to_vec()));
    let mut trial = sound(made.folder().trial(names, |state| {
        marks.see_all(state.since());
        stack.see(state);
    }));
    let mut states = States::behind(marks);
    for verified in &chain().entries[2 * EVERY as usize..] {
        trial.apply(verified.entry());
        if let Some(complete) = states.see(verified.entry(), &trial) {
            assert_eq!(stack.put(complete).unwrap(), Put::Confirmed);
        }
    }
    assert_eq!((stack.names(), trial), (made.snapshot.states(), made.trial.clone()));
}

#[test]
fn a_state_made_of_others_has_the_bytes_of_one_that_was_folded_at_once() {
    let made = made();
    let entries = &chain().entries[..2 * EVERY as usize];
    // No state before it: then the stretch is all of it.
    let (mut trial, mut marks) = (Trial::default(), Marks::default());
    for verified in entries {
        trial.apply(verified.entry());
        marks.see(verified.entry());
    }
    let mut bytes: Vec<u8> = Vec::new();
    let at_once = Complete::new(trial.stretch(Seq(0), Seq(0), &marks), entries.last().unwrap().entry());
    let none = Vec::<(Seq, std::iter::Empty<Result<Share, ()>>)>::new();
    let written = at_once.write(none, |part| {
        bytes.extend(part);
        Ok::<_, ()>(())
    });
    let (name, _) = written.unwrap();
    assert_eq!(name, made.snapshot.states()[1]);
    assert_eq!(bytes, fs::read(made.file(&format!("state-{:012}", 2 * EVERY))).unwrap());
}

#[test]
fn a_file_that_is_not_the_state_is_replaced_and_what_cannot_be_written_is_held() {
    let made = made();
    let file = |number: u64| made.file(&format!("state-{:012}", number * EVERY));
    let right: Vec<Vec<u8>> = (1..=3).map(|number| fs::read(file(number)).unwrap()).collect();
    let again = || put(&chain().entries, made.folder()).1;
    assert_eq!(again(), [Put::Confirmed; 3]);
    for wrong in [&right[1][..9], b"", &[&right[1][..], b"x"].concat(), &right[0]] {
        fs::write(file(2), wrong).unwrap();
        assert_eq!(again(), [Put::Confirmed, Put::Replaced, Put::Confirmed]);
    }
    for bit in [0, right[1].len() * 4, right[1].len() * 8 - 1] {
        let mut flipped = right[1].clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        fs::write(file(2), flipped).unwrap();
        assert_eq!(again(), [Put::Confirmed, Put::Replaced, Put::Confirmed], "bit {bit}");
    }
    assert!((1..=3).all(|number| fs::read(file(number)).unwrap() == right[number as usize - 1]));
    // Where no folder can be made, the states are computed nevertheless, and have the same names.
    let nowhere = tempfile::tempdir().unwrap();
    fs::write(nowhere.path().join(SNAPSHOTS), "a file in the place of the folder").unwrap();
    let (stack, puts) = put(&chain().entries, SnapshotFolder::of(nowhere.path()));
    assert_eq!((puts, stack.names()), (vec![Put::Held; 3], made.snapshot.states()));
}

#[test]
fn nothing_is_made_of_a_state_that_was_changed_since_it_was_computed() {
    for changed in [&b"other bytes"[..], b""] {
        let dir = tempfile::tempdir().unwrap();
        let folder = SnapshotFolder::of(dir.path());
        let mut stack = Stack::new(folder.clone());
        let mut all = folded(&chain().entries).1.into_iter();
        stack.put(all.next().unwrap()).unwrap();
        fs::write(dir.path().join(SNAPSHOTS).join(format!("state-{EVERY:012}")), changed).unwrap();
        assert!(stack.put(all.next().unwrap()).is_err());
        let left: Vec<_> = fs::read_dir(dir.path().join(SNAPSHOTS)).unwrap().collect();
        assert_eq!(left.len(), 1, "{left:?}");
    }
}

#[test]
fn what_is_known_of_one_subject_is_read_without_what_is_known_of_others() {
    let made = made();
    let names = made.snapshot.states();
    let whole = sound(made.folder().trial(names, |_| {}));
    let subject = whole.subjects.iter().map(|(subject, _)| subject.clone()).next().unwrap();
    let about = sound(made.folder().trial_about(names, Some(&subject)));
    assert_eq!(about, whole, "the sample has one subject");
    let nobody = sound(made.folder().trial_about(names, Some(&"NOBODY".parse().unwrap())));
    assert_eq!(nobody, sound(made.folder().trial_about(names, None)));
    assert_eq!(nobody.subjects.iter().count(), 0);
    assert_eq!((nobody.conduct, nobody.cut), (whole.conduct, whole.cut));
}

#[test]
fn a_file_that_was_touched_is_named_and_one_that_is_gone_is_missing() {
    let made = made();
    let end = made.file(&format!("end-{SIZE:012}"));
    let state = made.file(&format!("state-{:012}", 2 * EVERY));
    let names: &[StateName] = made.snapshot.states();
    for file in [&end, &state] {
        let bytes = fs::read(file).unwrap();
        for bit in [0, bytes.len() * 4, bytes.len() * 8 - 1] {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            fs::write(file, &flipped).unwrap();
            match file == &end {
                true => altered(made.folder().snapshot(SIZE, made.id)),
                false => {
                    altered(made.folder().trial(names, |_| {}));
                    altered(made.folder().trial_about(names, Some(&"S-1".parse().unwrap())));
                }
            }
        }
        fs::write(file, &bytes[..bytes.len() / 2]).unwrap();
        match file == &end {
            true => altered(made.folder().snapshot(SIZE, made.id)),
            false => altered(made.folder().trial(names, |_| {})),
        }
        fs::write(file, bytes).unwrap();
    }
    // The state of another place, whole in itself, in the place of this one.
    let (first, second) = (made.file(&format!("state-{EVERY:012}")), fs::read(&state).unwrap());
    fs::copy(&first, &state).unwrap();
    altered(made.folder().trial(names, |_| {}));
    fs::write(&state, second).unwrap();
    fs::remove_file(&state).unwrap();
    assert!(matches!(made.folder().trial(names, |_| {}), Found::Missing));
    let trial = sound(made.folder().trial(&names[..1], |_| {}));
    assert_eq!(trial.cut.entries, EVERY, "what does not need it is there");
    fs::remove_file(end).unwrap();
    assert!(matches!(made.folder().snapshot(SIZE, made.id), Found::Missing));
}

#[test]
fn a_snapshot_that_somebody_forged_whole_has_another_id_than_is_remembered() {
    let made = made();
    // Another history of the same length, signed by the same people, with its own states and its own snapshot.
    let other = Chain::of(SIZE - 1);
    let mut other = other.clone();
    other.add("therapist", fraction(77));
    let forged = Snapshot::new(other.tip.clone(), made.snapshot.journal(), made.snapshot.states().to_vec());
    let id = made.folder().put_snapshot(&forged).unwrap();
    assert_ne!(id, made.id);
    sound(made.folder().snapshot(SIZE, id));
    altered(made.folder().snapshot(SIZE, made.id));
}

#[test]
fn a_history_that_was_rewritten_in_front_is_not_the_one_of_the_snapshot() {
    let made = made();
    // The last entry of the snapshot is another one, signed as it should be, in journal and store.
    let mut other = Chain::of(SIZE - 1);
    other.add("therapist", fraction(77));
    other.add("therapist", fraction(78));
    for part in [JOURNAL, STORE] {
        let path = made.path().join(part);
        if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
    }
    let fresh = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::init(fresh.path(), &other.entries[0]).unwrap();
    ledger.append(&other.entries[1..]).unwrap();
    drop(ledger);
    fs::rename(fresh.path().join(JOURNAL), made.path().join(JOURNAL)).unwrap();
    fs::rename(fresh.path().join(STORE), made.path().join(STORE)).unwrap();
    assert_eq!(made.behind(), None);
    assert_eq!(Ledger::open(made.path()).unwrap().0.tip().size(), SIZE + 1, "sound in itself: a pin tells");
}

#[test]
fn a_journal_that_is_not_in_step_is_left_to_the_full_verification() {
    let made = made();
    let path = made.path().join(JOURNAL);
    let bytes = fs::read(&path).unwrap();
    let append = |more: &[u8]| OpenOptions::new().append(true).open(&path).unwrap().write_all(more).unwrap();
    assert_eq!(made.behind(), Some(SIZE));
    append(b"half a li");
    assert_eq!(made.behind(), None, "a tail that was never acknowledged");
    fs::write(&path, &bytes).unwrap();
    append(&[chain().entries[9].envelope().as_bytes(), b"\n"].concat());
    assert_eq!(made.behind(), None, "a line that the store lacks");
    fs::write(&path, &bytes[..bytes.len() - 10]).unwrap();
    assert_eq!(made.behind(), None, "a line that was cut");
    let mut changed = bytes.clone();
    let place = changed.len() - 20;
    changed[place] ^= 1;
    fs::write(&path, &changed).unwrap();
    assert_eq!(made.behind(), None, "another last line");
    fs::write(&path, &bytes).unwrap();
    fs::remove_dir_all(made.path().join(STORE)).unwrap();
    assert_eq!(made.behind(), None, "no store");
    fs::create_dir(made.path().join(STORE)).unwrap();
    Ledger::open(made.path()).unwrap();
    assert_eq!(made.behind(), Some(SIZE), "once it has caught up");
}

#[test]
fn an_entry_behind_the_snapshot_with_a_bad_signature_is_left_to_the_full_verification() {
    let made = made();
    let body = chain().next_body("therapist", fraction(5));
    let line = edited(&signed(&body, &["therapist"]), "\"number\":5", "\"number\":6");
    let path = made.path().join(JOURNAL);
    OpenOptions::new().append(true).open(&path).unwrap().write_all(&[line.as_bytes(), b"\n"].concat()).unwrap();
    assert_eq!(made.behind(), None);
    assert!(Ledger::open(made.path()).is_err(), "whose verdict stands");
}

#[test]
fn an_old_entry_that_was_changed_is_noticed_when_it_is_read_again() {
    let made = made();
    let (ledger, _) = Ledger::open_behind(made.path(), &made.snapshot).unwrap().unwrap();
    let mut lines = chain().lines();
    lines[700] = edited(&lines[700], "\"number\":", "\"number\":9");
    let read: Vec<_> = ledger.tip().again(Seq(0), Default::default(), &lines).collect();
    let first = read.iter().position(Result::is_err).unwrap();
    assert_eq!(first, 512, "in its block");
    assert_eq!(read.len(), 513, "and nothing behind it is handed out");
    assert_eq!(snapshot::chain(SIZE), [2 * EVERY, 3 * EVERY]);
}

/// The id of the first state of the sample, by the version of what is known.
const KNOWN_STATE: (u32, &str) = (3, "6ed331287dc402b22e9ee753ab697d77591b64a8adb5faa4b1291b88a62780d6");

#[test]
fn another_state_of_the_same_entries_has_another_version() {
    let dir = tempfile::tempdir().unwrap();
    let (stack, _) = put(&chain().entries[..EVERY as usize], SnapshotFolder::of(dir.path()));
    let found = (trial_core::projection::STATE_VERSION, stack.names()[0].id.to_string());
    let (version, id) = KNOWN_STATE;
    assert_eq!(found, (version, id.to_owned()), "raise STATE_VERSION, and put the new pair here");
}
