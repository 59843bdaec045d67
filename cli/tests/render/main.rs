//! The text of every view, read as a safety committee would: facts, widths, and pages that may not change unseen.
//!
//! Pages stand in `tests/snapshots/`; `UPDATE=1 cargo test -p trial-cli --test render` writes them anew.

mod cohort;

use cohort::{LOG, altered, known_on, reading};
use serde_json::json;
use std::{fs, path::Path};
use trial_cli::{
    commands::paths::PathsAnswer,
    render::{self, Style, Terminal, paths::Extent},
};
use trial_core::{
    escalation::{Design, LevelCount, decide, next_step_table, operating_characteristics, path_counts},
    event::EventKind,
    grade::DoseLevel,
    view::replay::Replay,
};
use unicode_width::UnicodeWidthStr;

const PLAIN: Terminal = Terminal::PLAIN_80;

fn status(day: &str) -> String {
    let (replay, protocol) = known_on(day);
    render::status(&replay, Some(&protocol), PLAIN)
}

fn final_replay() -> String {
    let (replay, protocol) = known_on("2020-01-31");
    render::replay(&replay, Some(&protocol), PLAIN)
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
