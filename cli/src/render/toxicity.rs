//! Table 2: subjects by worst grade, in all and by dose level.

use super::{
    Terminal, Tone,
    grid::{self, Grid, Side},
    number,
};
use trial_core::{
    grade::DoseLevel,
    protocol::Protocol,
    view::{
        toxicity::{ByLevel, Counts, Row, Toxicity},
        trends::{LevelTrend, TrendOf, TrendTest},
    },
};
use unicode_width::UnicodeWidthStr;

/// Columns of the second number of a group with the blank before it, and the blanks before the first.
const SECOND: usize = 5;

/// Which subjects a pair of columns counts.
#[derive(Clone, Copy)]
enum Group {
    All,
    Level(DoseLevel),
}

impl Group {
    fn of<T: Copy + Default>(self, numbers: &ByLevel<T>) -> T {
        match self {
            Group::All => numbers.total,
            Group::Level(level) => numbers.levels.get(&level).copied().unwrap_or_default(),
        }
    }

    fn heading(self, toxicity: &Toxicity, protocol: Option<&Protocol>) -> String {
        let name = match self {
            Group::All => "Total".into(),
            Group::Level(level) => {
                let label = protocol.and_then(|p| p.level(level)).map(|l| l.label.to_string());
                format!("Level {}", label.unwrap_or_else(|| level.to_string()))
            }
        };
        format!("{name}\n(n = {})\nany", self.of(&toxicity.treated))
    }
}

/// The table, in parts where the terminal has no room for all levels beside each other.
pub fn toxicity(toxicity: &Toxicity, protocol: Option<&Protocol>, terminal: Terminal) -> String {
    let heading = "Table 2. Toxicities: subjects by worst grade, any grade and grade 3 or more (\u{2265}3)";
    let groups: Vec<Group> =
        [Group::All].into_iter().chain(toxicity.treated.levels.keys().map(|l| Group::Level(*l))).collect();
    let label = toxicity.rows.iter().map(|row| row.label.width()).max().unwrap_or_default();
    let width = |group: &Group| {
        let heading = group.heading(toxicity, protocol);
        heading.lines().map(UnicodeWidthStr::width).max().unwrap_or_default() + SECOND
    };
    let parts = parts(&groups, terminal.width().saturating_sub(label), width);
    let parts: Vec<String> = parts.into_iter().map(|part| grid(toxicity, protocol, part, terminal)).collect();
    terminal.heading(heading) + &parts.concat() + &summary(toxicity, terminal)
}

/// Cuts the groups into parts that fit, at least one group each.
fn parts(mut groups: &[Group], room: usize, width: impl Fn(&Group) -> usize) -> Vec<&[Group]> {
    let mut parts = Vec::new();
    while !groups.is_empty() {
        let ends = groups.iter().scan(0, |used, group| {
            *used += width(group);
            Some(*used)
        });
        let fitting = ends.take_while(|end| *end <= room).count().max(1);
        let (part, rest) = groups.split_at(fitting);
        parts.push(part);
        groups = rest;
    }
    parts
}

fn grid(toxicity: &Toxicity, protocol: Option<&Protocol>, groups: &[Group], terminal: Terminal) -> String {
    let headings: Vec<String> = groups.iter().map(|group| group.heading(toxicity, protocol)).collect();
    let pairs = headings.iter().flat_map(|any| [(any.as_str(), Side::Right), ("\n\n\u{2265}3", Side::Right)]);
    let columns: Vec<(&str, Side)> = [("\n\nToxicity", Side::Left)].into_iter().chain(pairs).collect();
    let mut grid = Grid::new(&columns);
    for second in (2..columns.len()).step_by(2) {
        grid.pad(second, 0);
    }
    for row in &toxicity.rows {
        cells(grid.row().cell(&row.label), row, groups);
    }
    grid.text(terminal)
}

fn cells(cells: grid::Row, row: &Row, groups: &[Group]) {
    groups.iter().fold(cells, |cells, group| {
        let Counts { any, grade3_plus } = group.of(&row.counts);
        cells.cell(any).toned(if grade3_plus > 0 { Tone::Deviation } else { Tone::Text }, grade3_plus)
    });
}

fn summary(toxicity: &Toxicity, terminal: Terminal) -> String {
    let Counts { any, grade3_plus } = toxicity.subjects;
    let treated = toxicity.treated.total;
    let severe = match toxicity.grade4_plus {
        0 => "no event of grade 4 or 5".into(),
        n => number::of(n as u64, "event of grade 4 or 5", "events of grade 4 or 5"),
    };
    let subjects =
        format!("Any adverse event: {any} of {treated}; grade 3 or more: {grade3_plus} of {treated}; {severe}.");
    let common = match toxicity.most_common.as_slice() {
        [] => String::new(),
        rows => format!("Most common: {}.", rows.join(", ")),
    };
    let counted = "A subject counts once per row, at the worst grade. n: subjects treated.";
    let notes = [subjects, common, counted.into(), trends(&toxicity.trends)];
    notes.iter().filter(|note| !note.is_empty()).map(|note| terminal.lines(Tone::Text, "", note)).collect()
}

fn trends(trends: &[LevelTrend]) -> String {
    let one = |trend: &LevelTrend| {
        let of = match trend.of {
            TrendOf::Grade3Plus => "grade 3 or more",
            TrendOf::Dlt => "DLT",
        };
        let shares: Vec<String> = trend.levels.values().map(|share| format!("{}/{}", share.x(), share.n())).collect();
        let found = match trend.z.zip(trend.p) {
            Some((z, p)) => format!("z = {z:.2}, p = {}", number::p(p)).replace("p = <", "p <"),
            None => "no test".into(),
        };
        format!("{of} {}: {found}", shares.join(", "))
    };
    let found: Vec<String> = trends.iter().filter(|trend| !trend.levels.is_empty()).map(one).collect();
    let Some(test) = trends.first().map(|trend| match trend.test {
        TrendTest::CochranArmitage => "Cochran-Armitage",
    }) else {
        return String::new();
    };
    if found.is_empty() {
        return String::new();
    }
    format!("Trend over the levels ({test}, two-sided): {}. With so few subjects a description.", found.join("; "))
}
