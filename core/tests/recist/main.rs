//! RECIST 1.1, rule by rule, and the synthetic cohort visit by visit.

#![allow(clippy::unwrap_used, reason = "helpers of tests, which clippy does not recognise outside #[test]")]

mod best;
mod cohort;
mod lesions;
mod overall;
mod targets;

use chrono::NaiveDate;
use serde_json::{Value, json};
use trial_core::recist::{Assessment, Field, ResponseRules, Visit, evaluate};

/// The day so many days after the start of the invented trial.
fn day(number: i64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2020, 1, 1).unwrap() + chrono::TimeDelta::days(number)
}

/// A target of which only the diameter in millimetres matters: `"T1 40"`, `"T1 12 node"`, `"T1 40 out"`; `"T1 -"`
/// was not assessed, `"T1 tiny"` is too small to measure.
fn target(text: &str) -> Value {
    let mut words = text.split(' ');
    let mut target = json!({ "lesion": words.next().unwrap(), "site": "liver", "in_field": true });
    match words.next().unwrap() {
        "0" => target["state"] = json!("absent"),
        "-" => target["state"] = json!("not_assessed"),
        "tiny" => target["state"] = json!("too_small"),
        "merged" => target["state"] = json!("merged"),
        mm => target["diameter"] = json!({ "value": mm, "unit": "mm" }),
    }
    for word in words {
        match word {
            "node" => target["kind"] = json!("nodal"),
            "out" => target["in_field"] = json!(false),
            whole => target["part_of"] = json!(whole),
        }
    }
    target
}

fn assessment(number: i64, targets: &[&str]) -> Assessment {
    with(number, targets, json!([]), json!([]))
}

fn with(number: i64, targets: &[&str], non_targets: Value, new_lesions: Value) -> Assessment {
    let targets: Vec<Value> = targets.iter().map(|text| target(text)).collect();
    serde_json::from_value(json!({
        "day": day(number), "targets": targets, "non_targets": non_targets, "new_lesions": new_lesions
    }))
    .unwrap()
}

/// The visits of a patient whose first assessment is the baseline.
fn run(assessments: &[Assessment]) -> Vec<Visit> {
    evaluate(&assessments[0], &assessments[1..], Field::Overall, &ResponseRules::default())
}

/// The responses at a row of assessments every 56 days, the first the baseline, in one word.
fn course(rows: &[&[&str]]) -> String {
    course_under(rows, &ResponseRules::default())
}

fn course_under(rows: &[&[&str]], rules: &ResponseRules) -> String {
    let row: Vec<Assessment> = (0..).zip(rows).map(|(at, targets)| assessment(at * 56, targets)).collect();
    words(&evaluate(&row[0], &row[1..], Field::Overall, rules))
}

fn words(visits: &[Visit]) -> String {
    visits.iter().map(|visit| visit.overall.to_string()).collect::<Vec<_>>().join(" ")
}
