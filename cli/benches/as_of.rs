//! As of: what it takes to know what was known at a date, in a ledger that is open already.
//!
//! `cargo bench -p trial-cli --bench as_of -- --ledger DIR` verifies the ledger in DIR once, opens it behind its snapshot,
//! and goes to sixty random dates of its history, each time from nothing. Told are the median, the ninth decile and the
//! longest of each part, in milliseconds: until everything known then is in memory, until the status has been read from
//! that, and until the text of the whole replay has been written.
#![allow(clippy::unwrap_used)] // what fails here fails the run

#[path = "child/mod.rs"]
mod child;

use chrono::{DateTime, TimeDelta, Utc};
use std::{collections::BTreeMap, env, ffi::OsString, hint::black_box, path::Path, process::Command, time::Instant};
use trial_cli::{
    render::{self, Terminal},
    session,
    snapshots::{self, Behind},
};
use trial_core::{
    ids::Seq,
    projection::{Projection as _, Trial},
    view::{replay::Replay, status::Status},
};

const DATES: usize = 60;

/// The file of known ledgers, for the one process that verifies and the other one that measures.
const KNOWN: &str = "TRIAL_KNOWN_LEDGERS";

fn main() {
    // Cargo also runs benches as tests, and all benches without arguments: nothing is measured then.
    let arguments: Vec<OsString> = env::args_os().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(|argument| argument.to_str().unwrap()).collect::<Vec<_>>().as_slice() {
        ["--ledger", ledger] => {
            let scratch = tempfile::tempdir().unwrap();
            let known = scratch.path().join("known_ledgers");
            child::run(&known, &["verify", ledger]);
            let measured =
                Command::new(env::current_exe().unwrap()).env(KNOWN, known).args(["measure", ledger]).status();
            assert!(measured.unwrap().success());
        }
        ["measure", ledger] => measure(Path::new(ledger)),
        _ => {}
    }
}

fn measure(ledger: &Path) {
    let (behind, ()) = snapshots::open(ledger, |_| ()).unwrap().expect("it was just verified");
    let end = behind.ledger.tip().size() - 1;
    let [first, last] = [0, end].map(|place| recorded_at(&behind, Seq(place)));
    let mut parts = [const { Vec::new() }; 3];
    for at in instants(first, last) {
        let begun = Instant::now();
        let trial = known_at(ledger, &behind, at);
        parts[0].push(begun.elapsed());
        let opened = trial.conduct.opened.clone().unwrap();
        let reading = session::reading(trial_cli::clock::Zone::of(&opened), at, Some(at), None);
        let status = Status::read(&trial, reading);
        black_box(render::status(&status, trial.conduct.protocol(), Terminal::PLAIN_80));
        parts[1].push(begun.elapsed());
        drop(status);
        let (known, begun) = (parts[0][parts[0].len() - 1], Instant::now());
        let replay = Replay::read(&trial, reading);
        black_box(render::replay(&replay, trial.conduct.protocol(), Terminal::PLAIN_80));
        parts[2].push(known + begun.elapsed());
    }
    println!("| after the ledger was opened, in ms | median | p90 | maximum |\n|---|---:|---:|---:|");
    for (what, mut times) in ["everything known then", "and the status", "or the whole replay"].into_iter().zip(parts) {
        times.sort();
        let at = |percent: usize| times[(times.len() * percent).div_ceil(100) - 1].as_secs_f64() * 1e3;
        println!("| {what} | {:.0} | {:.0} | {:.0} |", at(50), at(90), at(100));
    }
}

fn recorded_at(behind: &Behind, seq: Seq) -> DateTime<Utc> {
    behind.ledger.again(seq, BTreeMap::new()).next().unwrap().unwrap().entry().recorded_at
}

/// Everything known at an instant.
fn known_at(ledger: &Path, behind: &Behind, at: DateTime<Utc>) -> Trial {
    let count = behind.states.partition_point(|state| state.is_by(at));
    let mut trial = snapshots::rested(ledger, &behind.states[..count]).trial;
    for read in behind.ledger.again(Seq(trial.cut.entries), trial.cut.amended.clone()) {
        let verified = read.unwrap();
        if verified.entry().recorded_at > at {
            break;
        }
        trial.apply(verified.entry());
    }
    trial
}

/// Instants between two, chosen by a generator that gives the same ones each time (Knuth's MMIX constants).
fn instants(first: DateTime<Utc>, last: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let seconds = u64::try_from((last - first).num_seconds()).unwrap() + 1;
    let mut state = 1_u64;
    let mut instant = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        first + TimeDelta::seconds(i64::try_from((state >> 20) % seconds).unwrap())
    };
    // The last one has most to say.
    (1..DATES).map(|_| instant()).chain([last]).collect()
}
