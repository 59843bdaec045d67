//! Film: what the page shows at each date, as frames over one list of lines.
//!
//! Promises that each different line is kept once: from one date to the next most of them stay, so that a trial of
//! years takes little room. A frame names, for each section that differs from the frame before, the runs of lines it is
//! made of.

use super::{html::Lines, section::Section};
use chrono::NaiveDate;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use trial_core::{ids::Hash, view::replay::CutLine};

/// The frames of a page.
#[derive(Debug, Default, Serialize)]
pub struct Film {
    lines: Vec<String>,
    frames: Vec<Frame>,
    #[serde(skip)]
    places: HashMap<String, usize>,
    #[serde(skip)]
    last: BTreeMap<&'static str, Vec<usize>>,
}

/// What is shown at one date.
#[derive(Debug, Serialize)]
struct Frame {
    /// The day of reading.
    day: NaiveDate,
    /// Entries known.
    entries: u64,
    /// Leaf hash of the last of them.
    head: Option<Hash>,
    /// Sections that differ from the frame before: runs of lines, each as its first line and how many.
    shown: BTreeMap<&'static str, Vec<(usize, usize)>>,
}

impl Film {
    /// Adds what is shown at the next date.
    pub fn take(&mut self, cut: &CutLine, sections: impl IntoIterator<Item = (&'static Section, Lines)>) {
        let mut shown = BTreeMap::new();
        for (section, lines) in sections {
            let numbers: Vec<usize> = lines.into_iter().map(|line| self.place(line)).collect();
            if self.last.get(section.id) != Some(&numbers) {
                shown.insert(section.id, runs(&numbers));
                self.last.insert(section.id, numbers);
            }
        }
        self.frames.push(Frame { day: cut.day, entries: cut.entries, head: cut.head, shown });
    }

    fn place(&mut self, line: String) -> usize {
        let next = self.lines.len();
        let lines = &mut self.lines;
        *self.places.entry(line).or_insert_with_key(|line| {
            lines.push(line.clone());
            next
        })
    }
}

/// Consecutive numbers as runs: `[4, 5, 6, 2]` is `[(4, 3), (2, 1)]`.
fn runs(numbers: &[usize]) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((first, length)) if *first + *length == *number => *length += 1,
            Some(_) | None => runs.push((*number, 1)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consecutive_lines_are_one_run() {
        assert_eq!(runs(&[4, 5, 6, 2, 4]), [(4, 3), (2, 1), (4, 1)]);
        assert_eq!(runs(&[]), []);
    }
}
