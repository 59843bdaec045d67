//! Shared: names that occur again and again, kept once.
//!
//! Promises an equal name that lies in memory once, however many facts have it. Forgets none of them.

use std::collections::BTreeSet;

/// Names that are kept once. Their clones share the memory.
#[derive(Debug, Clone)]
pub struct Shared<T: Ord> {
    known: BTreeSet<T>,
}

/// Which names were ever seen is no fact of the trial: two projections are equal whatever they share.
impl<T: Ord> PartialEq for Shared<T> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<T: Ord> Default for Shared<T> {
    fn default() -> Self {
        Shared { known: BTreeSet::new() }
    }
}

impl<T: Ord + Clone> Shared<T> {
    /// The name as it is kept.
    pub fn of(&mut self, name: &T) -> T {
        if let Some(known) = self.known.get(name) {
            return known.clone();
        }
        self.known.insert(name.clone());
        name.clone()
    }
}
