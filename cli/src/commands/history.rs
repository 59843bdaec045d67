//! `trial history`: the audit trail of a subject: each value with who, when and why (21 CFR 11.10(e)).

use super::{lens, unknown_subject};
use crate::{
    args::Global,
    clock::{Zone, stamp},
    error::CliError,
    flags::read::nearest,
    output::Output,
    pager,
    render::{sealed, signature::signers},
    session::Session,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use trial_core::{
    entry::{Effect, Entry, Signer},
    event::{Event, EventKind},
    ids::{Name, Seq},
    text::Text,
    view::replay::CutLine,
};
use trial_ledger::{
    check::Verified,
    ledger::{Ledger, Unsealed},
};

/// One value that a member of an event took.
struct Taken {
    entry: Entry,
    target: Seq,
    field: String,
    old: Value,
    new: Value,
    /// Of a sealed value, what became of it: `new` is the value where it is the one that was signed.
    sealed: Option<Unsealed>,
}

/// Shows the history.
pub fn run(global: &Global, subject: &str, field: Option<&str>, output: &mut Output<'_>) -> Result<u8, CliError> {
    let mut taken = Vec::new();
    // Targets of amendments name no subject: the subject of each entry is kept while reading.
    let mut of_subject: BTreeMap<Seq, Event> = BTreeMap::new();
    let mut sealing = Vec::new();
    let session = Session::open_with(&global.ledger, &lens(global), |verified| {
        let before = taken.len();
        take(verified.entry(), subject, &mut of_subject, &mut taken);
        if !verified.sealed().is_empty() && taken.len() > before {
            sealing.push((taken[before].target, verified.clone()));
        }
    })?;
    for (target, verified) in sealing {
        taken.extend(unsealed(target, &verified, &session.ledger)?);
    }
    taken.sort_by_key(|t| t.entry.seq);
    output.notices(&session.notices)?;
    if of_subject.is_empty() {
        return Err(unknown_subject(&session, subject));
    }
    let pointer = field.map(|f| if f.starts_with('/') { f.to_owned() } else { format!("/{f}") });
    let fields: BTreeSet<String> = taken.iter().map(|t: &Taken| t.field.clone()).collect();
    taken.retain(|t: &Taken| pointer.as_deref().is_none_or(|p| t.field == p || t.field.starts_with(&format!("{p}/"))));
    if let (true, Some(field)) = (taken.is_empty(), field) {
        let near = nearest(field, fields.iter().map(|known| known.trim_start_matches('/')));
        let near =
            near.map_or_else(|| format!("all of it: trial history {subject}"), |near| format!("did you mean {near}?"));
        return Err(CliError::no(format!("no {field} is recorded of {subject}")).hint(near));
    }
    if output.json {
        let values = taken.iter().map(line).collect();
        output.value(&Answer { cut: session.cut(), subject: subject.to_owned(), values })?;
    } else {
        output.banner(&session.opened)?;
        pager::page(&[text(&taken, session.zone)], output)?;
    }
    Ok(0)
}

/// The sealed values of an entry, as members of the fact that they belong to.
fn unsealed(target: Seq, verified: &Verified, ledger: &Ledger) -> Result<Vec<Taken>, CliError> {
    let value = |(name, found): (Name, Unsealed)| {
        let new = if let Unsealed::Value(value) = &found { value.clone() } else { Value::Null };
        let field = format!("/sealed/{name}");
        Taken { entry: verified.entry().clone(), target, field, old: Value::Null, new, sealed: Some(found) }
    };
    Ok(ledger.unseal(verified)?.into_iter().map(value).collect())
}

fn take(entry: &Entry, subject: &str, of_subject: &mut BTreeMap<Seq, Event>, taken: &mut Vec<Taken>) {
    let record = |target: Seq, field: String, old: Value, new: Value| Taken {
        entry: entry.clone(),
        target,
        field,
        old,
        new,
        sealed: None,
    };
    match &entry.effect {
        Effect::States if entry.event.subject().is_some_and(|s| s.as_str() == subject) => {
            let members = leaves(&entry.event.to_value());
            taken.extend(members.into_iter().map(|(field, value)| record(entry.seq, field, Value::Null, value)));
            of_subject.insert(entry.seq, entry.event.clone());
        }
        Effect::Revises { target, event } => {
            let Some(before) = of_subject.insert(*target, (**event).clone()) else {
                of_subject.remove(target);
                return;
            };
            let (old, new) = (leaves(&before.to_value()), leaves(&event.to_value()));
            let fields: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for field in fields {
                let (was, is) = (old.get(field), new.get(field));
                if was != is {
                    let value = |v: Option<&Value>| v.cloned().unwrap_or(Value::Null);
                    taken.push(record(*target, field.clone(), value(was), value(is)));
                }
            }
        }
        Effect::Voids { target, .. } => {
            if let Some(before) = of_subject.get(target) {
                let members = leaves(&before.to_value());
                taken.extend(members.into_iter().map(|(field, old)| record(*target, field, old, Value::Null)));
            }
        }
        Effect::States | Effect::Withheld => {}
    }
}

/// The members of an event that people wrote, by JSON pointer; quantities stay whole.
fn leaves(event: &Value) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    let Value::Object(members) = event else { return found };
    for (name, value) in members {
        if !matches!(name.as_str(), "type" | "version" | "subject") {
            descend(&format!("/{name}"), value, &mut found);
        }
    }
    found
}

fn descend(pointer: &str, value: &Value, found: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(members) if !members.contains_key("unit") => {
            for (name, value) in members {
                descend(&format!("{pointer}/{name}"), value, found);
            }
        }
        Value::Array(items) => {
            for (i, value) in items.iter().enumerate() {
                descend(&format!("{pointer}/{i}"), value, found);
            }
        }
        Value::Object(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            found.insert(pointer.to_owned(), value.clone());
        }
    }
}

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub(super) struct Answer {
    /// What it rests on.
    cut: CutLine,
    /// The subject.
    subject: String,
    /// In the order of the log.
    values: Vec<Line>,
}

/// One value that a member took.
#[derive(Serialize, JsonSchema)]
struct Line {
    /// The entry that gave it.
    seq: Seq,
    /// The entry whose member it is.
    target: Seq,
    /// The type of the entry that gave it.
    event: EventKind,
    /// JSON pointer to the member.
    field: String,
    /// The value before; null where there was none.
    old: Value,
    /// The value from then on; null where the entry was voided.
    new: Value,
    /// The author.
    who: Signer,
    /// Others who signed the same entry.
    countersigners: Vec<Signer>,
    /// When it was recorded.
    when: String,
    /// The reason.
    why: Option<Text>,
    /// Of a sealed value, what became of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    sealed: Option<&'static str>,
    /// Who took a sealed value away, when and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    redaction: Option<Value>,
}

fn line(taken: &Taken) -> Line {
    let entry = &taken.entry;
    let redaction = match &taken.sealed {
        Some(Unsealed::Redacted(redaction)) => Some(json!(redaction)),
        Some(Unsealed::Value(_) | Unsealed::Missing | Unsealed::Mismatch) | None => None,
    };
    Line {
        seq: entry.seq,
        target: taken.target,
        event: entry.event.kind(),
        field: taken.field.clone(),
        old: taken.old.clone(),
        new: taken.new.clone(),
        who: entry.signer.clone(),
        countersigners: entry.countersigners.clone(),
        when: stamp(entry.recorded_at),
        why: entry.reason.clone(),
        sealed: taken.sealed.as_ref().map(sealed::state),
        redaction,
    }
}

/// Each member of each fact with all its values: the first, and what it became (EU GMP Annex 11, 8.2).
fn text(taken: &[Taken], zone: Zone) -> String {
    let mut facts: BTreeMap<(Seq, &str), Vec<&Taken>> = BTreeMap::new();
    for t in taken {
        facts.entry((t.target, &t.field)).or_default().push(t);
    }
    let mut lines = Vec::new();
    let mut heading = None;
    for ((target, field), values) in facts {
        if heading != Some(target) {
            let kind = taken.iter().find(|t| t.entry.seq == target).map_or("", |t| t.entry.event.kind().as_str());
            lines.push(format!("entry {target} · {kind}"));
            heading = Some(target);
        }
        for (i, t) in values.iter().enumerate() {
            let (mark, name) = if i == 0 { (' ', field) } else { ('*', "") };
            let new = t.sealed.as_ref().map_or_else(|| shown(&t.new), |found| sealed::one_line(found, zone));
            lines.push(format!("{mark} {name:<22} {new}"));
            let was = if i == 0 { String::new() } else { format!("was {}; entry {}, ", shown(&t.old), t.entry.seq) };
            let why = t.entry.reason.as_ref().map_or_else(String::new, |r| format!(": {r}"));
            let who = signers(&t.entry);
            lines.push(format!("  {:22} {was}{who}, {}{why}", "", zone.show(t.entry.recorded_at)));
        }
    }
    lines.join("\n") + "\n"
}

/// A value as a person reads it.
fn shown(value: &Value) -> String {
    match (value, value.get("value"), value.get("unit")) {
        (_, Some(number), Some(unit)) => {
            format!("{} {}", number.as_str().unwrap_or_default(), unit.as_str().unwrap_or_default())
        }
        (Value::Null, ..) => "—".to_owned(),
        (Value::String(text), ..) => text.clone(),
        (other, ..) => other.to_string(),
    }
}
