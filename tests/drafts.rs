//! The drafts of the demonstration: each is an event that its signer may sign, in an order in which it can be recorded.
//!
//! Checks shapes, authority, reasons, times, corrections and the order of a subject's life. Does not check the protocol's
//! rules: that is admission, at append.

use chrono::{DateTime, FixedOffset, NaiveTime};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use trial_core::{
    authority::may_sign,
    date::Moment,
    dictionary::{Dictionary, TermEntry},
    entry::Role,
    event::{Event, EventKind},
    ids::{Hash, SiteId, SubjectId},
    text::Text,
};

const DRAFTS: &str = include_str!("../cli/demo/drafts.jsonl");
const ACTORS: &str = include_str!("../cli/demo/actors.json");
const PUBLISHED: &str = include_str!("../cli/demo/published.json");
const TERMS: &str = include_str!("../schemas/dictionaries/ctcae-4.0-short.json");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    by: String,
    recorded_at: DateTime<FixedOffset>,
    event: Value,
    reason: Option<Text>,
    target_line: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Actor {
    alias: String,
    name: Text,
    role: Role,
    organisation: Text,
    site: Option<SiteId>,
}

struct Draft {
    by: String,
    recorded_at: DateTime<FixedOffset>,
    event: Event,
    reason: Option<Text>,
}

/// Fills in what the program knows only when it appends: what a decision rests on, which line a correction is of.
fn completed(mut event: Value, target_line: Option<usize>) -> Value {
    let members = event.as_object_mut().expect("an event is an object");
    match members["type"].as_str() {
        Some("escalation_decided" | "mtd_declared") => {
            members.insert("basis".into(), json!({ "entries": 1, "head": Hash::ZERO, "levels": [] }));
        }
        Some("signed_off") => {
            members.insert("entries".into(), json!(1));
            members.insert("head".into(), json!(Hash::ZERO));
        }
        Some("entry_corrected" | "entry_voided") => {
            members.insert("target".into(), json!(target_line.expect("a correction has a target")));
        }
        _ => assert_eq!(target_line, None),
    }
    event
}

/// Takes lesions out while the event has no place for them; with the place there, they are read like the rest.
fn without_lesions_if_unknown(mut event: Value) -> Value {
    let schema = serde_json::to_value(EventKind::TumourAssessed.schema()).expect("a schema is JSON");
    if event["type"] == "tumour_assessed" && schema["properties"].get("targets").is_none() {
        let members = event.as_object_mut().expect("an event is an object");
        assert!(members.remove("targets").is_some());
        members.remove("non_targets");
        members.remove("new_lesions");
    }
    event
}

fn drafts() -> Vec<Draft> {
    let read = |(n, text): (usize, &str)| {
        let line: Line = serde_json::from_str(text).unwrap_or_else(|e| panic!("line {}: {e}", n + 1));
        let value = without_lesions_if_unknown(completed(line.event, line.target_line));
        let event = Event::from_value(value.clone()).unwrap_or_else(|e| panic!("line {}: {e}", n + 1));
        assert_eq!(event.to_value(), value, "line {}", n + 1);
        Draft { by: line.by, recorded_at: line.recorded_at, event, reason: line.reason }
    };
    DRAFTS.lines().enumerate().map(read).collect()
}

/// The earliest instant that a moment can mean, on the clock of the place.
fn earliest(moment: Moment, place: FixedOffset) -> DateTime<FixedOffset> {
    match moment {
        Moment::Day(day) => {
            day.and_time(NaiveTime::MIN).and_local_timezone(place).single().expect("a fixed offset skips no hour")
        }
        Moment::Instant(instant) => instant,
    }
}

#[test]
fn each_signer_may_sign_what_they_sign_and_says_why_where_that_is_asked_for() {
    let actors: Vec<Actor> = serde_json::from_str(ACTORS).unwrap();
    let staff = [Role::Investigator, Role::Coordinator, Role::RadiationTherapist, Role::Physicist, Role::Radiologist];
    for actor in &actors {
        assert!(actor.name.as_str().contains("synthetic") && actor.organisation.as_str().contains("synthetic"));
        assert_eq!(actor.site.is_some(), staff.contains(&actor.role), "{}", actor.alias);
    }
    let roles: BTreeMap<_, _> = actors.iter().map(|a| (a.alias.as_str(), a.role)).collect();
    for (n, draft) in drafts().iter().enumerate() {
        let kind = draft.event.kind();
        assert!(may_sign(roles[draft.by.as_str()], kind), "line {}: {} signs {kind}", n + 1, draft.by);
        assert!(draft.reason.is_some() || !kind.needs_reason(), "line {}", n + 1);
    }
}

#[test]
fn nothing_is_recorded_before_it_occurred_or_before_the_line_above() {
    let drafts = drafts();
    assert!(drafts.is_sorted_by_key(|d| d.recorded_at));
    for (n, draft) in drafts.iter().enumerate() {
        if let Some(occurred) = draft.event.occurred() {
            assert!(earliest(occurred, *draft.recorded_at.offset()) <= draft.recorded_at, "line {}", n + 1);
        }
    }
}

#[test]
fn a_subject_consents_is_enrolled_is_treated_and_after_death_there_is_nothing() {
    let (mut consented, mut enrolled, mut died) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut given: BTreeMap<(SubjectId, EventKind), usize> = BTreeMap::new();
    for (n, draft) in drafts().into_iter().enumerate() {
        let Some(subject) = draft.event.subject().cloned() else { continue };
        let kind = draft.event.kind();
        assert!(!died.contains(&subject), "line {}", n + 1);
        assert_eq!(consented.contains(&subject), kind != EventKind::ConsentGiven, "line {}", n + 1);
        if matches!(kind, EventKind::DoseTaken | EventKind::RadiotherapyPlanned | EventKind::FractionDelivered) {
            assert!(enrolled.contains(&subject), "line {}", n + 1);
        }
        for (milestone, reached) in [
            (EventKind::ConsentGiven, &mut consented),
            (EventKind::SubjectEnrolled, &mut enrolled),
            (EventKind::DeathRecorded, &mut died),
        ] {
            if kind == milestone {
                reached.insert(subject.clone());
            }
        }
        *given.entry((subject, kind)).or_default() += 1;
    }
    assert_eq!((consented.len(), enrolled.len(), died.len()), (9, 9, 4));
    for subject in enrolled {
        assert_eq!(given[&(subject.clone(), EventKind::DoseTaken)], 112, "{subject}");
        assert_eq!(given[&(subject.clone(), EventKind::FractionDelivered)], 15, "{subject}");
    }
}

#[test]
fn each_correction_applies_to_an_earlier_line_as_it_then_reads() {
    let mut known: Vec<Event> = Vec::new();
    let (mut corrected, mut voided) = (0, 0);
    for draft in drafts() {
        if let Event::EntryCorrected(correction) = &draft.event {
            let target = correction.target.0 as usize - 1;
            let event = correction.apply_to(&known[target]).unwrap();
            assert_ne!(event, known[target]);
            known[target] = event;
            corrected += 1;
        }
        if let Event::EntryVoided(taken_back) = &draft.event {
            // What is taken back stands there twice: once stays.
            let target = &known[taken_back.target.0 as usize - 1];
            assert_eq!(known.iter().filter(|event| *event == target).count(), 2);
            voided += 1;
        }
        known.push(draft.event);
    }
    assert_eq!((corrected, voided), (2, 1));
}

#[test]
fn each_adverse_event_is_a_term_of_the_list_at_a_grade_that_it_has_and_ends_known() {
    let mut dictionary = Dictionary::default();
    dictionary.adopt(&serde_json::from_str::<Vec<TermEntry>>(TERMS).unwrap());
    let (mut reported, mut closed) = (BTreeSet::new(), BTreeSet::new());
    for draft in drafts() {
        if let Event::AdverseEventReported(ae) = &draft.event {
            let entry = dictionary.get(&ae.term).unwrap_or_else(|| panic!("{} is not in the list", ae.term));
            assert!(entry.grades.contains(&ae.grade), "{} grade {}", ae.term, ae.grade);
            assert!(reported.insert((ae.subject.clone(), ae.ae.clone())));
        }
        if let Event::AdverseEventUpdated(ae) = &draft.event {
            let name = (ae.subject.clone(), ae.ae.clone());
            assert!(reported.contains(&name));
            assert!(ae.outcome.is_none() || closed.insert(name));
        }
    }
    assert_eq!(reported.len(), 55);
    assert_eq!(reported, closed);
}

#[test]
fn the_published_numbers_are_seventy_two_each_with_its_place_in_the_paper() {
    let published: Value = serde_json::from_str(PUBLISHED).unwrap();
    let items = published["items"].as_array().unwrap();
    let names: BTreeSet<_> = items.iter().map(|item| item["item"].as_str().unwrap()).collect();
    assert_eq!((items.len(), names.len()), (72, 72));
    for item in items {
        let place = item["where"].as_str().unwrap();
        assert!(["Table 1", "Table 2", "Table 3", "Endpoints", "Text and figures"].contains(&place), "{item}");
        assert!(item.get("published").is_some(), "{item}");
    }
}
