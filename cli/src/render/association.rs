//! Association: a contingency table with every test that the protocol asks of it.

use super::{
    Terminal, Tone,
    grid::{Grid, Side},
    number,
};
use trial_core::{
    protocol::{AssociationTest, Protocol},
    view::association::Association,
};

/// Expected counts below this make the chi-square p approximate (Cochran 1954).
const SMALL: f64 = 5.0;

/// Every table, each once, with its tests below.
pub fn association(associations: &[Association], protocol: Option<&Protocol>, terminal: Terminal) -> String {
    let mut text = String::new();
    let mut last = None;
    for association in associations {
        let table = (association.of, &association.by);
        if last != Some(table) {
            text += &contingency(association, protocol, terminal);
        }
        last = Some(table);
        text += &test(association, terminal);
    }
    text
}

fn contingency(association: &Association, protocol: Option<&Protocol>, terminal: Terminal) -> String {
    let by = super::survival::grouping(protocol, &association.by);
    let columns = association.columns.iter().map(|column| (column.as_str(), Side::Right));
    let columns: Vec<(&str, Side)> = [(by.as_str(), Side::Left)].into_iter().chain(columns).collect();
    let mut grid = Grid::new(&columns);
    for (label, counts) in association.rows.iter().zip(&association.table) {
        grid.row().cell(label).cells(counts);
    }
    terminal.heading(&format!("Association of {} with {}", association.of, by.to_lowercase())) + &grid.text(terminal)
}

fn test(association: &Association, terminal: Terminal) -> String {
    let name = match association.test {
        AssociationTest::PearsonChiSquare => "Pearson chi-square",
        AssociationTest::Exact => "Exact (Fisher, Freeman-Halton)",
    };
    let statistic = association.statistic.zip(association.df).map(|(chi2, df)| format!("{chi2:.3}, df {df}, "));
    let result = format!("{name}: {}p = {}", statistic.unwrap_or_default(), number::p(association.p));
    let warning = association.smallest_expected.filter(|expected| *expected < SMALL).map(|expected| {
        let smallest = number::measured(expected);
        let what = format!(
            "small counts: an expected count is only {smallest}, so this p is approximate; read the exact test"
        );
        terminal.lines(Tone::Deviation, "    ", &what)
    });
    terminal.lines(Tone::Text, "  ", &result.replace("p = <", "p <")) + &warning.unwrap_or_default()
}
