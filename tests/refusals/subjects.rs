//! Consent, screening, enrolment, and the order of a subject's life.

use super::{Case, because, draft, refuse};
use crate::common::small::small;
use serde_json::{Value, json};

pub(super) fn entry_into_the_trial() -> Vec<Case> {
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

pub(super) fn lab(subject: &str, day: &str) -> Value {
    json!({ "type": "laboratory_measured", "subject": subject, "occurred_at": day, "test": "ALB", "value": "3.9", "unit": "g/dL" })
}

pub(super) fn seen(subject: &str, day: &str) -> Value {
    json!({ "type": "followed_up", "subject": subject, "occurred_at": day, "status": "alive" })
}

pub(super) fn times_and_lives() -> Vec<Case> {
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
            &["S-9 is not known: no consent is recorded"],
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

#[test]
fn subjects_enter_in_order_or_not_at_all() {
    refuse(&small(), &entry_into_the_trial());
}

#[test]
fn nothing_happens_before_consent_after_death_or_tomorrow() {
    refuse(&small(), &times_and_lives());
}
