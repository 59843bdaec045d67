//! `trial append`: one event by its flags, or a file of drafts, all or none.

use super::{key_ring, proposal, seal, signer};
use crate::{
    args::{AppendArgs, Cosigning, Global},
    clock::stamp,
    draft::{self, Draft, DraftError, DraftFault},
    error::{CliError, ErrorKind},
    flags,
    output::Output,
    personal_data, progress,
    recorder::{Recorded, Recorder},
    render::signature::signature,
};
use clap::ArgMatches;
use schemars::JsonSchema;
use serde::Serialize;
use std::{fs::File, io::BufReader, path::Path};
use trial_core::{entry::Signer, ids::Name, text::Text};

/// Appends.
pub fn run(global: &Global, args: &AppendArgs, matches: &ArgMatches, output: &mut Output<'_>) -> Result<u8, CliError> {
    let event = matches.subcommand_matches("append").and_then(|append| append.subcommand());
    if let (Some((word, _)), true) = (event, args.file.is_some() || args.template.is_some()) {
        return Err(CliError::usage(format!("{word} stands beside --file or --template: expected one of them"))
            .hint("append the file and the event one after the other"));
    }
    if let Some(word) = &args.template {
        let kind = flags::kind(word).map_err(|e| with_hint(CliError::usage(e.to_string()), e.hint()))?;
        output.text(&draft::template(kind))?;
        return Ok(0);
    }
    if let Some(file) = &args.file {
        if args.cosigning.propose.is_some() || !args.cosigning.countersigners.is_empty() {
            return Err(CliError::usage("--propose and --countersigner stand beside --file: expected one event")
                .hint("in a file, each draft names its own: \"countersigners\": [\"ALIAS\"]"));
        }
        if !args.sealing.seal.is_empty() || !args.sealing.seal_file.is_empty() {
            return Err(CliError::usage("--seal and --seal-file stand beside --file: expected one event")
                .hint("in a file, each draft has its own: \"sealed\": {\"narrative\": \"...\"}"));
        }
        return append_file(global, file, &args.cosigning, output);
    }
    let Some((word, event)) = event else {
        return Err(CliError::usage("what should be appended is not said")
            .hint("name an event (see trial append --help), or give --file FILE or --template EVENT"));
    };
    let kind = flags::kind(word).map_err(|e| with_hint(CliError::usage(e.to_string()), e.hint()))?;
    let value = flags::event(kind, event).map_err(|e| with_hint(CliError::usage(e.to_string()), e.hint()))?;
    let reason = args.reason.as_deref().map(str::parse::<Text>).transpose();
    let reason = reason.map_err(|e| CliError::usage(format!("--reason: {e}")))?;
    let sealed = seal::texts(&args.sealing)?;
    let draft = Draft { reason, recorded_at: args.recorded_at, sealed, ..Draft::of(value) };
    record_one(global, draft, &args.cosigning, output)
}

fn with_hint(error: CliError, hint: Option<String>) -> CliError {
    CliError { hint: hint.or(error.hint.clone()), ..error }
}

/// Records one draft, or writes it as a proposal.
pub(super) fn record_one(
    global: &Global,
    draft: Draft,
    cosigning: &Cosigning,
    output: &mut Output<'_>,
) -> Result<u8, CliError> {
    let alias = signer(global)?;
    let draft = Draft { countersigners: cosigning.countersigners.clone(), ..draft };
    let (ledger, resting) = (&global.ledger, super::resting(global));
    let (mut recorder, notices) = Recorder::open(ledger, key_ring(global), resting, Some(&draft))?;
    output.notices(&notices)?;
    if let (Some(folder), Some(log_key)) = (&cosigning.receipt, &cosigning.log_key) {
        recorder.leave_receipts(folder, log_key)?;
    }
    warn("", &draft, output)?;
    if let Some(file) = &cosigning.propose {
        return proposal::write(&mut recorder, &draft, alias, file, output);
    }
    let recorded = recorder.record(&draft, None, alias)?;
    commit(&mut recorder, &recorded, output)
}

/// Says what may be personal in a draft that stands in the log for ever; it is recorded all the same.
fn warn(place: &str, draft: &Draft, output: &mut Output<'_>) -> Result<(), CliError> {
    let warnings = personal_data::warnings(draft);
    for warning in &warnings {
        writeln!(output.err, "trial: note: {place}{warning}, and nobody can take it out of the log")?;
    }
    if !warnings.is_empty() {
        let how =
            "void the entry and tell it in a sealed text next time: --seal comment=TEXT, or \"sealed\" in a draft";
        writeln!(output.err, "trial: hint: {how}")?;
    }
    Ok(())
}

/// Puts one entry on disk and tells of it.
pub(super) fn commit(recorder: &mut Recorder, recorded: &Recorded, output: &mut Output<'_>) -> Result<u8, CliError> {
    output.notices(&recorder.commit()?)?;
    if output.json {
        let hash = recorder.tip().head().to_string();
        let kind = recorded.kind.as_str();
        let (subject, signatures) = (recorded.subject.clone(), recorded.signers.clone());
        let recorded_at = stamp(recorded.at);
        output.value(&Receipt { seq: recorded.seq.0, event: kind, subject, hash, recorded_at, signatures })?;
    } else {
        output.line(&format!("entry {}: {}", recorded.seq, told(recorded)))?;
        let zone = recorder.zone();
        for signer in &recorded.signers {
            output.line(&format!("  signed by {}", signature(signer, recorded.at, zone)))?;
        }
        recorder.opened().map_or(Ok(()), |opened| output.banner(opened))?;
    }
    Ok(0)
}

/// What became of one event.
#[derive(Serialize, JsonSchema)]
pub(super) struct Receipt {
    /// Its place.
    seq: u64,
    /// Its type.
    event: &'static str,
    /// The subject, where it is about one.
    subject: Option<String>,
    /// Its leaf hash.
    hash: String,
    /// When it was recorded.
    recorded_at: String,
    /// Who signed it, the author first.
    signatures: Vec<Signer>,
}

fn told(recorded: &Recorded) -> String {
    let of = recorded.subject.as_ref().map_or_else(String::new, |subject| format!(" of {subject}"));
    let names: Vec<&str> = recorded.sealed.iter().map(Name::as_str).collect();
    let sealed = if names.is_empty() { String::new() } else { format!(" (sealed: {})", names.join(", ")) };
    format!("{}{of}{sealed}", recorded.kind)
}

/// What became of a file.
#[derive(Serialize, JsonSchema)]
pub(super) struct Reports {
    /// How many were appended: all or none.
    appended: usize,
    /// How many were refused.
    refused: usize,
    /// One for each line of the file.
    drafts: Vec<Report>,
}

/// What became of a line of a file.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct Report {
    /// The line, from 1.
    line: usize,
    /// The place of its entry, where it was appended.
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    /// Its type.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'static str>,
    /// The subject, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

impl Report {
    fn refused(line: usize, error: String, hint: Option<String>) -> Report {
        Report { line, seq: None, event: None, subject: None, error: Some(error), hint }
    }

    fn text(&self) -> String {
        match (&self.error, &self.hint, self.event) {
            (Some(error), Some(hint), _) => format!("line {}: refused: {error} (hint: {hint})", self.line),
            (Some(error), None, _) => format!("line {}: refused: {error}", self.line),
            (None, _, event) => {
                let subject = self.subject.as_ref().map_or_else(String::new, |s| format!(" of {s}"));
                let seq = self.seq.unwrap_or_default();
                format!("line {}: entry {seq}: {}{subject}", self.line, event.unwrap_or_default())
            }
        }
    }
}

/// How many lines a file has: only for the bar, and not of a pipe, which can be read once.
fn lines(file: &Path) -> u64 {
    use std::io::BufRead as _;
    let counted = || Some(BufReader::new(File::open(file).ok()?).split(b'\n').count() as u64);
    if file.is_file() { counted().unwrap_or(0) } else { 0 }
}

fn append_file(global: &Global, file: &Path, cosigning: &Cosigning, output: &mut Output<'_>) -> Result<u8, CliError> {
    let unreadable = |e: std::io::Error| CliError {
        kind: ErrorKind::Unknown,
        message: format!("{}: {e}", file.display()),
        hint: None,
    };
    let opened = File::open(file).map_err(unreadable)?;
    let alias = global.key.as_deref();
    let (mut recorder, notices) = Recorder::open(&global.ledger, key_ring(global), super::resting(global), None)?;
    output.notices(&notices)?;
    if let (Some(folder), Some(log_key)) = (&cosigning.receipt, &cosigning.log_key) {
        recorder.leave_receipts(folder, log_key)?;
    }
    let bar = progress::bar(lines(file), "signing");
    let mut reports = Vec::new();
    for drafted in draft::drafts(BufReader::new(opened)) {
        bar.inc(1);
        reports.push(match drafted {
            Ok((line, draft)) => {
                warn(&format!("line {line}: "), &draft, output)?;
                record_line(&mut recorder, line, &draft, alias)?
            }
            // Nothing is known of what could not be read.
            Err(DraftError { fault: DraftFault::Read(e), .. }) => return Err(unreadable(e)),
            // The message names the line itself.
            Err(e) => {
                let message = e.to_string();
                let message = message.split_once(": ").map_or(message.clone(), |(_, m)| m.to_owned());
                Report::refused(e.line, message, e.hint())
            }
        });
    }
    bar.finish_and_clear();
    let refused = reports.iter().filter(|report| report.error.is_some()).count();
    if refused == 0 {
        output.notices(&recorder.commit()?)?;
    } else {
        // Nothing is appended, so no line has a place in the log.
        reports.iter_mut().for_each(|report| report.seq = None);
    }
    recorder.opened().map_or(Ok(()), |opened| output.banner(opened))?;
    tell(&reports, refused, output)
}

/// Only what the ledger says of a draft becomes a line of the report; what could not be told ends the command.
fn record_line(recorder: &mut Recorder, line: usize, draft: &Draft, alias: Option<&str>) -> Result<Report, CliError> {
    let Some(alias) = draft.by.as_deref().or(alias) else {
        let hint = Some("give --key ALIAS, or \"by\" in the draft".to_owned());
        return Ok(Report::refused(line, "no key is named to sign with".into(), hint));
    };
    match recorder.record(draft, Some(line), alias) {
        Ok(recorded) => Ok(Report {
            line,
            seq: Some(recorded.seq.0),
            event: Some(recorded.kind.as_str()),
            subject: recorded.subject,
            error: None,
            hint: None,
        }),
        Err(e) if e.kind == ErrorKind::No => Ok(Report::refused(line, e.message, e.hint)),
        Err(e) => Err(CliError { message: format!("line {line}: {e}"), ..e }),
    }
}

fn tell(reports: &[Report], refused: usize, output: &mut Output<'_>) -> Result<u8, CliError> {
    if output.json {
        let appended = if refused == 0 { reports.len() } else { 0 };
        output.value(&Reports { appended, refused, drafts: reports.to_vec() })?;
    } else {
        for report in reports {
            output.line(&match (refused, &report.error) {
                (0, _) | (_, Some(_)) => report.text(),
                (_, None) => format!("line {}: sound, not appended", report.line),
            })?;
        }
        match refused {
            0 => output.line(&format!("{} entries appended", reports.len()))?,
            _ => output.line(&format!("nothing appended: {refused} of {} drafts refused", reports.len()))?,
        }
    }
    Ok(if refused == 0 { 0 } else { ErrorKind::No.exit_code() })
}
