//! The measured work, each piece beside the plain work that it cannot do without.
//!
//! Promises that a piece and its baseline go over the same bytes in the same process. Does not look at the clock: the
//! callers do.
#![allow(dead_code, clippy::unwrap_used)] // each target uses its part; what fails here fails the run

use crate::synthetic;
use ed25519_dalek::{Signature, VerifyingKey};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{
    borrow::Borrow,
    collections::BTreeMap,
    fs::{File, OpenOptions},
    hint::black_box,
    io::Write,
    path::Path,
    sync::Arc,
};
use trial_cli::session::{Fold, Lens};
use trial_core::{event::Event, ids::Seq, view::replay::Replay};
use trial_ledger::{
    body::{self, Body},
    canon,
    check::Verified,
    engine::Engine,
    key::Secret,
    ledger::{JOURNAL, Ledger},
    lines::{LineIndex, read_lines},
    tip::{Draft, Tip},
    verifier::{Lookup, Verifier, Way},
};

/// Opens a directory: journal and store read side by side, every entry verified.
pub fn verify_directory(dir: &Path) -> u64 {
    let (ledger, notices) = Ledger::open(dir).unwrap();
    assert!(notices.is_empty(), "{notices:?}");
    ledger.tip().size()
}

/// Verifies a journal alone.
pub fn verify_journal(dir: &Path) -> u64 {
    let (lines, index) = read_lines(&dir.join(JOURNAL)).unwrap();
    Verifier::new(lines, index).finish().unwrap().size()
}

/// The same with this engine, on so many threads.
pub fn verify_journal_by(dir: &Path, engine: &Arc<Engine>, threads: usize) -> u64 {
    let (lines, index) = read_lines(&dir.join(JOURNAL)).unwrap();
    let verifier = Verifier::new(lines, index).by(Way::Quick(Arc::clone(engine)));
    verifier.on_threads(threads).finish().unwrap().size()
}

/// The same one check after the other, signatures by ed25519-dalek alone.
pub fn verify_journal_plainly(dir: &Path) -> u64 {
    let (lines, index) = read_lines(&dir.join(JOURNAL)).unwrap();
    Verifier::new(lines, index).by(Way::Plain).finish().unwrap().size()
}

/// Baseline of the canonical check: parse each line with serde_json, write it again with another implementation of
/// RFC 8785, compare.
pub fn parse_and_write_again(lines: &[Vec<u8>]) -> u64 {
    let same = |line: &&Vec<u8>| {
        let value: serde_json::Value = serde_json::from_slice(line).unwrap();
        serde_json_canonicalizer::to_vec(&value).unwrap() == **line
    };
    lines.iter().filter(same).count() as u64
}

/// The canonical check alone.
pub fn canonical(lines: &[Vec<u8>]) -> u64 {
    lines.iter().filter(|line| canon::check(line).is_ok()).count() as u64
}

/// What a line says, as its text.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    body: &'a RawValue,
    #[serde(borrow)]
    signatures: Vec<SignatureText<'a>>,
}

#[derive(Deserialize)]
struct SignatureText<'a> {
    key: &'a str,
    sig: &'a str,
}

/// Every signature of a journal, ready to be verified: keys are points already, messages are put together.
pub struct Signatures(Vec<(VerifyingKey, Vec<u8>, Signature)>);

impl Signatures {
    /// Takes them out of a journal.
    pub fn of(dir: &Path) -> Signatures {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        let all = lines(dir).into_iter().map(|line| {
            let line: Line<'_> = serde_json::from_slice(&line).unwrap();
            let [signature] = line.signatures.as_slice() else { panic!("one signature in each line") };
            let key: trial_core::ids::Key = signature.key.parse().unwrap();
            let bytes = STANDARD.decode(signature.sig).unwrap();
            (
                VerifyingKey::from_bytes(&key.0).unwrap(),
                body::message(line.body.get().as_bytes()),
                Signature::from_slice(&bytes).unwrap(),
            )
        });
        Signatures(all.collect())
    }

    /// Baseline of verification: nothing but `verify_strict`.
    pub fn verify(&self) -> u64 {
        let valid = self.0.iter().filter(|(key, message, signature)| key.verify_strict(message, signature).is_ok());
        let valid = valid.count();
        assert_eq!(valid, self.0.len());
        valid as u64
    }
}

/// The lines of a journal in memory.
pub fn lines(dir: &Path) -> Vec<Vec<u8>> {
    let bytes = std::fs::read(dir.join(JOURNAL)).unwrap();
    bytes.split(|b| *b == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect()
}

/// Mean bytes of a body.
pub fn mean_body(dir: &Path) -> usize {
    let lines = lines(dir);
    let bodies = lines.iter().map(|line| serde_json::from_slice::<Line<'_>>(line).unwrap().body.get().len());
    bodies.sum::<usize>() / lines.len()
}

/// Folds entries and reads every table.
fn replay<E: Borrow<Verified>>(entries: impl Iterator<Item = E>) -> Replay {
    let mut fold = Fold::through(&Lens::default());
    for verified in entries {
        fold.take(verified.borrow().entry());
    }
    let (trial, reading, _, _) = fold.finish().unwrap();
    Replay::read(&trial, reading)
}

/// Reads every table from a journal: verified, folded, read.
pub fn replay_journal(dir: &Path) -> Replay {
    let (lines, index) = read_lines(&dir.join(JOURNAL)).unwrap();
    replay(Verifier::new(lines, index).map(Result::unwrap))
}

/// Reads every table from the store alone: verified, folded, read.
pub fn replay_store(ledger: &Ledger) -> Replay {
    replay(ledger.entries().map(Result::unwrap))
}

/// Reads every table from lines that were verified before: compared with the roots of their blocks, parsed, folded, read.
pub fn replay_known(tip: &Tip, lines: &dyn Lookup) -> Replay {
    replay(tip.again(Seq(0), BTreeMap::new(), lines).map(Result::unwrap))
}

/// The same of an open ledger, as its commands do: the journal, read on a thread.
pub fn replay_known_ledger(ledger: &Ledger) -> Replay {
    replay(ledger.again(Seq(0), BTreeMap::new()).map(Result::unwrap))
}

/// Where the lines of a journal lie.
pub fn places(dir: &Path) -> LineIndex {
    let (lines, index) = read_lines(&dir.join(JOURNAL)).unwrap();
    lines.for_each(|line| drop(line.unwrap()));
    index
}

/// Reads every table from entries that are verified already.
pub fn replay_verified(entries: &[Verified]) -> Replay {
    replay(entries.iter())
}

/// All entries of a ledger in memory.
pub fn verified(ledger: &Ledger) -> Vec<Verified> {
    ledger.entries().map(Result::unwrap).collect()
}

/// Baseline of replay: every line parsed by serde_json into the same types, and nothing else done with it.
pub fn parse(lines: &[Vec<u8>]) -> u64 {
    for line in lines {
        let line: Line<'_> = serde_json::from_slice(line).unwrap();
        let body: Body<&RawValue> = serde_json::from_str(line.body.get()).unwrap();
        black_box((Event::from_text(body.event.get()).unwrap(), body.signer, body.recorded_at));
    }
    lines.len() as u64
}

/// A ledger that grows, and a plain file that takes the same bytes.
pub struct Growing {
    ledger: Ledger,
    coordinator: Secret,
    dose: Event,
    plain: File,
    _dir: tempfile::TempDir,
}

impl Growing {
    /// Goes on from a copy of a ledger.
    pub fn from(dir: &Path) -> Growing {
        let copy = synthetic::copy(dir);
        let (ledger, _) = Ledger::open(copy.path()).unwrap();
        let plain = OpenOptions::new().append(true).create_new(true).open(copy.path().join("plain")).unwrap();
        let coordinator = synthetic::secret("coordinator", 1);
        Growing { ledger, coordinator, dose: dose(), plain, _dir: copy }
    }

    /// Signs and appends so many groups of so many entries; they are in the journal on disk when this returns. Single ones
    /// one after the other, each acknowledged before the next.
    pub fn append(&mut self, at_once: usize, times: usize) -> Vec<Arc<Verified>> {
        let last = self.ledger.tip().recorded_at().unwrap();
        let draft = Draft::new(self.dose.clone());
        if at_once == 1 {
            let mut batch = self.ledger.batch();
            let mut one = |_| {
                batch.sign(&self.ledger, draft.clone(), &[&self.coordinator], last).unwrap();
                self.ledger.append_batch(&mut batch, &BTreeMap::new()).unwrap()
            };
            return (0..times).flat_map(&mut one).map(Arc::new).collect();
        }
        let mut stream = self.ledger.stream().unwrap();
        for _ in 0..times {
            for _ in 0..at_once {
                stream.sign(draft.clone(), &[&self.coordinator], last).unwrap();
            }
            stream.commit(&BTreeMap::new()).unwrap();
        }
        stream.wait().unwrap();
        stream.acknowledged()
    }

    /// Waits until the store has taken all of them.
    pub fn settle(&mut self) {
        self.ledger.settle().unwrap();
    }

    /// Baseline of an append: signs the same bodies, writes the same bytes, `fdatasync`.
    pub fn write(&mut self, messages: &[Vec<u8>], entries: &[Arc<Verified>]) {
        let mut bytes = Vec::new();
        for (message, entry) in messages.iter().zip(entries) {
            black_box(self.coordinator.sign(message));
            bytes.extend_from_slice(entry.envelope().as_bytes());
            bytes.push(b'\n');
        }
        self.plain.write_all(&bytes).unwrap();
        self.plain.sync_data().unwrap();
    }
}

/// What is signed in each entry.
pub fn messages(entries: &[Arc<Verified>]) -> Vec<Vec<u8>> {
    let message = |entry: &Arc<Verified>| {
        let line: Line<'_> = serde_json::from_slice(entry.envelope().as_bytes()).unwrap();
        body::message(line.body.get().as_bytes())
    };
    entries.iter().map(message).collect()
}

fn dose() -> Event {
    Event::from_value(serde_json::json!({
        "type": "dose_taken", "version": 1, "subject": synthetic::subject("RECON-001", 1), "agent": "axitinib",
        "occurred_at": "2016-10-17T08:09:00+08:00", "dose": {"value": "1", "unit": "mg"}
    }))
    .unwrap()
}
