//! A dictionary counts once all its parts are there and add up, and only the one that the protocol names.

use crate::story::{Story, day, dictionary, protocol};
use serde_json::{Value, json};
use trial_core::{
    admission::{Admission, Refusal},
    dictionary::{Adoption, Dictionaries, TermEntry, canonical, digest},
    event::{DictionaryAdopted, Event},
};

fn terms(names: &[&str]) -> Vec<TermEntry> {
    let term = |name: &&str| json!({ "term": name, "soc": "Made-up disorders", "grades": [1, 2] });
    serde_json::from_value(names.iter().map(term).collect()).unwrap()
}

fn part(name: &str, part: u8, parts: u8, of: &[TermEntry], whole: &[TermEntry]) -> Value {
    json!({
        "type": "dictionary_adopted", "version": 1, "dictionary": name, "sha256": digest(whole), "part": part,
        "parts": parts, "terms": of
    })
}

fn adopted(value: Value) -> DictionaryAdopted {
    let Event::DictionaryAdopted(adopted) = Event::from_value(value).unwrap() else { panic!("another event") };
    *adopted
}

#[test]
fn the_canonical_form_has_its_members_in_order_and_escapes_only_what_it_must() {
    let terms: Vec<TermEntry> =
        serde_json::from_value(json!([{ "term": "A \"b\" \\ \u{e9}", "soc": "S", "grades": [1, 5] }])).unwrap();
    let expected = r#"[{"grades":[1,5],"soc":"S","term":"A \"b\" \\ é"}]"#;
    assert_eq!(String::from_utf8(canonical(&terms)).unwrap(), expected);
}

#[test]
fn a_dictionary_in_parts_counts_from_the_last_part_in_any_order() {
    let whole = terms(&["Boredom", "Ennui", "Ennui (later)"]);
    let name = "MADE-UP".parse().unwrap();
    let mut dictionaries = Dictionaries::default();
    assert_eq!(dictionaries.adoption(&name), None);
    dictionaries.take(&adopted(part("MADE-UP", 2, 2, &whole[1..], &whole)));
    assert_eq!(dictionaries.adoption(&name), Some(Adoption::Missing(vec![1])));
    assert!(dictionaries.get(&name).is_none());
    dictionaries.take(&adopted(part("MADE-UP", 1, 2, &whole[..1], &whole)));
    assert_eq!(dictionaries.adoption(&name), Some(Adoption::Whole));
    assert_eq!(dictionaries.get(&name).unwrap().terms().count(), 3);
}

#[test]
fn parts_that_do_not_add_up_to_their_hash_never_count_and_a_sound_list_heals_it() {
    let whole = terms(&["Boredom", "Ennui"]);
    let name = "MADE-UP".parse().unwrap();
    let mut dictionaries = Dictionaries::default();
    let other = terms(&["Boredom", "Weariness"]);
    dictionaries.take(&adopted(part("MADE-UP", 1, 1, &other, &whole)));
    assert_eq!(dictionaries.adoption(&name), Some(Adoption::Differs(digest(&other))));
    assert!(dictionaries.get(&name).is_none());
    dictionaries.take(&adopted(part("MADE-UP", 1, 1, &other, &other)));
    assert_eq!(dictionaries.adoption(&name), Some(Adoption::Whole));
}

/// A trial whose protocol names another dictionary than the one adopted, and what it says of an event.
fn refusal(story: &Story, event: Value) -> Option<Refusal> {
    let event = Event::from_value(event).unwrap();
    Admission { trial: &story.trial, today: day("2020-02-01"), reason: None }.check(&event).err()
}

fn ae(term: &str) -> Value {
    json!({
        "type": "adverse_event_reported", "version": 1, "subject": "A", "ae": "AE1", "occurred_at": "2020-01-31",
        "term": term, "grade": 1, "serious": false
    })
}

#[test]
fn terms_of_another_dictionary_than_the_protocols_are_refused() {
    let mut story = Story::under(|protocol| protocol["dictionary"] = json!("MADE-UP"));
    story.enrol("A");
    let found = refusal(&story, ae("Anemia")).unwrap();
    assert_eq!(found.message, "the protocol names the dictionary MADE-UP, adopted is CTCAE-4.0");
    let whole = terms(&["Boredom", "Ennui"]);
    story.say(part("MADE-UP", 1, 2, &whole[..1], &whole));
    let found = refusal(&story, ae("Boredom")).unwrap();
    assert_eq!(found.message, "no dictionary of adverse event terms is adopted: MADE-UP lacks part 2");
    story.say(part("MADE-UP", 2, 2, &whole[1..], &whole));
    assert_eq!(refusal(&story, ae("Boredom")), None);
    assert_eq!(refusal(&story, ae("Anemia")).unwrap().message, "\"Anemia\" is not a term of the dictionary");
}

#[test]
fn a_part_that_is_there_that_does_not_add_up_or_that_renames_is_refused() {
    let mut story = Story::new();
    let whole = terms(&["Boredom", "Ennui"]);
    let first = part("MADE-UP", 1, 2, &whole[..1], &whole);
    assert_eq!(refusal(&story, first.clone()), None);
    story.say(first.clone());
    assert_eq!(refusal(&story, first).unwrap().message, "part 1 of MADE-UP is there already");
    let wrong = refusal(&story, part("MADE-UP", 2, 2, &whole[..1], &whole)).unwrap();
    assert!(wrong.message.starts_with("the terms of MADE-UP have the SHA-256 "), "{wrong}");
    assert_eq!(refusal(&story, part("MADE-UP", 2, 2, &whole[1..], &whole)), None);
    let again = part("CTCAE-4.0", 1, 1, &whole, &whole);
    assert_eq!(refusal(&story, again).unwrap().message, "CTCAE-4.0 is adopted already");
}

#[test]
fn what_was_reported_under_an_earlier_edition_keeps_its_term_and_its_grades() {
    let mut story = Story::new();
    story.enrol("A");
    story.doses("A", 2);
    let mut before = ae("Nausea");
    before["grade"] = json!(3);
    before["attribution"] = json!({ "axitinib": "probable" });
    story.say(before);
    let amended = protocol(|protocol| {
        protocol["edition"] = json!("amendment-1");
        protocol["dictionary"] = json!("MADE-UP");
    });
    story.recorded("2020-01-31T00:00:00Z", json!({ "type": "protocol_activated", "protocol": amended }));
    let whole = terms(&["Boredom"]);
    story.say(part("MADE-UP", 1, 1, &whole, &whole));
    let graded = |grade: u8| {
        json!({
            "type": "adverse_event_updated", "version": 1, "subject": "A", "ae": "AE1", "occurred_at": "2020-02-01",
            "grade": grade
        })
    };
    assert_eq!(refusal(&story, graded(2)), None);
    assert_eq!(refusal(&story, graded(4)).unwrap().message, "Nausea has no grade 4: expected 1, 2, 3");
    let class = story.trial.conduct.term(&"Nausea".parse().unwrap()).unwrap().soc.to_string();
    assert_eq!(class, "Gastrointestinal disorders", "its class still decides on dose-limiting toxicity");
}

#[test]
fn the_short_list_of_a_story_is_whole() {
    let mut dictionaries = Dictionaries::default();
    let mut value = dictionary("CTCAE-4.0");
    value["version"] = json!(1);
    dictionaries.take(&adopted(value));
    assert_eq!(dictionaries.adoption(&"CTCAE-4.0".parse().unwrap()), Some(Adoption::Whole));
}
