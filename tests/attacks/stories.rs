//! Attacks that no other story plays, by the real binary.

use crate::common::{
    Dir, Ran, run, run_knowing,
    small::{STRANGER, public, seq_of, small},
};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::Instant,
};

const ORIGIN: &str = "sponsor.example/small-01";

/// The small ledger with a key for its log, and that key as others are told it.
fn with_log_key() -> (Dir, String) {
    let dir = small();
    dir.run(&["key", "new", "log", "--no-passphrase"]).expect(0);
    let who = ["--name", "Log (synthetic)", "--organisation", "Example", "--role", "sponsor", "--purpose", "log"];
    dir.run(&[&["--key", "sponsor", "key", "grant", "log"], &who[..]].concat()).expect(0);
    let vkey = dir.run(&["key", "show", "log", "--log", ORIGIN]).expect(0).stdout.trim().to_owned();
    (dir, vkey)
}

/// Kind of each fault, with its place.
fn faults(verdict: &Value) -> Vec<(&str, Option<u64>)> {
    let list = verdict["faults"].as_array().expect("a list");
    list.iter().map(|fault| (fault["kind"].as_str().expect("a kind"), fault["seq"].as_u64())).collect()
}

#[test]
fn a_key_that_is_replaced_in_its_grant_breaks_the_grant() {
    let dir = small();
    let keys = dir.path().join("keys");
    let (own, other) = (public(&keys, "investigator"), public(&keys, STRANGER));
    let seq = seq_of(&dir, &[("type", "key_granted"), ("key", &own)]);
    let lines = dir.lines();
    let mut grant = lines.clone();
    grant[seq as usize] = grant[seq as usize].replace(&own, &other);
    let everywhere: Vec<String> = lines.iter().map(|line| line.replace(&own, &other)).collect();
    for (name, changed) in [("in the grant", grant), ("wherever it stands", everywhere)] {
        let file = dir.file("changed.jsonl", changed.join("\n") + "\n");
        let verdict = run(&["verify", "--json", file.to_str().unwrap()]).expect(1).json();
        assert_eq!(faults(&verdict)[0], ("signature_invalid", Some(seq)), "{name}");
        assert_eq!(verdict["entries"], seq, "{name}: those before it are sound");
    }
}

fn verdict_of(ledger: &Path) -> Ran {
    run(&["--ledger", ledger.to_str().expect("a plain path"), "verify", "--json"])
}

/// The heads that two directories verify with; a store that was torn while it was swapped is made again first.
fn heads(ledgers: [&Path; 2], knowing: &Path) -> BTreeSet<String> {
    let head = |ledger: &Path| {
        if verdict_of(ledger).code == 3 {
            let known = knowing.with_extension(ledger.file_name().expect("a name"));
            run_knowing(&known, &["--ledger", ledger.to_str().expect("a plain path"), "recover"]).expect(0);
        }
        verdict_of(ledger).expect(0).json()["head"].as_str().expect("a head").to_owned()
    };
    ledgers.into_iter().map(head).collect()
}

/// Two histories, each sound, change places again and again while one place is verified.
#[test]
fn a_directory_that_is_swapped_while_it_is_verified_is_one_of_the_two_or_cannot_be_told() {
    let one = small();
    let (place, other, aside) = (one.path(), one.beside("other"), one.beside("aside"));
    crate::common::copy(&place, &other);
    let alive: &[&str] = &["followed-up", "--status", "alive"];
    let missed: &[&str] = &["dose-missed", "--agent", "axitinib", "--cause", "forgotten"];
    for (ledger, event) in [(&place, alive), (&other, missed)] {
        let append = ["--ledger", ledger.to_str().unwrap(), "--key", "coordinator", "append"];
        run(&[&append, event, &["--subject", "S-1", "--occurred-at", "2026-02-10"]].concat()).expect(0);
    }
    let journals = || -> BTreeSet<Vec<u8>> {
        [&place, &other].map(|ledger| fs::read(ledger.join("journal.jsonl")).unwrap()).into()
    };
    let (before, sound) = (journals(), heads([&place, &other], &one.known()));
    assert_eq!((before.len(), sound.len()), (2, 2));

    let started = Instant::now();
    verdict_of(&place).expect(0);
    let usual = started.elapsed();
    let (stop, restless, swaps) = (AtomicBool::new(false), AtomicBool::new(false), AtomicU64::new(0));
    let answers = thread::scope(|scope| {
        let swapper = scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                for (from, to) in [(&place, &aside), (&other, &place), (&aside, &other)] {
                    fs::rename(from, to).expect("nothing else is there");
                }
                let swaps = swaps.fetch_add(1, Ordering::Relaxed) + 1;
                if !restless.load(Ordering::Relaxed) {
                    thread::sleep(usual.mul_f64((7 * swaps % 23) as f64 / 8.0));
                }
            }
        });
        // Every other one is verified while they never rest. On a busy machine they may rest all the same.
        let (mut answers, mut disturbed) = (Vec::new(), 0);
        while (answers.len() < 60 || disturbed < 20) && !swapper.is_finished() {
            restless.store(answers.len() % 2 == 1, Ordering::Relaxed);
            let before = swaps.load(Ordering::Relaxed);
            answers.push(verdict_of(&place));
            disturbed += usize::from(swaps.load(Ordering::Relaxed) > before + 1);
        }
        stop.store(true, Ordering::Relaxed);
        swapper.join().expect("it swaps");
        answers
    });
    let whole = answers.iter().filter(|ran| ran.code == 0).count();
    assert!(whole > 0, "{answers:#?}");
    for ran in &answers {
        match ran.code {
            0 => assert!(sound.contains(ran.json()["head"].as_str().unwrap()), "{ran:#?}"),
            // The journal of the one beside the store of the other: they do differ. Linux holds the directory that it opened.
            1 if cfg!(not(target_os = "linux")) => assert_eq!(faults(&ran.json())[0].0, "journal_differs", "{ran:#?}"),
            code => assert_eq!(code, 3, "{ran:#?}"),
        }
    }
    eprintln!("{whole} of {} verdicts were of one of the two", answers.len());
    // Neither history has taken anything from the other.
    assert_eq!(journals(), before);
    assert_eq!(heads([&place, &other], &one.known()), sound);
}

/// Bytes that were made to make a reader fall over, with their names.
fn hostile() -> Vec<(&'static str, Vec<u8>)> {
    let many = 200_000;
    vec![
        ("deep arrays", [b"[".repeat(many), b"\n".to_vec()].concat()),
        ("deep objects", [b"{\"body\":".repeat(many), b"\n".to_vec()].concat()),
        ("a number of many digits", [b"{\"body\":{\"seq\":".to_vec(), b"9".repeat(many), b"}}\n".to_vec()].concat()),
        ("a line of 4 MiB", [b"x".repeat(1 << 22), b"\n".to_vec()].concat()),
        ("zeros", [vec![0; many], b"\n".to_vec()].concat()),
        ("not UTF-8", b"\xff\xfe\n".repeat(1000)),
        ("a checkpoint of 2^64 - 1 entries", counted("18446744073709551615")),
        ("a checkpoint of more", counted(&"9".repeat(1000))),
        ("signatures without end", [&counted("3")[..], &"\u{2014} a AAAA\n".repeat(5000).into_bytes()].concat()),
        ("a request from the end", b"old 18446744073709551615\n\n".to_vec()),
        ("a proof of the last", b"c2sp.org/tlog-proof@v1\nindex 18446744073709551615\n\n".to_vec()),
    ]
}

fn counted(size: &str) -> Vec<u8> {
    format!("{ORIGIN}\n{size}\nxdLI99KgopQeEbhBz61Swat/eYutsZFYeC0O8DZPaqU=\n\n\u{2014} {ORIGIN} AAAA\n").into_bytes()
}

#[test]
fn input_made_to_crash_a_reader_gets_an_answer_from_each() {
    let (dir, vkey) = with_log_key();
    let sound = dir.bytes();
    for (name, bytes) in hostile() {
        let file = dir.file("hostile", &bytes).display().to_string();
        let readers: [&[&str]; 9] = [
            &["verify", &file],
            &["verify", "--against", &file],
            &["verify", "--against", &file, "--trust", &file],
            &["check", &file, "--log", &vkey],
            &["--key", "monitor", "witness", &file, "--log", &vkey, "--name", "m.example/m", "--state", "memory"],
            &["--key", "monitor", "witnessed", &file],
            &["--key", "coordinator", "append", "--file", &file],
            &["proposal", "show", &file],
            &["diff", "--from", &file],
        ];
        for args in readers {
            let ran = dir.run(args);
            assert!((1..=3).contains(&ran.code), "{name}, {args:?}: {ran:#?}");
            assert!(!ran.all().trim().is_empty(), "{name}, {args:?}: it says nothing");
        }
        assert_eq!(dir.bytes(), sound, "{name} left a trace");
    }
    // As an export, as the journal of a ledger, and as a bundle whose name counts further than any log.
    let deep = dir.file("deep", &hostile()[0].1).display().to_string();
    let verdict = run(&["verify", "--json", &deep]).expect(1).json();
    assert_eq!(faults(&verdict), [("limit_exceeded", Some(0))]);
    fs::write(dir.journal(), &hostile()[0].1).unwrap();
    assert_eq!(faults(&dir.run(&["verify", "--json"]).expect(1).json())[0].1, Some(0));
    let tiles: PathBuf = dir.beside("tiles");
    fs::create_dir_all(tiles.join("tile/entries/x999/x999/x999/x999/x999/x999")).unwrap();
    fs::write(tiles.join("tile/entries/x999/x999/x999/x999/x999/x999/999"), [0xff; 64]).unwrap();
    assert!((1..=3).contains(&run(&["verify", tiles.to_str().unwrap()]).code));
}

#[test]
fn an_edited_pin_is_none_and_a_deleted_one_is_told() {
    let (dir, _) = with_log_key();
    dir.run(&["--key", "log", "checkpoint", "--output", "pin"]).expect(0);
    let pin = fs::read_to_string(dir.beside("pin")).unwrap();
    assert_eq!(dir.run(&["verify", "--json", "--against", "pin"]).expect(0).json()["verdict"], "verified");
    let lines: Vec<&str> = pin.lines().collect();
    let [_, size, root, "", signature] = lines[..] else { panic!("{pin}") };
    let less = (size.parse::<u64>().unwrap() - 1).to_string();
    let other = |text: &str| {
        let at = text.len() - 20;
        format!("{}{}{}", &text[..at], if &text[at..=at] == "A" { "B" } else { "A" }, &text[at + 1..])
    };
    for (from, to) in [(size, less), (root, other(root)), (signature, other(signature)), (signature, String::new())] {
        dir.file("edited", pin.replacen(from, &to, 1));
        let ran = dir.run(&["verify", "--against", "edited"]).expect(1).says(&["checkpoint_invalid"]);
        assert!(!ran.stdout.contains("anchor      extends"), "{from} to {to}: {ran:#?}");
    }
    fs::remove_file(dir.beside("pin")).unwrap();
    let ran = dir.run(&["verify", "--against", "pin"]).expect(3).says(&["pin: "]);
    assert_eq!(ran.stdout, "", "no verdict without what was to be compared");
    // What this user saw of it, too: forgotten is not verified.
    dir.forget();
    let ran = dir.run(&["verify", "--json"]).expect(0).says(&["first contact"]);
    assert_eq!(ran.json()["verdict"], "unanchored");
}
