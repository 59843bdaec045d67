//! The format, checked by somebody else: `docs/examples/verify.py`, written from `docs/format.md`, and this program give
//! the same verdict on the same bytes. Where there is no Python 3, the tests say so and pass.

use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};
use tempfile::TempDir;
use trial_ledger::{body, canon, envelope::Envelope, fault::FaultKind, key::Secret, keyfile};

/// How many entries of the demonstration a spoiled log begins with: the people, one subject, a few facts.
const BEGINNING: usize = 25;

fn trial(arguments: &[&str]) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_trial")).args(arguments).output().expect("the binary runs")
}

/// The demonstration's ledger, made once.
fn demo() -> &'static Path {
    static DEMO: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, ledger) = DEMO.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let ledger = dir.path().join("demo");
        let made = trial(&["demo", &ledger.display().to_string()]);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        (dir, ledger)
    });
    ledger
}

/// Whether there is a Python to run the other verifier; says so where there is none.
fn has_python(test: &str) -> bool {
    let found = Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("skipped: {test}: there is no python3 here");
    }
    found
}

/// What a verifier says: the number of entries, head and root; or the first fault and its place.
#[derive(Debug, PartialEq)]
enum Verdict {
    Sound { entries: u64, head: String, root: String },
    Fault { kind: String, seq: u64 },
}

fn ours(log: &Path) -> Verdict {
    let output = trial(&["verify", "--json", &log.display().to_string()]);
    let found: Value = serde_json::from_slice(&output.stdout).expect("a verdict in JSON");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    match found["faults"].as_array().expect("a list of faults").first() {
        Some(fault) => Verdict::Fault { kind: text(&fault["kind"]), seq: fault["seq"].as_u64().expect("a place") },
        None => Verdict::Sound {
            entries: found["entries"].as_u64().expect("a number"),
            head: text(&found["head"]),
            root: text(&found["root"]),
        },
    }
}

fn theirs(log: &Path, flags: &[&str]) -> Verdict {
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/examples/verify.py");
    let output = Command::new("python3").args(["-B", program]).arg(log).args(flags).output().expect("python runs");
    let text = String::from_utf8(output.stdout).expect("text");
    let words: Vec<&str> = text.split_whitespace().collect();
    match (output.status.code(), words.as_slice()) {
        (Some(0), ["entries", entries, "head", head, "root", root, ..]) => Verdict::Sound {
            entries: entries.parse().expect("a number"),
            head: (*head).to_owned(),
            root: (*root).to_owned(),
        },
        (Some(1), [kind, "at", "entry", seq, ..]) => {
            Verdict::Fault { kind: (*kind).to_owned(), seq: seq.parse().expect("a place") }
        }
        _ => panic!("{text}{}", String::from_utf8_lossy(&output.stderr)),
    }
}

fn written(dir: &TempDir, lines: &[Vec<u8>]) -> PathBuf {
    let path = dir.path().join("log.jsonl");
    fs::write(&path, lines.iter().flat_map(|line| [line.as_slice(), b"\n"].concat()).collect::<Vec<u8>>()).unwrap();
    path
}

fn beginning() -> Vec<Vec<u8>> {
    let journal = fs::read(demo().join("journal.jsonl")).unwrap();
    journal.split(|byte| *byte == b'\n').take(BEGINNING).map(<[u8]>::to_vec).collect()
}

fn secret(alias: &str) -> Secret {
    keyfile::read(&demo().join("keys").join(format!("{alias}.pem")), None).unwrap()
}

fn body_of(line: &[u8]) -> Value {
    serde_json::from_slice::<Value>(line).unwrap()["body"].clone()
}

/// A log and the line that somebody signs at its end, spoiled before it is signed.
struct Forge {
    lines: Vec<Vec<u8>>,
}

impl Forge {
    fn new() -> Forge {
        Forge { lines: beginning() }
    }

    /// Adds an entry by a person of the demonstration, after `spoil` had its way with the body.
    fn add(self, alias: &str, event: Value, spoil: impl Fn(&mut Value)) -> Forge {
        self.together(&[alias], event, spoil)
    }

    /// How somebody stands in what they sign.
    fn signer(&self, alias: &str) -> Value {
        let key = secret(alias).key();
        let bodies: Vec<Value> = self.lines.iter().map(|line| body_of(line)).collect();
        let granted = bodies.iter().map(|b| &b["event"]).find(|e| e["type"] == "key_granted" && e["key"] == json!(key));
        let who = granted.unwrap_or(&bodies[0]["signer"]);
        let mut signer = json!({ "key": key, "meaning": "authorship" });
        for member in ["name", "organisation", "role", "site"] {
            if let Some(value) = who.get(member) {
                signer[member] = value.clone();
            }
        }
        signer
    }

    /// Adds an entry that several people sign, the author first.
    fn together(mut self, aliases: &[&str], event: Value, spoil: impl Fn(&mut Value)) -> Forge {
        let signer = self.signer(aliases[0]);
        let last = self.lines.last().expect("a beginning");
        let mut body = json!({
            "v": 1, "ledger": Envelope::new(self.lines[0].clone()).leaf_hash(), "seq": self.lines.len(),
            "prev": Envelope::new(last.clone()).leaf_hash(), "recorded_at": body_of(last)["recorded_at"],
            "signer": signer, "event": event, "reason": "as asked"
        });
        body["event"]["version"] = json!(1);
        if aliases.len() > 1 {
            body["countersigners"] = aliases[1..].iter().map(|alias| self.signer(alias)).collect();
        }
        spoil(&mut body);
        let bytes = canon::to_vec(&body).unwrap();
        let message = body::message(&bytes);
        let signatures = aliases.iter().map(|alias| (secret(alias).key(), secret(alias).sign(&message)));
        self.lines.push(body::line(&bytes, signatures).as_bytes().to_vec());
        self
    }

    /// The same, unspoiled.
    fn sound(self, alias: &str, event: Value) -> Forge {
        self.add(alias, event, |_| {})
    }

    /// Changes the text of one line, counted from the end.
    fn edit(mut self, from_end: usize, edit: impl Fn(&str) -> String) -> Forge {
        let at = self.lines.len() - 1 - from_end;
        let before = String::from_utf8(self.lines[at].clone()).unwrap();
        let after = edit(&before);
        assert_ne!(before, after, "an edit changes something");
        self.lines[at] = after.into_bytes();
        self
    }
}

fn dose() -> Value {
    json!({ "type": "dose_taken", "subject": "RECON-001", "agent": "axitinib", "occurred_at": "2016-10-17T20:12:00+08:00",
        "dose": { "value": "1", "unit": "mg" } })
}

fn corrected(target: u64, field: &str, old: Value, new: Value) -> Value {
    json!({ "type": "entry_corrected", "target": target, "field": field, "old": old, "new": new })
}

fn voided(target: u64) -> Value {
    json!({ "type": "entry_voided", "target": target })
}

fn revoked(alias: &str) -> Value {
    json!({ "type": "key_revoked", "key": secret(alias).key() })
}

fn granted(key: Value) -> Value {
    json!({ "type": "key_granted", "key": key, "name": "A", "organisation": "B", "role": "monitor", "purpose": "author" })
}

/// The protocol in force once more, as an amendment with these rules.
fn amended(edition: &str, rules: Value) -> Value {
    let bodies = beginning();
    let mut event =
        bodies.iter().map(|line| body_of(line)["event"].clone()).find(|e| e["type"] == "protocol_activated");
    let protocol = &mut event.as_mut().expect("a protocol is in force")["protocol"];
    protocol["edition"] = json!(edition);
    if rules != json!([]) {
        protocol["countersignatures"] = rules;
    }
    event.expect("a protocol is in force")
}

/// A rule: two people of these roles sign these events.
fn two(events: &[&str], of: &[&str]) -> Value {
    json!({ "events": events, "needed": 2, "of": of })
}

/// The beginning, under a protocol by which the sponsor grants and investigators dose in twos.
fn governed() -> Forge {
    let rules = json!([
        two(&["key_granted"], &["sponsor", "safety_committee"]),
        two(&["dose_taken"], &["investigator", "coordinator"]),
    ]);
    Forge::new().sound("sponsor", amended("2", rules))
}

fn newcomer() -> Value {
    granted(json!(Secret::from_seed(&[9; 32]).key()))
}

/// What logs both verifiers find sound.
fn sound() -> Vec<(&'static str, Forge)> {
    let forge = Forge::new;
    vec![
        ("as it was made", forge()),
        ("a dose", forge().sound("coordinator", dose())),
        ("a correction", forge().sound("coordinator", corrected(14, "/value", json!("3.9"), json!("4.0")))),
        (
            "a correction of a correction, and a member taken out",
            forge().sound("coordinator", corrected(23, "/dose/value", json!("1"), json!("2"))).sound(
                "coordinator",
                corrected(23, "/dose", json!({"value":"2","unit":"mg"}), json!({"value":"3","unit":"mg"})),
            ),
        ),
        ("a voided entry", forge().sound("coordinator", voided(24))),
        ("a revoked key whose old entries stay", forge().sound("sponsor", revoked("coordinator"))),
        ("a grant that two sign", governed().together(&["sponsor", "safety-committee"], newcomer(), |_| {})),
        ("what a rule does not name", governed().sound("sponsor", revoked("coordinator"))),
        ("a rule dropped by those whom it asks", {
            let kept = json!([two(&["dose_taken"], &["investigator", "coordinator"])]);
            governed()
                .together(&["sponsor", "safety-committee"], amended("3", kept), |_| {})
                .sound("sponsor", newcomer())
        }),
        ("a correction that two sign", {
            let event = corrected(23, "/dose/value", json!("1"), json!("2"));
            governed().together(&["coordinator", "investigator-1"], event, |_| {})
        }),
        ("a redaction by two roles", {
            let event = json!({ "type": "value_redacted", "target": 20, "value": "note" });
            forge().together(&["investigator-1", "monitor"], event, |_| {})
        }),
    ]
}

/// What logs both verifiers find faulty, and how.
fn spoiled() -> Vec<(&'static str, FaultKind, Forge)> {
    use FaultKind as F;
    let forge = Forge::new;
    let set = |pointer: &'static str, value: Value| {
        move |body: &mut Value| *body.pointer_mut(pointer).expect("a member") = value.clone()
    };
    vec![
        ("white space", F::NotCanonical, forge().edit(0, |l| l.replacen(':', ": ", 1))),
        ("a name twice", F::NotCanonical, forge().edit(0, |l| l.replacen("{\"body\":", "{\"body\":1,\"body\":", 1))),
        ("too deep", F::LimitExceeded, forge().edit(0, |l| l.replacen("{\"body\":", &format!("{{\"a\":{}{},\"body\":", "[".repeat(16), "]".repeat(16)), 1))),
        ("too long", F::LimitExceeded, forge().edit(0, |l| l.replacen("{\"body\":", &format!("{{\"a\":\"{}\",\"body\":", "x".repeat(16384)), 1))),
        ("a member more", F::SchemaViolation, forge().add("coordinator", dose(), |b| b["w"] = json!(1))),
        ("a null", F::SchemaViolation, forge().add("sponsor", voided(2), |b| b["signer"]["site"] = Value::Null)),
        ("an empty list", F::SchemaViolation, forge().add("coordinator", dose(), |b| b["countersigners"] = json!([]))),
        ("a time without milliseconds", F::SchemaViolation, forge().add("coordinator", dose(), set("/recorded_at", json!("2019-10-10T01:00:00Z")))),
        ("a day that does not exist", F::SchemaViolation, forge().add("coordinator", dose(), set("/recorded_at", json!("2019-02-29T01:00:00.000Z")))),
        ("a reason that turns round", F::SchemaViolation, forge().add("coordinator", dose(), set("/reason", json!("a\u{202e}b")))),
        ("version 2", F::SchemaViolation, forge().add("coordinator", dose(), set("/v", json!(2)))),
        ("a signature as an array", F::SchemaViolation, forge().edit(0, |l| {
            let (body, signature) = l.split_once(",\"signatures\":[").expect("signatures");
            let s: Value = serde_json::from_str(signature.trim_end_matches("]}")).expect("one signature");
            format!("{body},\"signatures\":[[{},{},{}]]}}", s["alg"], s["key"], s["sig"])
        })),
        ("a type that is none", F::UnknownEventType, forge().sound("coordinator", json!({"type": "dose_thrown_away"}))),
        ("an event of version 2", F::SchemaViolation, forge().add("coordinator", dose(), set("/event/version", json!(2)))),
        ("an entry removed", F::SeqGap, { let mut f = forge(); f.lines.remove(9); f }),
        ("an entry twice", F::SeqDuplicate, { let mut f = forge(); let line = f.lines[9].clone(); f.lines.insert(10, line); f }),
        ("two entries swapped", F::SeqOutOfOrder, { let mut f = forge(); f.lines.swap(14, 15); f }),
        ("no genesis", F::SeqGap, { let mut f = forge(); f.lines.remove(0); f }),
        ("a second genesis", F::SchemaViolation, forge().add("sponsor", body_of(&beginning()[0])["event"].clone(), |_| {})),
        ("another ledger", F::WrongLedger, forge().add("coordinator", dose(), set("/ledger", json!("00".repeat(32))))),
        ("another entry before", F::BrokenLink, forge().add("coordinator", dose(), set("/prev", json!("00".repeat(32))))),
        ("an unknown key", F::UnknownSigner, forge().add("coordinator", dose(), set("/signer/key", json!("11".repeat(32))))),
        ("another name", F::SignerMismatch, forge().add("coordinator", dose(), set("/signer/name", json!("Somebody Else")))),
        ("another role", F::SignerMismatch, forge().add("monitor", dose(), set("/signer/role", json!("coordinator")))),
        ("a revoked key", F::KeyRevoked, forge().sound("sponsor", revoked("coordinator")).sound("coordinator", dose())),
        ("a key revoked twice", F::KeyRevoked, forge().sound("sponsor", revoked("monitor")).sound("sponsor", revoked("monitor"))),
        ("a key that is not there revoked", F::UnknownSigner, forge().sound("sponsor", json!({"type": "key_revoked", "key": "11".repeat(32)}))),
        ("a role that may not", F::RoleNotAllowed, forge().sound("monitor", dose())),
        ("a site that is not theirs", F::SiteOutOfScope, forge().sound("coordinator", json!({"type": "consent_given", "subject": "X-1", "site": "OTHER", "occurred_at": "2016-10-11", "form": "A"}))),
        ("a countersigner twice", F::CountersignatureMissing, forge().add("coordinator", dose(), |b| b["countersigners"] = json!([b["signer"].clone()]))),
        ("a countersigner who did not sign", F::CountersignatureMissing, {
            let sponsor = body_of(&beginning()[0])["signer"].clone();
            forge().add("coordinator", dose(), move |b| b["countersigners"] = json!([sponsor.clone()]))
        }),
        ("a grant that the protocol asks two for", F::CountersignatureMissing, governed().sound("sponsor", newcomer())),
        ("a second signature that does not count", F::CountersignatureMissing, governed().together(&["sponsor", "monitor"], newcomer(), |_| {})),
        ("a rule dropped by one", F::CountersignatureMissing, governed().sound("sponsor", amended("3", json!([])))),
        ("a rule changed by one", F::CountersignatureMissing, {
            let mut rules = json!([two(&["key_granted"], &["sponsor", "safety_committee"]), two(&["dose_taken"], &["investigator", "coordinator"])]);
            rules[0]["needed"] = json!(1);
            governed().together(&["sponsor", "safety-committee"], amended("3", rules.clone()), |_| {}).sound("sponsor", newcomer()).sound("sponsor", amended("4", json!([])))
        }),
        ("a correction that one signs", F::CountersignatureMissing, governed().sound("coordinator", corrected(23, "/dose/value", json!("1"), json!("2")))),
        ("a redaction by one", F::CountersignatureMissing, forge().sound("investigator-1", json!({ "type": "value_redacted", "target": 20, "value": "note" }))),
        ("a redaction by two of one role", F::CountersignatureMissing, forge().together(&["investigator-1", "investigator-2"], json!({ "type": "value_redacted", "target": 20, "value": "note" }), |_| {})),
        ("a person under two keys", F::CountersignatureMissing, {
            let mut again = granted(json!(secret("safety-committee").key()));
            let mut forge = Forge::new();
            // The committee's own grant is replaced by one in the sponsor's name.
            let sponsor = body_of(&forge.lines[0])["signer"].clone();
            forge.lines.truncate(1);
            again["name"] = sponsor["name"].clone();
            again["organisation"] = sponsor["organisation"].clone();
            forge.sound("sponsor", again).together(&["sponsor", "safety-committee"], newcomer(), |_| {})
        }),
        ("a signature changed", F::SignatureInvalid, forge().edit(3, |l| { let at = l.find("\"sig\":\"").unwrap() + 60; let c = if &l[at..at + 1] == "A" { "B" } else { "A" }; format!("{}{c}{}", &l[..at], &l[at + 1..]) })),
        ("a signature cut short", F::SignatureNotCanonical, forge().edit(0, |l| { let at = l.find("\"sig\":\"").unwrap() + 7; format!("{}{}", &l[..at], &l[at + 4..]) })),
        ("a signature without its padding", F::SignatureNotCanonical, forge().edit(0, |l| l.replacen("==\"}", "\"}", 1))),
        ("a fact edited", F::SignatureInvalid, forge().edit(1, |l| l.replacen("\"value\":\"1\"", "\"value\":\"2\"", 1))),
        ("a clock set back", F::TimeRegression, forge().add("coordinator", dose(), set("/recorded_at", json!("2015-10-10T01:00:00.000Z")))),
        ("no reason", F::MissingReason, forge().add("coordinator", voided(24), |b| { b.as_object_mut().unwrap().remove("reason"); })),
        ("an old value that is not", F::StaleCorrection, forge().sound("coordinator", corrected(14, "/value", json!("3.8"), json!("4.0")))),
        ("a later entry corrected", F::StaleCorrection, forge().sound("coordinator", corrected(900, "/value", json!("3.8"), json!("4.0")))),
        ("a voided entry corrected", F::StaleCorrection, forge().sound("coordinator", voided(14)).sound("coordinator", corrected(14, "/value", json!("3.9"), json!("4.0")))),
        ("a correction without the authority", F::RoleNotAllowed, forge().sound("coordinator", corrected(20, "/method", json!("CT"), json!("MRI")))),
        ("a key corrected", F::SchemaViolation, forge().sound("coordinator", corrected(4, "/name", json!("a"), json!("b")))),
        ("a subject corrected", F::SchemaViolation, forge().sound("coordinator", corrected(14, "/subject", json!("RECON-001"), json!("X")))),
        ("an index in two digits", F::SchemaViolation, forge().sound("radiologist", corrected(20, "/non_targets/00", Value::Null, json!(1)))),
        ("nowhere corrected", F::SchemaViolation, forge().sound("coordinator", corrected(14, "/a/b", Value::Null, json!(1)))),
        ("a key granted twice", F::KeyReused, forge().sound("sponsor", granted(json!(secret("monitor").key())))),
        ("a weak key", F::KeyWeak, forge().sound("sponsor", granted(json!(format!("01{}", "00".repeat(31)))))),
        ("a key that is no point", F::KeyWeak, forge().sound("sponsor", granted(json!(format!("02{}", "00".repeat(31)))))),
    ]
}

#[test]
fn both_verifiers_find_the_same_logs_sound() {
    if !has_python("both_verifiers_find_the_same_logs_sound") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    for (name, forge) in sound() {
        let log = written(&dir, &forge.lines);
        let found = ours(&log);
        assert!(matches!(found, Verdict::Sound { .. }), "{name}: {found:?}");
        assert_eq!(theirs(&log, &[]), found, "{name}");
    }
}

#[test]
fn both_verifiers_find_the_same_first_fault() {
    let python = has_python("both_verifiers_find_the_same_first_fault");
    let dir = tempfile::tempdir().unwrap();
    for (name, kind, forge) in spoiled() {
        let log = written(&dir, &forge.lines);
        let found = ours(&log);
        assert!(matches!(&found, Verdict::Fault { kind: found, .. } if found == kind.as_str()), "{name}: {found:?}");
        if python {
            assert_eq!(theirs(&log, &[]), found, "{name}");
        }
    }
}

#[test]
fn every_fault_that_the_format_names_for_a_log_has_a_log_that_has_it() {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/format.md")).unwrap();
    let named = text.lines().filter(|line| line.starts_with("| `") && line.ends_with("| log |"));
    let named: Vec<&str> = named.map(|line| line.split('`').nth(1).unwrap()).collect();
    let shown: Vec<&str> = spoiled().iter().map(|(_, kind, _)| kind.as_str()).collect();
    // A genesis that is not the expected one needs a reader who expects one.
    let missing: Vec<_> = named.iter().filter(|name| !shown.contains(name) && **name != "genesis_mismatch").collect();
    assert!(named.len() > 20 && missing.is_empty(), "{missing:?}");
}

#[test]
fn the_other_verifier_reads_the_whole_demonstration_and_the_golden_chain() {
    if !has_python("the_other_verifier_reads_the_whole_demonstration_and_the_golden_chain") {
        return;
    }
    // Python is slow at signatures: of the demonstration the first forty are checked, of the golden chain all.
    let journal = demo().join("journal.jsonl");
    assert_eq!(theirs(&journal, &["--signatures", "40"]), ours(&journal));

    let vectors = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/golden_chain.json");
    let file: Value = serde_json::from_slice(&fs::read(vectors).unwrap()).unwrap();
    let entries = file["entries"].as_array().unwrap();
    let lines: Vec<_> = entries.iter().map(|entry| entry["line"].as_str().unwrap().as_bytes().to_vec()).collect();
    let dir = tempfile::tempdir().unwrap();
    let expected = Verdict::Sound {
        entries: 5,
        head: entries[4]["leaf"].as_str().unwrap().to_owned(),
        root: file["merkle_roots_base64_by_size"][5].as_str().unwrap().to_owned(),
    };
    assert_eq!(theirs(&written(&dir, &lines), &["--bytes"]), expected);
}
