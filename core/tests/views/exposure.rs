//! Drug exposure against values worked out apart from this program: full dose, and a dose held for a week.

use crate::{
    radiotherapy::vectors,
    story::{Story, day},
};
use chrono::Days;
use serde_json::{Value, json};

/// One intake a day of the planned amount: the vectors count milligrams a day.
fn story(case: &Value) -> Story {
    let per_day = case["planned"][0]["mg_per_day"].as_u64().unwrap();
    let mut story = Story::under(|protocol| {
        protocol["treatment"]["agents"][0]["intakes_per_day"] = json!(1);
        protocol["treatment"]["agents"][0]["days"] = case["planned"][0]["days"].clone();
        protocol["levels"][0]["doses"]["axitinib"]["value"] = json!(per_day.to_string());
    });
    story.enrol("A");
    let mut on = day("2020-01-01");
    for phase in case["actual"].as_array().unwrap() {
        for _ in 0..phase["days"].as_u64().unwrap() {
            match phase["mg_per_day"].as_u64().unwrap() {
                0 => story.say(json!({
                    "type": "dose_missed", "subject": "A", "agent": "axitinib", "occurred_at": on, "cause": "adverse_event"
                })),
                mg => story.dose("A", &on.to_string(), &mg.to_string()),
            };
            on = on + Days::new(1);
        }
    }
    story
}

#[test]
fn relative_dose_and_both_intensities_are_those_worked_out() {
    let vectors = vectors();
    for case in vectors["drug_exposure"].as_array().unwrap() {
        let row = story(case).on("2020-06-01").exposure.remove(0);
        assert_eq!(row.planned_mg, case["planned_mg"].as_f64(), "{case}");
        assert_eq!(Some(row.taken_mg), case["actual_mg"].as_f64(), "{case}");
        assert_eq!(row.planned_mg_per_day, case["planned_intensity"].as_f64(), "{case}");
        assert_eq!(row.relative_dose, case["relative_dose"].as_f64(), "{case}");
        let over_plan = row.relative_dose_intensity_over_planned_time;
        assert_eq!(over_plan, case["relative_dose_intensity_over_planned_time"].as_f64(), "{case}");
    }
}

#[test]
fn intensity_over_the_time_on_drug_counts_a_hold_between_intakes_and_not_one_at_the_end() {
    let vectors = vectors();
    let full = story(&vectors["drug_exposure"][0]).on("2020-06-01").exposure.remove(0);
    assert_eq!(full.relative_dose_intensity, vectors["drug_exposure"][0]["relative_dose_intensity"].as_f64());
    assert_eq!(full.taken_mg_per_day, vectors["drug_exposure"][0]["actual_intensity"].as_f64());
    // A week held at the end: the time on drug ends with the last intake.
    let held = story(&vectors["drug_exposure"][1]).on("2020-06-01").exposure.remove(0);
    assert_eq!((held.days_on_drug, held.missed_intakes, held.relative_dose_intensity), (Some(49), 7, Some(1.0)));
    assert_eq!(held.taken_mg_per_day, held.planned_mg_per_day);
    // The same week held in the middle.
    let hold = json!({
        "planned": [{ "mg_per_day": 2, "days": 56 }],
        "actual": [{ "mg_per_day": 2, "days": 20 }, { "mg_per_day": 0, "days": 7 }, { "mg_per_day": 2, "days": 29 }]
    });
    let held = story(&hold).on("2020-06-01").exposure.remove(0);
    let expected = vectors["drug_exposure"][1]["relative_dose_intensity"].as_f64();
    assert_eq!((held.days_on_drug, held.relative_dose_intensity), (Some(56), expected));
    assert_eq!(held.taken_mg_per_day, vectors["drug_exposure"][1]["actual_intensity"].as_f64());
}

#[test]
fn a_subject_whose_only_intake_is_voided_has_no_row() {
    let mut story = Story::new();
    story.enrol("A");
    let seq = story.dose("A", "2020-01-01T08:00:00+08:00", "1");
    assert_eq!(story.on("2020-02-01").exposure.len(), 1);
    story.void("2020-01-02T00:00:00Z", seq);
    assert_eq!(story.on("2020-02-01").exposure, []);
}
