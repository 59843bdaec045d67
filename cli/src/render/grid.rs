//! A grid: rows and columns between light rules, wrapped to the terminal.
//!
//! Promises no line wider than the terminal and no trailing blanks.

use super::{Style, Terminal, Tone};
use comfy_table::{
    Attribute, Cell, CellAlignment, Color, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle, Width,
};
use unicode_width::UnicodeWidthStr;

/// Rules above, below the heading and below the last row, as in print.
const RULED: TableStyle = TableStyle::new()
    .top_border(LineStyle::none().fill('\u{2500}').junction('\u{2500}'))
    .header_separator(LineStyle::none().fill('\u{2500}').junction('\u{2500}'))
    .bottom_border(LineStyle::none().fill('\u{2500}').junction('\u{2500}'));

/// What rules are made of.
const RULE: &str = "\u{2500}";

/// A first column of at most so many columns is never wrapped: identifiers stay whole.
const FIRST: u16 = 16;

/// To which side a column is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A table being written.
#[derive(Debug)]
pub struct Grid {
    sides: Vec<Side>,
    /// Blanks before each column, besides the one that always stands between two.
    pads: Vec<u16>,
    heading: Vec<(Tone, String)>,
    rows: Vec<Vec<(Tone, String)>>,
}

impl Grid {
    /// A table with these headings; a heading may have several lines.
    pub fn new(columns: &[(&str, Side)]) -> Grid {
        Grid {
            sides: columns.iter().map(|(_, side)| *side).collect(),
            pads: (0..columns.len()).map(|index| u16::from(index > 0)).collect(),
            heading: columns.iter().map(|(heading, _)| (Tone::Text, (*heading).to_owned())).collect(),
            rows: Vec::new(),
        }
    }

    /// Sets how many blanks stand before a column, besides the one that always does.
    pub fn pad(&mut self, column: usize, blanks: u16) {
        if let Some(pad) = self.pads.get_mut(column) {
            *pad = blanks;
        }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.toned(cells.into_iter().map(|text| (Tone::Text, text)));
    }

    /// Adds a row, each cell in its tone.
    pub fn toned(&mut self, cells: impl IntoIterator<Item = (Tone, String)>) {
        self.rows.push(cells.into_iter().take(self.sides.len()).collect());
    }

    /// Whether no row was added.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as text.
    pub fn text(self, terminal: Terminal) -> String {
        let fitting = match terminal.style() {
            Style::Plain => self.fitting(terminal.width()),
            Style::Colour => None,
        };
        fitting.unwrap_or_else(|| self.arranged(terminal))
    }

    /// The table where every column has the room that it wants, and nothing is coloured: the text that arranging would
    /// give, without its many small pieces. A table of ten thousand rows is written so.
    fn fitting(&self, room: usize) -> Option<String> {
        let mut widths = vec![1; self.sides.len()];
        for row in std::iter::once(&self.heading).chain(&self.rows) {
            for (widest, (_, cell)) in widths.iter_mut().zip(row) {
                *widest = cell.split('\n').map(columns).fold(*widest, usize::max);
            }
        }
        let pads = || self.pads.iter().map(|pad| usize::from(*pad));
        let between = self.sides.len().saturating_sub(1);
        let width = widths.iter().chain(&pads().collect::<Vec<_>>()).sum::<usize>() + between;
        if width > room {
            return None;
        }
        let rule = RULE.repeat(width) + "\n";
        let mut text = String::with_capacity((self.rows.len() + 4) * (width + 1));
        text += &rule;
        self.write(&self.heading, &widths, &mut text);
        text += &rule;
        for row in &self.rows {
            self.write(row, &widths, &mut text);
        }
        text += &rule;
        Some(text)
    }

    /// Writes a row whose cells fit, as many lines as its highest cell has.
    fn write(&self, row: &[(Tone, String)], widths: &[usize], text: &mut String) {
        let height = row.iter().map(|(_, cell)| cell.split('\n').count()).max().unwrap_or_default();
        for line in 0..height {
            let start = text.len();
            for (index, ((_, cell), width)) in row.iter().zip(widths).enumerate() {
                let part = cell.split('\n').nth(line).unwrap_or_default();
                let before = usize::from(self.pads[index]) + usize::from(index > 0);
                let rest = width - columns(part);
                let (left, right) = match self.sides[index] {
                    Side::Left => (before, rest),
                    Side::Right => (before + rest, 0),
                };
                text.extend(std::iter::repeat_n(' ', left));
                text.push_str(part);
                text.extend(std::iter::repeat_n(' ', right));
            }
            text.truncate(start + text[start..].trim_end().len());
            text.push('\n');
        }
    }

    /// The table arranged to the terminal, each cell in its tone.
    fn arranged(self, terminal: Terminal) -> String {
        let mut table = Table::new();
        table.load_style(RULED).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(cells(&self.sides, self.heading));
        for (index, blanks) in self.pads.iter().enumerate() {
            if let Some(column) = table.column_mut(index) {
                column.set_padding((*blanks, 0));
            }
        }
        for row in self.rows {
            table.add_row(cells(&self.sides, row));
        }
        table.set_width(u16::try_from(terminal.width()).unwrap_or(u16::MAX));
        let first = table.column_max_content_widths().first().copied().unwrap_or_default();
        if let Some(column) = table.column_mut(0).filter(|_| first <= FIRST) {
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(first)));
        }
        match terminal.style() {
            Style::Plain => table.force_no_tty(),
            Style::Colour => table.enforce_styling(),
        };
        let mut text = String::new();
        for line in table.lines() {
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// How many columns a text takes.
fn columns(text: &str) -> usize {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) { text.len() } else { text.width() }
}

fn cells(sides: &[Side], cells: Vec<(Tone, String)>) -> Vec<Cell> {
    let alignment = |side: &Side| match side {
        Side::Left => CellAlignment::Left,
        Side::Right => CellAlignment::Right,
    };
    let set = |((tone, text), side): ((Tone, String), &Side)| {
        coloured(Cell::new_owned(text).set_alignment(alignment(side)), tone)
    };
    cells.into_iter().zip(sides).map(set).collect()
}

fn coloured(cell: Cell, tone: Tone) -> Cell {
    match tone {
        Tone::Text => cell,
        Tone::Heading => cell.add_attribute(Attribute::Bold),
        Tone::State => cell.fg(Color::DarkCyan).add_attribute(Attribute::Bold),
        Tone::Fault => cell.fg(Color::DarkRed).add_attribute(Attribute::Bold),
        Tone::Deviation => cell.fg(Color::DarkYellow),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_cell_is_wrapped_to_the_terminal() {
        let mut grid = Grid::new(&[("what", Side::Left), ("n", Side::Right)]);
        grid.row(["word ".repeat(40), "12".into()]);
        let text = grid.text(Terminal::new(60, Style::Plain));
        assert!(text.lines().count() > 5);
        assert!(text.lines().all(|line| line.width() <= 60 && !line.ends_with(' ')), "{text}");
    }

    #[test]
    fn a_table_that_fits_is_written_as_it_would_be_arranged() {
        let grid = || {
            let mut grid = Grid::new(&[("\nwhat", Side::Left), ("\u{3b1}/\u{3b2}\nn", Side::Right), ("", Side::Left)]);
            grid.pad(1, 0);
            grid.row(["one\n\u{a0}\u{8a66}\u{9a57}".into(), "12".into(), "".into()]);
            grid.row(["".into(), "1\n2\n3".into(), " end ".into()]);
            grid.row(["short".into()]);
            grid
        };
        let (width, terminal) = (16, Terminal::new(60, Style::Plain));
        let text = grid().fitting(width).unwrap();
        assert_eq!(text.lines().next().unwrap().width(), width, "{text}");
        assert_eq!(text, grid().arranged(terminal));
        assert_eq!(grid().fitting(width - 1), None);
    }

    #[test]
    fn colour_does_not_move_a_column() {
        let grid = |style| {
            let mut grid = Grid::new(&[("what", Side::Left), ("n", Side::Right)]);
            grid.toned([(Tone::Fault, "hold".into()), (Tone::Text, "1".into())]);
            grid.text(Terminal::new(60, style))
        };
        let (plain, colour) = (grid(Style::Plain), grid(Style::Colour));
        let row = |text: &str| text.lines().nth(3).unwrap().to_owned();
        assert_eq!(row(&plain), "hold  1");
        assert!(row(&colour).contains("\u{1b}["));
        assert!(row(&colour).ends_with("  1"));
    }
}
