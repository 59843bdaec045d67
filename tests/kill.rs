//! Crashes and obstacles: a process killed while it appends, two processes at once, files cut, deleted or not writable.
//!
//! Promises that what was acknowledged is there afterwards, and that nothing is made anew where a ledger was.
#![cfg(unix)]

use crate::common::{
    Dir, demo, run,
    small::{CONTACT, FOLLOWED, jsonl, small, with_version},
};
use serde_json::{Value, json};
use std::{
    fs,
    io::{Read as _, Write as _},
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use trial_ledger::{envelope::Envelope, sled_store::SledStore};

/// Moments that differ from kill to kill and are the same in every run: a linear congruential generator (Knuth, MMIX).
pub(crate) struct Moments(pub(crate) u64);

impl Moments {
    /// A number from 0 to below 1.
    pub(crate) fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn contact(note: u64) -> Value {
    let event = json!({
        "type": "deviation_recorded", "subject": "S-1", "occurred_at": "2026-02-10", "category": "other", "important": false,
        "description": format!("contact {note}")
    });
    json!({ "by": "coordinator", "event": with_version(event) })
}

/// What the process told before it ended: place and leaf hash, where it told one.
fn acknowledged(stdout: &str) -> Vec<(u64, Option<String>)> {
    if let Ok(receipt) = serde_json::from_str::<Value>(stdout) {
        return vec![(receipt["seq"].as_u64().unwrap(), Some(receipt["hash"].as_str().unwrap().to_owned()))];
    }
    let told = stdout.lines().filter(|line| line.starts_with("line "));
    let seqs = told.filter_map(|line| line.split_once(": entry ")?.1.split_once(':')?.0.parse().ok());
    seqs.map(|seq| (seq, None)).collect()
}

/// An append of one entry, answered in JSON, or of a file of four.
fn append(dir: &Dir, round: u64) -> Command {
    if round.is_multiple_of(2) {
        let text = format!("contact {round}");
        return dir.command(&[&["--json"], CONTACT, &[&text]].concat());
    }
    let drafts: Vec<Value> = (0..4).map(|i| contact(round * 10 + i)).collect();
    let file = dir.file("batch.jsonl", jsonl(&drafts));
    dir.command(&["append", "--file", file.to_str().unwrap()])
}

pub(crate) fn spawn(mut command: Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts")
}

/// When a process is killed.
enum When {
    /// After so long.
    After(Duration),
    /// As soon as the journal has grown, and so long after that: between the journal and the store.
    Grown(u64, Duration),
}

/// Kills the process (SIGKILL); says whether it had ended by itself, and what it had written until then.
fn kill(mut child: Child, journal: &Path, when: When) -> (bool, String) {
    match when {
        When::After(time) => std::thread::sleep(time),
        When::Grown(length, more) => {
            let started = Instant::now();
            while fs::metadata(journal).unwrap().len() == length
                && child.try_wait().unwrap().is_none()
                && started.elapsed() < Duration::from_secs(20)
            {}
            std::thread::sleep(more);
        }
    }
    let ended = child.try_wait().unwrap().is_some();
    child.kill().unwrap();
    child.wait().unwrap();
    let mut stdout = String::new();
    child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    (ended, stdout)
}

#[test]
fn what_was_acknowledged_before_a_kill_is_there_after_it() {
    const KILLS: u64 = 150;
    let dir = small();
    let mut moments = Moments(20_260_210);
    let started = Instant::now();
    dir.run(&["verify"]).expect(0);
    let usual = started.elapsed();
    let (mut told, mut killed, mut in_between) = (Vec::new(), 0, 0);
    let mut before = dir.lines().len() as u64;
    for round in 0.. {
        let length = fs::metadata(dir.journal()).unwrap().len();
        let child = spawn(append(&dir, round));
        let when = match round % 3 {
            0 => When::After(usual.mul_f64(2.0 * moments.next())),
            _ => When::Grown(length, Duration::from_micros((3000.0 * moments.next()) as u64)),
        };
        let (ended, stdout) = kill(child, &dir.journal(), when);
        killed += u64::from(!ended);
        let new = acknowledged(&stdout);
        assert!(new.iter().all(|(seq, _)| *seq >= before), "round {round}: {new:?} after {before} entries");
        told.extend(new);

        let ran = dir.run(&["verify", "--json"]).expect(0);
        let verdict = ran.json();
        assert_eq!(verdict["faults"], json!([]), "round {round}");
        in_between += u64::from(verdict["notices"].as_array().is_some_and(|notices| !notices.is_empty()));
        let entries = verdict["entries"].as_u64().unwrap();
        let most = before + if round % 2 == 0 { 1 } else { 4 };
        assert!((before..=most).contains(&entries), "round {round}: {before} entries became {entries}");
        let lines = dir.lines();
        assert_eq!(lines.len() as u64, entries, "round {round}: the journal is whole");
        for (seq, hash) in &told {
            let line = lines.get(*seq as usize).unwrap_or_else(|| panic!("round {round}: entry {seq} is lost"));
            let found = Envelope::new(line.as_bytes()).leaf_hash().to_string();
            assert!(hash.as_ref().is_none_or(|hash| *hash == found), "round {round}: entry {seq} is another one");
        }
        before = entries;
        if killed == KILLS {
            break;
        }
        assert!(round < 20 * KILLS, "only {killed} of {round} processes could be killed in time");
    }
    // A quiet append at the end: nothing was left behind that keeps the ledger from growing.
    let output = append(&dir, 0).output().unwrap();
    assert_eq!(acknowledged(std::str::from_utf8(&output.stdout).unwrap())[0].0, before);
    assert_eq!(dir.sound()["entries"], json!(before + 1));
    eprintln!("{killed} kills, {in_between} of them between journal and store, {} entries acknowledged", told.len());
}

#[test]
fn a_checkpoint_that_was_handed_out_before_a_kill_is_the_one_that_the_log_holds_to() {
    const KILLS: u64 = 40;
    let dir = small();
    dir.run(&["key", "new", "log", "--no-passphrase"]).expect(0);
    let grant = ["--purpose", "log", "--role", "sponsor", "--name", "The log (synthetic)", "--organisation", "Example"];
    dir.run(&[&["--key", "sponsor", "key", "grant", "log"], &grant[..]].concat()).expect(0);
    let checkpoint = &["--key", "log", "checkpoint"][..];
    let started = Instant::now();
    dir.run(checkpoint).expect(0);
    let usual = started.elapsed();
    let mut moments = Moments(20_260_211);
    let (mut killed, mut handed_out) = (0, 0);
    for round in 0.. {
        append(&dir, 2 * round).output().unwrap();
        let child = spawn(dir.command(checkpoint));
        let when = When::After(usual.mul_f64(1.5 * moments.next()));
        let (ended, stdout) = kill(child, &dir.journal(), when);
        killed += u64::from(!ended);
        let held = fs::read_to_string(dir.path().join("checkpoints/latest")).unwrap();
        if stdout.contains("\u{2014} ") && stdout.ends_with('\n') {
            handed_out += 1;
            assert_eq!(held, stdout, "round {round}: what was handed out was on disk before");
            let note = dir.file("note", &stdout);
            dir.run(&["verify", "--against", note.to_str().unwrap()]).expect(0);
        }
        dir.run(&["verify"]).expect(0);
        if killed >= KILLS && handed_out > 0 {
            break;
        }
        assert!(round < 10 * KILLS, "only {killed} of {round} processes could be killed in time");
    }
    dir.run(checkpoint).expect(0);
    eprintln!("{killed} kills, {handed_out} checkpoints handed out");
}

#[test]
fn a_second_process_is_told_that_the_ledger_is_in_use() {
    let dir = small();
    let pipe = dir.beside("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let first = spawn(dir.command(&["append", "--file", pipe.to_str().unwrap()]));
    // This waits until the other end is opened; the ledger is opened right behind it.
    let mut drafts = fs::OpenOptions::new().write(true).open(&pipe).unwrap();
    let before = dir.bytes();
    let deadline = Instant::now() + Duration::from_secs(30);
    let refused = loop {
        let ran = dir.run(&["status"]);
        if ran.code != 0 || Instant::now() > deadline {
            break ran;
        }
    };
    refused.expect(3).says(&["in use by another process", "hint: wait until the other command has ended"]);
    dir.run(&["verify"]).expect(3).says(&["in use by another process"]);
    let mut second = append(&dir, 0);
    assert_eq!(second.output().unwrap().status.code(), Some(3));
    assert_eq!(dir.bytes(), before);
    // The journal alone can be read all the while.
    run(&["verify", dir.journal().to_str().unwrap()]).expect(0);

    writeln!(drafts, "{}", contact(1)).unwrap();
    drop(drafts);
    let output = first.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(dir.lines().len() as u64, dir.sound()["entries"].as_u64().unwrap());
    assert!(dir.bytes().len() > before.len());
}

#[test]
fn of_many_writers_at_once_each_either_appends_or_is_told_to_wait() {
    let dir = small();
    let before = dir.lines().len();
    let children: Vec<Child> = (0..8).map(|i| spawn(append(&dir, 2 * i))).collect();
    let mut appended = 0;
    for child in children {
        let output = child.wait_with_output().unwrap();
        match output.status.code() {
            Some(0) => appended += 1,
            code => {
                assert_eq!(code, Some(3), "{output:?}");
                assert!(String::from_utf8(output.stderr).unwrap().contains("in use by another process"));
            }
        }
    }
    assert!(appended >= 1);
    assert_eq!(dir.sound()["entries"], json!(before + appended));
    assert_eq!(dir.lines().len(), before + appended);
}

#[test]
fn a_journal_whose_last_line_was_cut_is_made_whole_from_the_store() {
    let dir = small();
    let (bytes, n) = (dir.bytes(), dir.lines().len());
    let last = dir.lines()[n - 1].len() + 1;
    for cut in [1, 2, last / 2, last - 1] {
        fs::write(dir.journal(), &bytes[..bytes.len() - cut]).unwrap();
        let left = format!("the journal ended in {} bytes of an entry that was never acknowledged", last - cut);
        let had =
            format!("the journal had {} of {n} entries: the others were verified and taken from the store", n - 1);
        dir.run(&["status"]).expect(0).says(&[&left, &had]);
        assert_eq!(dir.bytes(), bytes, "cut by {cut}");
        let quiet = dir.run(&["status"]).expect(0);
        assert_eq!(quiet.stderr, "", "it is told once");
    }
    // With no store to ask, the entry that was cut is gone, and only that one: whoever saw it is told.
    fs::write(dir.journal(), &bytes[..bytes.len() - last / 2]).unwrap();
    fs::remove_dir_all(dir.path().join("store")).unwrap();
    let cut = Dir::copy_of(&dir.path());
    fs::copy(dir.known(), cut.known()).unwrap();
    cut.run(&["status"]).expect(1).says(&["rolled_back: expected "]);
    dir.forget();
    dir.run(&["status"]).expect(0).says(&["bytes of an entry that was never acknowledged", "the store had 0 of "]);
    assert_eq!(dir.bytes(), &bytes[..bytes.len() - last]);
    assert_eq!(dir.sound()["entries"], json!(n - 1));
}

#[test]
fn a_deleted_store_or_journal_is_made_again_from_the_other() {
    let dir = demo();
    let (bytes, verdict) = (dir.bytes(), dir.sound());
    fs::remove_dir_all(dir.path().join("store")).unwrap();
    dir.run(&["verify"])
        .expect(0)
        .says(&["the store had 0 of 1574 entries: the others were verified and taken from the journal"]);
    assert_eq!(dir.sound(), verdict);
    fs::remove_file(dir.journal()).unwrap();
    dir.run(&["verify"])
        .expect(0)
        .says(&["the journal had 0 of 1574 entries: the others were verified and taken from the store"]);
    assert_eq!((dir.sound(), dir.bytes()), (verdict, bytes));
}

/// Every file below a folder, with its length.
fn files(folder: &Path) -> Vec<(String, u64)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.push((path.display().to_string(), 0));
            found.extend(files(&path));
        } else {
            found.push((path.display().to_string(), fs::metadata(&path).unwrap().len()));
        }
    }
    found.sort();
    found
}

const VERBS: &[&[&str]] = &[
    &["verify"],
    &["status"],
    &["replay", "--json"],
    &["log"],
    &["show", "0"],
    &["history", "S-1"],
    &["export"],
    FOLLOWED,
    &["--key", "coordinator", "amend", "void", "5", "--reason", "x"],
];

/// Every verb says that there is no ledger, and makes none.
#[track_caller]
fn no_ledger(dir: &Dir, name: &str) {
    let before = files(&dir.path());
    for verb in VERBS {
        let ran = dir.run(verb);
        assert_eq!(ran.code, 3, "{name}, {verb:?}: {ran:?}");
        assert_eq!(ran.stdout, "", "{name}, {verb:?}");
        ran.says(&["there is no ledger in ", "hint: check the path"]);
        assert_eq!(files(&dir.path()), before, "{name}, {verb:?} has changed something");
    }
}

#[test]
fn where_no_ledger_is_none_is_made() {
    let dir = Dir::empty();
    fs::create_dir(dir.path()).unwrap();
    no_ledger(&dir, "an empty directory");
    fs::write(dir.path().join("journal.jsonl"), "").unwrap();
    no_ledger(&dir, "an empty journal");
    fs::create_dir(dir.path().join("store")).unwrap();
    no_ledger(&dir, "an empty journal and an empty folder");
    fs::remove_file(dir.journal()).unwrap();
    no_ledger(&dir, "an empty folder for the store");

    // Everything but the entries: they were moved away or deleted.
    let dir = small();
    fs::remove_file(dir.journal()).unwrap();
    fs::remove_dir_all(dir.path().join("store")).unwrap();
    no_ledger(&dir, "a ledger without journal and store");
    fs::create_dir(dir.path().join("store")).unwrap();
    no_ledger(&dir, "a ledger whose store was emptied");

    for (name, path) in [("nowhere", "no/such/place"), ("a file", "file")] {
        let dir = Dir::empty();
        dir.file("file", "x");
        let path = dir.beside(path);
        let ran = run(&["--ledger", path.to_str().unwrap(), "status"]);
        assert_eq!(ran.code, 3, "{name}: {ran:?}");
        let names: Vec<_> = fs::read_dir(dir.beside(".")).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(names, ["file"], "{name}");
    }
}

/// sled opens a truncated file as an empty database: that is no reason to begin a new history.
#[test]
fn a_store_without_its_genesis_is_never_begun_anew() {
    let dir = small();
    fs::remove_file(dir.journal()).unwrap();
    fs::remove_dir_all(dir.path().join("store")).unwrap();
    drop(SledStore::open(&dir.path().join("store")).unwrap());
    for verb in VERBS {
        dir.run(verb).expect(3).says(&["there is no ledger in "]);
        assert!(!dir.journal().exists(), "{verb:?} made a journal");
    }
    let init: Vec<&str> = [&["--key", "sponsor"], crate::common::small::INIT].concat();
    dir.run(&init).expect(3).says(&["is not empty"]);
    assert!(!dir.journal().exists());

    // With the journal beside it, the empty database is filled from there.
    let whole = small();
    fs::remove_dir_all(whole.path().join("store")).unwrap();
    drop(SledStore::open(&whole.path().join("store")).unwrap());
    whole.run(&["status"]).expect(0).says(&["the store had 0 of "]);
    whole.sound();
}

#[test]
fn a_damaged_store_is_never_taken_for_tampering_and_the_journal_still_verifies() {
    let dir = demo();
    let (db, bytes) = (dir.path().join("store/db"), dir.bytes());
    let sound = fs::read(&db).unwrap();
    let mut seen = Vec::new();
    for (name, damaged) in [
        ("garbage", vec![0xa5; sound.len()]),
        ("cut in half", sound[..sound.len() / 2].to_vec()),
        ("empty", Vec::new()),
        (
            "zeros in the middle",
            [&sound[..sound.len() / 3], &vec![0; sound.len() / 3], &sound[2 * (sound.len() / 3)..]].concat(),
        ),
    ] {
        fs::write(&db, &damaged).unwrap();
        let ran = dir.run(&["verify", "--json"]);
        seen.push((name, ran.code));
        // Either the store can be filled again from the journal, or it cannot be told; it is not a proof of anything.
        assert!([0, 3].contains(&ran.code), "{name}: {ran:#?}");
        if ran.code == 0 {
            assert_eq!(ran.json()["entries"], json!(1574), "{name}");
        }
        assert_eq!(dir.bytes(), bytes, "{name}");
        run(&["verify", dir.journal().to_str().unwrap()]).expect(0);
        // As the hint says: with the folder moved away, the store is made again.
        fs::remove_dir_all(dir.path().join("store")).unwrap();
        dir.run(&["verify"]).expect(0);
        fs::write(&db, &sound).unwrap();
        fs::remove_dir_all(dir.path().join("store")).unwrap();
        dir.run(&["verify"]).expect(0);
    }
    eprintln!("{seen:?}");
}

/// Root may write anywhere: then the binary runs as somebody else.
fn as_somebody(dir: &Dir, args: &[&str]) -> (i32, String) {
    let own = dir.beside("trial");
    fs::copy(env!("CARGO_BIN_EXE_trial"), &own).unwrap();
    let mut command = Command::new(&own);
    command
        .arg("--ledger")
        .arg(dir.path())
        .args(args)
        .env_clear()
        .env("HOME", crate::common::NO_HOME)
        .stdin(Stdio::null());
    if fs::metadata("/proc/self").is_ok_and(|m| std::os::unix::fs::MetadataExt::uid(&m) == 0) {
        command.uid(65534).gid(65534);
    }
    // Another test may be starting a process while the copy is still open for writing in it: then it is busy for a moment.
    let output = loop {
        match command.output() {
            Err(e) if e.kind() == std::io::ErrorKind::ExecutableFileBusy => {
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            ran => break ran.unwrap(),
        }
    };
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_directory_that_cannot_be_written_is_no_proof_of_anything() {
    fn open_to_all(path: &Path, folder: u32, file: u32) {
        let is_folder = path.is_dir();
        fs::set_permissions(path, fs::Permissions::from_mode(if is_folder { 0o755 } else { file })).unwrap();
        if is_folder {
            fs::read_dir(path).unwrap().for_each(|e| open_to_all(&e.unwrap().path(), folder, file));
            fs::set_permissions(path, fs::Permissions::from_mode(folder)).unwrap();
        }
    }
    let dir = small();
    let before = files(&dir.path());
    fs::set_permissions(dir.beside("."), fs::Permissions::from_mode(0o755)).unwrap();
    open_to_all(&dir.path(), 0o555, 0o444);
    for verb in VERBS {
        let (code, stderr) = as_somebody(&dir, verb);
        assert_eq!(code, 3, "{verb:?}: {stderr}");
        assert!(stderr.contains("ermission denied") && stderr.contains("hint: "), "{verb:?}: {stderr}");
    }
    // The evidence can be read all the same.
    let journal = dir.journal();
    let (code, stderr) = as_somebody(&dir, &["verify", journal.to_str().unwrap()]);
    assert_eq!(code, 0, "{stderr}");
    let new = dir.path().join("new");
    let (code, stderr) = as_somebody(&dir, &["demo", new.to_str().unwrap()]);
    assert_eq!(code, 3, "{stderr}");
    assert_eq!(files(&dir.path()), before);
    open_to_all(&dir.path(), 0o755, 0o600);
    dir.sound();
}
