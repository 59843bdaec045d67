//! Dictionaries of adverse event terms: the terms, their system organ classes and which grades exist.
//!
//! CTCAE publishes for each term only some of the five grades: nausea has no grade 4. Facts after CTCAE v4.0 (NCI,
//! 28 May 2009). A long list comes in parts; it is adopted once all of them are there and add up to the SHA-256 that
//! each part names. Does not compare a list with its publisher's.

use crate::{
    event::DictionaryAdopted,
    grade::Grade,
    ids::{Hash, Name},
    text::Text,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// One term of a dictionary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct TermEntry {
    /// The term as published.
    pub term: Text,
    /// Its system organ class.
    pub soc: Text,
    /// The grades that exist for it.
    pub grades: Vec<Grade>,
}

/// A term in canonical JSON (RFC 8785): members in the order of their names, no white space. A [`Text`] holds no
/// control characters, so nothing but quotes and backslashes is escaped.
#[derive(Serialize)]
struct Canonical<'a> {
    grades: &'a [Grade],
    soc: &'a Text,
    term: &'a Text,
}

/// The canonical JSON (RFC 8785) of a list of terms.
pub fn canonical<'a>(terms: impl IntoIterator<Item = &'a TermEntry>) -> Vec<u8> {
    let terms = terms.into_iter().map(|t| Canonical { grades: &t.grades, soc: &t.soc, term: &t.term });
    serde_json::to_vec(&terms.collect::<Vec<_>>()).expect("texts and small numbers are JSON")
}

/// SHA-256 of the canonical JSON of all terms: what every part of a dictionary names.
pub fn digest<'a>(terms: impl IntoIterator<Item = &'a TermEntry>) -> Hash {
    Hash(Sha256::digest(canonical(terms)).into())
}

/// A dictionary by term.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dictionary {
    terms: BTreeMap<Text, TermEntry>,
}

impl Dictionary {
    /// Adds terms; a later entry for the same term counts.
    pub fn adopt(&mut self, terms: &[TermEntry]) {
        self.terms.extend(terms.iter().map(|t| (t.term.clone(), t.clone())));
    }

    /// The entry for a term, spelled as published.
    pub fn get(&self, term: &Text) -> Option<&TermEntry> {
        self.terms.get(term)
    }

    /// Whether it has no terms.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// All terms, in alphabetical order.
    pub fn terms(&self) -> impl Iterator<Item = &Text> {
        self.terms.keys()
    }

    /// The term that looks most like a mistyped one, if any does.
    pub fn nearest(&self, term: &Text) -> Option<&Text> {
        let wanted = term.as_str().to_lowercase();
        let scored =
            self.terms.keys().map(|known| (strsim::sorensen_dice(&wanted, &known.as_str().to_lowercase()), known));
        scored.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(a.1))).filter(|(score, _)| *score > 0.3).map(|(_, t)| t)
    }
}

/// How far the parts of a dictionary have come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Adoption {
    /// All parts are there and add up to the SHA-256: it counts.
    Whole,
    /// These parts are missing.
    Missing(Vec<u8>),
    /// All parts are there and add up to another SHA-256: it never counts.
    Differs(Hash),
}

/// The parts that name one SHA-256.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Parts {
    sha256: Hash,
    parts: u8,
    found: BTreeMap<u8, Vec<TermEntry>>,
}

impl Parts {
    fn of(e: &DictionaryAdopted) -> Parts {
        Parts { sha256: e.sha256, parts: e.parts, found: BTreeMap::new() }
    }

    fn takes(&self, e: &DictionaryAdopted) -> bool {
        self.sha256 == e.sha256 && self.parts == e.parts
    }

    fn adoption(&self) -> Adoption {
        let missing: Vec<u8> = (1..=self.parts).filter(|part| !self.found.contains_key(part)).collect();
        if !missing.is_empty() {
            return Adoption::Missing(missing);
        }
        match digest(self.found.values().flatten()) {
            found if found == self.sha256 => Adoption::Whole,
            found => Adoption::Differs(found),
        }
    }
}

/// All dictionaries by name, whole or still in parts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dictionaries {
    whole: BTreeMap<Name, Dictionary>,
    parts: BTreeMap<Name, Vec<Parts>>,
}

impl Dictionaries {
    /// Takes a part in; the dictionary counts from the part that completes it.
    pub fn take(&mut self, e: &DictionaryAdopted) {
        let lists = self.parts.entry(e.dictionary.clone()).or_default();
        let at = lists.iter().position(|list| list.takes(e)).unwrap_or_else(|| {
            lists.push(Parts::of(e));
            lists.len() - 1
        });
        lists[at].found.entry(e.part).or_insert_with(|| e.terms.clone());
        if lists[at].adoption() == Adoption::Whole {
            let mut dictionary = Dictionary::default();
            lists[at].found.values().for_each(|terms| dictionary.adopt(terms));
            self.whole.insert(e.dictionary.clone(), dictionary);
        }
    }

    /// A dictionary that is whole.
    pub fn get(&self, name: &Name) -> Option<&Dictionary> {
        self.whole.get(name)
    }

    /// The names of those that are whole.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.whole.keys()
    }

    /// How far a dictionary has come; none of which no part is there.
    pub fn adoption(&self, name: &Name) -> Option<Adoption> {
        if self.whole.contains_key(name) {
            return Some(Adoption::Whole);
        }
        self.parts.get(name)?.last().map(Parts::adoption)
    }

    /// How far it would have come with one more part.
    pub fn adoption_with(&self, e: &DictionaryAdopted) -> Adoption {
        let known = self.parts.get(&e.dictionary).into_iter().flatten().find(|list| list.takes(e));
        let mut list = known.cloned().unwrap_or_else(|| Parts::of(e));
        list.found.entry(e.part).or_insert_with(|| e.terms.clone());
        list.adoption()
    }

    /// Whether the same part of the same list is there already.
    pub fn has_part(&self, e: &DictionaryAdopted) -> bool {
        let lists = self.parts.get(&e.dictionary).into_iter().flatten();
        lists.filter(|list| list.takes(e)).any(|list| list.found.contains_key(&e.part))
    }
}
