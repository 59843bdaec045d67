//! Ours: the work of the comparison done with this ledger, and the plain work that nobody can do without.
//!
//! `payloads FILE COUNT` writes what all contestants append, one JSON object a line: the facts of a synthetic ledger with
//! their authors and times. `single|batched|verify|portable FILE DIR COUNT` signs these same facts with their authors' keys
//! into a ledger, or verifies its journal on one thread (`portable`: without AVX-512), and prints the seconds. The time of
//! appending ends when the last entry is acknowledged, in the journal on disk; that of `single-stored` and `batched-stored`
//! when the store, which follows behind that, has it too. `plain-...` does as much with a plain file: a signature over each
//! payload by the library that signs for the ledger, write, `fdatasync`; or `verify_strict` alone.
#![allow(clippy::unwrap_used)] // what fails here fails the run

mod synthetic;
mod work;

use serde_json::Value;
use std::{
    collections::BTreeMap,
    env, fs,
    fs::OpenOptions,
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};
use trial_cli::demo::Demo;
use trial_core::{event::Event, ids::Key};
use trial_ledger::{
    body::RecordedAt,
    check::Verified,
    engine::Engine,
    key::Secret,
    ledger::{JOURNAL, Ledger},
    lines::read_lines,
    tip::Draft,
    verifier::{Verifier, Way},
};

/// How long the ledger is whose facts are taken, and at how many sites: 24 people who are bound to one, and three more.
const ENTRIES: u64 = 12_000;
const SITES: u64 = 4;

fn synthetic_ledger() -> PathBuf {
    synthetic::ledger_in(Path::new(env!("CARGO_TARGET_TMPDIR")), ENTRIES, SITES)
}

/// Entries that become durable at once.
const BATCH: usize = 1_000;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    // Cargo also runs benches as tests, and all benches without arguments: nothing is measured then.
    let taken = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["payloads", file, count] => return payloads(Path::new(file), count.parse().unwrap()),
        ["verify", _, dir, count] => verify(Path::new(dir), count.parse().unwrap(), Engine::new()),
        ["portable", _, dir, count] => verify(Path::new(dir), count.parse().unwrap(), Engine::portable()),
        ["plain-verify", file, _, count] => plain_verify(Path::new(file), count.parse().unwrap()),
        ["single", _, dir, count] => append(Path::new(dir), count.parse().unwrap(), 1).acknowledged,
        ["single-stored", _, dir, count] => append(Path::new(dir), count.parse().unwrap(), 1).stored,
        ["batched", _, dir, count] => append(Path::new(dir), count.parse().unwrap(), BATCH).acknowledged,
        ["batched-stored", _, dir, count] => append(Path::new(dir), count.parse().unwrap(), BATCH).stored,
        ["plain-single", file, to, count] => plain(Path::new(file), Path::new(to), count.parse().unwrap(), 1),
        ["plain-batched", file, to, count] => plain(Path::new(file), Path::new(to), count.parse().unwrap(), BATCH),
        _ => return,
    };
    println!("{}", taken.as_secs_f64());
}

/// The synthetic ledger, parted where its first subject comes: what opens the trial, and the facts.
struct Facts {
    opening: Vec<Verified>,
    drafts: Vec<(Draft, Secret, RecordedAt)>,
}

impl Facts {
    fn read(count: usize) -> Facts {
        let (ledger, _) = Ledger::open(&synthetic_ledger()).unwrap();
        let mut entries = work::verified(&ledger);
        let of_subject = |verified: &Verified| matches!(verified.entry().event, Event::ConsentGiven(_));
        let first = entries.iter().position(of_subject).unwrap();
        let rest = entries.split_off(first);
        assert!(rest.len() >= count, "{} facts", rest.len());
        let secrets = secrets();
        let draft = |verified: &Verified| {
            let entry = verified.entry();
            let draft = Draft { reason: entry.reason.clone(), ..Draft::new(entry.event.clone()) };
            (draft, secrets[&entry.signer.key].clone(), RecordedAt::new(entry.recorded_at))
        };
        Facts { drafts: rest[..count].iter().map(draft).collect(), opening: entries }
    }
}

fn secrets() -> BTreeMap<Key, Secret> {
    let aliases: Vec<String> = Demo::shipped().unwrap().actors.into_iter().map(|actor| actor.alias).collect();
    let all = aliases.iter().flat_map(|alias| (1..=SITES).map(move |site| synthetic::secret(alias, site)));
    all.map(|secret| (secret.key(), secret)).collect()
}

/// What others append: who says what, and when; not what this ledger's own chain adds.
fn payloads(file: &Path, count: usize) {
    let mut text = Vec::new();
    for line in &work::lines(&synthetic_ledger()) {
        let mut line: Value = serde_json::from_slice(line).unwrap();
        let Value::Object(mut body) = line["body"].take() else { panic!("a body is an object") };
        for own in ["v", "ledger", "seq", "prev"] {
            body.remove(own);
        }
        text.push(Value::Object(body));
    }
    let first = text.iter().position(|payload| payload["event"]["type"] == "consent_given").unwrap();
    let lines: String = text[first..first + count].iter().map(|payload| format!("{payload}\n")).collect();
    fs::write(file, lines).unwrap();
}

/// How long appending took.
struct Appended {
    /// Until the last entry was acknowledged: in the journal on disk.
    acknowledged: Duration,
    /// Until the store had it too.
    stored: Duration,
}

fn append(dir: &Path, count: usize, at_once: usize) -> Appended {
    let facts = Facts::read(count);
    let mut ledger = Ledger::init(dir, &facts.opening[0]).unwrap();
    ledger.append(&facts.opening[1..]).unwrap();
    ledger.settle().unwrap();
    let acknowledged = if at_once > 1 {
        in_a_stream(&mut ledger, facts.drafts, at_once)
    } else {
        one_by_one(&mut ledger, facts.drafts)
    };
    let begun = Instant::now();
    ledger.settle().unwrap();
    Appended { acknowledged, stored: acknowledged + begun.elapsed() }
}

/// Each is acknowledged before the next one is made.
fn one_by_one(ledger: &mut Ledger, drafts: Vec<(Draft, Secret, RecordedAt)>) -> Duration {
    let mut batch = ledger.batch();
    let begun = Instant::now();
    for (draft, secret, at) in drafts {
        batch.sign(ledger, draft, &[&secret], at).unwrap();
        ledger.append_batch(&mut batch, &BTreeMap::new()).unwrap();
    }
    begun.elapsed()
}

/// In groups that become durable at once, until the last one is acknowledged.
fn in_a_stream(ledger: &mut Ledger, drafts: Vec<(Draft, Secret, RecordedAt)>, at_once: usize) -> Duration {
    let count = drafts.len();
    let begun = Instant::now();
    let mut stream = ledger.stream().unwrap();
    for (at, (draft, secret, recorded)) in drafts.into_iter().enumerate() {
        stream.sign(draft, &[&secret], recorded).unwrap();
        if (at + 1) % at_once == 0 || at + 1 == count {
            stream.commit(&BTreeMap::new()).unwrap();
        }
    }
    stream.wait().unwrap();
    let taken = begun.elapsed();
    assert_eq!(stream.acknowledged().len(), count);
    taken
}

/// Reads and verifies the whole journal: the facts, and the few entries that open the trial.
fn verify(dir: &Path, count: usize, engine: Engine) -> Duration {
    let begun = Instant::now();
    let (lines, index) = read_lines(&dir.join(JOURNAL)).unwrap();
    let verifier = Verifier::new(lines, index).by(Way::Quick(Arc::new(engine))).on_threads(1);
    let verified = verifier.finish().unwrap().size();
    let taken = begun.elapsed();
    assert!(verified > count as u64, "{verified} entries");
    taken
}

fn plain(file: &Path, to: &Path, count: usize, at_once: usize) -> Duration {
    let payloads = fs::read_to_string(file).unwrap();
    let payloads: Vec<&str> = payloads.lines().take(count).collect();
    let secret = Secret::from_seed(&[7; 32]);
    let mut file = OpenOptions::new().append(true).create_new(true).open(to).unwrap();
    let begun = Instant::now();
    for batch in payloads.chunks(at_once) {
        let mut bytes = Vec::new();
        for payload in batch {
            bytes.extend_from_slice(payload.as_bytes());
            bytes.extend_from_slice(&secret.sign(payload.as_bytes()));
        }
        file.write_all(&bytes).unwrap();
        file.sync_data().unwrap();
    }
    begun.elapsed()
}

fn plain_verify(file: &Path, count: usize) -> Duration {
    use ed25519_dalek::{Signature, VerifyingKey};
    let payloads = fs::read_to_string(file).unwrap();
    let secret = Secret::from_seed(&[7; 32]);
    let key = VerifyingKey::from_bytes(&secret.key().0).unwrap();
    let signed = |payload: &str| (payload.to_owned(), Signature::from_bytes(&secret.sign(payload.as_bytes())));
    let signed: Vec<(String, Signature)> = payloads.lines().take(count).map(signed).collect();
    let begun = Instant::now();
    for (payload, signature) in &signed {
        key.verify_strict(payload.as_bytes(), signature).unwrap();
    }
    begun.elapsed()
}
