//! Deviations: what departed from the protocol, as a count and as a list.

use super::{
    Terminal, Tone,
    grid::{Grid, Side},
};
use std::collections::BTreeMap;
use trial_core::view::deviations::Deviation;

/// How many, by rule: `3: 2 intake missed, 1 late entry`.
pub fn summary(deviations: &[Deviation]) -> String {
    let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
    for deviation in deviations {
        *rules.entry(deviation.rule.as_str()).or_default() += 1;
    }
    if rules.is_empty() {
        return "none found".into();
    }
    let each: Vec<String> = rules.iter().map(|(rule, n)| format!("{n} {}", words(rule))).collect();
    format!("{}: {}", deviations.len(), each.join(", "))
}

/// Every deviation with its day, its subject and the entry that shows it.
pub fn deviations(deviations: &[Deviation], terminal: Terminal) -> String {
    let heading = terminal.heading("Deviations from the protocol");
    if deviations.is_empty() {
        return heading + &terminal.lines(Tone::Text, "  ", "none found");
    }
    let columns = [("Subject", Side::Left), ("Day", Side::Left), ("What", Side::Left), ("Entry", Side::Right)];
    let mut grid = Grid::new(&columns);
    for deviation in deviations {
        let (tone, weight) = match deviation.important {
            Some(true) => (Tone::Fault, " (important)"),
            Some(false) => (Tone::Deviation, " (not important)"),
            None => (Tone::Deviation, ""),
        };
        grid.row()
            .cell(deviation.subject.as_ref().map_or("-", |subject| subject.as_str()))
            .cell(deviation.day.map_or("-".into(), |day| day.to_string()))
            .toned(tone, format_args!("{}{weight}: {}", words(deviation.rule.as_str()), deviation.what))
            .cell(deviation.seq.map_or("-".into(), |seq| seq.to_string()));
    }
    heading + &grid.text(terminal)
}

fn words(rule: &str) -> String {
    rule.replace('_', " ")
}
