//! Corrections and voided entries that do not fit what they change.

use super::{because, draft, refuse};
use crate::common::small::{self, small};
use serde_json::{Value, json};

pub(super) const CORRECTIONS: [&[&str]; 4] = [
    &["/value cannot be corrected: the current value is \"9.0\" (entry ", "trial show SEQ"],
    &["the corrected event would occur after today, 2026-02-10"],
    &["is not there, or is voided: expected 0 to ", "trial log lists the entries"],
    &["other facts of S-1 rest on its ", "correct it, or void those first"],
];

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
