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
        grid.row().cell("RT dose prescribed, Gy, median (range)").cell(summary);
    }
    terminal.heading(&heading) + &grid.text(terminal)
}

fn characteristic(grid: &mut Grid, row: &Row) {
    match &row.summary {
        Summary::Categories { categories, missing } => {
            grid.row().cell(&row.label).cell("");
            for category in categories {
                let count = number::count(category.n, category.percent, 0);
                grid.row().cell(format_args!("\u{a0}\u{a0}{}", category.label)).cell(count);
            }
            if *missing > 0 {
                grid.row().cell("\u{a0}\u{a0}not recorded").cell(missing);
            }
        }
        Summary::Number { unit, n, median, min, max } => {
            let label = format_args!("{}, {unit}, median (range), n = {n}", row.label);
            grid.row().cell(label).cell(number::median_range(*median, *min, *max));
        }
    }
}
