//! A contingency table: counts by two characteristics, for example dose level by response.
//!
//! Promises Pearson's chi-square with the warning that belongs to it. The exact tests of the same table are in
//! [`fisher`](super::fisher). Does not check that each subject was counted once.

use super::special::chi_square_upper;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt;

/// A table of counts without empty rows and columns, which say nothing about association.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Contingency {
    rows: Vec<Vec<u32>>,
}

impl Contingency {
    /// A table from its rows, all of the same length; rows and columns of zeros are left out.
    pub fn new(rows: &[Vec<u32>]) -> Result<Contingency, Ragged> {
        let width = rows.first().map_or(0, Vec::len);
        if let Some(row) = rows.iter().position(|r| r.len() != width) {
            return Err(Ragged { row, expected: width, found: rows[row].len() });
        }
        let counted = |column: &usize| rows.iter().any(|row| row[*column] > 0);
        let columns: Vec<usize> = (0..width).filter(counted).collect();
        let filled = rows.iter().filter(|row| row.iter().any(|n| *n > 0));
        Ok(Contingency { rows: filled.map(|row| columns.iter().map(|c| row[*c]).collect()).collect() })
    }

    /// The rows that hold anybody.
    pub fn rows(&self) -> &[Vec<u32>] {
        &self.rows
    }

    /// How many there are in each row.
    pub fn row_totals(&self) -> Vec<u64> {
        self.rows.iter().map(|row| row.iter().map(|n| u64::from(*n)).sum()).collect()
    }

    /// How many there are in each column.
    pub fn column_totals(&self) -> Vec<u64> {
        let width = self.rows.first().map_or(0, Vec::len);
        (0..width).map(|c| self.rows.iter().map(|row| u64::from(row[c])).sum()).collect()
    }

    /// Pearson's chi-square test, without continuity correction; none when a single row or column is left.
    pub fn chi_square(&self) -> Option<ChiSquare> {
        let (rows, columns) = (self.row_totals(), self.column_totals());
        let df = rows.len().checked_sub(1)? * columns.len().checked_sub(1)?;
        let df = u32::try_from(df).ok().filter(|df| *df > 0)?;
        let total = rows.iter().sum::<u64>() as f64;
        let (mut chi2, mut smallest_expected) = (0.0, f64::INFINITY);
        for (row, row_total) in self.rows.iter().zip(&rows) {
            for (count, column_total) in row.iter().zip(&columns) {
                let expected = *row_total as f64 * *column_total as f64 / total;
                let difference = f64::from(*count) - expected;
                chi2 += difference * difference / expected;
                smallest_expected = expected.min(smallest_expected);
            }
        }
        Some(ChiSquare { chi2, df, p: chi_square_upper(chi2, df), smallest_expected })
    }
}

/// Pearson's chi-square test of independence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct ChiSquare {
    /// The test statistic.
    pub chi2: f64,
    /// Its degrees of freedom: (rows - 1)(columns - 1).
    pub df: u32,
    /// The probability of such a statistic or a larger one under independence, by the large-sample distribution.
    pub p: f64,
    /// The smallest count expected in any cell under independence.
    pub smallest_expected: f64,
}

impl ChiSquare {
    /// Whether the counts are too small to trust the p-value: an expected count below 5 (Cochran 1954).
    pub fn has_small_counts(&self) -> bool {
        self.smallest_expected < 5.0
    }
}

/// The rows of a table are not of one length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ragged {
    /// The first row that differs, counted from zero.
    pub row: usize,
    /// The length of the rows before it.
    pub expected: usize,
    /// Its own length.
    pub found: usize,
}

impl fmt::Display for Ragged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {} of the table has {} counts, expected {}", self.row, self.found, self.expected)
    }
}

impl std::error::Error for Ragged {}

#[cfg(test)]
mod tests {
    use super::*;

    fn table<const R: usize, const C: usize>(rows: [[u32; C]; R]) -> Contingency {
        Contingency::new(&rows.map(Vec::from)).unwrap()
    }

    #[test]
    fn dose_level_by_response_is_four_on_four_degrees_with_a_warning() {
        // Rows are dose levels, columns complete response, partial response, progression; synthetic cohort.
        let test = table([[1, 0, 2], [1, 1, 1], [1, 2, 0]]).chi_square().unwrap();
        assert_eq!((test.chi2, test.df, test.smallest_expected), (4.0, 4, 1.0));
        assert_eq!(format!("{:.3}", test.p), "0.406");
        assert!(test.has_small_counts());
    }

    #[test]
    fn empty_rows_and_columns_change_nothing() {
        let bare = table([[3, 1], [1, 3]]);
        assert_eq!(table([[3, 0, 1], [0, 0, 0], [1, 0, 3]]), bare);
        assert_eq!(bare.chi_square().unwrap().chi2, 2.0);
    }

    #[test]
    fn a_table_that_cannot_show_association_has_no_test() {
        assert_eq!(Contingency::new(&[]).unwrap().chi_square(), None);
        assert_eq!(table([[0, 0], [0, 0]]).chi_square(), None);
        assert_eq!(table([[1, 2, 3]]).chi_square(), None);
    }

    #[test]
    fn a_ragged_table_names_its_row() {
        let error = Contingency::new(&[vec![1, 2], vec![3]]).unwrap_err();
        assert_eq!(error.to_string(), "row 1 of the table has 1 counts, expected 2");
    }
}
