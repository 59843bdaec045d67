//! Backup and restore: what is in a copy, what is wrong with one, and that an old one does not pass for the ledger.

use crate::common::{Dir, run_knowing, small::small};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A backup of the ledger, beside it.
fn backup(dir: &Dir, name: &str) -> PathBuf {
    let to = dir.beside(name);
    dir.run(&["backup", to.to_str().unwrap()]).expect(0).says(&["head ", "root ", "keys are not in it"]);
    to
}

/// Restores to a place beside the ledger, as the same user.
fn restore(dir: &Dir, backup: &Path, name: &str, more: &[&str]) -> (PathBuf, crate::common::Ran) {
    let to = dir.beside(name);
    let args = [&["--ledger", to.to_str().unwrap(), "restore", backup.to_str().unwrap()], more].concat();
    let ran = run_knowing(&dir.known(), &args);
    (to, ran)
}

fn verify(dir: &Dir, ledger: &Path, code: i32) -> Value {
    run_knowing(&dir.known(), &["--ledger", ledger.to_str().unwrap(), "verify", "--json"]).expect(code).json()
}

fn append(dir: &Dir) {
    let args =
        ["--key", "coordinator", "append", "followed-up", "--subject", "S-1", "--status", "alive", "--occurred-at"];
    dir.run(&[&args[..], &["2026-02-10"]].concat()).expect(0);
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

#[test]
fn a_restored_ledger_is_the_one_that_was_backed_up_and_holds_no_key() {
    let dir = small();
    fs::write(dir.path().join("sealed/S-1.json"), "{}").unwrap();
    fs::create_dir(dir.path().join("sealed/more")).unwrap();
    fs::write(dir.path().join("sealed/more/S-2.json"), "{\"a\":1}").unwrap();
    let copy = backup(&dir, "backup");
    let mut found = Vec::new();
    files(&copy, &mut found);
    found.sort();
    let names: Vec<_> = found.iter().map(|path| path.strip_prefix(&copy).unwrap().display().to_string()).collect();
    assert_eq!(names, ["backup.json", "journal.jsonl", "sealed/S-1.json", "sealed/more/S-2.json"]);
    for path in &found {
        assert!(!String::from_utf8_lossy(&fs::read(path).unwrap()).contains("PRIVATE KEY"), "{}", path.display());
    }
    let (ledger, ran) = restore(&dir, &copy, "restored", &[]);
    ran.expect(0).says(&["restored ", "each verified"]);
    assert_eq!(fs::read(ledger.join("journal.jsonl")).unwrap(), dir.bytes());
    assert_eq!(fs::read(ledger.join("sealed/more/S-2.json")).unwrap(), b"{\"a\":1}");
    assert!(ledger.join("store/db").is_file() && !ledger.join("keys").exists() && !ledger.join("backup.json").exists());
    assert_eq!(verify(&dir, &ledger, 0)["verdict"], json!("verified"));
    // Onto a new machine: there is nothing to compare with, and that is told.
    dir.forget();
    restore(&dir, &copy, "elsewhere", &[]).1.expect(0).says(&["first contact with "]);
}

#[test]
fn a_backup_that_is_not_as_it_was_made_is_refused_and_names_the_file() {
    let dir = small();
    fs::write(dir.path().join("sealed/S-1.json"), "{}").unwrap();
    let copy = backup(&dir, "backup");
    let journal = fs::read(copy.join("journal.jsonl")).unwrap();
    let text = fs::read_to_string(copy.join("backup.json")).unwrap();
    let check = |code: i32, words: &[&str]| {
        let (ledger, ran) = restore(&dir, &copy, "restored", &[]);
        ran.expect(code).says(words).says(&["hint: "]);
        assert!(!ledger.exists(), "{words:?}: nothing is restored");
        let _ = fs::remove_dir_all(dir.beside("restored.restoring"));
    };
    let mut bent = journal.clone();
    bent[journal.len() - 300] ^= 1;
    fs::write(copy.join("journal.jsonl"), &bent).unwrap();
    check(1, &["the journal of the backup: entry ", "keep this backup as evidence"]);
    let lines = journal.split_inclusive(|byte| *byte == b'\n').collect::<Vec<_>>();
    fs::write(copy.join("journal.jsonl"), lines[..lines.len() - 1].concat()).unwrap();
    check(1, &["the number of entries is not what was backed up"]);
    fs::write(copy.join("journal.jsonl"), [&journal[..], b"half"].concat()).unwrap();
    check(1, &["journal.jsonl is not what was backed up: expected SHA-256 "]);
    fs::write(copy.join("journal.jsonl"), &journal).unwrap();
    fs::write(copy.join("sealed/S-1.json"), "{ }").unwrap();
    check(1, &["sealed/S-1.json is not what was backed up"]);
    fs::remove_file(copy.join("sealed/S-1.json")).unwrap();
    check(3, &["sealed/S-1.json: "]);
    fs::write(copy.join("sealed/S-1.json"), "{}").unwrap();
    for (from, to, told) in [
        ("sealed/S-1.json", "../S-1.json", "has no place in a backup"),
        ("sealed/S-1.json", "keys/S-1.json", "has no place in a backup"),
        ("\"v\": 1", "\"v\": 2", "version 2 is not known"),
        ("\"made_at\"", "\"made\"", "unknown field"),
    ] {
        fs::write(copy.join("backup.json"), text.replace(from, to)).unwrap();
        check(3, &["is no backup: ", told]);
    }
    fs::remove_file(copy.join("backup.json")).unwrap();
    check(3, &["it has no backup.json"]);
    fs::write(copy.join("backup.json"), text).unwrap();
    restore(&dir, &copy, "restored", &[]).1.expect(0);
}

#[test]
fn an_old_backup_is_restored_only_by_whoever_names_what_will_be_missing_and_is_told_ever_after() {
    let dir = small();
    let copy = backup(&dir, "backup");
    append(&dir);
    append(&dir);
    let (ledger, ran) = restore(&dir, &copy, "restored", &[]);
    ran.expect(1).says(&["rolled_back: expected ", "hint: ", "--losing 2"]);
    restore(&dir, &copy, "restored", &["--losing", "1"]).1.expect(1).says(&["rolled_back"]);
    assert!(!ledger.exists());
    restore(&dir, &copy, "restored", &["--losing", "2"]).1.expect(0).says(&["what you saw stays known", "restored "]);
    assert_eq!(verify(&dir, &ledger, 1)["faults"][0]["kind"], json!("rolled_back"));
    run_knowing(&dir.known(), &["--ledger", ledger.to_str().unwrap(), "status"]).expect(1);
    run_knowing(&dir.known(), &["--ledger", ledger.to_str().unwrap(), "known", "accept"]).expect(0);
    assert_eq!(verify(&dir, &ledger, 0)["verdict"], json!("verified"));
}

#[test]
fn nothing_is_written_over() {
    let dir = small();
    let copy = backup(&dir, "backup");
    dir.run(&["backup", copy.to_str().unwrap()]).expect(3).says(&["is not empty"]);
    let (ledger, ran) = restore(&dir, &copy, "ledger", &[]);
    ran.expect(3).says(&["is not empty"]);
    assert_eq!(fs::read(ledger.join("journal.jsonl")).unwrap(), dir.bytes());
    // What an interrupted restore left behind is for its owner to look at.
    fs::create_dir(dir.beside("new.restoring")).unwrap();
    fs::write(dir.beside("new.restoring/journal.jsonl"), "x").unwrap();
    restore(&dir, &copy, "new", &[]).1.expect(3).says(&["new.restoring is not empty"]);
    fs::remove_dir_all(dir.beside("new.restoring")).unwrap();
    restore(&dir, &copy, "new", &[]).1.expect(0);
    let keep = run_knowing(&dir.known(), &["--ledger", dir.beside("none").to_str().unwrap(), "backup", "x"]);
    keep.expect(3).says(&["there is no ledger in "]);
}
