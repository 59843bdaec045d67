//! Rendering: views as text for a terminal.
//!
//! Promises pure functions from views to text: no line wider than the terminal, no number that a view did not compute,
//! the same text for the same view on the same terminal, which is an argument; only [`screen`] looks for one. Colour
//! repeats what the words say and never replaces them.

pub mod adjudications;
pub mod analysis_sets;
pub mod association;
pub mod baseline;
pub mod cut;
pub mod decisions;
pub mod deviations;
pub mod exposure;
pub mod grid;
pub mod ladder;
pub mod mtd;
pub mod number;
pub mod paths;
mod pattern;
pub mod phrase;
pub mod radiotherapy;
pub mod replay;
pub mod response;
pub mod sealed;
pub mod serious;
pub mod signature;
pub mod status;
pub mod subjects;
pub mod survival;
pub mod toxicity;
pub mod waterfall;

pub use paths::paths;
pub use replay::replay;
pub use status::status;

use crate::output;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The narrowest terminal that is written for; a narrower one wraps by itself.
const NARROWEST: usize = 60;

/// Whether text carries colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// None: files, pipes, screen readers.
    Plain,
    /// A few ANSI colours (ECMA-48 SGR).
    Colour,
}

/// What a piece of text is to the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Nothing special.
    Text,
    /// A heading.
    Heading,
    /// Where the trial stands.
    State,
    /// What stops a reader: dose-limiting toxicity, a hold, a stale decision.
    Fault,
    /// What departs from the plan or needs care.
    Deviation,
}

impl Tone {
    /// The parameters of the SGR sequence.
    fn sgr(self) -> Option<&'static str> {
        match self {
            Tone::Text => None,
            Tone::Heading => Some("1"),
            Tone::State => Some("1;36"),
            Tone::Fault => Some("1;31"),
            Tone::Deviation => Some("33"),
        }
    }
}

/// What text is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terminal {
    width: usize,
    style: Style,
}

impl Terminal {
    /// What files and pipes are written for.
    pub const PLAIN_80: Terminal = Terminal { width: 80, style: Style::Plain };

    /// A terminal of so many columns; fewer than 60 count as 60.
    pub fn new(width: usize, style: Style) -> Terminal {
        Terminal { width: width.max(NARROWEST), style }
    }

    /// Columns.
    pub fn width(self) -> usize {
        self.width
    }

    /// Whether text carries colour.
    pub fn style(self) -> Style {
        self.style
    }

    /// One piece of text in its tone.
    pub fn paint(self, tone: Tone, text: &str) -> String {
        match (self.style, tone.sgr()) {
            (Style::Colour, Some(sgr)) if !text.is_empty() => format!("\u{1b}[{sgr}m{text}\u{1b}[0m"),
            (Style::Colour | Style::Plain, _) => text.to_owned(),
        }
    }

    /// A heading on lines of its own.
    pub fn heading(self, text: &str) -> String {
        self.lines(Tone::Heading, "", text)
    }

    /// Text wrapped to the width, each line in its tone; the lines after the first hang below the lead.
    pub fn lines(self, tone: Tone, lead: &str, text: &str) -> String {
        let hang = " ".repeat(lead.width());
        let wrapped = wrap(text, self.width.saturating_sub(lead.width()));
        let line = |(index, part): (usize, &String)| {
            let lead = if index == 0 { lead } else { &hang };
            format!("{lead}{}\n", self.paint(tone, part))
        };
        wrapped.iter().enumerate().map(line).collect()
    }

    /// Names and values in two columns, the values aligned and wrapped.
    pub fn pairs(self, pairs: &[(Tone, &str, String)]) -> String {
        let widest = pairs.iter().map(|(_, name, _)| name.width()).max().unwrap_or_default();
        let line = |(tone, name, value): &(Tone, &str, String)| {
            let lead = format!("  {name}{}  ", " ".repeat(widest - name.width()));
            self.lines(*tone, &lead, value)
        };
        pairs.iter().map(line).collect()
    }
}

/// The terminal of this process.
pub fn screen() -> Terminal {
    Terminal::new(output::width(), if output::colours() { Style::Colour } else { Style::Plain })
}

/// Text in lines of at most so many columns, broken between words, and inside a word only where it is longer.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split_whitespace() {
        let space = usize::from(used > 0);
        if used > 0 && used + space + word.width() > width {
            lines.push(String::new());
            used = 0;
        }
        let line = |lines: &mut Vec<String>, c: char| lines.last_mut().expect("starts with one line").push(c);
        if used > 0 {
            line(&mut lines, ' ');
            used += 1;
        }
        for c in word.chars() {
            let columns = c.width().unwrap_or_default();
            if used > 0 && used + columns > width {
                lines.push(String::new());
                used = 0;
            }
            line(&mut lines, c);
            used += columns;
        }
    }
    lines
}

/// Parts of a text with an empty line between; empty ones are left out.
pub(crate) fn sections(parts: impl IntoIterator<Item = String>) -> String {
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_kept_whole_and_a_longer_one_is_broken_by_columns() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("試驗資料", 5), ["試驗", "資料"]);
        assert_eq!(wrap("", 10), [""]);
    }

    #[test]
    fn colour_is_only_there_when_asked_for_and_is_closed_on_every_line() {
        let plain = Terminal::new(60, Style::Plain);
        assert_eq!(plain.paint(Tone::Fault, "hold"), "hold");
        let colour = Terminal::new(60, Style::Colour);
        assert_eq!(colour.paint(Tone::Fault, "hold"), "\u{1b}[1;31mhold\u{1b}[0m");
        let text = colour.lines(Tone::Fault, "  ", &"hold ".repeat(30));
        assert!(text.lines().count() > 1);
        assert!(text.lines().all(|line| line.starts_with("  \u{1b}[1;31m") && line.ends_with("\u{1b}[0m")));
    }

    #[test]
    fn a_narrow_terminal_counts_as_sixty_columns() {
        assert_eq!(Terminal::new(20, Style::Plain).width(), 60);
        assert_eq!(Terminal::new(100, Style::Plain).width(), 100);
    }

    #[test]
    fn the_lines_after_the_first_hang_below_the_lead() {
        let text = Terminal::new(60, Style::Plain).lines(Tone::Text, "waits: ", &"word ".repeat(15));
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("waits: word") && lines[1].starts_with("       word"));
    }
}
