//! The ladder: every planned dose level, highest on top, a letter per subject; and its counts as a table.

use super::{
    Terminal, Tone,
    grid::{Grid, Side},
    wrap,
};
use trial_core::{
    escalation::State,
    view::escalation::{Escalation, LevelRow},
};
use unicode_width::UnicodeWidthStr;

/// What the letters mean.
const LEGEND: &str = "N no DLT, T DLT, ? pending, . open place, x replaced";

/// The least number of subjects that a rung has room for.
const NARROWEST_RUNG: usize = 3;

/// A terminal with fewer columns has no room for the dashboard's headings in one line.
const WIDE_DASHBOARD: usize = 72;

/// The ladder as a drawing.
pub fn ladder(escalation: &Escalation, terminal: Terminal) -> String {
    let rungs: Vec<Rung> = escalation.levels.iter().rev().map(|level| Rung::of(escalation, level)).collect();
    let widest = |width: &dyn Fn(&Rung) -> usize| rungs.iter().map(width).max().unwrap_or_default();
    let room = widest(&|r| r.subjects.len()).max(NARROWEST_RUNG);
    let (labels, marks) = (widest(&|r| r.level.label.as_str().width()), widest(&|r| r.mark.len()));
    let rule = |left, right| format!("     {left}{}{right}\n", "\u{2500}".repeat(room + 2));
    let mut text = rule('\u{250c}', '\u{2510}');
    for (index, rung) in rungs.iter().enumerate() {
        if index > 0 {
            text += &rule('\u{251c}', '\u{2524}');
        }
        let Rung { level, mark, tone, subjects, pointer } = rung;
        let label = level.label.as_str();
        let lead = format!("{pointer}{:>3} \u{2502} {subjects:<room$} \u{2502} {label:<labels$}  ", level.level);
        let hang = format!("     \u{2502} {:<room$} \u{2502} {:<labels$}  {:<marks$}  ", "", "", "");
        let words = wrap(&level.description, terminal.width().saturating_sub(hang.width()));
        let mark = terminal.paint(*tone, &format!("{mark:<marks$}"));
        for (index, words) in words.iter().enumerate() {
            let line = if index == 0 { format!("{lead}{mark}  {words}") } else { format!("{hang}{words}") };
            text += line.trim_end();
            text.push('\n');
        }
    }
    text + &rule('\u{2514}', '\u{2518}') + &terminal.lines(Tone::Text, "  ", LEGEND)
}

struct Rung<'a> {
    level: &'a LevelRow,
    mark: &'static str,
    tone: Tone,
    subjects: String,
    pointer: char,
}

impl<'a> Rung<'a> {
    fn of(escalation: &Escalation, level: &'a LevelRow) -> Rung<'a> {
        let current = level.level == escalation.current_level && escalation.state != State::Stopped;
        let (mark, tone) = mark(escalation, level, current);
        let open = if current { escalation.open_slots } else { 0 };
        let letters = [
            ('T', level.dlt),
            ('N', level.evaluable - level.dlt),
            ('?', level.pending),
            ('.', open),
            ('x', level.replaced),
        ];
        let subjects = letters.iter().map(|(letter, n)| letter.to_string().repeat(*n as usize)).collect();
        Rung { level, mark, tone, subjects, pointer: if current { '>' } else { ' ' } }
    }
}

fn mark(escalation: &Escalation, level: &LevelRow, current: bool) -> (&'static str, Tone) {
    let declared = escalation.mtd.as_ref().and_then(|mtd| mtd.declared);
    let judged = escalation.decisions.iter().any(|d| d.at_level == level.level);
    let too_toxic = level.excluded;
    if declared == Some(level.level) {
        if too_toxic { ("MTD, too toxic", Tone::Fault) } else { ("MTD", Tone::State) }
    } else if too_toxic {
        ("too toxic", Tone::Fault)
    } else if current {
        ("current", Tone::State)
    } else if judged {
        ("closed", Tone::Text)
    } else if level.places > 0 || level.enrolled > 0 {
        ("open", Tone::Text)
    } else {
        ("not opened", Tone::Text)
    }
}

/// One row of counts per level, the lowest first.
pub fn dashboard(escalation: &Escalation, terminal: Terminal) -> String {
    // On a narrow terminal words are divided as print divides them.
    let headings = if terminal.width() < WIDE_DASHBOARD {
        ["\nplaces", "en-\nrolled", "\ntreated", "evalu-\nable", "\npending", "\nDLT", "re-\nplaced"]
    } else {
        ["places", "enrolled", "treated", "evaluable", "pending", "DLT", "replaced"]
    };
    let level = if terminal.width() < WIDE_DASHBOARD { "\nLevel" } else { "Level" };
    let numbers = headings.iter().map(|heading| (*heading, Side::Right));
    let mut grid = Grid::new(&[(level, Side::Left)].into_iter().chain(numbers).collect::<Vec<_>>());
    if terminal.width() < WIDE_DASHBOARD {
        (1..=headings.len()).for_each(|column| grid.pad(column, 0));
    }
    for level in &escalation.levels {
        let dlt = if level.dlt > 0 { Tone::Fault } else { Tone::Text };
        let counts = [
            (Tone::Text, level.places),
            (Tone::Text, level.enrolled),
            (Tone::Text, level.treated),
            (Tone::Text, level.evaluable),
            (Tone::Text, level.pending),
            (dlt, level.dlt),
            (Tone::Text, level.replaced),
        ];
        let row = grid.row().cell(format_args!("{} ({})", level.level, level.label));
        counts.into_iter().fold(row, |row, (tone, n)| row.toned(tone, n));
    }
    grid.text(terminal)
}
