//! Doses, plans and fractions that cannot have been given.

use super::{Case, because, draft, refuse};
use crate::common::small::small;
use serde_json::{Value, json};

pub(super) fn treatment() -> Vec<Case> {
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

#[test]
fn treatment_that_cannot_have_been_given_is_refused() {
    refuse(&small(), &treatment());
}
