//! Dictionaries of adverse event terms: the terms, their system organ classes and which grades exist.
//!
//! CTCAE publishes for each term only some of the five grades: nausea has no grade 4. Facts after CTCAE v4.0 (NCI,
//! 28 May 2009).

use crate::{grade::Grade, text::Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
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

/// A dictionary by term.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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

    /// Whether no dictionary has been adopted.
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
