//! Why a number is what it is, and what moved it: `trial why` and `trial diff` on the demonstration.

use crate::common::{Dir, demo, pick, run};
use serde_json::{Value, json};
use std::fs;

fn ask(dir: &Dir, args: &[&str]) -> Value {
    dir.run(args).expect(0).json()
}

#[test]
fn every_part_of_a_replay_says_why_down_to_the_signatures() {
    let dir = demo();
    let replay = ask(&dir, &["replay", "--json"]);
    // The cut is what it rests on, and suspects are entries already.
    let parts = replay.as_object().unwrap().keys().filter(|part| !["cut", "suspects"].contains(&part.as_str()));
    let numbers = ["response.overall.rate", "survival.os.at", "survival.pfs.median_days", "escalation.mtd"];
    // Nothing serious happened in the demonstration, so that part rests on the protocol alone.
    for part in parts.map(String::as_str).chain(numbers) {
        let why = ask(&dir, &["why", part, "--json"]);
        let pointer = format!("/{}", part.replace('.', "/"));
        assert_eq!(&why["value"], replay.pointer(&pointer).unwrap(), "{part}");
        assert!(!why["rule"].as_str().unwrap().is_empty() && !why["source"].as_str().unwrap().is_empty(), "{part}");
        let entries = why["entries"].as_array().unwrap();
        assert!(entries.len() > 1 || part == "serious", "{part} rests on {} entries", entries.len());
        assert!(entries.iter().all(|entry| entry["signatures"][0]["sig"].is_string()), "{part}");
    }
}

#[test]
fn each_number_names_its_own_estimator_and_a_condition_narrows_what_it_rests_on() {
    let dir = demo();
    let says = |part: &str, words: &str| {
        let why = ask(&dir, &["why", part, "--json"]);
        let told = format!("{}; {}", why["rule"], why["source"]);
        assert!(told.contains(words), "{part}: {told}");
        why["entries"].as_array().unwrap().len()
    };
    says("response.overall.rate.ci95", "Clopper and Pearson");
    says("response.overall.rate.wilson95", "Wilson");
    says("survival.os.median_ci95", "Brookmeyer and Crowley");
    says("survival.follow_up.reverse_km_median_days", "death as censoring");
    says("escalation.recommendation", "opens no place");
    let all = says("toxicity.rows", "worst grade");
    let one = says("toxicity.rows[label=Nausea/vomiting].total.any", "worst grade");
    assert!(one < all, "{one} of {all}");
    dir.run(&["why", "response.overall.rat"]).expect(2).says(&["there is no rat"]);
}

#[test]
fn a_diff_across_a_correction_shows_cause_and_effect_on_one_screen() {
    let dir = demo();
    let diff = ask(&dir, &["diff", "--from", "204", "--to", "205", "--json"]);
    assert_eq!(diff["added"], json!({ "entry_corrected": 1 }));
    let amended = &diff["amended"][0];
    assert_eq!((&amended["old"], &amended["new"]), (&json!("9.0"), &json!("0.9")));
    assert_eq!(amended["moved"], diff["moved"], "nothing else happened");
    let path = "subjects[subject=RECON-003].laboratory.CREAT.last";
    let moved = pick(&diff["moved"], &[("path", json!(path))]);
    assert_eq!((&moved["before"], &moved["after"]), (&json!(9.0), &json!(0.9)));

    let text = dir.run(&["diff", "--from", "204", "--to", "205"]).expect(0);
    assert!(text.stdout.lines().count() <= 24 && text.stdout.lines().all(|line| line.chars().count() <= 80));
    text.says(&["SYNTHETIC DATA", "9.0 \u{2192} 0.9", "Cleo Coordinator", "decimal point misplaced", path]);
}

#[test]
fn days_and_places_and_checkpoints_cut_alike_and_a_checkpoint_of_another_log_is_refused() {
    let dir = demo();
    let export = dir.beside("log.jsonl");
    dir.run(&["export", "--output", export.to_str().unwrap()]).expect(0);
    let lines: Vec<String> = fs::read_to_string(&export).unwrap().lines().take(206).map(str::to_owned).collect();
    let begun = dir.file("begun.jsonl", lines.join("\n") + "\n");
    let root =
        run(&["verify".as_ref(), begun.as_os_str(), "--json".as_ref()]).json()["root"].as_str().unwrap().to_owned();
    let signature = format!("{}=", "A".repeat(91));
    let note = |size: u64, root: &str| {
        format!("sponsor.example/demo\n{size}\n{root}\n\n\u{2014} sponsor.example/demo {signature}\n")
    };
    let file = |name: &str, note: String| dir.file(name, note).to_str().unwrap().to_owned();
    let (good, other, longer) =
        (file("good", note(206, &root)), file("other", note(205, &root)), file("longer", note(9000, &root)));

    let by = |from: &str| ask(&dir, &["diff", "--from", from, "--to", "2016-11-30", "--json"]);
    assert_eq!(by(&good), by("205"));
    assert_eq!(by("2016-11-28")["added"]["entry_corrected"], 1);
    dir.run(&["diff", "--from", &other])
        .expect(1)
        .says(&["the checkpoint over 205 entries is not of this log", "hint:"]);
    dir.run(&["diff", "--from", &longer]).expect(1).says(&["the checkpoint is over 9000 entries, the log has"]);
    dir.run(&["diff", "--from", export.to_str().unwrap()]).expect(2).says(&["is not a checkpoint"]);
    dir.run(&["diff", "--from", "yesterday"]).expect(2).says(&["expected an entry's place, a day, an instant"]);
}
