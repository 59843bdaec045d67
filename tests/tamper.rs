//! A history that somebody changed: in a file, in the journal, bit by bit. The verifier says what is wrong and where.

/// What somebody does to the lines of a log.
type Change = Box<dyn Fn(&mut Vec<String>)>;

use crate::common::{
    Dir, demo, run,
    small::{FOLLOWED, seq_of, small},
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs};
use trial_ledger::{
    envelope::Envelope,
    fault::{Fault, FaultKind},
    verifier::Verifier,
};

/// The lines of an export, to be changed and verified without any store.
struct Lines {
    dir: Dir,
    lines: Vec<String>,
}

impl Lines {
    /// Of the small ledger.
    fn exported() -> Lines {
        let dir = small();
        let file = dir.beside("export.jsonl");
        dir.run(&["export", "--output", file.to_str().unwrap()]).expect(0).says(&["note: ", " entries in "]);
        let lines = fs::read_to_string(&file).unwrap().lines().map(str::to_owned).collect();
        Lines { dir, lines }
    }

    /// The verdict on these lines as a file, with its exit code.
    fn verdict(&self, lines: &[String]) -> (i32, Value) {
        let file = self.dir.file("changed.jsonl", lines.join("\n") + "\n");
        let ran = run(&["verify", "--json", file.to_str().unwrap()]);
        (ran.code, ran.json())
    }

    /// Kind and place of each fault after a change.
    fn after(&self, change: impl Fn(&mut Vec<String>)) -> Vec<(String, u64)> {
        let mut lines = self.lines.clone();
        change(&mut lines);
        let (code, verdict) = self.verdict(&lines);
        let faults = verdict["faults"].as_array().unwrap();
        let found: Vec<_> = faults.iter().map(kind_and_place).collect();
        assert_eq!(code, i32::from(!faults.is_empty()), "{verdict}");
        assert_eq!(verdict["verdict"], if faults.is_empty() { "unanchored" } else { "faulty" });
        if let Some((_, first)) = found.first() {
            assert_eq!(verdict["entries"], json!(first), "those before the first fault are sound");
        }
        found
    }
}

fn kind_and_place(fault: &Value) -> (String, u64) {
    for member in ["expected", "found", "meaning"] {
        assert!(!fault[member].as_str().unwrap().is_empty(), "{fault}");
    }
    (fault["kind"].as_str().unwrap().to_owned(), fault["seq"].as_u64().unwrap())
}

fn named(found: &[(String, u64)]) -> Vec<(&str, u64)> {
    found.iter().map(|(kind, seq)| (kind.as_str(), *seq)).collect()
}

fn swap_text(line: &mut String, from: &str, to: &str) {
    assert!(line.contains(from), "{line}");
    *line = line.replacen(from, to, 1);
}

#[test]
fn an_export_is_the_journal_and_verifies_without_a_store() {
    let export = Lines::exported();
    let journal = export.dir.bytes();
    assert_eq!(export.lines.join("\n") + "\n", String::from_utf8(journal.clone()).unwrap());
    assert_eq!(export.dir.run(&["export"]).expect(0).stdout.as_bytes(), journal);
    assert_eq!(export.after(|_| {}), []);

    // Alone in a folder, and nothing is made beside it.
    let elsewhere = Dir::empty();
    let file = elsewhere.file("evidence.jsonl", &journal);
    let verdict = run(&["verify", "--json", file.to_str().unwrap()]).expect(0).json();
    let directory = export.dir.sound();
    for member in ["entries", "head", "root", "clock", "data"] {
        assert_eq!(verdict[member], directory[member], "{member}");
    }
    let names: Vec<_> = fs::read_dir(file.parent().unwrap()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["evidence.jsonl"]);
    // Nor does it write over an export.
    let again = export.dir.run(&["export", "--output", export.dir.beside("export.jsonl").to_str().unwrap()]);
    again.expect(3).says(&["choose a file that is not there yet"]);
}

#[test]
fn an_edited_entry_breaks_its_signature_and_the_link_behind_it() {
    let export = Lines::exported();
    let seq = seq_of(&export.dir, &[("type", "laboratory_measured")]);
    let at = seq as usize;
    let expected = [("signature_invalid", seq), ("broken_link", seq + 1)];
    for (from, to) in [
        ("\"value\":\"9.0\"", "\"value\":\"0.9\""),
        ("\"subject\":\"S-1\"", "\"subject\":\"S-7\""),
        ("2026-02-09T03:00:00.000Z", "2026-02-09T03:00:00.001Z"),
    ] {
        assert_eq!(named(&export.after(|lines| swap_text(&mut lines[at], from, to))), expected, "{from}");
    }
    // Who signed is compared with the roster before the signature is.
    let other_name =
        export.after(|lines| swap_text(&mut lines[at], "coordinator (synthetic)", "Coordinator (synthetic)"));
    assert_eq!(named(&other_name), [("signer_mismatch", seq), ("broken_link", seq + 1)]);
    let last = export.lines.len() - 1;
    let edited = export.after(|lines| swap_text(&mut lines[last], "never came", "always came"));
    assert_eq!(named(&edited), [("signature_invalid", last as u64)], "behind the last entry nothing is linked to it");
}

#[test]
fn another_spelling_of_the_same_entry_is_found() {
    let export = Lines::exported();
    let seq = seq_of(&export.dir, &[("type", "laboratory_measured")]);
    let at = seq as usize;
    let kinds = |change: &dyn Fn(&mut String)| {
        let found = export.after(|lines| change(&mut lines[at]));
        assert_eq!(found[0].1, seq);
        found[0].0.clone()
    };
    assert_eq!(kinds(&|line| swap_text(line, "{\"body\":", "{ \"body\":")), "not_canonical");
    assert_eq!(kinds(&|line| line.push(' ')), "not_canonical");
    assert_eq!(kinds(&|line| swap_text(line, "CREAT", "CRE\\u0041T")), "not_canonical");
    assert_eq!(kinds(&|line| swap_text(line, "\"v\":1", "\"v\":1,\"v\":1")), "not_canonical");
    assert_eq!(kinds(&|line| swap_text(line, "\"v\":1", "\"v\":1.0")), "not_canonical");
    assert_eq!(kinds(&|line| line.clear()), "not_canonical");
    assert_eq!(kinds(&|line| *line = "no JSON".to_owned()), "not_canonical");
    assert_eq!(kinds(&|line| *line = "{}".to_owned()), "schema_violation");
    assert_eq!(kinds(&|line| swap_text(line, "\"v\":1", "\"v\":2")), "schema_violation");
    assert_eq!(kinds(&|line| swap_text(line, "laboratory_measured", "laboratory_guessed")), "unknown_event_type");
    assert_eq!(kinds(&|line| swap_text(line, "CREAT", &"C".repeat(65))), "schema_violation");
    assert_eq!(kinds(&|line| swap_text(line, "CREAT", &"C".repeat(17_000))), "limit_exceeded");
    assert_eq!(
        kinds(&|line| swap_text(line, "\"CREAT\"", &format!("{}{}", "[".repeat(100), "]".repeat(100)))),
        "limit_exceeded"
    );
    // The padding of base64 in another spelling, and a signature that is cut short.
    assert_eq!(kinds(&|line| swap_text(line, "==\"}]}", "\"}]}")), "signature_not_canonical");
    assert_eq!(kinds(&|line| swap_text(line, "\"alg\":\"ed25519\"", "\"alg\":\"none\"")), "schema_violation");
}

#[test]
fn missing_repeated_moved_and_inserted_entries_have_different_names() {
    let export = Lines::exported();
    let n = export.lines.len() as u64;
    assert_eq!(named(&export.after(|lines| drop(lines.remove(20)))), [("seq_gap", 20)]);
    assert_eq!(named(&export.after(|lines| drop(lines.drain(24..29)))), [("seq_gap", 24)]);
    // What voids an entry that is gone cannot stand either.
    let voided = seq_of(&export.dir, &[("type", "consent_given"), ("subject", "S-9")]);
    let without = export.after(|lines| drop(lines.remove(voided as usize)));
    assert_eq!(named(&without), [("seq_gap", voided), ("stale_correction", n - 1)]);
    let duplicate = export.after(|lines| lines.insert(21, lines[20].clone()));
    assert_eq!(named(&duplicate), [("seq_duplicate", 21)]);
    let far = export.after(|lines| lines.push(lines[20].clone()));
    assert_eq!(named(&far), [("seq_duplicate", n)]);
    let moved = export.after(|lines| lines.swap(20, 21));
    assert_eq!(moved[0], ("seq_out_of_order".to_owned(), 20));
    let reversed = export.after(|lines| lines[10..].reverse());
    assert!(["seq_out_of_order", "seq_gap"].contains(&reversed[0].0.as_str()) && reversed[0].1 == 10, "{reversed:?}");
    // The genesis gone, then two of them.
    assert_eq!(export.after(|lines| drop(lines.remove(0)))[0], ("seq_gap".to_owned(), 0));
    assert_eq!(named(&export.after(|lines| lines.insert(0, lines[0].clone())))[0], ("seq_duplicate", 1));
    // An entry of another ledger, put in and put in the place of one.
    let other = demo().lines();
    assert_eq!(export.after(|lines| lines.insert(20, other[20].clone()))[0], ("wrong_ledger".to_owned(), 20));
    assert_eq!(export.after(|lines| lines[20] = other[20].clone())[0], ("wrong_ledger".to_owned(), 20));
    assert_eq!(export.after(|lines| lines[0] = other[0].clone())[0], ("wrong_ledger".to_owned(), 1));
}

/// Nothing inside a log tells that its end is gone: the verdict says that nothing outside was compared.
#[test]
fn a_shortened_export_is_consistent_and_the_verdict_says_how_little_that_proves() {
    let export = Lines::exported();
    let (code, verdict) = export.verdict(&export.lines[..20]);
    assert_eq!((code, &verdict["verdict"], &verdict["entries"]), (0, &json!("unanchored"), &json!(20)));
    let words = run(&["verify", export.dir.beside("changed.jsonl").to_str().unwrap()]).expect(0).stdout;
    assert!(words.contains("anchor      none: internal consistency only"), "{words}");
}

#[test]
fn a_file_that_is_no_log_is_not_told_to_be_tampered_with() {
    let dir = Dir::empty();
    for (name, bytes) in [("empty", ""), ("half a line", "{\"body\":")] {
        let file = dir.file("file.jsonl", bytes);
        let ran = run(&["verify", file.to_str().unwrap()]);
        assert_eq!(ran.code, 3, "{name}: {ran:?}");
        ran.says(&["store_missing"]);
    }
    run(&["verify", dir.beside("no/such/file").to_str().unwrap()]).expect(3);
}

/// In a directory, journal and store are compared: each alone may be changed, and the other one tells.
#[test]
fn a_changed_journal_in_a_directory_is_found_and_left_as_it_is() {
    let export = Lines::exported();
    let seq = seq_of(&export.dir, &[("type", "laboratory_measured")]);
    let at = seq as usize;
    let changes: [(&str, Change, &str, u64); 4] = [
        ("edited", Box::new(move |lines| swap_text(&mut lines[at], "9.0", "0.9")), "journal_differs", seq),
        ("deleted", Box::new(|lines| drop(lines.remove(20))), "journal_differs", 20),
        ("repeated", Box::new(|lines| lines.insert(21, lines[20].clone())), "journal_differs", 21),
        ("moved", Box::new(|lines| lines.swap(20, 21)), "journal_differs", 20),
    ];
    for (name, change, kind, place) in changes {
        let dir = small();
        let mut lines = dir.lines();
        change(&mut lines);
        let bytes = (lines.join("\n") + "\n").into_bytes();
        fs::write(dir.journal(), &bytes).unwrap();
        let verdict = dir.run(&["verify", "--json"]).expect(1).json();
        assert_eq!(kind_and_place(&verdict["faults"][0]), (kind.to_owned(), place), "{name}: {verdict}");
        let evidence = verdict["notices"][0].as_str().unwrap();
        assert!(evidence.contains("keep a copy of ") && evidence.contains("journal.jsonl"), "{evidence}");
        // Nobody reads from it or writes to it, and nothing is repaired.
        for verb in [&["status"][..], &["replay"], &["log"], &["export"], &["show", "3"]] {
            dir.run(verb).expect(1).says(&[kind]);
        }
        dir.run(FOLLOWED).expect(1).says(&[kind]);
        assert_eq!(fs::read(dir.journal()).unwrap(), bytes, "{name}");
        // The file alone: the journal against itself.
        let alone = run(&["verify", "--json", dir.journal().to_str().unwrap()]).expect(1).json();
        assert_eq!(alone["faults"][0]["seq"], json!(place), "{name}");
    }
}

#[test]
fn lines_appended_to_the_journal_by_hand_do_not_enter_the_store() {
    for (text, kind) in [("{\"body\":{}}\n", "schema_violation"), ("hello\n", "not_canonical"), ("\n", "not_canonical")]
    {
        let dir = small();
        let n = dir.lines().len();
        let mut bytes = dir.bytes();
        bytes.extend_from_slice(text.as_bytes());
        fs::write(dir.journal(), &bytes).unwrap();
        let verdict = dir.run(&["verify", "--json"]).expect(1).json();
        assert_eq!(kind_and_place(&verdict["faults"][0]), (kind.to_owned(), n as u64));
        assert_eq!(dir.bytes(), bytes);
        // Without the line, all is as before: the store has not taken it.
        fs::write(dir.journal(), &bytes[..bytes.len() - text.len()]).unwrap();
        assert_eq!(dir.sound()["entries"], json!(n));
    }
}

#[test]
fn a_journal_without_its_end_is_made_whole_from_the_store() {
    let dir = small();
    let (bytes, n) = (dir.bytes(), dir.lines().len());
    let kept: Vec<String> = dir.lines()[..n - 3].to_vec();
    fs::write(dir.journal(), kept.join("\n") + "\n").unwrap();
    let told = format!("the journal had {} of {n} entries: the others were verified and taken from the store", n - 3);
    dir.run(&["verify"]).expect(0).says(&[&told]);
    assert_eq!(dir.bytes(), bytes);
}

/// The lines of some bytes; what is behind the last newline is none.
fn envelopes(bytes: &[u8]) -> Vec<Result<Envelope, Fault>> {
    let lines = bytes.split_inclusive(|b| *b == b'\n').filter_map(|line| line.strip_suffix(b"\n"));
    lines.map(|line| Ok(Envelope::new(line))).collect()
}

/// Each bit of an entry's line, its newline too: the first fault is always at that entry.
#[test]
fn each_flipped_bit_of_an_entry_is_found_at_its_entry() {
    let dir = small();
    let seq = 4;
    let lines = dir.lines();
    // What stands in front is verified once: it holds the protocol and the dictionary, which are long.
    let front = lines[..seq].join("\n") + "\n";
    let tip = Verifier::new(envelopes(front.as_bytes()), ()).finish().unwrap();
    // Two entries behind it are there to be linked.
    let mut bytes = (lines[seq..seq + 3].join("\n") + "\n").into_bytes();
    let faults = |bytes: &[u8]| -> Vec<Fault> {
        Verifier::after(tip.clone(), envelopes(bytes), ()).filter_map(Result::err).collect()
    };
    assert_eq!(faults(&bytes), []);
    let mut kinds = BTreeSet::new();
    for at in 0..=lines[seq].len() {
        for bit in 0..8 {
            bytes[at] ^= 1 << bit;
            let found = faults(&bytes);
            let first = found.first().unwrap_or_else(|| panic!("byte {at}, bit {bit} is not found"));
            assert_eq!(first.seq.map(|s| s.0), Some(seq as u64), "byte {at}, bit {bit}: {first}");
            kinds.insert(first.kind);
            // The binary says the same of the whole file, asked now and then.
            if (at * 8 + bit) % 211 == 0 {
                let file = dir.file("flipped.jsonl", [front.as_bytes(), &bytes].concat());
                let verdict = run(&["verify", "--json", file.to_str().unwrap()]).expect(1).json();
                assert_eq!(kind_and_place(&verdict["faults"][0]), (first.kind.as_str().to_owned(), seq as u64));
            }
            bytes[at] ^= 1 << bit;
        }
    }
    for kind in
        [FaultKind::SignatureInvalid, FaultKind::NotCanonical, FaultKind::SchemaViolation, FaultKind::BrokenLink]
    {
        assert!(kinds.contains(&kind), "{kind} is not among {kinds:?}");
    }
}

/// The whole demonstration: a byte changed anywhere is found at the line in which it stands.
#[test]
fn a_changed_byte_anywhere_in_the_demonstration_is_found_at_its_entry() {
    let dir = demo();
    let sound = dir.bytes();
    let step = sound.len() / 23;
    for at in (step / 2..sound.len()).step_by(step) {
        let mut bytes = sound.clone();
        bytes[at] ^= 1;
        let line = sound[..at].iter().filter(|b| **b == b'\n').count() as u64;
        let file = dir.file("changed.jsonl", &bytes);
        let verdict = run(&["verify", "--json", file.to_str().unwrap()]).expect(1).json();
        assert_eq!(verdict["faults"][0]["seq"], json!(line), "byte {at}");
    }
}
