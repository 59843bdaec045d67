//! Paths: what a design says if the pending turn out so or so, the whole tree of what can happen, and its averages.

use super::{
    Terminal, Tone, cut,
    grid::{Grid, Side},
    number, phrase, sections,
};
use crate::commands::paths::PathsAnswer;
use trial_core::{
    escalation::{
        Departure, Design, LevelCount, NextStep, Node, OperatingCharacteristics, PathCounts, Paths, Recommendation,
        State, next_step_table,
    },
    grade::DoseLevel,
    protocol::Protocol,
    view::escalation::{Escalation, LevelRow},
};

/// How far a text on paths looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// To the next decision.
    NextStep,
    /// To the end of every path.
    Everything,
}

/// States that are listed at most: more than three levels have, fewer than anybody reads.
const MOST_STATES: usize = 500;

/// What the rule says after some outcomes, and what can follow.
pub fn paths(answer: &PathsAnswer, protocol: &Protocol, extent: Extent, terminal: Terminal) -> String {
    let header = answer.cut.as_ref().map(|cut| cut::header(cut, terminal)).unwrap_or_default();
    let design = &protocol.design;
    let tree = match extent {
        Extent::NextStep => String::new(),
        Extent::Everything => tree(design, &answer.paths, MOST_STATES, terminal),
    };
    let operating = answer.operating_characteristics.as_ref();
    sections([
        header,
        so_far(answer, design, terminal),
        departures(&answer.departures, terminal),
        next_steps(design, &format!("If so many of the next {}", at(answer)), &answer.next_steps, terminal),
        tree,
        counts(&answer.paths, terminal),
        operating.map(|found| self::operating(&answer.probabilities, found, terminal)).unwrap_or_default(),
    ])
}

fn at(answer: &PathsAnswer) -> String {
    let next = answer.recommendation.as_ref().and_then(|r| r.level).unwrap_or(answer.current_level);
    format!("{} at level {next}", answer.next_steps.len().saturating_sub(1))
}

fn so_far(answer: &PathsAnswer, design: &Design, terminal: Terminal) -> String {
    let treated = (1..).map_while(DoseLevel::new).zip(&answer.counts).filter(|(_, count)| count.evaluable > 0);
    let counts: Vec<String> = treated.map(|(level, count)| format!("{count} at level {level}")).collect();
    let so_far = if counts.is_empty() { "nobody evaluable".into() } else { counts.join(", ") };
    let says = answer.recommendation.as_ref().map_or_else(
        || format!("{}: enrol or wait at level {}", design.waits(), answer.current_level),
        phrase::recommendation,
    );
    terminal.pairs(&[(Tone::Text, "so far (DLT/evaluable)", so_far), (Tone::State, "the rule says", says)])
}

fn departures(departures: &[Departure], terminal: Terminal) -> String {
    let each = departures.iter().map(|departure| {
        let said = phrase::recommendation(&departure.rule_said);
        let what = format!("cohort {} ({}) departs from the rule: {said}", departure.cohort, departure.given);
        terminal.lines(Tone::Deviation, "  ", &what)
    });
    each.collect()
}

/// What the rule says for each number of DLTs among those still to come at the current level: pending, and places
/// open. No text where nobody is to come or where no outcome of theirs is waited for.
pub fn still_to_come(escalation: &Escalation, design: &Design, terminal: Terminal) -> String {
    let level = escalation.current_level;
    let pending = escalation.levels.iter().find(|row| row.level == level).map_or(0, |row| row.pending);
    let to_come = pending + escalation.open_slots;
    let waits = match escalation.state {
        State::Enrolling | State::Observing | State::SafetyHold => to_come > 0,
        State::DecisionDue | State::ReviewRequired | State::Stopped => false,
    };
    if !waits {
        return String::new();
    }
    let count = |row: &LevelRow| LevelCount { evaluable: row.evaluable, dlt: row.dlt };
    let counts: Vec<LevelCount> = escalation.levels.iter().map(count).collect();
    let places = escalation.open_slots;
    let who = match (pending, places) {
        (_, 0) => format!("If so many of the {pending} pending at level {level}"),
        (0, _) => format!("If so many of the next {places} at level {level}"),
        (_, _) => format!(
            "If so many of the {to_come} still to come at level {level} ({pending} pending, {} open)",
            number::of(u64::from(places), "place", "places")
        ),
    };
    next_steps(design, &who, &next_step_table(design, &counts, level, to_come), terminal)
}

fn next_steps(design: &Design, who: &str, steps: &[NextStep], terminal: Terminal) -> String {
    if steps.is_empty() {
        return String::new();
    }
    let mut grid = Grid::new(&[("DLT", Side::Right), ("count", Side::Right), ("then the rule says", Side::Left)]);
    for step in steps {
        let says = step.recommendation.as_ref();
        let says = says.map_or_else(
            || format!("{}: enrol or wait", design.waits()),
            |r| format!("{}: {}", r.rule, phrase::outcome(r)),
        );
        grid.row().cell(step.dlt).cell(step.count).cell(says);
    }
    terminal.heading(&format!("{who} have a DLT")) + &grid.text(terminal)
}

/// The tree of every way a trial can go: one line per state, at most so many, and how many more were counted.
pub fn tree(design: &Design, counted: &PathCounts, most: usize, terminal: Terminal) -> String {
    let levels = u8::try_from(counted.mtd.len()).unwrap_or(u8::MAX);
    let mut text = terminal.heading("Every path: cohort (N no DLT, T DLT), count at its level, what the rule says; n: evaluable subjects at the end");
    for node in Paths::new(design, levels).take(most) {
        text += &state(&node, terminal);
    }
    match counted.nodes.saturating_sub(most as u64) {
        0 => text,
        more if counted.too_many => {
            text + &terminal.lines(Tone::Text, "", &format!("... and more than {more} more states not shown"))
        }
        more => text + &terminal.lines(Tone::Text, "", &format!("... and {more} more states not shown")),
    }
}

fn state(node: &Node, terminal: Terminal) -> String {
    let Some(last) = node.cohorts.last() else {
        return terminal.lines(Tone::Text, "", &format!("{}: {}", node.next.rule, phrase::outcome(&node.next)));
    };
    let count = node.counts.get(usize::from(last.level.get()) - 1).copied().unwrap_or_default();
    let lead = format!("{}{last}  {count}  ", "  ".repeat(node.cohorts.len()));
    let Recommendation { rule, action, level, add, .. } = node.next;
    let says = format!("{rule}: {}", phrase::action(action, level, add));
    if node.is_end() {
        return terminal.lines(Tone::State, &lead, &format!("{says} (n = {})", node.patients()));
    }
    terminal.lines(Tone::Text, &lead, &says)
}

/// How many states and end points there are, and where they end.
pub fn counts(counts: &PathCounts, terminal: Terminal) -> String {
    let subjects = format!("{} to {}", counts.min_patients, counts.max_patients);
    let ends = counts.mtd.iter().zip(1..).map(|(n, level)| format!("{n} with MTD at level {level}"));
    let ends: Vec<String> = [format!("{} without an MTD", counts.no_mtd)].into_iter().chain(ends).collect();
    terminal.heading(if counts.too_many { "Paths, as far as they could be counted" } else { "Paths in all" })
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
        grid.row().cell(level).cells([number::measured(*p), three(*mtd), two(*patients), two(*dlt)]);
    }
    grid.row().cell("no MTD").cell("-").cell(three(found.no_mtd)).cell("-").cell("-");
    let all = found.mtd.iter().sum::<f64>() + found.no_mtd;
    grid.row().cell("all").cell("-").cells([three(all), two(found.expected_patients), two(found.expected_dlt)]);
    terminal.heading("Operating characteristics (exact, by enumeration)") + &grid.text(terminal)
}

fn three(value: f64) -> String {
    format!("{value:.3}")
}

fn two(value: f64) -> String {
    format!("{value:.2}")
}
