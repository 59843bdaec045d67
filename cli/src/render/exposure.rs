//! Exposure: what each subject took of what was planned.

use super::{
    Terminal, Tone,
    grid::{Grid, Row, Side},
    number,
};
use trial_core::{event::DosingChange, view::exposure::AgentExposure};

/// One row per subject and drug; no text before the first dose.
pub fn exposure(exposure: &[AgentExposure], terminal: Terminal) -> String {
    if exposure.is_empty() {
        return String::new();
    }
    let number = |heading| (heading, Side::Right);
    let mut grid = Grid::new(&[
        ("\nSubject", Side::Left),
        ("\nLevel", Side::Right),
        ("\nDrug", Side::Left),
        number("\nIntakes"),
        number("\nmg"),
        number("\nRD"),
        number("RDI\non drug"),
        number("RDI\nplanned"),
        ("\nEnd", Side::Left),
    ]);
    for column in 1..8 {
        grid.pad(column, 0);
    }
    for row in exposure {
        cells(grid.row(), row);
    }
    let notes = [
        "Intakes and mg: taken/planned. RD: relative dose, amount taken / planned. RDI: relative dose intensity, amount per \
         day / planned amount per day, over the days on drug and over the planned days.",
    ];
    let notes = notes.iter().map(|note| terminal.lines(Tone::Text, "", note)).collect::<String>();
    terminal.heading("Drug exposure") + &grid.text(terminal) + &notes + &changes(exposure, terminal)
}

fn cells(cells: Row, row: &AgentExposure) {
    let share = |value: Option<f64>| value.map_or("-".into(), number::share);
    let planned = row.planned_mg.map_or("-".into(), number::measured);
    let (tone, end) = match row.ended {
        None => (Tone::Text, "-"),
        Some(DosingChange::Completed) => (Tone::Text, "completed"),
        Some(DosingChange::Stopped) => (Tone::Deviation, "stopped"),
        Some(DosingChange::Interrupted) => (Tone::Deviation, "interrupted"),
        Some(DosingChange::Reduced) => (Tone::Deviation, "reduced"),
        Some(DosingChange::Resumed) => (Tone::Text, "resumed"),
    };
    cells
        .cell(&row.subject)
        .cell(row.level)
        .cell(&row.agent)
        .cell(format_args!("{}/{}", row.taken_intakes, row.planned_intakes))
        .cell(format_args!("{}/{planned}", number::measured(row.taken_mg)))
        .cell(share(row.relative_dose))
        .cell(share(row.relative_dose_intensity))
        .cell(share(row.relative_dose_intensity_over_planned_time))
        .toned(tone, end);
}

fn changes(exposure: &[AgentExposure], terminal: Terminal) -> String {
    let changed = exposure.iter().filter(|e| e.missed_intakes + e.interruptions + e.reductions > 0);
    let line = |e: &AgentExposure| {
        let what = format!(
            "{}: {}, {}, {}",
            e.agent,
            number::of(e.missed_intakes as u64, "intake missed", "intakes missed"),
            number::of(e.interruptions as u64, "interruption", "interruptions"),
            number::of(e.reductions as u64, "reduction", "reductions"),
        );
        terminal.lines(Tone::Deviation, &format!("{}  ", e.subject), &what)
    };
    changed.map(line).collect()
}
