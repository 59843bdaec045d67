//! Whether each refusal in the sources of admission has its case.

use super::{bare, conduct, corrections, safety, subjects, treatment};
use std::{fs, path::Path};

/// Each refusal in the sources of admission has its case here: a new one without a case fails this test.
#[test]
fn every_refusal_of_admission_has_its_case() {
    let cases = [
        subjects::entry_into_the_trial(),
        subjects::times_and_lives(),
        treatment::treatment(),
        safety::safety(),
        conduct::conduct(),
    ];
    let mut words: Vec<&str> = cases.iter().flatten().flat_map(|case| case.words.iter().copied()).collect();
    words.extend(
        [conduct::INVENTED.1, conduct::STANDS.1, conduct::DECLARED.1]
            .into_iter()
            .chain(corrections::CORRECTIONS)
            .chain(bare::BARE)
            .flatten(),
    );
    let mut refusals = 0;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src/admission")).unwrap() {
        let source = fs::read_to_string(entry.unwrap().path()).unwrap();
        for message in messages(&source) {
            refusals += 1;
            // Admission looks a subject up twice; the first look-up has refused an unknown one.
            if message == "{id} is not known" {
                continue;
            }
            // Dictionaries in parts have their own stories: dictionary.rs, and the tests of core.
            if message.starts_with("{none}: ") || message.contains("of {name} ") {
                continue;
            }
            let fixed = fixed_parts(&message);
            let said = |word: &str| fixed.iter().all(|part| contains_in_part(word, part)) && !fixed.is_empty();
            assert!(words.iter().any(|word| said(word)), "no case is refused with {message:?}");
        }
    }
    assert!(refusals > 55, "only {refusals} refusals were found: look for them another way");
}

/// Whether the words of a case hold a fixed part of a message; the last part may go on behind what the case quotes.
fn contains_in_part(word: &str, part: &str) -> bool {
    word.contains(part)
        || (1..part.len()).rev().filter(|n| *n >= 4).any(|n| part.is_char_boundary(n) && word.ends_with(&part[..n]))
}

/// The texts of all refusals in a source: the first literal behind `Refusal::new(` or `let message =`.
fn messages(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    for mark in ["Refusal::new(", "let message ="] {
        for (at, _) in source.match_indices(mark) {
            let rest = source[at + mark.len()..].trim_start();
            let rest = rest.strip_prefix("format!(").unwrap_or(rest).trim_start();
            if let Some(literal) = rest.strip_prefix('"') {
                found.push(literal[..literal.find('"').unwrap()].to_owned());
            }
        }
    }
    found
}

/// What stands between the values of a message.
fn fixed_parts(message: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0;
    for c in message.chars() {
        match c {
            '{' => {
                depth += 1;
                parts.push(String::new());
            }
            '}' => depth -= 1,
            c if depth == 0 => parts.last_mut().unwrap().push(c),
            _ => {}
        }
    }
    parts.retain(|part| part.trim().len() > 3);
    parts
}
