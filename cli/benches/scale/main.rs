//! Scale: how the commands of the program cost what they cost as a ledger grows, from 10,000 entries to 10,000,000.
//!
//! `cargo bench -p trial-cli --bench scale -- --entries 10000,100000 --dir DIR [--seconds 60] [--only COMMANDS] [--write]` makes each ledger
//! in DIR if it is not there yet, runs the release binary on it as its user would, and prints a table of all lengths that
//! were ever measured in DIR; `--write` puts it into docs/performance.md. Each command runs seven times, or as often as
//! fits in the seconds. What `trial append` appends stays in the ledger. Linux only.
#![allow(clippy::unwrap_used)] // what fails here fails the run

#[path = "../child/mod.rs"]
mod child;
mod measured;
#[path = "../synthetic/mod.rs"]
mod synthetic;

use child::Taken;
use chrono::{DateTime, FixedOffset, NaiveDate, TimeDelta};
use measured::{Disk, Measured, Row};
use std::{
    env,
    ffi::OsString,
    fs::{self, File},
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    time::Instant,
};
use trial_cli::keys::{KeyRing, NewKey};
use trial_ledger::ledger::{JOURNAL, STORE};

const ROUNDS: usize = 7;
const DATES: usize = 20;

struct Arguments {
    entries: Vec<u64>,
    dir: PathBuf,
    seconds: f64,
    /// Only commands that begin so, where some are named.
    only: Vec<String>,
    write: bool,
}

fn arguments() -> Option<Arguments> {
    let mut found =
        Arguments { entries: Vec::new(), dir: PathBuf::new(), seconds: 60.0, only: Vec::new(), write: false };
    let mut given = env::args().skip(1);
    while let Some(flag) = given.next() {
        let mut value = || given.next().expect("a value");
        match flag.as_str() {
            "--entries" => found.entries = value().split(',').map(|n| n.trim().parse().unwrap()).collect(),
            "--dir" => found.dir = value().into(),
            "--seconds" => found.seconds = value().parse().unwrap(),
            "--only" => found.only = value().split(',').map(str::to_owned).collect(),
            "--write" => found.write = true,
            // Cargo adds it.
            "--bench" => {}
            other => panic!("{other}: expected --entries, --dir, --seconds, --only or --write"),
        }
    }
    (!found.entries.is_empty() && found.dir != Path::new("")).then_some(found)
}

fn main() {
    // Cargo also runs benches as tests, and all benches without arguments: nothing is measured then.
    let Some(arguments) = arguments().filter(|_| env::args().any(|argument| argument == "--bench")) else {
        eprintln!("usage: cargo bench -p trial-cli --bench scale -- --entries N,N --dir DIR [--seconds S] [--write]");
        return;
    };
    fs::create_dir_all(&arguments.dir).unwrap();
    for entries in &arguments.entries {
        measure(&arguments, *entries).keep(&arguments.dir);
    }
    let table = measured::table(&Measured::all(&arguments.dir));
    println!("{table}");
    if arguments.write {
        measured::write(&table);
    }
}

/// The commands on one ledger.
struct Runs<'a> {
    ledger: &'a Path,
    known: PathBuf,
    seconds: f64,
    only: &'a [String],
    rows: Vec<Row>,
}

impl Runs<'_> {
    /// Runs a command as often as there are variants of it and as fits in the seconds, at least once.
    fn each(&mut self, what: &str, variants: usize, arguments: impl Fn(usize) -> Vec<OsString>) -> Vec<Taken> {
        let mut taken: Vec<Taken> = Vec::new();
        if !self.only.is_empty() && !self.only.iter().any(|beginning| what.starts_with(beginning)) {
            return taken;
        }
        let begun = Instant::now();
        while taken.len() < variants && (taken.is_empty() || begun.elapsed().as_secs_f64() < self.seconds) {
            taken.push(child::run(&self.known, &arguments(taken.len())));
        }
        let last = taken.last().unwrap();
        eprintln!("{what}: {} times, the last in {:.3} s with {} KiB", taken.len(), last.time.as_secs_f64(), last.peak);
        taken
    }

    fn median(&mut self, what: &str, arguments: impl Fn(usize) -> Vec<OsString>) {
        let taken = self.each(what, ROUNDS, arguments);
        self.rows.extend(Row::new(what, &taken, 50));
    }

    /// A command of the ledger at random dates.
    fn dates(&mut self, verb: &str, dates: &[NaiveDate]) {
        let ledger = self.ledger.as_os_str().to_owned();
        let what = format!("trial {verb} --as-of DATE");
        let taken = self.each(&what, dates.len(), |round| {
            let date = dates[round].to_string();
            vec!["--ledger".into(), ledger.clone(), "--as-of".into(), date.into(), verb.into()]
        });
        for (percent, name) in [(50, "median"), (90, "p90"), (100, "maximum")] {
            self.rows.extend(Row::new(&format!("{what}, {name}"), &taken, percent));
        }
    }
}

fn measure(arguments: &Arguments, entries: u64) -> Measured {
    let begun = Instant::now();
    let ledger = synthetic::ledger_in(&arguments.dir, entries, synthetic::MOST_SITES);
    eprintln!("{}: made or found in {:.1} s", ledger.display(), begun.elapsed().as_secs_f64());
    let (payload, first, last) = lines(&ledger.join(JOURNAL));
    let scratch = tempfile::tempdir_in(&arguments.dir).unwrap();
    let keys = scratch.path().join("keys");
    let ring = KeyRing::new(Some(&keys), &ledger, None);
    ring.keep("monitor", &synthetic::secret("monitor", 1), NewKey::WithoutPassphrase).unwrap();

    let known = scratch.path().join("known_ledgers");
    let mut runs = Runs { ledger: &ledger, known, seconds: arguments.seconds, only: &arguments.only, rows: Vec::new() };
    let of_ledger = |words: &[&str]| -> Vec<OsString> {
        let words = words.iter().map(OsString::from);
        [OsString::from("--ledger"), ledger.clone().into()].into_iter().chain(words).collect()
    };
    let path = |path: PathBuf| path.into_os_string();
    let journal = ledger.join(JOURNAL);
    runs.median("trial verify journal.jsonl", |_| vec!["verify".into(), path(journal.clone())]);
    runs.median("trial verify DIR", |_| vec!["verify".into(), path(ledger.clone())]);
    runs.median("trial replay", |_| of_ledger(&["replay"]));
    let dates = dates(first, last);
    runs.dates("replay", &dates);
    runs.dates("status", &dates);
    let export = scratch.path().join("export");
    let tiles = scratch.path().join("tiles");
    runs.median("trial export", |_| {
        let _ = fs::remove_file(&export);
        of_ledger(&["export", "--output", export.to_str().unwrap()])
    });
    runs.median("trial export --format tiles", |_| {
        let _ = fs::remove_dir_all(&tiles);
        of_ledger(&["export", "--format", "tiles", "--output", tiles.to_str().unwrap()])
    });
    runs.median("trial verify TILES", |_| vec!["verify".into(), path(tiles.clone())]);
    let day = last.date_naive().to_string();
    let deviation = ["append", "deviation-recorded", "--category", "other", "--description", "measured (synthetic)"];
    let signer = ["--important", "false", "--key", "monitor", "--keys", keys.to_str().unwrap(), "--occurred-at", &day];
    runs.median("trial append", |_| of_ledger(&[&deviation[..], &signer[..]].concat()));

    let disk = Disk { payload, journal: size(&journal), store: size(&ledger.join(STORE)), all: size(&ledger) };
    Measured { entries, machine: measured::machine(), disk, rows: runs.rows }
}

/// How many bytes the lines have without their ends, and when the first and the last were recorded.
fn lines(journal: &Path) -> (u64, DateTime<FixedOffset>, DateTime<FixedOffset>) {
    let mut reader = BufReader::with_capacity(1 << 20, File::open(journal).unwrap());
    let (mut payload, mut line, mut next) = (0, Vec::new(), Vec::new());
    let recorded_at = |line: &[u8]| {
        let line: serde_json::Value = serde_json::from_slice(line).unwrap();
        DateTime::parse_from_rfc3339(line["body"]["recorded_at"].as_str().unwrap()).unwrap()
    };
    let mut first = None;
    while reader.read_until(b'\n', &mut next).unwrap() > 0 {
        std::mem::swap(&mut line, &mut next);
        next.clear();
        payload += line.len() as u64 - 1;
        first.get_or_insert_with(|| recorded_at(&line));
    }
    (payload, first.unwrap(), recorded_at(&line))
}

/// Days between two times, chosen by a generator that gives the same ones each time (Knuth's MMIX constants).
fn dates(first: DateTime<FixedOffset>, last: DateTime<FixedOffset>) -> Vec<NaiveDate> {
    let days = u64::try_from((last - first).num_days()).unwrap() + 1;
    let mut state = 1_u64;
    let mut date = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        first.date_naive() + TimeDelta::days(i64::try_from((state >> 33) % days).unwrap())
    };
    (0..DATES).map(|_| date()).collect()
}

/// Bytes that a file or a folder has on the disk.
fn size(path: &Path) -> u64 {
    let found = fs::symlink_metadata(path).unwrap();
    if found.is_dir() {
        fs::read_dir(path).unwrap().map(|file| size(&file.unwrap().path())).sum()
    } else {
        use std::os::unix::fs::MetadataExt;
        found.blocks() * 512
    }
}
