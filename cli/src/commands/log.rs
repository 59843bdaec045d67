//! `trial log`: the entries, one line each.

use super::lens;
use crate::{
    args::{Global, LogArgs},
    clock::stamp,
    error::CliError,
    flags,
    output::Output,
    render::signature::signers,
    session::Session,
    suspect::suspicion,
};
use serde_json::{Value, json};
use std::collections::VecDeque;
use trial_core::{
    entry::{Entry, Signer},
    event::EventKind,
};
use trial_ledger::roster::Roster;

/// Lists entries.
pub fn run(global: &Global, args: &LogArgs, output: &mut Output<'_>) -> Result<u8, CliError> {
    let kind = match &args.kind {
        Some(word) => {
            Some(flags::kind(word).map_err(|e| CliError { hint: e.hint(), ..CliError::usage(e.to_string()) })?)
        }
        None => None,
    };
    let most = args.last.unwrap_or(usize::MAX);
    let mut found: VecDeque<Entry> = VecDeque::new();
    let session = Session::open_with(&global.ledger, &lens(global), |verified| {
        let entry = verified.entry();
        if wanted(entry, args, kind) {
            found.push_back(entry.clone());
            if found.len() > most {
                found.pop_front();
            }
        }
    })?;
    output.notices(&session.notices)?;
    let since = |entry: &Entry| args.since.is_none_or(|day| session.zone.day(entry.recorded_at) >= day);
    let entries = found.iter().filter(|entry| since(entry));
    let roster = session.roster();
    if output.json {
        let lines: Vec<Value> = entries.map(|entry| line(entry, &roster)).collect();
        output.value(&json!({ "cut": session.cut(), "entries": lines }))?;
    } else {
        output.banner(&session.opened)?;
        for entry in entries {
            let subject = entry.event.subject().map_or("", |subject| subject.as_str());
            let time = session.zone.show(entry.recorded_at);
            let who = signers(entry);
            let doubt =
                suspicion(&roster, entry).map_or_else(String::new, |s| format!(" SUSPECT (see entry {})", s.revoked));
            let reason = entry.reason.as_ref().map_or_else(String::new, |r| format!(" — {r}"));
            output.line(&format!(
                "{:>6}  {time}  {:<22} {subject:<10} {who}{reason}{doubt}",
                entry.seq.0,
                entry.event.kind(),
            ))?;
        }
    }
    Ok(0)
}

fn wanted(entry: &Entry, args: &LogArgs, kind: Option<EventKind>) -> bool {
    let subject =
        args.subject.as_deref().is_none_or(|s| entry.event.subject().is_some_and(|found| found.as_str() == s));
    let by = args.by.as_deref().is_none_or(|by| entry.signers().any(|signer| signed_by(signer, by)));
    subject && by && kind.is_none_or(|kind| entry.event.kind() == kind)
}

fn signed_by(signer: &Signer, by: &str) -> bool {
    signer.role.as_str() == by || signer.name.as_str().to_lowercase().contains(&by.to_lowercase())
}

/// An entry as JSON; with why it is in doubt, if it is.
pub(super) fn line(entry: &Entry, roster: &Roster) -> Value {
    let mut line = json!({
        "seq": entry.seq,
        "hash": entry.hash,
        "recorded_at": stamp(entry.recorded_at),
        "signer": entry.signer,
        "countersigners": entry.countersigners,
        "event": entry.event.to_value(),
        "reason": entry.reason,
    });
    if let Some(suspect) = roster.suspicion(entry) {
        let (key, since, revoked) = (suspect.key, suspect.since, suspect.revocation.seq);
        line["suspect"] = json!({ "key": key, "since": since, "revoked": revoked });
    }
    line
}
