//! Terms, grades, adverse events and lesions that do not exist.

use super::{Case, because, draft, refuse};
use crate::common::small::small;
use serde_json::{Value, json};

pub(super) fn safety() -> Vec<Case> {
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

#[test]
fn terms_grades_and_lesions_that_do_not_exist_are_refused() {
    refuse(&small(), &safety());
}
