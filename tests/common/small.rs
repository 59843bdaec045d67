//! The small ledger: a made-up trial of a week, with one subject for each thing that can go another way.
//!
//! Everything in it is invented. Its clock is simulated; it stands on 10 February 2026 in Taipei when it ends.

use super::{Dir, made_once, run, run_knowing};
use serde_json::{Value, json};
use std::{fs, path::Path, path::PathBuf, sync::OnceLock};

/// The protocol in force, which the product ships as an example.
pub const PROTOCOL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/examples/protocols/axitinib-rt.json");

/// Who signs: alias, role, site. The sponsor comes with the genesis.
pub const PEOPLE: &[(&str, &str, Option<&str>)] = &[
    ("investigator", "investigator", Some("TPE-01")),
    ("elsewhere", "investigator", Some("TPE-02")),
    ("coordinator", "coordinator", Some("TPE-01")),
    ("therapist", "radiation_therapist", Some("TPE-01")),
    ("physicist", "physicist", Some("TPE-01")),
    ("radiologist", "radiologist", Some("TPE-01")),
    ("monitor", "monitor", None),
    ("committee", "safety_committee", None),
    ("left", "coordinator", Some("TPE-01")),
];

/// A key that nobody granted.
pub const STRANGER: &str = "stranger";

/// A copy of the small ledger.
pub fn small() -> Dir {
    static SMALL: OnceLock<PathBuf> = OnceLock::new();
    made_once(&SMALL, "small", make)
}

/// A draft as it stands in a file: who signs, when it is recorded (Taipei), the event.
pub fn draft(by: &str, recorded_at: &str, event: Value) -> Value {
    json!({ "by": by, "recorded_at": format!("{recorded_at}:00.000+08:00"), "event": with_version(event) })
}

/// The event with the version of its facts.
pub fn with_version(mut event: Value) -> Value {
    event["version"] = json!(1);
    event
}

/// Drafts as a file.
pub fn jsonl(drafts: &[Value]) -> String {
    drafts.iter().map(|draft| format!("{draft}\n")).collect()
}

/// Makes keys without a passphrase.
pub fn keys(folder: &Path, aliases: &[&str]) {
    for alias in aliases {
        let ran = run(&[
            "--keys".as_ref(),
            folder.as_os_str(),
            "key".as_ref(),
            "new".as_ref(),
            alias.as_ref(),
            "--no-passphrase".as_ref(),
        ]);
        assert_eq!(ran.code, 0, "{ran:#?}");
    }
}

/// The public key of a key file.
pub fn public(folder: &Path, alias: &str) -> String {
    let ran = run(&["--keys".as_ref(), folder.as_os_str(), "key".as_ref(), "show".as_ref(), alias.as_ref()]);
    assert_eq!(ran.code, 0, "{ran:#?}");
    ran.stdout.trim().to_owned()
}

/// The arguments of an append that is there already when it is repeated: S-1 is seen alive.
pub const FOLLOWED: &[&str] = &[
    "--key",
    "coordinator",
    "append",
    "followed-up",
    "--subject",
    "S-1",
    "--status",
    "alive",
    "--occurred-at",
    "2026-02-10",
];

/// The arguments of an append that can be repeated, but for the text that describes it.
pub const CONTACT: &[&str] = &[
    "--key",
    "coordinator",
    "append",
    "deviation-recorded",
    "--subject",
    "S-1",
    "--occurred-at",
    "2026-02-10",
    "--category",
    "other",
    "--important",
    "false",
    "--description",
];

/// The arguments of `init` for a trial with a simulated clock.
pub const INIT: &[&str] = &[
    "init",
    "--trial",
    "SMALL-01",
    "--title",
    "A small trial (synthetic)",
    "--zone",
    "Asia/Taipei",
    "--origin",
    "sponsor.example/small-01",
    "--name",
    "Ada Sponsor (synthetic)",
    "--organisation",
    "Example Sponsor",
    "--protocol",
    PROTOCOL,
    "--simulated-clock",
    "--synthetic",
    "--recorded-at",
    "2026-01-05T09:00:00+08:00",
];

fn make(path: &Path, known: &Path) {
    let folder = path.with_extension("keys");
    let _ = fs::remove_dir_all(&folder);
    let aliases: Vec<&str> = ["sponsor", STRANGER].into_iter().chain(PEOPLE.iter().map(|(alias, ..)| *alias)).collect();
    keys(&folder, &aliases);
    let ledger = path.to_str().expect("a plain path");
    let init =
        [&["--ledger", ledger, "--keys", folder.to_str().expect("a plain path"), "--key", "sponsor"], INIT].concat();
    run_knowing(known, &init).expect(0);
    let inside = path.join("keys");
    fs::rename(&folder, &inside).expect("the keys move in");
    let drafts = path.with_extension("jsonl");
    fs::write(&drafts, jsonl(&in_order([opening(&inside), story()].concat()))).expect("a file");
    run_knowing(known, &["--ledger", ledger, "append", "--file", drafts.to_str().expect("a plain path")]).expect(0);
    fs::remove_file(drafts).expect("it was there");
}

/// What the sponsor signs before the first subject.
fn opening(folder: &Path) -> Vec<Value> {
    let mut drafts: Vec<Value> = ["TPE-01", "TPE-02"]
        .iter()
        .map(|site| {
            draft(
                "sponsor",
                "2026-01-05T10:00",
                json!({ "type": "site_activated", "site": site, "name": "A hospital" }),
            )
        })
        .collect();
    for (alias, role, site) in PEOPLE {
        let mut event = json!({
            "type": "key_granted", "key": public(folder, alias), "name": format!("{alias} (synthetic)"), "organisation": "Example",
            "role": role, "purpose": "author"
        });
        if let Some(site) = site {
            event["site"] = json!(site);
        }
        drafts.push(draft("sponsor", "2026-01-05T11:00", event));
    }
    let mut revoked =
        draft("sponsor", "2026-01-06T09:00", json!({ "type": "key_revoked", "key": public(folder, "left") }));
    revoked["reason"] = json!("left the hospital");
    drafts.push(revoked);
    drafts
}

/// Consent and screening of a subject, on 2 February.
fn entered(subject: &str) -> Vec<Value> {
    vec![
        consented(subject),
        screened(subject, json!({ "age": { "value": "61", "unit": "years" }, "sex": "female", "ecog": "1" })),
    ]
}

fn consented(subject: &str) -> Value {
    let event = json!({ "type": "consent_given", "subject": subject, "site": "TPE-01", "occurred_at": "2026-02-02", "form": "ICF-1.0" });
    draft("investigator", "2026-02-02T09:00", event)
}

fn screened(subject: &str, baseline: Value) -> Value {
    let event =
        json!({ "type": "subject_screened", "subject": subject, "occurred_at": "2026-02-02", "baseline": baseline });
    draft("investigator", "2026-02-02T10:00", event)
}

fn enrolled(subject: &str) -> Value {
    let event = json!({ "type": "subject_enrolled", "subject": subject, "occurred_at": "2026-02-03", "level": 1 });
    draft("investigator", "2026-02-03T09:00", event)
}

fn dose(subject: &str, day: &str) -> Value {
    let event = json!({
        "type": "dose_taken", "subject": subject, "agent": "axitinib", "occurred_at": format!("2026-02-{day}T08:00:00+08:00"),
        "dose": { "value": "1", "unit": "mg" }
    });
    draft("coordinator", &format!("2026-02-{day}T09:00"), event)
}

fn fraction(number: u8, day: &str) -> Value {
    let event = json!({
        "type": "fraction_delivered", "subject": "S-1", "plan": "P1", "number": number, "occurred_at": format!("2026-02-{day}"),
        "dose": { "value": "300", "unit": "cGy" }
    });
    draft("therapist", &format!("2026-02-{day}T14:00"), event)
}

fn because(mut draft: Value, reason: &str) -> Value {
    draft["reason"] = json!(reason);
    draft
}

/// S-1 is treated. S-2 is not eligible, S-3 has only consented, S-4 has died, S-5 has withdrawn consent, S-6 failed
/// screening, S-7 has a dose-limiting toxicity, S-8 finds no place, the consent of S-9 was recorded by mistake.
fn story() -> Vec<Value> {
    let mut drafts = Vec::new();
    for subject in ["S-1", "S-4", "S-5", "S-6", "S-7", "S-8"] {
        drafts.extend(entered(subject));
    }
    drafts.extend([consented("S-3"), consented("S-9"), consented("S-2")]);
    let mut ineligible = screened("S-2", json!({ "age": { "value": "17", "unit": "years" } }));
    ineligible["event"]["criteria_not_met"] = json!(["adult"]);
    drafts.push(ineligible);
    let failed = json!({ "type": "screen_failed", "subject": "S-6", "occurred_at": "2026-02-02", "criteria_not_met": ["proteinuria"] });
    drafts.push(draft("investigator", "2026-02-02T11:00", failed));
    let baseline = json!({
        "type": "tumour_assessed", "subject": "S-1", "occurred_at": "2026-01-30", "method": "CT",
        "targets": [{ "lesion": "T1", "site": "liver", "in_field": true, "diameter": { "value": "40", "unit": "mm" } }]
    });
    drafts.push(draft("radiologist", "2026-02-02T15:00", baseline));
    drafts.extend(["S-1", "S-4", "S-7"].map(enrolled));
    let plan = json!({
        "type": "radiotherapy_planned", "subject": "S-1", "plan": "P1", "occurred_at": "2026-02-04",
        "prescription": { "value": "45", "unit": "Gy" }, "fractions": 15,
        "mean_doses": { "liver": { "value": "17.6", "unit": "Gy" } }, "machine": "LINAC-1"
    });
    drafts.push(draft("physicist", "2026-02-04T09:00", plan));
    drafts.extend(["S-1", "S-4", "S-7"].map(|subject| dose(subject, "05")));
    drafts.extend([fraction(1, "05"), fraction(2, "06")]);
    let withdrawn =
        json!({ "type": "subject_withdrawn", "subject": "S-5", "occurred_at": "2026-02-06", "from": "consent" });
    drafts.push(because(draft("investigator", "2026-02-06T15:00", withdrawn), "the subject asked for it"));
    let hypertension = json!({
        "type": "adverse_event_reported", "subject": "S-1", "ae": "AE01", "occurred_at": "2026-02-06", "term": "Hypertension",
        "grade": 2, "attribution": { "axitinib": "probable" }, "serious": false
    });
    drafts.push(draft("coordinator", "2026-02-06T16:00", hypertension));
    let toxicity = json!({
        "type": "adverse_event_reported", "subject": "S-7", "ae": "AE01", "occurred_at": "2026-02-07",
        "term": "Alanine aminotransferase increased", "grade": 4, "attribution": { "axitinib": "probable" }, "serious": true
    });
    drafts.push(draft("coordinator", "2026-02-07T10:00", toxicity));
    let death = json!({ "type": "death_recorded", "subject": "S-4", "occurred_at": "2026-02-08", "cause": "disease", "relation": "unrelated" });
    drafts.push(draft("investigator", "2026-02-08T10:00", death));
    drafts.push(dose("S-7", "08"));
    let seen = json!({ "type": "followed_up", "subject": "S-1", "occurred_at": "2026-02-09", "status": "alive" });
    drafts.push(draft("coordinator", "2026-02-09T10:00", seen));
    let laboratory = json!({
        "type": "laboratory_measured", "subject": "S-1", "occurred_at": "2026-02-09", "test": "CREAT", "value": "9.0", "unit": "mg/dL"
    });
    drafts.push(draft("coordinator", "2026-02-09T11:00", laboratory));
    drafts
}

/// The drafts by time of recording, and behind them the one that takes the consent of S-9 back.
fn in_order(mut drafts: Vec<Value>) -> Vec<Value> {
    drafts.sort_by_key(|draft| draft["recorded_at"].to_string());
    let consent = drafts.iter().position(|d| d["event"]["subject"] == "S-9").expect("it is there");
    let mut void = draft("investigator", "2026-02-10T09:00", json!({ "type": "entry_voided" }));
    void["target_line"] = json!(consent + 1);
    drafts.push(because(void, "this person never came"));
    drafts
}

/// The place of the one entry whose event has these members.
pub fn seq_of(dir: &Dir, members: &[(&str, &str)]) -> u64 {
    let fits = |line: &&Value| members.iter().all(|(name, value)| line["body"]["event"][*name] == *value);
    let entries: Vec<Value> = dir.lines().iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let mut found = entries.iter().filter(fits);
    let one = found.next().unwrap_or_else(|| panic!("no entry has {members:?}"));
    assert!(found.next().is_none(), "more than one entry has {members:?}");
    one["body"]["seq"].as_u64().expect("a place")
}
