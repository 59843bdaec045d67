//! N1, N2, D1 and I1: non-target and new lesions, the day of a visit, the field.

use crate::{assessment, day, run, with, words};
use serde_json::{Value, json};
use trial_core::recist::{
    Assessment, Field, NonTargetResponse, Response, ResponseDate, ResponseRules, evaluate, progression_date,
};

fn non_target(lesion: &str, status: &str) -> Value {
    json!({ "lesion": lesion, "in_field": true, "status": status })
}

fn new_lesion(certainty: &str, in_field: bool) -> Value {
    json!([{ "lesion": "N1", "site": "lung", "in_field": in_field, "certainty": certainty }])
}

#[test]
fn n1_non_targets_are_complete_only_when_all_are_gone_and_progress_only_unequivocally() {
    let baseline = with(0, &["T1 40"], json!([non_target("A", "present"), non_target("B", "present")]), json!([]));
    for (a, b, expected, overall) in [
        ("absent", "absent", NonTargetResponse::CR, Response::PR),
        ("absent", "present", NonTargetResponse::NonCrNonPd, Response::PR),
        ("absent", "not_assessed", NonTargetResponse::NE, Response::PR),
        ("progressed_unequivocally", "not_assessed", NonTargetResponse::PD, Response::PD),
    ] {
        let visit = with(56, &["T1 20"], json!([non_target("A", a), non_target("B", b)]), json!([]));
        let visit = &run(&[baseline.clone(), visit])[0];
        assert_eq!((visit.non_target, visit.overall), (expected, overall), "{a} {b}");
    }
    let silent = &run(&[baseline, assessment(56, &["T1 20"])])[0];
    assert_eq!(silent.non_target, NonTargetResponse::NE, "what a visit does not mention was not assessed");
}

#[test]
fn n1_a_marker_raised_at_baseline_must_be_normal_in_complete_response() {
    let at = |number, target: &str, marker: Value| -> Assessment {
        let mut visit = serde_json::to_value(assessment(number, &[target])).unwrap();
        if !marker.is_null() {
            visit["marker"] = marker;
        }
        serde_json::from_value(visit).unwrap()
    };
    for (before, after, expected) in [
        (json!("above_normal"), json!("above_normal"), Response::PR),
        (json!("above_normal"), Value::Null, Response::PR),
        (json!("above_normal"), json!("normal"), Response::CR),
        (json!("normal"), json!("above_normal"), Response::CR),
        (Value::Null, Value::Null, Response::CR),
    ] {
        let (baseline, visit) = (at(0, "T1 40", before), at(56, "T1 0", after));
        assert_eq!(run(&[baseline.clone(), visit.clone()])[0].overall, expected);
        let field = evaluate(&baseline, &[visit], Field::InField, &ResponseRules::default());
        assert_eq!(field[0].overall, Response::CR, "a marker says nothing of the field");
    }
}

#[test]
fn n2_an_unequivocal_new_lesion_is_progression_and_stays_new() {
    let seen = with(56, &["T1 20"], json!([]), new_lesion("unequivocal", true));
    let visits = run(&[assessment(0, &["T1 40"]), seen, assessment(112, &["T1 20"])]);
    assert_eq!(words(&visits), "PD PD");
    assert!(visits[0].because.to_string().contains("new lesion N1"), "{}", visits[0].because);
}

#[test]
fn n2_a_new_lesion_in_doubt_is_followed_and_counts_from_first_sight_once_confirmed() {
    let doubtful = with(56, &["T1 40"], json!([]), new_lesion("equivocal", true));
    let rows = [assessment(0, &["T1 40"]), doubtful, with(112, &["T1 40"], json!([]), new_lesion("unequivocal", true))];
    let open = run(&rows[..2]);
    assert_eq!((words(&open), open[0].queries.len()), ("SD".to_owned(), 1));
    let known = run(&rows);
    assert_eq!(words(&known), "PD PD");
    assert_eq!(progression_date(&known), Some(day(56)));
}

#[test]
fn d1_progression_is_dated_by_the_first_image_and_response_by_the_last() {
    let images = |mm: &str| -> Assessment {
        let mut visit = serde_json::to_value(assessment(60, &[&format!("T1 {mm}"), "T2 20"])).unwrap();
        visit["targets"][0]["imaged"] = json!(day(58));
        visit["targets"][1]["imaged"] = json!(day(63));
        serde_json::from_value(visit).unwrap()
    };
    let baseline = assessment(0, &["T1 40", "T2 20"]);
    let dated = |mm, response_date| {
        let rules = ResponseRules { response_date, ..ResponseRules::default() };
        evaluate(&baseline, &[images(mm)], Field::Overall, &rules)[0].dated
    };
    assert_eq!(dated("80", ResponseDate::Latest), day(58));
    assert_eq!(dated("10", ResponseDate::Latest), day(63));
    assert_eq!(dated("10", ResponseDate::Earliest), day(58));
}

#[test]
fn i1_the_field_has_its_own_sum_and_its_own_new_lesions() {
    let baseline = assessment(0, &["T1 40", "T2 20 out"]);
    let visit = |in_field| with(56, &["T1 28", "T2 30 out"], json!([]), new_lesion("unequivocal", in_field));
    let of = |field, in_field| evaluate(&baseline, &[visit(in_field)], field, &ResponseRules::default()).remove(0);
    let field = of(Field::InField, false);
    assert_eq!((field.overall, field.sum_mm, field.change_from_baseline_pct), (Response::PR, Some(28.0), Some(-30.0)));
    assert_eq!(of(Field::Overall, false).overall, Response::PD);
    assert_eq!(of(Field::InField, true).overall, Response::PD);
}

#[test]
fn i1_without_a_lesion_in_the_field_the_field_is_not_evaluable() {
    let rows = [assessment(0, &["T1 40 out"]), assessment(56, &["T1 0 out"])];
    let visits = evaluate(&rows[0], &rows[1..], Field::InField, &ResponseRules::default());
    assert_eq!((visits[0].overall, visits[0].sum_mm), (Response::NE, None));
}

#[test]
fn visits_are_judged_in_the_order_of_their_days() {
    let (baseline, low, high) = (assessment(0, &["T1 100"]), assessment(56, &["T1 50"]), assessment(112, &["T1 60"]));
    assert_eq!(words(&run(&[baseline, high, low])), "PR PD");
}

#[test]
fn an_assessment_survives_json_and_refuses_what_it_does_not_know() {
    let full =
        with(0, &["T1 40.50", "T2 20 node"], json!([non_target("A", "present")]), new_lesion("equivocal", false));
    let text = serde_json::to_string(&full).unwrap();
    assert_eq!(serde_json::from_str::<Assessment>(&text).unwrap(), full);
    assert!(!text.contains("null") && !text.contains("non_nodal"), "{text}");
    assert!(serde_json::from_str::<Assessment>(r#"{"day":"2020-01-01","tumour":[]}"#).is_err());
    assert!(serde_json::from_str::<ResponseRules>(r#"{"stick_pr":true}"#).is_err());
    assert_eq!(serde_json::from_str::<ResponseRules>("{}").unwrap(), ResponseRules::default());
}

#[test]
fn every_member_of_the_schema_says_what_it_is() {
    fn undescribed(at: &str, schema: &Value, found: &mut Vec<String>) {
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            let place = format!("{at}.{name}");
            if member["description"].as_str().is_none_or(str::is_empty) {
                found.push(place.clone());
            }
            undescribed(&place, member, found);
        }
    }
    for schema in [schemars::schema_for!(Assessment), schemars::schema_for!(ResponseRules)] {
        let schema = serde_json::to_value(schema).unwrap();
        assert!(!schema["properties"].as_object().unwrap().is_empty());
        let mut found = Vec::new();
        undescribed("", &schema, &mut found);
        for (name, definition) in schema["$defs"].as_object().into_iter().flatten() {
            undescribed(name, definition, &mut found);
        }
        assert_eq!(found, Vec::<String>::new());
    }
}
