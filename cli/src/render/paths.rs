//! Paths: what a design says if the pending turn out so or so, the whole tree of what can happen, and its averages.

use super::{
    Terminal, Tone,
    grid::{Grid, Side},
    number, phrase,
};
use std::fmt::Write;
use trial_core::{
    escalation::{
        Design, LevelCount, NextStep, Node, OperatingCharacteristics, PathCounts, Paths, State, next_step_table,
    },
    grade::DoseLevel,
    protocol::Protocol,
    view::escalation::{Escalation, LevelRow},
};

/// What the rule says for each number of DLTs among the pending at the current level; empty where nobody is pending.
pub fn steps(escalation: &Escalation, protocol: &Protocol) -> Vec<NextStep> {
    let count = |row: &LevelRow| LevelCount { evaluable: row.evaluable, dlt: row.dlt };
    let counts: Vec<LevelCount> = escalation.levels.iter().map(count).collect();
    match pending(escalation) {
        0 => Vec::new(),
        pending => next_step_table(&protocol.design, &counts, escalation.current_level, pending),
    }
}

fn pending(escalation: &Escalation) -> u32 {
    let here = escalation.levels.iter().find(|row| row.level == escalation.current_level);
    here.map_or(0, |row| row.pending)
}

/// The table of [`steps`]; no text where nobody is pending or the trial has stopped.
pub fn next_steps(escalation: &Escalation, steps: &[NextStep], terminal: Terminal) -> String {
    let pending = pending(escalation);
    if steps.is_empty() || pending == 0 || escalation.state == State::Stopped {
        return String::new();
    }
    let level = escalation.current_level;
    let heading = format!("If so many of the {pending} pending at level {level} have a DLT");
    let mut grid = Grid::new(&[("DLT", Side::Right), ("count", Side::Right), ("then the rule says", Side::Left)]);
    for step in steps {
        let says = step.recommendation.as_ref();
        let says = says.map_or("R0: enrol or wait".into(), |r| format!("{}: {}", r.rule, phrase::outcome(r)));
        grid.row([step.dlt.to_string(), step.count.to_string(), says]);
    }
    terminal.heading(&heading) + &grid.text(terminal)
}

/// The tree of every way a trial can go: one line per state, at most so many, and how many more there are.
pub fn tree(design: &Design, levels: u8, most: usize, terminal: Terminal) -> String {
    let mut text = terminal.heading("Every path: N no DLT, T DLT; cumulative count at the level; what the rule says");
    let mut paths = Paths::new(design, levels);
    for node in paths.by_ref().take(most) {
        text += &state(&node, terminal);
    }
    match paths.count() {
        0 => text,
        more => text + &terminal.lines(Tone::Text, "", &format!("... and {more} more states not shown")),
    }
}

fn state(node: &Node, terminal: Terminal) -> String {
    let Some(last) = node.cohorts.last() else {
        return terminal.lines(Tone::Text, "", &format!("{}: {}", node.next.rule, phrase::outcome(&node.next)));
    };
    let count = node.counts.get(usize::from(last.level.get()) - 1).copied().unwrap_or_default();
    let lead = format!("{}{last}  ", "  ".repeat(node.cohorts.len()));
    let mut says = format!("{count}  {}: {}", node.next.rule, phrase::outcome(&node.next));
    if node.is_end() {
        let patients = number::of(u64::from(node.patients()), "subject", "subjects");
        write!(says, " ({patients})").expect("a string takes any text");
    }
    terminal.lines(if node.is_end() { Tone::State } else { Tone::Text }, &lead, &says)
}

/// How many states and end points there are, and where they end.
pub fn counts(counts: &PathCounts, terminal: Terminal) -> String {
    let subjects = format!("{} to {}", counts.min_patients, counts.max_patients);
    let ends = counts.mtd.iter().zip(1..).map(|(n, level)| format!("{n} with MTD at level {level}"));
    let ends: Vec<String> = [format!("{} without an MTD", counts.no_mtd)].into_iter().chain(ends).collect();
    terminal.heading("Paths in all")
        + &terminal.pairs(&[
            (Tone::Text, "states", counts.nodes.to_string()),
            (Tone::Text, "end points", format!("{}: {}", counts.end_points, ends.join(", "))),
            (Tone::Text, "evaluable subjects", subjects),
        ])
}

/// What the design does on average if the true probabilities of a DLT are these, one per level, the lowest first.
pub fn operating(probabilities: &[f64], found: &OperatingCharacteristics, terminal: Terminal) -> String {
    let number = |heading| (heading, Side::Right);
    let mut grid = Grid::new(&[
        ("Level", Side::Left),
        number("true P(DLT)"),
        number("P(MTD)"),
        number("mean evaluable"),
        number("mean with DLT"),
    ]);
    let levels = (1..).map_while(DoseLevel::new);
    let found_at = found.mtd.iter().zip(&found.patients).zip(&found.dlt);
    for ((level, p), ((mtd, patients), dlt)) in levels.zip(probabilities).zip(found_at) {
        grid.row([level.to_string(), number::measured(*p), three(*mtd), two(*patients), two(*dlt)]);
    }
    grid.row(["no MTD".into(), "-".into(), three(found.no_mtd), "-".into(), "-".into()]);
    let all = found.mtd.iter().sum::<f64>() + found.no_mtd;
    grid.row(["all".into(), "-".into(), three(all), two(found.expected_patients), two(found.expected_dlt)]);
    terminal.heading("Operating characteristics (exact, by enumeration)") + &grid.text(terminal)
}

fn three(value: f64) -> String {
    format!("{value:.3}")
}

fn two(value: f64) -> String {
    format!("{value:.2}")
}
