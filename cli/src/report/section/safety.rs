//! Safety: Table 2, and the line list of serious events with their clocks.

use super::Scene;
use crate::{
    clock,
    report::html::{Lines, Side, count, paragraph, table, toned, words},
};
use maud::{Markup, html};
use trial_core::{
    grade::DoseLevel,
    view::{
        serious::{Clocked, DeathFlag, SeriousLine, Timeliness},
        toxicity::{Counts, Row},
    },
};

/// Table 2: subjects by worst grade, in all and by level.
pub fn toxicity(scene: Scene<'_>) -> Lines {
    let toxicity = &scene.replay.toxicity;
    let levels: Vec<DoseLevel> = toxicity.treated.levels.keys().copied().collect();
    let label = |level: &DoseLevel| {
        let planned = scene.protocol().and_then(|protocol| protocol.level(*level));
        let n = toxicity.treated.levels.get(level).copied().unwrap_or_default();
        format!(
            "Level {} (n\u{a0}=\u{a0}{n})",
            planned.map_or_else(|| level.to_string(), |planned| planned.label.to_string())
        )
    };
    let total = format!("Total (n\u{a0}=\u{a0}{})", toxicity.treated.total);
    let groups: Vec<String> = [total].into_iter().chain(levels.iter().map(label)).collect();
    let headings: Vec<String> =
        groups.iter().flat_map(|group| [format!("{group}\nany"), format!("{group}\n\u{2265}3")]).collect();
    let columns: Vec<(&str, Side)> =
        [("Toxicity", Side::Left)].into_iter().chain(headings.iter().map(|h| (h.as_str(), Side::Right))).collect();
    let row = |(index, row): (usize, &Row)| {
        let path = format!("/toxicity/rows/{index}");
        let mut cells = vec![words(&row.label)];
        cells.extend(both(&format!("{path}/total"), row.counts.total));
        for level in &levels {
            let counts = row.counts.levels.get(level).copied().unwrap_or_default();
            cells.extend(both(&format!("{path}/levels/{level}"), counts));
        }
        cells
    };
    let mut lines = table(
        "Table 2. Toxicities: subjects by worst grade, any grade and grade 3 or more",
        &columns,
        toxicity.rows.iter().enumerate().map(row),
    );
    let worst = toxicity.subjects;
    lines.push(paragraph(&html! {
        "Subjects with any event: " (count("/toxicity/subjects/any", worst.any)) "; with grade 3 or more: "
        (count("/toxicity/subjects/grade3_plus", worst.grade3_plus)) "; events of grade 4 or 5: "
        (count("/toxicity/grade4_plus", toxicity.grade4_plus)) "."
    }));
    lines
}

fn both(path: &str, counts: Counts) -> [Markup; 2] {
    [count(format!("{path}/any"), counts.any), count(format!("{path}/grade3_plus"), counts.grade3_plus)]
}

/// Serious events.
pub fn serious(scene: Scene<'_>) -> Lines {
    let serious = &scene.replay.serious;
    let mut lines = if serious.lines.is_empty() {
        vec![paragraph(&words("No serious adverse event is recorded."))]
    } else {
        let columns = [
            ("Subject", Side::Left),
            ("Event", Side::Left),
            ("Grade", Side::Right),
            ("Onset", Side::Left),
            ("Known", Side::Left),
            ("Reported", Side::Left),
            ("Due", Side::Left),
            ("24-hour clock", Side::Left),
        ];
        table("Serious adverse events", &columns, serious.lines.iter().flat_map(rows))
    };
    lines.extend(serious.flags.iter().map(|flag| paragraph(&mismatch(flag))));
    lines
}

fn rows(line: &SeriousLine) -> Vec<Vec<Markup>> {
    let dash = || words("\u{2013}");
    let event = html! { (line.term.as_ref().map_or_else(|| line.ae.to_string(), |term| term.to_string())) };
    let grade = line.grade.map_or_else(dash, words);
    let onset = line.onset.map_or_else(dash, words);
    let first = [vec![words(&line.subject), event, grade, onset], clock(&line.clock)].concat();
    let later = line.follow_ups.iter().map(|follow_up| {
        let label = html! { (line.subject.to_string()) " follow-up" };
        [vec![label, words(&line.ae), words(""), words("")], clock(follow_up)].concat()
    });
    [first].into_iter().chain(later).collect()
}

fn clock(clocked: &Clocked) -> Vec<Markup> {
    let dash = || words("\u{2013}");
    let (tone, state) = match clocked.status {
        Timeliness::Met => ("", "met"),
        Timeliness::Late => ("fault", "late"),
        Timeliness::Open => ("care", "open"),
        Timeliness::Overdue => ("fault", "overdue"),
        Timeliness::DateOnly => ("", "known to the day"),
    };
    vec![
        clocked.aware_at.map_or_else(dash, words),
        clocked.reported_at.map_or_else(dash, words),
        clocked.due.map_or_else(dash, |due| words(clock::stamp(due))),
        html! { (toned(tone, state)) " " small { (clocked.because) } },
    ]
}

fn mismatch(flag: &DeathFlag) -> Markup {
    match flag {
        DeathFlag::FatalEventWithoutDeath { subject, ae, entries: _ } => {
            toned("fault", format!("{subject}: {ae} was fatal, and no death is recorded"))
        }
        DeathFlag::DeathWithoutFatalEvent { subject, day, cause, seq } => {
            let cause = cause.as_str().replace('_', " ");
            words(format!(
                "{subject} died on {day} ({cause}, entry {seq}); no adverse event of this subject was fatal."
            ))
        }
    }
}
