//! B1 and B2: the best response with and without confirmation; the response at a time point.

use crate::{assessment, day, run, with, words};
use serde_json::json;
use trial_core::recist::{
    Assessment, Best, Confirmation, Course, Field, Response, ResponseRules, Visit, best_response, evaluate, response_at,
};

/// Visits with the responses given, as `"CR@56 NE@84"`: each made from images that show just that.
fn visits(text: &str) -> Vec<Visit> {
    let rules = ResponseRules { sticky_pr: false, ..ResponseRules::default() };
    let at = |word: &str| -> Visit {
        let (response, number) = word.split_once('@').unwrap();
        let targets: &[&str] = match response {
            "CR" => &["T1 0"],
            "PR" => &["T1 50"],
            "SD" => &["T1 100"],
            "PD" => &["T1 150"],
            "NE" => &["T1 -"],
            other => panic!("no images for {other}"),
        };
        let visit = assessment(number.parse().unwrap(), targets);
        let judged = evaluate(&assessment(0, &["T1 100"]), &[visit], Field::Overall, &rules).remove(0);
        assert_eq!(judged.overall.to_string(), response);
        judged
    };
    text.split(' ').map(at).collect()
}

fn best(text: &str, confirmation: Confirmation) -> Best {
    let rules = ResponseRules { confirmation, ..ResponseRules::default() };
    best_response(&visits(text), &Course { start: day(0), new_therapy: None }, &rules)
}

fn check(confirmation: Confirmation, table: &[(&str, Response)]) {
    for (text, expected) in table {
        assert_eq!(best(text, confirmation).response, *expected, "{text}");
    }
}

#[test]
fn b1_the_best_response_without_confirmation_is_the_best_of_all_up_to_progression() {
    use Response::{CR, NE, PD, PR, SD};
    check(
        Confirmation::NotRequired,
        &[
            ("SD@56 PR@112 CR@168 PD@224", CR),
            ("PR@30 SD@56", PR),
            ("SD@42 PD@84", SD),
            ("SD@41 PD@84", PD),
            ("SD@41", NE),
            ("NE@56 PD@84", PD),
            ("NE@56", NE),
            ("PD@56 CR@112", PD),
        ],
    );
    assert_eq!(best("SD@56 PR@112 PR@168", Confirmation::NotRequired).day, Some(day(112)));
}

#[test]
fn b1_assessments_after_new_therapy_do_not_count() {
    let rules = ResponseRules::default();
    let until = |number| Course { start: day(0), new_therapy: Some(day(number)) };
    let visits = visits("SD@56 CR@112");
    assert_eq!(best_response(&visits, &until(111), &rules).response, Response::SD);
    assert_eq!(best_response(&visits, &until(112), &rules).response, Response::CR);
    let nothing = best_response(&visits, &until(10), &rules);
    assert_eq!((nothing.response, nothing.day), (Response::NE, None));
}

#[test]
fn b2_a_response_is_confirmed_by_another_at_least_28_days_later() {
    use Response::{CR, PR, SD};
    check(
        Confirmation::Required,
        &[
            ("CR@56 CR@84", CR),
            ("CR@56 CR@83", SD),
            ("CR@56 CR@70 CR@84", CR),
            ("PR@56 PR@84", PR),
            ("PR@56 CR@84", PR),
            ("PR@56 CR@84 CR@112", CR),
            ("PR@56 PR@83", SD),
            ("SD@56 PR@84 PR@112 PD@140", PR),
        ],
    );
    assert_eq!(best("SD@56 PR@84 PR@112", Confirmation::Required).day, Some(day(84)));
}

#[test]
fn b2_one_assessment_that_could_not_be_evaluated_may_lie_between() {
    check(
        Confirmation::Required,
        &[
            ("PR@56 NE@84 PR@112", Response::PR),
            ("CR@56 NE@84 CR@112", Response::CR),
            ("PR@56 NE@84 NE@112 PR@140", Response::SD),
        ],
    );
    let two = ResponseRules { confirmation: Confirmation::Required, max_nr_ne: 2, ..ResponseRules::default() };
    let visits = visits("PR@56 NE@84 NE@112 PR@140");
    let course = Course { start: day(0), new_therapy: None };
    assert_eq!(best_response(&visits, &course, &two).response, Response::PR);
}

#[test]
fn b2_an_unconfirmed_response_is_stable_disease_where_it_lasted_long_enough() {
    use Response::{NE, PD, SD};
    check(
        Confirmation::Required,
        &[
            ("CR@42 SD@84", SD),
            ("CR@41 SD@84", PD),
            ("CR@42 PD@84", SD),
            ("CR@41 PD@84", PD),
            ("PR@42 PD@84", SD),
            ("PR@41 PD@84", PD),
            ("PR@20 SD@40", SD),
            ("PR@56 SD@84 PR@112", SD),
            ("CR@42", SD),
            ("CR@41", NE),
            ("PR@42", SD),
            ("PR@41", NE),
            ("PR@42 NE@84", SD),
            ("PR@41 NE@84", NE),
            ("SD@41 PD@84", PD),
            ("NE@56", NE),
        ],
    );
}

#[test]
fn b2_disease_after_complete_response_is_asked_about() {
    for (text, expected) in [("CR@42 PR@84", Response::SD), ("CR@41 PR@84 PR@112", Response::PD)] {
        let found = best(text, Confirmation::Required);
        assert_eq!((found.response, found.queries.len()), (expected, 1), "{text}");
    }
    assert_eq!(best("CR@56 CR@84 PR@112", Confirmation::Required).response, Response::CR);
    assert_eq!(best("CR@56 PR@84", Confirmation::NotRequired).queries.len(), 1);
    assert!(best("CR@56 CR@84 PD@112", Confirmation::Required).queries.is_empty());
}

#[test]
fn disease_that_was_never_measured_has_no_stable_disease() {
    let at = |number, status: &str| -> Assessment {
        with(number, &[], json!([{ "lesion": "A", "in_field": true, "status": status }]), json!([]))
    };
    let visits = run(&[at(0, "present"), at(56, "present"), at(112, "progressed_unequivocally")]);
    assert_eq!(words(&visits), "NON-CR/NON-PD PD");
    for confirmation in [Confirmation::Required, Confirmation::NotRequired] {
        let rules = ResponseRules { confirmation, ..ResponseRules::default() };
        let course = Course { start: day(0), new_therapy: None };
        assert_eq!(best_response(&visits, &course, &rules).response, Response::NonCrNonPd);
    }
}

#[test]
fn the_response_at_a_time_point_is_that_of_the_nearest_visit_in_the_window() {
    let visits = visits("SD@56 PR@84 CR@98 PD@182");
    let at = |number, window| response_at(&visits, day(number), window).map(|visit| visit.overall);
    assert_eq!(at(91, 14), Some(Response::PR));
    assert_eq!(at(92, 14), Some(Response::CR));
    assert_eq!(at(70, 14), Some(Response::SD));
    assert_eq!(at(140, 14), None);
    assert_eq!(at(168, 14), Some(Response::PD));
    assert_eq!(at(167, 14), None);
}
