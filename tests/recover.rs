//! Recovery: the store made again from the journal, the journal from the store; nothing is deleted, nothing gets shorter,
//! and a kill leaves what can be finished.
#![cfg(unix)]

use crate::common::{Dir, copy, small::small};
use serde_json::{Value, json};
use std::{fs, path::PathBuf, process::Stdio, time::Duration};

/// Overwrites the store's file, so that sled cannot open it.
fn damage(dir: &Dir) {
    let path = dir.path().join("store/db");
    let mut bytes = fs::read(&path).unwrap();
    bytes.fill(0xa5);
    fs::write(&path, bytes).unwrap();
}

/// What was moved aside: a folder or a file with a date in its name.
fn aside(dir: &Dir, of: &str) -> Vec<PathBuf> {
    let names = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path());
    names.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(&format!("{of}.20"))).collect()
}

fn append(dir: &Dir, day: &str) {
    let args =
        ["--key", "coordinator", "append", "followed-up", "--subject", "S-1", "--status", "alive", "--occurred-at"];
    dir.run(&[&args[..], &[day]].concat()).expect(0);
}

/// A checkpoint of the ledger as it is now, with a signature line that nobody looks at here.
fn checkpoint(dir: &Dir) {
    let verdict = dir.sound();
    let (size, root) = (&verdict["entries"], verdict["root"].as_str().unwrap());
    let signature = format!("{}AAAA", "A".repeat(88));
    let note = format!("sponsor.example/small-01\n{size}\n{root}\n\n\u{2014} sponsor.example/small-01 {signature}\n");
    fs::write(dir.path().join("checkpoints/latest"), note).unwrap();
}

#[test]
fn a_store_that_does_not_open_is_made_again_from_the_journal_and_kept_aside() {
    let dir = small();
    let (bytes, n) = (dir.bytes(), dir.lines().len());
    damage(&dir);
    let broken = fs::read(dir.path().join("store/db")).unwrap();
    dir.run(&["status"]).expect(3).says(&["the store cannot be read", "hint: trial recover makes the store again"]);
    let ran = dir.run(&["recover", "--json"]).expect(0).says(&[
        &format!("note: the journal is sound: {n} entries"),
        "note: the store cannot be read: ",
        "note: making the store again from the journal; what is there now is moved aside",
    ]);
    let [kept] = &aside(&dir, "store")[..] else { panic!("{ran:?}") };
    let told = ran.json();
    assert_eq!((&told["recovered"], &told["entries"]), (&json!("store"), &json!(n)));
    assert_eq!(told["aside"], json!(kept.canonicalize().unwrap()));
    assert_eq!(fs::read(kept.join("db")).unwrap().len(), broken.len(), "the damaged store is kept");
    assert_eq!(dir.bytes(), bytes);
    assert_eq!(dir.sound()["verdict"], json!("verified"));
    append(&dir, "2026-02-10");
    dir.run(&["recover"]).expect(0).says(&["nothing to recover: journal and store hold the same"]);
    assert_eq!(aside(&dir, "store").len(), 1);
}

#[test]
fn a_bent_journal_is_made_again_from_the_store_only_when_that_is_asked_for() {
    let dir = small();
    let sound = dir.bytes();
    let mut bent = sound.clone();
    let at = sound.len() - 300;
    bent[at] ^= 1;
    fs::write(dir.journal(), &bent).unwrap();
    dir.run(&["status"]).expect(1).says(&["journal_differs", "hint: keep a copy as evidence; trial recover"]);
    let ran = dir.run(&["recover"]).expect(1);
    assert_eq!(ran.stdout, "");
    ran.says(&[
        "the journal is faulty behind ",
        "the store is sound",
        "which one is right is not for a program to say",
    ]);
    dir.run(&["recover", "--from", "journal"]).expect(1).says(&["the journal is not sound"]);
    assert_eq!(dir.bytes(), bent, "nothing was changed");
    dir.run(&["recover", "--from", "store"]).expect(0).says(&["recovered: the journal holds "]);
    assert_eq!(dir.bytes(), sound);
    let [kept] = &aside(&dir, "journal.jsonl")[..] else { panic!("one is kept") };
    assert_eq!(fs::read(kept).unwrap(), bent);
    dir.sound();
}

#[test]
fn of_two_sound_sides_that_differ_the_one_that_was_never_seen_is_refused() {
    let (dir, other) = (small(), small());
    append(&dir, "2026-02-09");
    append(&other, "2026-02-08");
    let own = dir.bytes();
    fs::write(dir.journal(), other.bytes()).unwrap();
    dir.run(&["status"]).expect(1).says(&["journal_differs"]);
    dir.run(&["recover"]).expect(1).says(&[
        "the journal is sound",
        "the store is sound",
        "--from journal, or --from store",
    ]);
    dir.run(&["recover", "--from", "journal"]).expect(1).says(&["forked: expected "]);
    assert_eq!((dir.bytes(), aside(&dir, "store").len()), (other.bytes(), 0), "nothing was changed");
    dir.run(&["recover", "--from", "store"]).expect(0);
    assert_eq!(dir.bytes(), own);
    dir.sound();
}

#[test]
fn nothing_is_made_from_a_side_that_ends_before_what_was_seen_or_signed() {
    let dir = small();
    let whole = dir.bytes();
    checkpoint(&dir);
    damage(&dir);
    let lines = dir.lines();
    let cut = lines[..lines.len() - 3].join("\n") + "\n";
    fs::write(dir.journal(), &cut).unwrap();
    let told = format!("the {} entries of the last signed checkpoint", lines.len());
    dir.run(&["recover"]).expect(1).says(&["rolled_back: expected ", &told, "what was signed would be lost"]);
    fs::remove_file(dir.path().join("checkpoints/latest")).unwrap();
    dir.run(&["recover"]).expect(1).says(&["rolled_back: expected ", "as you saw on "]);
    assert_eq!((dir.bytes(), aside(&dir, "store").len()), (cut.into_bytes(), 0), "nothing was changed");
    // With the lines back, it goes.
    fs::write(dir.journal(), whole).unwrap();
    dir.run(&["recover"]).expect(0);
    dir.sound();
    // Whoever never saw more, and with nothing signed, is told that nothing was compared.
    damage(&dir);
    fs::write(dir.journal(), lines[..lines.len() - 3].join("\n") + "\n").unwrap();
    dir.forget();
    dir.run(&["recover"]).expect(0).says(&["first contact with ", "nothing to compare with yet"]);
}

#[test]
fn where_neither_side_is_sound_nothing_is_made() {
    let dir = small();
    damage(&dir);
    let mut bytes = dir.bytes();
    let at = bytes.len() - 300;
    bytes[at] ^= 1;
    fs::write(dir.journal(), &bytes).unwrap();
    dir.run(&["recover"]).expect(1).says(&["neither journal nor store is sound", "hint: ", "trial restore"]);
    dir.run(&["recover", "--from", "store"]).expect(3).says(&["the store cannot be read: nothing can be made from it"]);
    assert_eq!(dir.bytes(), bytes);
    let none = Dir::empty();
    none.run(&["recover"]).expect(3).says(&["there is no ledger in "]);
    assert!(!none.path().exists());
}

#[test]
fn a_kill_at_any_moment_of_a_recovery_leaves_what_can_be_finished() {
    let sound = small();
    let (bytes, entries) = (sound.bytes(), sound.sound()["entries"].clone());
    let mut ended = 0;
    for round in 0..16_u64 {
        let dir = Dir::copy_of(&sound.path());
        fs::copy(sound.known(), dir.known()).unwrap();
        let from = if round % 2 == 0 {
            damage(&dir);
            "journal"
        } else {
            let mut bent = bytes.clone();
            bent[bytes.len() - 300] ^= 1;
            fs::write(dir.journal(), bent).unwrap();
            "store"
        };
        let mut command = dir.command(&["recover", "--from", from]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(60 + 45 * round));
        ended += u32::from(child.try_wait().unwrap().is_some());
        child.kill().unwrap();
        child.wait().unwrap();
        dir.run(&["recover", "--from", from]).expect(0);
        let verdict: Value = dir.sound();
        assert_eq!((dir.bytes(), &verdict["entries"]), (bytes.clone(), &entries), "round {round}");
        let left = fs::read_dir(dir.path())
            .unwrap()
            .filter(|e| e.as_ref().unwrap().file_name().to_str().unwrap().ends_with(".recovering"));
        assert_eq!(left.count(), 0, "round {round}");
    }
    eprintln!("{ended} of 16 had ended before they were killed");
}

#[test]
fn what_an_unfinished_recovery_left_behind_goes_with_the_next_one() {
    let dir = small();
    copy(&dir.path().join("store"), &dir.path().join("store.recovering"));
    fs::write(dir.path().join("journal.jsonl.recovering"), "half a li").unwrap();
    dir.sound();
    dir.run(&["recover"]).expect(0).says(&["nothing to recover"]);
    assert!(!dir.path().join("store.recovering").exists() && !dir.path().join("journal.jsonl.recovering").exists());
    dir.sound();
}
