//! A pattern: how rows are arranged that differ only in their letters.
//!
//! Where a line is broken depends only on how long words are. So of a table of ten thousand rows one row of each pattern is
//! arranged, with places for its letters, and every row is written into its pattern. Rows of printable ASCII share patterns;
//! any other row is a pattern of its own, arranged as it is.

use super::Tone;

/// Stands for a letter of the first column, the next character for one of the second: private use, one column wide.
const PLACE: u32 = 0xE000;

/// How rows are arranged.
#[derive(Debug)]
pub enum Pattern {
    /// One row, as it is written.
    Whole(String),
    /// Rows that are written piece by piece.
    Pieces(Vec<Piece>),
}

/// What follows next.
#[derive(Debug)]
pub enum Piece {
    /// The same in every row: blanks, colours, ends of lines.
    Same(String),
    /// So many letters of a column's cell.
    Letters(usize, usize),
}

/// Whether rows with these cells share patterns.
pub fn is_shared<'c>(mut cells: impl Iterator<Item = &'c str>) -> bool {
    cells.all(|cell| cell.bytes().all(|byte| matches!(byte, b'\n' | b' '..=b'~')))
}

/// Adds a cell to the name of its row's pattern: rows with the same name are arranged alike.
pub fn name(tone: Tone, cell: &str, shared: bool, name: &mut Vec<u8>) {
    name.push(tone as u8);
    name.extend(cell.len().to_le_bytes());
    name.extend(cell.bytes().map(|byte| if shared && is_letter(byte) { b'x' } else { byte }));
}

/// A cell with a place for each letter.
pub fn places(column: usize, cell: &str) -> String {
    let place = u32::try_from(column).ok().and_then(|column| char::from_u32(PLACE + column));
    let place = place.expect("no table has as many columns as there are places");
    cell.bytes().map(|byte| if is_letter(byte) { place } else { char::from(byte) }).collect()
}

fn is_letter(byte: u8) -> bool {
    !matches!(byte, b' ' | b'\n')
}

impl Pattern {
    /// The pattern of the row that was arranged with places for its letters.
    pub fn pieces(arranged: &str, columns: usize) -> Pattern {
        let column = |c: char| usize::try_from(u32::from(c).checked_sub(PLACE)?).ok().filter(|place| *place < columns);
        let mut pieces = Vec::new();
        for c in arranged.chars() {
            match (column(c), pieces.last_mut()) {
                (Some(column), Some(Piece::Letters(of, count))) if *of == column => *count += 1,
                (Some(column), _) => pieces.push(Piece::Letters(column, 1)),
                (None, Some(Piece::Same(text))) => text.push(c),
                (None, _) => pieces.push(Piece::Same(c.into())),
            }
        }
        Pattern::Pieces(pieces)
    }

    /// Writes the row that has these cells; of them is left what was not written.
    pub fn write(&self, cells: &mut [&str], text: &mut String) {
        let pieces = match self {
            Pattern::Whole(row) => return text.push_str(row),
            Pattern::Pieces(pieces) => pieces,
        };
        for piece in pieces {
            match piece {
                Piece::Same(same) => text.push_str(same),
                Piece::Letters(column, count) => {
                    let (letters, rest) = cells[*column].trim_ascii_start().split_at(*count);
                    text.push_str(letters);
                    cells[*column] = rest;
                }
            }
        }
    }
}
