//! `trial verify`: is every entry what its author signed, in its place, by somebody who might?

use crate::{
    args::Global,
    clock::stamp,
    error::{CliError, ErrorKind},
    output::Output,
    progress,
    session,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Serialize;
use std::path::Path;
use trial_core::{
    event::{Clock, DataKind, TrialOpened},
    ids::Hash,
};
use trial_ledger::{
    fault::Fault,
    ledger::{JOURNAL, Ledger, LedgerError, Notice},
    lines::read_lines,
    tip::Tip,
    verifier::Verifier,
};

/// How many faults are told; the first is the one that matters.
const MOST_FAULTS: usize = 100;

/// The verdict, as a monitor's script reads it.
#[derive(Debug, Serialize)]
struct Verdict {
    verdict: &'static str,
    entries: u64,
    head: Option<Hash>,
    root: Option<String>,
    claims: Claims,
    faults: Vec<Fault>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notices: Vec<String>,
    clock: Option<Clock>,
    data: Option<DataKind>,
}

/// What was checked, claim by claim: nothing here is a bare OK.
#[derive(Debug, Serialize)]
struct Claims {
    /// Canonical form, signatures, links, sequence, ledger.
    integrity: &'static str,
    /// Each signer might sign it at its place.
    authority: &'static str,
    /// Recorded times never run backwards; first and last.
    time: Option<(String, String)>,
    /// Whether anything outside the ledger was compared.
    anchor: &'static str,
    /// Values redacted.
    redactions: u64,
    /// Entries after the last anchor.
    unanchored: u64,
}

/// Verifies.
pub fn run(global: &Global, path: Option<&Path>, output: &mut Output<'_>) -> Result<u8, CliError> {
    let path = path.unwrap_or(&global.ledger);
    let found = if path.is_dir() { directory(path)? } else { file(path)? };
    let code = if found.faults.is_empty() { 0 } else { ErrorKind::No.exit_code() };
    if output.json {
        output.value(&found)?;
    } else {
        output.text(&text(&found))?;
    }
    Ok(code)
}

fn directory(path: &Path) -> Result<Verdict, CliError> {
    let (mut first, mut last, mut redactions) = (None, None, 0);
    let bar = progress::bar(session::lines_about(path), "verifying");
    // Nothing is folded: the verdict is about the entries, whatever they say.
    let opened = Ledger::open_with(path, |verified| {
        bar.inc(1);
        let at = verified.entry().recorded_at;
        first.get_or_insert(at);
        last = Some(at);
        redactions += u64::from(matches!(verified.entry().event, trial_core::event::Event::ValueRedacted(_)));
    });
    bar.finish_and_clear();
    let (ledger, notices) = match opened {
        Ok(opened) => opened,
        Err(LedgerError::Faulty(faults, _)) if faults.iter().any(|fault| fault.kind.is_proof()) => {
            return Ok(faulty(faults, path));
        }
        Err(e) => return Err(e.into()),
    };
    let times = first.zip(last).map(|(first, last)| (stamp(first), stamp(last)));
    Ok(sound(ledger.tip(), times, redactions, &notices))
}

fn file(path: &Path) -> Result<Verdict, CliError> {
    let unreadable = |e: std::io::Error| {
        CliError::unknown(format!("{}: {e}", path.display()))
            .hint("expected a ledger's directory, a journal or an export")
    };
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    let (lines, index) = read_lines(path).map_err(unreadable)?;
    let tail = lines.tail();
    let bar = progress::bar(size / 900, "verifying");
    let mut verifier = Verifier::new(lines, index);
    let (mut faults, mut first, mut last, mut redactions) = (Vec::new(), None, None, 0);
    for judged in verifier.by_ref() {
        bar.inc(1);
        match judged {
            Ok(verified) => {
                let at = verified.entry().recorded_at;
                first.get_or_insert(at);
                last = Some(at);
                redactions += u64::from(matches!(verified.entry().event, trial_core::event::Event::ValueRedacted(_)));
            }
            Err(fault) if faults.len() < MOST_FAULTS => faults.push(fault),
            Err(_) => {}
        }
    }
    bar.finish_and_clear();
    if faults.iter().any(|fault| !fault.kind.is_proof()) {
        return Err(faults.remove(0).into());
    }
    if !faults.is_empty() {
        return Ok(faulty(faults, path));
    }
    let tip = verifier.finish()?;
    let bytes = tail.get().bytes;
    let notices: Vec<Notice> = (bytes > 0).then_some(Notice::UnacknowledgedTail { bytes }).into_iter().collect();
    Ok(sound(&tip, first.zip(last).map(|(first, last)| (stamp(first), stamp(last))), redactions, &notices))
}

fn sound(tip: &Tip, time: Option<(String, String)>, redactions: u64, notices: &[Notice]) -> Verdict {
    let opened: Option<&TrialOpened> = tip.opened();
    Verdict {
        verdict: "unanchored",
        entries: tip.size(),
        head: Some(tip.head()),
        root: Some(STANDARD.encode(tip.root().0)),
        claims: Claims {
            integrity: "every entry is canonical, links to the one before it, and is signed by its author",
            authority: "every author was in the roster at that place and might sign that event",
            time,
            anchor: "none: internal consistency only",
            redactions,
            unanchored: tip.size(),
        },
        faults: Vec::new(),
        notices: notices.iter().map(|notice| notice.to_string()).collect(),
        clock: opened.map(|o| o.clock),
        data: opened.map(|o| o.data),
    }
}

fn faulty(faults: Vec<Fault>, path: &Path) -> Verdict {
    let sound = faults.iter().filter_map(|fault| fault.seq).min().map_or(0, |seq| seq.0);
    let journal = if path.is_dir() { path.join(JOURNAL) } else { path.to_owned() };
    Verdict {
        verdict: "faulty",
        entries: sound,
        head: None,
        root: None,
        claims: Claims {
            integrity: "broken: see the faults; the entries before the first of them are sound",
            authority: "not told beyond the first fault",
            time: None,
            anchor: "none",
            redactions: 0,
            unanchored: sound,
        },
        faults,
        notices: vec![format!("keep a copy of {} as evidence", journal.display())],
        clock: None,
        data: None,
    }
}

fn text(found: &Verdict) -> String {
    let mut lines = Vec::new();
    if found.faults.is_empty() {
        lines.push(format!("sound: {} entries, each checked", found.entries));
        lines.push(format!("integrity   {}", found.claims.integrity));
        lines.push(format!("authority   {}", found.claims.authority));
        if let Some((first, last)) = &found.claims.time {
            lines.push(format!("time        recorded {first} to {last}, never backwards"));
        }
        lines.push(format!("redactions  {}", found.claims.redactions));
        lines.push("anchor      none: this proves internal consistency only; nothing outside was compared".to_owned());
        lines.extend(found.head.map(|head| format!("head        {head}")));
        lines.extend(found.root.as_ref().map(|root| format!("root        {root}")));
    } else {
        lines.push(format!("FAULTY: {} sound entries before the first fault", found.entries));
        for fault in &found.faults {
            let place = fault.seq.map_or_else(String::new, |seq| format!(" at entry {seq}"));
            lines.push(format!("{}{place}", fault.kind));
            lines.push(format!("  expected  {}", fault.expected));
            lines.push(format!("  found     {}", fault.found));
            lines.push(format!("  meaning   {}", fault.meaning));
        }
    }
    lines.extend(found.notices.iter().map(|notice| format!("note        {notice}")));
    if found.clock == Some(Clock::Simulated) {
        lines.push("clock       SIMULATED CLOCK: the recorded times were given by hand".to_owned());
    }
    if found.data == Some(DataKind::Synthetic) {
        lines.push("data        SYNTHETIC DATA: these facts are invented".to_owned());
    }
    lines.join("\n") + "\n"
}
