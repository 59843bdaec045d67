//! The transcripts of the README and of the page on visits, run against the real binary.
//!
//! Promises that each command prints what the page shows: `…` stands for any text in a line, or alone for any lines.
#![cfg(unix)]

use std::{path::Path, process::Command};

const README: &str = include_str!("../README.md");
const VISITS: &str = include_str!("../docs/visits.md");
const MARK: &str = "=== next command ===";

struct Step {
    command: String,
    shown: Vec<String>,
}

/// The commands of all blocks of that kind, each with what it shows.
fn transcript(page: &str) -> Vec<Step> {
    let blocks = page.split("```console\n").skip(1).filter_map(|rest| rest.split_once("\n```"));
    let mut steps: Vec<Step> = Vec::new();
    for line in blocks.flat_map(|(block, _)| block.lines()) {
        match line.strip_prefix("$ ") {
            Some(command) => steps.push(Step { command: command.to_owned(), shown: Vec::new() }),
            None => steps.last_mut().expect("it begins with a command").shown.push(line.to_owned()),
        }
    }
    steps
}

/// One shell runs all of it, so that `cd` and `$?` mean what they mean to a reader.
fn run(steps: &[Step], dir: &Path) -> Vec<String> {
    let mut script = "exec 2>&1\nstatus=0\n".to_owned();
    for step in steps {
        script.push_str(&format!("(exit $status)\n{}\nstatus=$?\necho '{MARK}'\n", step.command));
    }
    let folder = Path::new(env!("CARGO_BIN_EXE_trial")).parent().expect("the binary is in a folder");
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default());
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(dir)
        .env("PATH", path)
        .env("HOME", dir)
        .env("COLUMNS", "80")
        .env_remove("TRIAL_LEDGER")
        .env_remove("TRIAL_KEY")
        .env_remove("TRIAL_KEYS")
        .env_remove("TRIAL_KNOWN_LEDGERS")
        .output()
        .expect("there is a shell");
    let text = String::from_utf8(output.stdout).expect("the answers are text");
    let mark = format!("{MARK}\n");
    let mut answers: Vec<String> = text.split(mark.as_str()).map(str::to_owned).collect();
    assert_eq!(answers.pop().as_deref(), Some(""), "the last command ends");
    answers
}

/// Whether a text is as shown, with `…` for anything.
fn fits(found: &str, shown: &str) -> bool {
    let Some((start, rest)) = shown.split_once('…') else { return found == shown };
    let Some(found) = found.strip_prefix(start) else { return false };
    (0..=found.len()).filter(|at| found.is_char_boundary(*at)).any(|at| fits(&found[at..], rest))
}

fn lines_fit(found: &[&str], shown: &[String]) -> bool {
    match shown.split_first() {
        None => found.is_empty(),
        Some((any, rest)) if any == "…" => (0..=found.len()).any(|skipped| lines_fit(&found[skipped..], rest)),
        Some((line, rest)) => {
            found.split_first().is_some_and(|(first, found)| fits(first, line) && lines_fit(found, rest))
        }
    }
}

#[test]
fn the_transcript_of_the_readme_is_what_the_program_says() {
    holds(&transcript(README));
}

#[test]
fn the_transcript_of_a_monitors_visit_is_what_the_program_says() {
    holds(&transcript(VISITS));
}

fn holds(steps: &[Step]) {
    assert!(steps.len() >= 8, "{} commands", steps.len());
    let dir = tempfile::tempdir().unwrap();
    let answers = run(steps, dir.path());
    assert_eq!(answers.len(), steps.len());
    for (step, answer) in steps.iter().zip(&answers) {
        let found: Vec<&str> = answer.lines().collect();
        assert!(lines_fit(&found, &step.shown), "$ {}\nshown:\n{:#?}\nfound:\n{found:#?}", step.command, step.shown);
    }
}

#[test]
fn an_ellipsis_stands_for_anything_and_nothing_else_does() {
    assert!(fits("head abc…", "head …") && fits("a-b-c", "a…c") && !fits("a-b-d", "a…c") && !fits("ab", "a"));
    let shown = ["a".to_owned(), "…".to_owned(), "d".to_owned()];
    assert!(lines_fit(&["a", "b", "c", "d"], &shown) && lines_fit(&["a", "d"], &shown));
    assert!(!lines_fit(&["a", "b"], &shown) && !lines_fit(&["a", "d", "e"], &shown));
}

#[test]
fn the_readme_names_the_two_commands_that_show_everything() {
    for command in ["cargo run --release -- demo", "cargo test --workspace"] {
        assert!(README.contains(command), "{command}");
    }
}
