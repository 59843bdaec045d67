//! `trial log`: the entries, one line each.

use super::lens;
use crate::{
    args::{Global, LogArgs},
    clock::{Zone, stamp},
    error::CliError,
    flags::{self, read::nearest},
    output::{self, Output},
    pager,
    render::{signature::signers, wrap},
    session::Session,
    suspect::suspicion,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::{
    collections::{BTreeSet, VecDeque},
    io::{self, IsTerminal as _},
};
use trial_core::{
    entry::{Entry, Signer},
    event::EventKind,
    ids::{Hash, Key, Seq},
    text::Text,
    view::replay::CutLine,
};
use trial_ledger::roster::Roster;
use unicode_width::UnicodeWidthStr as _;

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
    let mut people: BTreeSet<String> = BTreeSet::new();
    let session = Session::open_with(&global.ledger, &lens(global), |verified| {
        let entry = verified.entry();
        if args.by.is_some() {
            people.extend([entry.signer.name.to_string(), entry.signer.role.to_string()]);
        }
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
        let entries: Vec<Line> = entries.map(|entry| line(entry, &roster)).collect();
        output.value(&Answer { cut: session.cut(), entries })?;
    } else {
        let entries: Vec<&Entry> = entries.collect();
        let banner = output::banner(session.opened.clock, session.opened.data).map(|words| format!("{words}\n"));
        let lines = if io::stdout().is_terminal() { Lines::Wrapped(output::width()) } else { Lines::Whole };
        let each = entries.iter().map(|entry| told(entry, session.zone, &roster, lines));
        pager::page(&[banner.into_iter().chain(each).collect()], output)?;
        if entries.is_empty() {
            nothing(args, &session, &people, output)?;
        }
    }
    Ok(0)
}

/// Whether a line of the list is as long as it is, for programs, or wrapped to so many columns, for people.
#[derive(Debug, Clone, Copy)]
enum Lines {
    Whole,
    Wrapped(usize),
}

fn told(entry: &Entry, zone: Zone, roster: &Roster, lines: Lines) -> String {
    let subject = entry.event.subject().map_or("", |subject| subject.as_str());
    let who = signers(entry);
    let doubt = suspicion(roster, entry).map_or_else(String::new, |s| format!(" SUSPECT (see entry {})", s.revoked));
    let reason = entry.reason.as_ref().map_or_else(String::new, |r| format!(" — {r}")) + &doubt;
    let (seq, time, kind) = (entry.seq.0, zone.show(entry.recorded_at), entry.event.kind());
    let whole = format!("{seq:>6}  {time}  {kind:<22} {subject:<10} {who}{reason}\n");
    match lines {
        Lines::Wrapped(width) if whole.trim_end().width() > width => {
            let rest = wrap(&format!("{subject} {who}{reason}"), width.saturating_sub(8));
            let rest: String = rest.iter().map(|line| format!("        {line}\n")).collect();
            format!("{seq:>6}  {time}  {kind}\n{rest}")
        }
        Lines::Wrapped(_) | Lines::Whole => whole,
    }
}

/// Says why a list may be empty: a subject or a person of whom nothing is known at the cut.
fn nothing(
    args: &LogArgs,
    session: &Session,
    people: &BTreeSet<String>,
    output: &mut Output<'_>,
) -> Result<(), CliError> {
    let mut say = |found: &str, what: &str, near: Option<String>| {
        let near = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
        writeln!(output.err, "trial: note: {what} {found}{near}")
    };
    let subjects = &session.trial.subjects;
    if let Some(subject) = args.subject.as_deref().filter(|s| subjects.iter().all(|(id, _)| id.as_str() != *s)) {
        say(subject, "nothing is recorded of", subjects.nearest(subject).map(|near| near.to_string()))?;
    }
    let by = args.by.as_deref().map(|by| (by, by.to_lowercase()));
    if let Some((by, lower)) = by.filter(|(_, lower)| !people.iter().any(|who| who.to_lowercase().contains(lower))) {
        let words = people.iter().flat_map(|who| who.split_whitespace().chain([who.as_str()]));
        let near = nearest(&lower, words.map(str::to_lowercase).collect::<Vec<_>>().iter().map(String::as_str));
        say(by, "no entry is signed by", near)?;
    }
    Ok(())
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

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub(super) struct Answer {
    /// What it rests on.
    cut: CutLine,
    /// In the order of the log.
    entries: Vec<Line>,
}

/// An entry, with why it is in doubt, if it is.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct Line {
    /// Its place.
    seq: Seq,
    /// Its leaf hash.
    hash: Hash,
    /// When it was recorded.
    recorded_at: String,
    /// The author.
    signer: Signer,
    /// Others who signed it.
    countersigners: Vec<Signer>,
    /// The event, as its own schema says.
    event: Value,
    /// Why, where it says.
    reason: Option<Text>,
    /// Why it is in doubt, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    suspect: Option<Doubt>,
    /// As they stand on the entry's line, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) signatures: Option<Value>,
    /// Its sealed values, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sealed: Option<Vec<Value>>,
}

/// Why an entry is in doubt: its key was revoked as stolen.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct Doubt {
    /// The key.
    key: Key,
    /// From which entry on its signatures are in doubt.
    since: Seq,
    /// The entry that revoked it.
    revoked: Seq,
}

/// An entry as it is answered.
pub(super) fn line(entry: &Entry, roster: &Roster) -> Line {
    let doubt =
        |s: trial_ledger::roster::Suspicion<'_>| Doubt { key: s.key, since: s.since, revoked: s.revocation.seq };
    Line {
        seq: entry.seq,
        hash: entry.hash,
        recorded_at: stamp(entry.recorded_at),
        signer: entry.signer.clone(),
        countersigners: entry.countersigners.clone(),
        event: entry.event.to_value(),
        reason: entry.reason.clone(),
        suspect: roster.suspicion(entry).map(doubt),
        signatures: None,
        sealed: None,
    }
}
