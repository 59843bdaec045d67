//! What is refused, and how: every refusal of admission, and bad input of every kind, through the binary.
//!
//! After each case the journal holds the bytes that it held before, and the ledger verifies.

use crate::common::{
    Dir, demo,
    small::{self, PROTOCOL, STRANGER, small, with_version},
};
use serde_json::{Value, json};
use std::{fs, path::Path};

/// What is asked of the binary.
enum Ask {
    /// These arguments; a single quote begins and ends one that holds spaces.
    Args(&'static str),
    /// One draft in a file.
    Draft(Value),
    /// A file of drafts, byte for byte.
    File(Vec<u8>),
}

/// One thing that is refused.
struct Case {
    name: &'static str,
    ask: Ask,
    code: i32,
    words: &'static [&'static str],
}

fn args(name: &'static str, line: &'static str, code: i32, words: &'static [&'static str]) -> Case {
    Case { name, ask: Ask::Args(line), code, words }
}

fn draft(name: &'static str, by: &str, event: Value, words: &'static [&'static str]) -> Case {
    Case { name, ask: Ask::Draft(json!({ "by": by, "event": with_version(event) })), code: 1, words }
}

/// The same with a reason, where without one something else would be refused first.
fn because(mut case: Case) -> Case {
    if let Ask::Draft(draft) = &mut case.ask {
        draft["reason"] = json!("as found at the visit");
    }
    case
}

fn file(name: &'static str, bytes: impl AsRef<[u8]>, words: &'static [&'static str]) -> Case {
    Case { name, ask: Ask::File(bytes.as_ref().to_vec()), code: 1, words }
}

/// A file with one draft in which this text is the event.
fn event(name: &'static str, text: &str, words: &'static [&'static str]) -> Case {
    file(name, format!("{{\"by\":\"coordinator\",\"event\":{text}}}\n"), words)
}

fn split(line: &str) -> Vec<&str> {
    let parts = line.split('\'').enumerate();
    parts.flat_map(|(i, part)| if i % 2 == 0 { part.split_whitespace().collect() } else { vec![part] }).collect()
}

/// What is wrong with the answer to a case; nothing where it is refused as it should be.
fn wrong(dir: &Dir, case: &Case) -> Option<String> {
    let before = dir.bytes();
    let ran = match &case.ask {
        Ask::Args(line) => dir.run(&split(line)),
        Ask::Draft(draft) => {
            let file = dir.file("draft.jsonl", format!("{draft}\n"));
            dir.run(&["append", "--file", file.to_str().unwrap()])
        }
        Ask::File(bytes) => {
            let file = dir.file("drafts.jsonl", bytes);
            dir.run(&["append", "--file", file.to_str().unwrap()])
        }
    };
    let mut wrong = Vec::new();
    if ran.code != case.code {
        wrong.push(format!("expected exit code {}, found {}", case.code, ran.code));
    }
    let all = ran.all();
    wrong.extend(case.words.iter().filter(|word| !all.contains(*word)).map(|word| format!("expected {word:?}")));
    if all.contains("panicked") || all.len() > 20_000 {
        wrong.push("it panicked, or said far too much".to_owned());
    }
    if dir.bytes() != before {
        wrong.push("the journal has changed".to_owned());
    }
    let verdict = dir.run(&["verify"]);
    if verdict.code != 0 {
        wrong.push(format!("it does not verify any more: {verdict:?}"));
    }
    (!wrong.is_empty()).then(|| format!("{}: {}\n{}", case.name, wrong.join("; "), all.trim()))
}

#[track_caller]
fn refuse(dir: &Dir, cases: &[Case]) {
    let found: Vec<String> = cases.iter().filter_map(|case| wrong(dir, case)).collect();
    assert!(found.is_empty(), "{} of {} cases:\n\n{}", found.len(), cases.len(), found.join("\n\n"));
}

// What a subject needs, then who it is.

fn entry_into_the_trial() -> Vec<Case> {
    let consent = |subject: &str, site: &str, form: &str| json!({ "type": "consent_given", "subject": subject, "site": site, "occurred_at": "2026-02-10", "form": form });
    let screened = |baseline: Value| json!({ "type": "subject_screened", "subject": "S-3", "occurred_at": "2026-02-10", "baseline": baseline });
    let enrolled = |subject: &str, level: u8| json!({ "type": "subject_enrolled", "subject": subject, "occurred_at": "2026-02-10", "level": level });
    let failed = |subject: &str| json!({ "type": "screen_failed", "subject": subject, "occurred_at": "2026-02-10", "criteria_not_met": ["adult"] });
    let ruled = |subject: &str| json!({ "type": "evaluability_ruled", "subject": subject, "ruling": "not_evaluable" });
    let investigator = "investigator";
    vec![
        draft("site not active", investigator, consent("S-20", "TPE-09", "F1"), &["site TPE-09 is not active", "hint"]),
        draft(
            "same form",
            investigator,
            consent("S-1", "TPE-01", "ICF-1.0"),
            &["S-1 consented with form ICF-1.0 on 2026-02-02 (entry "],
        ),
        draft("another site", "elsewhere", consent("S-1", "TPE-02", "ICF-2.0"), &["S-1 belongs to site TPE-01"]),
        draft(
            "unknown characteristic",
            investigator,
            screened(json!({ "shoe_size": "42" })),
            &["shoe_size is not a baseline characteristic: expected age, sex"],
        ),
        draft(
            "unknown category",
            investigator,
            screened(json!({ "ecog": "7" })),
            &["ecog 7 is not known: expected 0, 1, 2"],
        ),
        draft(
            "wrong unit of a baseline value",
            investigator,
            screened(json!({ "age": { "value": "700", "unit": "months" } })),
            &["age is in months: expected years"],
        ),
        draft(
            "a number for a category",
            investigator,
            screened(json!({ "sex": { "value": "1", "unit": "years" } })),
            &["sex is a number: expected a category"],
        ),
        draft(
            "a category for a number",
            investigator,
            screened(json!({ "age": "old" })),
            &["age is a category: expected a number in years"],
        ),
        draft(
            "second enrolment",
            investigator,
            enrolled("S-1", 1),
            &["S-1 was enrolled at level 1 on 2026-02-03 (entry "],
        ),
        draft(
            "enrolled after screen failure",
            investigator,
            enrolled("S-6", 1),
            &["S-6 failed screening on 2026-02-02 (entry "],
        ),
        draft(
            "enrolled without screening",
            investigator,
            enrolled("S-3", 1),
            &["S-3 has not been screened", "trial append subject-screened --subject S-3"],
        ),
        draft(
            "a level that is not planned",
            investigator,
            enrolled("S-8", 4),
            &["level 4 is not planned: expected 1 to 3"],
        ),
        draft("not eligible", investigator, enrolled("S-2", 1), &["S-2 does not meet: adult (entry ", "--reason"]),
        draft(
            "no place open",
            investigator,
            enrolled("S-8", 1),
            &["no place is open at level 1: the trial is observing at level 1 with 0 open", "--reason"],
        ),
        draft("a higher level that is not open", investigator, enrolled("S-8", 2), &["no place is open at level 2"]),
        draft(
            "screen failure after enrolment",
            investigator,
            failed("S-1"),
            &["S-1 was enrolled on 2026-02-03 (entry ", "trial append subject-withdrawn"],
        ),
        draft(
            "second screen failure",
            investigator,
            failed("S-6"),
            &["S-6 failed screening on 2026-02-02 already (entry "],
        ),
        because(draft("ruling on somebody not enrolled", investigator, ruled("S-8"), &["S-8 is not enrolled"])),
        because(draft(
            "ruling out a DLT",
            investigator,
            ruled("S-7"),
            &[
                "S-7 had a dose-limiting toxicity (AE01 Alanine aminotransferase increased grade 4) and can never be ruled out (entry ",
            ],
        )),
    ]
}

fn lab(subject: &str, day: &str) -> Value {
    json!({ "type": "laboratory_measured", "subject": subject, "occurred_at": day, "test": "ALB", "value": "3.9", "unit": "g/dL" })
}

fn seen(subject: &str, day: &str) -> Value {
    json!({ "type": "followed_up", "subject": subject, "occurred_at": day, "status": "alive" })
}

fn times_and_lives() -> Vec<Case> {
    let died = |subject: &str, day: &str| json!({ "type": "death_recorded", "subject": subject, "occurred_at": day, "cause": "disease", "relation": "unrelated" });
    let withdrawn =
        json!({ "type": "subject_withdrawn", "subject": "S-1", "occurred_at": "2026-02-10", "from": "treatment" });
    vec![
        draft("missing reason", "investigator", withdrawn, &["subject_withdrawn needs a reason", "hint: add --reason"]),
        draft(
            "future date",
            "coordinator",
            seen("S-1", "2026-02-11"),
            &["followed_up on 2026-02-11 has not happened yet: today is 2026-02-10"],
        ),
        draft(
            "late entry without a reason",
            "coordinator",
            lab("S-1", "2026-02-02"),
            &["laboratory_measured on 2026-02-02 is recorded 8 days late: more than 7 need a reason"],
        ),
        draft(
            "unknown subject",
            "coordinator",
            seen("S-99", "2026-02-10"),
            &["S-99 is not known: no consent is recorded", "trial append consent-given --subject S-99"],
        ),
        draft(
            "a subject whose consent was voided",
            "coordinator",
            seen("S-9", "2026-02-10"),
            &["no consent of S-9 is recorded"],
        ),
        because(draft(
            "before the consent",
            "coordinator",
            seen("S-1", "2026-02-01"),
            &["followed_up on 2026-02-01 lies before the consent of S-1 on 2026-02-02 (entry "],
        )),
        draft(
            "a second death",
            "investigator",
            died("S-4", "2026-02-08"),
            &["the death of S-4 is recorded already (entry "],
        ),
        draft(
            "after the death",
            "coordinator",
            seen("S-4", "2026-02-09"),
            &["followed_up lies after the death of S-4 on 2026-02-08 (entry "],
        ),
        draft(
            "after consent was withdrawn",
            "coordinator",
            lab("S-5", "2026-02-07"),
            &["S-5 withdrew consent on 2026-02-06: no later facts are collected (entry "],
        ),
        draft(
            "contact after the death",
            "investigator",
            died("S-1", "2026-02-08"),
            &["S-1 was in contact on 2026-02-09, after a death on 2026-02-08 (entry "],
        ),
        draft(
            "dose after the death",
            "investigator",
            died("S-7", "2026-02-07"),
            &["S-7 took a dose on 2026-02-08, after a death on 2026-02-07 (entry "],
        ),
    ]
}

fn treatment() -> Vec<Case> {
    let dose = |subject: &str, agent: &str, at: &str, value: &str| json!({ "type": "dose_taken", "subject": subject, "agent": agent, "occurred_at": at, "dose": { "value": value, "unit": "mg" } });
    let fraction = |plan: &str, number: u8, day: &str, value: &str| {
        json!({
            "type": "fraction_delivered", "subject": "S-1", "plan": plan, "number": number, "occurred_at": day,
            "dose": { "value": value, "unit": "Gy" }
        })
    };
    let plan = |name: &str, value: &str| {
        json!({
            "type": "radiotherapy_planned", "subject": "S-1", "plan": name, "occurred_at": "2026-02-10",
            "prescription": { "value": value, "unit": "Gy" }, "fractions": 15, "mean_doses": {}, "machine": "LINAC-1"
        })
    };
    let changed = |change: &str, dose: Value| {
        let mut event = json!({
            "type": "dosing_changed", "subject": "S-1", "agent": "axitinib", "occurred_at": "2026-02-10", "change": change,
            "cause": "adverse_event"
        });
        if !dose.is_null() {
            event["dose"] = dose;
        }
        event
    };
    let missed_dose = |subject: &str| json!({ "type": "dose_missed", "subject": subject, "agent": "axitinib", "occurred_at": "2026-02-10", "cause": "forgotten" });
    let missed_fraction = |plan: &str| json!({ "type": "fraction_missed", "subject": "S-1", "plan": plan, "occurred_at": "2026-02-10", "cause": "machine" });
    let (site, therapist, physicist) = ("coordinator", "therapist", "physicist");
    vec![
        draft(
            "dose of somebody not enrolled",
            site,
            dose("S-8", "axitinib", "2026-02-10", "1"),
            &["S-8 is not enrolled", "trial append subject-enrolled --subject S-8"],
        ),
        because(draft(
            "dose before the enrolment",
            site,
            dose("S-1", "axitinib", "2026-02-02", "1"),
            &["a dose on 2026-02-02 lies before the enrolment of S-1 on 2026-02-03 (entry "],
        )),
        draft("missed dose of somebody not enrolled", site, missed_dose("S-8"), &["S-8 is not enrolled"]),
        draft(
            "unknown drug",
            site,
            dose("S-1", "aspirin", "2026-02-10", "1"),
            &["aspirin is not a drug of the protocol: expected axitinib"],
        ),
        draft(
            "no dose",
            site,
            dose("S-1", "axitinib", "2026-02-10", "0"),
            &["a dose of 0 mg is not a dose: expected more than 0", "trial append dose-missed"],
        ),
        draft("negative dose", site, dose("S-1", "axitinib", "2026-02-10", "-1"), &["a dose of -1 mg is not a dose"]),
        draft(
            "the same intake twice",
            site,
            dose("S-1", "axitinib", "2026-02-05T08:00:00+08:00", "1"),
            &["this intake of axitinib is recorded already (entry "],
        ),
        draft(
            "reduced to nothing said",
            site,
            changed("reduced", Value::Null),
            &["a reduction needs the dose from now on", "add --dose"],
        ),
        draft(
            "interrupted with a dose",
            site,
            changed("interrupted", json!({ "value": "1", "unit": "mg" })),
            &["a dose does not go with interrupted"],
        ),
        draft("plan without a dose", physicist, plan("P2", "0"), &["a plan needs a dose and at least one fraction"]),
        draft(
            "plan twice",
            physicist,
            plan("P1", "45"),
            &["S-1 has a plan named P1 already (entry ", "give a re-plan another name"],
        ),
        draft(
            "unknown plan",
            therapist,
            fraction("P9", 3, "2026-02-10", "3.0"),
            &["S-1 has no plan named P9", "trial append radiotherapy-planned"],
        ),
        draft("missed fraction of an unknown plan", therapist, missed_fraction("P9"), &["S-1 has no plan named P9"]),
        draft(
            "fraction before its plan",
            therapist,
            fraction("P1", 3, "2026-02-03", "3.0"),
            &["the fraction on 2026-02-03 lies before its plan of 2026-02-04 (entry "],
        ),
        draft(
            "fraction without a dose",
            therapist,
            fraction("P1", 3, "2026-02-10", "0.0"),
            &["a fraction needs a number from 1 and a dose above 0"],
        ),
        draft(
            "fraction twice",
            therapist,
            fraction("P1", 2, "2026-02-10", "3.0"),
            &["fraction 2 of plan P1 was delivered on 2026-02-06 (entry "],
        ),
        draft(
            "fraction left out",
            therapist,
            fraction("P1", 5, "2026-02-10", "3.0"),
            &["fraction 5 is not the next: expected 3", "--reason"],
        ),
    ]
}

fn safety() -> Vec<Case> {
    let report = |ae: &str, term: &str, grade: u8| {
        json!({
            "type": "adverse_event_reported", "subject": "S-1", "ae": ae, "occurred_at": "2026-02-10", "term": term, "grade": grade,
            "serious": false
        })
    };
    let with = |mut event: Value, member: &str, value: Value| {
        event[member] = value;
        event
    };
    let update = |ae: &str, day: &str| json!({ "type": "adverse_event_updated", "subject": "S-1", "ae": ae, "occurred_at": day });
    let serious = |criteria: Value, aware: &str| {
        json!({
            "type": "serious_event_reported", "subject": "S-1", "ae": "AE01", "aware_at": aware, "occurred_at": "2026-02-10T09:00:00+08:00",
            "criteria": criteria
        })
    };
    let ruling = |ae: &str| json!({ "type": "dlt_ruled", "subject": "S-1", "ae": ae, "ruling": "not_dlt", "clause": "clause_9" });
    let assessed = |day: &str, targets: Value| json!({ "type": "tumour_assessed", "subject": "S-1", "occurred_at": day, "method": "CT", "targets": targets });
    let lesion = |state: &str, diameter: Value| {
        let mut lesion = json!({ "lesion": "T1", "site": "liver", "in_field": true, "state": state });
        if !diameter.is_null() {
            lesion["diameter"] = json!({ "value": diameter, "unit": "mm" });
        }
        lesion
    };
    let (site, radiologist) = ("coordinator", "radiologist");
    vec![
        draft(
            "unknown term",
            site,
            report("AE02", "Hypertention", 2),
            &["\"Hypertention\" is not a term of the dictionary", "did you mean \"Hypertension\"?"],
        ),
        draft(
            "a term in other letters",
            site,
            report("AE02", "HYPERTENSION", 2),
            &["is not a term of the dictionary", "did you mean \"Hypertension\"?"],
        ),
        draft(
            "a grade that the term lacks",
            site,
            report("AE02", "Nausea", 4),
            &["Nausea has no grade 4: expected 1, 2, 3"],
        ),
        draft(
            "an adverse event twice",
            site,
            report("AE01", "Nausea", 2),
            &["S-1 has an adverse event named AE01 already (entry ", "trial append adverse-event-updated"],
        ),
        draft(
            "other, not specified",
            site,
            report("AE02", "Vascular disorders - Other, specify", 2),
            &["Vascular disorders - Other, specify needs to say what it was", "--specify"],
        ),
        draft(
            "attributed to what is not given",
            site,
            with(report("AE02", "Nausea", 2), "attribution", json!({ "aspirin": "probable" })),
            &["aspirin is not a component of the treatment: expected axitinib or radiotherapy"],
        ),
        draft(
            "action on what is not given",
            site,
            with(report("AE02", "Nausea", 2), "action", json!({ "aspirin": "not_changed" })),
            &["aspirin is not a component of the treatment"],
        ),
        draft(
            "news of nothing",
            site,
            update("AE09", "2026-02-10"),
            &["S-1 has no adverse event named AE09", "trial append adverse-event-reported"],
        ),
        draft(
            "news before the onset",
            site,
            update("AE01", "2026-02-05"),
            &["2026-02-05 lies before the onset of AE01 (entry "],
        ),
        draft(
            "ended before the onset",
            site,
            with(update("AE01", "2026-02-10"), "ended_at", json!("2026-02-05")),
            &["2026-02-05 lies before the onset of AE01"],
        ),
        draft(
            "ends in the future",
            site,
            with(update("AE01", "2026-02-10"), "ended_at", json!("2026-03-01")),
            &["2026-03-01 has not come yet: today is 2026-02-10"],
        ),
        draft(
            "updated to a grade that the term lacks",
            site,
            with(
                json!({ "type": "adverse_event_updated", "subject": "S-7", "ae": "AE01", "occurred_at": "2026-02-10" }),
                "grade",
                json!(5),
            ),
            &["Alanine aminotransferase increased has no grade 5: expected 1, 2, 3, 4"],
        ),
        draft(
            "serious for no reason",
            site,
            serious(json!([]), "2026-02-09"),
            &["a serious event needs at least one criterion"],
        ),
        draft(
            "reported before aware",
            site,
            serious(json!(["hospitalisation"]), "2026-02-10T10:00:00+08:00"),
            &["reported at 2026-02-10T09:00:00+08:00 before aware at 2026-02-10T10:00:00+08:00"],
        ),
        because(draft(
            "unknown clause",
            "investigator",
            ruling("AE01"),
            &["clause_9 is not a clause of the protocol: expected clause_1, clause_2"],
        )),
        because(draft("ruling on nothing", "investigator", ruling("AE09"), &["S-1 has no adverse event named AE09"])),
        draft("assessed twice on a day", radiologist, assessed("2026-01-30", json!([])), &["is recorded 8 days late"]),
        because(draft(
            "assessed twice on a day, with a reason",
            radiologist,
            assessed("2026-01-30", json!([])),
            &["an assessment of S-1 on 2026-01-30 is recorded already (entry "],
        )),
        draft(
            "a lesion twice",
            radiologist,
            assessed("2026-02-10", json!([lesion("measured", json!("10")), lesion("measured", json!("11"))])),
            &["lesion T1 is given twice"],
        ),
        draft(
            "measured without a diameter",
            radiologist,
            assessed("2026-02-10", json!([lesion("measured", Value::Null)])),
            &["lesion T1 is measured: expected a diameter, found none"],
        ),
        draft(
            "absent with a diameter",
            radiologist,
            assessed("2026-02-10", json!([lesion("absent", json!("10"))])),
            &["lesion T1 was not measured: expected no diameter, found 10 mm"],
        ),
        draft(
            "wider than a person",
            radiologist,
            assessed("2026-02-10", json!([lesion("measured", json!("1001"))])),
            &["lesion T1: expected a diameter of 0 to 1000 mm, found 1001 mm"],
        ),
        draft(
            "negative diameter",
            radiologist,
            assessed("2026-02-10", json!([lesion("measured", json!("-4"))])),
            &["expected a diameter of 0 to 1000 mm, found -4 mm"],
        ),
    ]
}

fn conduct() -> Vec<Case> {
    let protocol: Value = serde_json::from_str(&fs::read_to_string(PROTOCOL).unwrap()).unwrap();
    let mut broken = protocol.clone();
    broken["edition"] = json!("2.0");
    broken["comparisons"][0]["endpoint"] = json!("happiness");
    let dictionary = |part: u8, parts: u8, grades: Value| {
        json!({
            "type": "dictionary_adopted", "dictionary": "CTCAE-4.0", "sha256": "00".repeat(32), "part": part, "parts": parts,
            "terms": [{ "term": "Boredom", "soc": "Psychiatric disorders", "grades": grades }]
        })
    };
    let decided = |at_level: u8, action: &str, level: u8, places: u8, conformity: &str| {
        json!({
            "type": "escalation_decided", "occurred_at": "2026-02-10", "at_level": at_level, "action": action, "level": level,
            "places": places, "conformity": conformity
        })
    };
    let head = "ab".repeat(32);
    let mut old = decided(1, "escalate", 2, 3, "rule");
    old["basis"] = json!({ "entries": 5, "head": head, "levels": [] });
    let signed_off = json!({
        "type": "signed_off", "subject": "S-1", "occurred_at": "2026-02-10", "milestone": "end-of-treatment", "entries": 5, "head": head
    });
    let opened = json!({
        "type": "trial_opened", "trial": "OTHER", "title": "Another", "zone": "Asia/Taipei", "origin": "sponsor.example/other",
        "clock": "system", "data": "real"
    });
    let (sponsor, committee) = ("sponsor", "committee");
    vec![
        draft("a second genesis", sponsor, opened, &["the trial is open already (entry 0)"]),
        draft(
            "a protocol that cannot be run",
            sponsor,
            json!({ "type": "protocol_activated", "protocol": broken }),
            &["comparisons: no endpoint is named happiness", "schemas/protocol.json"],
        ),
        draft(
            "an edition twice",
            sponsor,
            json!({ "type": "protocol_activated", "protocol": protocol }),
            &["edition 1.0 of the protocol is in force (entry 1)"],
        ),
        draft(
            "a site twice",
            sponsor,
            json!({ "type": "site_activated", "site": "TPE-01", "name": "Again" }),
            &["site TPE-01 is active already (entry 3)"],
        ),
        draft("part 3 of 2", sponsor, dictionary(3, 2, json!([1])), &["part 3 of 2: expected 1 to 2"]),
        draft(
            "a term without grades",
            sponsor,
            dictionary(1, 1, json!([])),
            &["a term without a grade can never be reported"],
        ),
        draft(
            "a decision on an old log",
            committee,
            old,
            &["it rests on 5 entries, the log has ", "look again at what is new"],
        ),
        draft("a sign-off of an old log", "investigator", signed_off, &["it rests on 5 entries, the log has "]),
        draft(
            "a level that is not planned",
            committee,
            decided(1, "escalate", 7, 3, "rule"),
            &["not a planned level: expected 1 to 3"],
        ),
        draft(
            "a judged level that is not planned",
            committee,
            decided(7, "escalate", 2, 3, "rule"),
            &["not a planned level: expected 1 to 3"],
        ),
        draft(
            "against the rule",
            committee,
            decided(1, "escalate", 2, 3, "rule"),
            &["the rule says nothing yet; open windows close before 2026-0", "--conformity override"],
        ),
        draft(
            "an override without a reason",
            committee,
            decided(1, "escalate", 2, 3, "override"),
            &["an override needs a reason"],
        ),
        draft(
            "declared before it is decided",
            committee,
            json!({ "type": "mtd_declared", "occurred_at": "2026-02-10", "level": 1 }),
            &["no decision has ended the escalation with a maximum tolerated dose"],
        ),
    ]
}

#[test]
fn subjects_enter_in_order_or_not_at_all() {
    refuse(&small(), &entry_into_the_trial());
}

#[test]
fn nothing_happens_before_consent_after_death_or_tomorrow() {
    refuse(&small(), &times_and_lives());
}

#[test]
fn treatment_that_cannot_have_been_given_is_refused() {
    refuse(&small(), &treatment());
}

#[test]
fn terms_grades_and_lesions_that_do_not_exist_are_refused() {
    refuse(&small(), &safety());
}

#[test]
fn protocols_and_decisions_that_do_not_fit_the_log_are_refused() {
    refuse(&small(), &conduct());
}

/// The counts of a decision are those of the log at its head, or it is refused.
#[test]
fn a_decision_with_invented_counts_is_refused() {
    let dir = small();
    let verdict = dir.sound();
    let levels = vec![json!({ "enrolled": 3, "evaluable": 3, "dlt": 0, "pending": 0, "replaced": 0 }); 3];
    let event = json!({
        "type": "escalation_decided", "occurred_at": "2026-02-10", "at_level": 1, "action": "escalate", "level": 2, "places": 3,
        "conformity": "rule", "basis": { "entries": verdict["entries"], "head": verdict["head"], "levels": levels }
    });
    refuse(&dir, &[draft(INVENTED.0, "committee", event, INVENTED.1)]);
}

const INVENTED: (&str, &[&str]) =
    ("invented counts", &["the counts are not those of the log", "leave out --basis: it is filled in"]);

/// Entries are named by their place, which the small ledger's story decides.
#[test]
fn corrections_that_do_not_fit_are_refused() {
    let dir = small();
    let seq = |members: &[(&str, &str)]| small::seq_of(&dir, members);
    let lab = seq(&[("type", "laboratory_measured")]);
    let contact = seq(&[("type", "followed_up")]);
    let toxicity = seq(&[("type", "adverse_event_reported"), ("subject", "S-7")]);
    let enrolment = seq(&[("type", "subject_enrolled"), ("subject", "S-1")]);
    let consent = seq(&[("type", "consent_given"), ("subject", "S-1")]);
    let voided = seq(&[("type", "consent_given"), ("subject", "S-9")]);
    let correct = |name, by: &str, target: u64, field: &str, old: Value, new: Value, words| {
        let event = json!({ "type": "entry_corrected", "target": target, "field": field, "old": old, "new": new });
        because(draft(name, by, event, words))
    };
    let void = |name, by: &str, target: u64, words| {
        because(draft(name, by, json!({ "type": "entry_voided", "target": target }), words))
    };
    let site = "coordinator";
    refuse(
        &dir,
        &[
            correct("stale", site, lab, "/value", json!("8.0"), json!("0.9"), CORRECTIONS[0]),
            correct(
                "no such member",
                site,
                lab,
                "/value/deep/er",
                Value::Null,
                json!("0.9"),
                &["the event has no such member"],
            ),
            correct(
                "a new member",
                site,
                lab,
                "/colour",
                Value::Null,
                json!("red"),
                &["the corrected event would not fit", "unknown field `colour`"],
            ),
            correct(
                "a required member taken away",
                site,
                lab,
                "/value",
                json!("9.0"),
                Value::Null,
                &["would not fit: missing field `value`"],
            ),
            correct(
                "of another type",
                site,
                lab,
                "/value",
                json!("9.0"),
                json!(9),
                &["the corrected event would not fit"],
            ),
            correct(
                "another subject",
                site,
                lab,
                "/subject",
                json!("S-1"),
                json!("S-2"),
                &["the type, the version and the subject cannot be corrected"],
            ),
            correct(
                "a fact that stands",
                "committee",
                0,
                "/title",
                json!("x"),
                json!("y"),
                &["may not sign trial_opened"],
            ),
            correct(
                "moved into the future",
                site,
                contact,
                "/occurred_at",
                json!("2026-02-09"),
                json!("2026-03-01"),
                CORRECTIONS[1],
            ),
            correct(
                "moved before the consent",
                site,
                contact,
                "/occurred_at",
                json!("2026-02-09"),
                json!("2026-01-01"),
                &["lies before the consent of S-1"],
            ),
            correct(
                "to a grade that the term lacks",
                site,
                toxicity,
                "/grade",
                json!(4),
                json!(5),
                &["has no grade 5: expected 1, 2, 3, 4"],
            ),
            correct(
                "of a voided entry",
                "investigator",
                voided,
                "/form",
                json!("ICF-1.0"),
                json!("ICF-2.0"),
                CORRECTIONS[2],
            ),
            correct("of an entry that is not there", site, 9999, "/value", json!("1"), json!("2"), CORRECTIONS[2]),
            correct(
                "by who may not record it",
                "therapist",
                lab,
                "/value",
                json!("9.0"),
                json!("0.9"),
                &["who may not sign laboratory_measured may not change it either (entry "],
            ),
            correct(
                "by the sponsor",
                "sponsor",
                lab,
                "/value",
                json!("9.0"),
                json!("0.9"),
                &["sponsor is sponsor and may not sign entry_corrected"],
            ),
            correct("by another site", "elsewhere", lab, "/value", json!("9.0"), json!("0.9"), &["site_out_of_scope"]),
            void("voided twice", "investigator", voided, CORRECTIONS[2]),
            void("an enrolment that doses rest on", "investigator", enrolment, CORRECTIONS[3]),
            void("a consent that screening rests on", "investigator", consent, CORRECTIONS[3]),
            void("a key's grant", "monitor", 5, &["may not sign key_granted"]),
            because(draft(
                "a redaction of nothing",
                "investigator",
                json!({ "type": "value_redacted", "target": lab, "value": "narrative" }),
                &["has no sealed value named narrative"],
            )),
            draft(
                "a correction without a reason",
                site,
                json!({ "type": "entry_corrected", "target": lab, "field": "/value", "old": "9.0", "new": "0.9" }),
                &["entry_corrected needs a reason"],
            ),
        ],
    );
    let number = lab.to_string();
    let flags = |field: &str, old: &str, new: &str| {
        let before = dir.bytes();
        let common = [
            "--key", site, "amend", "correct", &number, "--field", field, "--old", old, "--new", new, "--reason",
            "misread",
        ];
        let ran = dir.run(&common);
        assert_eq!(dir.bytes(), before);
        ran
    };
    flags("value", "8.0", "0.9").expect(1).says(&["/value cannot be corrected: the current value is \"9.0\""]);
    flags("value", "9.0", "0,9").expect(1).says(&["0,9"]);
    dir.run(&["--key", site, "amend", "correct", "9999", "--field", "value", "--reason", "x"])
        .expect(1)
        .says(&["entry 9999 is not there"]);
    dir.run(&["--key", site, "amend", "void", &number]).expect(2).says(&["--reason"]);
    dir.sound();
}

const CORRECTIONS: [&[&str]; 4] = [
    &["/value cannot be corrected: the current value is \"9.0\" (entry ", "trial show SEQ"],
    &["the corrected event would occur after today, 2026-02-10"],
    &["is not there, or is voided: expected 0 to ", "trial log lists the entries"],
    &["other facts of S-1 rest on its ", "correct it, or void those first"],
];

/// Decisions cannot be voided: they are answered by new ones. Their authors may not void anything else either.
#[test]
fn a_decision_is_answered_not_voided() {
    let dir = demo();
    let seq = 517;
    let void = json!({ "type": "entry_voided", "target": seq });
    let declared = json!({ "type": "mtd_declared", "occurred_at": "2020-01-06", "level": 2 });
    refuse(
        &dir,
        &[
            because(draft(STANDS.0, "safety-committee", void, STANDS.1)),
            draft(DECLARED.0, "safety-committee", declared, DECLARED.1),
        ],
    );
}

const STANDS: (&str, &[&str]) =
    ("a decision voided", &["escalation_decided cannot be voided: it is answered by a new event (entry 517)"]);
const DECLARED: (&str, &[&str]) = ("another level than decided", &["level 2 is declared, the decision says 3"]);

/// A ledger with nothing but its genesis and an investigator: `init` always adds a protocol, other programs may not.
fn bare(dir: &Dir) {
    use trial_cli::{
        commands::init,
        keys::{KeyRing, NewKey},
    };
    use trial_core::event::{Clock, DataKind, TrialOpened};
    let text = |text: &str| text.parse().unwrap();
    let opened = TrialOpened {
        trial: "BARE".parse().unwrap(),
        registry: None,
        title: text("A bare ledger (synthetic)"),
        zone: text("Asia/Taipei"),
        origin: text("sponsor.example/bare"),
        clock: Clock::Simulated,
        data: DataKind::Synthetic,
    };
    let ring = KeyRing::new(Some(&dir.beside("keys")), &dir.path(), None);
    let secret = ring.create("sponsor", NewKey::WithoutPassphrase).unwrap();
    let sponsor = init::Sponsor { name: text("Ada Sponsor"), organisation: text("Example") };
    let at = "2026-02-09T09:00:00.000Z".parse().unwrap();
    init::found(&dir.path(), &opened, &sponsor, &secret, at).unwrap();
    fs::rename(dir.beside("keys"), dir.path().join("keys")).unwrap();
    dir.run(&["key", "new", "investigator", "--no-passphrase"]).expect(0);
    let grant = "--key sponsor key grant investigator --name Ivy --organisation Example --role investigator";
    dir.run(&split(grant)).expect(0);
}

const BARE: [&[&str]; 3] = [
    &["no protocol is in force", "trial append protocol-activated"],
    &["no dictionary of adverse event terms is adopted", "trial append dictionary-adopted"],
    &["the protocol has no radiotherapy"],
];

#[test]
fn a_trial_needs_a_protocol_and_a_dictionary_before_facts_can_be_judged() {
    let dir = Dir::empty();
    bare(&dir);
    let consent = json!({ "type": "consent_given", "subject": "S-1", "site": "TPE-01", "occurred_at": "2026-02-09", "form": "F1" });
    refuse(&dir, &[draft("no protocol", "investigator", consent.clone(), BARE[0])]);
    dir.run(&["replay", "--json"]).expect(0);

    let mut protocol: Value = serde_json::from_str(&fs::read_to_string(PROTOCOL).unwrap()).unwrap();
    protocol["treatment"].as_object_mut().unwrap().remove("radiotherapy");
    let append = |by: &str, event: Value| {
        let file = dir.file("sound.jsonl", format!("{}\n", json!({ "by": by, "event": with_version(event) })));
        dir.run(&["append", "--file", file.to_str().unwrap()]).expect(0);
    };
    // A protocol with radiotherapy would not fit on a bare line of flags; a file takes it.
    append("sponsor", json!({ "type": "protocol_activated", "protocol": protocol }));
    append("sponsor", json!({ "type": "site_activated", "site": "TPE-01", "name": "A hospital" }));
    append("investigator", consent);
    append(
        "investigator",
        json!({ "type": "subject_screened", "subject": "S-1", "occurred_at": "2026-02-09", "baseline": {} }),
    );
    append(
        "investigator",
        json!({ "type": "subject_enrolled", "subject": "S-1", "occurred_at": "2026-02-09", "level": 1 }),
    );
    let report = json!({
        "type": "adverse_event_reported", "subject": "S-1", "ae": "AE01", "occurred_at": "2026-02-09", "term": "Nausea", "grade": 1,
        "serious": false
    });
    let plan = json!({
        "type": "radiotherapy_planned", "subject": "S-1", "plan": "P1", "occurred_at": "2026-02-09",
        "prescription": { "value": "45", "unit": "Gy" }, "fractions": 15, "mean_doses": {}, "machine": "LINAC-1"
    });
    refuse(
        &dir,
        &[
            draft("no dictionary", "investigator", report, BARE[1]),
            draft("no radiotherapy", "investigator", plan, BARE[2]),
        ],
    );
}

/// Each refusal in the sources of admission has its case here: a new one without a case fails this test.
#[test]
fn every_refusal_of_admission_has_its_case() {
    let cases = [entry_into_the_trial(), times_and_lives(), treatment(), safety(), conduct()];
    let mut words: Vec<&str> = cases.iter().flatten().flat_map(|case| case.words.iter().copied()).collect();
    words.extend([INVENTED.1, STANDS.1, DECLARED.1].into_iter().chain(CORRECTIONS).chain(BARE).flatten());
    let mut refusals = 0;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src/admission")).unwrap() {
        let source = fs::read_to_string(entry.unwrap().path()).unwrap();
        for message in messages(&source) {
            refusals += 1;
            // Admission looks a subject up twice; the first look-up has refused an unknown one.
            if message == "{id} is not known" {
                continue;
            }
            let fixed = fixed_parts(&message);
            let said = |word: &&str| fixed.iter().all(|part| contains_in_part(word, part)) && !fixed.is_empty();
            assert!(words.iter().any(|word| said(word)), "no case is refused with {message:?}");
        }
    }
    assert!(refusals > 55, "only {refusals} refusals were found: look for them another way");
}

/// Whether the words of a case hold a fixed part of a message; the last part may go on behind what the case quotes.
fn contains_in_part(word: &str, part: &str) -> bool {
    word.contains(part)
        || (1..part.len()).rev().filter(|n| *n >= 4).any(|n| part.is_char_boundary(n) && word.ends_with(&part[..n]))
}

/// The texts of all refusals in a source: the first literal behind `Refusal::new(` or `let message =`.
fn messages(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    for mark in ["Refusal::new(", "let message ="] {
        for (at, _) in source.match_indices(mark) {
            let rest = source[at + mark.len()..].trim_start();
            let rest = rest.strip_prefix("format!(").unwrap_or(rest).trim_start();
            if let Some(literal) = rest.strip_prefix('"') {
                found.push(literal[..literal.find('"').unwrap()].to_owned());
            }
        }
    }
    found
}

/// What stands between the values of a message.
fn fixed_parts(message: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0;
    for c in message.chars() {
        match c {
            '{' => {
                depth += 1;
                parts.push(String::new());
            }
            '}' => depth -= 1,
            c if depth == 0 => parts.last_mut().unwrap().push(c),
            _ => {}
        }
    }
    parts.retain(|part| part.trim().len() > 3);
    parts
}

// Bad input of every kind.

const GOOD: &str = r#"{"type":"followed_up","version":1,"subject":"S-1","occurred_at":"2026-02-10","status":"alive"}"#;

fn spoiled(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from));
    GOOD.replace(from, to)
}

#[test]
fn lines_that_are_no_drafts_are_refused_with_their_place() {
    let line = |text: &str| format!("{{\"by\":\"coordinator\",\"event\":{text}}}");
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(5000), "]".repeat(5000));
    let nested = spoiled("\"alive\"", &format!("{}{}", "[".repeat(120), "]".repeat(120)));
    let lesion = r#"{"type":"tumour_assessed","version":1,"subject":"S-1","occurred_at":"2026-02-10","method":"CT","targets":[["T1","liver","non_nodal",true]]}"#;
    refuse(
        &small(),
        &[
            file(
                "malformed JSON",
                "{\"event\":",
                &[
                    "line 1: refused: expected a draft as one JSON object, found EOF",
                    "nothing appended: 1 of 1 drafts refused",
                ],
            ),
            file("no JSON at all", "hello\n", &["line 1: refused: expected a draft as one JSON object"]),
            file(
                "an array",
                format!("[{}]\n", line(GOOD)),
                &["expected a draft as one JSON object, found something else"],
            ),
            file(
                "the event without its draft",
                format!("{GOOD}\n"),
                &["/type: unknown field `type`, expected one of `event`"],
            ),
            file("behind the object", format!("{} true\n", line(GOOD)), &["trailing characters"]),
            file("two on a line", format!("{0}{0}\n", line(GOOD)), &["trailing characters"]),
            file(
                "over several lines",
                serde_json::to_string_pretty(&json!({ "event": 1 })).unwrap(),
                &["line 1: refused", "line 3: refused", "jq -c"],
            ),
            file("a byte order mark", format!("\u{feff}{}\n", line(GOOD)), &["expected a draft as one JSON object"]),
            file(
                "UTF-16",
                line(GOOD).encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>(),
                &["line 1: refused"],
            ),
            file(
                "not UTF-8",
                [line(GOOD).as_bytes(), b"\n{\"by\":\"\xff\"}\n"].concat(),
                &["line 2: refused: expected UTF-8, found other bytes at byte 8", "line 1: sound, not appended"],
            ),
            file("an overlong form", b"{\"by\":\"\xc0\xaf\"}\n", &["expected UTF-8, found other bytes at byte 8"]),
            file("NUL bytes", b"{\"by\":\"\0\"}\n", &["line 1: refused", "control character"]),
            file("nothing but NUL bytes", vec![0; 4096], &["line 1: refused: expected a draft as one JSON object"]),
            file(
                "a line of 16 KiB and one byte",
                format!("{}{}\n", line(GOOD), " ".repeat(16 * 1024 + 1 - line(GOOD).len())),
                &["line 1: refused: expected at most 16384 bytes in a line, found more", "SHA-256"],
            ),
            file(
                "a line of 20 MB",
                format!("{{\"by\":\"{}\"}}\n", "x".repeat(20_000_000)),
                &["expected at most 16384 bytes in a line"],
            ),
            file("deep nesting", format!("{deep}\n"), &["line 1: refused", "recursion limit"]),
            event("deep nesting inside an event", &nested, &["line 1: refused"]),
            event(
                "a member twice",
                &spoiled("\"version\":1", "\"version\":1,\"version\":1"),
                &["\"version\" stands twice in one object"],
            ),
            file(
                "a member of the draft twice",
                format!("{{\"by\":\"monitor\",\"by\":\"coordinator\",\"event\":{GOOD}}}\n"),
                &["duplicate field `by`"],
            ),
            event(
                "a float",
                &spoiled("\"version\":1", "\"version\":1.0"),
                &["expected a whole number, or a decimal as text"],
            ),
            event(
                "an exponent",
                &spoiled("\"version\":1", "\"version\":1e0"),
                &["expected a whole number, or a decimal as text"],
            ),
            event(
                "a number beyond 2^53",
                &spoiled("\"version\":1", "\"version\":9007199254740993"),
                &["9007199254740993 is out of range"],
            ),
            event(
                "a number without end",
                &spoiled("\"version\":1", &format!("\"version\":{}", "9".repeat(400))),
                &["line 1: refused"],
            ),
            event("NaN", &spoiled("\"version\":1", "\"version\":NaN"), &["line 1: refused"]),
            event(
                "another version",
                &spoiled("\"version\":1", "\"version\":2"),
                &["/event/version: expected 1, found 2"],
            ),
            event("no type", &spoiled("\"type\":\"followed_up\",", ""), &["missing field `type`"]),
            event("null for a value", &spoiled("\"alive\"", "null"), &["/event/status"]),
            event(
                "an unknown member",
                &spoiled("\"status\"", "\"mood\":\"good\",\"status\""),
                &["/event/mood: unknown field `mood`"],
            ),
            event("an array for an object", lesion, &["line 1: refused"]),
            event("a lone surrogate", &spoiled("S-1", "\\ud800"), &["line 1: refused"]),
            file(
                "an unknown member of the draft",
                format!("{{\"event\":{GOOD},\"when\":1}}\n"),
                &["unknown field `when`"],
            ),
        ],
    );
}

#[test]
fn values_that_could_be_misread_are_refused_with_their_member() {
    let dose = |value: &str| {
        format!(
            "{{\"type\":\"dose_taken\",\"version\":1,\"subject\":\"S-1\",\"agent\":\"axitinib\",\"occurred_at\":\"2026-02-10\",\"dose\":{value}}}"
        )
    };
    let grade = |value: &str| {
        format!(
            "{{\"type\":\"adverse_event_reported\",\"version\":1,\"subject\":\"S-1\",\"ae\":\"AE07\",\"occurred_at\":\"2026-02-10\",\"term\":\"Nausea\",\"grade\":{value},\"serious\":false}}"
        )
    };
    let deviation = |text: &str| {
        format!(
            "{{\"type\":\"deviation_recorded\",\"version\":1,\"occurred_at\":\"2026-02-10\",\"category\":\"other\",\"important\":false,\"description\":\"{text}\"}}"
        )
    };
    refuse(
        &small(),
        &[
            event(
                "a mistyped event",
                &spoiled("followed_up", "folowed_up"),
                &["\"folowed_up\" is not an event type", "did you mean followed"],
            ),
            event("a word that is none", &spoiled("alive", "well"), &["/event/status: unknown variant `well`"]),
            event("a look-alike identifier", &spoiled("S-1", "Ѕ-1"), &["/event/subject: \"Ѕ-1\" is not an identifier"]),
            event("a path as identifier", &spoiled("S-1", "../S-1"), &["is not an identifier"]),
            event("an empty identifier", &spoiled("S-1", ""), &["is not an identifier"]),
            event(
                "an identifier of 65 characters",
                &spoiled("S-1", &"S".repeat(65)),
                &["is not an identifier: expected 1 to 64 characters"],
            ),
            event("an identifier with a space at its end", &spoiled("S-1", "S-1 "), &["\"S-1 \" is not an identifier"]),
            event("an identifier in other letters", &spoiled("S-1", "s-1"), &["s-1 is not known"]),
            event("NUL in a text", &deviation("a\\u0000b"), &["/event/description: the text holds U+0000"]),
            event("bidirectional text", &deviation("grade \\u202e3"), &["/event/description: the text holds U+202E"]),
            event("an isolate", &deviation("\u{2066}x"), &["the text holds U+2066"]),
            event("a line break", &deviation("a\\nb"), &["the text holds U+000A"]),
            event("an escape sequence for the terminal", &deviation("\\u001b[2J"), &["the text holds U+001B"]),
            event("an empty text", &deviation(" "), &["the text is empty"]),
            event("a text of 501 characters", &deviation(&"x".repeat(501)), &["the text is too long"]),
            event(
                "a day that does not exist",
                &spoiled("2026-02-10", "2026-02-30"),
                &["/event/occurred_at: \"2026-02-30\" is not a date"],
            ),
            event(
                "a day in another order",
                &spoiled("2026-02-10", "10.02.2026"),
                &["is not a date: expected YYYY-MM-DD"],
            ),
            event("an instant without its offset", &spoiled("2026-02-10", "2026-02-10T08:00:00"), &["is not a date"]),
            event("a year that is a slip", &spoiled("2026-02-10", "0026-02-10"), &["is not a date"]),
            event("a month for a day", &spoiled("2026-02-10", "2026-02"), &["is not a date"]),
            event("grade 6", &grade("6"), &["/event/grade: 6 is out of range: expected 1 to 5"]),
            event("grade 0", &grade("0"), &["/event/grade: 0 is out of range"]),
            event("a grade as text", &grade("\"2\""), &["/event/grade"]),
            event("a negative grade", &grade("-1"), &["/event/grade"]),
            event("a grade of 258, which is 2 in a byte", &grade("258"), &["/event/grade"]),
            event(
                "a wrong unit",
                &dose(r#"{"value":"1","unit":"g"}"#),
                &["/event/dose/unit: unknown variant `g`, expected `mg`"],
            ),
            event("a dose without a unit", &dose(r#"{"value":"1"}"#), &["missing field `unit`"]),
            event("a dose as number", &dose(r#"{"value":1,"unit":"mg"}"#), &["/event/dose/value"]),
            event("a dose with an exponent", &dose(r#"{"value":"1e3","unit":"mg"}"#), &["\"1e3\" is not a decimal"]),
            event("a dose with a comma", &dose(r#"{"value":"1,5","unit":"mg"}"#), &["\"1,5\" is not a decimal"]),
            event("a dose of minus zero", &dose(r#"{"value":"-0","unit":"mg"}"#), &["\"-0\" is not a decimal"]),
            event("a dose in full-width digits", &dose(r#"{"value":"１","unit":"mg"}"#), &["is not a decimal"]),
            event("a dose with a leading zero", &dose(r#"{"value":"01","unit":"mg"}"#), &["\"01\" is not a decimal"]),
        ],
    );
}

#[test]
fn who_signs_when_and_why_is_asked_of_every_draft() {
    let with = |members: &str| format!("{{{members},\"event\":{GOOD}}}\n");
    let granted = |key: &str| {
        let event = json!({
            "type": "key_granted", "version": 1, "key": key, "name": "New", "organisation": "Example", "role": "coordinator",
            "purpose": "author"
        });
        format!("{}\n", json!({ "by": "sponsor", "event": event }))
    };
    let target = |members: &str| {
        format!(
            "{{\"by\":\"coordinator\",\"reason\":\"x\",{members},\"event\":{{\"type\":\"entry_voided\",\"version\":1}}}}\n"
        )
    };
    let sound = with("\"by\":\"coordinator\"");
    let voids_bad_line = format!("{}{}", with("\"by\":\"monitor\""), target("\"target_line\":1"));
    let mut unknown = file(
        "an unknown key",
        with("\"by\":\"nobody\""),
        &["line 1: there is no key nobody in ", "the keys here are: committee"],
    );
    unknown.code = 3;
    refuse(
        &small(),
        &[
            unknown,
            file(
                "nobody signs",
                format!("{{\"event\":{GOOD}}}\n"),
                &["no key is named to sign with", "give --key ALIAS, or \"by\" in the draft"],
            ),
            file(
                "a wrong role",
                with("\"by\":\"monitor\""),
                &["monitor is monitor and may not sign followed_up", "it is signed by: investigator, coordinator"],
            ),
            file(
                "a stranger",
                with(&format!("\"by\":\"{STRANGER}\"")),
                &["the key of stranger (", ") is not in the roster", "trial key grant stranger"],
            ),
            file("a revoked key", with("\"by\":\"left\""), &["key_revoked"]),
            file(
                "another site",
                with("\"by\":\"elsewhere\""),
                &["site_out_of_scope", "expected site TPE-02, found site TPE-01"],
            ),
            file("a blank reason", with("\"by\":\"coordinator\",\"reason\":\" \""), &["/reason: the text is empty"]),
            file(
                "a bidirectional reason",
                with("\"by\":\"coordinator\",\"reason\":\"\\u202egnorw\""),
                &["/reason: the text holds U+202E"],
            ),
            file(
                "recorded backwards",
                with("\"by\":\"coordinator\",\"recorded_at\":\"2026-02-10T08:59:59+08:00\""),
                &["2026-02-10T01:00:00.000Z or later"],
            ),
            file("recorded at no time", with("\"by\":\"coordinator\",\"recorded_at\":\"noon\""), &["/recorded_at"]),
            file("recorded on a day", with("\"by\":\"coordinator\",\"recorded_at\":\"2026-02-11\""), &["/recorded_at"]),
            file(
                "a later line",
                target("\"target_line\":3"),
                &["/target_line: expected an earlier line than 1, from 1, found 3"],
            ),
            file("line 0", target("\"target_line\":0"), &["/target_line: expected an earlier line"]),
            file(
                "a line for what corrects nothing",
                with("\"by\":\"coordinator\",\"target_line\":1"),
                &["/target_line: expected only beside entry_corrected and entry_voided"],
            ),
            file(
                "a line and an entry",
                target("\"target_line\":1").replace("\"version\":1", "\"version\":1,\"target\":4"),
                &["/target_line: expected one of target_line and /event/target, found both"],
            ),
            file("a line that became no entry", voids_bad_line, &["line 2: refused: line 1 became no entry"]),
            file("a key that binds nobody", granted(&"00".repeat(32)), &["key_weak"]),
            file("a key in capitals", granted(&"AB".repeat(32)), &["expected 64 lower-case hexadecimal digits"]),
            file(
                "one bad line of three",
                format!("{sound}{}{sound}", with("\"by\":\"monitor\"")),
                &[
                    "line 1: sound, not appended",
                    "line 2: refused: monitor is monitor",
                    "line 3: sound, not appended",
                    "nothing appended: 1 of 3 drafts refused",
                ],
            ),
            file(
                "two bad lines of three",
                format!("{sound}{{\n{}", with("\"by\":\"monitor\"")),
                &["line 2: refused: expected a draft", "line 3: refused: monitor", "2 of 3 drafts refused"],
            ),
        ],
    );
}

#[test]
fn a_refused_file_is_reported_line_by_line_in_json_too() {
    let dir = small();
    let before = dir.bytes();
    let good = format!("{{\"by\":\"coordinator\",\"event\":{GOOD}}}");
    let file = dir.file("three.jsonl", format!("{good}\n\n{}\n{good}\n", good.replace("S-1", "S-99")));
    let report = dir.run(&["append", "--json", "--file", file.to_str().unwrap()]).expect(1).json();
    assert_eq!((&report["appended"], &report["refused"]), (&json!(0), &json!(1)));
    let drafts = report["drafts"].as_array().unwrap();
    assert_eq!(drafts.iter().map(|d| d["line"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 3, 4]);
    assert!(drafts.iter().all(|d| d.get("seq").is_none()), "nothing has a place in the log: {report}");
    assert!(drafts[1]["error"].as_str().unwrap().contains("S-99 is not known"), "{report}");
    assert!(drafts[1]["hint"].as_str().unwrap().contains("consent-given"), "{report}");
    assert_eq!(dir.bytes(), before);
    dir.sound();
}

#[test]
fn flags_that_do_not_fit_are_refused_with_a_hint() {
    const DOSE: &str = "--key coordinator append dose-taken --subject S-1 --agent axitinib --occurred-at 2026-02-10";
    const SEEN: &str = "--key coordinator append followed-up --subject S-1 --status alive --occurred-at 2026-02-10";
    // The constants stand in for the beginning of the line.
    let dose = |name, line: &'static str, code, words| {
        let line: &'static str = Box::leak(format!("{DOSE} {line}").into_boxed_str());
        args(name, line, code, words)
    };
    let seen = |name, line: &'static str, code, words| {
        let line: &'static str = Box::leak(format!("{SEEN} {line}").into_boxed_str());
        args(name, line, code, words)
    };
    refuse(
        &small(),
        &[
            args("no verb", "", 2, &["Usage: trial"]),
            args("an unknown verb", "verfy", 2, &["unrecognized subcommand 'verfy'", "'verify'"]),
            args("an unknown flag", "status --asof 2026-02-01", 2, &["--asof", "--as-of"]),
            args(
                "a mistyped event",
                "append fraction-deliverd --subject S-1",
                2,
                &["fraction-deliverd", "fraction-delivered"],
            ),
            args("no event", "append", 2, &["what should be appended is not said", "trial append --help"]),
            args("a file and a template", "append --file x --template dose-taken", 2, &["cannot be used with"]),
            args(
                "the template of nothing",
                "append --template dose-takn",
                2,
                &["dose-takn", "did you mean dose-taken"],
            ),
            args("a file that is not there", "append --file no/such/file", 3, &["no/such/file"]),
            args("a folder as file", "append --file .", 3, &["trial: error: .: "]),
            args("a flag missing", "--key coordinator append dose-taken --subject S-1", 2, &["--agent", "--dose"]),
            dose("a dose without a unit", "--dose 1", 2, &["--dose", "\"1\"", "mg"]),
            dose("a dose in another unit", "--dose 1g", 2, &["--dose", "\"1g\""]),
            dose("two doses", "--dose 1mg --dose 2mg", 2, &["--dose"]),
            dose("a negative dose", "--dose=-1mg", 1, &["a dose of -1 mg is not a dose"]),
            dose("an unknown flag of the event", "--dose 1mg --colour red", 2, &["--colour"]),
            seen("recorded at no time", "--recorded-at noon", 2, &["--recorded-at"]),
            seen("recorded backwards", "--recorded-at 2026-01-01T00:00:00Z", 1, &["time_regression"]),
            seen("a blank reason", "--reason ' '", 2, &["--reason: the text is empty"]),
            args(
                "no key",
                "append followed-up --subject S-1 --status alive --occurred-at 2026-02-10",
                2,
                &["no key is named to sign with", "give --key ALIAS"],
            ),
            args(
                "a key that is not there",
                "--key nobody append followed-up --subject S-1 --status alive --occurred-at 2026-02-10",
                3,
                &["there is no key nobody in ", "the keys here are: "],
            ),
            args(
                "not one of the words",
                "--key coordinator append followed-up --subject S-1 --status alve --occurred-at 2026-02-10",
                2,
                &["\"alve\"", "did you mean alive"],
            ),
            args(
                "a level as word",
                "--key investigator append subject-enrolled --subject S-8 --level two --occurred-at 2026-02-10",
                2,
                &["--level", "\"two\""],
            ),
            args(
                "a look-alike subject",
                "--key coordinator append followed-up --subject Ѕ-1 --status alive --occurred-at 2026-02-10",
                2,
                &["is not an identifier"],
            ),
            args("no such day", "status --as-of 2026-02-30", 2, &["--as-of 2026-02-30: expected a day or an instant"]),
            args(
                "yesterday",
                "replay --as-of yesterday",
                2,
                &["--as-of yesterday: expected a day or an instant", "for example 2017-05-02"],
            ),
            args(
                "an instant without its offset",
                "replay --as-of 2026-02-01T00:00:00",
                2,
                &["expected a day or an instant"],
            ),
            args("a cutoff that is none", "replay --cutoff 2026", 2, &["--cutoff"]),
            args("an entry beyond the end", "show 99999", 1, &["entry 99999 is not there: expected 0 to "]),
            args("an entry by name", "show head", 2, &["'head'"]),
            args("nothing recorded of", "history S-99", 1, &["nothing is recorded of S-99"]),
            args("a type that is none", "log --type dose-takn", 2, &["did you mean dose"]),
            args(
                "no file to verify",
                "verify no/such/file",
                3,
                &["no/such/file", "hint: expected a ledger's directory"],
            ),
            args("paths of nonsense", "paths 1XYZ", 2, &["1XYZ", "for example"]),
            args(
                "too few probabilities",
                "paths --probabilities 0.1,0.2",
                2,
                &["--probabilities: expected 3 numbers, one a level, found 2"],
            ),
            args("a probability above 1", "paths --probabilities 0.1,0.2,1.5", 2, &["--probabilities"]),
            args(
                "a grant to nobody",
                "--key sponsor key grant nobody --name N --organisation O --role monitor",
                3,
                &["there is no key nobody"],
            ),
            args(
                "a role that is none",
                "--key sponsor key grant stranger --name N --organisation O --role boss",
                2,
                &["--role: "],
            ),
            args(
                "a grant by who may not",
                "--key monitor key grant stranger --name N --organisation O --role monitor",
                1,
                &["monitor is monitor and may not sign key_granted", "it is signed by: sponsor"],
            ),
            args("revoked without a reason", "--key sponsor key revoke monitor", 2, &["--reason"]),
            args("an unknown shell", "completions basic", 2, &["basic"]),
            args(
                "a ledger where one is",
                "--key sponsor init --trial T --title T --zone UTC --origin a.example/t --name N --organisation O --protocol no.json",
                3,
                &["no.json"],
            ),
        ],
    );
}

#[test]
fn init_refuses_what_cannot_name_a_trial_and_never_writes_over_a_ledger() {
    let dir = small();
    let init = |from: &str, to: &str| {
        let args: Vec<&str> = small::INIT.iter().map(|arg| if *arg == from { to } else { arg }).collect();
        let before = dir.bytes();
        let ran = dir.run(&[&["--key", "sponsor"], args.as_slice()].concat());
        assert_eq!(dir.bytes(), before);
        ran
    };
    init("Asia/Taipei", "Mars/Olympus").expect(2).says(&["\"Mars/Olympus\" is not a time zone", "Asia/Taipei"]);
    init("sponsor.example/small-01", "small-01")
        .expect(2)
        .says(&["--origin small-01: expected <sponsor domain>/<trial>"]);
    init("SMALL-01", "SMALL 01").expect(2).says(&["--trial: \"SMALL 01\" is not an identifier"]);
    init("A small trial (synthetic)", "\u{202e}").expect(2).says(&["--title: the text holds U+202E"]);
    init(PROTOCOL, dir.journal().to_str().unwrap()).expect(2).says(&["is not a protocol", "schemas/protocol.json"]);
    init("SMALL-01", "SMALL-01").expect(3).says(&["is not empty", "choose a directory"]);
    dir.sound();
    let real: Vec<&str> = small::INIT.iter().copied().filter(|arg| *arg != "--simulated-clock").collect();
    dir.run(&[&["--key", "sponsor"], real.as_slice()].concat()).expect(2).says(&["--simulated-clock"]);
}

/// Written into the journal behind the program's back: it is the verifier that refuses.
#[test]
fn an_entry_of_another_ledger_is_refused_by_the_verifier() {
    let (dir, other) = (small(), demo());
    let line = &other.lines()[dir.lines().len()];
    let mut bytes = dir.bytes();
    bytes.extend_from_slice(format!("{line}\n").as_bytes());
    fs::write(dir.journal(), &bytes).unwrap();
    let entries = dir.lines().len() as u64 - 1;
    let verdict = dir.run(&["verify", "--json"]).expect(1).json();
    assert_eq!(
        (&verdict["faults"][0]["kind"], &verdict["faults"][0]["seq"]),
        (&json!("wrong_ledger"), &json!(entries))
    );
    assert_eq!(verdict["entries"], json!(entries));
    let refused = dir.run(&[
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
    ]);
    refused.expect(1).says(&["wrong_ledger", "keep a copy as evidence"]);
    dir.run(&["replay"]).expect(1).says(&["wrong_ledger"]);
    assert_eq!(dir.bytes(), bytes, "evidence is left as it is");
}
