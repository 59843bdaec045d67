//! The DLT definition of the published trial, judged on the vectors under both readings.

#![allow(clippy::unwrap_used, reason = "helpers of tests, which clippy does not recognise outside #[test]")]

use serde::Deserialize;
use serde_json::Value;
use trial_core::dlt::{
    Adjudication, Attribution, DltDefinition, Missing, Onset, Outcome, Qualifier, Relation, Toxicity, adjudicate,
};
use trial_core::grade::Grade;

const DEFINITION: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/dlt_definition.json"));
const CASES: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/dlt_adjudication.json"));

const GI: &str = "Gastrointestinal disorders";
const BLOOD: &str = "Blood and lymphatic system disorders";

fn definition() -> DltDefinition {
    serde_json::from_str(DEFINITION).unwrap()
}

fn attribution(axitinib: &str, radiotherapy: &str) -> Attribution {
    let map = serde_json::json!({ "axitinib": axitinib, "radiotherapy": radiotherapy });
    serde_json::from_value(map).unwrap()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    id: String,
    term: String,
    soc: String,
    grade: Grade,
    attribution: Option<String>,
    in_window: bool,
    intervention: Option<bool>,
    prophylaxis: Option<bool>,
    controlled: Option<bool>,
    expected: String,
    reason: String,
    expected_if_qualifier_is_hypertension_only: String,
    #[serde(rename = "note")]
    _note: String,
}

fn cases() -> Vec<Case> {
    let mut file: Value = serde_json::from_str(CASES).unwrap();
    serde_json::from_value(file["cases"].take()).unwrap()
}

impl Case {
    fn judged(&self, definition: &DltDefinition) -> Adjudication {
        let attribution = match &self.attribution {
            Some(relation) => attribution(relation, "unrelated"),
            None => Attribution::new(),
        };
        let onset = if self.in_window { Onset::InWindow } else { Onset::OutsideWindow };
        let toxicity = Toxicity {
            term: &self.term,
            soc: &self.soc,
            grade: self.grade,
            attribution: &attribution,
            onset,
            intervention: self.intervention,
            prophylaxis: self.prophylaxis,
            controlled: self.controlled,
            baseline: None,
        };
        adjudicate(definition, &toxicity)
    }
}

fn word(outcome: Outcome) -> String {
    serde_json::to_value(outcome).unwrap().as_str().unwrap().to_owned()
}

#[test]
fn every_case_is_judged_as_expected_with_its_reason() {
    let cases = cases();
    assert_eq!(cases.len(), 40);
    for case in cases {
        let judged = case.judged(&definition());
        assert_eq!((word(judged.outcome), &*judged.reason), (case.expected, case.reason.as_str()), "{}", case.id);
        assert_eq!(judged.clause.map(|id| id.to_string()), case.reason.starts_with("clause").then_some(case.reason));
        assert_eq!(judged.outcome == Outcome::Undetermined, !judged.missing.is_empty(), "{}", case.id);
    }
}

#[test]
fn every_case_is_judged_as_expected_under_the_narrower_reading() {
    let narrow = DltDefinition { qualifier: Qualifier::HypertensionOnly, ..definition() };
    for case in cases() {
        let expected = case.expected_if_qualifier_is_hypertension_only.clone();
        assert_eq!(word(case.judged(&narrow).outcome), expected, "{}", case.id);
    }
}

/// A grade 3 event, related to the drug, inside the window, of which nothing else is recorded.
fn bare<'a>(term: &'a str, soc: &'a str, attribution: &'a Attribution) -> Toxicity<'a> {
    let grade = Grade::new(3).unwrap();
    let onset = Onset::InWindow;
    Toxicity {
        term,
        soc,
        grade,
        attribution,
        onset,
        intervention: None,
        prophylaxis: None,
        controlled: None,
        baseline: None,
    }
}

const SHORT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/dictionaries/ctcae-4.0-short.json"));
const PROTOCOL: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/examples/protocols/axitinib-rt.json"));

/// The class of a term of the short list.
fn class(term: &str) -> String {
    let terms: Vec<Value> = serde_json::from_str(SHORT).unwrap();
    let found =
        terms.iter().find(|entry| entry["term"] == *term).unwrap_or_else(|| panic!("{term} is not in the list"));
    found["soc"].as_str().unwrap().to_owned()
}

fn listed(pointer: &str) -> Vec<String> {
    let file: Value = serde_json::from_str(CASES).unwrap();
    serde_json::from_value(file.pointer(pointer).unwrap().clone()).unwrap()
}

#[test]
fn hematologic_terms_are_those_listed_whatever_their_class() {
    let related = attribution("possible", "unrelated");
    let reason = |term: &str, soc: &str| {
        let judged = adjudicate(&definition(), &bare(term, soc, &related));
        (judged.outcome, judged.reason.to_string())
    };
    let hematologic = reason("Febrile neutropenia", BLOOD);
    assert_eq!(hematologic.0, Outcome::NotDlt);
    let investigations = listed("/hematologic_terms/investigations");
    for term in &investigations {
        assert_eq!(class(term), "Investigations", "{term}");
        assert_eq!(reason(term, "Investigations"), hematologic, "{term}");
    }
    for entry in serde_json::from_str::<Vec<Value>>(SHORT).unwrap() {
        let (term, soc) = (entry["term"].as_str().unwrap(), entry["soc"].as_str().unwrap());
        let expected = term != "Anemia" && (soc == BLOOD || investigations.iter().any(|listed| listed == term));
        assert_eq!(reason(term, soc) == hematologic, expected, "{term}");
    }
}

#[test]
fn pain_is_each_listed_term_in_whatever_class_it_stands() {
    let related = attribution("possible", "unrelated");
    let terms = listed("/pain_terms");
    assert_eq!(terms.len(), 20);
    for term in terms {
        let soc = class(&term);
        let judged = |controlled| {
            // Of a gastrointestinal pain it matters as well that something was tried.
            let event = Toxicity { controlled, intervention: Some(true), ..bare(&term, &soc, &related) };
            adjudicate(&definition(), &event).outcome
        };
        let outcomes = [Some(true), Some(false), None].map(judged);
        assert_eq!(outcomes, [Outcome::NotDlt, Outcome::Dlt, Outcome::Undetermined], "{term} of {soc}");
    }
}

#[test]
fn the_rows_of_the_published_table_are_the_protocols() {
    let rows: Vec<Value> =
        serde_json::from_value(serde_json::from_str::<Value>(PROTOCOL).unwrap()["toxicity_rows"].take()).unwrap();
    let file: Value = serde_json::from_str(CASES).unwrap();
    let published = file["table2_terms"].as_array().unwrap();
    assert_eq!(rows.len(), published.len());
    for (row, expected) in rows.iter().zip(published) {
        assert_eq!(row["label"], expected["paper"]);
        for term in row["terms"].as_array().unwrap() {
            let term = term.as_str().unwrap();
            assert!(expected["ctcae"].as_str().unwrap().contains(term), "{expected}: {term}");
            assert_eq!(class(term), expected["soc"].as_str().unwrap(), "{term}");
        }
    }
}

#[test]
fn the_stronger_of_two_relations_counts() {
    for (axitinib, radiotherapy, expected) in [
        ("unrelated", "possible", Outcome::Dlt),
        ("definite", "unrelated", Outcome::Dlt),
        ("unlikely", "unrelated", Outcome::NotDlt),
    ] {
        let map = attribution(axitinib, radiotherapy);
        assert_eq!(adjudicate(&definition(), &bare("Fatigue", "General", &map)).outcome, expected);
    }
}

#[test]
fn one_component_judged_unrelated_and_the_other_not_judged_is_undetermined() {
    let half: Attribution = [("axitinib".parse().unwrap(), Relation::Unlikely)].into_iter().collect();
    let judged = adjudicate(&definition(), &bare("Fatigue", "General", &half));
    assert_eq!((judged.outcome, judged.missing), (Outcome::Undetermined, vec![Missing::Attribution]));
    let related: Attribution = [("axitinib".parse().unwrap(), Relation::Possible)].into_iter().collect();
    assert_eq!(adjudicate(&definition(), &bare("Fatigue", "General", &related)).outcome, Outcome::Dlt);
}

#[test]
fn an_unattributed_grade_2_never_blocks() {
    let none = Attribution::new();
    let mild = Toxicity { grade: Grade::new(2).unwrap(), ..bare("Fatigue", "General", &none) };
    assert_eq!(adjudicate(&definition(), &mild).reason, "grade_below_3");
}

#[test]
fn gastrointestinal_exceptions_over_all_that_can_be_recorded() {
    use Outcome::{Dlt, NotDlt, Undetermined};
    let (yes, no, open) = (Some(true), Some(false), None);
    let map = attribution("probable", "possible");
    for (intervention, prophylaxis, controlled, whole, narrow) in [
        (yes, open, no, Dlt, Dlt),
        (no, yes, no, Dlt, Dlt),
        (yes, no, yes, NotDlt, NotDlt),
        (yes, yes, open, Undetermined, Undetermined),
        (no, open, yes, Undetermined, Undetermined),
        (open, no, no, Undetermined, Undetermined),
        (no, no, no, Undetermined, NotDlt),
        (no, no, open, Undetermined, NotDlt),
        (no, no, yes, NotDlt, NotDlt),
    ] {
        for term in ["Nausea", "Vomiting", "Diarrhea", "Constipation", "Abdominal pain"] {
            let toxicity = Toxicity { intervention, prophylaxis, controlled, ..bare(term, GI, &map) };
            assert_eq!(adjudicate(&definition(), &toxicity).outcome, whole, "{toxicity:?}");
            let other = DltDefinition { qualifier: Qualifier::HypertensionOnly, ..definition() };
            assert_eq!(adjudicate(&other, &toxicity).outcome, narrow, "{toxicity:?}");
        }
    }
}

#[test]
fn another_gastrointestinal_toxicity_counts_by_clause_2_only_when_it_withstood_treatment() {
    let map = attribution("definite", "unrelated");
    let mucositis = |controlled| Toxicity { intervention: Some(true), controlled, ..bare("Mucositis oral", GI, &map) };
    for (controlled, clause) in [(Some(false), "clause_2"), (Some(true), "clause_4"), (None, "clause_4")] {
        assert_eq!(adjudicate(&definition(), &mucositis(controlled)).reason, clause);
    }
}

#[test]
fn hypertension_is_excepted_only_when_medication_controlled_it() {
    let map = attribution("definite", "unrelated");
    for (intervention, controlled, expected) in [
        (Some(true), Some(true), "listed_and_controlled"),
        (Some(true), None, "control_missing"),
        (None, Some(true), "intervention_missing"),
        (Some(false), Some(true), "clause_4"),
        (None, Some(false), "clause_4"),
    ] {
        for qualifier in [Qualifier::WholeList, Qualifier::HypertensionOnly] {
            let toxicity = Toxicity { intervention, controlled, ..bare("Hypertension", "Vascular disorders", &map) };
            let judged = adjudicate(&DltDefinition { qualifier, ..definition() }, &toxicity);
            assert_eq!(judged.reason, expected, "{toxicity:?}");
        }
    }
}

#[test]
fn flags_are_raised_without_changing_the_count() {
    let map = attribution("definite", "unrelated");
    let four = Grade::new(4).unwrap();
    let cases = [
        (
            Toxicity { grade: four, ..bare("Lymphocyte count decreased", "Investigations", &map) },
            Outcome::Dlt,
            "grade_4_lymphopenia",
        ),
        (bare("Febrile neutropenia", BLOOD, &map), Outcome::NotDlt, "grade_3_febrile_neutropenia"),
        (
            Toxicity { baseline: Grade::new(1), ..bare("GGT increased", "Investigations", &map) },
            Outcome::Dlt,
            "raised_at_baseline",
        ),
        (
            Toxicity { prophylaxis: Some(true), controlled: Some(true), ..bare("Nausea", GI, &map) },
            Outcome::NotDlt,
            "controlled_after_prophylaxis_failed",
        ),
        (
            Toxicity {
                intervention: Some(false),
                controlled: Some(true),
                ..bare("Hypertension", "Vascular disorders", &map)
            },
            Outcome::Dlt,
            "settled_without_medication",
        ),
    ];
    for (toxicity, outcome, flag) in cases {
        let judged = adjudicate(&definition(), &toxicity);
        assert_eq!((judged.outcome, judged.flags), (outcome, vec![flag.to_owned()]), "{toxicity:?}");
    }
    assert!(adjudicate(&definition(), &bare("GGT increased", "Investigations", &map)).flags.is_empty());
}

#[test]
fn an_onset_known_only_in_part_blocks_what_would_count_and_nothing_else() {
    let map = attribution("definite", "unrelated");
    let vague = |term, soc| Toxicity { onset: Onset::Unknown, ..bare(term, soc, &map) };
    let judged = adjudicate(&definition(), &vague("Fatigue", "General"));
    assert_eq!((judged.outcome, judged.clause, judged.missing), (Outcome::Undetermined, None, vec![Missing::Onset]));
    assert_eq!(adjudicate(&definition(), &vague("Hemolysis", BLOOD)).outcome, Outcome::NotDlt);
    let judged = adjudicate(&definition(), &vague("Headache", "Nervous system disorders"));
    assert_eq!(judged.missing, vec![Missing::Control, Missing::Onset]);
}

#[test]
fn another_protocol_is_another_list_of_tests() {
    let other: DltDefinition = serde_json::from_value(serde_json::json!({
        "components": ["drug"],
        "related_from": "probable",
        "clauses": [{ "id": "neuropathy", "text": "neuropathy of grade 2 or more" }],
        "tests": [{
            "name": "neuropathy_from_2",
            "when": { "grades": [2, 3, 4, 5], "among": [{ "terms": ["Peripheral sensory neuropathy"] }] },
            "verdict": "dlt",
            "clause": "neuropathy"
        }]
    }))
    .unwrap();
    assert!(other.findings().is_empty());
    let possible: Attribution = [("drug".parse().unwrap(), Relation::Possible)].into_iter().collect();
    let probable: Attribution = [("drug".parse().unwrap(), Relation::Probable)].into_iter().collect();
    let two = Grade::new(2).unwrap();
    let neuropathy = |map| Toxicity { grade: two, ..bare("Peripheral sensory neuropathy", "Nervous", map) };
    assert_eq!(adjudicate(&other, &neuropathy(&possible)).reason, "not_related");
    assert_eq!(adjudicate(&other, &neuropathy(&probable)).reason, "neuropathy");
    assert_eq!(adjudicate(&other, &bare("Anemia", BLOOD, &probable)).reason, "no_clause_applies");
}

#[test]
fn the_definition_is_sound_and_survives_json() {
    let definition = definition();
    assert_eq!(definition.findings(), Vec::<String>::new());
    assert_eq!(serde_json::to_value(&definition).unwrap(), serde_json::from_str::<Value>(DEFINITION).unwrap());
}

#[test]
fn a_definition_that_cannot_be_used_says_why() {
    let mut broken = definition();
    broken.tests[0].clause = None;
    broken.tests[2].clause = Some("clause_3".parse().unwrap());
    broken.tests[3].when.grades.clear();
    let second = broken.tests[1].clone();
    broken.tests.push(second);
    let findings = broken.findings().join("\n");
    for expected in [
        "test grade_4_or_5 leads to a DLT: expected one of the clauses",
        "says not_dlt, yet names clause_3",
        "two tests are named anemia",
        "no test leads to clause_1",
        "listed_gastrointestinal has no grade",
    ] {
        assert!(findings.contains(expected), "{expected} in {findings}");
    }
}
