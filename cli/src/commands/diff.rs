//! `trial diff`: what came between two cuts, and which numbers moved because of it.

use super::{cut::Cut, lens};
use crate::{
    args::{DiffArgs, Global},
    clock::{Zone, stamp},
    error::CliError,
    output::Output,
    render::{self, Terminal, Tone, signature::signers},
    session::{Lens, Session, reading},
};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use trial_core::{
    entry::{Effect, Entry, Signer},
    event::Event,
    ids::Seq,
    projection::{Projection as _, Trial},
    view::replay::{CutLine, Reading, Replay},
};
use trial_ledger::merkle::Frontier;

/// A number before and after.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
struct Moved {
    /// Where it stands in `trial replay --json`.
    path: String,
    /// At the earlier cut; null where it was not there.
    before: Value,
    /// At the later cut; null where it is not there.
    after: Value,
}

/// A correction or a voided entry, with the numbers that it alone moved.
#[derive(Debug, Serialize, JsonSchema)]
struct Amended {
    /// The entry that amends.
    seq: u64,
    /// The entry amended.
    target: u64,
    /// Its type, its subject, and the member.
    what: String,
    /// The value until then.
    old: Value,
    /// The value from then on; null where the entry was voided.
    new: Value,
    /// Who signed it, in words.
    who: String,
    /// Who signed it, the author first.
    signatures: Vec<Signer>,
    /// When it was recorded.
    when: String,
    #[serde(skip)]
    at: DateTime<Utc>,
    /// The reason.
    why: Option<String>,
    /// The numbers that this amendment alone moved.
    moved: Vec<Moved>,
}

/// What lies between two cuts.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Diff {
    /// The earlier cut.
    from: CutLine,
    /// The later cut.
    to: CutLine,
    /// Entries between the cuts, by type.
    added: BTreeMap<String, u64>,
    /// Those of them that correct or void an entry.
    amended: Vec<Amended>,
    /// All numbers that differ.
    moved: Vec<Moved>,
}

/// Compares two cuts.
pub fn run(global: &Global, args: &DiffArgs, output: &mut Output<'_>) -> Result<u8, CliError> {
    if global.as_of.is_some() {
        return Err(CliError::usage("--as-of does not go with diff").hint("use --from and --to"));
    }
    let session = Session::open(&global.ledger, &lens(global))?;
    output.notices(&session.notices)?;
    let zone = session.zone;
    let from = Cut::parse(&args.from, zone)?;
    let to = match &args.to {
        Some(to) => Cut::parse(to, zone)?,
        None => Cut::Entries(session.ledger.tip().size()),
    };
    [&from, &to].into_iter().try_for_each(|cut| cut.reached(session.ledger.tip().size()))?;
    let diff = compare(&session, &Lens { cutoff: global.cutoff, ..Lens::default() }, &from, &to)?;
    if output.json {
        output.value(&diff)?;
    } else {
        output.text(&text(&diff, zone, render::screen()))?;
    }
    Ok(0)
}

fn compare(session: &Session, lens: &Lens, from: &Cut, to: &Cut) -> Result<Diff, CliError> {
    let (mut trial, mut before) = (Trial::default(), None);
    let (mut added, mut amended) = (BTreeMap::new(), Vec::new());
    let mut events: BTreeMap<Seq, Event> = BTreeMap::new();
    let (mut last, mut grown) = (None, Frontier::default());
    for verified in session.ledger.entries() {
        let verified = verified?;
        let entry = match lens.cutoff {
            Some(day) => verified.entry().clone().cut(day),
            None => verified.entry().clone(),
        };
        if !to.holds(&entry) {
            break;
        }
        if !from.holds(&entry) {
            let now = at(session, entry.recorded_at, lens);
            before.get_or_insert_with(|| read(&trial, session, last));
            *added.entry(entry.event.kind().to_string()).or_insert(0) += 1;
            if let Some(amendment) = amendment(&entry, &events) {
                let was = numbers(&trial, now)?;
                trial.apply(&entry);
                let moved = moved(&was, &numbers(&trial, now)?);
                amended.push(Amended { moved, ..amendment });
            } else {
                trial.apply(&entry);
            }
        } else {
            trial.apply(&entry);
        }
        grown.push(entry.hash);
        from.agrees(&grown)?;
        to.agrees(&grown)?;
        remember(&entry, &mut events);
        last = Some(entry.recorded_at);
    }
    let after = read(&trial, session, last);
    let before = before.unwrap_or_else(|| after.clone());
    let moved = moved(&value(&before)?, &value(&after)?);
    Ok(Diff { from: before.cut, to: after.cut, added, amended, moved })
}

fn at(session: &Session, instant: DateTime<Utc>, lens: &Lens) -> Reading {
    reading(session.zone, instant, None, lens.cutoff)
}

/// The trial as read at the last entry before the cut.
fn read(trial: &Trial, session: &Session, last: Option<DateTime<Utc>>) -> Replay {
    let instant = last.unwrap_or(session.reading.instant);
    Replay::read(trial, reading(session.zone, instant, last, session.reading.cutoff))
}

fn numbers(trial: &Trial, reading: Reading) -> Result<Value, CliError> {
    value(&Replay::read(trial, reading))
}

fn value(replay: &Replay) -> Result<Value, CliError> {
    let mut value = serde_json::to_value(replay).map_err(|e| CliError::unknown(e.to_string()))?;
    // The cut always moves; it stands above the numbers.
    value["cut"] = Value::Null;
    Ok(value)
}

fn remember(entry: &Entry, events: &mut BTreeMap<Seq, Event>) {
    match &entry.effect {
        Effect::States => events.insert(entry.seq, entry.event.clone()),
        Effect::Revises { target, event } => events.insert(*target, (**event).clone()),
        Effect::Voids { target, .. } => events.remove(target),
        Effect::Withheld => None,
    };
}

fn amendment(entry: &Entry, events: &BTreeMap<Seq, Event>) -> Option<Amended> {
    let (target, what, old, new) = match (&entry.effect, &entry.event) {
        (Effect::Revises { target, .. }, Event::EntryCorrected(e)) => {
            (*target, e.field.clone(), e.old.clone(), e.new.clone())
        }
        (Effect::Voids { target, .. }, _) => {
            (*target, "voided".to_owned(), events.get(target)?.to_value(), Value::Null)
        }
        _ => return None,
    };
    let kind = events.get(&target).map_or("", |event| event.kind().as_str());
    let subject = events.get(&target).and_then(|e| e.subject()).map_or_else(String::new, |s| format!(" of {s}"));
    Some(Amended {
        seq: entry.seq.0,
        target: target.0,
        what: format!("{kind}{subject}: {what}"),
        old,
        new,
        who: signers(entry),
        signatures: entry.signers().cloned().collect(),
        when: stamp(entry.recorded_at),
        at: entry.recorded_at,
        why: entry.reason.as_ref().map(|reason| reason.to_string()),
        moved: Vec::new(),
    })
}

/// All leaves that differ, by path.
fn moved(before: &Value, after: &Value) -> Vec<Moved> {
    let mut found = Vec::new();
    descend("", before, after, &mut found);
    found
}

/// Members that name an element of a list: two elements with the same names are the same thing at two cuts.
const NAMES: &[&str] = &[
    "subject",
    "level",
    "ae",
    "set",
    "label",
    "name",
    "value",
    "endpoint",
    "by",
    "agent",
    "plan",
    "organ",
    "alpha_beta_gy",
    "share",
    "day",
    "days",
    "seq",
    "test",
    "rule",
];

/// Members that say where a number comes from, and are none.
const WORDS: &[&str] = &["entries", "because"];

fn descend(path: &str, before: &Value, after: &Value, found: &mut Vec<Moved>) {
    if before == after {
        return;
    }
    match (before, after) {
        (Value::Object(a), Value::Object(b)) => {
            let names: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for name in names.into_iter().filter(|name| !WORDS.contains(&name.as_str())) {
                let step = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                let (was, is) = (a.get(name).unwrap_or(&Value::Null), b.get(name).unwrap_or(&Value::Null));
                descend(&step, was, is, found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.iter().chain(b).all(Value::is_object) => {
            let (a, b) = (by_name(a), by_name(b));
            let names: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for name in names {
                let (was, is) = (a.get(name).copied(), b.get(name).copied());
                let (was, is) = (was.unwrap_or(&Value::Null), is.unwrap_or(&Value::Null));
                descend(&format!("{path}[{name}]"), was, is, found);
            }
        }
        _ => found.push(Moved { path: path.to_owned(), before: before.clone(), after: after.clone() }),
    }
}

fn by_name(elements: &[Value]) -> BTreeMap<String, &Value> {
    let mut named = BTreeMap::new();
    for (i, element) in elements.iter().enumerate() {
        let names = NAMES.iter().filter_map(|name| {
            let value = element.get(*name).filter(|v| v.is_string() || v.is_number())?;
            Some(format!("{name}={}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        });
        let key = names.collect::<Vec<_>>().join(",");
        let key = if key.is_empty() || named.contains_key(&key) { format!("{key}#{i}") } else { key };
        named.insert(key, element);
    }
    named
}

fn text(diff: &Diff, zone: Zone, terminal: Terminal) -> String {
    let mut text = String::new();
    let mut say = |tone, lead: &str, words: &str| text += &terminal.lines(tone, lead, words);
    if let Some(warning) = render::cut::warning(&diff.to) {
        say(Tone::Deviation, "", &warning);
    }
    let side = |cut: &CutLine| format!("{} entries, read on {}", cut.entries, cut.day);
    say(Tone::Heading, "from  ", &side(&diff.from));
    say(Tone::Heading, "to    ", &side(&diff.to));
    let added: Vec<String> = diff.added.iter().map(|(kind, n)| format!("{n} {kind}")).collect();
    say(Tone::Text, "added ", &if added.is_empty() { "nothing".to_owned() } else { added.join(", ") });
    for a in &diff.amended {
        say(Tone::Text, "", "");
        say(Tone::Heading, "", &format!("entry {} changes entry {}, {}", a.seq, a.target, a.what));
        say(Tone::Text, "  value  ", &format!("{} \u{2192} {}", short(&a.old), short(&a.new)));
        say(Tone::Text, "  by     ", &format!("{}, on {}", a.who, zone.show(a.at)));
        say(Tone::Text, "  why    ", a.why.as_deref().unwrap_or("no reason is recorded"));
        match a.moved.len() {
            0 => say(Tone::Text, "  moved  ", "no number"),
            n => say(Tone::Text, "  moved  ", &render::number::of(n as u64, "number:", "numbers:")),
        }
        a.moved.iter().for_each(|m| say(Tone::State, "    ", &line(m)));
    }
    say(Tone::Text, "", "");
    let (decisive, others): (Vec<&Moved>, Vec<&Moved>) =
        diff.moved.iter().partition(|m| m.path.starts_with("escalation"));
    for (what, moved) in [("the escalation", decisive), ("all else", others)] {
        let numbers = render::number::of(moved.len() as u64, "number", "numbers");
        say(Tone::Heading, "", &format!("between the two cuts, {what}: {numbers} moved"));
        moved.iter().for_each(|m| say(Tone::Text, "  ", &line(m)));
    }
    text
}

fn line(moved: &Moved) -> String {
    format!("{}: {} \u{2192} {}", moved.path, short(&moved.before), short(&moved.after))
}

/// A value on one line; a long one by its beginning.
fn short(value: &Value) -> String {
    const MOST: usize = 60;
    let text = match value {
        Value::Null => "\u{2014}".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.chars().count() <= MOST { text } else { text.chars().take(MOST - 1).chain(['\u{2026}']).collect() }
}
