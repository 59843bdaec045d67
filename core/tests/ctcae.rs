//! The built-in short list of CTCAE v4.0 terms.
//!
//! Checks its shape and the grades that are easily got wrong. Does not check it against the published list, which is
//! not part of this repository: that was done by hand, term by term, against a public copy of v4.03 (14 June 2010).

use std::collections::BTreeSet;
use trial_core::{
    dictionary::{Dictionary, TermEntry},
    grade::Grade,
};

const LIST: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/dictionaries/ctcae-4.0-short.json"));

fn terms() -> Vec<TermEntry> {
    serde_json::from_str(LIST).expect("the list is an array of terms")
}

fn grades(term: &str) -> Vec<u8> {
    let mut dictionary = Dictionary::default();
    dictionary.adopt(&terms());
    let entry =
        dictionary.get(&term.parse().expect("a term is a text")).unwrap_or_else(|| panic!("{term} is not in the list"));
    entry.grades.iter().map(|g| g.get()).collect()
}

#[test]
fn each_term_stands_once_with_its_grades_in_order() {
    let terms = terms();
    let distinct: BTreeSet<_> = terms.iter().map(|t| &t.term).collect();
    assert_eq!(distinct.len(), terms.len());
    for entry in &terms {
        let ordered: BTreeSet<Grade> = entry.grades.iter().copied().collect();
        assert!(!ordered.is_empty() && ordered.into_iter().eq(entry.grades.iter().copied()), "{}", entry.term);
    }
}

#[test]
fn the_list_fits_into_one_entry() {
    // Without white space the text is as long as its canonical form (RFC 8785): only ASCII and small integers.
    let terms: serde_json::Value = serde_json::from_str(LIST).unwrap();
    assert!(LIST.is_ascii() && terms.to_string().len() < 13_000, "{}", terms.to_string().len());
}

#[test]
fn grades_that_do_not_exist_are_not_in_the_list() {
    for term in
        ["Nausea", "Fatigue", "Proteinuria", "Paresthesia", "Palmar-plantar erythrodysesthesia syndrome", "Pain"]
    {
        assert_eq!(grades(term), [1, 2, 3], "{term}");
    }
    for term in ["Febrile neutropenia", "Hepatic failure"] {
        assert_eq!(grades(term), [3, 4, 5], "{term}");
    }
    assert_eq!(grades("White blood cell decreased"), [1, 2, 3, 4]);
    assert_eq!(grades("Hyponatremia"), [1, 3, 4, 5]);
    assert_eq!(grades("Lymphocyte count increased"), [2, 3]);
    assert_eq!(grades("Sudden death NOS"), [5]);
}

/// The six terms of the list whose grades are others in v5.0, as v4.03 has them.
#[test]
fn grades_are_those_of_version_4_where_version_5_differs() {
    assert_eq!(grades("Malaise"), [1, 2]);
    assert_eq!(grades("Biliary tract infection"), [3, 4, 5]);
    assert_eq!(grades("Sepsis"), [4, 5]);
    assert_eq!(grades("Hyponatremia"), [1, 3, 4, 5]);
    assert_eq!(grades("Peripheral sensory neuropathy"), [1, 2, 3, 4, 5]);
    assert_eq!(grades("Acute kidney injury"), [1, 2, 3, 4, 5]);
}
