//! Another trial on the same program: five levels of radiotherapy, an MTD that needs six subjects, no line of code changed.

use crate::common::{
    Dir,
    small::{draft, jsonl, keys, public},
};
use serde_json::{Value, json};

const PROTOCOL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/examples/protocols/rt-dose-levels.json");
const ALIASES: [&str; 4] = ["investigator", "physicist", "therapist", "committee"];
const ROLES: [&str; 4] = ["investigator", "physicist", "radiation_therapist", "safety_committee"];

/// A ledger with the second protocol in force and everybody granted.
fn opened() -> Dir {
    let dir = Dir::empty();
    let folder = dir.beside("keys");
    keys(&folder, &[&["sponsor"], &ALIASES[..]].concat());
    let ring = folder.display().to_string();
    let init = [
        "--keys",
        &ring,
        "--key",
        "sponsor",
        "init",
        "--trial",
        "RT-58-74",
        "--title",
        "Radiotherapy levels (synthetic)",
        "--zone",
        "Europe/Berlin",
        "--origin",
        "sponsor.example/rt-58-74",
        "--name",
        "Ada Sponsor (synthetic)",
        "--organisation",
        "Example",
        "--protocol",
        PROTOCOL,
        "--simulated-clock",
        "--synthetic",
        "--recorded-at",
        "2026-01-05T09:00:00+01:00",
    ];
    // It asks for people who have no key yet: it is activated once they have.
    dir.run(&init).expect(0).says(&["the protocol is not in force yet", "takes 2 people"]);
    let mut drafts = vec![draft(
        "sponsor",
        "2026-01-05T20:00",
        json!({ "type": "site_activated", "site": "B-1", "name": "A clinic" }),
    )];
    for (alias, role) in ALIASES.iter().zip(ROLES) {
        let grant = json!({
            "type": "key_granted", "key": public(&folder, alias), "name": format!("{alias} (synthetic)"),
            "organisation": "Example", "role": role, "purpose": "author"
        });
        drafts.push(draft("sponsor", "2026-01-05T20:00", grant));
    }
    let protocol: Value = serde_json::from_str(&std::fs::read_to_string(PROTOCOL).unwrap()).unwrap();
    drafts.push(draft("sponsor", "2026-01-05T20:00", json!({ "type": "protocol_activated", "protocol": protocol })));
    append(&dir, &drafts);
    dir
}

fn append(dir: &Dir, drafts: &[Value]) {
    let file = dir.file("drafts.jsonl", jsonl(drafts)).display().to_string();
    let ring = dir.beside("keys").display().to_string();
    dir.run(&["--keys", &ring, "append", "--file", &file]).expect(0);
}

/// One subject: 58 Gy in 29 fractions in six weeks, five weekly infusions, and an adverse event.
fn subject(id: &str, event: Option<Value>) -> Vec<Value> {
    let (at, day) = ("2026-01-06T20:00", "2026-01-06");
    let mut drafts = vec![
        draft(
            "investigator",
            at,
            json!({ "type": "consent_given", "subject": id, "site": "B-1", "occurred_at": day, "form": "F-1" }),
        ),
        draft(
            "investigator",
            at,
            json!({
                "type": "subject_screened", "subject": id, "occurred_at": day,
                "baseline": { "ecog": "0", "stage": "IIIA", "age": { "value": "60", "unit": "years" } }
            }),
        ),
        draft("investigator", at, json!({ "type": "subject_enrolled", "subject": id, "occurred_at": day, "level": 1 })),
        draft(
            "physicist",
            at,
            json!({
                "type": "radiotherapy_planned", "subject": id, "plan": "P1", "occurred_at": day, "fractions": 29, "machine": "L1",
                "prescription": { "value": "58", "unit": "Gy" }, "mean_doses": { "lung": { "value": "21", "unit": "Gy" } }
            }),
        ),
    ];
    let first = chrono::NaiveDate::from_ymd_opt(2026, 1, 12).unwrap();
    let workdays = (0..)
        .map(|n| first + chrono::Days::new(n))
        .filter(|d| !["Sat", "Sun"].contains(&d.format("%a").to_string().as_str()));
    for (number, day) in (1..=29).zip(workdays) {
        let at = format!("{day}T20:00");
        if number % 5 == 1 && number < 25 {
            drafts.push(draft(
                "investigator",
                &at,
                json!({
                    "type": "dose_taken", "subject": id, "agent": "cisplatin", "occurred_at": day.to_string(),
                    "dose": { "value": "60", "unit": "mg" }
                }),
            ));
        }
        drafts.push(draft("therapist", &at, json!({
            "type": "fraction_delivered", "subject": id, "plan": "P1", "number": number, "occurred_at": day.to_string(),
            "dose": { "value": "2", "unit": "Gy" }
        })));
    }
    drafts.extend(event.map(|event| draft("investigator", "2026-03-02T20:00", event)));
    drafts
}

#[test]
fn a_protocol_of_radiotherapy_levels_runs_on_the_same_program() {
    let dir = opened();
    let esophagitis = json!({
        "type": "adverse_event_reported", "subject": "B-003", "ae": "AE1", "occurred_at": "2026-02-20", "term": "Esophagitis",
        "grade": 3, "serious": false, "attribution": { "radiotherapy": "definite", "cisplatin": "unlikely" }
    });
    let mut drafts: Vec<Value> =
        [subject("B-001", None), subject("B-002", None), subject("B-003", Some(esophagitis))].concat();
    drafts.sort_by_key(|draft| draft["recorded_at"].as_str().unwrap().to_owned());
    append(&dir, &drafts);

    // Two windows are open: the third subject counts already, by its DLT.
    let open = dir.run(&["status", "--json", "--as-of", "2026-03-10"]).expect(0).json();
    assert_eq!(open["escalation"]["state"], "observing");
    assert_eq!(open["escalation"]["levels"][0]["dlt"], 1);
    assert_eq!(open["escalation"]["levels"].as_array().unwrap().len(), 5);

    // Three months after the last fraction on 19 February.
    let due = dir.run(&["replay", "--json", "--as-of", "2026-05-20"]).expect(0).json();
    let next = &due["escalation"]["recommendation"];
    assert_eq!((&next["action"], &next["rule"], &next["add"]), (&json!("expand"), &json!("R3"), &json!(3)));
    let rules: Vec<&str> = due["deviations"].as_array().unwrap().iter().filter_map(|d| d["rule"].as_str()).collect();
    assert_eq!(rules.iter().filter(|rule| **rule == "mean_dose_above_limit").count(), 3);
    assert_eq!(due["radiotherapy"]["subjects"][0]["biological"][0]["eqd2_gy"], 58.0);
    assert_eq!(due["toxicity"]["rows"][0]["total"], json!({ "any": 1, "grade3_plus": 1 }));
    dir.run(&["status", "--as-of", "2026-05-20"]).expect(0).says(&["SYNTHETIC", "58 Gy", "expand"]);
}

#[test]
fn an_mtd_that_needs_six_subjects_fills_the_top_level() {
    let ask = |outcomes| crate::common::run(&["paths", "--json", "--protocol", PROTOCOL, outcomes]).expect(0).json();
    assert_eq!(ask("1NNN 2NNN 3NNN 4NNN 5NNN")["recommendation"]["action"], "fill_top");
    assert_eq!(ask("1NNN 2NNN 3NNN 4NNN 5NNN 5NNT")["recommendation"]["action"], "stop_mtd");
}
