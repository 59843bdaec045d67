//! Sealed values: texts that could name a person stand beside the log, and a redaction that two people sign deletes one.
//!
//! Everything in here is invented. Rows 40 to 43 of the attack catalogue are tests of their own, by their number.

use crate::common::{
    Dir, Ran,
    small::{FOLLOWED, draft, jsonl, keys, seq_of, small},
};
use serde_json::{Value, json};
use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Stdio,
};

const SECRET: &str =
    "Ms. Example (synthetic) of 7 Elm Street, \"the baker\", called.\nShe felt \u{201c}better\u{201d}.";
/// A part of it that stands in one line and needs no escapes.
const PART: &str = "7 Elm Street";

/// The small ledger with a data manager.
fn ledger() -> Dir {
    let dir = small();
    keys(&dir.path().join("keys"), &["data"]);
    let grant = ["--key", "sponsor", "key", "grant", "data", "--name", "Dana Data (synthetic)", "--organisation"];
    dir.run(&[&grant[..], &["Example", "--role", "data_manager"]].concat()).expect(0);
    dir
}

fn contact(dir: &Dir, more: &[&str]) -> Ran {
    dir.run(&[FOLLOWED, more].concat())
}

/// A contact with a sealed narrative; its place.
fn sealed(dir: &Dir, text: &str) -> u64 {
    let told = contact(dir, &["--json", "--seal", &format!("narrative={text}")]).expect(0).json();
    told["seq"].as_u64().unwrap()
}

fn redact(dir: &Dir, seq: u64, name: &str, more: &[&str]) -> Ran {
    let seq = seq.to_string();
    let args = ["--key", "investigator", "amend", "redact", &seq, name, "--reason", "the subject asked for it"];
    dir.run(&[&args[..], more].concat())
}

const BY_DATA: &[&str] = &["--countersigner", "data"];

fn folder(dir: &Dir) -> PathBuf {
    dir.path().join("sealed")
}

fn file(dir: &Dir) -> PathBuf {
    folder(dir).join("subject-%53-1.jsonl")
}

fn names(dir: &Dir) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder(dir)).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The files below a folder whose bytes hold a text.
fn holding(below: &Path, text: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(below).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, text));
        } else if fs::read(&path).unwrap().windows(text.len()).any(|window| window == text.as_bytes()) {
            found.push(path);
        }
    }
    found
}

fn faults(dir: &Dir, code: i32) -> Vec<(String, u64)> {
    let verdict = dir.run(&["verify", "--json"]).expect(code).json();
    let fault = |f: &Value| (f["kind"].as_str().unwrap().to_owned(), f["seq"].as_u64().unwrap());
    verdict["faults"].as_array().unwrap().iter().map(fault).collect()
}

#[test]
fn a_sealed_text_is_shown_with_its_mark_and_is_in_no_line_store_or_export() {
    let dir = ledger();
    let seq = sealed(&dir, SECRET);
    let shown = dir.run(&["show", &seq.to_string()]).expect(0).stdout;
    let expected = "sealed      narrative: as signed\n          | Ms. Example (synthetic) of 7 Elm Street, \"the baker\", called.\n          | She felt";
    assert!(shown.contains(expected), "{shown}");
    let found = dir.run(&["show", "--json", &seq.to_string()]).expect(0).json();
    let line: Value = serde_json::from_str(&dir.lines()[seq as usize]).unwrap();
    let commitment = &line["body"]["sealed"]["narrative"];
    assert_eq!(found["sealed"][0]["value"], SECRET);
    assert_eq!((&found["sealed"][0]["state"], &found["sealed"][0]["commitment"]), (&json!("as_signed"), commitment));
    assert_eq!(holding(&dir.path(), PART), [file(&dir)]);
    dir.run(&["history", "S-1"]).expect(0).says(&["/sealed/narrative", "of 7 Elm Street"]);

    let export = dir.beside("export.jsonl");
    let told = dir.run(&["export", "--output", export.to_str().unwrap()]).expect(0);
    told.says(&["the export holds commitments to sealed values (1), and none of the values"]);
    assert_eq!(holding(export.parent().unwrap(), PART), [file(&dir)]);
    let verdict = crate::common::run(&["verify", "--json", export.to_str().unwrap()]).expect(0).json();
    assert_eq!(
        verdict["claims"]["sealed"],
        json!({ "compared": false, "commitments": 1, "sound": null, "redacted": [] })
    );
    crate::common::run(&["verify", export.to_str().unwrap()])
        .expect(0)
        .says(&["sealed      not at hand: 1 commitment"]);
    let verdict = dir.sound();
    assert_eq!(verdict["claims"]["sealed"]["sound"], 1);
    dir.run(&["verify"]).expect(0).says(&["sealed      1 value beside the log as signed, of 1 commitment"]);
}

#[test]
fn texts_come_from_the_command_line_a_file_or_the_standard_input() {
    let dir = ledger();
    let note = dir.file("note.txt", "first line\r\nsecond line\r\n");
    let mut command = dir.command(
        &[
            FOLLOWED,
            &["--json", "--seal", "comment=a=b", "--seal-file", "verbatim=-", "--seal-file"],
            &[&format!("narrative={}", note.display())],
        ]
        .concat(),
    );
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all("in her words\n".as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let seq = serde_json::from_slice::<Value>(&output.stdout).unwrap()["seq"].as_u64().unwrap();
    let found = dir.run(&["show", "--json", &seq.to_string()]).expect(0).json();
    let values: Vec<(&str, &str)> = found["sealed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| (s["name"].as_str().unwrap(), s["value"].as_str().unwrap()))
        .collect();
    assert_eq!(values, [("comment", "a=b"), ("narrative", "first line\nsecond line"), ("verbatim", "in her words")]);

    let before = (dir.bytes(), names(&dir), fs::read(file(&dir)).unwrap());
    for (more, code, word) in [
        (&["--seal", "narrative"][..], 2, "expected NAME=.., found no ="),
        (&["--seal", "a b=c"], 2, "is not an identifier"),
        (&["--seal", "a= "], 2, "the text is empty"),
        (&["--seal", "a=\u{1b}[2J"], 2, "the text holds U+001B"),
        (&["--seal", "a=1", "--seal", "a=2"], 2, "this name is given twice"),
        (&["--seal", &format!("a={}", "x".repeat(16_001))], 2, "expected 1 to 16000 characters"),
        (&["--seal-file", "a=no/such/file"], 3, "no/such/file"),
    ] {
        contact(&dir, more).expect(code).says(&[word]);
    }
    assert_eq!((dir.bytes(), names(&dir), fs::read(file(&dir)).unwrap()), before);
}

#[test]
fn a_file_of_drafts_brings_its_sealed_texts_or_none_of_them() {
    let dir = ledger();
    let with = |subject: &str, sealed: Value| {
        let event = json!({ "type": "followed_up", "subject": subject, "occurred_at": "2026-02-10", "status": "alive", "version": 1 });
        let mut made = draft("coordinator", "2026-02-11T09:00", event);
        made["sealed"] = sealed;
        made
    };
    let good = [with("S-1", json!({ "narrative": "one\ntwo" })), with("S-7", json!({ "comment": "three" }))];
    let bad =
        dir.file("bad.jsonl", jsonl(&[good[0].clone(), good[1].clone(), with("S-99", json!({ "comment": "four" }))]));
    dir.run(&["append", "--file", bad.to_str().unwrap()]).expect(1).says(&["nothing appended"]);
    assert_eq!(names(&dir), [""; 0]);
    for (sealed, word) in [
        (json!({ "a b": "c" }), "is not an identifier"),
        (json!({ "a": 1 }), "expected a string"),
        (json!({ "a": "" }), "the text is empty"),
    ] {
        let file = dir.file("odd.jsonl", jsonl(&[with("S-1", sealed)]));
        dir.run(&["append", "--file", file.to_str().unwrap()]).expect(1).says(&["line 1: refused: /sealed", word]);
    }
    let twice = with("S-1", json!({ "a": "1" })).to_string().replace("{\"a\":\"1\"}", "{\"a\":\"1\",\"a\":\"2\"}");
    let twice = dir.file("twice.jsonl", twice);
    dir.run(&["append", "--file", twice.to_str().unwrap()]).expect(1).says(&["the member \"a\" stands twice"]);
    let file = dir.file("good.jsonl", jsonl(&good));
    dir.run(&["append", "--file", file.to_str().unwrap()]).expect(0);
    assert_eq!(names(&dir), ["subject-%53-1.jsonl", "subject-%53-7.jsonl"]);
    assert_eq!(dir.sound()["claims"]["sealed"]["sound"], 2);
}

#[test]
fn a_correction_may_seal_a_new_text_and_both_are_shown() {
    let dir = ledger();
    let lab = seq_of(&dir, &[("type", "laboratory_measured")]).to_string();
    let correct =
        ["--key", "coordinator", "amend", "correct", &lab, "--field", "value", "--old", "9.0", "--new", "0.9"];
    dir.run(&[&correct[..], &["--reason", "misread", "--seal", "comment=the sheet was torn"]].concat()).expect(0);
    dir.run(&["show", &lab]).expect(0).says(&["sealed      comment: as signed", "| the sheet was torn"]);
    assert_eq!(names(&dir), ["trial.jsonl"], "a correction names no subject");
    dir.run(&["history", "S-1"]).expect(0).says(&["the sheet was torn"]);
}

#[test]
fn a_redaction_says_who_when_and_why_wherever_the_value_was_shown() {
    let dir = ledger();
    let seq = sealed(&dir, SECRET);
    let line = fs::read_to_string(file(&dir)).unwrap();
    let salt = serde_json::from_str::<Value>(&line).unwrap()["salt"].as_str().unwrap().to_owned();
    let text = contact(&dir, &["--seal", "narrative=stays"]).expect(0).stdout;
    assert!(text.contains("(sealed: narrative)"), "{text}");
    redact(&dir, seq, "narrative", BY_DATA).expect(0).says(&["value_redacted"]);
    let who = "by investigator (synthetic) (investigator) and Dana Data (synthetic) (data_manager)";
    let at = seq + 2;
    let said = format!("redacted at entry {at} {who}");
    dir.run(&["show", &seq.to_string()])
        .expect(0)
        .says(&[&format!("sealed      narrative: {said}"), ": the subject asked for it"]);
    dir.run(&["history", "S-1"]).expect(0).says(&[
        &format!("redacted at entry {at}"),
        "the subject asked for it",
        "stays",
    ]);
    dir.run(&["verify"]).expect(0).says(&[
        "redactions  1",
        &format!("narrative of entry {seq}: {said}"),
        "2 commitments",
    ]);
    let claims = &dir.sound()["claims"];
    assert_eq!((&claims["redactions"], &claims["sealed"]["sound"]), (&json!(1), &json!(1)));
    let redacted = &claims["sealed"]["redacted"][0];
    assert_eq!(
        (&redacted["target"], &redacted["value"], &redacted["seq"]),
        (&json!(seq), &json!("narrative"), &json!(at))
    );
    assert_eq!(
        (&redacted["signer"]["role"], &redacted["countersigners"][0]["role"]),
        (&json!("investigator"), &json!("data_manager"))
    );
    assert_eq!(redacted["reason"], "the subject asked for it");
    let found = dir.run(&["show", "--json", &seq.to_string()]).expect(0).json();
    assert_eq!((&found["sealed"][0]["state"], &found["sealed"][0]["value"]), (&json!("redacted"), &Value::Null));
    // In no byte of any file, the database included.
    for needle in [PART, "the baker", &salt, "felt"] {
        assert_eq!(holding(&dir.path(), needle), Vec::<PathBuf>::new(), "{needle}");
    }
    assert_eq!(holding(&dir.path(), "stays"), [file(&dir)]);
    // The journal alone tells it too, and a reader at an earlier day is told that the value is gone.
    crate::common::run(&["verify", dir.journal().to_str().unwrap()]).expect(0).says(&[&said]);
    dir.run(&["--as-of", "2026-02-10", "show", &seq.to_string()]).expect(0).says(&[&said]);
}

#[test]
fn nobody_redacts_alone_or_what_is_not_there() {
    let dir = ledger();
    let seq = sealed(&dir, SECRET);
    let before = (dir.bytes(), fs::read(file(&dir)).unwrap());
    redact(&dir, seq, "narrative", &[]).expect(1).says(&["data_manager", "--countersigner"]);
    redact(&dir, seq, "narrative", &["--countersigner", "monitor"]).expect(1).says(&["data_manager"]);
    redact(&dir, seq, "narrative", &["--countersigner", "investigator"]).expect(1).says(&["data_manager"]);
    redact(&dir, seq, "narrative", &["--countersigner", "nobody"]).expect(3).says(&["there is no key nobody"]);
    redact(&dir, seq, "comment", BY_DATA).expect(1).says(&["has no sealed value named comment", "narrative"]);
    redact(&dir, 3, "narrative", BY_DATA).expect(1).says(&["entry 3 has no sealed value named narrative"]);
    redact(&dir, 9999, "narrative", BY_DATA).expect(1).says(&["entry 9999 is not there"]);
    let (target, elsewhere) = (seq.to_string(), ["--key", "elsewhere", "amend", "redact"]);
    dir.run(&[&elsewhere[..], &[&target, "narrative", "--reason", "x", "--countersigner", "data"]].concat())
        .expect(1)
        .says(&["site_out_of_scope"]);
    let alone = [
        "--key",
        "investigator",
        "append",
        "value-redacted",
        "--target",
        &target,
        "--value",
        "narrative",
        "--reason",
        "x",
    ];
    dir.run(&alone).expect(1).says(&["trial amend redact"]);
    assert_eq!((dir.bytes(), fs::read(file(&dir)).unwrap()), before);
    redact(&dir, seq, "narrative", BY_DATA).expect(0);
    redact(&dir, seq, "narrative", BY_DATA).expect(1).says(&["was redacted at entry"]);
}

#[test]
fn what_may_be_personal_in_the_log_itself_is_warned_of() {
    let dir = ledger();
    let told = contact(&dir, &["--reason", "her son (0912-345-678) said so"]).expect(0);
    assert!(told.stderr.contains("the reason looks as if it held a telephone number"), "{told:?}");
    assert!(told.stderr.contains("hint: ") && told.stderr.contains("--seal"), "{told:?}");
    let quiet = contact(&dir, &["--seal", "comment=her son (0912-345-678) said so", "--reason", "late"]).expect(0);
    assert_eq!(quiet.stderr, "");
}

/// Row 40: erased without a trace.
#[test]
fn attack_40_a_value_erased_without_a_redaction_is_sealed_missing() {
    let dir = ledger();
    let seq = sealed(&dir, SECRET);
    fs::remove_file(file(&dir)).unwrap();
    assert_eq!(faults(&dir, 1), [("sealed_missing".to_owned(), seq)]);
    dir.run(&["verify"]).expect(1).says(&[
        "FAULTY: the chain is whole (",
        "the values beside it are not",
        "sealed_missing at entry",
    ]);
    dir.run(&["show", &seq.to_string()]).expect(0).says(&["sealed      narrative: MISSING"]);
}

/// Row 41: the payload swapped.
#[test]
fn attack_41_a_swapped_value_is_sealed_mismatch() {
    let dir = ledger();
    let seq = sealed(&dir, SECRET);
    let text = fs::read_to_string(file(&dir)).unwrap();
    fs::write(file(&dir), text.replace("better", "worse")).unwrap();
    assert_eq!(faults(&dir, 1), [("sealed_mismatch".to_owned(), seq)]);
    let shown = dir.run(&["show", &seq.to_string()]).expect(0);
    assert!(shown.stdout.contains("NOT THE VALUE THAT WAS SIGNED") && !shown.stdout.contains("worse"), "{shown:?}");
}

/// Row 42: a value of which there are few is not guessed from its commitment, nor recognised when it comes again.
#[test]
fn attack_42_a_redacted_value_cannot_be_guessed_from_its_commitment() {
    let dir = ledger();
    let seqs = [sealed(&dir, "yes"), sealed(&dir, "yes")];
    let lines = dir.lines();
    let commitment = |seq: u64| {
        let line: Value = serde_json::from_str(&lines[seq as usize]).unwrap();
        line["body"]["sealed"]["narrative"].as_str().unwrap().to_owned()
    };
    assert_ne!(commitment(seqs[0]), commitment(seqs[1]));
    let salts: Vec<String> = fs::read_to_string(file(&dir))
        .unwrap()
        .lines()
        .map(|l| serde_json::from_str::<Value>(l).unwrap()["salt"].as_str().unwrap().to_owned())
        .collect();
    let guess = |salt: &str| {
        let mut bytes = [0; 32];
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&salt[2 * i..2 * i + 2], 16).unwrap();
        }
        trial_ledger::sealed::Sealed::new(bytes, json!("yes")).unwrap().commitment().to_string()
    };
    // With its own salt anybody can guess; with that of the other one, nobody.
    assert_eq!((guess(&salts[0]), guess(&salts[1])), (commitment(seqs[0]), commitment(seqs[1])));
    assert_ne!(guess(&salts[1]), commitment(seqs[0]));
    redact(&dir, seqs[0], "narrative", BY_DATA).expect(0);
    assert_eq!(holding(&dir.path(), &salts[0]), Vec::<PathBuf>::new());
    assert_eq!(holding(&dir.path(), &salts[1]), [file(&dir)]);
}

/// Row 43: residual copies.
#[test]
fn attack_43_a_copy_of_a_redacted_value_is_told_and_deleted_where_it_is_ours() {
    let dir = ledger();
    let seq = sealed(&dir, SECRET);
    let copy = fs::read(file(&dir)).unwrap();
    redact(&dir, seq, "narrative", BY_DATA).expect(0);
    fs::write(file(&dir), &copy).unwrap();
    let told = format!("a sealed value of entry {seq}, redacted at entry {}, was still there: it was deleted", seq + 1);
    dir.run(&["status"]).expect(0).says(&[&told]);
    assert_eq!(holding(&dir.path(), PART), Vec::<PathBuf>::new());
    fs::write(folder(&dir).join("subject-%53-1.jsonl~"), &copy).unwrap();
    let told = "sealed/subject-%53-1.jsonl~: this file is not of the ledger; it may hold copies of sealed values";
    dir.run(&["verify"]).expect(0).says(&[told]);
    assert!(dir.sound()["notices"].to_string().contains("may hold copies"));
}

#[cfg(unix)]
mod killed {
    use super::*;
    use crate::kill::{Moments, spawn};
    use std::{
        io::Read as _,
        os::unix::fs::PermissionsExt as _,
        time::{Duration, Instant},
    };

    #[test]
    fn only_the_owner_may_read_sealed_values() {
        let dir = ledger();
        sealed(&dir, SECRET);
        assert_eq!(fs::metadata(file(&dir)).unwrap().permissions().mode() & 0o777, 0o600);
    }

    /// Appends and redactions in turn, killed at any time or as soon as the next version of a file is there.
    #[test]
    fn a_kill_between_value_and_entry_loses_nothing_acknowledged_and_leaves_no_orphan() {
        const KILLS: u64 = 24;
        let dir = ledger();
        let mut moments = Moments(20_260_211);
        let started = Instant::now();
        dir.run(&["verify"]).expect(0);
        let usual = started.elapsed();
        let (mut kept, mut gone, mut killed, mut settled): (Vec<(u64, String)>, Vec<String>, u64, u64) =
            Default::default();
        for round in 0_u64.. {
            let text = format!("narrative of round {round}");
            let redacts = (round % 2 == 1).then(|| kept.first().cloned()).flatten();
            let mut command = match &redacts {
                Some((seq, _)) => dir.command(&[
                    "--json",
                    "--key",
                    "investigator",
                    "amend",
                    "redact",
                    &seq.to_string(),
                    "narrative",
                    "--reason",
                    "asked",
                    "--countersigner",
                    "data",
                ]),
                None => dir.command(&[FOLLOWED, &["--json", "--seal", &format!("narrative={text}")]].concat()),
            };
            command.stdin(Stdio::null());
            let mut child = spawn(command);
            if round % 4 < 2 {
                let next = || names(&dir).iter().any(|name| name.ends_with(".next"));
                let begun = Instant::now();
                while !next() && child.try_wait().unwrap().is_none() && begun.elapsed() < Duration::from_secs(20) {}
                std::thread::sleep(Duration::from_micros((2000.0 * moments.next()) as u64));
            } else {
                std::thread::sleep(usual.mul_f64(2.0 * moments.next()));
            }
            killed += u64::from(child.try_wait().unwrap().is_none());
            child.kill().unwrap();
            child.wait().unwrap();
            let mut stdout = String::new();
            child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
            let told = serde_json::from_str::<Value>(&stdout).ok().map(|receipt| receipt["seq"].as_u64().unwrap());

            let verdict = dir.run(&["verify", "--json"]).expect(0).json();
            let sealed = &verdict["claims"]["sealed"];
            let redacted = sealed["redacted"].as_array().unwrap();
            let counted = sealed["commitments"].as_u64().unwrap() - redacted.len() as u64;
            assert_eq!(sealed["sound"].as_u64(), Some(counted), "round {round}: {verdict}");
            let notices = verdict["notices"].to_string();
            assert!(
                !notices.contains("may hold copies") && !notices.contains("does not commit"),
                "round {round}: {notices}"
            );
            settled += u64::from(notices.contains("sealed value"));
            assert!(names(&dir).iter().all(|name| name.ends_with(".jsonl")), "round {round}: {:?}", names(&dir));
            // What was acknowledged, or reached the journal: its value is there, or gone for good.
            let entries = verdict["entries"].as_u64().unwrap();
            let last: Value = serde_json::from_str(dir.lines().last().unwrap()).unwrap();
            match redacts {
                None if last["body"]["sealed"].is_object() && kept.iter().all(|(seq, _)| *seq != entries - 1) => {
                    kept.push((entries - 1, text.clone()));
                }
                None => {
                    assert_eq!(told, None, "round {round}: an acknowledged entry is lost");
                    gone.push(text.clone());
                }
                Some((seq, text)) if redacted.iter().any(|r| r["target"] == json!(seq)) => {
                    kept.remove(0);
                    gone.push(text);
                }
                Some(_) => assert_eq!(told, None, "round {round}: an acknowledged redaction is lost"),
            }
            for (_, text) in &kept {
                assert_eq!(holding(&folder(&dir), &format!("\"{text}\"")), [file(&dir)], "round {round}");
            }
            for text in &gone {
                assert_eq!(holding(&dir.path(), &format!("\"{text}\"")), Vec::<PathBuf>::new(), "round {round}");
            }
            if killed == KILLS {
                break;
            }
            assert!(round < 20 * KILLS, "only {killed} of {round} processes could be killed in time");
        }
        eprintln!(
            "{killed} kills, {settled} of them left something to settle, {} values kept, {} gone",
            kept.len(),
            gone.len()
        );
    }
}
