//! The list of adverse events that could be dose-limiting: the answer of the rule, what is missing, and what people ruled.

use crate::story::Story;
use serde_json::{Value, json};
use trial_core::{
    dlt::{Missing, Outcome},
    event::DltRuling,
    view::escalation::{AdjudicationRow, Escalation},
};

fn event(name: &str, term: &str, grade: u8, more: Value) -> Value {
    let mut event = json!({
        "type": "adverse_event_reported", "subject": "A", "ae": name, "occurred_at": "2020-02-01", "term": term,
        "grade": grade, "serious": false
    });
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event
}

fn related() -> Value {
    json!({ "attribution": { "axitinib": "possible", "radiotherapy": "unrelated" } })
}

fn escalation(story: &Story) -> Escalation {
    story.on("2020-12-01").escalation.unwrap()
}

fn row(story: &Story, ae: &str) -> Option<AdjudicationRow> {
    escalation(story).adjudications.into_iter().find(|row| row.judged.ae.as_str() == ae)
}

#[test]
fn an_event_without_its_facts_blocks_the_decision_until_they_come_and_says_which() {
    let mut story = Story::new();
    story.treat("A");
    let reported = story.say(event("AE1", "Hypertension", 3, related()));
    let undetermined = row(&story, "AE1").unwrap();
    assert_eq!(undetermined.outcome, Outcome::Undetermined);
    assert_eq!(undetermined.judged.rule.missing, [Missing::Control]);
    assert_eq!(undetermined.judged.entries, [reported]);
    let now = escalation(&story);
    assert_eq!((now.levels[0].pending, now.levels[0].evaluable, now.recommendation), (1, 0, None));
    assert!(now.blockers[0].what.contains("AE1 Hypertension grade 3: not recorded: control"), "{:?}", now.blockers);

    let update = json!({
        "type": "adverse_event_updated", "subject": "A", "ae": "AE1", "occurred_at": "2020-02-03", "controlled": true,
        "intervention": true
    });
    let updated = story.say(update);
    let settled = row(&story, "AE1").unwrap();
    assert_eq!((settled.outcome, settled.judged.entries), (Outcome::NotDlt, vec![reported, updated]));
    let now = escalation(&story);
    assert_eq!((now.levels[0].pending, now.levels[0].evaluable, now.blockers), (0, 1, vec![]));
}

#[test]
fn a_ruling_counts_before_the_rule_and_stands_with_its_reason_whatever_is_corrected_later() {
    let mut story = Story::new();
    story.treat("A");
    story.say(event("AE1", "Colitis", 3, related()));
    let by_rule = row(&story, "AE1").unwrap();
    assert_eq!((by_rule.outcome, by_rule.judged.rule.clause.unwrap().as_str()), (Outcome::Dlt, "clause_4"));
    assert_eq!(escalation(&story).levels[0].dlt, 1);

    let ruled =
        |clause| json!({ "type": "dlt_ruled", "subject": "A", "ae": "AE1", "ruling": "not_dlt", "clause": clause });
    let seq = story.because("an infection, by the culture").say(ruled("clause_4"));
    let overturned = row(&story, "AE1").unwrap();
    assert_eq!((overturned.outcome, overturned.judged.rule.outcome), (Outcome::NotDlt, Outcome::Dlt));
    story.because("the clause was mistyped").revise("2020-06-01T00:00:00Z", seq, ruled("clause_2"));
    let ruling = row(&story, "AE1").unwrap().judged.ruling.unwrap();
    assert_eq!((ruling.seq, ruling.ruling), (seq, DltRuling::NotDlt));
    assert_eq!(ruling.clause.unwrap().as_str(), "clause_2");
    assert_eq!(ruling.reason.unwrap().as_str(), "an infection, by the culture");
    assert_eq!(ruling.signatures[0].name.as_str(), "Ada Example");
    assert_eq!(escalation(&story).levels[0].dlt, 0);

    story.void("2020-07-01T00:00:00Z", seq);
    assert_eq!(row(&story, "AE1").unwrap().judged.ruling, None);
    assert_eq!(escalation(&story).levels[0].dlt, 1);
}

#[test]
fn every_event_of_grade_3_is_listed_and_a_mild_one_is_not() {
    let mut story = Story::new();
    story.treat("A");
    story.say(event("AE1", "Anemia", 2, json!({})));
    story.say(event("AE2", "Platelet count decreased", 3, related()));
    story.say(event(
        "AE3",
        "Anemia",
        3,
        json!({ "attribution": { "axitinib": "unlikely", "radiotherapy": "unlikely" } }),
    ));
    let listed: Vec<(String, Outcome)> =
        escalation(&story).adjudications.into_iter().map(|row| (row.judged.ae.to_string(), row.outcome)).collect();
    assert_eq!(listed, [("AE2".to_owned(), Outcome::NotDlt), ("AE3".to_owned(), Outcome::NotDlt)]);
}
