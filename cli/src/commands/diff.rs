//! `trial diff`: what came between two cuts, and which numbers moved because of it.

use super::lens;
use crate::{
    args::{DiffArgs, Global},
    clock::{Zone, stamp},
    error::CliError,
    output::Output,
    render::signature::signers,
    session::{Lens, Session, reading},
};
use chrono::{DateTime, Utc};
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

/// A cut: so many entries, or all recorded by an instant.
#[derive(Debug, Clone, Copy)]
enum Cut {
    Entries(u64),
    AsOf(DateTime<Utc>),
}

impl Cut {
    /// A number is a count of entries up to and with that place; anything else a day or an instant.
    fn parse(text: &str, zone: Zone) -> Result<Cut, CliError> {
        match text.parse::<u64>() {
            Ok(seq) => Ok(Cut::Entries(seq + 1)),
            Err(_) => zone.as_of(text).map(Cut::AsOf).map_err(|_| {
                CliError::usage(format!("{text}: expected an entry's place, a day or an instant"))
                    .hint("for example --from 193 --to 194, or --from 2017-01-01 --to 2017-02-01")
            }),
        }
    }

    fn holds(self, entry: &Entry) -> bool {
        match self {
            Cut::Entries(n) => entry.seq.0 < n,
            Cut::AsOf(instant) => entry.recorded_at <= instant,
        }
    }
}

/// A number before and after.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Moved {
    path: String,
    before: Value,
    after: Value,
}

/// A correction or a voided entry, with the numbers that it alone moved.
#[derive(Debug, Serialize)]
struct Amended {
    seq: u64,
    target: u64,
    what: String,
    old: Value,
    new: Value,
    who: String,
    signatures: Vec<Signer>,
    when: String,
    #[serde(skip)]
    at: DateTime<Utc>,
    why: Option<String>,
    moved: Vec<Moved>,
}

#[derive(Debug, Serialize)]
struct Diff {
    from: CutLine,
    to: CutLine,
    added: BTreeMap<String, u64>,
    amended: Vec<Amended>,
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
    let diff = compare(&session, &Lens { as_of: None, cutoff: global.cutoff }, from, to)?;
    if output.json {
        output.value(&diff)?;
    } else {
        output.text(&text(&diff, zone))?;
    }
    Ok(0)
}

fn compare(session: &Session, lens: &Lens, from: Cut, to: Cut) -> Result<Diff, CliError> {
    let (mut trial, mut before) = (Trial::default(), None);
    let (mut added, mut amended) = (BTreeMap::new(), Vec::new());
    let mut events: BTreeMap<Seq, Event> = BTreeMap::new();
    let mut last = None;
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
        Effect::Voids { target } => events.remove(target),
        Effect::Withheld => None,
    };
}

fn amendment(entry: &Entry, events: &BTreeMap<Seq, Event>) -> Option<Amended> {
    let (target, what, old, new) = match (&entry.effect, &entry.event) {
        (Effect::Revises { target, .. }, Event::EntryCorrected(e)) => {
            (*target, e.field.clone(), e.old.clone(), e.new.clone())
        }
        (Effect::Voids { target }, _) => (*target, "voided".to_owned(), events.get(target)?.to_value(), Value::Null),
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
const NAMES: &[&str] =
    &["subject", "level", "label", "name", "value", "endpoint", "by", "agent", "day", "days", "seq", "test", "rule"];

fn descend(path: &str, before: &Value, after: &Value, found: &mut Vec<Moved>) {
    if before == after {
        return;
    }
    match (before, after) {
        (Value::Object(a), Value::Object(b)) => {
            let names: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for name in names {
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
            let value = element.get(*name).filter(|v| v.is_string() || v.is_u64() || v.is_i64())?;
            Some(format!("{name}={}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        });
        let key = names.collect::<Vec<_>>().join(",");
        let key = if key.is_empty() || named.contains_key(&key) { format!("{key}#{i}") } else { key };
        named.insert(key, element);
    }
    named
}

fn text(diff: &Diff, zone: Zone) -> String {
    let mut lines = Vec::new();
    if diff.to.data == Some(trial_core::event::DataKind::Synthetic) {
        lines.push("SYNTHETIC DATA, these facts are invented".to_owned());
    }
    lines.push(format!(
        "from {} entries ({}) to {} entries ({})",
        diff.from.entries, diff.from.day, diff.to.entries, diff.to.day
    ));
    let added: Vec<String> = diff.added.iter().map(|(kind, n)| format!("{n} {kind}")).collect();
    lines.push(format!("added: {}", if added.is_empty() { "nothing".to_owned() } else { added.join(", ") }));
    for a in &diff.amended {
        lines.push(String::new());
        lines.push(format!("entry {} changes entry {}: {}", a.seq, a.target, a.what));
        lines.push(format!("  {} → {}", short(&a.old), short(&a.new)));
        lines.push(format!("  by {} on {}: {}", a.who, zone.show(a.at), a.why.as_deref().unwrap_or("")));
        lines.push(match a.moved.len() {
            0 => "  moved no number".to_owned(),
            n => format!("  moved {n}:"),
        });
        lines.extend(a.moved.iter().map(|m| format!("    {}", line(m))));
    }
    lines.push(String::new());
    lines.push(format!("{} numbers differ between the two cuts", diff.moved.len()));
    lines.extend(diff.moved.iter().map(|m| format!("  {}", line(m))));
    lines.join("\n") + "\n"
}

fn line(moved: &Moved) -> String {
    format!("{}: {} → {}", moved.path, short(&moved.before), short(&moved.after))
}

/// A value on one line; a long one by its beginning.
fn short(value: &Value) -> String {
    const MOST: usize = 60;
    let text = match value {
        Value::Null => "—".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.chars().count() <= MOST { text } else { text.chars().take(MOST - 1).chain(['…']).collect() }
}
