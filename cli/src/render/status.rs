//! Status: where the escalation stands, what the rule says next and why, or what it waits for.

use super::{
    Terminal, Tone,
    adjudications::adjudications,
    cut,
    decisions::decisions,
    deviations,
    ladder::{dashboard, ladder},
    mtd::{self, mtd},
    number, paths, phrase, sections,
};
use chrono::NaiveDate;
use trial_core::{
    escalation::{Design, State},
    protocol::Protocol,
    view::{
        escalation::{Escalation, LevelRow, Window},
        status::Status,
    },
};

/// The whole status, on one screen where the trial is small.
pub fn status(status: &Status, protocol: Option<&Protocol>, terminal: Terminal) -> String {
    let header = cut::header(&status.cut, terminal);
    let (Some(escalation), Some(protocol)) = (&status.escalation, protocol) else {
        return sections([header, terminal.lines(Tone::Text, "", "No protocol is in force: nobody can be enrolled.")]);
    };
    sections([
        header,
        standing(escalation, protocol, terminal),
        ladder(escalation, terminal),
        terminal.heading("Subjects by dose level") + &dashboard(escalation, terminal),
        pending(escalation, status.cut.day, terminal),
        next(escalation, &protocol.design, status.cut.day, terminal),
        paths::still_to_come(escalation, &protocol.design, terminal),
        mtd(escalation, terminal),
        decisions(escalation, &status.cut, terminal),
        adjudications(escalation, &status.cut, terminal),
        notes(status, escalation, terminal),
    ])
}

/// The state in a sentence, with the protocol whose rule is followed.
pub fn standing(escalation: &Escalation, protocol: &Protocol, terminal: Terminal) -> String {
    let (tone, word) = phrase::state(escalation.state);
    let here = mtd::name(escalation, escalation.current_level);
    let what = match escalation.state {
        State::Enrolling => format!("{here}; {} open", number::of(u64::from(escalation.open_slots), "place", "places")),
        State::Observing => format!("{here}; the cohort is full, not every subject is evaluable yet"),
        State::SafetyHold => format!("{here}; too many DLTs: no enrolment, a decision may be signed at once"),
        State::DecisionDue => format!("{here}; no enrolment until a decision is signed"),
        State::ReviewRequired => "a signed decision no longer follows from what is known; no enrolment until a signed \
                                  decision confirms or reverses it"
            .into(),
        State::Stopped => match escalation.decisions.last() {
            Some(last) => format!("decided on {}: {}", last.day, phrase::action(last.action, last.level, 0)),
            None => "a signed decision ended the escalation".into(),
        },
    };
    let design = match protocol.design {
        Design::ThreePlusThree(_) => "3+3",
        Design::RollingSix(_) => "rolling six",
        Design::DecisionTable(_) => "decision table",
    };
    let rule = format!("rule: {design} of protocol {}, edition {}", protocol.protocol, protocol.edition);
    terminal.lines(tone, "", &format!("{word}: {what}")) + &terminal.lines(Tone::Text, "", &rule)
}

/// Each pending subject with the last day of the window and what else it waits for.
fn pending(escalation: &Escalation, day: NaiveDate, terminal: Terminal) -> String {
    let waiting = escalation.levels.iter().flat_map(|level| level.windows.iter().map(move |w| (level, w)));
    let text: String = waiting.map(|(level, window)| waits(escalation, level, window, day, terminal)).collect();
    if text.is_empty() { text } else { terminal.heading("Pending subjects") + &text }
}

fn waits(escalation: &Escalation, level: &LevelRow, window: &Window, day: NaiveDate, terminal: Terminal) -> String {
    let closes = match window.closes {
        None => "not treated yet".into(),
        Some(last) if day > last => format!("window closed on {last}"),
        Some(last) => format!("window closes on {last}, {}", left(last, day)),
    };
    let mut text = terminal.lines(Tone::Text, &format!("  {} ({})  ", window.subject, level.label), &closes);
    for blocker in escalation.blockers.iter().filter(|b| b.subject == window.subject) {
        text += &terminal.lines(Tone::Deviation, "      waits for: ", &blocker.what);
    }
    text
}

fn left(last: NaiveDate, day: NaiveDate) -> String {
    let days = u64::try_from((last - day).num_days()).unwrap_or_default();
    format!("{} left", number::of(days, "day", "days"))
}

/// What the rule says, or what it waits for.
fn next(escalation: &Escalation, design: &Design, day: NaiveDate, terminal: Terminal) -> String {
    let text = match &escalation.recommendation {
        Some(said) => {
            terminal.lines(Tone::State, "  ", &phrase::recommendation(said))
                + &terminal.lines(Tone::Text, "  ", "A recommendation opens no place: only a signed decision does.")
        }
        None => match escalation.state {
            State::Stopped => return String::new(),
            State::ReviewRequired => review(escalation, terminal),
            State::Enrolling | State::Observing | State::SafetyHold | State::DecisionDue => {
                terminal.lines(Tone::Text, "  ", &waiting(escalation, design, day))
            }
        },
    };
    terminal.heading("What the rule says next") + &text
}

fn review(escalation: &Escalation, terminal: Terminal) -> String {
    let each = escalation.stale.iter().map(|stale| {
        let (was, says) = (phrase::verb(stale.was), phrase::verb(stale.would_be));
        let what =
            format!("decision {} at level {} was: {was}; the rule now says: {says}", stale.decision, stale.at_level);
        terminal.lines(Tone::Fault, "  ", &what)
    });
    each.collect()
}

fn waiting(escalation: &Escalation, design: &Design, day: NaiveDate) -> String {
    let places = escalation.open_slots;
    let here = escalation.levels.iter().find(|row| row.level == escalation.current_level);
    let pending = here.map_or(0, |row| row.pending);
    let mut what = Vec::new();
    if places > 0 {
        what.push(format!("{} to be filled", number::of(u64::from(places), "place", "places")));
    }
    if pending > 0 {
        what.push(format!("{} to become evaluable", number::of(u64::from(pending), "subject", "subjects")));
    }
    let blocked = if escalation.blockers.is_empty() { "" } else { ", once nothing else is missing" };
    let earliest = match escalation.windows_closed_on {
        Some(on) if places == 0 && on > day => format!(" The earliest decision is on {on}{blocked}."),
        Some(_) | None => String::new(),
    };
    format!("{}: level {} waits for {}.{earliest}", design.waits(), escalation.current_level, what.join(" and for "))
}

/// Safety in one line, flags, deviations.
fn notes(status: &Status, escalation: &Escalation, terminal: Terminal) -> String {
    let (treated, worst) = (status.toxicity.treated.total, status.toxicity.subjects);
    let severe = match status.toxicity.grade4_plus {
        0 => "no event of grade 4 or 5".into(),
        n => number::of(n as u64, "event of grade 4 or 5", "events of grade 4 or 5"),
    };
    let safety = format!("{} of {treated} treated had grade 3 or more; {severe}", worst.grade3_plus);
    let severe = if status.toxicity.grade4_plus > 0 { Tone::Fault } else { Tone::Text };
    let mut pairs = vec![
        (severe, "adverse events", safety),
        (Tone::Text, "deaths", deaths(status)),
        (Tone::Text, "deviations", deviations::summary(&status.deviations)),
    ];
    pairs.extend(clocks(status).map(|(tone, what)| (tone, "serious events", what)));
    pairs.extend(escalation.flags.iter().map(|flag| (Tone::Fault, "flag", phrase::flag(flag))));
    terminal.heading("Also to know") + &terminal.pairs(&pairs)
}

/// How many serious events there are, and how many of their reports are late or overdue.
fn clocks(status: &Status) -> Option<(Tone, String)> {
    let lines = &status.serious.lines;
    let late = lines.iter().flat_map(|line| std::iter::once(&line.clock).chain(&line.follow_ups)).filter(|c| c.late);
    let (tone, late) = match late.count() {
        0 => (Tone::Text, String::new()),
        n => (Tone::Fault, format!(", {} late or overdue", number::of(n as u64, "report", "reports"))),
    };
    (!lines.is_empty()).then(|| (tone, format!("{}{late}", lines.len())))
}

fn deaths(status: &Status) -> String {
    let died: Vec<String> = status.died.iter().map(|(subject, day)| format!("{subject} on {day}")).collect();
    let named = if died.is_empty() { String::new() } else { format!(": {}", died.join(", ")) };
    format!("{} of {} enrolled{named}", died.len(), status.enrolled)
}
