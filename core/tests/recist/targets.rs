//! T1 to T12: the choice of targets, their sum and its response.

use crate::{assessment, course, course_under, day, run};
use serde_json::json;
use trial_core::recist::{Assessment, Confirmation, Field, ResponseRules, TargetResponse, baseline_findings, evaluate};

fn findings(targets: serde_json::Value) -> Vec<String> {
    let baseline: Assessment = serde_json::from_value(json!({ "day": day(0), "targets": targets })).unwrap();
    baseline_findings(&baseline).iter().map(ToString::to_string).collect()
}

fn chosen(lesion: &str, site: &str, kind: &str, mm: &str) -> serde_json::Value {
    let diameter = json!({ "value": mm, "unit": "mm" });
    json!({ "lesion": lesion, "site": site, "kind": kind, "in_field": true, "diameter": diameter })
}

#[test]
fn t1_a_baseline_that_keeps_the_rules_has_no_finding() {
    let mut progressed = chosen("T3", "lung", "non_nodal", "10");
    progressed["prior_radiotherapy"] = json!("progressed_since");
    let targets = [
        chosen("T1", "liver", "non_nodal", "10.0"),
        chosen("T2", "liver", "non_nodal", "40"),
        progressed,
        chosen("T4", "axilla", "nodal", "15"),
        chosen("T5", "groin", "nodal", "22"),
    ];
    assert_eq!(findings(json!(targets)), Vec::<String>::new());
}

#[test]
fn t1_more_than_five_targets_or_two_per_organ_are_found() {
    let six: Vec<_> = (0..6).map(|n| chosen(&format!("T{n}"), &format!("organ{n}"), "non_nodal", "20")).collect();
    assert_eq!(findings(json!(six)), ["expected at most 5 target lesions, found 6"]);
    let nodes: Vec<_> = ["axilla", "groin", "hilum"].map(|site| chosen(site, site, "nodal", "20")).into();
    assert_eq!(findings(json!(nodes)), ["expected at most 2 target lesions in one organ, found 3 in lymph nodes"]);
    let lungs: Vec<_> = ["left-lung", "Lung-right", "lung"].map(|site| chosen(site, site, "non_nodal", "20")).into();
    assert_eq!(findings(json!(lungs)), ["expected at most 2 target lesions in one organ, found 3 in lung"]);
}

#[test]
fn t1_targets_too_small_unmeasured_or_irradiated_are_found() {
    let mut unmeasured = chosen("T4", "lung", "non_nodal", "20");
    unmeasured.as_object_mut().unwrap().remove("diameter");
    let mut irradiated = chosen("T5", "bone", "non_nodal", "20");
    irradiated["prior_radiotherapy"] = json!("not_progressed");
    let small = chosen("T1", "liver", "non_nodal", "9.99");
    let targets = [small, chosen("T2", "a", "nodal", "14.9"), chosen("T3", "b", "nodal", "9"), unmeasured, irradiated];
    assert_eq!(
        findings(json!(targets)),
        [
            "T1: expected a target of at least 10 mm, found 9.99 mm",
            "T2: a node of 10 to less than 15 mm is a non-target lesion, found 14.9 mm",
            "T3: expected a target of at least 15 mm, found 9 mm",
            "T4: expected a diameter, found none",
            "T5: irradiated before without progression since; not a target lesion",
        ]
    );
}

#[test]
fn t2_the_sum_adds_diameters_and_short_axes() {
    let visits = run(&[assessment(0, &["T1 40.5", "T2 20 node"]), assessment(56, &["T1 30.25", "T2 12 node"])]);
    assert_eq!(visits[0].sum_mm, Some(42.25));
    assert_eq!(visits[0].nadir_mm, Some(60.5));
    assert_eq!(visits[0].change_from_nadir_mm, Some(-18.25));
}

#[test]
fn t3_too_small_counts_5_mm_unless_measured_and_absent_counts_nothing() {
    let sum = |text: &str| run(&[assessment(0, &["T1 40"]), assessment(56, &[text])])[0].sum_mm;
    assert_eq!(sum("T1 tiny"), Some(5.0));
    assert_eq!(sum("T1 0"), Some(0.0));
    let measured = json!({ "lesion": "T1", "site": "liver", "in_field": true, "state": "too_small",
        "diameter": { "value": "3", "unit": "mm" } });
    let visit = serde_json::from_value(json!({ "day": day(56), "targets": [measured] })).unwrap();
    assert_eq!(run(&[assessment(0, &["T1 40"]), visit])[0].sum_mm, Some(3.0));
}

#[test]
fn t3_a_node_keeps_its_real_value_below_10_mm() {
    let visits = run(&[assessment(0, &["T1 20 node"]), assessment(56, &["T1 8 node"])]);
    assert_eq!((visits[0].sum_mm, visits[0].target), (Some(8.0), TargetResponse::CR));
}

#[test]
fn t4_complete_response_asks_for_no_lesion_and_every_node_below_10_mm() {
    assert_eq!(course(&[&["T1 40", "T2 20 node"], &["T1 0", "T2 9.9 node"]]), "CR");
    assert_eq!(course(&[&["T1 40", "T2 20 node"], &["T1 0", "T2 10 node"]]), "PR");
    assert_eq!(course(&[&["T1 40", "T2 20 node"], &["T1 tiny", "T2 5 node"]]), "PR");
}

#[test]
fn t5_partial_response_begins_at_30_percent_exactly() {
    assert_eq!(course(&[&["T1 100"], &["T1 70"]]), "PR");
    assert_eq!(course(&[&["T1 100"], &["T1 70.001"]]), "SD");
    // 0.7 times 33 is not 23.1 in floating point.
    assert_eq!(course(&[&["T1 33"], &["T1 23.1"]]), "PR");
}

#[test]
fn t6_progression_asks_for_20_percent_and_5_mm_over_the_nadir() {
    assert_eq!(course(&[&["T1 50"], &["T1 60"]]), "PD");
    assert_eq!(course(&[&["T1 50"], &["T1 59.999"]]), "SD");
    assert_eq!(course(&[&["T1 20"], &["T1 24.9"]]), "SD");
    assert_eq!(course(&[&["T1 20"], &["T1 25"]]), "PD");
    assert_eq!(course(&[&["T1 100"], &["T1 50"], &["T1 60"]]), "PR PD");
}

#[test]
fn t6_from_a_nadir_of_zero_5_mm_are_enough() {
    // A non-target persists, so that the patient was never in complete response.
    let stays = || json!([{ "lesion": "PVT", "in_field": true, "status": "present" }]);
    let at = |number, target: &str| crate::with(number, &[target], stays(), json!([]));
    let visits = run(&[at(0, "T1 40"), at(56, "T1 0"), at(112, "T1 4.9"), at(168, "T1 5")]);
    assert_eq!(crate::words(&visits), "PR PR PD");
    assert_eq!((visits[2].nadir_mm, visits[2].change_from_nadir_pct), (Some(0.0), None));
}

#[test]
fn t7_neither_shrunk_nor_grown_enough_is_stable() {
    assert_eq!(course(&[&["T1 100"], &["T1 80"], &["T1 95"]]), "SD SD");
}

#[test]
fn t8_progression_is_tested_before_response() {
    assert_eq!(course(&[&["T1 100"], &["T1 30"], &["T1 40"]]), "PR PD");
    // Every node is below 10 mm, which alone would be CR.
    assert_eq!(course(&[&["T1 20 node"], &["T1 3 node"], &["T1 9 node"]]), "CR PD");
}

#[test]
fn t9_a_target_not_assessed_is_not_evaluable_and_leaves_the_nadir() {
    let rows = [assessment(0, &["T1 50", "T2 50"]), assessment(56, &["T1 20", "T2 -"]), assessment(112, &["T1 50"])];
    let visits = run(&rows);
    assert_eq!(crate::words(&visits), "NE NE");
    assert_eq!((visits[0].sum_mm, visits[1].nadir_mm), (None, Some(100.0)));
}

#[test]
fn t9_the_assessed_part_alone_can_prove_progression() {
    assert_eq!(course(&[&["T1 50", "T2 50"], &["T1 120", "T2 -"]]), "PD");
    assert_eq!(course(&[&["T1 50", "T2 50"], &["T1 119", "T2 -"]]), "NE");
}

#[test]
fn t10_a_partial_response_lasts_until_progression_where_the_protocol_says_so() {
    let rows: [&[&str]; 5] = [&["T1 100"], &["T1 70"], &["T1 70"], &["T1 80"], &["T1 80"]];
    let sticky = ResponseRules { confirmation: Confirmation::Required, ..ResponseRules::default() };
    assert_eq!(course_under(&rows, &sticky), "PR PR PR PR");
    assert_eq!(course_under(&rows, &ResponseRules { sticky_pr: false, ..sticky }), "PR PR SD SD");
}

#[test]
fn t10_an_unconfirmed_partial_response_does_not_last_and_progression_ends_a_confirmed_one() {
    let required = ResponseRules { confirmation: Confirmation::Required, ..ResponseRules::default() };
    assert_eq!(course_under(&[&["T1 100"], &["T1 70"], &["T1 80"], &["T1 80"]], &required), "PR SD SD");
    assert_eq!(course_under(&[&["T1 100"], &["T1 70"], &["T1 70"], &["T1 84"]], &required), "PR PR PD");
    // Stable disease between the two: neither confirms the other.
    let broken: [&[&str]; 5] = [&["T1 100"], &["T1 70"], &["T1 80"], &["T1 70"], &["T1 80"]];
    assert_eq!(course_under(&broken, &required), "PR SD PR SD");
}

#[test]
fn t11_the_parts_of_a_split_lesion_are_added() {
    let visits = run(&[assessment(0, &["T1 60"]), assessment(56, &["T1a 25 T1", "T1b 15 T1"])]);
    assert_eq!((visits[0].sum_mm, visits[0].overall.to_string()), (Some(40.0), "PR".to_owned()));
    assert!(visits[0].queries.is_empty());
}

#[test]
fn t11_merged_lesions_count_once_and_are_not_gone() {
    let visits = run(&[assessment(0, &["T1 40", "T2 40"]), assessment(56, &["T1 50", "T2 merged"])]);
    assert_eq!((visits[0].sum_mm, visits[0].target), (Some(50.0), TargetResponse::PR));
}

#[test]
fn t12_a_lesion_that_comes_back_is_progression_only_after_complete_response() {
    assert_eq!(course(&[&["T1 40", "T2 40"], &["T1 0", "T2 30"], &["T1 4", "T2 30"]]), "PR PR");
    assert_eq!(course(&[&["T1 40", "T2 40"], &["T1 0", "T2 0"], &["T1 4", "T2 0"]]), "CR PD");
}

#[test]
fn t12_a_node_back_at_10_mm_after_complete_response_is_judged_by_its_growth() {
    assert_eq!(course(&[&["T1 20 node"], &["T1 9 node"], &["T1 10 node"], &["T1 14 node"]]), "CR PR PD");
}

#[test]
fn a_target_unknown_at_baseline_is_asked_about_and_not_added() {
    let visits = run(&[assessment(0, &["T1 40"]), assessment(56, &["T1 40 out", "T9 90"])]);
    assert_eq!(visits[0].sum_mm, Some(40.0));
    assert_eq!(visits[0].queries.len(), 2, "{:?}", visits[0].queries);
    let field = evaluate(
        &assessment(0, &["T1 40"]),
        &[assessment(56, &["T1 28 out"])],
        Field::InField,
        &ResponseRules::default(),
    );
    assert_eq!(field[0].target, TargetResponse::PR);
}

#[test]
fn a_measurement_that_cannot_be_is_a_fault_and_never_enters_a_sum() {
    for mm in ["-5", "1000.001", "999999999999999"] {
        let visit = assessment(56, &[&format!("T1 {mm}")]);
        assert_eq!(visit.faults().len(), 1, "{mm}");
        assert_eq!(run(&[assessment(0, &["T1 40"]), visit])[0].target, TargetResponse::NE, "{mm}");
    }
    assert_eq!(assessment(0, &["T1 40", "T1 41"]).faults(), ["lesion T1 is given twice"]);
    assert!(assessment(0, &["T1 40", "T2 0", "T3 tiny", "T4 -", "T5 1000"]).faults().is_empty());
}
