//! A grid: rows and columns between light rules, wrapped to the terminal.
//!
//! Promises no line wider than the terminal and no trailing blanks.

use super::{Style, Terminal, Tone};
use comfy_table::{
    Attribute, Cell, CellAlignment, Color, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle, Width,
};

/// Rules above, below the heading and below the last row, as in print.
const RULED: TableStyle = TableStyle::new()
    .top_border(LineStyle::none().fill('\u{2500}').junction('\u{2500}'))
    .header_separator(LineStyle::none().fill('\u{2500}').junction('\u{2500}'))
    .bottom_border(LineStyle::none().fill('\u{2500}').junction('\u{2500}'));

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
    table: Table,
    sides: Vec<Side>,
}

impl Grid {
    /// A table with these headings; a heading may have several lines.
    pub fn new(columns: &[(&str, Side)]) -> Grid {
        let sides: Vec<Side> = columns.iter().map(|(_, side)| *side).collect();
        let mut table = Table::new();
        table.load_style(RULED).set_content_arrangement(ContentArrangement::Dynamic);
        let mut grid = Grid { table, sides };
        let header = grid.cells(columns.iter().map(|(heading, _)| (Tone::Text, (*heading).to_owned())));
        grid.table.set_header(header);
        for index in 0..columns.len() {
            grid.pad(index, u16::from(index > 0));
        }
        grid
    }

    /// Sets how many blanks stand before a column, besides the one that always does.
    pub fn pad(&mut self, column: usize, blanks: u16) {
        if let Some(column) = self.table.column_mut(column) {
            column.set_padding((blanks, 0));
        }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.toned(cells.into_iter().map(|text| (Tone::Text, text)));
    }

    /// Adds a row, each cell in its tone.
    pub fn toned(&mut self, cells: impl IntoIterator<Item = (Tone, String)>) {
        let cells = self.cells(cells);
        self.table.add_row(cells);
    }

    /// Whether no row was added.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// The table as text.
    pub fn text(mut self, terminal: Terminal) -> String {
        self.table.set_width(u16::try_from(terminal.width()).unwrap_or(u16::MAX));
        let first = self.table.column_max_content_widths().first().copied().unwrap_or_default();
        if let Some(column) = self.table.column_mut(0).filter(|_| first <= FIRST) {
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(first)));
        }
        match terminal.style() {
            Style::Plain => self.table.force_no_tty(),
            Style::Colour => self.table.enforce_styling(),
        };
        self.table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
    }

    fn cells(&self, cells: impl IntoIterator<Item = (Tone, String)>) -> Vec<Cell> {
        let alignment = |side: &Side| match side {
            Side::Left => CellAlignment::Left,
            Side::Right => CellAlignment::Right,
        };
        let set = |((tone, text), side): ((Tone, String), &Side)| {
            coloured(Cell::new_owned(text).set_alignment(alignment(side)), tone)
        };
        cells.into_iter().zip(&self.sides).map(set).collect()
    }
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
    use unicode_width::UnicodeWidthStr;

    #[test]
    fn a_long_cell_is_wrapped_to_the_terminal() {
        let mut grid = Grid::new(&[("what", Side::Left), ("n", Side::Right)]);
        grid.row(["word ".repeat(40), "12".into()]);
        let text = grid.text(Terminal::new(60, Style::Plain));
        assert!(text.lines().count() > 5);
        assert!(text.lines().all(|line| line.width() <= 60 && !line.ends_with(' ')), "{text}");
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
