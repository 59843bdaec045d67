//! Whole logs as data, for anybody's verifier: `tests/vectors/sound` and `tests/vectors/faults`, one file for each way in
//! which a log can be wrong. They are made here, from keys with known seeds, and judged here.
#![allow(clippy::unwrap_used)]

mod faulty;
mod record;
#[path = "../sample/mod.rs"]
mod sample;
mod signers;
mod sound;
mod together;
mod witnessed;

use base64::{Engine, engine::general_purpose::STANDARD};
use sample::{Chain, secret};
use serde_json::{Map, Value, json};
use std::{fs, path::PathBuf};
use trial_core::ids::{Hash, Seq};
use trial_ledger::{
    envelope::Envelope,
    fault::FaultKind,
    verifier::{Verifier, Way},
};

const FORMAT: &str = include_str!("../../../docs/format.md");

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors"))
}

fn base64(hash: Hash) -> String {
    STANDARD.encode(hash.0)
}

/// A log that is right, by its file name.
struct Sound {
    name: &'static str,
    what: &'static str,
    chain: Chain,
}

/// A log with one fault, by its file name, which begins with the kind of the fault.
#[derive(Clone)]
struct Faulty {
    name: &'static str,
    what: &'static str,
    seq: u64,
    lines: Vec<Envelope>,
    /// The genesis that the reader knows, where the fault is that this is not it.
    genesis: Option<Hash>,
}

fn file_of(lines: &[Envelope]) -> Vec<u8> {
    lines.iter().flat_map(|line| [line.as_bytes(), b"\n"].concat()).collect()
}

/// All files with what they hold; the last is the list of them.
fn files() -> Vec<(String, Vec<u8>)> {
    let (mut files, mut sound, mut faults) = (Vec::new(), Vec::new(), Vec::new());
    for Sound { name, what, chain } in sound::all().into_iter().chain(together::sound()).chain(witnessed::sound()) {
        let file = format!("sound/{name}.jsonl");
        sound.push(json!({
            "file": file, "what": what, "entries": chain.tip.size(), "head": chain.tip.head(),
            "root": base64(chain.tip.root())
        }));
        files.push((file, file_of(&chain.lines())));
    }
    for Faulty { name, what, seq, lines, genesis } in
        [faulty::all(), record::all(), signers::all(), together::all(), witnessed::all()].concat()
    {
        let kind = name.split('-').next().unwrap();
        let file = format!("faults/{name}.jsonl");
        let mut row = json!({ "file": file, "kind": kind, "seq": seq, "what": what });
        if let Some(genesis) = genesis {
            row["genesis"] = json!(genesis);
        }
        faults.push(row);
        files.push((file, file_of(&lines)));
    }
    let names =
        ["sponsor", "investigator", "therapist", "coordinator", "monitor", "committee", "witness", "stranger", "data"];
    let seeds: Map<String, Value> =
        names.map(|name| (name.to_owned(), json!(sample::seed_hex(name)))).into_iter().collect();
    let keys: Map<String, Value> = names.map(|name| (name.to_owned(), json!(secret(name).key()))).into_iter().collect();
    let index = json!({
        "about": "Synthetic logs of invented people, each either sound or with exactly one fault at its first faulty place. \
            Keys are those of the seeds (RFC 8032): whoever reads this can sign with them. The format is docs/format.md.",
        "genesis": "leaf hash of the first entry that the reader knows, where the row has it",
        "seeds": seeds, "keys": keys, "sound": sound, "faults": faults
    });
    files.push(("logs.json".to_owned(), (serde_json::to_string_pretty(&index).unwrap() + "\n").into_bytes()));
    files
}

#[test]
fn the_files_are_what_is_made_here() {
    let made = files();
    if std::env::var_os("UPDATE").is_some_and(|update| update == "1") {
        for sub in ["sound", "faults"] {
            let _ = fs::remove_dir_all(folder().join(sub));
            fs::create_dir_all(folder().join(sub)).unwrap();
        }
        made.iter().for_each(|(name, bytes)| fs::write(folder().join(name), bytes).unwrap());
    }
    let stale = made.iter().filter(|(name, bytes)| fs::read(folder().join(name)).ok().as_ref() != Some(bytes));
    let stale: Vec<_> = stale.map(|(name, _)| name).collect();
    assert!(stale.is_empty(), "stale, run `UPDATE=1 cargo test -p trial-ledger --test vectors`: {stale:?}");
    for sub in ["sound", "faults"] {
        for entry in fs::read_dir(folder().join(sub)).unwrap() {
            let name = format!("{sub}/{}", entry.unwrap().file_name().to_string_lossy());
            assert!(made.iter().any(|(made, _)| *made == name), "{name} is made by nobody");
        }
    }
}

fn lines_of(row: &Value) -> Vec<Envelope> {
    let bytes = fs::read(folder().join(row["file"].as_str().unwrap())).unwrap();
    bytes.split_inclusive(|b| *b == b'\n').map(|line| Envelope::new(line.strip_suffix(b"\n").unwrap())).collect()
}

fn index() -> Value {
    serde_json::from_slice(&fs::read(folder().join("logs.json")).unwrap()).unwrap()
}

#[test]
fn every_sound_log_is_found_sound_with_its_head_and_its_root() {
    for row in index()["sound"].as_array().unwrap() {
        let lines = lines_of(row);
        let tip = Verifier::new(lines.iter().cloned().map(Ok), &lines).finish();
        let tip = tip.unwrap_or_else(|fault| panic!("{}: {fault}", row["file"]));
        let found = json!([tip.size(), tip.head(), base64(tip.root())]);
        assert_eq!(found, json!([row["entries"], row["head"], row["root"]]), "{}", row["file"]);
    }
}

#[test]
fn every_faulty_log_has_the_fault_of_its_name_at_its_place() {
    let mut wrong = Vec::new();
    for row in index()["faults"].as_array().unwrap() {
        let lines = lines_of(row);
        let genesis = row["genesis"].as_str().map(|hash| hash.parse::<Hash>().unwrap());
        let verifier = Verifier::new(lines.iter().cloned().map(Ok), &lines);
        let mut verifier = if let Some(genesis) = genesis { verifier.of_ledger(genesis) } else { verifier };
        let plain = Verifier::new(lines.iter().cloned().map(Ok), &lines).by(Way::Plain);
        let plain = if let Some(genesis) = genesis { plain.of_ledger(genesis) } else { plain };
        let sound = verifier.by_ref().take_while(Result::is_ok).count() as u64;
        let fault = verifier.finish().err();
        let kind: FaultKind = row["kind"].as_str().unwrap().parse().unwrap();
        let seq = row["seq"].as_u64().unwrap();
        assert_eq!(fault, plain.finish().err(), "{}: the plain way tells the same", row["file"]);
        if sound != seq || fault.as_ref().map(|f| (f.kind, f.seq)) != Some((kind, Some(Seq(seq)))) {
            let found = fault.map_or("no fault".to_owned(), |fault| fault.to_string());
            wrong.push(format!("{}: expected at entry {seq}, found {found}", row["file"]));
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn every_fault_that_a_log_can_show_has_a_file() {
    let named = FORMAT.lines().filter(|line| line.starts_with("| `") && line.ends_with("| log |"));
    let named: Vec<&str> = named.map(|line| line.split('`').nth(1).unwrap()).collect();
    let index = index();
    let shown: Vec<&str> =
        index["faults"].as_array().unwrap().iter().map(|row| row["kind"].as_str().unwrap()).collect();
    let missing: Vec<_> = named.iter().filter(|name| !shown.contains(name)).collect();
    assert!(named.len() > 20 && missing.is_empty(), "{missing:?}");
}
