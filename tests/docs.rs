//! The pages against the code: what `docs/format.md` and the glossary list is what the program does; links lead somewhere.

use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};
use trial_core::{authority::may_sign, entry::Role, event::EventKind};
use trial_ledger::fault::FaultKind;

const FORMAT: &str = include_str!("../docs/format.md");
const GLOSSARY: &str = include_str!("../docs/glossary.md");

fn top() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The text of a section, from its heading to the next.
fn section(number: usize) -> &'static str {
    let from = FORMAT.find(&format!("\n## {number}. ")).unwrap_or_else(|| panic!("no section {number}"));
    let rest = &FORMAT[from + 4..];
    &rest[..rest.find("\n## ").unwrap_or(rest.len())]
}

/// The rows of tables whose first cell is one word in backticks: that word, and the cells after it.
fn rows(text: &str) -> Vec<(String, Vec<String>)> {
    let cells = |line: &str| -> Option<(String, Vec<String>)> {
        let mut cells = line.strip_prefix('|')?.strip_suffix('|')?.split('|').map(|cell| cell.trim().to_owned());
        let word = cells.next()?.strip_prefix('`')?.strip_suffix('`')?.to_owned();
        Some((word, cells.collect()))
    };
    text.lines().filter_map(cells).collect()
}

/// All words in backticks that name an event.
fn events_in(text: &str) -> BTreeSet<EventKind> {
    text.split('`').skip(1).step_by(2).filter_map(|word| word.parse().ok()).collect()
}

#[test]
fn the_table_of_who_may_sign_is_the_one_that_is_checked() {
    let text = section(7);
    let head = text.lines().find(|line| line.starts_with("| event ")).expect("the table has a head");
    let head: Vec<_> = head.trim_matches('|').split('|').skip(1).map(|c| c.trim().replace("&shy;", "")).collect();
    let roles: Vec<Role> = head.iter().map(|role| role.parse().unwrap()).collect();
    assert_eq!(roles, Role::ALL);
    let rows = rows(text);
    let kinds: Vec<EventKind> = rows.iter().map(|(kind, _)| kind.parse().unwrap()).collect();
    assert_eq!(kinds, EventKind::ALL);
    for (kind, (_, cells)) in kinds.iter().zip(&rows) {
        for (role, cell) in roles.iter().zip(cells) {
            assert_eq!(cell == "x", may_sign(*role, *kind), "{role}, {kind}");
        }
    }
}

#[test]
fn the_events_that_need_a_reason_are_those_that_are_listed() {
    let mut needed: BTreeSet<_> = EventKind::ALL.iter().copied().filter(|kind| kind.needs_reason()).collect();
    needed.insert(EventKind::EscalationDecided);
    assert_eq!(events_in(section(9)), needed);
}

#[test]
fn every_fault_is_in_the_table_with_its_meaning_and_raised_where_the_table_says() {
    let text = section(11);
    let (order, names) = text.split_once("All names").expect("two tables");
    let rows = rows(names);
    let kinds: Vec<FaultKind> = rows.iter().map(|(kind, _)| kind.parse().unwrap()).collect();
    assert_eq!(kinds, FaultKind::ALL);
    for (kind, (_, cells)) in kinds.iter().zip(&rows) {
        assert_eq!(cells[0], kind.meaning());
        assert_eq!(order.contains(&format!("`{kind}`")), cells[1] == "log", "{kind}");
    }
}

#[test]
fn the_worked_example_is_the_golden_chain() {
    let file: Value =
        serde_json::from_slice(&fs::read(top().join("tests/vectors/golden_chain.json")).unwrap()).unwrap();
    let text = section(13);
    for entry in [&file["entries"][0], &file["entries"][1]] {
        for member in ["line", "leaf", "body_sha256"] {
            assert!(text.contains(entry[member].as_str().unwrap()), "{member} of {}", entry["seq"]);
        }
    }
    for root in [1, 2] {
        assert!(text.contains(file["merkle_roots_base64_by_size"][root].as_str().unwrap()));
    }
    assert!(text.contains(file["seeds"]["sponsor"].as_str().unwrap()));
    assert!(text.contains(&hex_of(b"trial-ledger/entry/v1\n{\"event\"")));
    let line = file["entries"][0]["line"].as_str().unwrap();
    assert!(text.contains(&format!("{} characters in {} bytes", line.chars().count(), line.len())));
}

fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_glossary_names_every_event_and_every_role() {
    assert_eq!(events_in(GLOSSARY), EventKind::ALL.iter().copied().collect());
    for role in Role::ALL {
        assert!(GLOSSARY.contains(&role.as_str().replace('_', " ")), "{role}");
    }
}

/// The targets of all links of a page.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
}

fn pages(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") && !path.ends_with(".git") {
            pages(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

#[test]
fn every_link_of_every_page_leads_somewhere() {
    let mut found = Vec::new();
    pages(&top(), &mut found);
    let mut checked = 0;
    for page in found {
        let text = fs::read_to_string(&page).unwrap();
        for link in links(&text).filter(|link| !link.contains("://")) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() { page.clone() } else { page.parent().unwrap().join(path) };
            assert!(target.exists(), "{}: {link}", page.display());
            if !anchor.is_empty() {
                let text = fs::read_to_string(&target).unwrap();
                let headings = text.lines().filter_map(|line| line.strip_prefix('#'));
                let anchors =
                    headings.map(|h| h.trim_matches(['#', ' ']).to_lowercase().replace('.', "").replace(' ', "-"));
                assert!(anchors.into_iter().any(|found| found == anchor), "{}: {link}", page.display());
            }
            checked += 1;
        }
    }
    assert!(checked > 40, "{checked} links");
}
