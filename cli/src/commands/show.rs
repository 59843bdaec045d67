//! `trial show`: one entry, who signed it, and what became of it.

use super::{lens, log};
use crate::{
    args::Global,
    clock::Zone,
    error::CliError,
    output::Output,
    render::signature::{signature, signers},
    session::Session,
    suspect::{Suspects, suspicion},
};
use serde_json::json;
use trial_core::{
    entry::{Effect, Entry},
    ids::Seq,
};

/// Shows it.
pub fn run(global: &Global, seq: u64, output: &mut Output<'_>) -> Result<u8, CliError> {
    let (mut found, mut later) = (None, Vec::new());
    let session = Session::open_with(&global.ledger, &lens(global), |verified| {
        let entry = verified.entry();
        if entry.seq == Seq(seq) {
            found = Some(entry.clone());
        }
        let target = match &entry.effect {
            Effect::Revises { target, .. } | Effect::Voids { target } => Some(*target),
            Effect::States | Effect::Withheld => None,
        };
        if target == Some(Seq(seq)) {
            later.push(entry.clone());
        }
    })?;
    output.notices(&session.notices)?;
    let Some(entry) = found else {
        let last = session.trial.cut.entries.saturating_sub(1);
        return Err(CliError::no(format!("entry {seq} is not there: expected 0 to {last}")));
    };
    let roster = session.roster();
    if output.json {
        let amended: Vec<_> = later.iter().map(|entry| log::line(entry, &roster)).collect();
        output.value(&json!({
            "cut": session.cut(), "entry": log::line(&entry, &roster), "amended_by": amended
        }))?;
    } else {
        output.banner(&session.opened)?;
        output.text(&text(&entry, &later, suspicion(&roster, &entry), session.zone))?;
    }
    Ok(0)
}

fn text(entry: &Entry, later: &[Entry], suspect: Option<Suspects>, zone: Zone) -> String {
    let at = entry.recorded_at;
    let mut lines = vec![
        format!("entry {} · {}", entry.seq, entry.event.kind()),
        format!("hash        {}", entry.hash),
        format!("recorded at {}", zone.show(entry.recorded_at)),
        format!("signed by   {}", signature(&entry.signer, at, zone)),
    ];
    lines.extend(entry.countersigners.iter().map(|other| format!("and by      {}", signature(other, at, zone))));
    lines.extend(suspect.map(|suspect| format!("suspect     {}; for people to judge", suspect.text())));
    lines.extend(entry.reason.iter().map(|reason| format!("reason      {reason}")));
    let event = serde_json::to_string_pretty(&entry.event.to_value()).unwrap_or_default();
    lines.push(event);
    for amendment in later {
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
    }
    lines.join("\n") + "\n"
}
