//! The synthetic cohort: every response, overall and in the field, follows from the lesions.

use chrono::{NaiveDate, TimeDelta};
use serde::Deserialize;
use trial_core::recist::{
    Assessment, Field, Response, ResponseRules, baseline_findings, evaluate, progression_date, response_at,
};

const COHORT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/recist_reconstruction.json"));

#[derive(Deserialize)]
struct Cohort {
    label: String,
    subjects: Vec<Subject>,
}

#[derive(Deserialize)]
struct Subject {
    subject: String,
    start: NaiveDate,
    baseline: Assessment,
    progression: Option<NaiveDate>,
    three_months: ThreeMonths,
    visits: Vec<Expected>,
}

#[derive(Deserialize)]
struct ThreeMonths {
    overall: Response,
    in_field: Response,
}

#[derive(Deserialize)]
struct Expected {
    assessment: Assessment,
    sum_mm: f64,
    change_from_baseline_pct: f64,
    in_field_change_from_baseline_pct: f64,
    response: Response,
    in_field_response: Response,
}

#[test]
fn every_visit_of_the_synthetic_cohort_has_the_stated_responses() {
    let cohort: Cohort = serde_json::from_str(COHORT).unwrap();
    assert!(cohort.label.starts_with("SYNTHETIC"));
    assert_eq!(cohort.subjects.len(), 9);
    let rules = ResponseRules::default();
    let close = |found: Option<f64>, expected: f64| (found.unwrap() - expected).abs() < 5e-5;
    for subject in cohort.subjects {
        let visits: Vec<Assessment> = subject.visits.iter().map(|visit| visit.assessment.clone()).collect();
        let name = &subject.subject;
        assert!(visits.iter().all(|visit| visit.faults().is_empty()), "{name}");
        assert_eq!(baseline_findings(&subject.baseline), [], "{name}");
        let overall = evaluate(&subject.baseline, &visits, Field::Overall, &rules);
        let field = evaluate(&subject.baseline, &visits, Field::InField, &rules);
        assert_eq!(overall.len(), subject.visits.len());
        for (expected, (whole, inside)) in subject.visits.iter().zip(overall.iter().zip(&field)) {
            let at = format!("{name} on {}: {} / {}", whole.day, whole.because, inside.because);
            assert_eq!((whole.overall, inside.overall), (expected.response, expected.in_field_response), "{at}");
            assert_eq!(whole.sum_mm, Some(expected.sum_mm), "{at}");
            assert!(close(whole.change_from_baseline_pct, expected.change_from_baseline_pct), "{at}");
            assert!(close(inside.change_from_baseline_pct, expected.in_field_change_from_baseline_pct), "{at}");
        }
        assert_eq!(progression_date(&overall), subject.progression, "{name}");
        let three_months = subject.start + TimeDelta::days(91);
        let at = |visits| response_at(visits, three_months, 14).unwrap().overall;
        assert_eq!((at(&overall), at(&field)), (subject.three_months.overall, subject.three_months.in_field), "{name}");
    }
}
