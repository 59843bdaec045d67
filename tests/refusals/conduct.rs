//! Protocols, sites, dictionaries and decisions that do not fit the log.

use super::{Case, because, draft, refuse};
use crate::common::{
    demo,
    small::{PROTOCOL, small},
};
use serde_json::{Value, json};
use std::fs;

pub(super) fn conduct() -> Vec<Case> {
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
fn protocols_and_decisions_that_do_not_fit_the_log_are_refused() {
    refuse(&small(), &conduct());
}

pub(super) const INVENTED: (&str, &[&str]) =
    ("invented counts", &["the counts are not those of the log", "leave out --basis: it is filled in"]);

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

pub(super) const STANDS: (&str, &[&str]) =
    ("a decision voided", &["escalation_decided cannot be voided: it is answered by a new event (entry 517)"]);
pub(super) const DECLARED: (&str, &[&str]) =
    ("another level than decided", &["level 2 is declared, the decision says 3"]);

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
