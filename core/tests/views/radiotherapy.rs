//! Biological doses, overall treatment time and calendar windows against values worked out apart from this program.

use crate::story::{Story, day, weekdays};
use serde_json::Value;
use trial_core::{
    date::{MONTH_DAYS, months_after},
    view::radiotherapy::biological,
};

pub fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../tests/vectors/rt_exposure.json")).unwrap()
}

fn near(found: f64, expected: &Value) -> bool {
    let expected = expected.as_f64().unwrap();
    (found - expected).abs() <= 1e-11 * expected.abs()
}

#[test]
fn biological_doses_are_those_of_the_linear_quadratic_model() {
    let vectors = vectors();
    let cases = vectors["bed_eqd2"].as_array().unwrap();
    assert!(cases.len() >= 16);
    for case in cases {
        let doses = vec![case["d_gy"].as_f64().unwrap(); case["n"].as_u64().unwrap() as usize];
        assert!(near(doses.iter().sum(), &case["total_gy"]), "{case}");
        let found = biological(&doses, case["alpha_beta"].to_string().parse().unwrap());
        assert!(near(found.bed_gy, &case["bed_gy"]) && near(found.eqd2_gy, &case["eqd2_gy"]), "{case}: {found:?}");
    }
}

#[test]
fn fractions_of_unequal_dose_are_summed_one_by_one() {
    for case in vectors()["mixed"].as_array().unwrap() {
        let doses: Vec<f64> = case["fractions"].as_array().unwrap().iter().map(|d| d.as_f64().unwrap()).collect();
        let found = biological(&doses, case["alpha_beta"].to_string().parse().unwrap());
        assert!(near(found.bed_gy, &case["bed_gy"]) && near(found.eqd2_gy, &case["eqd2_gy"]), "{case}: {found:?}");

        // The same through the log: each fraction is its own entry.
        let mut story = Story::new();
        story.enrol("A");
        story.plan("A", "41", 14, "17");
        for (n, (on, gray)) in weekdays(day("2020-01-01")).zip(&doses).enumerate() {
            story.fraction("A", n + 1, on, &gray.to_string());
        }
        let row = story.on("2020-03-01").radiotherapy.subjects.remove(0);
        assert_eq!(row.delivered_gy, doses.iter().sum::<f64>());
        let ten = row.biological.iter().find(|b| b.alpha_beta_gy == 10.0).unwrap();
        assert!(near(ten.bed_gy, &case["bed_gy"]) && near(ten.eqd2_gy, &case["eqd2_gy"]));
    }
}

#[test]
fn overall_treatment_time_counts_both_ends_and_prolongation_is_what_exceeds_the_plan() {
    for case in vectors()["overall_treatment_time"].as_array().unwrap() {
        let start = case["start"].as_str().unwrap();
        let mut story = Story::under(|p| p["treatment"]["radiotherapy"]["overall_days"] = case["planned_ott"].clone());
        story.consent("A", "2016-08-01", "v1");
        story.say(
            serde_json::json!({ "type": "subject_enrolled", "subject": "A", "occurred_at": "2016-08-10", "level": 1 }),
        );
        story.plan("A", "45", 15, "17");
        story.fractions("A", start, case["n"].as_u64().unwrap() as usize);
        let row = story.on("2020-03-01").radiotherapy.subjects.remove(0);
        assert_eq!(row.last_day, Some(day(case["last"].as_str().unwrap())));
        assert_eq!(row.overall_days, case["overall_treatment_days"].as_i64());
        assert_eq!(row.prolongation_days, case["prolongation"].as_i64());
    }
}

#[test]
fn a_missed_week_prolongs_and_an_unfinished_course_has_no_prolongation_yet() {
    let mut story = Story::new();
    story.enrol("A");
    story.plan("A", "45", 15, "17");
    story.fractions("A", "2020-01-06", 10);
    assert_eq!(story.on("2020-03-01").radiotherapy.subjects[0].prolongation_days, None);
    for (n, on) in weekdays(day("2020-01-27")).take(5).enumerate() {
        story.fraction("A", n + 11, on, "3");
    }
    let row = story.on("2020-03-01").radiotherapy.subjects.remove(0);
    assert_eq!((row.overall_days, row.prolongation_days), (Some(26), Some(7)));
}

#[test]
fn calendar_windows_end_on_the_last_day_of_a_shorter_month() {
    for case in vectors()["calendar_windows"].as_array().unwrap() {
        let (anchor, months) = (day(case["anchor"].as_str().unwrap()), case["months"].as_u64().unwrap());
        let last = months_after(anchor, u32::try_from(months).unwrap());
        assert_eq!(last, day(case["last_day_in_window"].as_str().unwrap()));
        assert_eq!(last.succ_opt().unwrap(), day(case["first_day_after"].as_str().unwrap()));
    }
    assert_eq!(vectors()["month_days"].as_f64(), Some(MONTH_DAYS), "the month by which days are printed");
}
