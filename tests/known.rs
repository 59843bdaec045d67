//! Known ledgers: what a user has seen before is compared by every command, and a ledger that is not as it was says so.

use crate::common::{
    Dir, KNOWN, Ran, copy, demo, run, run_knowing,
    small::{FOLLOWED, INIT, small},
};
use serde_json::json;
use std::{fs, path::Path};

/// Verbs that read, and verbs that write: each opens the ledger, and none answers its question where it is not as it was.
const VERBS: &[&[&str]] = &[
    &["log"],
    &["status"],
    &["show", "0"],
    &["export"],
    &["replay", "--json"],
    &["history", "S-1"],
    &["why", "escalation.mtd"],
    &["diff", "--from", "3"],
    &["key", "list"],
    &["--key", "coordinator", "amend", "void", "5", "--reason", "x"],
    FOLLOWED,
];

/// A second entry that differs from it.
const DOSED: &[&str] = &[
    "--key",
    "coordinator",
    "append",
    "dose-missed",
    "--subject",
    "S-1",
    "--agent",
    "axitinib",
    "--occurred-at",
    "2026-02-10",
    "--cause",
    "forgotten",
];

/// The arguments that open a ledger of the same name, at another time: with another genesis.
fn init(keys_of: &Dir, recorded_at: &'static str) -> Vec<&'static str> {
    let keys: &'static str = Box::leak(keys_of.path().join("keys").display().to_string().into_boxed_str());
    let (_, args) = INIT.split_last().unwrap();
    [&["--keys", keys, "--key", "sponsor"], args, &[recorded_at]].concat()
}

/// Puts another directory in the place of the ledger, as somebody with the disk would.
fn put_in_place(dir: &Dir, other: &Path) {
    fs::remove_dir_all(dir.path()).unwrap();
    copy(other, &dir.path());
}

#[track_caller]
fn refuses(dir: &Dir, kind: &str, hint: &str) {
    let before = dir.bytes();
    for verb in VERBS {
        let ran = dir.run(verb).expect(1).says(&["trial: error: ", kind, "trial: hint: ", hint]);
        assert_eq!(ran.stdout, "", "{verb:?} does not answer its question");
    }
    assert_eq!(dir.bytes(), before, "nothing was appended");
}

#[test]
fn a_copy_that_was_rolled_back_is_noticed_by_every_verb() {
    let dir = small();
    let old = Dir::copy_of(&dir.path());
    let n = dir.lines().len();
    dir.run(FOLLOWED).expect(0);
    put_in_place(&dir, &old.path());
    refuses(&dir, &format!("rolled_back: expected {} entries", n + 1), "keep this copy as evidence");
    let verdict = dir.run(&["verify", "--json"]).expect(1).json();
    assert_eq!((&verdict["verdict"], &verdict["entries"]), (&json!("faulty"), &json!(n)));
    assert_eq!(verdict["faults"][0]["kind"], json!("rolled_back"));
    assert!(verdict["faults"].as_array().unwrap().len() == 1 && verdict["faults"][0].get("seq").is_none());
    dir.run(&["verify"]).expect(1).says(&[
        "FAULTY: ",
        "are not what they were compared with",
        "rolled_back",
        "note        1 of the entries that you saw are missing",
    ]);
    // It is told again each time, until the user says that there is a reason.
    dir.run(&["verify"]).expect(1);
    dir.run(&["known", "accept"]).expect(0).says(&["in place of ", "sponsor.example/small-01"]);
    assert_eq!(dir.run(&["verify", "--json"]).expect(0).json()["verdict"], json!("verified"));
    dir.run(&["status"]).expect(0);
}

#[test]
fn two_users_who_hold_two_histories_meet_the_fork_at_the_first_exchange() {
    let one = small();
    let other = Dir::copy_of(&one.path());
    fs::copy(one.known(), other.known()).unwrap();
    one.run(FOLLOWED).expect(0);
    other.run(DOSED).expect(0);
    one.sound();
    other.sound();
    // Each is handed the journal of the other one.
    for (user, file) in [(&one, other.journal()), (&other, one.journal())] {
        let verdict = user.run(&["verify", "--json", file.to_str().unwrap()]).expect(1).json();
        assert_eq!(verdict["faults"][0]["kind"], json!("forked"));
        assert_ne!(verdict["faults"][0]["expected"], verdict["faults"][0]["found"]);
        user.sound();
    }
    // And somebody puts one in the place of the other, and lets it grow: the fork does not outgrow what was seen.
    other.run(FOLLOWED).expect(0);
    put_in_place(&one, &other.path());
    refuses(&one, "forked: expected ", "keep both copies as evidence");
}

#[test]
fn another_ledger_of_the_same_name_is_not_the_one_that_was_seen() {
    let dir = small();
    let known = dir.bytes();
    let other = Dir::empty();
    other.run(&init(&dir, "2026-01-05T09:01:00+08:00")).expect(0);
    copy(&dir.path().join("keys"), &other.path().join("keys"));
    assert_ne!(other.lines()[0], String::from_utf8(known).unwrap().lines().next().unwrap());
    put_in_place(&dir, &other.path());
    refuses(&dir, "genesis_mismatch: expected sponsor.example/small-01", "another ledger of the same name");
    let verdict = dir.run(&["verify", "--json"]).expect(1).json();
    assert_eq!(verdict["faults"][0]["kind"], json!("genesis_mismatch"));
    // Whoever knows why there are two may have both.
    dir.run(&["known", "accept"]).expect(0);
    dir.sound();
    let listed = dir.run(&["known", "list", "--json"]).expect(0).json();
    assert_eq!(listed["known"].as_array().unwrap().len(), 2);
    put_in_place(&dir, &small().path());
    dir.run(&["status"]).expect(0);
}

#[test]
fn first_contact_is_announced_and_the_second_one_is_compared() {
    let dir = small();
    dir.forget();
    let first = dir.run(&["verify", "--json"]).expect(0);
    let note = "trial: note: first contact with sponsor.example/small-01: nothing to compare with yet\n";
    assert_eq!(first.stderr, note);
    let verdict = first.json();
    assert_eq!(verdict["verdict"], json!("unanchored"));
    assert_eq!(verdict["claims"]["anchor"], json!("none: internal consistency only"));
    let second = dir.run(&["verify", "--json"]).expect(0);
    assert_eq!(second.stderr, "");
    let n = dir.lines().len();
    let claims = &second.json()["claims"];
    assert_eq!((&second.json()["verdict"], &claims["unanchored"]), (&json!("verified"), &json!(0)));
    let anchor = claims["anchor"].as_str().unwrap();
    assert!(anchor.starts_with(&format!("extends the {n} entries that you saw on 20")), "{anchor}");
    // Every other verb announces it too.
    for verb in [&["log"][..], &["status"], FOLLOWED] {
        dir.forget();
        assert_eq!(dir.run(verb).expect(0).stderr, note, "{verb:?}");
    }
    // What others append in between rests on what was seen.
    let saw = dir.beside("before");
    fs::copy(dir.known(), &saw).unwrap();
    dir.run(DOSED).expect(0);
    let verdict = run_knowing(&saw, &["--ledger", dir.path().to_str().unwrap(), "verify", "--json"]).expect(0).json();
    assert_eq!((&verdict["verdict"], &verdict["claims"]["unanchored"]), (&json!("verified"), &json!(1)));
}

#[test]
fn who_makes_a_ledger_knows_it_and_may_make_another_of_its_name() {
    let (source, one, other) = (small(), Dir::empty(), Dir::empty());
    for (dir, at) in [(&one, "2026-01-05T09:01:00+08:00"), (&other, "2026-01-05T09:02:00+08:00")] {
        let path = dir.path();
        let args = [&["--ledger", path.to_str().unwrap()], &init(&source, at)[..]].concat();
        let ran = run_knowing(&one.known(), &args).expect(0);
        assert_eq!(ran.stderr, "", "no first contact with what one made");
    }
    assert_ne!(one.lines()[0], other.lines()[0]);
    for dir in [&one, &other] {
        let path = dir.path();
        let ran = run_knowing(&one.known(), &["--ledger", path.to_str().unwrap(), "verify", "--json"]).expect(0);
        assert_eq!(ran.json()["verdict"], json!("verified"));
    }
    // The one who made the demonstration knows it to its end.
    let demo = demo();
    let listed = demo.run(&["known", "list", "--json"]).expect(0).json();
    assert_eq!(listed["known"][0]["entries"], json!(1574));
}

#[test]
fn an_old_export_is_no_rollback_but_the_verdict_says_what_it_lacks() {
    let dir = small();
    let n = dir.lines().len();
    let old = dir.file("old.jsonl", dir.lines()[..n - 2].join("\n") + "\n");
    let ran = dir.run(&["verify", "--json", old.to_str().unwrap()]).expect(0);
    assert_eq!(ran.json()["verdict"], json!("unanchored"));
    assert!(ran.json()["claims"]["anchor"].as_str().unwrap().contains("it lacks 2 entries that you saw on "));
    ran.says(&[&format!("this copy lacks 2 of the {n} entries that you saw")]);
    dir.sound();
}

#[test]
fn forgetting_tells_what_was_known_and_the_next_contact_is_the_first() {
    let dir = small();
    dir.run(&["known", "list"]).expect(0).says(&["sponsor.example/small-01", "  genesis  ", "  root     ", "kept in "]);
    dir.run(&["known", "forget", "sponsor.example/none"]).expect(1).says(&["trial known list shows them"]);
    dir.run(&["known", "forget", "sponsor.example/small-01"])
        .expect(0)
        .says(&["sponsor.example/small-01", "forgotten"]);
    dir.run(&["known", "list"]).expect(0).says(&["no ledger was verified by this user yet"]);
    dir.run(&["status"]).expect(0).says(&["first contact with "]);
}

#[test]
fn a_garbled_file_of_known_ledgers_is_never_passed_over() {
    let dir = small();
    let sound = fs::read_to_string(dir.known()).unwrap();
    for bad in [sound.replace(' ', "  "), sound[..sound.len() - 4].to_owned(), format!("{sound}what is this\n")] {
        fs::write(dir.known(), &bad).unwrap();
        for verb in [&["verify"][..], &["status"], FOLLOWED, &["known", "list"]] {
            let ran =
                dir.run(verb).expect(3).says(&["known_ledgers, line ", "hint: what was seen before cannot be told"]);
            assert_eq!(ran.stdout, "", "{verb:?}");
        }
        assert_eq!(fs::read_to_string(dir.known()).unwrap(), bad, "it is left as it is");
    }
    fs::write(dir.known(), sound).unwrap();
    dir.sound();
}

/// A home that cannot be read or written locks nobody out, and nobody is told more than is true.
#[test]
fn where_nothing_can_be_remembered_the_verdict_stays_unanchored() {
    let dir = small();
    let path = dir.path();
    for _ in 0..2 {
        let ran = run(&["--ledger", path.to_str().unwrap(), "verify", "--json"]).expect(0);
        assert_eq!(ran.json()["verdict"], json!("unanchored"));
        ran.says(&["trial: note: what you saw of ledgers before cannot be read, nothing was compared"]);
    }
    let args: Vec<&str> = [&["--ledger", path.to_str().unwrap()], FOLLOWED].concat();
    run(&args).expect(0).says(&["nothing was compared"]);
    run(&["known", "list"]).expect(3);
    // It can be read, but not written: the comparison holds, and what cannot be remembered is told.
    fs::create_dir(format!("{}.lock", dir.known().display())).unwrap();
    dir.run(&["verify"])
        .expect(0)
        .says(&["unanchored  1 entries since", "this cannot be remembered for the next time"]);
    dir.run(&["status"]).expect(0).says(&["this cannot be remembered for the next time"]);
}

/// The file in the user's home, with nothing in the environment.
#[test]
fn without_a_name_in_the_environment_the_file_is_in_the_home() {
    let dir = small();
    let home = dir.beside("home");
    fs::create_dir(&home).unwrap();
    let ran = |args: &[&str]| {
        let output = dir.command(args).env_remove(KNOWN).env("HOME", &home).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, told) = ran(&["status"]);
    assert!(code == Some(0) && told.contains("first contact"), "{told}");
    assert_eq!(ran(&["status"]), (Some(0), String::new()));
    assert_eq!(fs::read_to_string(home.join(".trial/known_ledgers")).unwrap().lines().count(), 1);
}

/// What a link leads to is looked up once, when the ledger is opened.
#[cfg(unix)]
#[test]
fn a_ledger_behind_a_link_is_the_ledger() {
    let dir = small();
    let link = dir.beside("link");
    std::os::unix::fs::symlink(dir.path(), &link).unwrap();
    let ran: Ran = run_knowing(&dir.known(), &["--ledger", link.to_str().unwrap(), "verify", "--json"]).expect(0);
    assert_eq!((ran.stderr.as_str(), &ran.json()["verdict"]), ("", &json!("verified")));
}
