//! Memory: a ledger ten times as long needs hardly more of it, for every verb that reads all entries.
//!
//! Linux only: see the module `child`.
#![cfg(target_os = "linux")]

#[path = "../cli/benches/child/mod.rs"]
mod child;
#[path = "../cli/benches/synthetic/mod.rs"]
mod synthetic;

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, OnceLock},
};

const SHORT: u64 = 3_000;
const LONG: u64 = 30_000;

/// Both have the same people: a signer has tables, however little they sign.
const SITES: u64 = 2;

/// The most that the peak at `LONG` entries may be, in hundredths of the peak at `SHORT`: where no facts are kept, and
/// where those of every subject are.
const FLAT: u64 = 125;
const WITH_FACTS: u64 = 150;

/// The two directories, for one test at a time: a store has one reader.
fn ledgers() -> MutexGuard<'static, (PathBuf, PathBuf)> {
    static MADE: OnceLock<Mutex<(PathBuf, PathBuf)>> = OnceLock::new();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let made = |entries| synthetic::ledger_in(folder, entries, SITES);
    let made = MADE.get_or_init(|| Mutex::new((made(SHORT), made(LONG))));
    made.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// The largest resident set of a run that succeeds, in KiB.
fn peak<S: AsRef<OsStr>>(arguments: &[S]) -> u64 {
    // The two ledgers have one name: to a user who knew one of them, the other would be a fork.
    let home = tempfile::tempdir().unwrap();
    child::run(&home.path().join("known_ledgers"), arguments).peak
}

fn assert_within(limit: u64, what: &str, arguments: impl Fn(&Path) -> Vec<PathBuf>) {
    let ledgers = ledgers();
    let (short, long) = (peak(&arguments(&ledgers.0)), peak(&arguments(&ledgers.1)));
    println!("{what}: {short} KiB at {SHORT} entries, {long} KiB at {LONG}");
    assert!(
        long * 100 <= short * limit,
        "{what}: {short} KiB at {SHORT} entries, {long} KiB at {LONG}: expected at most {limit} %"
    );
}

#[test]
fn verifying_a_directory_takes_hardly_more_memory_for_ten_times_the_entries() {
    assert_within(FLAT, "trial verify DIR", |dir| vec!["verify".into(), dir.into()]);
}

#[test]
fn verifying_a_journal_takes_hardly_more_memory_for_ten_times_the_entries() {
    assert_within(FLAT, "trial verify FILE", |dir| vec!["verify".into(), dir.join("journal.jsonl")]);
}

#[test]
fn exporting_takes_hardly_more_memory_for_ten_times_the_entries() {
    let place = tempfile::tempdir().unwrap();
    let file = |dir: &Path| place.path().join(dir.file_name().unwrap());
    assert_within(FLAT, "trial export", |dir| {
        vec!["--ledger".into(), dir.into(), "export".into(), "--output".into(), file(dir)]
    });
}

/// A replay keeps the facts of every subject, which are small beside the entries that state them.
#[test]
fn replaying_takes_hardly_more_memory_for_ten_times_the_entries() {
    assert_within(WITH_FACTS, "trial replay --json", |dir| {
        vec!["--ledger".into(), dir.into(), "--json".into(), "replay".into()]
    });
}
