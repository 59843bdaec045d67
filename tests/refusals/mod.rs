//! What is refused, and how: every refusal of admission, and bad input of every kind, through the binary.
//!
//! After each case the journal holds the bytes that it held before, and the ledger verifies.

mod bare;
mod complete;
mod conduct;
mod corrections;
mod flags;
mod lines;
mod safety;
mod signing;
mod subjects;
mod treatment;
mod values;

use crate::common::{Dir, small::with_version};
use serde_json::{Value, json};

/// What is asked of the binary.
pub(super) enum Ask {
    /// These arguments; a single quote begins and ends one that holds spaces.
    Args(&'static str),
    /// One draft in a file.
    Draft(Value),
    /// A file of drafts, byte for byte.
    File(Vec<u8>),
}

/// One thing that is refused.
pub(super) struct Case {
    pub(super) name: &'static str,
    ask: Ask,
    code: i32,
    words: &'static [&'static str],
}

pub(super) fn args(name: &'static str, line: &'static str, code: i32, words: &'static [&'static str]) -> Case {
    Case { name, ask: Ask::Args(line), code, words }
}

pub(super) fn draft(name: &'static str, by: &str, event: Value, words: &'static [&'static str]) -> Case {
    Case { name, ask: Ask::Draft(json!({ "by": by, "event": with_version(event) })), code: 1, words }
}

/// The same with a reason, where without one something else would be refused first.
pub(super) fn because(mut case: Case) -> Case {
    if let Ask::Draft(draft) = &mut case.ask {
        draft["reason"] = json!("as found at the visit");
    }
    case
}

pub(super) fn file(name: &'static str, bytes: impl AsRef<[u8]>, words: &'static [&'static str]) -> Case {
    Case { name, ask: Ask::File(bytes.as_ref().to_vec()), code: 1, words }
}

/// A file with one draft in which this text is the event.
pub(super) fn event(name: &'static str, text: &str, words: &'static [&'static str]) -> Case {
    file(name, format!("{{\"by\":\"coordinator\",\"event\":{text}}}\n"), words)
}

pub(super) fn split(line: &str) -> Vec<&str> {
    let parts = line.split('\'').enumerate();
    parts.flat_map(|(i, part)| if i % 2 == 0 { part.split_whitespace().collect() } else { vec![part] }).collect()
}

/// What is wrong with the answer to a case; nothing where it is refused as it should be.
fn wrong(dir: &Dir, case: &Case) -> Option<String> {
    let before = dir.bytes();
    let ran = match &case.ask {
        Ask::Args(line) => dir.run(&split(line)),
        Ask::Draft(draft) => {
            let file = dir.file("draft.jsonl", format!("{draft}\n"));
            dir.run(&["append", "--file", file.to_str().unwrap()])
        }
        Ask::File(bytes) => {
            let file = dir.file("drafts.jsonl", bytes);
            dir.run(&["append", "--file", file.to_str().unwrap()])
        }
    };
    let mut wrong = Vec::new();
    if ran.code != case.code {
        wrong.push(format!("expected exit code {}, found {}", case.code, ran.code));
    }
    let all = ran.all();
    wrong.extend(case.words.iter().filter(|word| !all.contains(*word)).map(|word| format!("expected {word:?}")));
    if all.contains("panicked") || all.len() > 20_000 {
        wrong.push("it panicked, or said far too much".to_owned());
    }
    if dir.bytes() != before {
        wrong.push("the journal has changed".to_owned());
    }
    let verdict = dir.run(&["verify"]);
    if verdict.code != 0 {
        wrong.push(format!("it does not verify any more: {verdict:?}"));
    }
    (!wrong.is_empty()).then(|| format!("{}: {}\n{}", case.name, wrong.join("; "), all.trim()))
}

#[track_caller]
pub(super) fn refuse(dir: &Dir, cases: &[Case]) {
    let found: Vec<String> = cases.iter().filter_map(|case| wrong(dir, case)).collect();
    assert!(found.is_empty(), "{} of {} cases:\n\n{}", found.len(), cases.len(), found.join("\n\n"));
}

pub(super) const GOOD: &str =
    r#"{"type":"followed_up","version":1,"subject":"S-1","occurred_at":"2026-02-10","status":"alive"}"#;

pub(super) fn spoiled(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from));
    GOOD.replace(from, to)
}
