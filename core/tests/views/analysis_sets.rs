//! Each subject is in, out of, or not yet in each set, with a reason and the entries.

use crate::story::Story;
use serde_json::json;
use trial_core::view::analysis_sets::{AnalysisSet, AnalysisSets, Membership, SetReason, Standing};

fn of<'a>(sets: &'a AnalysisSets, subject: &str, set: AnalysisSet) -> Option<&'a Membership> {
    sets.subjects.iter().find(|s| s.subject.as_str() == subject).unwrap().get(set)
}

fn is(sets: &AnalysisSets, subject: &str, set: AnalysisSet) -> (Standing, SetReason) {
    let found = of(sets, subject, set).unwrap_or_else(|| panic!("{subject} has no {set}"));
    assert!(!found.because.is_empty(), "{subject} {set}");
    (found.standing, found.reason)
}

/// Twelve people who consented: one for each way through the flow.
fn everybody() -> Story {
    let mut story = Story::new();
    let deviation = |subject: &str, important: bool| {
        json!({
            "type": "deviation_recorded", "subject": subject, "occurred_at": "2020-01-02", "category": "other",
            "important": important, "description": "an invented deviation"
        })
    };
    story.consent("SCREENING", "2019-12-20", "v1");
    story.consent("FAILED", "2019-12-20", "v1");
    story.say(json!({ "type": "screen_failed", "subject": "FAILED", "occurred_at": "2019-12-22", "criteria_not_met": ["bilirubin"] }));
    story.enrol("WAITING");
    story.enrol("LEFT");
    story
        .say(json!({ "type": "subject_withdrawn", "subject": "LEFT", "occurred_at": "2019-12-31", "from": "consent" }));
    for subject in ["WHOLE", "SMALL", "EARLY-PD", "EARLY-DEATH", "UNSEEN", "IMPORTANT", "MINOR"] {
        story.treat(subject);
        let mm = if subject == "SMALL" { "9" } else { "50" };
        story.assess(subject, "2019-12-28", mm);
    }
    for subject in ["WHOLE", "SMALL", "IMPORTANT", "MINOR"] {
        story.assess(subject, "2020-04-01", "40");
    }
    story.say(json!({ "type": "progression_recorded", "subject": "EARLY-PD", "occurred_at": "2020-03-10", "basis": "clinical" }));
    story.die("EARLY-DEATH", "2020-03-15", "disease");
    story.say(deviation("IMPORTANT", true));
    story.say(deviation("MINOR", false));
    // Half of the drug, and no baseline images.
    story.enrol("HALF");
    story.plan("HALF", "45", 15, "17");
    story.doses("HALF", 28);
    story.fractions("HALF", "2020-01-01", 15);
    story
}

#[test]
fn every_set_counts_its_subjects_and_names_those_left_out() {
    let mut story = everybody();
    story.say(json!({ "type": "evaluability_ruled", "subject": "HALF", "ruling": "not_evaluable" }));
    let sets = story.on("2020-08-01").analysis_sets;
    let n: Vec<(AnalysisSet, usize)> = sets.flow.iter().map(|step| (step.set, step.n)).collect();
    assert_eq!(
        n,
        [
            (AnalysisSet::Consented, 12),
            (AnalysisSet::Enrolled, 10),
            (AnalysisSet::Treated, 8),
            (AnalysisSet::DltEvaluable, 6),
            (AnalysisSet::ResponseEvaluable, 5),
            (AnalysisSet::PerProtocol, 6),
        ]
    );
    for step in &sets.flow {
        let before = step.from.map_or(12, |from| sets.flow.iter().find(|s| s.set == from).unwrap().n);
        let others: usize = step.out.iter().chain(&step.open).map(|left| left.n).sum();
        assert_eq!(step.n + others, before, "{}: nobody is lost on the way", step.set);
    }
    let enrolled = &sets.flow[1];
    assert_eq!((enrolled.out[0].reason, enrolled.open[0].reason), (SetReason::ScreenFailed, SetReason::InScreening));
    assert_eq!(enrolled.out[0].subjects[0].as_str(), "FAILED");
}

#[test]
fn each_subject_has_its_reason_and_the_entries_it_rests_on() {
    use AnalysisSet::{DltEvaluable, Enrolled, PerProtocol, ResponseEvaluable, Treated};
    use Standing::{In, Open, Out};
    let sets = everybody().on("2020-08-01").analysis_sets;
    let expected = [
        ("SCREENING", Enrolled, Open, SetReason::InScreening),
        ("FAILED", Enrolled, Out, SetReason::ScreenFailed),
        ("WAITING", Treated, Open, SetReason::TreatmentAwaited),
        ("LEFT", Treated, Out, SetReason::Withdrawn),
        ("WHOLE", Treated, In, SetReason::Fulfilled),
        ("WHOLE", DltEvaluable, In, SetReason::Fulfilled),
        ("WHOLE", ResponseEvaluable, In, SetReason::Fulfilled),
        ("WHOLE", PerProtocol, In, SetReason::Fulfilled),
        ("SMALL", ResponseEvaluable, Out, SetReason::NotMeasurable),
        ("EARLY-PD", ResponseEvaluable, In, SetReason::ProgressedEarlier),
        ("EARLY-DEATH", ResponseEvaluable, In, SetReason::DiedEarlier),
        ("EARLY-DEATH", DltEvaluable, Open, SetReason::RulingAwaited),
        ("UNSEEN", ResponseEvaluable, Out, SetReason::NotAssessed),
        ("IMPORTANT", PerProtocol, Out, SetReason::ImportantDeviation),
        ("MINOR", PerProtocol, In, SetReason::Fulfilled),
        ("HALF", ResponseEvaluable, Out, SetReason::NoBaseline),
        ("HALF", DltEvaluable, Open, SetReason::RulingAwaited),
        ("HALF", PerProtocol, Out, SetReason::TooLittleTreatment),
    ];
    for (subject, set, standing, reason) in expected {
        assert_eq!(is(&sets, subject, set), (standing, reason), "{subject} {set}");
        let rests_on_nothing = reason == SetReason::NoBaseline || reason == SetReason::RulingAwaited;
        assert!(rests_on_nothing || !of(&sets, subject, set).unwrap().entries.is_empty(), "{subject} {set}");
    }
    assert!(of(&sets, "FAILED", Treated).is_none(), "a set is asked only of those in the set that it is drawn from");
    let short = &of(&sets, "HALF", PerProtocol).unwrap().because;
    assert_eq!(short, "received 50.0 % of the planned intakes of axitinib, at least 80 %");
}

#[test]
fn while_treatment_and_windows_go_on_sets_are_open_and_then_they_close() {
    let mut story = Story::new();
    story.enrol("A");
    story.plan("A", "45", 15, "17");
    story.assess("A", "2019-12-28", "50");
    story.doses("A", 10);
    story.fractions("A", "2020-01-01", 8);
    let sets = story.on("2020-01-11").analysis_sets;
    assert_eq!(is(&sets, "A", AnalysisSet::DltEvaluable), (Standing::Open, SetReason::WindowOpen));
    assert_eq!(is(&sets, "A", AnalysisSet::ResponseEvaluable), (Standing::Open, SetReason::AssessmentAwaited));
    assert_eq!(is(&sets, "A", AnalysisSet::PerProtocol), (Standing::Open, SetReason::TreatmentGoesOn));
    let sets = story.on("2020-09-01").analysis_sets;
    assert_eq!(is(&sets, "A", AnalysisSet::DltEvaluable), (Standing::Open, SetReason::RulingAwaited));
    assert_eq!(is(&sets, "A", AnalysisSet::ResponseEvaluable), (Standing::Out, SetReason::NotAssessed));
    assert_eq!(is(&sets, "A", AnalysisSet::PerProtocol), (Standing::Out, SetReason::TooLittleTreatment));
}

#[test]
fn a_dose_limiting_toxicity_counts_at_once_and_a_ruling_takes_a_subject_out() {
    let mut story = Story::new();
    for subject in ["TOXIC", "OUT"] {
        story.enrol(subject);
        story.doses(subject, 5);
    }
    let ae = story.say(json!({
        "type": "adverse_event_reported", "subject": "TOXIC", "ae": "AE1", "occurred_at": "2020-01-05", "term": "Anemia",
        "grade": 4, "serious": false, "attribution": { "axitinib": "probable" }
    }));
    let ruling = story.say(json!({ "type": "evaluability_ruled", "subject": "OUT", "ruling": "not_evaluable" }));
    let sets = story.on("2020-01-06").analysis_sets;
    assert_eq!(is(&sets, "TOXIC", AnalysisSet::DltEvaluable), (Standing::In, SetReason::Dlt));
    assert_eq!(of(&sets, "TOXIC", AnalysisSet::DltEvaluable).unwrap().entries, [ae]);
    assert_eq!(is(&sets, "OUT", AnalysisSet::DltEvaluable), (Standing::Out, SetReason::RuledOut));
    assert_eq!(of(&sets, "OUT", AnalysisSet::DltEvaluable).unwrap().entries, [ruling]);
}
