//! Serious adverse events: the line list, with the 24-hour clock of each report.

use super::{
    Terminal, Tone,
    grid::{Grid, Row, Side},
};
use chrono::{DateTime, Utc};
use trial_core::{
    date::Moment,
    view::serious::{Clocked, DeathFlag, Serious, SeriousLine, Timeliness},
};

/// The line list; events and deaths that do not match stand below it.
pub fn serious(serious: &Serious, terminal: Terminal) -> String {
    let heading = terminal.heading("Serious adverse events, each with its 24-hour clock");
    let list = if serious.lines.is_empty() {
        terminal.lines(Tone::Text, "  ", "none recorded")
    } else {
        lines(&serious.lines).text(terminal)
            + &terminal.lines(Tone::Text, "", "Due: 24 hours after awareness, to the second, in UTC.")
    };
    heading + &list + &serious.flags.iter().map(|flag| mismatch(flag, terminal)).collect::<String>()
}

fn lines(lines: &[SeriousLine]) -> Grid {
    let columns = [
        ("Subject", Side::Left),
        ("Event", Side::Left),
        ("Aware", Side::Left),
        ("Reported", Side::Left),
        ("Due (UTC)", Side::Left),
        ("Clock", Side::Left),
    ];
    let mut grid = Grid::new(&columns);
    for line in lines {
        row(grid.row().cell(&line.subject).cell(event(line)), &line.clock);
        for later in &line.follow_ups {
            let follows = later.follows.map_or_else(String::new, |seq| format!(" to entry {seq}"));
            row(grid.row().cell("").cell(format_args!("{} follow-up{follows}", line.ae)), later);
        }
    }
    grid
}

fn row(row: Row, clock: &Clocked) {
    let (tone, word) = status(clock);
    row.cell(clock.aware_at.map_or("-".into(), moment))
        .cell(clock.reported_at.map_or("-".into(), moment))
        .cell(clock.due.map_or("-".into(), instant))
        .toned(tone, word);
}

/// `AE06 Diarrhea, grade 3, level 1; hospitalisation; possible; recovered`.
fn event(line: &SeriousLine) -> String {
    let term = line.term.as_ref().map_or_else(String::new, |term| format!(" {term}"));
    let grade = line.grade.map_or_else(String::new, |grade| format!(", grade {grade}"));
    let level = line.level.map_or_else(String::new, |level| format!(", level {level}"));
    let criteria = line.criteria.iter().map(|criterion| criterion.as_str().replace('_', " "));
    let relation = line.relation.map(|relation| relation.as_str().to_owned());
    let outcome = line.outcome.map(|outcome| outcome.as_str().replace('_', " "));
    let known: String = criteria.chain(relation).chain(outcome).map(|word| format!("; {word}")).collect();
    format!("{}{term}{grade}{level}{known}", line.ae)
}

fn status(clock: &Clocked) -> (Tone, String) {
    let took = clock.elapsed_seconds.map_or_else(String::new, |seconds| {
        format!(" in {:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
    });
    match clock.status {
        Timeliness::Met => (Tone::Text, format!("met{took}")),
        Timeliness::Late => (Tone::Fault, format!("LATE{took}")),
        Timeliness::Open => (Tone::Deviation, "not reported, not due yet".into()),
        Timeliness::Overdue => (Tone::Fault, "OVERDUE, not reported".into()),
        Timeliness::DateOnly if clock.late => (Tone::Fault, "LATE by the days; a time is missing".into()),
        Timeliness::DateOnly => (Tone::Deviation, "by the days in time; a time is missing".into()),
    }
}

fn mismatch(flag: &DeathFlag, terminal: Terminal) -> String {
    let text = match flag {
        DeathFlag::FatalEventWithoutDeath { subject, ae, entries } => {
            let entries: Vec<String> = entries.iter().map(|seq| seq.to_string()).collect();
            format!("{subject}: {ae} is fatal, and no death is recorded (entries {})", entries.join(", "))
        }
        DeathFlag::DeathWithoutFatalEvent { subject, day, cause, seq } => {
            let cause = cause.as_str().replace('_', " ");
            format!("{subject}: died on {day} ({cause}), and no adverse event is of grade 5 or fatal (entry {seq})")
        }
    };
    terminal.lines(Tone::Deviation, "  ", &text)
}

/// As written, with blanks where a line may break.
fn moment(moment: Moment) -> String {
    match moment {
        Moment::Day(day) => day.to_string(),
        Moment::Instant(instant) => instant.format("%Y-%m-%d %H:%M:%S %:z").to_string(),
    }
}

fn instant(instant: DateTime<Utc>) -> String {
    instant.format("%Y-%m-%d %H:%M:%S").to_string()
}
