//! Resting on what was verified before: the answer is the same as that of a full verification, at any date; and a
//! snapshot that is gone, altered or somebody else's never changes it.

use crate::common::{Dir, Ran, demo, run_knowing};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The demonstration's ledger, verified by its user.
fn verified() -> Dir {
    let dir = demo();
    let verdict = dir.sound();
    assert_eq!(verdict["snapshots"]["computed"], json!(1), "{verdict:#}");
    assert_eq!(verdict["snapshots"]["altered"], json!(0));
    dir
}

fn files(dir: &Dir) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(dir.path().join("snapshots")).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

/// An answer, and how many of its entries rest on an earlier verification.
fn resting(ran: &Ran) -> (Value, Option<u64>) {
    let mut answer = ran.json();
    let rests = answer["cut"].as_object_mut().unwrap().remove("verified_before");
    (answer, rests.map(|rests| rests.as_u64().unwrap()))
}

/// The answer of a full verification.
fn full(dir: &Dir, args: &[&str]) -> Value {
    let (answer, rests) = resting(&dir.run(&[args, &["--full"]].concat()).expect(0));
    assert_eq!(rests, None);
    answer
}

#[test]
fn at_any_date_the_answer_is_that_of_a_full_verification() {
    let dir = verified();
    let lines = dir.lines();
    // The same places each time, all over the log: a walk with a step that has no divisor in common with its length.
    let places = (0..50).map(|n| n * 619 % lines.len()).chain([0, 1023, 1024, lines.len() - 1]);
    for place in places {
        let line: Value = serde_json::from_str(&lines[place]).unwrap();
        let at = line["body"]["recorded_at"].as_str().unwrap();
        let args = ["replay", "--json", "--as-of", at];
        let (answer, rests) = resting(&dir.run(&args).expect(0));
        let entries = answer["cut"]["entries"].as_u64();
        assert_eq!(rests, entries, "entry {place} at {at}");
        assert_eq!(answer, full(&dir, &args), "entry {place} at {at}");
    }
    for args in [&["status", "--json"][..], &["replay", "--json", "--cutoff", "2017-06-30"]] {
        let (answer, rests) = resting(&dir.run(args).expect(0));
        assert!(rests.is_some());
        assert_eq!(answer, full(&dir, args), "{args:?}");
    }
    let listed = |args: &[&str]| dir.run(args).expect(0).stdout;
    for args in [&["log"][..], &["history", "RECON-001"], &["show", "700"]] {
        assert_eq!(listed(args), listed(&[args, &["--full"]].concat()), "{args:?}");
    }
}

#[test]
fn what_is_appended_next_rests_on_it_and_is_part_of_it_later() {
    let dir = verified();
    let size = dir.lines().len();
    let args = ["--key", "coordinator", "append", "followed-up", "--subject", "RECON-001", "--status", "alive"];
    let late = ["--occurred-at", "2018-01-01", "--reason", "found in the file"];
    let ran = dir.run(&[&args[..], &late].concat());
    assert_eq!(ran.code, 0, "{ran:#?}");
    assert_eq!(dir.lines().len(), size + 1);
    let (answer, rests) = resting(&dir.run(&["status", "--json"]).expect(0));
    assert_eq!((answer["cut"]["entries"].as_u64(), rests), (Some(size as u64 + 1), Some(size as u64)));
    dir.sound();
}

#[track_caller]
fn touched(dir: &Dir, file: &Path, expected: &Value, args: &[&str]) {
    let ran = dir.run(args).expect(0);
    assert!(ran.stderr.contains("snapshot_mismatch"), "{}: {}", file.display(), ran.stderr);
    assert_eq!(&resting(&ran).0, expected, "{}", file.display());
}

#[test]
fn an_altered_snapshot_is_named_and_never_believed_and_verify_makes_it_anew() {
    let dir = verified();
    let args = ["replay", "--json"];
    let expected = full(&dir, &args);
    let names: Vec<String> =
        files(&dir).iter().map(|file| file.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    for file in files(&dir) {
        let bytes = fs::read(&file).unwrap();
        let mut flipped = bytes.clone();
        let middle = flipped.len() / 2;
        flipped[middle] ^= 4;
        for wrong in [&flipped[..], &bytes[..middle], b""] {
            fs::write(&file, wrong).unwrap();
            touched(&dir, &file, &expected, &args);
        }
        fs::write(&file, &flipped).unwrap();
        let told = dir.run(&["verify"]).expect(0);
        let state = file.file_name().unwrap().to_str().unwrap().starts_with("state-");
        let words = if state { "1 altered and replaced" } else { "snapshot_mismatch" };
        assert!(told.stdout.contains(words), "{}: {}", file.display(), told.stdout);
        assert_eq!(fs::read(&file).unwrap(), bytes, "the same bytes as before");
        let ran = dir.run(&args).expect(0);
        assert!(!ran.stderr.contains("snapshot_mismatch"), "{}", ran.stderr);
    }
    fs::remove_dir_all(dir.path().join("snapshots")).unwrap();
    let ran = dir.run(&args).expect(0);
    assert_eq!(resting(&ran), (expected, None), "{}", ran.stderr);
}

#[test]
fn nothing_rests_on_a_snapshot_for_somebody_who_did_not_verify() {
    let dir = verified();
    let place = dir.path().display().to_string();
    let stranger = dir.beside("a-stranger");
    let ask = |known: &Path| run_knowing(known, &["--ledger", &place, "status", "--json"]).expect(0);
    assert_eq!(resting(&ask(&stranger)).1, None, "whatever lies in the ledger's directory");
    assert!(resting(&ask(&dir.known())).1.is_some());
    // Who forgets a ledger meets it for the first time again.
    fs::remove_file(dir.known()).unwrap();
    assert_eq!(resting(&ask(&dir.known())).1, None);
}

#[test]
fn an_old_entry_that_was_changed_is_found_by_verify_and_where_it_is_read() {
    let dir = verified();
    let text = String::from_utf8(dir.bytes()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let changed = lines[300].replacen("\"v\":1", "\"v\":2", 1);
    assert_ne!(changed, lines[300]);
    fs::write(dir.journal(), text.replacen(lines[300], &changed, 1)).unwrap();
    // The store has what was verified: what reads it answers, as the documentation says; verify compares the two.
    dir.run(&["status"]).expect(0);
    dir.run(&["verify"]).expect(1).says(&["at entry 300"]);
    dir.run(&["status", "--full"]).expect(1).says(&["entry 300"]);
}

#[test]
fn what_is_refused_is_refused_in_the_words_of_a_full_verification() {
    let dir = verified();
    let before = dir.bytes();
    let told = |subject: &str, day: &str| {
        let args = ["--key", "coordinator", "append", "followed-up", "--subject", subject, "--status", "alive"];
        let args = [&args[..], &["--occurred-at", day, "--reason", "found in the file"]].concat();
        let refused = dir.run(&args).expect(1);
        assert_eq!(refused.stderr, dir.run(&[&args[..], &["--full"]].concat()).expect(1).stderr);
        refused.stderr
    };
    // Only the facts of the subject that is named are read at first: the one that is meant comes from all of them.
    assert!(told("RECON001", "2018-01-01").contains("did you mean RECON-001?"));
    assert!(told("RECON-001", "2015-01-01").contains("lies before the consent"));
    assert!(told("RECON-001", "2031-01-01").contains("has not happened yet"));
    assert_eq!(dir.bytes(), before);
}
