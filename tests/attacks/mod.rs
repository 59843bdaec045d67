//! The catalogue of attacks (`tests/vectors/attacks.json`): each has its case, and docs/trust.md lists the same.
//!
//! Checks that what a row names is there: a log with that fault, a test that is run and speaks of it, or a sentence. What
//! the logs and the tests show, they show themselves.

mod stories;

use serde::Deserialize;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};
use trial_ledger::fault::FaultKind;

/// How many attacks are known.
const ROWS: usize = 47;

const TRUST: &str = "docs/trust.md";

/// What stands around the table in [`TRUST`].
const MARKS: [&str; 2] = ["<!-- attacks -->\n", "<!-- end of attacks -->\n"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    #[allow(dead_code, reason = "for readers")]
    about: String,
    who: BTreeMap<String, String>,
    attacks: Vec<Attack>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Attack {
    number: usize,
    name: String,
    who: Vec<String>,
    what: String,
    answer: String,
    logs: Option<Vec<Log>>,
    stories: Option<Vec<Story>>,
    limit: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Log {
    file: String,
    kind: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Story {
    test: String,
    kind: Option<String>,
    exit: Option<i32>,
    told: Option<String>,
}

fn top(path: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join(path)
}

fn text(path: &str) -> Result<String, String> {
    fs::read_to_string(top(path)).map_err(|error| format!("{path}: {error}"))
}

fn catalogue() -> Catalogue {
    serde_json::from_str(&text("tests/vectors/attacks.json").unwrap()).unwrap()
}

/// What is wrong with the case of an attack.
fn case(attack: &Attack) -> Result<(), String> {
    match (&attack.logs, &attack.stories, &attack.limit) {
        (Some(logs), None, None) if !logs.is_empty() => logs.iter().try_for_each(|log| log_is_there(attack, log)),
        (None, Some(stories), None) if !stories.is_empty() => {
            stories.iter().try_for_each(|story| is_told(attack, story))
        }
        (None, None, Some(limit)) => {
            let page = text(TRUST)?.split_whitespace().collect::<Vec<_>>().join(" ");
            let stands = limit.len() > 20 && page.contains(limit.as_str());
            if stands { Ok(()) } else { Err(format!("{TRUST} does not say: {limit}")) }
        }
        _ => Err("expected logs, stories or a limit, one of them".to_owned()),
    }
}

fn log_is_there(attack: &Attack, log: &Log) -> Result<(), String> {
    let list: Value = serde_json::from_str(&text("tests/vectors/logs.json")?).map_err(|error| error.to_string())?;
    let rows = list["faults"].as_array().ok_or("logs.json lists no faults")?;
    let row = rows.iter().find(|row| row["file"] == log.file.as_str());
    let row = row.ok_or_else(|| format!("logs.json does not list {}", log.file))?;
    if row["kind"] != log.kind.as_str() {
        return Err(format!("{}: expected {}, found {}", log.file, log.kind, row["kind"]));
    }
    fs::metadata(top("tests/vectors").join(&log.file)).map_err(|error| format!("{}: {error}", log.file))?;
    answers(attack, &log.kind)
}

/// The attack's answer names the fault.
fn answers(attack: &Attack, kind: &str) -> Result<(), String> {
    let known = FaultKind::ALL.iter().any(|known| known.to_string() == kind);
    let named = known && attack.answer.contains(&format!("`{kind}`"));
    if named { Ok(()) } else { Err(format!("{kind} is no fault, or the answer does not name it")) }
}

/// The story is a test that is run, and its source, or a function that it calls, speaks of what is expected.
fn is_told(attack: &Attack, story: &Story) -> Result<(), String> {
    let (file, name) = story.test.split_once("::").ok_or("expected FILE::TEST")?;
    let source = text(file)?;
    if let Some(module) = file.strip_prefix("tests/").and_then(|file| file.strip_suffix(".rs")) {
        let first = module.split('/').next().unwrap_or(module);
        if !text("tests/main.rs")?.contains(&format!("\nmod {first};")) {
            return Err(format!("tests/main.rs has no module {first}"));
        }
    }
    let functions = functions(&source);
    let (attributes, body) = functions.get(name).ok_or_else(|| format!("{file} has no function {name}"))?;
    if !attributes.contains("#[test]") || attributes.contains("#[ignore") {
        return Err(format!("{} is not a test that is run", story.test));
    }
    let words = match (&story.kind, story.exit, &story.told) {
        (Some(kind), None, None) => {
            answers(attack, kind)?;
            vec![kind.clone(), format!("::{}", in_camel_case(kind))]
        }
        (None, Some(code), None) => vec![format!("expect({code})"), format!("code, {code},"), format!("Some({code})")],
        (None, None, Some(told)) => vec![told.clone()],
        _ => return Err(format!("{}: expected kind, exit or told, one of them", story.test)),
    };
    let called = functions.iter().filter(|(other, _)| body.contains(&format!("{other}(")));
    let sources: Vec<&str> = [body.as_str()].into_iter().chain(called.map(|(_, (_, body))| body.as_str())).collect();
    let speaks = words.iter().any(|word| sources.iter().any(|source| source.contains(word.as_str())));
    if speaks { Ok(()) } else { Err(format!("{} speaks of none of {words:?}", story.test)) }
}

fn in_camel_case(kind: &str) -> String {
    kind.split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}

/// The functions of a formatted source file: name, attributes, text.
fn functions(source: &str) -> BTreeMap<String, (String, String)> {
    let lines: Vec<&str> = source.lines().collect();
    let mut found = BTreeMap::new();
    for (at, line) in lines.iter().enumerate() {
        let bare = line.trim_start();
        let word = ["fn ", "pub fn ", "pub(super) fn "].iter().find_map(|start| bare.strip_prefix(start));
        let Some(name) = word.and_then(|rest| rest.split(['(', '<']).next()) else { continue };
        let end = format!("{}}}", &line[..line.len() - bare.len()]);
        let body = lines[at..].iter().take_while(|line| **line != end).copied().collect::<Vec<_>>().join("\n");
        let above = lines[..at].iter().rev().take_while(|line| line.trim_start().starts_with(['#', '/']));
        found.insert(name.to_owned(), (above.copied().collect::<Vec<_>>().join("\n"), body));
    }
    found
}

#[test]
fn no_attack_lacks_its_case() {
    let attacks = catalogue().attacks;
    let numbers: Vec<usize> = attacks.iter().map(|attack| attack.number).collect();
    assert_eq!(numbers, (1..=ROWS).collect::<Vec<_>>(), "each once, in order");
    let names: BTreeSet<&str> = attacks.iter().map(|attack| attack.name.as_str()).collect();
    assert_eq!(names.len(), ROWS, "each has a name of its own");
    let lacking = |attack: &Attack| case(attack).err().map(|why| format!("{} {}: {why}", attack.number, attack.name));
    let wrong: Vec<String> = attacks.iter().filter_map(lacking).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn a_case_that_is_not_there_is_missed() {
    let first = |change: &dyn Fn(&mut Attack)| {
        let mut attack = catalogue().attacks.remove(0);
        change(&mut attack);
        case(&attack)
    };
    assert_eq!(first(&|_| ()), Ok(()));
    assert!(first(&|attack| attack.logs = None).is_err());
    assert!(first(&|attack| attack.limit = Some("Something.".into())).is_err());
    assert!(first(&|attack| attack.logs.as_mut().unwrap()[0].file.push('x')).is_err());
    assert!(first(&|attack| attack.logs.as_mut().unwrap()[0].kind = "broken_link".into()).is_err());
    let told = |test: &str, kind: &str| {
        first(&|attack| {
            attack.logs = None;
            attack.answer = "`signature_invalid`, `broken_link`".into();
            let (test, kind) = (test.to_owned(), Some(kind.to_owned()));
            attack.stories = Some(vec![Story { test, kind, exit: None, told: None }]);
        })
    };
    let story = "tests/attacks/stories.rs::a_key_that_is_replaced_in_its_grant_breaks_the_grant";
    assert_eq!(told(story, "signature_invalid"), Ok(()));
    assert!(told(story, "broken_link").is_err(), "it speaks of another");
    assert!(told(story, "no_fault").is_err());
    assert!(told("tests/attacks/stories.rs::with_log_key", "signature_invalid").is_err(), "no test");
    assert!(told("tests/attacks/stories.rs::nothing", "signature_invalid").is_err());
}

/// The table of attacks as the page shows it.
fn table(catalogue: &Catalogue) -> String {
    let legend: Vec<String> = catalogue.who.iter().map(|(letter, who)| format!("{letter}: {who}.")).collect();
    let mut table =
        format!("{}\n\n| attack | by | what happens | what shows it |\n|---|---|---|---|\n", legend.join(" "));
    for attack in &catalogue.attacks {
        let strangers: Vec<_> = attack.who.iter().filter(|who| !catalogue.who.contains_key(*who)).collect();
        assert!(strangers.is_empty(), "{}: no legend for {strangers:?}", attack.name);
        let by = if attack.who.is_empty() { "an accident".to_owned() } else { attack.who.join(", ") };
        table += &format!("| `{}` | {by} | {} | {} |\n", attack.name, attack.what, attack.answer);
    }
    table
}

#[test]
fn the_page_of_trust_lists_the_attacks_of_the_catalogue() {
    let page = text(TRUST).unwrap();
    let (before, rest) = page.split_once(MARKS[0]).expect("the table has a beginning");
    let (_, after) = rest.split_once(MARKS[1]).expect("the table has an end");
    let current = [before, MARKS[0], &table(&catalogue()), MARKS[1], after].concat();
    if std::env::var_os("UPDATE").is_some_and(|update| update == "1") {
        fs::write(top(TRUST), &current).unwrap();
    } else {
        assert!(page == current, "{TRUST} is stale, run again with UPDATE=1");
    }
}
