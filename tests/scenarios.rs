//! The conduct of a 3+3 trial, event by event, through real ledgers and the real binary.
//!
//! Each scenario is a sequence of what can happen to patients and what the committee signs; a patient is dosed when the
//! scenario first needs it, so that one window closes while another stays open.

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};
use std::{collections::BTreeMap, path::Path, process::Command};

const SITE: &str = "S-01";

fn trial(dir: &Path, args: &[&str]) -> String {
    let out = Command::new(env!("CARGO_BIN_EXE_trial"))
        .args([
            "--ledger",
            &dir.join("ledger").display().to_string(),
            "--keys",
            &dir.join("keys").display().to_string(),
        ])
        .args(args)
        .output()
        .expect("the binary runs");
    let told = String::from_utf8_lossy(&out.stderr).into_owned();
    let answer = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(out.status.success(), "trial {args:?}\n{told}\n{answer}");
    answer
}

/// One dose on one day, no radiotherapy, a window of one month: the shortest trial with the first trial's DLT rules.
fn protocol() -> Value {
    let text = include_str!("../schemas/examples/protocols/axitinib-rt.json");
    let mut protocol: Value = serde_json::from_str(text).unwrap();
    protocol["treatment"] = json!({ "agents": [{ "agent": "axitinib", "intakes_per_day": 1, "days": 1 }] });
    protocol["evaluability"]["window_months"] = json!(1);
    protocol["design"]["gate_months"] = json!(1);
    protocol["dlt"]["components"] = json!(["axitinib"]);
    protocol["late_entry_days"] = json!(2000);
    protocol
}

/// Writes the drafts of a scenario, day by day.
struct Story {
    day: NaiveDate,
    minute: u32,
    levels: BTreeMap<String, u64>,
    dosed: BTreeMap<String, NaiveDate>,
    adverse_events: u32,
    drafts: Vec<Value>,
}

impl Story {
    fn new() -> Story {
        Story {
            day: NaiveDate::from_ymd_opt(2020, 1, 2).unwrap(),
            minute: 0,
            levels: BTreeMap::new(),
            dosed: BTreeMap::new(),
            adverse_events: 0,
            drafts: Vec::new(),
        }
    }

    fn pass(&mut self, days: u64) {
        self.day = self.day + Days::new(days);
        self.minute = 0;
    }

    fn record(&mut self, by: &str, mut event: Value, reason: Option<&str>) {
        self.minute += 1;
        event["version"] = json!(1);
        let at = format!("{}T12:{:02}:00+00:00", self.day, self.minute);
        let mut draft = json!({ "by": by, "recorded_at": at, "event": event });
        if let Some(reason) = reason {
            draft["reason"] = json!(reason);
        }
        self.drafts.push(draft);
    }

    fn enrol(&mut self, p: &str, level: u64) {
        self.pass(1);
        let day = self.day.to_string();
        self.levels.insert(p.into(), level);
        for event in [
            json!({ "type": "consent_given", "subject": p, "site": SITE, "occurred_at": day, "form": "F1" }),
            json!({ "type": "subject_screened", "subject": p, "occurred_at": day, "baseline": {} }),
            json!({ "type": "subject_enrolled", "subject": p, "occurred_at": day, "level": level }),
        ] {
            self.record("investigator", event, None);
        }
    }

    fn dose(&mut self, p: &str) -> NaiveDate {
        if let Some(day) = self.dosed.get(p) {
            return *day;
        }
        self.pass(1);
        let mg = self.levels[p].to_string();
        let dose = json!({
            "type": "dose_taken", "subject": p, "agent": "axitinib", "occurred_at": self.day.to_string(),
            "dose": { "value": mg, "unit": "mg" }
        });
        self.record("investigator", dose, None);
        self.dosed.insert(p.into(), self.day);
        self.day
    }

    fn adverse_event(&mut self, p: &str, term: &str, grade: u8, attribution: Option<&str>) {
        let onset = self.dose(p) + Days::new(1);
        self.pass(2);
        self.adverse_events += 1;
        let mut event = json!({
            "type": "adverse_event_reported", "subject": p, "ae": format!("AE{}", self.adverse_events),
            "occurred_at": onset.to_string(), "term": term, "grade": grade, "serious": false
        });
        if let Some(attribution) = attribution {
            event["attribution"] = json!({ "axitinib": attribution });
        }
        self.record("investigator", event, None);
    }

    fn happens(&mut self, event: &Value) {
        let p = event["p"].as_str().unwrap_or_default().to_owned();
        match event["e"].as_str().unwrap() {
            "enrol" => self.enrol(&p, event["level"].as_u64().unwrap()),
            "clear" => {
                self.dose(&p);
                if self.drafts.iter().any(|d| d["event"]["subject"] == *p && d["event"]["ae"].is_string()) {
                    let update = json!({
                        "type": "adverse_event_updated", "subject": p, "ae": format!("AE{}", self.adverse_events),
                        "occurred_at": self.day.to_string(), "attribution": { "axitinib": "unrelated" }
                    });
                    self.record("investigator", update, None);
                }
                self.pass(40);
            }
            "dlt" => self.adverse_event(&p, "Anemia", 3, Some("definite")),
            "undetermined" => self.adverse_event(&p, "Fatigue", 3, None),
            "inevaluable" => {
                let ruling = json!({ "type": "evaluability_ruled", "subject": p, "ruling": "not_evaluable" });
                self.record("investigator", ruling, Some("left before the first dose"));
            }
            "revised_not_dlt" => {
                self.pass(1);
                let ae = self.drafts.iter().find(|d| d["event"]["subject"] == *p && d["event"]["ae"].is_string());
                let ae = ae.unwrap()["event"]["ae"].clone();
                let ruling = json!({ "type": "dlt_ruled", "subject": p, "ae": ae, "ruling": "not_dlt" });
                self.record("committee", ruling, Some("bleeding from a polyp that was there before"));
            }
            "decision" => {
                // A month on, every window of a dosed patient has closed.
                self.pass(1);
                let at_level = self.drafts.iter().rev().find_map(|d| {
                    let enrolled = d["event"]["type"] == "subject_enrolled";
                    enrolled.then(|| d["event"]["level"].clone())
                });
                let decision = json!({
                    "type": "escalation_decided", "occurred_at": self.day.to_string(), "at_level": at_level.unwrap(),
                    "action": event["action"], "level": event["level"], "places": 3, "conformity": "rule"
                });
                self.record("committee", decision, None);
            }
            other => panic!("{other} is not an event of a scenario"),
        }
    }
}

fn keys(dir: &Path) {
    for alias in ["sponsor", "investigator", "committee"] {
        trial(dir, &["key", "new", alias, "--no-passphrase"]);
    }
}

fn open(dir: &Path) {
    let protocol_file = dir.join("protocol.json");
    std::fs::write(&protocol_file, protocol().to_string()).unwrap();
    let protocol_file = protocol_file.display().to_string();
    let init = [
        "--key",
        "sponsor",
        "init",
        "--trial",
        "SCENARIO",
        "--title",
        "Synthetic scenario",
        "--zone",
        "UTC",
        "--origin",
        "sponsor.example/scenario",
        "--name",
        "Ada Sponsor",
        "--organisation",
        "Example",
        "--protocol",
        &protocol_file,
        "--simulated-clock",
        "--synthetic",
        "--recorded-at",
        "2020-01-01T00:00:00+00:00",
    ];
    trial(dir, &init);
    trial(dir, &["--key", "sponsor", "append", "site-activated", "--site", SITE, "--name", "Example site"]);
    for (alias, role) in [("investigator", "investigator"), ("committee", "safety_committee")] {
        let grant = ["key", "grant", alias, "--name", alias, "--organisation", "Example", "--role", role];
        trial(dir, &[&["--key", "sponsor"], &grant[..]].concat());
    }
}

fn counts(level: &Value) -> Value {
    json!({ "n": level["evaluable"], "dlt": level["dlt"], "pending": level["pending"], "replaced": level["replaced"] })
}

#[test]
fn every_scenario_of_a_three_plus_three_trial_comes_out_of_a_real_ledger_as_it_should() {
    let scenarios: Value = serde_json::from_str(include_str!("vectors/three_plus_three_scenarios.json")).unwrap();
    let scenarios = scenarios["scenarios"].as_array().unwrap();
    assert_eq!(scenarios.len(), 12);
    for scenario in scenarios {
        let name = scenario["name"].as_str().unwrap();
        let dir = tempfile::tempdir().unwrap();
        keys(dir.path());
        open(dir.path());
        let mut story = Story::new();
        scenario["events"].as_array().unwrap().iter().for_each(|event| story.happens(event));
        if !story.drafts.is_empty() {
            let file = dir.path().join("drafts.jsonl");
            let lines: Vec<String> = story.drafts.iter().map(Value::to_string).collect();
            std::fs::write(&file, lines.join("\n")).unwrap();
            trial(dir.path(), &["append", "--file", &file.display().to_string()]);
        }
        let day = story.day.to_string();
        let status: Value = serde_json::from_str(&trial(dir.path(), &["--as-of", &day, "--json", "status"])).unwrap();
        let (found, expected) = (&status["escalation"], &scenario["expected"]);
        assert_eq!(found["state"], expected["state"], "{name}: {found:#}");
        assert_eq!(found["current_level"], expected["current_level"], "{name}");
        assert_eq!(found["open_slots"], expected["slots"], "{name}");
        match &expected["recommended"] {
            Value::Null => assert_eq!(found["recommendation"], Value::Null, "{name}"),
            recommended => {
                for (member, value) in recommended.as_object().unwrap() {
                    assert_eq!(&found["recommendation"][member], value, "{name}: {member}");
                }
            }
        }
        for level in found["levels"].as_array().unwrap() {
            assert_eq!(
                counts(level),
                expected["counts"][level["level"].to_string()],
                "{name}: level {}",
                level["level"]
            );
        }
        let stale: Vec<Value> = found["stale"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| json!({ "decision": s["decision"], "was": s["was"], "would_be": s["would_be"] }))
            .collect();
        assert_eq!(json!(stale), expected["stale"], "{name}");
        assert_eq!(found["flags"], expected["flags"], "{name}");
        trial(dir.path(), &["verify"]);
    }
}
