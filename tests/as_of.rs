//! The past as it was known: status and replay on the days of the demonstration's life, by `--as-of` and by `--cutoff`.

use crate::common::{Dir, demo, pick};
use serde_json::{Value, json};
use std::{fs, sync::OnceLock};

/// One copy of the demonstration for all tests here: each only reads, but a ledger takes one process at a time.
fn ask(args: &[&str]) -> Value {
    thread_local!(static DEMO: Dir = demo());
    DEMO.with(|demo| demo.run(args).expect(0).json())
}

fn status(as_of: &str) -> Value {
    ask(&["status", "--json", "--as-of", as_of])
}

/// What is compared on each day.
#[derive(Debug, PartialEq)]
struct Stand {
    entries: u64,
    state: &'static str,
    level: u64,
    open: u64,
    /// Enrolled, evaluable, pending and DLT at each level.
    levels: [[u64; 4]; 3],
    /// Subject and last day of each open window.
    windows: Vec<(&'static str, Option<&'static str>)>,
    /// Rule, action, level, places.
    recommendation: Option<(&'static str, &'static str, u64, u64)>,
    /// Entry and action of each decision.
    decisions: Vec<(u64, &'static str)>,
    mtd: Option<u64>,
}

#[track_caller]
fn stands(as_of: &str, expected: Stand) {
    let found = status(as_of);
    let escalation = &found["escalation"];
    assert_eq!(found["cut"]["entries"], json!(expected.entries), "{as_of}");
    assert_eq!(escalation["state"], json!(expected.state), "{as_of}");
    assert_eq!(escalation["current_level"], json!(expected.level), "{as_of}");
    assert_eq!(escalation["open_slots"], json!(expected.open), "{as_of}");
    let mut windows = Vec::new();
    for (i, level) in escalation["levels"].as_array().unwrap().iter().enumerate() {
        let counts = ["enrolled", "evaluable", "pending", "dlt"].map(|name| level[name].as_u64().unwrap());
        assert_eq!(counts, expected.levels[i], "{as_of}, level {}", i + 1);
        windows.extend(level["windows"].as_array().unwrap().iter().cloned());
    }
    let expected_windows: Vec<Value> =
        expected.windows.iter().map(|(subject, closes)| json!({ "subject": subject, "closes": closes })).collect();
    assert_eq!(windows, expected_windows, "{as_of}");
    match expected.recommendation {
        None => assert_eq!(escalation["recommendation"], Value::Null, "{as_of}"),
        Some((rule, action, level, add)) => {
            let r = &escalation["recommendation"];
            let found = (&r["rule"], &r["action"], &r["level"], &r["add"]);
            assert_eq!(found, (&json!(rule), &json!(action), &json!(level), &json!(add)), "{as_of}");
        }
    }
    let decisions = escalation["decisions"].as_array().unwrap();
    let found: Vec<_> = decisions.iter().map(|d| (d["seq"].as_u64().unwrap(), d["action"].as_str().unwrap())).collect();
    assert_eq!(found, expected.decisions, "{as_of}");
    assert_eq!(escalation["mtd"]["level"].as_u64(), expected.mtd, "{as_of}");
}

const EMPTY: [u64; 4] = [0; 4];
const DONE: [u64; 4] = [3, 3, 0, 0];

#[test]
fn before_the_first_consent_three_places_are_open_at_the_start_level() {
    stands(
        "2016-10-10",
        Stand {
            entries: 12,
            state: "enrolling",
            level: 1,
            open: 3,
            levels: [EMPTY; 3],
            windows: vec![],
            recommendation: None,
            decisions: vec![],
            mtd: None,
        },
    );
}

#[test]
fn an_enrolled_subject_has_a_window_without_an_end_until_the_first_treatment() {
    let base = || Stand {
        entries: 22,
        state: "enrolling",
        level: 1,
        open: 2,
        levels: [[1, 0, 1, 0], EMPTY, EMPTY],
        windows: vec![("RECON-001", None)],
        recommendation: None,
        decisions: vec![],
        mtd: None,
    };
    stands("2016-10-12", base());
    stands("2016-10-17", Stand { entries: 27, windows: vec![("RECON-001", Some("2017-03-11"))], ..base() });
}

/// The last day of treatment is day 55; three calendar months later, that day included, the window has closed.
#[test]
fn the_first_cohort_is_observed_until_its_last_window_has_closed() {
    let base = || Stand {
        entries: 458,
        state: "observing",
        level: 1,
        open: 0,
        levels: [[3, 0, 3, 0], EMPTY, EMPTY],
        windows: vec![
            ("RECON-001", Some("2017-03-11")),
            ("RECON-002", Some("2017-04-08")),
            ("RECON-003", Some("2017-04-29")),
        ],
        recommendation: None,
        decisions: vec![],
        mtd: None,
    };
    stands("2017-01-15", base());
    let last = Stand {
        entries: 517,
        levels: [[3, 2, 1, 0], EMPTY, EMPTY],
        windows: vec![("RECON-003", Some("2017-04-29"))],
        ..base()
    };
    stands("2017-04-29", last);
}

#[test]
fn the_rule_says_escalate_once_the_cohort_is_complete_and_people_decide_later() {
    let due = || Stand {
        entries: 517,
        state: "decision_due",
        level: 1,
        open: 0,
        levels: [DONE, EMPTY, EMPTY],
        windows: vec![],
        recommendation: Some(("R1", "escalate", 2, 3)),
        decisions: vec![],
        mtd: None,
    };
    stands("2017-04-30", due());
    stands("2017-05-01", due());
    let decided = || Stand {
        entries: 518,
        state: "enrolling",
        level: 2,
        open: 3,
        recommendation: None,
        decisions: vec![(517, "escalate")],
        ..due()
    };
    stands("2017-05-02", decided());
    // The decision was recorded at 14:06:05 in Taipei: to the second, and in any offset.
    stands("2017-05-02T14:06:04+08:00", due());
    stands("2017-05-02T14:06:05+08:00", decided());
    stands("2017-05-02T06:06:05Z", decided());
    stands("2017-05-02T02:06:04-04:00", due());
}

#[test]
fn the_second_decision_opens_the_top_level() {
    let base = || Stand {
        entries: 1016,
        state: "enrolling",
        level: 3,
        open: 3,
        levels: [DONE, DONE, EMPTY],
        windows: vec![],
        recommendation: None,
        decisions: vec![(517, "escalate"), (1015, "escalate")],
        mtd: None,
    };
    stands("2018-02-05", base());
    let day_before = Stand {
        entries: 1015,
        state: "decision_due",
        level: 2,
        open: 0,
        recommendation: Some(("R1", "escalate", 3, 3)),
        decisions: vec![(517, "escalate")],
        ..base()
    };
    stands("2018-02-04", day_before);
}

#[test]
fn none_of_three_at_the_top_ends_the_trial_with_a_maximum_tolerated_dose() {
    let end = || Stand {
        entries: 1540,
        state: "stopped",
        level: 3,
        open: 0,
        levels: [DONE; 3],
        windows: vec![],
        recommendation: None,
        decisions: vec![(517, "escalate"), (1015, "escalate"), (1538, "stop_mtd")],
        mtd: Some(3),
    };
    stands("2018-11-26", end());
    stands("2020-12-31", Stand { entries: 1574, ..end() });
    let day_before = Stand {
        entries: 1538,
        state: "decision_due",
        recommendation: Some(("R2-top", "stop_mtd", 3, 0)),
        decisions: vec![(517, "escalate"), (1015, "escalate")],
        mtd: None,
        ..end()
    };
    stands("2018-11-25", day_before);
    let now = ask(&["status", "--json"]);
    assert_eq!(now["escalation"], status("2020-12-31")["escalation"]);
    assert_eq!((&now["cut"]["as_of"], &now["cut"]["day"]), (&Value::Null, &json!("2020-01-06")));
}

/// The value of a laboratory test of a subject, as `replay` tells it.
fn creatinine(args: &[&str]) -> f64 {
    let replay = ask(&[&["replay", "--json"], args].concat());
    let subject = pick(&replay["subjects"], &[("subject", json!("RECON-003"))]);
    subject["laboratory"]["CREAT"]["first"].as_f64().unwrap()
}

#[test]
fn a_correction_is_seen_only_after_it_was_recorded() {
    // Line 184 of the drafts is entry 195, corrected by line 194: entry 205, recorded at 10:14:28 on the day after.
    for (as_of, expected) in [
        ("2016-11-28", 9.0),
        ("2016-11-29T10:14:27+08:00", 9.0),
        ("2016-11-29T10:14:28+08:00", 0.9),
        ("2016-11-29", 0.9),
        ("2020-12-31", 0.9),
    ] {
        assert_eq!(creatinine(&["--as-of", as_of]), expected, "{as_of}");
    }
    // What had happened by then, as it is known now.
    assert_eq!(creatinine(&["--cutoff", "2016-11-28"]), 0.9);
    assert_eq!(creatinine(&["--cutoff", "2016-11-28", "--as-of", "2016-11-28"]), 9.0);

    // The entry itself stands for ever; only later readers are told of the correction.
    let show = |as_of: &str| ask(&["show", "195", "--json", "--as-of", as_of]);
    let (before, after) = (show("2016-11-28"), show("2016-11-29"));
    assert_eq!(before["entry"], after["entry"]);
    assert_eq!(before["entry"]["event"]["value"], "9.0");
    assert_eq!(before["amended_by"], json!([]));
    assert_eq!(after["amended_by"][0]["seq"], 205);
}

#[test]
fn a_correction_inside_a_list_has_its_old_and_new_value_and_who_and_why() {
    let told = |as_of: &str| ask(&["history", "RECON-004", "medications", "--json", "--as-of", as_of]);
    let (before, after) = (told("2017-06-28"), told("2017-06-29"));
    let (old, new) = (before["values"].as_array().unwrap(), after["values"].as_array().unwrap());
    assert_eq!((old.len(), new.len()), (2, 3));
    assert_eq!(new[..2], old[..]);
    let change = pick(&after["values"], &[("event", json!("entry_corrected"))]);
    assert_eq!((&change["seq"], &change["target"]), (&json!(604), &json!(596)));
    assert_eq!(
        (&change["field"], &change["old"], &change["new"]),
        (&json!("/medications/1"), &json!("candesartan"), &json!("losartan"))
    );
    assert_eq!(change["who"]["name"], "Ian Investigator (synthetic)");
    assert!(change["why"].as_str().unwrap().contains("the chart says losartan"));
}

#[test]
fn a_voided_entry_counts_until_it_was_voided() {
    // Line 949 of the drafts is entry 960; line 952 voids it on 13 October 2017.
    let show = |as_of: &str| ask(&["show", "960", "--json", "--as-of", as_of])["amended_by"].as_array().unwrap().len();
    assert_eq!((show("2017-10-12"), show("2017-10-13")), (0, 1));
}

#[test]
fn as_of_cuts_on_what_was_recorded_and_cutoff_on_what_had_occurred() {
    // A contact of 19 June 2018 was recorded nine days later.
    let late = |args: &[&str]| {
        let replay = ask(&[&["replay", "--json"], args].concat());
        pick(&replay["subjects"], &[("subject", json!("RECON-007"))])["last_contact"].clone()
    };
    assert_ne!(late(&["--as-of", "2018-06-19"]), json!("2018-06-19"), "it was not known that day");
    assert_eq!(late(&["--cutoff", "2018-06-19"]), json!("2018-06-19"));
    assert_ne!(late(&["--cutoff", "2018-06-18"]), json!("2018-06-19"));

    let cut = ask(&["replay", "--json", "--cutoff", "2017-05-01"]);
    assert_eq!(cut["cut"]["cutoff"], "2017-05-01");
    assert_eq!(cut["cut"]["day"], "2017-05-01");
    assert_eq!(cut["escalation"]["decisions"], json!([]), "the decision of the second had not been taken");
    assert_eq!(cut["escalation"]["recommendation"]["rule"], "R1");
    assert_eq!(cut["baseline"]["n"], 3);
    assert_eq!(cut["survival"]["os"]["events"], 1);
    let (known, occurred) = (ask(&["replay", "--json", "--as-of", "2017-05-01"]), &cut);
    for view in ["baseline", "toxicity", "response", "survival", "exposure", "radiotherapy"] {
        assert_eq!(known[view], occurred[view], "nothing of {view} was recorded late or corrected later");
    }
}

#[test]
fn before_there_was_a_protocol_nothing_is_recommended_and_before_the_genesis_there_is_nothing() {
    let opening = ask(&["status", "--json", "--as-of", "2016-10-10T09:00:00+08:00"]);
    assert_eq!((&opening["cut"]["entries"], &opening["escalation"]), (&json!(1), &Value::Null));
    let before = ask(&["replay", "--json", "--as-of", "2016-10-09"]);
    assert_eq!(before["cut"]["entries"], 0);
    assert_eq!((&before["escalation"], &before["baseline"]["n"]), (&Value::Null, &json!(0)));
}

#[test]
fn the_same_question_is_answered_with_the_same_bytes() {
    let (one, two) = (demo(), demo());
    static QUESTIONS: OnceLock<Vec<Vec<&'static str>>> = OnceLock::new();
    let questions = QUESTIONS.get_or_init(|| {
        vec![
            vec!["replay", "--json"],
            vec!["replay"],
            vec!["status", "--as-of", "2017-05-01"],
            vec!["replay", "--json", "--as-of", "2018-02-05"],
            vec!["replay", "--json", "--cutoff", "2017-12-31"],
            vec!["log", "--json", "--last", "50"],
            vec!["verify", "--json"],
        ]
    });
    for question in questions {
        // Whether it rests on an earlier verification is part of an answer: here it never does.
        let question = [&question[..], &["--full"]].concat();
        let answers = [one.run(&question), one.run(&question), two.run(&question)].map(|ran| ran.expect(0).stdout);
        assert!(answers[0] == answers[1] && answers[0] == answers[2], "{question:?}");
    }
    // A store made again from the journal, and a journal made again from the store, give the same bytes too.
    let expected = one.run(&["replay", "--json", "--full"]).expect(0).stdout;
    let journal = one.bytes();
    fs::remove_dir_all(one.path().join("store")).unwrap();
    let recovered = one.run(&["replay", "--json", "--full"]).expect(0).says(&["the store had 0 of 1574 entries"]);
    assert_eq!(recovered.stdout, expected);
    fs::remove_file(one.journal()).unwrap();
    let recovered = one.run(&["replay", "--json", "--full"]).expect(0).says(&["the journal had 0 of 1574 entries"]);
    assert_eq!(recovered.stdout, expected);
    assert_eq!(one.bytes(), journal);
    let quiet = one.run(&["replay", "--json", "--full"]).expect(0);
    assert_eq!((quiet.stdout, quiet.stderr), (expected, String::new()));
}

#[test]
fn an_export_as_of_a_day_is_the_beginning_of_the_journal() {
    let demo = demo();
    let export = demo.run(&["export", "--as-of", "2017-05-02"]).expect(0).stdout;
    assert_eq!(export.lines().count(), 518);
    assert!(demo.bytes().starts_with(export.as_bytes()));
    let file = demo.file("part.jsonl", &export);
    let verdict = demo.run(&["verify", "--json", file.to_str().unwrap()]).expect(0).json();
    assert_eq!((&verdict["entries"], &verdict["verdict"]), (&json!(518), &json!("unanchored")));
    assert_eq!(verdict["head"], status("2017-05-02")["cut"]["head"]);
}
