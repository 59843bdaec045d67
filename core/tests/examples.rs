//! The examples under `schemas/examples`: one for each event type, the shortest way to learn what an event looks like.
//!
//! Checks that each parses and is written back as it was read. Does not check that it could be appended to any log.

use serde_json::Value;
use std::{fs, path::PathBuf};
use trial_core::event::{Event, EventKind};

fn examples() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/examples"))
}

fn example(name: &str) -> Value {
    let text = fs::read_to_string(examples().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn names() -> Vec<String> {
    let files = fs::read_dir(examples()).expect("the folder of the examples can be read");
    let names = files.map(|file| file.expect("so can its files").file_name().to_string_lossy().into_owned());
    names.filter(|name| name.ends_with(".json")).collect()
}

#[test]
fn each_example_is_an_event_of_the_type_it_is_named_after_and_is_written_back_the_same() {
    for name in names() {
        let value = example(&name);
        let event = Event::from_value(value.clone()).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(format!("{}.json", event.kind()), name);
        assert_eq!(event.to_value(), value, "{name}");
    }
}

#[test]
fn every_event_type_has_an_example() {
    let names = names();
    for kind in EventKind::ALL {
        assert!(names.contains(&format!("{kind}.json")), "{kind}");
    }
}

#[test]
fn each_example_shows_every_member_that_its_event_can_have() {
    // An eligible subject misses no criterion.
    let left_out = [(EventKind::SubjectScreened, "criteria_not_met")];
    for name in names() {
        let value = example(&name);
        let kind = Event::from_value(value.clone()).unwrap_or_else(|e| panic!("{name}: {e}")).kind();
        let schema = serde_json::to_value(kind.schema()).unwrap();
        for member in schema["properties"].as_object().unwrap().keys() {
            assert!(value.get(member).is_some() || left_out.contains(&(kind, member)), "{name} lacks {member}");
        }
    }
}
