//! Each rule finds the departure that it is for, on the entry that shows it, and nothing where all went as planned.

use crate::story::{Story, day, protocol};
use serde_json::json;
use trial_core::{ids::Seq, view::deviations::Deviation};

fn found(story: &Story, on: &str, rule: &str) -> Vec<Deviation> {
    story.on(on).deviations.into_iter().filter(|d| d.rule.as_str() == rule).collect()
}

/// The one departure found by a rule: its day and its entry.
fn one(story: &Story, rule: &str) -> (Option<String>, Option<Seq>) {
    let found = found(story, "2020-08-01", rule);
    assert_eq!(found.len(), 1, "{rule}: {found:?}");
    (found[0].day.map(|day| day.to_string()), found[0].seq)
}

fn at(day: &str, seq: Seq) -> (Option<String>, Option<Seq>) {
    (Some(day.to_owned()), Some(seq))
}

/// Somebody treated and assessed as planned.
fn as_planned() -> Story {
    let mut story = Story::new();
    story.treat("A");
    story.assess("A", "2019-12-28", "50");
    story.assess("A", "2020-04-01", "40");
    story
}

#[test]
fn nothing_is_found_where_all_went_as_planned() {
    assert_eq!(as_planned().on("2020-08-01").deviations, []);
}

#[test]
fn an_enrolment_although_a_criterion_was_not_met_is_found() {
    let mut story = Story::new();
    story.consent("A", "2019-12-20", "v1");
    let seq = story.say(json!({
        "type": "subject_screened", "subject": "A", "occurred_at": "2019-12-21", "baseline": {}, "criteria_not_met": ["bilirubin"]
    }));
    assert_eq!(found(&story, "2020-08-01", "eligibility_not_met"), [], "a criterion alone is no departure");
    story.say(json!({ "type": "subject_enrolled", "subject": "A", "occurred_at": "2019-12-30", "level": 1 }));
    assert_eq!(one(&story, "eligibility_not_met"), at("2019-12-21", seq));
}

#[test]
fn a_dose_that_is_not_the_assigned_one_is_found_and_a_reduced_one_is_as_decided() {
    let mut story = Story::new();
    story.enrol("A");
    story.dose("A", "2020-01-01T08:00:00+08:00", "1");
    let seq = story.dose("A", "2020-01-01T20:00:00+08:00", "2");
    assert_eq!(one(&story, "dose_not_assigned"), at("2020-01-01", seq));
    let half = json!({ "value": "0.5", "unit": "mg" });
    story.say(json!({
        "type": "dosing_changed", "subject": "A", "agent": "axitinib", "occurred_at": "2020-01-02", "change": "reduced",
        "dose": half, "cause": "adverse_event"
    }));
    story.dose("A", "2020-01-02T08:00:00+08:00", "0.5");
    assert_eq!(one(&story, "dose_not_assigned"), at("2020-01-01", seq));
}

#[test]
fn an_intake_beyond_the_plan_and_a_missed_one_are_found() {
    let mut story = Story::new();
    story.enrol("A");
    story.doses("A", 56);
    let extra = story.dose("A", "2020-02-26T08:00:00+08:00", "1");
    let missed = story.say(json!({
        "type": "dose_missed", "subject": "A", "agent": "axitinib", "occurred_at": "2020-02-27", "cause": "forgotten"
    }));
    assert_eq!(one(&story, "extra_intake"), at("2020-02-26", extra));
    assert_eq!(one(&story, "intake_missed"), at("2020-02-27", missed));
}

#[test]
fn a_prescription_out_of_range_too_many_fractions_and_too_much_to_the_liver_are_found_on_the_plan() {
    let mut story = Story::new();
    story.enrol("A");
    let seq = story.plan("A", "70", 16, "18.1");
    for rule in ["prescription_out_of_range", "fractions_not_planned", "mean_dose_above_limit"] {
        assert_eq!(one(&story, rule), at("2019-12-30", seq), "{rule}");
    }
    let mut story = Story::new();
    story.enrol("A");
    story.plan("A", "67.5", 15, "18.0");
    assert_eq!(story.on("2020-01-02").deviations, [], "limits may be reached");
}

#[test]
fn a_prescription_that_is_not_the_levels_is_found() {
    let mut story = Story::under(|protocol| {
        protocol["levels"][0]["prescription"] = json!({ "value": "45", "unit": "Gy" });
    });
    story.enrol("A");
    let seq = story.plan("A", "48", 15, "17");
    assert_eq!(one(&story, "prescription_not_assigned"), at("2019-12-30", seq));
}

#[test]
fn an_extra_fraction_a_missed_one_and_a_gap_longer_than_a_weekend_are_found() {
    let mut story = Story::new();
    story.enrol("A");
    story.plan("A", "45", 15, "17");
    // Friday to Monday is a weekend; Friday to Tuesday is a gap.
    story.fractions("A", "2020-01-06", 10);
    let missed = story.say(json!({
        "type": "fraction_missed", "subject": "A", "plan": "P1", "occurred_at": "2020-01-20", "cause": "machine"
    }));
    let after = story.fraction("A", 11, day("2020-01-21"), "3");
    for (n, on) in ["2020-01-22", "2020-01-23", "2020-01-24", "2020-01-27"].into_iter().enumerate() {
        story.fraction("A", n + 12, day(on), "3");
    }
    let extra = story.fraction("A", 16, day("2020-01-28"), "3");
    assert_eq!(one(&story, "fraction_gap"), at("2020-01-21", after));
    assert_eq!(one(&story, "fraction_missed"), at("2020-01-20", missed));
    assert_eq!(one(&story, "extra_fraction"), at("2020-01-28", extra));
}

#[test]
fn treatment_under_an_amendment_without_consent_to_its_form_is_found_until_it_is_given() {
    let mut story = Story::under(|protocol| protocol["consent_form"] = json!("v1"));
    story.enrol("A");
    story.enrol("B");
    story.dose("A", "2020-01-10T08:00:00+08:00", "1");
    story.dose("B", "2020-01-10T08:00:00+08:00", "1");
    assert_eq!(found(&story, "2020-08-01", "consent_version"), [], "form v1 belongs to the first edition");
    let amended = protocol(|protocol| {
        protocol["edition"] = json!("amendment-1");
        protocol["consent_form"] = json!("v2");
    });
    story.recorded("2020-01-10T02:00:00Z", json!({ "type": "protocol_activated", "protocol": amended }));
    // A second before the edition came into force, and the second that it did.
    story.dose("A", "2020-01-10T09:59:59+08:00", "1");
    assert_eq!(found(&story, "2020-08-01", "consent_version"), []);
    let seq = story.dose("A", "2020-01-10T10:00:00+08:00", "1");
    story.dose("A", "2020-01-11T08:00:00+08:00", "1");
    story.consent("B", "2020-01-11", "v2");
    story.dose("B", "2020-01-11T08:00:00+08:00", "1");
    let found = found(&story, "2020-08-01", "consent_version");
    assert_eq!(found.len(), 1, "once for each edition: {found:?}");
    assert_eq!((found[0].seq, found[0].subject.as_ref().map(|s| s.as_str())), (Some(seq), Some("A")));
    assert_eq!(found[0].what, "treated under edition amendment-1 without consent to form v2");
}

#[test]
fn a_subject_who_signed_another_form_than_the_editions_is_found_at_the_first_treatment() {
    let mut story = Story::under(|protocol| protocol["consent_form"] = json!("v2"));
    story.treat("A");
    let found = found(&story, "2020-08-01", "consent_version");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].day, Some(day("2020-01-01")));
    assert_eq!(found[0].category, trial_core::event::DeviationCategory::Consent);
}

#[test]
fn an_assessment_outside_the_window_is_told_from_one_that_never_came() {
    // The time point is day 91, 1 April 2020, 14 days either way.
    let with = |visit: Option<&str>| {
        let mut story = Story::new();
        story.treat("A");
        story.assess("A", "2019-12-28", "50");
        let seq = visit.map(|on| story.assess("A", on, "45"));
        (story, seq)
    };
    for on in ["2020-03-18", "2020-04-15"] {
        let (story, _) = with(Some(on));
        assert_eq!(story.on("2020-08-01").deviations, [], "{on} is in the window");
    }
    let (story, seq) = with(Some("2020-04-17"));
    assert_eq!(one(&story, "visit_out_of_window"), at("2020-04-17", seq.unwrap()));
    assert_eq!(found(&story, "2020-08-01", "assessment_missing"), []);
    for visit in [None, Some("2020-02-12")] {
        let (story, _) = with(visit);
        assert_eq!(one(&story, "assessment_missing"), (Some("2020-04-15".into()), None), "{visit:?}");
        assert_eq!(story.on("2020-04-15").deviations, [], "the window is still open");
    }
    let (mut story, _) = with(None);
    story.die("A", "2020-04-15", "disease");
    assert_eq!(story.on("2020-08-01").deviations, [], "the dead are not assessed");
}

#[test]
fn a_serious_event_reported_late_and_one_never_reported_are_found() {
    let mut story = Story::new();
    story.enrol("A");
    let ae = |name: &str| {
        json!({
            "type": "adverse_event_reported", "subject": "A", "ae": name, "occurred_at": "2020-01-10", "term": "Anemia",
            "grade": 3, "serious": true
        })
    };
    story.say(ae("AE1"));
    let never = story.say(ae("AE2"));
    let late = story.say(json!({
        "type": "serious_event_reported", "subject": "A", "ae": "AE1", "aware_at": "2020-01-10T08:00:00+08:00",
        "occurred_at": "2020-01-11T08:00:01+08:00", "criteria": ["hospitalisation"]
    }));
    assert_eq!(one(&story, "serious_event_late"), at("2020-01-11", late));
    assert_eq!(one(&story, "serious_event_overdue"), at("2020-01-11", never));
    assert_eq!(
        found(&story, "2020-01-11", "serious_event_overdue"),
        [],
        "noon on the next day is 24 hours to the second"
    );
}

#[test]
fn more_subjects_than_places_are_found() {
    let mut story = Story::new();
    for subject in ["A", "B", "C"] {
        story.enrol(subject);
    }
    assert_eq!(found(&story, "2020-01-02", "over_enrolment"), []);
    story.enrol("D");
    assert_eq!(found(&story, "2020-01-02", "over_enrolment").len(), 1);
}

#[test]
fn an_entry_recorded_later_than_the_protocol_allows_is_found() {
    let mut story = Story::new();
    story.enrol("A");
    let contact = json!({ "type": "followed_up", "subject": "A", "occurred_at": "2020-01-10", "status": "alive" });
    let seq = story.recorded("2020-03-10T00:00:00Z", contact);
    assert_eq!(one(&story, "late_entry"), at("2020-01-10", seq));
}

#[test]
fn a_deviation_that_a_person_recorded_stands_with_its_weight() {
    let mut story = as_planned();
    let seq = story.say(json!({
        "type": "deviation_recorded", "subject": "A", "occurred_at": "2020-01-02", "category": "consent",
        "important": true, "description": "an invented deviation"
    }));
    assert_eq!(one(&story, "recorded"), at("2020-01-02", seq));
    assert_eq!(found(&story, "2020-08-01", "recorded")[0].important, Some(true));
    story.void("2020-01-03T00:00:00Z", seq);
    assert_eq!(story.on("2020-08-01").deviations, []);
}
