//! Appending, verifying and replaying a ledger of 10,000 entries, each group beside its baseline. The ratios, and the
//! ledger of 100,000 entries, are the bench `ratios`.
#![allow(missing_docs, clippy::unwrap_used)] // criterion's macros; what fails here fails the run

mod synthetic;
mod work;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use std::time::Duration;
use trial_ledger::ledger::Ledger;

const ENTRIES: u64 = 10_000;

/// How many groups are appended one after the other in one measurement.
const GROUPS: usize = 10;

fn append(c: &mut Criterion) {
    let mut growing = work::Growing::from(&synthetic::ledger(ENTRIES));
    for entries in [1, 100, 1_000] {
        let mut group = c.benchmark_group(format!("append {entries} at once"));
        group.throughput(Throughput::Elements((entries * GROUPS) as u64));
        let made = growing.append(entries, GROUPS);
        let ready: Vec<_> = made.chunks(entries).map(|entries| (work::messages(entries), entries)).collect();
        group.bench_function("baseline: sign, write, fdatasync", |b| {
            b.iter(|| ready.iter().for_each(|(messages, entries)| growing.write(messages, entries)));
        });
        group.bench_function("sign, check, append", |b| {
            b.iter_batched(|| (), |()| growing.append(entries, GROUPS), BatchSize::PerIteration);
            growing.settle();
        });
    }
}

fn verify(c: &mut Criterion) {
    let dir = synthetic::ledger(ENTRIES);
    let signatures = work::Signatures::of(&dir);
    let mut group = c.benchmark_group("verify 10,000");
    group.throughput(Throughput::Elements(ENTRIES));
    group.bench_function("baseline: verify_strict", |b| b.iter(|| signatures.verify()));
    group.bench_function("journal", |b| b.iter(|| work::verify_journal(&dir)));
    group.bench_function("directory", |b| b.iter(|| work::verify_directory(&dir)));
}

fn replay(c: &mut Criterion) {
    let dir = synthetic::ledger(ENTRIES);
    let lines = work::lines(&dir);
    let (ledger, _) = Ledger::open(&dir).unwrap();
    let verified = work::verified(&ledger);
    let mut group = c.benchmark_group("replay 10,000");
    group.throughput(Throughput::Elements(ENTRIES));
    group.bench_function("baseline: typed parse", |b| b.iter(|| work::parse(&lines)));
    group.bench_function("verified entries", |b| b.iter(|| work::replay_verified(&verified)));
    group.bench_function("journal", |b| b.iter(|| work::replay_journal(&dir)));
    group.bench_function("store", |b| b.iter(|| work::replay_store(&ledger)));
}

fn short() -> Criterion {
    Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3))
}

criterion_group! { name = all; config = short(); targets = append, verify, replay }
criterion_main!(all);
