//! Radiotherapy: what was delivered of what was prescribed, in what time, and what it means biologically.

use super::{
    Terminal, Tone,
    grid::{Grid, Row, Side},
    number,
};
use trial_core::{
    rounded::rounded,
    view::radiotherapy::{CourseRow, MeanDose, RadiotherapyTable},
};

/// One row per subject, physical and biological dose; no text before the first plan.
pub fn radiotherapy(table: &RadiotherapyTable, terminal: Terminal) -> String {
    if table.subjects.is_empty() {
        return String::new();
    }
    terminal.heading("Radiotherapy") + &courses(table, terminal) + &biological(table, terminal)
}

fn courses(table: &RadiotherapyTable, terminal: Terminal) -> String {
    let mut grid = Grid::new(&[
        ("\nSubject", Side::Left),
        ("\nLevel", Side::Right),
        ("\nGy", Side::Right),
        ("\nFractions", Side::Right),
        ("\nMissed", Side::Right),
        ("Overall\ndays", Side::Right),
        ("Mean dose/limit,\nGy", Side::Left),
    ]);
    for row in &table.subjects {
        course(grid.row(), row);
    }
    let notes = "Gy and fractions: delivered/prescribed. Overall days: first to last fraction, both counted; in brackets \
                 the days beyond the plan.";
    grid.text(terminal) + &terminal.lines(Tone::Text, "", notes)
}

fn course(cells: Row, row: &CourseRow) {
    let prescribed = row.prescribed_gy.map_or("-".into(), number::measured);
    let planned = row.planned_fractions.map_or("-".into(), |n| n.to_string());
    let overall = row.overall_days.map_or("-".into(), |days| days.to_string());
    let (late, beyond) = match row.prolongation_days {
        Some(days) if days > 0 => (Tone::Deviation, format!(" (+{days})")),
        Some(_) | None => (Tone::Text, String::new()),
    };
    let above = |dose: &MeanDose| dose.limit_gy.is_some_and(|limit| dose.gy > limit);
    let mean = |dose: &MeanDose| {
        let limit = dose.limit_gy.map_or("-".into(), number::measured);
        let mark = if above(dose) { " ABOVE" } else { "" };
        format!("{} {}/{limit}{mark}", dose.organ, number::measured(dose.gy))
    };
    let means: Vec<String> = row.mean_doses.iter().map(mean).collect();
    let missed = if row.missed_fractions > 0 { Tone::Deviation } else { Tone::Text };
    cells
        .cell(&row.subject)
        .cell(row.level)
        .cell(format_args!("{}/{prescribed}", number::measured(row.delivered_gy)))
        .cell(format_args!("{}/{planned}", row.delivered_fractions))
        .toned(missed, row.missed_fractions)
        .toned(late, format_args!("{overall}{beyond}"))
        .toned(if row.mean_doses.iter().any(above) { Tone::Fault } else { Tone::Text }, means.join("\n"));
}

/// BED and EQD2 of what was delivered, one pair of columns per alpha/beta of the protocol.
fn biological(table: &RadiotherapyTable, terminal: Terminal) -> String {
    let Some(ratios) = table.subjects.iter().map(|s| &s.biological).find(|b| !b.is_empty()) else {
        return String::new();
    };
    let named = |name: &str| -> Vec<String> {
        ratios.iter().map(|b| format!("{name}\n\u{3b1}/\u{3b2} {}", number::measured(b.alpha_beta_gy))).collect()
    };
    let (bed, eqd2) = (named("BED"), named("EQD2"));
    let columns =
        bed.iter().zip(&eqd2).flat_map(|(bed, eqd2)| [(bed.as_str(), Side::Right), (eqd2.as_str(), Side::Right)]);
    let columns: Vec<(&str, Side)> = [("\nSubject", Side::Left)].into_iter().chain(columns).collect();
    let mut grid = Grid::new(&columns);
    for row in &table.subjects {
        let doses = row.biological.iter().flat_map(|b| [b.bed_gy, b.eqd2_gy]);
        grid.row().cell(&row.subject).cells(doses.map(|gray| rounded(gray, 1)));
    }
    let note = "Gy, of the dose delivered, fraction by fraction (linear-quadratic model).";
    grid.text(terminal) + &terminal.lines(Tone::Text, "", note)
}
