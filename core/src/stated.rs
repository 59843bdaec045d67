//! Facts by the entry that states them: the shape that every projection shares.
//!
//! Promises the order of the log. Adding at the end takes constant time and one small record, so that a projection of
//! millions of doses stays flat; a correction finds its entry by binary search.

use crate::ids::Seq;
use serde::{Deserialize, Serialize};

/// Facts in the order of the entries that state them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stated<T> {
    facts: Vec<(Seq, T)>,
}

impl<T> Default for Stated<T> {
    fn default() -> Self {
        Stated { facts: Vec::new() }
    }
}

impl<T> Stated<T> {
    /// The entry states this, now.
    pub fn set(&mut self, seq: Seq, fact: T) {
        // Most lists hold one fact, and facts can be large: the standard growth would begin with room for four.
        if self.facts.len() == self.facts.capacity() {
            self.facts.reserve_exact(self.facts.len().max(1));
        }
        match self.facts.last() {
            Some((last, _)) if *last >= seq => match self.facts.binary_search_by_key(&seq, |(s, _)| *s) {
                Ok(i) => self.facts[i].1 = fact,
                Err(i) => self.facts.insert(i, (seq, fact)),
            },
            Some(_) | None => self.facts.push((seq, fact)),
        }
    }

    /// The entry states nothing of this kind any more.
    pub fn unset(&mut self, seq: Seq) {
        if let Ok(i) = self.facts.binary_search_by_key(&seq, |(s, _)| *s) {
            self.facts.remove(i);
        }
    }

    /// Other entries state these, now: mostly later ones.
    pub(crate) fn go_on(&mut self, mut others: Stated<T>) {
        let follow = match (self.facts.last(), others.facts.first()) {
            (Some((last, _)), Some((first, _))) => last < first,
            (None, _) => {
                *self = others;
                return;
            }
            (Some(_), None) => return,
        };
        if follow {
            self.facts.reserve_exact(others.facts.len());
            self.facts.append(&mut others.facts);
        } else {
            others.facts.into_iter().for_each(|(seq, fact)| self.set(seq, fact));
        }
    }

    /// What the entry states.
    pub fn get(&self, seq: Seq) -> Option<&T> {
        self.facts.binary_search_by_key(&seq, |(s, _)| *s).ok().map(|i| &self.facts[i].1)
    }

    /// The latest fact with its entry.
    pub fn last(&self) -> Option<(Seq, &T)> {
        self.facts.last().map(|(seq, fact)| (*seq, fact))
    }

    /// The first fact with its entry.
    pub fn first(&self) -> Option<(Seq, &T)> {
        self.facts.first().map(|(seq, fact)| (*seq, fact))
    }

    /// All facts with their entries.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Seq, &T)> + Clone {
        self.facts.iter().map(|(seq, fact)| (*seq, fact))
    }

    /// All facts.
    pub fn facts(&self) -> impl DoubleEndedIterator<Item = &T> + Clone {
        self.facts.iter().map(|(_, fact)| fact)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.facts.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }
}

impl<T> FromIterator<(Seq, T)> for Stated<T> {
    fn from_iter<I: IntoIterator<Item = (Seq, T)>>(facts: I) -> Self {
        let mut facts: Vec<(Seq, T)> = facts.into_iter().collect();
        if !facts.is_sorted_by_key(|(seq, _)| *seq) {
            facts.sort_by_key(|(seq, _)| *seq);
        }
        Stated { facts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_corrected_fact_keeps_its_place_and_a_voided_one_is_gone() {
        let mut doses = Stated::default();
        doses.set(Seq(1), "a");
        doses.set(Seq(4), "b");
        doses.set(Seq(9), "c");
        doses.set(Seq(4), "B");
        doses.unset(Seq(1));
        doses.unset(Seq(2));
        assert_eq!(doses.facts().copied().collect::<Vec<_>>(), ["B", "c"]);
        doses.set(Seq(1), "a again");
        assert_eq!(doses.first(), Some((Seq(1), &"a again")));
    }
}
