//! Shared: names that occur again and again, kept once.
//!
//! Promises an equal name that lies in memory once, however many facts have it. Forgets none of them, but for [`Recent`],
//! which forgets most.

use std::{collections::BTreeSet, sync::Arc};

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

/// How many texts are at hand.
const AT_HAND: usize = 256;

/// The longest text that is kept at hand, in bytes.
const LONGEST: usize = 64;

/// Texts that were read a moment ago, and have been checked: a log says the same few words a million times.
pub(crate) struct Recent {
    slots: [Option<Arc<str>>; AT_HAND],
}

impl Recent {
    /// None yet.
    pub const fn new() -> Recent {
        Recent { slots: [const { None }; AT_HAND] }
    }

    /// The text, as it was checked before or is checked now.
    pub fn of<E>(&mut self, text: &str, check: impl FnOnce(&str) -> Result<Arc<str>, E>) -> Result<Arc<str>, E> {
        if text.len() > LONGEST {
            return check(text);
        }
        let slot = &mut self.slots[place(text.as_bytes())];
        if let Some(known) = slot.as_ref().filter(|known| ***known == *text) {
            return Ok(Arc::clone(known));
        }
        let checked = check(text)?;
        *slot = Some(Arc::clone(&checked));
        Ok(checked)
    }
}

/// Where a text lies: by how it begins and ends, and its length.
fn place(text: &[u8]) -> usize {
    let word = |part: &[u8]| {
        let mut word = [0; 8];
        word[..part.len()].copy_from_slice(part);
        u64::from_le_bytes(word)
    };
    let (begins, ends) = (&text[..text.len().min(8)], &text[text.len().saturating_sub(8)..]);
    let mixed = word(begins) ^ word(ends).rotate_left(29) ^ text.len() as u64;
    // Multiplied by 2^64 over the golden ratio, the upper bits depend on all of them.
    (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_was_refused_is_refused_again_and_others_do_not_take_its_place() {
        let mut recent = Recent::new();
        let short = |text: &str| if text.contains(' ') { Err(()) } else { Ok(Arc::from(text)) };
        let first = recent.of("axitinib", short).unwrap();
        for number in 0..2_000 {
            let text = format!("name-{number}");
            assert_eq!(recent.of(&text, short).as_deref(), Ok(text.as_str()));
            assert_eq!(recent.of("a b", short), Err(()));
        }
        assert_eq!(recent.of("axitinib", short), Ok(Arc::clone(&first)));
        let again = recent.of("axitinib", |_| -> Result<_, ()> { unreachable!() }).unwrap();
        assert_eq!(again, first);
        assert_eq!(recent.of("", short).as_deref(), Ok(""));
    }
}
