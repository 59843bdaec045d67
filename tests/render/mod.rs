//! The text of every view, read as a safety committee would: facts, widths, and pages that may not change unseen.
//!
//! Pages stand in `tests/snapshots/`; `UPDATE=1 cargo test -p trial-cli --test stories` writes them anew.

#![allow(clippy::unwrap_used, reason = "helpers of tests, which clippy does not recognise outside #[test]")]

pub(crate) mod cohort;

use cohort::{LOG, known_on, stood_on};
use serde_json::json;
use std::{fs, path::Path};
use trial_cli::{
    commands::paths::PathsAnswer,
    render::{self, Style, Terminal, paths::Extent},
};
use trial_core::{
    entry::Entry,
    escalation::{Design, LevelCount, decide, next_step_table, operating_characteristics, path_counts},
    event::Event,
    grade::DoseLevel,
    ids::Seq,
    view::replay::Replay,
};
use unicode_width::UnicodeWidthStr;

const PLAIN: Terminal = Terminal::PLAIN_80;

fn status(day: &str) -> String {
    let (status, protocol) = stood_on(LOG.iter().cloned(), day);
    render::status(&status, Some(&protocol), PLAIN)
}

fn final_replay() -> String {
    let (replay, protocol) = known_on("2020-01-31");
    render::replay(&replay, Some(&protocol), PLAIN).concat()
}

fn assert_page(name: &str, text: &str) {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/snapshots")).join(name);
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    let page = fs::read_to_string(&path).unwrap_or_default();
    assert!(page == text, "{name} is stale: look at the difference and run with UPDATE=1\n{text}");
}

/// The lines from a heading to the next empty line.
fn section<'a>(text: &'a str, heading: &str) -> &'a str {
    let start = text.find(heading).unwrap_or_else(|| panic!("{heading} is not in:\n{text}"));
    text[start..].split("\n\n").next().unwrap()
}

#[test]
fn the_pages_are_as_they_were_last_read_by_people() {
    for day in ["2017-01-15", "2017-05-01", "2017-11-20", "2020-01-31"] {
        assert_page(&format!("status-{day}.txt"), &status(day));
    }
    assert_page("replay-2020-01-31.txt", &final_replay());
}

/// Every text that there is, on a terminal.
fn everything(terminal: Terminal) -> Vec<String> {
    let mut texts = Vec::new();
    for day in ["2016-10-10", "2016-11-20", "2017-01-15", "2017-05-01", "2017-11-20", "2020-01-31"] {
        let (replay, protocol) = known_on(day);
        texts.push(render::status(&stood_on(LOG.iter().cloned(), day).0, Some(&protocol), terminal));
        texts.push(render::replay(&replay, Some(&protocol), terminal).concat());
        texts.push(render::paths(&answer(&replay, &[0.10, 0.25, 0.45]), &protocol, Extent::Everything, terminal));
    }
    texts
}

fn answer(replay: &Replay, probabilities: &[f64]) -> PathsAnswer {
    let design = Design::default();
    let counts = vec![LevelCount { evaluable: 3, dlt: 0 }, LevelCount::default(), LevelCount::default()];
    let level = |number| DoseLevel::new(number).unwrap();
    PathsAnswer {
        cut: Some(replay.cut.clone()),
        recommendation: decide(&design, &counts, level(1)),
        current_level: level(1),
        next_steps: next_step_table(&design, &counts, level(2), 3),
        departures: Vec::new(),
        counts,
        paths: path_counts(&design, 3),
        probabilities: probabilities.to_vec(),
        operating_characteristics: Some(operating_characteristics(&design, probabilities).unwrap()),
    }
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for width in [60, 72, 80, 132] {
        for text in everything(Terminal::new(width, Style::Plain)) {
            for line in text.lines() {
                assert!(line.width() <= width && !line.ends_with(' '), "{width}: {line:?}\n{text}");
            }
        }
    }
}

#[test]
fn every_text_says_that_data_and_clock_are_not_real() {
    for text in everything(PLAIN) {
        assert_eq!(text.matches("SYNTHETIC DATA · SIMULATED CLOCK").count(), 1, "{text}");
    }
}

/// A text without its SGR sequences.
fn without_colour(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |plain, part| plain + part.split_once('m').unwrap().1)
}

#[test]
fn colour_adds_nothing_to_the_words() {
    let colour = everything(Terminal::new(80, Style::Colour));
    assert!(colour.iter().all(|text| text.contains('\u{1b}')));
    for (plain, colour) in everything(PLAIN).iter().zip(&colour) {
        let trimmed: String = without_colour(colour).lines().map(|line| format!("{}\n", line.trim_end())).collect();
        assert_eq!(*plain, trimmed);
    }
}

#[test]
fn the_tables_print_as_the_paper_does() {
    let text = final_replay();
    let baseline = section(&text, "Table 1.");
    for fact in ["(n = 9)", "72 (37–83)", "8 (89%)", "6.6 (2.3–12.3)", "45 (37.5–53)"] {
        assert!(baseline.contains(fact), "{fact}\n{baseline}");
    }
    let row = |table: &str, label: &str| -> Vec<String> {
        let line = table.lines().find(|line| line.starts_with(label)).unwrap_or_else(|| panic!("{label}\n{table}"));
        line[label.len()..].split_whitespace().map(str::to_owned).collect()
    };
    let toxicity = section(&text, "Table 2.");
    assert_eq!(row(toxicity, "Hypertension"), ["9", "5", "3", "1", "3", "2", "3", "2"]);
    assert_eq!(row(toxicity, "Diarrhea"), ["3", "2", "1", "1", "1", "1", "1", "0"]);
    assert_eq!(toxicity.matches("(n = 3)").count(), 3);
    let response = section(&text, "Table 3.");
    assert_eq!(row(response, "Complete response (CR)"), ["3", "(33.3%)", "4", "(44.4%)"]);
    assert_eq!(row(response, "Response rate (CR + PR)"), ["6/9", "(66.7%)", "7/9", "(77.8%)"]);
    assert!(response.contains("29.9–92.5%") && response.contains("40.0–97.2%"));
}

#[test]
fn the_endpoints_carry_their_names_their_days_and_their_intervals() {
    let text = final_replay();
    let follow_up = section(&text, "Follow-up");
    assert!(follow_up.contains("median of all subjects' times   16.6 months (504 days)"), "{follow_up}");
    assert_eq!(follow_up.matches("16.6 months (506 days)").count(), 3);
    let os = section(&text, "Overall survival (OS)");
    assert!(os.contains("not reached, 95% CI") && os.contains("66.7%, 95% CI") && os.contains("6 at risk"), "{os}");
    let pfs = section(&text, "Progression-free survival (PFS)");
    assert!(pfs.contains("7.4 months (225 days)"), "{pfs}");
    let log_rank = section(&text, "Log-rank tests");
    assert!(["0.024", "0.018", "0.002"].iter().all(|p| log_rank.contains(p)), "{log_rank}");
    let association = section(&text, "Association of response");
    assert!(association.contains("p = 0.406") && association.contains("p = 0.871"), "{association}");
    assert!(association.contains("small counts: an expected count is only 1"), "{association}");
}

#[test]
fn a_replay_tells_the_trial_in_the_order_of_a_paper() {
    let text = final_replay();
    let headings = [
        "SYNTHETIC DATA",
        "Table 1.",
        "Dose levels",
        "Maximum tolerated dose",
        "Signed decisions",
        "Table 2.",
        "Table 3.",
        "Change of the sum of diameters",
        "Association of response",
        "Follow-up",
        "Overall survival",
        "Progression-free survival",
        "Log-rank",
        "Drug exposure",
        "Radiotherapy",
        "Deviations",
        "Subjects (n = 9",
    ];
    let places: Vec<usize> = headings.iter().map(|h| text.find(h).unwrap_or_else(|| panic!("{h}\n{text}"))).collect();
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn the_ladder_has_every_level_the_highest_on_top_with_a_letter_for_each_subject() {
    let ladder = |day| -> Vec<String> {
        let text = status(day);
        let rungs = text.lines().filter(|line| line.contains('│'));
        rungs.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    };
    let early = ladder("2016-11-20");
    assert_eq!(early[0], "3 │ │ III not opened axitinib 3 mg twice daily");
    assert_eq!(early[2], "> 1 │ ??. │ I current axitinib 1 mg twice daily");
    let done = ladder("2020-01-31");
    assert_eq!(done[0], "3 │ NNN │ III MTD axitinib 3 mg twice daily");
    assert_eq!(done[1], "2 │ NNN │ II closed axitinib 2 mg twice daily");
}

#[test]
fn a_waiting_trial_says_for_whom_until_when_and_what_follows() {
    let text = status("2017-01-15");
    assert!(text.contains("OBSERVING: level 1 (I)"), "{text}");
    assert!(text.contains("RECON-003 (I)  window closes on 2017-04-29, 104 days left"), "{text}");
    assert!(text.contains("The earliest decision is\n  on 2017-04-30."), "{text}");
    let steps = section(&text, "If so many of the 3 pending at level 1 have a DLT");
    assert!(steps.contains("1    1/3"), "{steps}");
    assert!(steps.contains("R3: expand level 1, 3 places more"), "{steps}");
    let enrolling = status("2016-11-20");
    assert!(enrolling.contains("still to come at level 1 (2 pending, 1 place open)"), "{enrolling}");
}

#[test]
fn a_late_dlt_shows_in_every_place_that_a_committee_looks_at() {
    // Two grade 3 hypertensions at the top level are ruled to be DLTs, long after the MTD was declared.
    let severe = LOG.iter().rev().map(|entry| entry.event.to_value()).filter(|event| {
        event["type"] == "adverse_event_reported" && event["term"] == "Hypertension" && event["grade"] == 3
    });
    let last = LOG.last().unwrap();
    let rulings = severe.take(2).zip(1..).map(|(event, n)| {
        let ruling = json!({
            "type": "dlt_ruled", "version": 1, "subject": event["subject"], "ae": event["ae"], "ruling": "dlt"
        });
        Entry { seq: Seq(last.seq.0 + n), event: Event::from_value(ruling).unwrap(), ..last.clone() }
    });
    let (status, protocol) = stood_on(LOG.iter().cloned().chain(rulings), "2020-01-31");
    let text = render::status(&status, Some(&protocol), PLAIN);
    assert!(text.contains("REVIEW REQUIRED"), "{text}");
    assert!(text.contains("STALE: on what is known now the rule says"), "{text}");
    assert!(text.contains("RECON-007: a DLT became known after the subject had counted"), "{text}");
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("as signed; not tolerated on what is known now"), "{text}");
    assert!(text.contains("│ TTN │ III"), "{text}");
    assert_page("status-late-dlt.txt", &text);
}

#[test]
fn the_tree_is_listed_to_the_end_or_says_how_much_is_missing() {
    let design = Design::default();
    let counted = path_counts(&design, 3);
    let whole = render::paths::tree(&design, &counted, 1000, PLAIN);
    assert_eq!(whole.lines().filter(|line| line.contains(": ") && !line.starts_with("Every path")).count(), 157);
    assert!(whole.contains("1NNN  0/3  R1: escalate to level 2, 3 places"), "{whole}");
    assert!(!whole.contains("not shown"));
    let cut = render::paths::tree(&design, &counted, 10, PLAIN);
    assert!(cut.ends_with("... and 147 more states not shown\n"), "{cut}");
    assert_page("paths-3-levels.txt", &whole);
}

#[test]
fn operating_characteristics_are_printed_with_what_they_assume() {
    let (replay, protocol) = known_on("2017-05-01");
    let text = render::paths(&answer(&replay, &[0.10, 0.25, 0.45]), &protocol, Extent::NextStep, PLAIN);
    let table = section(&text, "Operating characteristics");
    for fact in ["0.399", "0.370", "0.127", "0.103", "11.75"] {
        assert!(table.contains(fact), "{fact}\n{table}");
    }
    assert!(text.contains("157") && text.contains("118"), "{text}");
    assert!(!text.contains("Every path"));
    assert_page("paths-2017-05-01.txt", &text);
}

#[test]
fn without_a_protocol_there_is_a_header_and_a_reason() {
    let ((mut replay, _), (mut status, _)) = (known_on("2017-05-01"), stood_on(LOG.iter().cloned(), "2017-05-01"));
    (replay.escalation, status.escalation) = (None, None);
    for text in [render::status(&status, None, PLAIN), render::replay(&replay, None, PLAIN).concat()] {
        assert!(text.contains("SYNTHETIC DATA") && text.contains("No protocol is in force"), "{text}");
    }
}
