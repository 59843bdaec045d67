//! Rows: the numbers of a plot as comma-separated values (RFC 4180).
//!
//! Promises a header line, the columns that `docs/plots.md` lists, days as whole numbers, months nowhere, changes and
//! survival unrounded, an empty cell where there is no value. The last column says whether the facts are real.

use crate::error::CliError;
use trial_core::{event::DataKind, view::replay::CutLine};

/// A column: its name and what it holds, with its unit.
pub type Column = (&'static str, &'static str);

/// A table of values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows {
    /// The columns.
    pub columns: &'static [Column],
    /// The cells of each row.
    pub rows: Vec<Vec<String>>,
}

/// The column that closes every table.
pub const DATA: Column = ("data", "`real` or `synthetic`, as the genesis says");

impl Rows {
    /// The table as text.
    ///
    /// # Errors
    /// None that a table in memory can meet.
    pub fn csv(&self, cut: &CutLine) -> Result<String, CliError> {
        let data = match cut.data {
            Some(DataKind::Synthetic) => "synthetic",
            Some(DataKind::Real) => "real",
            None => "",
        };
        let failed = |e: csv::Error| CliError::unknown(e.to_string());
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(self.columns.iter().chain([&DATA]).map(|(name, _)| *name)).map_err(failed)?;
        for row in &self.rows {
            debug_assert_eq!(row.len(), self.columns.len());
            writer.write_record(row.iter().map(String::as_str).chain([data])).map_err(failed)?;
        }
        let bytes = writer.into_inner().map_err(|e| CliError::unknown(e.to_string()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// A cell; empty where there is no value.
pub fn cell(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}
