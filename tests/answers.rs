//! What commands say with `--json` fits the schemas under `schemas/output`.

use crate::common::{Dir, demo, run, small::small};
use jsonschema::Validator;
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, path::Path};

const OUTPUT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/output");

fn validator(name: &str) -> Validator {
    let text = fs::read_to_string(Path::new(OUTPUT).join(format!("{name}.json"))).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    jsonschema::options().offline().should_validate_formats(true).build(&schema).unwrap()
}

#[track_caller]
fn fits(name: &str, answer: &Value) {
    let validator = validator(name);
    let errors: Vec<String> =
        validator.iter_errors(answer).map(|e| format!("{}: {e}", e.instance_path())).take(5).collect();
    assert!(errors.is_empty(), "{name}: {errors:#?}");
}

#[test]
fn every_answer_fits_its_schema_and_every_schema_has_an_answer() {
    let (whole, small): (Dir, Dir) = (demo(), small());
    let followed = json!({
        "type": "followed_up", "version": 1, "subject": "S-1", "occurred_at": "2026-02-10", "status": "alive"
    });
    let draft = json!({ "by": "coordinator", "recorded_at": "2026-02-10T18:00:00.000+08:00", "event": followed });
    let file = small.file("drafts.jsonl", format!("{draft}\n")).to_str().unwrap().to_owned();
    let bad = small.file("bad.jsonl", "{}\n").to_str().unwrap().to_owned();
    let mut answered = BTreeSet::new();
    let asked: &[(&str, &Dir, &[&str], i32)] = &[
        ("replay", &whole, &["replay"], 0),
        ("replay", &whole, &["replay", "--as-of", "2017-05-01"], 0),
        ("replay", &whole, &["replay", "--cutoff", "2016-10-01"], 0),
        ("replay", &small, &["replay"], 0),
        ("status", &whole, &["status", "--as-of", "2017-01-15"], 0),
        ("status", &small, &["status"], 0),
        ("verify", &whole, &["verify"], 0),
        ("log", &whole, &["log", "--subject", "RECON-003"], 0),
        ("show", &whole, &["show", "195"], 0),
        ("history", &whole, &["history", "RECON-004", "medications"], 0),
        ("history-lesions", &whole, &["history", "RECON-005", "--lesions"], 0),
        ("why", &whole, &["why", "response.overall.rate"], 0),
        ("diff", &whole, &["diff", "--from", "190", "--to", "2017-05-03"], 0),
        ("paths", &whole, &["paths", "1NNN 2NT", "--probabilities", "0.1,0.25,0.45"], 0),
        ("paths", &whole, &["paths"], 0),
        ("append-file", &small, &["append", "--file", &bad], 1),
        ("append-file", &small, &["append", "--file", &file], 0),
    ];
    for (name, dir, args, code) in asked {
        fits(name, &dir.run(&[args, &["--json"][..]].concat()).expect(*code).json());
        answered.insert((*name).to_owned());
    }
    let one = [
        "--key",
        "coordinator",
        "append",
        "laboratory-measured",
        "--subject",
        "S-1",
        "--occurred-at",
        "2026-02-10",
        "--test",
        "AFP",
        "--value",
        "5",
        "--unit",
        "ng/mL",
        "--recorded-at",
        "2026-02-10T19:00:00+08:00",
        "--json",
    ];
    fits("append", &small.run(&one).expect(0).json());
    answered.insert("append".to_owned());

    let broken = whole
        .lines()
        .into_iter()
        .enumerate()
        .map(|(n, line)| if n == 20 { line.replacen("RECON", "RECOM", 1) } else { line });
    let file = whole.file("broken.jsonl", broken.collect::<Vec<_>>().join("\n"));
    fits("verify", &run(&["verify".as_ref(), file.as_os_str(), "--json".as_ref()]).expect(1).json());

    let files = fs::read_dir(OUTPUT)
        .unwrap()
        .map(|file| file.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned());
    assert_eq!(files.collect::<BTreeSet<_>>(), answered);
}

#[test]
fn an_answer_without_a_member_that_is_always_there_is_refused() {
    let dir = demo();
    let mut answer = dir.run(&["status", "--json"]).expect(0).json();
    assert!(validator("status").is_valid(&answer));
    answer["escalation"].as_object_mut().unwrap().remove("state");
    assert!(!validator("status").is_valid(&answer));
}
