//! A published table of terms becomes the dictionary of a trial: as drafts, as entries, at the opening.

use crate::common::{Dir, demo, run, small::keys};
use serde_json::{Value, json};
use std::{fs, path::PathBuf};
use trial_core::{dictionary::TermEntry, dictionary::digest, event::Event};

const PROTOCOL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/examples/protocols/axitinib-rt.json");

/// An invented table in the layout of the published one.
const TABLE: &str = "\
version,code,soc,term,grade1,grade2,grade3,grade4,grade5,definition,note
0,1,Made-up disorders,Boredom,mild,\"moderate, or worse\",,,,an invented term,
0,2,Made-up disorders,Ennui,-,seen by others,felt by others,-,-,an invented term,
0,3,Made-up disorders,\"Made-up disorders - Other, specify\",a,b,c,d,Death,an invented term,
";

fn drafts(file: &str, name: &str) -> Vec<Value> {
    let printed = run(&["dictionary", file, "--name", name, "--drafts"]).expect(0).stdout;
    printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The terms over all parts, each of which must be an event that fits into one entry and names their hash.
fn terms(drafts: &[Value]) -> Vec<TermEntry> {
    let mut terms: Vec<TermEntry> = Vec::new();
    let mut named = Vec::new();
    for (n, draft) in drafts.iter().enumerate() {
        assert!(draft.to_string().len() < 15 * 1024);
        let Event::DictionaryAdopted(part) = Event::from_value(draft["event"].clone()).unwrap() else {
            panic!("another event: {draft}")
        };
        assert_eq!((usize::from(part.part), usize::from(part.parts)), (n + 1, drafts.len()));
        named.push(part.sha256);
        terms.extend(part.terms);
    }
    assert!(named.iter().all(|sha256| *sha256 == digest(&terms)));
    terms
}

/// Where the published table is kept beside the repository, or where `TRIAL_SHARED` says.
fn published(version: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("TRIAL_SHARED").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared").into());
    let file = shared.join(format!("external/ctcae/ctcae_v{version}.csv"));
    if file.is_file() {
        return Some(file);
    }
    eprintln!("skipped: no {}; set TRIAL_SHARED to the folder that holds external/ctcae", file.display());
    None
}

#[test]
fn a_table_is_printed_as_drafts_that_another_command_appends() {
    let dir = demo();
    let table = dir.file("made-up.csv", TABLE);
    let found = drafts(table.to_str().unwrap(), "MADE-UP-0");
    let grades: Vec<Vec<u8>> = terms(&found).iter().map(|t| t.grades.iter().map(|g| g.get()).collect()).collect();
    assert_eq!(grades, [vec![1, 2], vec![2, 3], vec![1, 2, 3, 4, 5]]);
    let lines: Vec<String> = found.iter().map(Value::to_string).collect();
    let file = dir.file("drafts.jsonl", lines.join("\n"));
    dir.run(&["--key", "sponsor", "append", "--file", file.to_str().unwrap()]).expect(0).says(&["1 entries appended"]);
    dir.sound();
    // The same list cannot be adopted twice.
    dir.run(&["--key", "sponsor", "dictionary", table.to_str().unwrap(), "--name", "MADE-UP-0"])
        .expect(1)
        .says(&["MADE-UP-0 is adopted already"]);
}

#[test]
fn a_table_is_appended_with_a_key_and_without_one_it_says_how() {
    let dir = demo();
    let table = dir.file("made-up.csv", TABLE);
    let verb = ["dictionary", table.to_str().unwrap(), "--name", "MADE-UP-0"];
    let before = dir.bytes();
    dir.run(&verb).expect(2).says(&["no key is named to sign with", "--drafts"]);
    dir.run(&[&["--key", "investigator-1"], &verb[..]].concat()).expect(1).says(&["may not sign dictionary_adopted"]);
    assert_eq!(dir.bytes(), before);
    let told = dir.run(&[&["--key", "sponsor", "--json"], &verb[..]].concat()).expect(0).json();
    assert_eq!((&told["terms"], told["entries"].as_array().unwrap().len()), (&json!(3), 1));
    dir.sound();
}

#[test]
fn a_file_that_is_no_such_table_is_refused_with_its_name_and_line() {
    let dir = Dir::empty();
    let file = dir.file("other.csv", TABLE.replace("grade4", "grade_four"));
    let verb = ["dictionary", file.to_str().unwrap(), "--name", "X", "--drafts"];
    run(&verb)
        .expect(2)
        .says(&["other.csv: line 1: expected a column grade4", "trial: hint: CTCAE as a table has soc"]);
    run(&["dictionary", "no-such.csv", "--name", "X", "--drafts"]).expect(3).says(&["no-such.csv"]);
}

#[test]
fn a_dictionary_with_a_part_left_out_does_not_count() {
    let dir = Dir::empty();
    let mut table = TABLE.to_owned();
    for n in 0..300 {
        table.push_str(&format!("0,{n},Made-up disorders,Boredom of the kind {n},a,b,c,,,an invented term,\n"));
    }
    let table = dir.file("made-up.csv", table);
    opened(&dir, "CTCAE-4.0", None);
    let protocol = amended("MADE-UP-0");
    let parts = drafts(table.to_str().unwrap(), "MADE-UP-0");
    assert!(parts.len() > 1);
    let append = |drafts: &[Value]| {
        let lines: Vec<String> = drafts.iter().map(Value::to_string).collect();
        let file = dir.file("drafts.jsonl", lines.join("\n"));
        dir.run(&["--key", "sponsor", "append", "--file", file.to_str().unwrap()])
    };
    append(&[vec![protocol], parts[1..].to_vec()].concat()).expect(0);
    subject(&dir);
    ae(&dir, "Boredom").expect(1).says(&["MADE-UP-0 lacks part 1"]);
    let mut other = parts[0].clone();
    other["event"]["terms"][0]["grades"] = json!([1]);
    append(&[other]).expect(1).says(&["the terms of MADE-UP-0 have the SHA-256"]);
    append(&parts[..1]).expect(0);
    ae(&dir, "Anemia").expect(1).says(&["is not a term of the dictionary"]);
    ae(&dir, "Boredom").expect(0);
    dir.sound();
}

#[test]
fn a_trial_opens_with_the_published_table_that_its_protocol_names() {
    let dir = Dir::empty();
    let table = dir.file("made-up.csv", TABLE);
    opened(&dir, "MADE-UP-0", Some(&table));
    subject(&dir);
    ae(&dir, "Ennui").expect(1).says(&["Ennui has no grade 1: expected 2, 3"]);
    ae(&dir, "Boredom").expect(0);
}

#[test]
fn the_published_tables_fit_and_have_the_grades_that_are_easily_got_wrong() {
    for (version, count) in [("5.0", 837), ("6.0", 850)] {
        let Some(file) = published(version) else { continue };
        let name = format!("CTCAE-{version}");
        let terms = terms(&drafts(file.to_str().unwrap(), &name));
        assert_eq!(terms.len(), count, "{name}");
        let grades = |term: &str| -> Vec<u8> {
            let found = terms.iter().find(|t| t.term.as_str() == term).unwrap_or_else(|| panic!("{name}: no {term}"));
            found.grades.iter().map(|g| g.get()).collect()
        };
        assert_eq!(grades("Nausea"), [1, 2, 3], "{name}");
        assert_eq!(grades("Anemia"), [1, 2, 3, 4, 5], "{name}");
        assert_eq!(grades("Febrile neutropenia"), [3, 4, 5], "{name}");
        let dir = demo();
        dir.run(&["--key", "sponsor", "dictionary", file.to_str().unwrap(), "--name", &name]).expect(0);
        dir.sound();
    }
}

/// A ledger whose protocol names a dictionary.
fn opened(dir: &Dir, dictionary: &str, table: Option<&PathBuf>) {
    let folder = dir.beside("keys");
    keys(&folder, &["sponsor", "investigator"]);
    let mut protocol: Value = serde_json::from_str(&fs::read_to_string(PROTOCOL).unwrap()).unwrap();
    protocol["dictionary"] = json!(dictionary);
    let protocol = dir.file("protocol.json", protocol.to_string());
    let (folder, protocol) = (folder.display().to_string(), protocol.display().to_string());
    let mut init =
        vec!["--keys", &folder, "--key", "sponsor", "init", "--trial", "MADE-UP", "--title", "An invented trial"];
    init.extend(["--zone", "Asia/Taipei", "--origin", "sponsor.example/made-up", "--name", "Ada Sponsor (synthetic)"]);
    init.extend(["--organisation", "Example", "--protocol", &protocol, "--simulated-clock", "--synthetic"]);
    init.extend(["--recorded-at", "2026-01-05T09:00:00+08:00"]);
    let table = table.map(|path| path.display().to_string());
    init.extend(table.iter().flat_map(|path| ["--dictionary", path]));
    dir.run(&init).expect(0);
    fs::rename(dir.beside("keys"), dir.path().join("keys")).unwrap();
    dir.run(&["--key", "sponsor", "append", "site-activated", "--site", "S1", "--name", "A hospital"]).expect(0);
    let grant = ["key", "grant", "investigator", "--name", "Ivy (synthetic)", "--organisation", "Example"];
    dir.run(&[&["--key", "sponsor"], &grant[..], &["--role", "investigator"]].concat()).expect(0);
}

fn amended(dictionary: &str) -> Value {
    let mut protocol: Value = serde_json::from_str(&fs::read_to_string(PROTOCOL).unwrap()).unwrap();
    protocol["edition"] = json!("amendment-1");
    protocol["dictionary"] = json!(dictionary);
    json!({ "event": { "type": "protocol_activated", "version": 1, "protocol": protocol } })
}

fn subject(dir: &Dir) {
    let consent = ["consent-given", "--subject", "S-1", "--site", "S1", "--occurred-at", "2026-01-05", "--form", "v1"];
    dir.run(&[&["--key", "investigator", "append"], &consent[..]].concat()).expect(0);
}

fn ae(dir: &Dir, term: &str) -> crate::common::Ran {
    let ae = [
        "--subject",
        "S-1",
        "--ae",
        "AE1",
        "--occurred-at",
        "2026-01-05",
        "--term",
        term,
        "--grade",
        "1",
        "--serious",
        "false",
    ];
    dir.run(&[&["--key", "investigator", "append", "adverse-event-reported"], &ae[..]].concat())
}
