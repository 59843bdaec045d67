//! `trial show`: one entry, who signed it, its sealed values, and what became of it.

use super::{lens, log};
use crate::{
    args::Global,
    clock::{Zone, second},
    error::CliError,
    output::Output,
    render::{
        sealed,
        signature::{signature, signers},
    },
    session::Session,
    suspect::{Suspects, suspicion},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use trial_core::{
    entry::{Effect, Entry},
    event::Clock,
    ids::{Name, Seq},
    projection::{Bound, Witnessed},
    view::replay::CutLine,
};
use trial_ledger::{check::Verified, ledger::Unsealed};

/// An entry with its sealed values.
struct Shown {
    verified: Verified,
    sealed: BTreeMap<Name, Unsealed>,
}

impl Shown {
    fn new(verified: Verified, session: &Session) -> Result<Shown, CliError> {
        let sealed = session.ledger.unseal(&verified)?;
        Ok(Shown { verified, sealed })
    }

    fn entry(&self) -> &Entry {
        self.verified.entry()
    }

    fn sealed_lines(&self, zone: Zone) -> impl Iterator<Item = String> {
        self.sealed.iter().flat_map(move |(name, unsealed)| sealed::lines(name, unsealed, zone))
    }

    fn sealed_values(&self) -> Vec<Value> {
        let value = |(name, unsealed): (&Name, &Unsealed)| sealed::value(name, self.verified.sealed()[name], unsealed);
        self.sealed.iter().map(value).collect()
    }
}

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub(super) struct Answer<'a> {
    /// Between which times it must have come into being, as far as witnesses have seen.
    bound: Bound<'a>,
    /// What it rests on.
    cut: CutLine,
    /// The entry.
    entry: log::Line,
    /// Its sealed values, each with what became of it.
    sealed: Vec<Value>,
    /// The entries that correct it or take it back.
    amended_by: Vec<log::Line>,
}

/// Shows it.
pub fn run(global: &Global, seq: u64, output: &mut Output<'_>) -> Result<u8, CliError> {
    let (mut found, mut later) = (None, Vec::new());
    let session = Session::open_with(&global.ledger, &lens(global), |verified| {
        let entry = verified.entry();
        if entry.seq == Seq(seq) {
            found = Some(verified.clone());
        }
        let target = match &entry.effect {
            Effect::Revises { target, .. } | Effect::Voids { target, .. } => Some(*target),
            Effect::States | Effect::Withheld => None,
        };
        if target == Some(Seq(seq)) {
            later.push(verified.clone());
        }
    })?;
    output.notices(&session.notices)?;
    let Some(found) = found else {
        let last = session.trial.cut.entries.saturating_sub(1);
        return Err(CliError::no(format!("entry {seq} is not there: expected 0 to {last}")));
    };
    let found = Shown::new(found, &session)?;
    let later = later.into_iter().map(|verified| Shown::new(verified, &session)).collect::<Result<Vec<_>, _>>()?;
    let roster = session.roster();
    if output.json {
        let amended_by = later.iter().map(|shown| line(shown, log::line(shown.entry(), &roster))).collect();
        let entry = log::line(found.entry(), &roster);
        let bound = session.trial.witnessing.bound(Seq(seq));
        output.value(&Answer { bound, cut: session.cut(), entry, sealed: found.sealed_values(), amended_by })?;
    } else {
        output.banner(&session.opened)?;
        let bound = bounded(session.trial.witnessing.bound(Seq(seq)), session.opened.clock);
        output.text(&text(&found, &later, suspicion(&roster, found.entry()), &bound, session.zone))?;
    }
    Ok(0)
}

/// An amendment with what it seals, where it does.
fn line(shown: &Shown, mut line: log::Line) -> log::Line {
    line.sealed = (!shown.sealed.is_empty()).then(|| shown.sealed_values());
    line
}

/// Between which times of others the entry must have come into being, whatever it says of itself.
fn bounded(bound: Bound<'_>, clock: Clock) -> String {
    let at = |seen: &Witnessed| format!("{} ({})", second(seen.time), seen.witness);
    match (clock, bound.after, bound.before) {
        (Clock::Simulated, _, _) => "on a simulated clock, which proves no time".to_owned(),
        (Clock::System, Some(after), Some(before)) => format!("between {} and {}", at(after), at(before)),
        (Clock::System, None, Some(before)) => format!("before {}", at(before)),
        (Clock::System, Some(after), None) => format!("after {}, not yet witnessed", at(after)),
        (Clock::System, None, None) => "by its own word alone: not yet witnessed".to_owned(),
    }
}

fn text(shown: &Shown, later: &[Shown], suspect: Option<Suspects>, bound: &str, zone: Zone) -> String {
    let entry = shown.entry();
    let at = entry.recorded_at;
    let mut lines = vec![
        format!("entry {} · {}", entry.seq, entry.event.kind()),
        format!("hash        {}", entry.hash),
        format!("recorded at {}", zone.show(entry.recorded_at)),
        format!("existed     {bound}"),
        format!("signed by   {}", signature(&entry.signer, at, zone)),
    ];
    lines.extend(entry.countersigners.iter().map(|other| format!("and by      {}", signature(other, at, zone))));
    lines.extend(suspect.map(|suspect| format!("suspect     {}; for people to judge", suspect.text())));
    lines.extend(entry.reason.iter().map(|reason| format!("reason      {reason}")));
    let event = serde_json::to_string_pretty(&entry.event.to_value()).unwrap_or_default();
    lines.push(event);
    lines.extend(shown.sealed_lines(zone));
    for shown in later {
        let amendment = shown.entry();
        let what = match &amendment.effect {
            Effect::Revises { event, .. } => {
                format!("corrected: {}", serde_json::to_string(&event.to_value()).unwrap_or_default())
            }
            Effect::Voids { .. } => "voided".to_owned(),
            Effect::States | Effect::Withheld => continue,
        };
        let why = amendment.reason.as_ref().map_or("", |r| r.as_str());
        let who = signers(amendment);
        lines.push(format!("* entry {} by {who} on {}: {why}", amendment.seq, zone.show(amendment.recorded_at)));
        lines.push(format!("  {what}"));
        lines.extend(shown.sealed_lines(zone));
    }
    lines.join("\n") + "\n"
}
