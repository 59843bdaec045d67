//! Where the escalation stands: the state, each level, what the rule says next, the MTD; and what people decided.

use super::Scene;
use crate::{
    render::{cut, mtd, number as text, phrase},
    report::html::{Lines, Side, count, number, pairs, paragraph, table, toned, words},
};
use maud::{Markup, html};
use trial_core::{
    event::Conformity,
    view::escalation::{DecisionRow, Escalation, LevelRow},
};

/// The dashboard.
pub fn status(scene: Scene<'_>) -> Lines {
    let Some(escalation) = &scene.replay.escalation else {
        return vec![paragraph(&words("No protocol is in force: nobody can be enrolled."))];
    };
    let (tone, state) = phrase::state(escalation.state);
    let here = mtd::name(escalation, escalation.current_level);
    let mut lines = vec![html! { p.lead { strong.{(super::super::tone(tone))} { (state) } " " (here) } }.into_string()];
    lines.extend(levels(escalation));
    lines.extend(pairs(next(escalation)));
    lines.extend(pending(escalation));
    lines
}

fn levels(escalation: &Escalation) -> Lines {
    let n = |heading| (heading, Side::Right);
    let columns = [
        ("Level", Side::Left),
        n("Places"),
        n("Enrolled"),
        n("Treated"),
        n("Evaluable"),
        n("Pending"),
        n("DLT"),
        n("Replaced"),
        ("", Side::Left),
    ];
    let row = |(index, row): (usize, &LevelRow)| {
        let path = |member: &str| format!("/escalation/levels/{index}/{member}");
        let mark = match (row.excluded, row.level == escalation.current_level) {
            (true, _) => toned("fault", "excluded"),
            (false, true) => toned("state", "current"),
            (false, false) => words(""),
        };
        vec![
            html! { (row.label.to_string()) " " small { (row.description) } },
            count(path("places"), row.places),
            count(path("enrolled"), row.enrolled),
            count(path("treated"), row.treated),
            count(path("evaluable"), row.evaluable),
            count(path("pending"), row.pending),
            count(path("dlt"), row.dlt),
            count(path("replaced"), row.replaced),
            mark,
        ]
    };
    table("Subjects by dose level", &columns, escalation.levels.iter().enumerate().map(row))
}

fn next(escalation: &Escalation) -> Vec<(&'static str, Markup)> {
    let mut pairs = vec![("Places open", count("/escalation/open_slots", escalation.open_slots))];
    let said = match &escalation.recommendation {
        Some(said) => {
            html! { (phrase::recommendation(said)) " " small { "A recommendation opens no place: only a signed decision does." } }
        }
        None => words("nothing at this date"),
    };
    pairs.push(("The rule says next", said));
    if let Some(on) = escalation.windows_closed_on {
        pairs.push(("Windows closed", words(format!("all by {on}"))));
    }
    for stale in &escalation.stale {
        let (was, says) = (phrase::verb(stale.was), phrase::verb(stale.would_be));
        let what =
            format!("decision {} at level {} was: {was}; the rule now says: {says}", stale.decision, stale.at_level);
        pairs.push(("Review required", toned("fault", what)));
    }
    pairs.extend(escalation.flags.iter().map(|flag| ("Flag", toned("fault", phrase::flag(flag)))));
    if let Some(found) = &escalation.mtd {
        let declared = found.declared.map_or("not reached".into(), |level| mtd::name(escalation, level));
        pairs.push(("MTD of this protocol", toned("state", declared)));
        pairs.push(("Basis", words(found.basis)));
        let given =
            number("/escalation/mtd/maximum_administered", found.maximum_administered, found.maximum_administered);
        pairs.push(("Highest level given (MAD)", given));
    }
    pairs
}

fn pending(escalation: &Escalation) -> Lines {
    let open: Vec<_> = escalation.levels.iter().flat_map(|l| l.windows.iter().map(move |w| (l, w))).collect();
    if open.is_empty() {
        return Vec::new();
    }
    let columns =
        [("Subject", Side::Left), ("Level", Side::Left), ("Window closes", Side::Left), ("Waits for", Side::Left)];
    let rows = open.into_iter().map(|(level, window)| {
        let blockers = escalation.blockers.iter().filter(|b| b.subject == window.subject);
        let waits: Vec<&str> = blockers.map(|b| b.what.as_str()).collect();
        let waits = if waits.is_empty() { words("\u{2013}") } else { toned("care", waits.join("; ")) };
        vec![
            words(&window.subject),
            words(&level.label),
            window.closes.map_or_else(|| words("not treated yet"), words),
            waits,
        ]
    });
    table("Pending subjects", &columns, rows)
}

/// The decisions that people signed.
pub fn decisions(scene: Scene<'_>) -> Lines {
    let decided = scene.replay.escalation.iter().flat_map(|e| e.decisions.iter().map(move |row| (e, row)));
    let rows: Vec<_> = decided.enumerate().map(|(index, (e, row))| decision(index, e, row)).collect();
    if rows.is_empty() {
        return vec![paragraph(&words("No decision is signed yet."))];
    }
    let columns = [
        ("Day", Side::Left),
        ("Judged", Side::Left),
        ("Decided", Side::Left),
        ("Signed by", Side::Left),
        ("Entry", Side::Right),
        ("Rests on", Side::Right),
        ("Standing", Side::Left),
    ];
    table("Signed decisions on escalation", &columns, rows)
}

fn decision(index: usize, escalation: &Escalation, row: &DecisionRow) -> Vec<Markup> {
    let path = |member: &str| format!("/escalation/decisions/{index}/{member}");
    let stale = escalation.stale.iter().find(|stale| stale.seq == row.seq);
    let standing = match (stale, row.conformity) {
        (Some(stale), _) => toned("fault", format!("stale: the rule now says {}", phrase::verb(stale.would_be))),
        (None, Conformity::Rule) => words("follows the rule"),
        (None, Conformity::Override) => {
            toned("care", format!("overrides the rule: {}", row.reason.as_deref().unwrap_or("no reason recorded")))
        }
    };
    vec![
        words(row.day),
        html! { (count(path("dlt"), row.dlt)) "/" (count(path("evaluable"), row.evaluable)) " at level " (row.at_level) },
        words(phrase::action(row.action, row.level, u32::from(row.places))),
        words(&row.signed_by),
        count(path("seq"), row.seq),
        html! { (text::of(row.entries, "entry", "entries")) br; small { (cut::short(&row.head)) } },
        standing,
    ]
}
