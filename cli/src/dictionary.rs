//! Dictionaries of adverse event terms: read from the table that CTCAE is published in, written as the events that adopt
//! them.
//!
//! Promises parts that each fit into one entry, and one SHA-256 over all terms in every part. Takes the term, its class
//! and which grades exist, and leaves the definitions where they are. Does not check the table against its publisher's.

use crate::error::CliError;
use serde_json::{Value, json};
use std::io::Read;
use trial_core::{
    dictionary::{TermEntry, canonical, digest},
    grade::Grade,
    ids::Name,
};

/// Bytes of terms in one part, at most: an entry line holds 16 KiB, with its signers and signatures.
const PART: usize = 14 * 1024;
/// The columns of a published table that say something of a grade, by grade.
const GRADES: [&str; 5] = ["grade1", "grade2", "grade3", "grade4", "grade5"];

/// Reads a table with a heading: the columns `soc`, `term` and `grade1` to `grade5`, others are passed over. A grade
/// exists where its cell is neither empty nor a dash.
///
/// # Errors
/// Not such a table, with the line.
pub fn table(reader: impl Read) -> Result<Vec<TermEntry>, CliError> {
    let mut table = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(reader);
    let headings = table.headers().map_err(unreadable)?.clone();
    let column = |name: &str| {
        let found = headings.iter().position(|heading| heading.eq_ignore_ascii_case(name));
        found.ok_or_else(|| {
            let found: Vec<_> = headings.iter().collect();
            CliError::usage(format!("line 1: expected a column {name}, found {}", found.join(", ")))
                .hint("CTCAE as a table has soc, term, grade1, grade2, grade3, grade4, grade5")
        })
    };
    let (soc, term) = (column("soc")?, column("term")?);
    let grades = GRADES.iter().map(|name| column(name)).collect::<Result<Vec<usize>, CliError>>()?;
    let mut terms: Vec<TermEntry> = Vec::new();
    for record in table.records() {
        let record = record.map_err(unreadable)?;
        let line = record.position().map_or(0, csv::Position::line);
        let at = |message: String| CliError::usage(format!("line {line}: {message}"));
        let cell = |column: usize| record.get(column).unwrap_or_default();
        let exists = |(number, column): (u8, &usize)| Grade::new(number).filter(|_| says_something(cell(*column)));
        let entry = TermEntry {
            term: cell(term).parse().map_err(|e| at(format!("term: {e}")))?,
            soc: cell(soc).parse().map_err(|e| at(format!("soc: {e}")))?,
            grades: (1..).zip(&grades).filter_map(exists).collect(),
        };
        if entry.grades.is_empty() {
            return Err(at(format!("expected a grade of {}, found none", entry.term)));
        }
        if terms.iter().any(|known| known.term == entry.term) {
            return Err(at(format!("{} stands twice", entry.term)));
        }
        terms.push(entry);
    }
    match terms.is_empty() {
        true => Err(CliError::usage("expected at least one term, found none")),
        false => Ok(terms),
    }
}

fn unreadable(error: csv::Error) -> CliError {
    CliError::usage(format!("not a table of comma-separated values: {error}"))
}

fn says_something(cell: &str) -> bool {
    // The published tables mark a grade that does not exist with a dash, or leave it empty.
    !cell.chars().all(|c| c.is_whitespace() || matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}'))
}

/// Reads a JSON array of terms.
///
/// # Errors
/// The text is not a list of terms.
pub fn parse(terms: &str) -> Result<Vec<TermEntry>, CliError> {
    serde_json::from_str(terms).map_err(|e| CliError::usage(format!("not a list of terms: {e}")))
}

/// The events that adopt a dictionary, each small enough for one entry.
pub fn events(name: &Name, terms: &[TermEntry]) -> Vec<Value> {
    let (sha256, parts) = (digest(terms), split(terms));
    let event = |(part, terms): (usize, &Vec<TermEntry>)| {
        json!({
            "type": "dictionary_adopted", "version": 1, "dictionary": name, "sha256": sha256, "part": part + 1,
            "parts": parts.len(), "terms": terms
        })
    };
    parts.iter().enumerate().map(event).collect()
}

fn split(terms: &[TermEntry]) -> Vec<Vec<TermEntry>> {
    let mut parts: Vec<Vec<TermEntry>> = vec![Vec::new()];
    let mut size = 0;
    for term in terms {
        let bytes = canonical([term]).len();
        if size + bytes > PART {
            parts.push(Vec::new());
            size = 0;
        }
        size += bytes;
        if let Some(part) = parts.last_mut() {
            part.push(term.clone());
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
version,SOC,term,grade1,grade2,grade3,grade4,grade5,definition
0,Made-up disorders,Boredom,mild,\"moderate, or \"\"worse\"\"\",,-,\u{2013},an invented term
0,Made-up disorders,\"Made-up disorders - Other, specify\",a,b,c,d,Death,
";

    fn read(text: &str) -> Result<Vec<TermEntry>, String> {
        table(text.as_bytes()).map_err(|e| e.to_string())
    }

    #[test]
    fn a_grade_exists_where_its_cell_is_neither_empty_nor_a_dash() {
        let terms = read(TABLE).unwrap();
        let grades: Vec<Vec<u8>> = terms.iter().map(|t| t.grades.iter().map(|g| g.get()).collect()).collect();
        assert_eq!(grades, [vec![1, 2], vec![1, 2, 3, 4, 5]]);
        assert_eq!(terms[1].term.as_str(), "Made-up disorders - Other, specify");
        assert_eq!(terms[0].soc.as_str(), "Made-up disorders");
    }

    #[test]
    fn a_table_that_is_not_one_says_where() {
        let without = TABLE.replace("grade3", "severity3");
        assert!(read(&without).unwrap_err().starts_with("line 1: expected a column grade3, found version, SOC"));
        let twice = format!("{TABLE}0,Made-up disorders,Boredom,a,,,,,\n");
        assert_eq!(read(&twice).unwrap_err(), "line 4: Boredom stands twice");
        let ungraded = format!("{TABLE}0,Made-up disorders,Ennui,-,,,,,\n");
        assert_eq!(read(&ungraded).unwrap_err(), "line 4: expected a grade of Ennui, found none");
        let ragged = format!("{TABLE}0,Made-up disorders\n");
        assert!(read(&ragged).unwrap_err().starts_with("not a table of comma-separated values: "));
        let heading = TABLE.lines().next().unwrap();
        assert_eq!(read(heading).unwrap_err(), "expected at least one term, found none");
    }

    #[test]
    fn parts_hold_all_terms_in_order_and_name_one_hash() {
        let mut terms = read(TABLE).unwrap();
        let first = terms[0].clone();
        terms.extend((0..400).map(|n| TermEntry { term: format!("Boredom {n}").parse().unwrap(), ..first.clone() }));
        let events = events(&"MADE-UP-1".parse().unwrap(), &terms);
        assert!(events.len() > 1);
        let mut found: Vec<TermEntry> = Vec::new();
        for (n, event) in events.iter().enumerate() {
            assert!(event.to_string().len() < 15 * 1024);
            assert_eq!((&event["part"], &event["parts"]), (&json!(n + 1), &json!(events.len())));
            assert_eq!(event["sha256"], json!(digest(&terms)));
            found.extend(serde_json::from_value::<Vec<TermEntry>>(event["terms"].clone()).unwrap());
        }
        assert_eq!(found, terms);
    }
}
