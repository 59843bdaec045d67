//! Checkpoints, told by three people: a site that appends, the owner of the log who signs its size and root, and a monitor
//! who cosigns with a key and a memory of her own. And by those who would rather have another history.

use crate::common::{
    Dir, Ran, copy, run, run_knowing,
    small::{INIT, small},
    trial,
};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    thread,
    time::Duration,
};

const ORIGIN: &str = "sponsor.example/small-01";
const MONA: &str = "monitor.example/mona";

/// What a site appends, and what it might have appended instead.
const ALIVE: &[&str] = &["followed-up", "--subject", "S-1", "--status", "alive", "--occurred-at", "2026-02-10"];
const MISSED: &[&str] =
    &["dose-missed", "--subject", "S-1", "--agent", "axitinib", "--occurred-at", "2026-02-10", "--cause", "forgotten"];

/// The small ledger with a key for its log, and a witness who was granted hers.
struct Story {
    dir: Dir,
    log: String,
}

impl Story {
    fn begin() -> Story {
        let dir = small();
        dir.run(&["key", "new", "log", "--no-passphrase"]).expect(0);
        let log = dir.run(&["key", "show", "log", "--log", ORIGIN]).expect(0).stdout.trim().to_owned();
        assert!(log.starts_with(&format!("{ORIGIN}+")), "{log}");
        let story = Story { dir, log };
        story.grant("log", "log", "sponsor");
        for name in ["mona", "otto"] {
            story.witness_key(name);
            let key = story.as_witness(name, &["key", "show", name]).expect(0).stdout.trim().to_owned();
            story.grant(&key, "witness", "monitor");
        }
        story
    }

    fn grant(&self, holder: &str, purpose: &str, role: &str) {
        let who = ["--name", "Somebody (synthetic)", "--organisation", "Example", "--role", role, "--purpose", purpose];
        self.dir.run(&[&["--key", "sponsor", "key", "grant", holder], &who[..]].concat()).expect(0);
    }

    fn witness_key(&self, name: &str) {
        self.as_witness(name, &["key", "new", name, "--no-passphrase"]).expect(0);
    }

    /// A command of somebody with a folder of keys and a memory of their own, and no ledger.
    fn witness_command(&self, name: &str, args: &[&str]) -> std::process::Command {
        let mut command = trial();
        let keys = self.dir.beside(&format!("{name}-keys"));
        command.env("TRIAL_WITNESS", self.dir.beside(&format!("{name}-memory")));
        command.current_dir(self.dir.beside("")).arg("--keys").arg(keys).args(["--key", name]).args(args);
        command
    }

    fn as_witness(&self, name: &str, args: &[&str]) -> Ran {
        Ran::of(self.witness_command(name, args).output().expect("the binary starts"))
    }

    /// The first contact.
    fn meets(&self, name: &str, request: &str, answer: &str) -> Ran {
        let as_name = format!("monitor.example/{name}");
        self.as_witness(name, &["witness", request, "--log", &self.log, "--name", &as_name, "--output", answer])
    }

    fn append(&self, event: &[&str]) -> Ran {
        self.dir.run(&[&["--key", "coordinator", "append"], event].concat()).expect(0)
    }

    fn checkpoint(&self, since: u64, file: &str) -> Ran {
        self.dir.run(&["--key", "log", "checkpoint", "--since", &since.to_string(), "--output", file])
    }

    /// A checkpoint that Mona has cosigned at the first contact; its size.
    fn cosigned(&self) -> u64 {
        self.checkpoint(0, "request").expect(0);
        self.meets("mona", "request", "cosigned").expect(0);
        size(&self.dir.beside("cosigned"))
    }

    /// The same ledger as somebody else keeps it, with the same keys.
    fn elsewhere(&self) -> Story {
        let dir = Dir::copy_of(&self.dir.path());
        fs::copy(self.dir.known(), dir.known()).unwrap();
        Story { dir, log: self.log.clone() }
    }

    fn verify(&self, args: &[&str], code: i32) -> Value {
        self.dir.run(&[&["verify", "--json"], args].concat()).expect(code).json()
    }

    /// A trust file that demands Mona.
    fn policy(&self) -> String {
        let mona = self.as_witness("mona", &["key", "show", "mona", "--witness", MONA]).expect(0).stdout;
        format!("log {}\nwitness mona {mona}quorum mona\n", self.log)
    }
}

fn size(note: &Path) -> u64 {
    let text = fs::read_to_string(note).unwrap();
    text.lines().skip_while(|line| *line != ORIGIN).nth(1).unwrap().parse().unwrap()
}

fn kinds(verdict: &Value) -> Vec<&str> {
    verdict["faults"].as_array().unwrap().iter().map(|fault| fault["kind"].as_str().unwrap()).collect()
}

#[test]
fn a_site_appends_the_log_signs_a_monitor_cosigns_and_it_comes_back() {
    let story = Story::begin();
    let before = story.cosigned();
    story.append(ALIVE);
    story
        .dir
        .run(&["--key", "monitor", "witnessed", "cosigned"])
        .expect(0)
        .says(&[MONA, &format!("first {before} entries")]);
    // The next visit: the proof leads from what she signed last, and only that is asked of her.
    let again = story.checkpoint(before, "request-2").expect(0);
    assert!(again.stderr.contains(&story.log), "{again:#?}");
    story
        .as_witness("mona", &["witness", "request-2", "--output", "cosigned-2"])
        .expect(0)
        .says(&["no larger consistent tree"]);
    story.dir.run(&["--key", "sponsor", "witnessed", "cosigned-2"]).expect(0);
    story.dir.run(&["--key", "sponsor", "witnessed", "cosigned-2"]).expect(0).says(&["nothing new"]);

    let file = story.dir.beside("cosigned-2").display().to_string();
    let verdict = story.verify(&["--against", "cosigned", "--against", &file], 0);
    assert_eq!(verdict["verdict"], "verified");
    let anchors = verdict["claims"]["anchors"].as_array().unwrap();
    assert_eq!(anchors.iter().map(|a| a["size"].as_u64().unwrap()).collect::<Vec<_>>(), [before, before + 2]);
    assert_eq!(anchors[0]["cosigned"][0]["name"], MONA);
    // An export says the same, far from the ledger, for somebody who has only the keys.
    story.dir.run(&["export", "--output", "copy.jsonl"]).expect(0);
    let trust = story.dir.file("trust", story.policy()).display().to_string();
    let copy = story.dir.beside("copy.jsonl").display().to_string();
    let known = story.dir.beside("nobody-knows");
    let far = run_knowing(&known, &["verify", "--json", &copy, "--against", &file, "--trust", &trust]).expect(0).json();
    assert_eq!((&far["verdict"], &far["claims"]["unanchored"]), (&"verified".into(), &1.into()));
    assert_eq!(far["claims"]["anchors"][0]["cosigned"][0]["name"], "mona");
}

#[test]
fn a_witness_answers_a_plain_checkpoint_once_and_the_same_one_again() {
    let story = Story::begin();
    story.dir.run(&["--key", "log", "checkpoint", "--output", "plain"]).expect(0);
    story
        .as_witness("mona", &["witness", "plain"])
        .expect(2)
        .says(&["not a log that you have witnessed", "--log VKEY"]);
    story.meets("mona", "plain", "cosigned").expect(0).says(&["first contact"]);
    // Killed after she remembered and before she answered, she is simply asked again.
    let again = story.as_witness("mona", &["witness", "plain"]).expect(0);
    assert!(again.stdout.contains(MONA));
    // Signature lines alone, as a witness over the network answers, come back as well.
    let lines: String = again.stdout.lines().filter(|l| l.contains(MONA)).map(|l| format!("{l}\n")).collect();
    story.dir.file("lines", &lines);
    story.dir.run(&["--key", "monitor", "witnessed", "lines"]).expect(0).says(&["has witnessed"]);
    story.append(ALIVE);
    story.dir.run(&["--key", "log", "checkpoint", "--output", "later"]).expect(0);
    story.as_witness("mona", &["witness", "later"]).expect(2).says(&["no proof", "--since"]);
}

#[test]
fn each_refusal_of_a_witness_has_its_own_words() {
    let story = Story::begin();
    let first = story.cosigned();
    story.append(ALIVE);
    let old = fs::read_to_string(story.dir.beside("request")).unwrap();
    let refused = |request: &str, code: i32, words: &[&str]| {
        story.dir.file("bent", request);
        let ran = story.as_witness("mona", &["witness", "bent"]).expect(code);
        assert!(!ran.stdout.contains('\u{2014}'), "nothing is signed: {ran:#?}");
        ran.says(words)
    };
    story.checkpoint(first - 1, "request-2").expect(0);
    let other_old = fs::read_to_string(story.dir.beside("request-2")).unwrap();
    refused(&other_old, 2, &["there is no proof from", &format!("--since {first}")]);
    story.checkpoint(first, "request-3").expect(0);
    let good = fs::read_to_string(story.dir.beside("request-3")).unwrap();
    // A path that was damaged proves nothing, in either direction.
    let line = good.lines().nth(1).unwrap();
    let bent = format!("{}{}", if line.starts_with('A') { 'B' } else { 'A' }, &line[1..]);
    refused(&good.replacen(line, &bent, 1), 3, &["not shown", "what you cosigned", "what you were asked"]);
    refused(&good.replacen(ORIGIN, "sponsor.example/other", 2), 2, &["sponsor.example/other is not a log"]);
    let at = good.rfind(' ').unwrap() + 12;
    let flipped = if &good[at..=at] == "A" { "B" } else { "A" };
    let forged = format!("{}{flipped}{}", &good[..at], &good[at + 1..]);
    refused(&forged, 1, &["signature"]);
    refused("old 3\n", 2, &["neither a checkpoint nor a request"]);
    story.as_witness("mona", &["witness", "request-3"]).expect(0);
    refused(&old, 3, &["you have cosigned"]);
    // Another key of hers, and a log key in the place of hers.
    story.witness_key("mina");
    let mut mina = story.witness_command("mina", &["witness", "request-3"]);
    mina.env("TRIAL_WITNESS", story.dir.beside("mona-memory"));
    Ran::of(mina.output().unwrap()).expect(2).says(&["until now you signed with", "--name"]);
}

#[test]
fn a_fork_is_seen_by_the_witness_who_saw_the_other_half_and_by_two_who_compare() {
    let story = Story::begin();
    let first = story.cosigned();
    let other = story.elsewhere();
    fs::copy(story.dir.beside("cosigned"), other.dir.beside("cosigned")).unwrap();
    story.append(ALIVE);
    other.append(MISSED);
    // Mona is shown the one history, Otto the other. Each is sound, and each log key signed both.
    story.checkpoint(first, "one").expect(0);
    other.checkpoint(0, "two").expect(0);
    story.as_witness("mona", &["witness", "one", "--output", "mona-has"]).expect(0);
    fs::copy(other.dir.beside("two"), story.dir.beside("two")).unwrap();
    story.meets("otto", "two", "otto-has").expect(0);

    // They meet.
    let ran = story.as_witness("mona", &["witness", "two"]).expect(1);
    assert_eq!(ran.stdout, "");
    ran.says(&["forked", "two histories", "what you cosigned", "what you were asked"]);
    let evidence =
        fs::read_to_string(story.dir.beside("mona-memory").join("sponsor.example%2Fsmall-01.evidence")).unwrap();
    assert_eq!(evidence.matches(&format!("{ORIGIN}\n{}\n", first + 1)).count(), 2, "{evidence}");
    let verdict = story.verify(&["--against", "mona-has", "--against", "otto-has"], 1);
    assert_eq!((kinds(&verdict), &verdict["verdict"]), (vec!["forked"], &"faulty".into()));
    assert_eq!(verdict["evidence"].as_array().unwrap().len(), 2, "both notes: {verdict:#}");
    // Whoever keeps the other ledger is found out with what Mona took home, whatever they sign next.
    let mona_has = story.dir.beside("mona-has").display().to_string();
    assert_eq!(kinds(&other.verify(&["--against", &mona_has, "--log", &story.log], 1)), ["forked"]);
    assert_eq!(other.verify(&["--against", "cosigned"], 0)["verdict"], "verified", "up to there it is the same");
    // Without its own signed half it is still not what was signed.
    fs::remove_file(other.dir.path().join("checkpoints/latest")).unwrap();
    assert_eq!(kinds(&other.verify(&["--against", &mona_has], 1)), ["root_mismatch"]);
}

#[test]
fn what_was_cut_off_or_put_back_is_told_by_what_was_signed() {
    let story = Story::begin();
    let early = story.elsewhere();
    story.append(ALIVE);
    let size = story.cosigned();
    // A shorter export, and one from before there was a log key.
    for keep in [size - 1, 3] {
        let lines: String = story.dir.lines().iter().take(keep as usize).map(|l| format!("{l}\n")).collect();
        let short = story.dir.file("short.jsonl", lines).display().to_string();
        let verdict = story.verify(&[&short, "--against", "cosigned", "--log", &story.log], 1);
        assert_eq!(kinds(&verdict), ["truncated"], "{keep}");
    }
    let short = story.dir.beside("short.jsonl").display().to_string();
    let verdict = story.verify(&[&short, "--against", "cosigned"], 1);
    assert_eq!(kinds(&verdict), ["checkpoint_invalid"], "a roster without a log key knows nobody");
    assert!(verdict["notices"].to_string().contains("--log VKEY"));

    // Journal and store are put back, the checkpoint is forgotten there: the ledger contradicts itself.
    let latest = early.dir.path().join("checkpoints/latest");
    fs::create_dir_all(latest.parent().unwrap()).unwrap();
    fs::copy(story.dir.path().join("checkpoints/latest"), &latest).unwrap();
    early.dir.forget();
    assert_eq!(kinds(&early.verify(&[], 1)), ["truncated"]);
    let ran = early.dir.run(&["--key", "log", "checkpoint"]).expect(1).says(&["rolled_back", "nothing was signed"]);
    assert_eq!(ran.stdout, "");
    // It grows another end, and the log still signs nothing over it.
    early.append(MISSED);
    early.append(
        MISSED.iter().map(|w| if *w == "2026-02-10" { "2026-02-09" } else { w }).collect::<Vec<_>>().as_slice(),
    );
    let ran = early.dir.run(&["--key", "log", "checkpoint"]).expect(1).says(&["forked", &format!("{ORIGIN}\n{size}")]);
    assert_eq!(ran.stdout, "");
    assert_eq!(kinds(&early.verify(&[], 1)), ["root_mismatch"]);
}

#[test]
fn a_trust_file_is_met_by_its_witnesses_and_by_nothing_less() {
    let story = Story::begin();
    story.dir.file("trust", story.policy());
    let none = story.verify(&["--trust", "trust"], 1);
    assert_eq!(kinds(&none), ["witness_quorum_not_met"], "a policy with nothing to check is no pass");
    story.checkpoint(0, "request").expect(0);
    let bare = fs::read_to_string(story.dir.path().join("checkpoints/latest")).unwrap();
    story.dir.file("bare", &bare);
    let missing = story.verify(&["--against", "bare", "--trust", "trust"], 1);
    assert!(missing["faults"][0]["found"].as_str().unwrap().contains("mona missing"), "{missing:#}");
    story.meets("mona", "request", "cosigned").expect(0);
    let met = story.verify(&["--against", "cosigned", "--trust", "trust", "--max-age", "1d"], 0);
    assert_eq!(met["verdict"], "verified");
    // What came back stands in the ledger itself, and the reader's own keys judge it.
    story.dir.run(&["--key", "monitor", "witnessed", "cosigned"]).expect(0);
    let own = story.verify(&["--trust", "trust"], 0);
    assert_eq!(own["claims"]["anchors"][0]["from"], "the ledger itself");
    thread::sleep(Duration::from_millis(1100));
    let stale = story.verify(&["--against", "cosigned", "--trust", "trust", "--max-age", "0s"], 1);
    assert!(stale["faults"][0]["found"].as_str().unwrap().contains("mona stale"), "{stale:#}");

    let mona = story.policy().lines().nth(1).unwrap().to_owned();
    story.dir.file("twice", story.policy().replace("quorum", &format!("{}\nquorum", mona.replacen("mona", "mina", 1))));
    let ran = story.dir.run(&["verify", "--against", "cosigned", "--trust", "twice"]).expect(2);
    ran.says(&["duplicate key", "mona and mina"]);
    story.dir.run(&["verify", "--log", &story.log]).expect(2).says(&["--against"]);
}

#[test]
fn a_receipt_holds_without_the_ledger_and_no_part_of_it_can_be_bent() {
    let story = Story::begin();
    story.dir.run(&["prove", "3"]).expect(1).says(&["no checkpoint was made", "checkpoint"]);
    let receipts = story.dir.beside("receipts").display().to_string();
    let event = [ALIVE, &["--receipt", &receipts, "--log-key", "log"]].concat();
    let seq = story.dir.lines().len();
    story.append(&event).says(&[&format!("{seq}.tlog-proof")]);
    let proof = story.dir.beside("receipts").join(format!("{seq}.tlog-proof"));
    let entry = proof.with_extension("entry.json");
    assert_eq!(fs::read_to_string(&entry).unwrap(), *story.dir.lines().last().unwrap());

    let elsewhere = Dir::empty();
    let (far_proof, far_entry) = (elsewhere.beside("p.tlog-proof"), elsewhere.beside("p.entry.json"));
    fs::copy(&proof, &far_proof).unwrap();
    fs::copy(&entry, &far_entry).unwrap();
    let check = |log: &str| run(&["check", far_proof.to_str().unwrap(), "--log", log]);
    check(&story.log).expect(0).says(&["holds", "followed_up", "coordinator (synthetic)", "log alone"]);
    run(&["check", far_proof.to_str().unwrap()]).expect(2).says(&["whose log"]);

    let text = fs::read_to_string(&far_proof).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let at = |n: usize| (lines[n].to_owned(), flipped(lines[n]));
    let (note, last) = (lines.iter().position(|line| *line == ORIGIN).unwrap(), lines.len() - 1);
    for (from, to) in [at(0), at(1), at(2), at(note), at(note + 1), at(note + 2), at(last)] {
        fs::write(&far_proof, text.replacen(&from, &to, 1)).unwrap();
        check(&story.log).expect(1).says(&["does not hold"]);
    }
    fs::write(&far_proof, &text).unwrap();
    let line = fs::read_to_string(&far_entry).unwrap();
    fs::write(&far_entry, line.replacen("alive", "awake", 1)).unwrap();
    check(&story.log).expect(1).says(&["not the one that the receipt was given for"]);
    fs::write(&far_entry, format!("{line}\n")).unwrap();
    check(&story.log).expect(0);
    let other = story.as_witness("mona", &["key", "show", "mona", "--log", ORIGIN]).expect(0).stdout;
    check(other.trim()).expect(1).says(&["no known key"]);
    fs::remove_file(&far_entry).unwrap();
    check(&story.log).expect(3);

    // The monitor's cosignature travels with later receipts, and a trust file can demand it.
    story.cosigned();
    story.dir.run(&["--key", "monitor", "witnessed", "cosigned"]).expect(0);
    story.dir.run(&["prove", "3", "--output", "three.tlog-proof"]).expect(0);
    let trust = story.dir.file("trust", story.policy()).display().to_string();
    let three = story.dir.beside("three.tlog-proof").display().to_string();
    run(&["check", &three, "--trust", &trust]).expect(0).says(&["cosigned    by mona"]);
    run(&["check", proof.to_str().unwrap(), "--trust", &trust]).expect(1).says(&["witness_quorum_not_met"]);
}

/// The line with its last letter or digit changed.
fn flipped(line: &str) -> String {
    let at = line.rfind(|c: char| c.is_ascii_alphanumeric()).unwrap() - usize::from(line.ends_with('='));
    let other = if &line[at..=at] == "1" { "2" } else { "1" };
    format!("{}{other}{}", &line[..at], &line[at + 1..])
}

#[test]
fn two_processes_and_a_kill_never_make_a_witness_sign_two_histories() {
    let story = Story::begin();
    let other = story.elsewhere();
    story.append(ALIVE);
    other.append(MISSED);
    story.checkpoint(0, "one").expect(0);
    other.checkpoint(0, "two").expect(0);
    fs::copy(other.dir.beside("two"), story.dir.beside("two")).unwrap();
    let memory = story.dir.beside("mona-memory");
    let start = |request: &str| -> Child {
        let args = ["witness", request, "--log", &story.log, "--name", MONA];
        let mut command = story.witness_command("mona", &args);
        command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the binary starts")
    };
    let signed = |child: Child| {
        let output = child.wait_with_output().expect("it ends");
        String::from_utf8(output.stdout).unwrap().contains(MONA)
    };
    let mut killed_before_it_signed = 0;
    for round in 0..12_u64 {
        let _ = fs::remove_dir_all(&memory);
        let (one, two) = (start("one"), start("two"));
        assert!(!(signed(one) && signed(two)), "round {round}");

        let _ = fs::remove_dir_all(&memory);
        let mut one = start("one");
        thread::sleep(Duration::from_millis(round));
        let _ = one.kill();
        let first = signed(one);
        killed_before_it_signed += u64::from(!first);
        let second = signed(start("two"));
        assert!(!(first && second), "round {round}");
        // Whatever was left behind is one history, whole, and she goes on with it.
        let (again, contrary) = if second { ("two", "one") } else { ("one", "two") };
        let remembers: Vec<PathBuf> = fs::read_dir(&memory).unwrap().map(|e| e.unwrap().path()).collect();
        if second || first || remembers.iter().any(|path| path.extension().is_some_and(|end| end == "json")) {
            assert!(signed(start(again)), "round {round}");
            assert!(!signed(start(contrary)), "round {round}");
        }
    }
    assert!(killed_before_it_signed > 0, "some were killed in time");
}

#[test]
fn each_entry_lies_between_the_times_of_witnesses_on_a_real_clock_and_nowhere_on_a_simulated_one() {
    let story = Story::begin();
    story.dir.run(&["show", "3"]).expect(0).says(&["existed     on a simulated clock"]);

    // The same people open a ledger on the machine's clock.
    let real = Dir::empty();
    copy(&story.dir.path().join("keys"), &real.beside("keys"));
    let by = |key: &str, args: &[&str]| real.run(&[&["--keys", "keys", "--key", key], args].concat());
    let simulated = ["--simulated-clock", "--synthetic", "--recorded-at", "2026-01-05T09:00:00+08:00"];
    let init: Vec<&str> = INIT.iter().filter(|word| !simulated.contains(word)).copied().collect();
    by("sponsor", &init).expect(0);
    let who = |key: &str, purpose: &str, role: &str| {
        let args =
            ["key", "grant", key, "--purpose", purpose, "--role", role, "--name", key, "--organisation", "Example"];
        by("sponsor", &args).expect(0)
    };
    who("log", "log", "sponsor");
    who("monitor", "author", "monitor");
    let mona = story.as_witness("mona", &["key", "show", "mona"]).expect(0).stdout;
    who(mona.trim(), "witness", "monitor");
    real.run(&["show", "1"]).expect(0).says(&["existed     by its own word alone"]);

    let memory = real.beside("memory").display().to_string();
    let visit = |since: u64, file: &str| {
        let (request, cosigned) = (real.beside(&format!("{file}.request")), real.beside(file));
        by("log", &["checkpoint", "--since", &since.to_string(), "--output", request.to_str().unwrap()]).expect(0);
        let args = ["witness", request.to_str().unwrap(), "--log", &story.log, "--name", MONA, "--state", &memory];
        story.as_witness("mona", &[&args[..], &["--output", cosigned.to_str().unwrap()]].concat()).expect(0);
        by("monitor", &["witnessed", cosigned.to_str().unwrap()]).expect(0);
        size(&cosigned)
    };
    let first = visit(0, "first");
    real.run(&["show", "1"]).expect(0).says(&["existed     before 20", MONA]);
    by("sponsor", &["append", "site-activated", "--site", "TPE-01", "--name", "A hospital"]).expect(0);
    let seq = (real.lines().len() - 1).to_string();
    real.run(&["show", &seq]).expect(0).says(&["existed     after 20", "not yet witnessed"]);
    visit(first, "second");
    let shown = real.run(&["show", &seq]).expect(0).says(&["existed     between 20"]);
    assert_eq!(shown.stdout.matches(MONA).count(), 2, "{shown:#?}");
    let bound = real.run(&["show", &seq, "--json"]).expect(0).json()["bound"].clone();
    assert!(bound["after"]["time"].as_u64() <= bound["before"]["time"].as_u64(), "{bound}");
    real.run(&["status"]).expect(0).says(&["witnessed", "existed before 20"]);
    real.run(&["verify"]).expect(0);
}
