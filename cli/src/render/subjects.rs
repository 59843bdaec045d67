//! Subjects: one line each, from enrolment to the last contact.

use super::{
    Terminal, Tone,
    grid::{Grid, Row, Side},
};
use chrono::NaiveDate;
use trial_core::view::{observation::Status, subjects::SubjectRow};

/// Every subject who consented.
pub fn subjects(subjects: &[SubjectRow], terminal: Terminal) -> String {
    let heading = terminal.heading(&format!("Subjects (n = {} consented)", subjects.len()));
    if subjects.is_empty() {
        return heading;
    }
    let mut grid = Grid::new(&[
        ("Subject", Side::Left),
        ("Level", Side::Right),
        ("Enrolled", Side::Left),
        ("Treated", Side::Left),
        ("DLT", Side::Left),
        ("Resp.", Side::Left),
        ("Progressed", Side::Left),
        ("Last contact", Side::Left),
    ]);
    for column in 1..8 {
        grid.pad(column, 0);
    }
    for subject in subjects {
        cells(grid.row(), subject);
    }
    heading + &grid.text(terminal)
}

fn cells(cells: Row, row: &SubjectRow) {
    let day = |day: Option<NaiveDate>| day.map_or("-".into(), |day| day.to_string());
    let enrolled = match row.screen_failed {
        Some(failed) => (Tone::Deviation, format!("failed {failed}")),
        None => (Tone::Text, day(row.enrolled)),
    };
    let dlt = match row.dlt_status {
        None => (Tone::Text, "-"),
        Some(Status::Pending) => (Tone::Text, "pending"),
        Some(Status::Clear) => (Tone::Text, "none"),
        Some(Status::Dlt) => (Tone::Fault, "DLT"),
        Some(Status::Replaced) => (Tone::Deviation, "replaced"),
    };
    let contact = match row.died {
        Some(died) => (Tone::Fault, format!("died {died}")),
        None => (Tone::Text, day(row.last_contact)),
    };
    cells
        .cell(&row.subject)
        .cell(row.level.map_or("-".into(), |level| level.to_string()))
        .toned(enrolled.0, enrolled.1)
        .cell(day(row.first_treatment))
        .toned(dlt.0, dlt.1)
        .cell(row.response.map_or("-".into(), |r| r.to_string()))
        .cell(day(row.progression))
        .toned(contact.0, contact.1);
}
