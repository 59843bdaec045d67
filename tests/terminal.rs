//! The terminal: colours, progress and pages where a person reads, plain text where a program does; mistyped words are
//! answered with the nearest; manual pages and completions know every verb.
//!
//! A terminal is made by `script` (util-linux); where there is none, these stories say so and are skipped.

use crate::common::{Dir, Ran, demo, run, small::small, trial};
use clap::Command as Clap;
use std::{
    collections::BTreeSet,
    fs,
    io::Read as _,
    process::{Command, Stdio},
};
use trial_cli::{args, flags};
use trial_core::event::EventKind;
use unicode_width::UnicodeWidthStr as _;

/// What a command writes on a terminal: its answer, and all else with it where `also` says `2>&1`.
fn on_terminal(dir: &Dir, environment: &[(&str, &str)], words: &str, also: &str) -> Option<String> {
    let ledger = dir.path();
    let line = format!("'{}' --ledger '{}' {words} {also}", env!("CARGO_BIN_EXE_trial"), ledger.display());
    let mut script = Command::new("script");
    script.args(["-qec", &line, "/dev/null"]).env_clear().env("TERM", "xterm").env("SHELL", "/bin/sh");
    script.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", crate::common::NO_HOME);
    script.envs(environment.iter().copied()).stdin(std::process::Stdio::null());
    match script.output() {
        Ok(output) if output.status.success() => Some(String::from_utf8(output.stdout).unwrap()),
        Ok(output) => panic!("{line}: {output:?}"),
        Err(e) => {
            eprintln!("skipped: this story needs a terminal, and there is no `script` ({e})");
            None
        }
    }
}

const QUIET: &str = "2>/dev/null";

#[test]
fn colours_are_for_terminals_and_not_where_no_color_is_set() {
    let dir = small();
    let Some(seen) = on_terminal(&dir, &[], "status", QUIET) else { return };
    assert!(seen.contains("\u{1b}[1m") && seen.contains("SYNTHETIC"), "{seen:?}");
    let plain = on_terminal(&dir, &[("NO_COLOR", "1")], "status", QUIET).unwrap();
    assert!(!plain.contains('\u{1b}') && plain.contains("SYNTHETIC"), "{plain:?}");
    let piped = dir.run(&["status"]).expect(0);
    assert!(!piped.all().contains('\u{1b}'), "{piped:?}");
}

#[test]
fn long_work_shows_its_rate_and_the_time_left_on_a_terminal_and_nothing_in_a_pipe() {
    let dir = demo();
    let Some(seen) = on_terminal(&dir, &[], "verify", "2>&1") else { return };
    assert!(seen.contains("verifying") && seen.contains("/s, ") && seen.contains(" left"), "{seen:?}");
    let piped = dir.run(&["verify"]).expect(0);
    assert!(!piped.all().contains("verifying") && !piped.all().contains(" left"), "{piped:?}");
}

#[test]
fn whoever_reads_an_answer_may_stop_reading() {
    let dir = demo();
    for words in [&["export"][..], &["completions", "bash"], &["replay", "--json"]] {
        let mut child = dir.command(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = [0; 10];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let ended = child.wait_with_output().unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert!(ended.status.success() && !said.contains("error"), "{words:?}: {said}");
    }
}

#[test]
fn a_day_that_is_none_is_told_how_days_are_written() {
    let dir = small();
    for option in ["--since", "--cutoff"] {
        dir.run(&["log", option, "yesterday"]).expect(2).says(&["yesterday", "expected a day, for example 2018-01-20"]);
    }
}

#[test]
fn the_log_is_paged_on_a_terminal_and_never_in_a_pipe_nor_as_json() {
    let dir = small();
    let pager: &[(&str, &str)] = &[("PAGER", "sed s/^/page:/")];
    let Some(seen) = on_terminal(&dir, pager, "log", QUIET) else { return };
    assert!(seen.lines().all(|line| line.starts_with("page:")), "{seen}");
    assert!(seen.contains("trial_opened") && seen.contains("page:SYNTHETIC DATA"), "{seen}");
    let json = on_terminal(&dir, pager, "log --json", QUIET).unwrap();
    assert!(!json.contains("page:") && json.starts_with('{'), "{json}");
    for pager in ["", "cat", "there-is-no-such-pager"] {
        let seen = on_terminal(&dir, &[("PAGER", pager)], "log", QUIET).unwrap();
        assert!(seen.contains("trial_opened"), "{pager:?}: {seen}");
    }
    let piped = dir.command(&["log"]).env("PAGER", "sed s/^/page:/").output().unwrap();
    let piped = String::from_utf8(piped.stdout).unwrap();
    assert!(piped.contains("trial_opened") && !piped.contains("page:"), "{piped}");
}

#[test]
fn the_log_wraps_on_a_terminal_and_keeps_one_line_an_entry_in_a_pipe() {
    let dir = small();
    let environment: &[(&str, &str)] = &[("COLUMNS", "64"), ("PAGER", "cat")];
    let Some(seen) = on_terminal(&dir, environment, "log", QUIET) else { return };
    assert!(seen.lines().all(|line| line.width() <= 64), "{seen}");
    let words: Vec<&str> = seen.split_whitespace().collect();
    assert!(words.join(" ").contains("left the hospital"), "{seen}");
    let piped = dir.run(&["log"]).expect(0).stdout;
    let entries = dir.lines().len();
    assert_eq!(piped.lines().count(), entries + 1, "the entries, and the line that they are synthetic");
}

#[test]
fn the_dashboard_keeps_its_words_whole_at_sixty_columns() {
    let dir = small();
    for columns in ["60", "70", "80"] {
        let seen = dir.command(&["status"]).env("COLUMNS", columns).output().unwrap();
        let seen = String::from_utf8(seen.stdout).unwrap();
        let most: usize = columns.parse().unwrap();
        assert!(seen.lines().all(|line| line.width() <= most), "{seen}");
        assert!(["places", "treated", "pending", "DLT"].iter().all(|word| seen.contains(word)), "{seen}");
    }
}

#[test]
fn the_log_is_filtered_by_subject_type_person_and_day() {
    let dir = small();
    let list = |filter: &[&str]| dir.run(&[&["log", "--json"], filter].concat()).expect(0).json()["entries"].clone();
    let all = list(&[]);
    let expect = |filter: &[&str], belongs: &dyn Fn(&serde_json::Value) -> bool| {
        let wanted: Vec<_> = all.as_array().unwrap().iter().filter(|entry| belongs(entry)).cloned().collect();
        assert!(!wanted.is_empty() && wanted.len() < all.as_array().unwrap().len(), "{filter:?}");
        assert_eq!(list(filter), serde_json::Value::from(wanted), "{filter:?}");
    };
    expect(&["--subject", "S-7"], &|entry| entry["event"]["subject"] == "S-7");
    expect(&["--type", "dose-taken"], &|entry| entry["event"]["type"] == "dose_taken");
    expect(&["--by", "radiologist"], &|entry| entry["signer"]["role"] == "radiologist");
    // The day is that of the trial's zone: 09:00 in Taipei is 01:00 UTC.
    expect(&["--since", "2026-02-09"], &|entry| entry["recorded_at"].as_str().unwrap() >= "2026-02-08T16:00");
    expect(
        &["--subject", "S-1", "--type", "fraction_delivered", "--by", "therapist", "--since", "2026-02-06"],
        &|entry| {
            entry["event"]["type"] == "fraction_delivered"
                && entry["recorded_at"].as_str().unwrap() >= "2026-02-05T16:00"
        },
    );
}

#[test]
fn a_mistyped_word_is_answered_with_the_nearest() {
    let dir = demo();
    let told = |words: &str| -> Ran { dir.run(&words.split(' ').collect::<Vec<_>>()) };
    for (words, code, nearest) in [
        ("stauts", 2, "'status'"),
        ("key shwo", 2, "'show'"),
        ("status --as-fo 2017-01-01", 2, "'--as-of'"),
        ("append dose-takn", 2, "'dose-taken'"),
        ("append dose-taken --subjct X", 2, "'--subject'"),
        ("append --template dose_takn", 2, "did you mean dose-taken?"),
        ("log --type dose_takn", 2, "did you mean dose-taken?"),
        ("log --subject RECON001", 0, "did you mean RECON-001?"),
        ("log --by invstigator", 0, "did you mean investigator?"),
        ("history RECON001", 1, "did you mean RECON-001?"),
        ("history RECON001 --lesions", 1, "did you mean RECON-001?"),
        ("history RECON-001 grad", 1, "did you mean grade?"),
        ("plot km --endpoint ss", 2, "did you mean os?"),
        (
            "--key investigater-1 append followed-up --subject RECON-001 --status alive --occurred-at 2020-01-06",
            3,
            "did you mean investigator-1",
        ),
        (
            "--key investigator-1 append followed-up --subject RECON001 --status alive --occurred-at 2020-01-06",
            1,
            "did you mean RECON-001?",
        ),
        (
            "--key investigator-1 append followed-up --subject RECON-001 --status aliv --occurred-at 2020-01-06",
            2,
            "alive",
        ),
    ] {
        let ran = told(words);
        assert_eq!(ran.code, code, "{words}: {ran:#?}");
        ran.says(&[nearest]);
    }
    let ran = told("log --subject RECON-777").expect(0);
    assert!(ran.stderr.contains("nothing is recorded of RECON-777") && !ran.stderr.contains("did you mean"), "{ran:?}");
}

/// The names of the manual pages of a command and all below it.
fn pages(command: &Clap, name: &str, found: &mut BTreeSet<String>) {
    found.insert(format!("{name}.1"));
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        pages(below, &format!("{name}-{}", below.get_name()), found);
    }
}

#[test]
fn there_is_a_manual_page_for_every_verb_and_every_event() {
    let dir = Dir::empty();
    let folder = dir.beside("man1");
    run(&["man".as_ref(), folder.as_os_str()]).expect(0).says(&["manual pages in"]);
    let mut expected = BTreeSet::new();
    let mut command = args::command();
    // With the events, which are made only when they are asked for.
    command.build();
    pages(&command, "trial", &mut expected);
    for kind in EventKind::ALL {
        assert!(expected.contains(&format!("trial-append-{}.1", flags::subcommand(*kind))), "{kind}");
    }
    let written = || fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let found: BTreeSet<String> = written().filter(|name| !name.contains("-help")).collect();
    assert_eq!(found, expected);
    for page in found {
        let text = fs::read_to_string(folder.join(&page)).unwrap();
        assert!(text.contains(".TH ") && text.contains(".SH NAME") && text.contains(".SH OPTIONS"), "{page}");
    }
}

#[test]
fn completions_of_every_shell_know_the_verbs_and_the_events() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = run(&["completions", shell]).expect(0).stdout;
        assert!(["replay", "plot", "waterfall", "dose-taken"].iter().all(|word| script.contains(word)), "{shell}");
    }
    let unknown = trial().args(["completions", "bsh"]).output().unwrap();
    assert!(String::from_utf8(unknown.stderr).unwrap().contains("'bash'"));
}
