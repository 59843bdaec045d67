//! Film: what the page shows at each date, as frames over a list of lines for each section.
//!
//! Promises that each different line of a section is kept once: from one date to the next most of them stay, so that a
//! trial of years takes little room. A section names, for each frame in which it differs from the one before, the runs
//! of lines it is made of.

use super::html::Lines;
use chrono::NaiveDate;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use trial_core::{ids::Hash, view::replay::CutLine};

/// The frames of a page.
#[derive(Debug, Default, Serialize)]
pub struct Film {
    frames: Vec<Frame>,
    sections: BTreeMap<String, Reel>,
}

/// One date.
#[derive(Debug, Serialize)]
struct Frame {
    /// The day of reading.
    day: NaiveDate,
    /// Entries known.
    entries: u64,
    /// Leaf hash of the last of them.
    head: Option<Hash>,
}

/// What one section shows over time.
#[derive(Debug, Default, Serialize)]
struct Reel {
    lines: Vec<String>,
    /// The frames from which on it shows something else, with the runs of lines: each as its first line and how many.
    shots: Vec<(usize, Vec<(usize, usize)>)>,
    #[serde(skip)]
    places: HashMap<String, usize>,
}

impl Film {
    /// Adds what is shown at the next date.
    pub fn take(&mut self, cut: &CutLine, sections: impl IntoIterator<Item = (String, Lines)>) {
        for (section, lines) in sections {
            self.sections.entry(section).or_default().take(self.frames.len(), lines);
        }
        self.frames.push(Frame { day: cut.day, entries: cut.entries, head: cut.head });
    }
}

impl Reel {
    fn take(&mut self, frame: usize, lines: Lines) {
        let numbers: Vec<usize> = lines.into_iter().map(|line| self.place(line)).collect();
        let runs = runs(&numbers);
        if self.shots.last().is_none_or(|(_, last)| *last != runs) {
            self.shots.push((frame, runs));
        }
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
    fn a_section_is_kept_where_it_changes_and_each_line_once() {
        let mut reel = Reel::default();
        for (frame, lines) in [["a", "b"], ["a", "b"], ["a", "c"], ["b", "c"]].iter().enumerate() {
            reel.take(frame, lines.map(str::to_owned).to_vec());
        }
        assert_eq!(reel.lines, ["a", "b", "c"]);
        assert_eq!(reel.shots, [(0, vec![(0, 2)]), (2, vec![(0, 1), (2, 1)]), (3, vec![(1, 2)])]);
    }

    #[test]
    fn consecutive_lines_are_one_run() {
        assert_eq!(runs(&[4, 5, 6, 2, 4]), [(4, 3), (2, 1), (4, 1)]);
        assert_eq!(runs(&[]), []);
    }
}
