//! `trial why`: a number, the rule that gives it, and every entry it rests on, down to its signature.

use super::{lens, log};
use crate::{
    args::Global, clock::Zone, error::CliError, output::Output, path, render::signature::signers, session::Session,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use trial_core::{
    ids::Seq,
    view::{
        replay::{CutLine, Replay},
        why::{self, Narrow, Why},
    },
};
use trial_ledger::{check::Verified, roster::Roster};

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub(super) struct Answer {
    /// What it rests on.
    cut: CutLine,
    /// The number that was asked for, as a path into `trial replay --json`.
    path: String,
    /// The number, or the part.
    value: Value,
    /// The rule or formula, in words.
    rule: &'static str,
    /// Where the rule comes from.
    source: &'static str,
    /// The entries that it rests on, with their signatures.
    entries: Vec<log::Line>,
}

/// Explains a number.
pub fn run(global: &Global, asked: &str, output: &mut Output<'_>) -> Result<u8, CliError> {
    let session = Session::open(&global.ledger, &lens(global))?;
    output.notices(&session.notices)?;
    let replay = Replay::read(&session.trial, session.reading);
    let all = serde_json::to_value(&replay).map_err(|e| CliError::unknown(e.to_string()))?;
    let value = path::find(&all, asked).map_err(|e| CliError::usage(e).hint(hint()))?;
    let narrow = Narrow { conditions: path::conditions(asked) };
    let dotted = asked.replace('/', ".");
    let why = why::why(&session.trial, session.reading, &dotted, &narrow)
        .ok_or_else(|| CliError::usage(format!("{asked} has no explanation")).hint(hint()))?;
    let entries = entries(&session, &why)?;
    if output.json {
        output.value(&Answer {
            cut: replay.cut,
            path: asked.to_owned(),
            value: value.clone(),
            rule: why.rule,
            source: why.source,
            entries: entries.into_values().map(|(line, _)| line).collect(),
        })?;
    } else {
        output.banner(&session.opened)?;
        output.text(&text(asked, value, &why, &entries))?;
    }
    Ok(0)
}

fn hint() -> String {
    format!("ask for a part of replay --json: {}", why::parts().collect::<Vec<_>>().join(", "))
}

/// Each entry as JSON with its signatures, and the line that a person reads.
type Told = BTreeMap<Seq, (log::Line, String)>;

fn entries(session: &Session, why: &Why) -> Result<Told, CliError> {
    let mut told = Told::new();
    let Some(last) = why.entries.last() else { return Ok(told) };
    let roster = session.roster();
    for verified in session.ledger.entries() {
        let verified = verified?;
        let seq = verified.entry().seq;
        if why.entries.binary_search(&seq).is_ok() {
            told.insert(seq, tell(&verified, &roster, session.zone));
        }
        if seq >= *last {
            break;
        }
    }
    Ok(told)
}

fn tell(verified: &Verified, roster: &Roster, zone: Zone) -> (log::Line, String) {
    let entry = verified.entry();
    let mut line = log::line(entry, roster);
    let signed: Value = serde_json::from_slice(verified.envelope().as_bytes()).unwrap_or_default();
    line.signatures = signed.get("signatures").cloned();
    let signature = signed["signatures"][0]["sig"].as_str().unwrap_or_default();
    let subject = entry.event.subject().map_or("", |s| s.as_str());
    let occurred = entry.event.occurred().map_or_else(String::new, |moment| format!(" on {}", moment.day()));
    let text = format!(
        "{:>6}  {} {subject}{occurred}{}\n        {}, recorded {}\n        signature {}…",
        entry.seq.0,
        entry.event.kind(),
        if roster.suspicion(entry).is_some() { ", SUSPECT" } else { "" },
        signers(entry),
        zone.show(entry.recorded_at),
        signature.chars().take(24).collect::<String>(),
    );
    (line, text)
}

fn text(asked: &str, value: &Value, why: &Why, entries: &Told) -> String {
    let number = serde_json::to_string_pretty(value).unwrap_or_default();
    let mut lines = vec![format!("{asked} = {number}"), String::new()];
    lines.push(format!("rule    {}", why.rule));
    lines.push(format!("source  {}", why.source));
    lines.push(format!("rests on {} entries, each verified:", entries.len()));
    lines.extend(entries.values().map(|(_, line)| line.clone()));
    lines.join("\n") + "\n"
}
