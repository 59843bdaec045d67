//! A grid: rows and columns between light rules, wrapped to the terminal.
//!
//! Promises no line wider than the terminal and no trailing blanks.

use super::{
    Style, Terminal, Tone,
    pattern::{self, Pattern},
};
use comfy_table::{
    Attribute, Cell, CellAlignment, Color, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle, Width,
};
use std::{
    collections::HashMap,
    fmt::{Display, Write as _},
};

/// Rules above and below, as in print.
const RULE: LineStyle = LineStyle::none().fill('\u{2500}').junction('\u{2500}');

/// Stands after the heading and between rows until they are taken apart: no cell has a control character in it.
const BETWEEN: char = '\u{1}';

/// How the rows are arranged from which patterns are taken.
const APART: LineStyle = LineStyle::none().fill(BETWEEN).junction(BETWEEN);
const STYLE: TableStyle =
    TableStyle::new().top_border(RULE).header_separator(APART).row_separator(APART).bottom_border(RULE);

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
    heading: Vec<String>,
    /// The text of all cells, one after the other.
    text: String,
    /// The tone of each cell, and where its text ends.
    cells: Vec<(Tone, usize)>,
    /// Where each row begins among the cells.
    rows: Vec<usize>,
}

/// A row being written, cell by cell; those beyond the last column are left out.
#[derive(Debug)]
pub struct Row<'g>(&'g mut Grid);

impl Row<'_> {
    /// Adds a cell.
    pub fn cell(self, what: impl Display) -> Self {
        self.toned(Tone::Text, what)
    }

    /// Adds cells.
    pub fn cells(self, cells: impl IntoIterator<Item = impl Display>) -> Self {
        cells.into_iter().fold(self, Row::cell)
    }

    /// Adds a cell in its tone.
    pub fn toned(self, tone: Tone, what: impl Display) -> Self {
        let Row(grid) = self;
        if grid.rows.last().is_some_and(|start| grid.cells.len() - start < grid.sides.len()) {
            write!(grid.text, "{what}").expect("a text can always be longer");
            grid.cells.push((tone, grid.text.len()));
        }
        Row(grid)
    }
}

impl Grid {
    /// A table with these headings; a heading may have several lines.
    pub fn new(columns: &[(&str, Side)]) -> Grid {
        Grid {
            sides: columns.iter().map(|(_, side)| *side).collect(),
            pads: (0..columns.len()).map(|index| u16::from(index > 0)).collect(),
            heading: columns.iter().map(|(heading, _)| (*heading).to_owned()).collect(),
            text: String::new(),
            cells: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// Sets how many blanks stand before a column, besides the one that always does.
    pub fn pad(&mut self, column: usize, blanks: u16) {
        if let Some(pad) = self.pads.get_mut(column) {
            *pad = blanks;
        }
    }

    /// Begins a row.
    pub fn row(&mut self) -> Row<'_> {
        self.rows.push(self.cells.len());
        Row(self)
    }

    /// The table as text.
    pub fn text(&self, terminal: Terminal) -> String {
        self.written(terminal, |row| pattern::is_shared(self.of(row).map(|(_, cell)| cell)))
    }

    /// The table as text, where these rows share patterns.
    fn written(&self, terminal: Terminal, is_shared: impl Fn(usize) -> bool) -> String {
        let (mut known, mut firsts, mut name) = (HashMap::<Vec<u8>, usize>::new(), Vec::new(), Vec::new());
        let of_row = |row| {
            let shared = is_shared(row);
            name.clear();
            self.of(row).for_each(|(tone, cell)| pattern::name(tone, cell, shared, &mut name));
            if let Some(pattern) = known.get(&name) {
                return *pattern;
            }
            firsts.push((row, shared));
            known.insert(name.clone(), firsts.len() - 1);
            firsts.len() - 1
        };
        let of_rows: Vec<usize> = (0..self.rows.len()).map(of_row).collect();
        let Arranged { heading, patterns, rule } = self.arranged(&firsts, terminal);
        let mut text = heading + &rule;
        let mut cells = Vec::new();
        for (row, pattern) in of_rows.into_iter().enumerate() {
            cells.clear();
            cells.extend(self.of(row).map(|(_, cell)| cell));
            patterns[pattern].write(&mut cells, &mut text);
        }
        text + &rule
    }

    /// The cells of a row.
    fn of(&self, row: usize) -> impl Iterator<Item = (Tone, &str)> {
        let first = self.rows[row];
        let last = self.rows.get(row + 1).copied().unwrap_or(self.cells.len());
        let start = |cell: usize| cell.checked_sub(1).map_or(0, |before| self.cells[before].1);
        (first..last).map(move |cell| (self.cells[cell].0, &self.text[start(cell)..self.cells[cell].1]))
    }

    /// The table arranged to the terminal, with these of its rows.
    fn arranged(&self, rows: &[(usize, bool)], terminal: Terminal) -> Arranged {
        let mut table = Table::new();
        table.load_style(STYLE).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(self.heading.iter().zip(&self.sides).map(|(heading, side)| cell(heading.clone(), *side)));
        for (index, blanks) in self.pads.iter().enumerate() {
            if let Some(column) = table.column_mut(index) {
                column.set_padding((*blanks, 0));
            }
        }
        for (row, shared) in rows {
            table.add_row(self.of(*row).zip(&self.sides).enumerate().map(|(column, ((tone, text), side))| {
                let text = if *shared { pattern::places(column, text) } else { text.to_owned() };
                coloured(cell(text, *side), tone)
            }));
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
        let mut lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned() + "\n").collect();
        let rule = lines.pop().unwrap_or_default();
        let mut parts = lines.split(|line| line.starts_with(BETWEEN)).map(<[String]>::concat);
        let heading = parts.next().unwrap_or_default();
        let pattern = |(text, (_, shared)): (String, &(usize, bool))| {
            if *shared { Pattern::pieces(&text, self.sides.len()) } else { Pattern::Whole(text) }
        };
        Arranged { heading, patterns: parts.zip(rows).map(pattern).collect(), rule }
    }
}

/// A table that was arranged.
struct Arranged {
    /// The rule above with the heading.
    heading: String,
    /// A pattern for each row.
    patterns: Vec<Pattern>,
    /// The rule below.
    rule: String,
}

fn cell(text: String, side: Side) -> Cell {
    Cell::new_owned(text).set_alignment(match side {
        Side::Left => CellAlignment::Left,
        Side::Right => CellAlignment::Right,
    })
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
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr;

    #[test]
    fn a_long_cell_is_wrapped_to_the_terminal() {
        let mut grid = Grid::new(&[("what", Side::Left), ("n", Side::Right)]);
        grid.row().cell("word ".repeat(40)).cell("12");
        let text = grid.text(Terminal::new(60, Style::Plain));
        assert!(text.lines().count() > 5);
        assert!(text.lines().all(|line| line.width() <= 60 && !line.ends_with(' ')), "{text}");
    }

    #[test]
    fn a_row_may_have_cells_of_several_lines_wide_characters_and_fewer_cells_than_columns() {
        let mut grid = Grid::new(&[("\nwhat", Side::Left), ("\u{3b1}/\u{3b2}\nn", Side::Right), ("", Side::Left)]);
        grid.pad(1, 0);
        grid.row().cell("one\n\u{a0}\u{8a66}\u{9a57}").cell(12).cell("");
        grid.row().cell("").cell("1\n2\n3").cell(" end ");
        grid.row().cell("short");
        grid.row().cells(["a", "b", "c", "beyond the last column"]);
        let rule = "\u{2500}".repeat(16);
        let rows = "one    12\n\u{a0}\u{8a66}\u{9a57}\n        1   end\n        2\n        3\nshort\na       b  c\n";
        let text = format!("{rule}\n      \u{3b1}/\u{3b2}\nwhat    n\n{rule}\n{rows}{rule}\n");
        assert_eq!(grid.text(Terminal::new(60, Style::Plain)), text);
    }

    #[test]
    fn colour_does_not_move_a_column() {
        let grid = |style| {
            let mut grid = Grid::new(&[("what", Side::Left), ("n", Side::Right)]);
            grid.row().toned(Tone::Fault, "hold").cell(1);
            grid.text(Terminal::new(60, style))
        };
        let (plain, colour) = (grid(Style::Plain), grid(Style::Colour));
        let row = |text: &str| text.lines().nth(3).unwrap().to_owned();
        assert_eq!(row(&plain), "hold  1");
        assert!(row(&colour).contains("\u{1b}["));
        assert!(row(&colour).ends_with("  1"));
    }

    /// Mostly words and numbers; seldom what no pattern is shared by.
    const CELL: &str =
        "[a-c1]{0,3}|([A-Z0-9x,;-]{1,9}[ \n]{1,2}){0,5}[a-z]{0,30}|(\u{8a66}|\u{e000}|\u{301}|\u{a0}|[a ]){0,9}";

    proptest! {
        #[test]
        fn rows_that_share_a_pattern_are_written_as_each_would_be_arranged(
            rows in proptest::collection::vec(proptest::collection::vec((CELL, any::<bool>()), 0..5), 0..12),
            width in 60_usize..120,
            style in prop_oneof![Just(Style::Plain), Just(Style::Colour)],
        ) {
            let sides = [Side::Left, Side::Right, Side::Left, Side::Right];
            let mut grid = Grid::new(&sides.map(|side| ("a heading", side)));
            let tone = |fault: bool| if fault { Tone::Fault } else { Tone::Text };
            let other = |cell: &str| cell.chars().map(|c| if c.is_ascii_graphic() { 'q' } else { c }).collect::<String>();
            for row in &rows {
                row.iter().fold(grid.row(), |row, (cell, fault)| row.toned(tone(*fault), cell));
                row.iter().fold(grid.row(), |row, (cell, fault)| row.toned(tone(*fault), other(cell)));
            }
            let terminal = Terminal::new(width, style);
            prop_assert_eq!(grid.text(terminal), grid.written(terminal, |_| false));
        }
    }
}
