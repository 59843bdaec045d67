//! Keys on disk and in the roster, and a newcomer's first hour: from the first key to a subject with doses, on a real
//! clock.
#![cfg(unix)]

use crate::common::{
    Dir, Ran,
    small::{FOLLOWED, PROTOCOL, small},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    str::FromStr,
    time::{SystemTime, UNIX_EPOCH},
};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A folder of keys, with a passphrase in a file.
struct Ring {
    dir: Dir,
}

impl Ring {
    fn new() -> Ring {
        let dir = Dir::empty();
        dir.file("passphrase", "correct horse battery staple\n");
        Ring { dir }
    }

    fn with(&self, passphrase: &str, args: &[&str]) -> Ran {
        let folder = self.dir.beside("keys");
        let common = ["--keys", folder.to_str().unwrap(), "--passphrase-file", passphrase];
        self.dir.run(&[&common, args].concat())
    }

    fn run(&self, args: &[&str]) -> Ran {
        self.with("passphrase", args)
    }

    fn file(&self, alias: &str) -> std::path::PathBuf {
        self.dir.beside("keys").join(format!("{alias}.pem"))
    }
}

#[test]
fn a_new_key_is_encrypted_and_only_its_owner_can_read_the_file() {
    let ring = Ring::new();
    let made = ring.run(&["key", "new", "ivy"]).expect(0);
    let public = made.stdout.trim().to_owned();
    assert!(public.len() == 64 && public.bytes().all(|b| b.is_ascii_hexdigit()), "{made:?}");
    made.says(&["note: written to ", "it may sign once the sponsor has granted it"]);
    assert_eq!(mode(&ring.file("ivy")), 0o600);
    let text = fs::read_to_string(ring.file("ivy")).unwrap();
    assert!(text.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"), "{text}");
    assert_eq!(ring.run(&["key", "show", "ivy"]).expect(0).stdout.trim(), public);
    assert_eq!(ring.run(&["key", "show", "ivy", "--json"]).expect(0).json(), json!({ "alias": "ivy", "key": public }));

    let plain = ring.run(&["key", "new", "bot", "--no-passphrase", "--json"]).expect(0).json();
    assert_ne!(plain["key"], json!(public));
    assert!(fs::read_to_string(ring.file("bot")).unwrap().starts_with("-----BEGIN PRIVATE KEY-----"));
    assert_eq!(mode(&ring.file("bot")), 0o600);
    let listed = ring.run(&["key", "list", "--json"]).expect(0).json();
    assert_eq!(listed["files"], json!([{ "alias": "bot", "key": plain["key"] }, { "alias": "ivy", "key": null }]));
}

#[test]
fn each_way_in_which_a_key_file_does_not_open_has_its_own_words() {
    let ring = Ring::new();
    ring.run(&["key", "new", "ivy"]).expect(0);
    let before = fs::read(ring.file("ivy")).unwrap();

    ring.run(&["key", "new", "ivy"]).expect(2).says(&["ivy.pem is there already", "a key is never written over"]);
    ring.dir.file("wrong", "incorrect horse\n");
    ring.with("wrong", &["key", "show", "ivy"]).expect(2).says(&["the passphrase does not open ", "ivy.pem"]);
    ring.with("nowhere", &["key", "show", "ivy"]).expect(3).says(&["nowhere: "]);
    ring.run(&["key", "show", "eve"]).expect(3).says(&["there is no key eve in ", "the keys here are: ivy"]);
    for bad in [0o644, 0o640, 0o604, 0o660] {
        set_mode(&ring.file("ivy"), bad);
        let found = format!("can be read by others: expected mode 0600, found {bad:04o}");
        ring.run(&["key", "show", "ivy"]).expect(2).says(&[&found, "chmod 600"]);
    }
    set_mode(&ring.file("ivy"), 0o600);
    for (name, bytes) in [
        ("cut", &before[..before.len() / 2]),
        ("empty", b""),
        ("binary", b"\xff\xfe\0"),
        ("other", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
    ] {
        fs::write(ring.file(name), bytes).unwrap();
        set_mode(&ring.file(name), 0o600);
        ring.run(&["key", "show", name]).expect(2).says(&["is not an Ed25519 key file", "trial key new"]);
    }
    fs::write(ring.file("ivy"), &before).unwrap();
    ring.run(&["key", "show", "ivy"]).expect(0);
}

#[test]
fn the_passphrase_is_the_first_line_of_its_file_and_never_empty() {
    let ring = Ring::new();
    let public = ring.run(&["key", "new", "ivy"]).expect(0).stdout;
    for (name, bytes) in [
        ("windows", "correct horse battery staple\r\n"),
        ("bare", "correct horse battery staple"),
        ("noted", "correct horse battery staple\nthis is the key of Ivy\n"),
    ] {
        ring.dir.file(name, bytes);
        assert_eq!(ring.with(name, &["key", "show", "ivy"]).expect(0).stdout, public, "{name}");
    }
    for (name, bytes) in [("blank", ""), ("newline", "\n"), ("second", "\nsecret\n")] {
        ring.dir.file(name, bytes);
        let refused = ring.with(name, &["key", "new", "eve"]).expect(2);
        refused.says(&["an empty passphrase protects nothing", "--no-passphrase"]);
        assert!(!ring.file("eve").exists(), "{name}");
    }
}

/// Runs `openssl`, if it is installed; says so where it is not.
fn openssl(args: &[&str]) -> Option<std::process::Output> {
    let output = std::process::Command::new("openssl").args(args).output().ok();
    if output.is_none() {
        eprintln!("skipped: there is no openssl here");
    }
    output
}

#[test]
fn a_key_that_openssl_made_signs_too() {
    let Some(made) = openssl(&["genpkey", "-algorithm", "ed25519"]) else { return };
    let ring = Ring::new();
    fs::create_dir(ring.dir.beside("keys")).unwrap();
    fs::write(ring.file("theirs"), made.stdout).unwrap();
    set_mode(&ring.file("theirs"), 0o600);
    assert_eq!(ring.run(&["key", "show", "theirs"]).expect(0).stdout.trim().len(), 64);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn openssl_reads_our_keys_with_and_without_a_passphrase() {
    let ring = Ring::new();
    let encrypted = ring.run(&["key", "new", "ivy"]).expect(0).stdout;
    let plain = ring.run(&["key", "new", "bot", "--no-passphrase"]).expect(0).stdout;
    let passphrase = format!("file:{}", ring.dir.beside("passphrase").display());
    for (alias, public) in [("ivy", encrypted), ("bot", plain)] {
        let file = ring.file(alias);
        let read = ["pkey", "-in", file.to_str().unwrap(), "-passin", &passphrase, "-pubout", "-outform", "DER"];
        let Some(read) = openssl(&read) else { return };
        assert!(read.status.success(), "{alias}: {}", String::from_utf8_lossy(&read.stderr));
        // RFC 8410: a header of twelve bytes, then the key.
        assert_eq!(hex(&read.stdout), format!("302a300506032b6570032100{}", public.trim()), "{alias}");
    }
    let ivy = ring.file("ivy");
    let wrong = openssl(&["pkey", "-in", ivy.to_str().unwrap(), "-passin", "pass:incorrect horse", "-noout"]).unwrap();
    assert!(!wrong.status.success());
}

#[test]
fn openssl_checks_the_signature_of_an_entry() {
    let dir = small();
    let line = dir.lines().pop().unwrap();
    let (body, _) = line.strip_prefix("{\"body\":").unwrap().split_once(",\"signatures\":").unwrap();
    let signature = serde_json::from_str::<Value>(&line).unwrap()["signatures"][0].clone();
    let key = trial_core::ids::Key::from_str(signature["key"].as_str().unwrap()).unwrap();
    let header = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    let public = dir.file("public.der", [&header[..], &key.0].concat());
    let sig = dir.file("signature", STANDARD.decode(signature["sig"].as_str().unwrap()).unwrap());
    let message = format!("trial-ledger/entry/v1\n{body}");
    for (text, holds) in [(message.clone(), true), (message.replacen("\"v\":1", "\"v\":2", 1), false)] {
        let text = dir.file("message", text);
        let [public, sig, text] = [&public, &sig, &text].map(|path| path.to_str().unwrap());
        let verify = [
            "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", public, "-rawin", "-in", text, "-sigfile", sig,
        ];
        let Some(verified) = openssl(&verify) else { return };
        assert_eq!(verified.status.success(), holds, "{verified:?}");
    }
}

/// The usual append, signed by somebody else.
fn seen(dir: &Dir, alias: &str) -> Ran {
    dir.run(&[&["--key", alias], &FOLLOWED[2..]].concat())
}

fn grant(dir: &Dir, alias: &str, role: &str) -> Ran {
    let who = ["--name", "Nora New (synthetic)", "--organisation", "Example", "--role", role, "--site", "TPE-01"];
    dir.run(&[&["--key", "sponsor", "key", "grant", alias], who.as_slice()].concat())
}

#[test]
fn a_key_signs_from_its_grant_to_its_revocation_and_what_it_signed_stays_valid() {
    let dir = small();
    let entries = || dir.sound()["entries"].as_u64().unwrap();
    let start = entries();
    dir.run(&["key", "new", "nora", "--no-passphrase"]).expect(0);
    let public = dir.run(&["key", "show", "nora"]).expect(0).stdout.trim().to_owned();

    seen(&dir, "nora").expect(1).says(&["the key of nora (", &public, "is not in the roster", "trial key grant nora"]);
    assert_eq!(entries(), start);
    grant(&dir, "nora", "coordinator").expect(0).says(&[&format!("entry {start}: key_granted")]);
    seen(&dir, "nora").expect(0).says(&[&format!("entry {}: followed_up of S-1", start + 1)]);
    grant(&dir, "nora", "coordinator").expect(1).says(&["key_reused", "a key that was never granted"]);
    // A key stands for one person: not under another role, not by its hexadecimal form either.
    grant(&dir, &public, "investigator").expect(1).says(&["key_reused"]);

    let revoke =
        |by: &str, holder: &str| dir.run(&["--key", by, "key", "revoke", holder, "--reason", "the laptop was stolen"]);
    revoke("investigator", "nora").expect(1).says(&["investigator is investigator and may not sign key_revoked"]);
    let revoked = dir.run(&[
        "--key",
        "sponsor",
        "key",
        "revoke",
        &public,
        "--reason",
        "the laptop was stolen",
        "--compromised-since",
        &(start + 1).to_string(),
    ]);
    revoked.expect(0).says(&[&format!("entry {}: key_revoked", start + 2)]);
    seen(&dir, "nora").expect(1).says(&["key_revoked", &format!("revoked at entry {}", start + 2)]);
    revoke("sponsor", "nora").expect(1);
    grant(&dir, "nora", "coordinator").expect(1).says(&["key_reused"]);
    assert_eq!(entries(), start + 3);

    let by_nora = dir.run(&["log", "--by", "Nora", "--json"]).expect(0).json();
    assert_eq!(by_nora["entries"].as_array().unwrap().len(), 1);
    assert_eq!(by_nora["entries"][0]["seq"], json!(start + 1));
    let listed = dir.run(&["key", "list", "--json"]).expect(0).json();
    let member = crate::common::pick(&listed["roster"], &[("key", json!(public))]);
    assert_eq!((&member["name"], &member["revoked"]), (&json!("Nora New (synthetic)"), &json!(start + 2)));
    dir.run(&["key", "list"]).expect(0).says(&["Nora New (synthetic), coordinator, revoked", "stranger", "nobody"]);
}

#[test]
fn a_key_file_is_found_by_its_path_and_the_environment_names_the_key() {
    let dir = small();
    fs::copy(dir.path().join("keys/coordinator.pem"), dir.beside("mine.pem")).unwrap();
    seen(&dir, dir.beside("mine.pem").to_str().unwrap()).expect(0);
    let mut command =
        dir.command(&["append", "followed-up", "--subject", "S-1", "--status", "alive", "--occurred-at", "2026-02-10"]);
    let output = command.env("TRIAL_KEY", "coordinator").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    dir.sound();
}

#[test]
fn the_last_sponsor_stays_or_the_ledger_says_what_is_lost() {
    let dir = small();
    let before = dir.bytes();
    let ran = dir.run(&["--key", "sponsor", "key", "revoke", "sponsor", "--reason", "retired"]);
    // Whether it may: the ledger stays verifiable, and an unknown key is never revoked.
    assert!([0, 1].contains(&ran.code), "{ran:?}");
    assert_eq!(ran.code == 1, dir.bytes() == before);
    dir.sound();
    let nobody = "11".repeat(32);
    let ran = small().run(&["--key", "sponsor", "key", "revoke", &nobody, "--reason", "never seen"]);
    ran.expect(1).says(&["unknown_signer"]);
}

// A newcomer, with a real clock.

struct Newcomer {
    ring: Ring,
}

impl Newcomer {
    fn run(&self, args: &[&str]) -> Ran {
        self.ring.run(args)
    }

    fn by(&self, alias: &str, args: &[&str]) -> Ran {
        self.run(&[&["--key", alias], args].concat())
    }
}

const NAMES: &[&str] = &[
    "--trial",
    "AXI-02",
    "--title",
    "A trial that begins today",
    "--zone",
    "Asia/Taipei",
    "--origin",
    "sponsor.example/axi-02",
    "--name",
    "Ada Sponsor",
    "--organisation",
    "Example",
    "--protocol",
    PROTOCOL,
];

#[test]
fn a_newcomer_comes_from_the_first_key_to_a_treated_subject_on_a_real_clock() {
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let started = clock();
    let new = Newcomer { ring: Ring::new() };
    new.run(&["status"]).expect(3).says(&["there is no ledger in "]);

    let roles = [
        ("ivy", "investigator"),
        ("cleo", "coordinator"),
        ("theo", "radiation_therapist"),
        ("phil", "physicist"),
        ("mona", "monitor"),
    ];
    new.run(&["key", "new", "ada"]).expect(0);
    let refused = new.by("ada", &[&["init", "--recorded-at", "2020-01-01T00:00:00Z"], NAMES].concat()).expect(2);
    refused.says(&["--simulated-clock"]);
    assert!(!new.ring.dir.path().exists());
    new.by("ada", &[&["init"], NAMES].concat()).expect(0).says(&["opened AXI-02 in ", ", 3 entries", "next: "]);
    new.by("ada", &["append", "site-activated", "--site", "TPE-01", "--name", "A hospital"]).expect(0);
    for (alias, role) in roles {
        new.run(&["key", "new", alias]).expect(0);
        new.by("ada", &["key", "grant", alias, "--name", alias, "--organisation", "Example", "--role", role]).expect(0);
    }
    // The reading happens now: its day is today in Taipei.
    let status = new.run(&["status", "--json"]).expect(0).json();
    let today = status["cut"]["day"].as_str().unwrap().to_owned();
    assert_eq!((&status["cut"]["clock"], &status["escalation"]["open_slots"]), (&json!("system"), &json!(3)));

    let at = ["--occurred-at", today.as_str()];
    let append = |by: &str, args: &[&str]| new.by(by, &[&["append"], args, &at].concat());
    append("ivy", &["consent-given", "--subject", "S-001", "--site", "TPE-01", "--form", "ICF-1.0"]).expect(0);
    append("ivy", &["subject-screened", "--subject", "S-001", "--baseline", "sex=male", "--baseline", "age=61years"])
        .expect(0);
    append("ivy", &["subject-enrolled", "--subject", "S-001", "--level", "1"]).expect(0);
    let plan =
        ["radiotherapy-planned", "--subject", "S-001", "--plan", "P1", "--prescription", "45Gy", "--fractions", "15"];
    append("phil", &[&plan[..], &["--mean-doses", "liver=17.6Gy", "--machine", "LINAC-1"]].concat()).expect(0);
    append("cleo", &["dose-taken", "--subject", "S-001", "--agent", "axitinib", "--dose", "1mg"]).expect(0);
    let fraction = ["fraction-delivered", "--subject", "S-001", "--plan", "P1", "--number", "1", "--dose", "3.0Gy"];
    append("theo", &fraction).expect(0).says(&["fraction_delivered of S-001"]);
    append("theo", &fraction).expect(1).says(&["fraction 1 of plan P1 was delivered on "]);
    append("mona", &["dose-taken", "--subject", "S-001", "--agent", "axitinib", "--dose", "1mg"]).expect(1);

    // Nobody says when it is recorded: neither a flag nor a draft.
    let told = ["recorded_at is given: this ledger takes the time from the clock", "hint: leave out recorded_at"];
    let seen = ["followed-up", "--subject", "S-001", "--status", "alive", "--recorded-at", "2030-01-01T00:00:00Z"];
    append("cleo", &seen).expect(1).says(&told);
    let event =
        json!({ "type": "followed_up", "version": 1, "subject": "S-001", "occurred_at": today, "status": "alive" });
    let draft = json!({ "by": "cleo", "recorded_at": "2020-01-01T00:00:00Z", "event": event });
    let file = new.ring.dir.file("draft.jsonl", draft.to_string());
    new.run(&["append", "--file", file.to_str().unwrap()]).expect(1).says(&told[..1]);

    let verdict = new.run(&["verify", "--json"]).expect(0).json();
    assert_eq!(
        (&verdict["verdict"], &verdict["clock"], &verdict["data"]),
        (&json!("verified"), &json!("system"), &json!("real"))
    );
    assert_eq!(verdict["entries"], json!(3 + 1 + roles.len() + 6));
    let words = new.run(&["verify"]).expect(0).stdout;
    assert!(
        words.contains("anchor      extends the 15 entries that you saw")
            && !words.contains("SIMULATED")
            && !words.contains("SYNTHETIC"),
        "{words}"
    );

    let replay = new.run(&["replay", "--json"]).expect(0).json();
    let level = &replay["escalation"]["levels"][0];
    assert_eq!((&level["enrolled"], &level["treated"], &level["pending"]), (&json!(1), &json!(1), &json!(1)));
    assert_eq!(replay["exposure"][0]["taken_mg"], json!(1.0));
    assert_eq!(replay["radiotherapy"]["subjects"][0]["delivered_gy"], json!(3.0));

    // Every entry was recorded while this test ran, and none before the one in front of it.
    let log = new.run(&["log", "--json"]).expect(0).json();
    let recorded: Vec<u128> =
        log["entries"].as_array().unwrap().iter().map(|entry| millis(&entry["recorded_at"])).collect();
    assert!(recorded.windows(2).all(|pair| pair[0] <= pair[1]), "{recorded:?}");
    assert!(recorded[0] >= started && recorded[recorded.len() - 1] <= clock(), "{started} {recorded:?}");
}

fn millis(stamp: &Value) -> u128 {
    let instant = stamp.as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    u128::try_from(instant.timestamp_millis()).unwrap()
}
