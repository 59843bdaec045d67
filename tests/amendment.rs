//! An amendment with a new consent form: who is treated under it without having signed that form is found, and shown.

use crate::common::{
    Dir,
    small::{PROTOCOL, draft, jsonl, seq_of, small},
};
use serde_json::{Value, json};

fn append(dir: &Dir, name: &str, drafts: &[Value]) {
    let file = dir.file(name, jsonl(drafts)).display().to_string();
    dir.run(&["append", "--file", &file]).expect(0);
}

fn dose(subject: &str, day: &str) -> Value {
    let event = json!({
        "type": "dose_taken", "subject": subject, "agent": "axitinib", "occurred_at": format!("2026-02-{day}T08:00:00+08:00"),
        "dose": { "value": "1", "unit": "mg" }
    });
    draft("coordinator", &format!("2026-02-{day}T09:00"), event)
}

#[test]
fn treatment_under_an_amendment_without_consent_to_its_form_is_shown_and_stays_on_record() {
    let dir = small();
    let mut protocol: Value = serde_json::from_str(&std::fs::read_to_string(PROTOCOL).unwrap()).unwrap();
    protocol["edition"] = json!("amendment-1");
    protocol["consent_form"] = json!("ICF-2.0");
    let consent = |subject: &str, day: &str| {
        let event = json!({
            "type": "consent_given", "subject": subject, "site": "TPE-01", "occurred_at": format!("2026-02-{day}"),
            "form": "ICF-2.0"
        });
        draft("investigator", &format!("2026-02-{day}T08:30"), event)
    };
    let amended = draft("sponsor", "2026-02-10T12:00", json!({ "type": "protocol_activated", "protocol": protocol }));
    // S-7 signs the new form before the next intake, S-1 only a day after it.
    append(&dir, "amended.jsonl", &[amended, consent("S-7", "11"), dose("S-7", "11"), dose("S-1", "11")]);
    append(&dir, "late.jsonl", &[consent("S-1", "12"), dose("S-1", "12")]);

    let under =
        seq_of(&dir, &[("type", "dose_taken"), ("subject", "S-1"), ("occurred_at", "2026-02-11T08:00:00+08:00")]);
    let replay = dir.run(&["replay", "--json"]).expect(0).json();
    let found: Vec<&Value> =
        replay["deviations"].as_array().unwrap().iter().filter(|d| d["rule"] == "consent_version").collect();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (&found[0]["subject"], &found[0]["day"], &found[0]["seq"]),
        (&json!("S-1"), &json!("2026-02-11"), &json!(under))
    );

    let seen = dir.run(&["replay"]).expect(0).stdout;
    let line = seen.lines().find(|line| line.contains("consent version")).expect("the list of deviations has it");
    assert!(
        line.starts_with("S-1") && line.contains("2026-02-11") && line.trim_end().ends_with(&under.to_string()),
        "{line}"
    );
    assert!(seen.contains("without consent to form ICF-2.0"), "{seen}");
    dir.run(&["status"]).expect(0).says(&["1 consent version"]);
    dir.run(&["why", "deviations[rule=consent_version]"]).expect(0).says(&[
        "amendment-1",
        "dose_taken S-1",
        "signature",
    ]);
    // The day before, nothing of it was known.
    let before = dir.run(&["replay", "--json", "--as-of", "2026-02-10"]).expect(0).json();
    assert!(before["deviations"].as_array().unwrap().iter().all(|d| d["rule"] != "consent_version"));
    dir.run(&["verify"]).expect(0);
}
