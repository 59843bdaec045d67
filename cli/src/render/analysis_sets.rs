//! Analysis sets: the flow from consent to each set, with those left out and why (CONSORT 2010).

use super::{
    Terminal, Tone,
    grid::{Grid, Row, Side},
};
use trial_core::view::analysis_sets::{AnalysisSet, AnalysisSets, FlowStep, LeftOut, Standing, SubjectSets};

/// How many of a group are named before the rest is only counted.
const NAMED: usize = 3;

/// The flow, and each subject who is not in a set or not known to be, with the reason.
pub fn analysis_sets(sets: &AnalysisSets, terminal: Terminal) -> String {
    if sets.flow.is_empty() {
        return String::new();
    }
    let columns = [
        ("Set", Side::Left),
        ("drawn from", Side::Left),
        ("n", Side::Right),
        ("Left out", Side::Left),
        ("Not known yet", Side::Left),
    ];
    let mut grid = Grid::new(&columns);
    for step in &sets.flow {
        row(grid.row(), step);
    }
    terminal.heading("Analysis sets: the flow of subjects") + &grid.text(terminal) + &reasons(&sets.subjects, terminal)
}

fn row(row: Row, step: &FlowStep) {
    let indent = if step.from == Some(AnalysisSet::Treated) { "  " } else { "" };
    row.cell(format_args!("{indent}{}", words(step.set.as_str())))
        .cell(step.from.map_or("-".into(), |from| words(from.as_str())))
        .cell(step.n)
        .toned(Tone::Deviation, left(&step.out))
        .cell(left(&step.open));
}

fn left(groups: &[LeftOut]) -> String {
    let group = |left: &LeftOut| {
        let named: Vec<&str> = left.subjects.iter().take(NAMED).map(|subject| subject.as_str()).collect();
        let more = if left.n > NAMED { ", ..." } else { "" };
        format!("{} {}: {}{more}", left.n, words(left.reason.as_str()), named.join(", "))
    };
    if groups.is_empty() { "-".into() } else { groups.iter().map(group).collect::<Vec<_>>().join("\n") }
}

/// What the facts say of each subject who is out of a set, or not yet in it.
fn reasons(subjects: &[SubjectSets], terminal: Terminal) -> String {
    let each = subjects.iter().flat_map(|subject| {
        let missing = subject.sets.iter().filter(|m| m.standing != Standing::In);
        missing.map(move |m| (subject, m))
    });
    each.map(|(subject, m)| {
        let lead = format!("  {}  ", subject.subject);
        terminal.lines(Tone::Text, &lead, &format!("{}: {}", words(m.set.as_str()), m.because))
    })
    .collect()
}

fn words(word: &str) -> String {
    word.replace('_', " ").replace("dlt ", "DLT-")
}
