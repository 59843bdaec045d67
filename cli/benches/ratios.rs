//! Ratios: append, verify and replay beside their baselines, at 10,000 and 100,000 entries, as one table.
//!
//! Each round measures the baseline and what stands beside it in turn, so that a machine that slows down slows both; told
//! are the medians of all rounds and their ratio. `TRIAL_BENCH_ENTRIES` (for example `10000`) chooses other lengths.
#![allow(clippy::unwrap_used)] // what fails here fails the run

mod synthetic;
mod work;

use std::{
    env,
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};
use trial_ledger::{engine::Engine, ledger::Ledger};

const ROUNDS: usize = 7;

/// Few sites, and so some two dozen signers.
const SITES: u64 = 3;

/// One piece of work, to be measured.
type Piece<'a> = (&'a str, Box<dyn FnMut() -> Duration + 'a>);

fn main() {
    // Cargo also runs benches as tests, with other arguments: nothing is measured then.
    if !env::args().any(|argument| argument == "--bench") {
        return;
    }
    let chosen = env::var("TRIAL_BENCH_ENTRIES").unwrap_or_else(|_| "10000,100000".to_owned());
    for entries in chosen.split(',').map(|n| n.trim().parse::<u64>().unwrap()) {
        let dir = synthetic::ledger_in(std::path::Path::new(env!("CARGO_TARGET_TMPDIR")), entries, SITES);
        println!("\n{entries} entries, mean body {} bytes, medians of {ROUNDS} rounds", work::mean_body(&dir));
        println!("| what | seconds | per entry | ratio |\n|---|---:|---:|---:|");
        append(&dir);
        verify(&dir, entries);
        canonical(&dir, entries);
        replay(&dir, entries);
    }
}

/// One append after the other, each acknowledged, that is, in the journal on disk, before the next. *Stored too*: until the
/// store, which follows on a thread of its own, has the last one.
fn append(dir: &std::path::Path) {
    let mut growing = work::Growing::from(dir);
    for (at_once, times) in [(1, 100), (100, 10), (1_000, 3)] {
        let mut found = [const { Vec::new() }; 3];
        for _ in 0..ROUNDS {
            let begun = Instant::now();
            let made = growing.append(at_once, times);
            let acknowledged = begun.elapsed();
            growing.settle();
            let stored = begun.elapsed();
            // The baseline writes what was appended in the same round, signed by a `Secret` too.
            let ready: Vec<_> = made.chunks(at_once).map(|entries| (work::messages(entries), entries)).collect();
            let begun = Instant::now();
            ready.iter().for_each(|(messages, entries)| growing.write(messages, entries));
            let round = [begun.elapsed(), acknowledged, stored];
            found.iter_mut().zip(round).for_each(|(found, time)| found.push(time));
        }
        let [baseline, acknowledged, stored] = found.map(median);
        let entries = (at_once * times) as u64;
        row(&format!("baseline: sign, write, fdatasync, {at_once} at once"), baseline, entries, baseline);
        row(&format!("append, {at_once} at once: acknowledged"), acknowledged, entries, baseline);
        row(&format!("append, {at_once} at once: stored too"), stored, entries, baseline);
    }
}

fn verify(dir: &std::path::Path, entries: u64) {
    let signatures = work::Signatures::of(dir);
    let (portable, engine) = (Arc::new(Engine::portable()), Arc::new(Engine::new()));
    let best = ["1 thread", "2 threads"].map(|on| format!("verify the journal, {}, {on}", engine.name()));
    table(
        entries,
        vec![
            ("baseline: verify_strict of the same signatures", timed(|| signatures.verify())),
            ("verify the journal, portable, 1 thread", timed(|| work::verify_journal_by(dir, &portable, 1))),
            ("verify the journal, portable, 2 threads", timed(|| work::verify_journal_by(dir, &portable, 2))),
            (best[0].as_str(), timed(|| work::verify_journal_by(dir, &engine, 1))),
            (best[1].as_str(), timed(|| work::verify_journal_by(dir, &engine, 2))),
            ("verify the directory (journal and store)", timed(|| work::verify_directory(dir))),
            ("verify the journal, reference", timed(|| work::verify_journal_plainly(dir))),
        ],
    );
}

fn canonical(dir: &std::path::Path, entries: u64) {
    let lines = work::lines(dir);
    table(
        entries,
        vec![
            ("baseline: parse, write again, compare", timed(|| work::parse_and_write_again(&lines))),
            ("canonical check in one pass", timed(|| work::canonical(&lines))),
        ],
    );
}

fn replay(dir: &std::path::Path, entries: u64) {
    let lines = work::lines(dir);
    let (ledger, _) = Ledger::open(dir).unwrap();
    let (verified, places) = (work::verified(&ledger), work::places(dir));
    table(
        entries,
        vec![
            ("baseline: typed serde_json parse of the same lines", timed(|| work::parse(&lines))),
            ("entries in memory: fold and read", timed(|| work::replay_verified(&verified))),
            ("journal verified before: fold and read", timed(|| work::replay_known(ledger.tip(), &places))),
            ("ledger verified before, as its commands read it", timed(|| work::replay_known_ledger(&ledger))),
            ("verify, fold and read the journal", timed(|| work::replay_journal(dir))),
            ("verify, fold and read the store", timed(|| work::replay_store(&ledger))),
        ],
    );
}

fn timed<'a, T>(mut work: impl FnMut() -> T + 'a) -> Box<dyn FnMut() -> Duration + 'a> {
    Box::new(move || {
        let begun = Instant::now();
        black_box(work());
        begun.elapsed()
    })
}

/// Prints the medians, the first piece being the baseline of the others.
fn table(entries: u64, pieces: Vec<Piece<'_>>) {
    let names: Vec<String> = pieces.iter().map(|(name, _)| (*name).to_owned()).collect();
    let medians = rounds(pieces);
    for (name, median) in names.iter().zip(&medians) {
        row(name, *median, entries, medians[0]);
    }
}

/// Measures all pieces in turn, round after round, and gives the median of each.
fn rounds(mut pieces: Vec<Piece<'_>>) -> Vec<Duration> {
    let mut found = vec![Vec::new(); pieces.len()];
    for _ in 0..ROUNDS {
        for ((_, piece), found) in pieces.iter_mut().zip(&mut found) {
            found.push(piece());
        }
    }
    found.into_iter().map(median).collect()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[ROUNDS / 2]
}

fn row(what: &str, time: Duration, entries: u64, baseline: Duration) {
    let seconds = time.as_secs_f64();
    let ratio = seconds / baseline.as_secs_f64();
    println!("| {what} | {seconds:.4} | {:.1} µs | {ratio:.2} |", seconds * 1e6 / entries as f64);
}
