//! Table 1: characteristics of the enrolled subjects at baseline.

use super::{
    Terminal,
    grid::{Grid, Side},
    number,
};
use trial_core::view::{
    baseline::{Baseline, Row, Summary},
    radiotherapy::RadiotherapyTable,
};

/// The table; the prescriptions of radiotherapy close it.
pub fn baseline(baseline: &Baseline, radiotherapy: &RadiotherapyTable, terminal: Terminal) -> String {
    let heading = format!("Table 1. Subject and tumour characteristics at baseline (n = {})", baseline.n);
    let mut grid = Grid::new(&[("Characteristic", Side::Left), ("n (%)", Side::Left)]);
    for row in &baseline.characteristics {
        characteristic(&mut grid, row);
    }
    let dose = radiotherapy.prescription_gy;
    if dose.median.is_some() {
        let summary = number::median_range(dose.median, dose.min, dose.max);
        grid.row(["RT dose prescribed, Gy, median (range)".into(), summary]);
    }
    terminal.heading(&heading) + &grid.text(terminal)
}

fn characteristic(grid: &mut Grid, row: &Row) {
    match &row.summary {
        Summary::Categories { categories, missing } => {
            grid.row([row.label.clone(), String::new()]);
            for category in categories {
                grid.row([format!("\u{a0}\u{a0}{}", category.label), number::count(category.n, category.percent, 0)]);
            }
            if *missing > 0 {
                grid.row(["\u{a0}\u{a0}not recorded".into(), missing.to_string()]);
            }
        }
        Summary::Number { unit, n, median, min, max } => {
            let label = format!("{}, {unit}, median (range), n = {n}", row.label);
            grid.row([label, number::median_range(*median, *min, *max)]);
        }
    }
}
