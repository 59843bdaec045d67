//! `trial proposal`: an entry that several people sign, one after the other, in a file that travels between them.

use super::{append, key_ring, signer};
use crate::{
    args::{Global, ProposalCommand},
    clock::{Zone, stamp},
    draft::Draft,
    error::CliError,
    output::Output,
    recorder::Recorder,
    render::signature::{person, signature},
};
use serde_json::json;
use std::{
    fs::{self, File, OpenOptions},
    io::{Read as _, Write as _},
    path::Path,
};
use trial_core::event::{Event, EventKind};
use trial_ledger::{envelope::MAX_LINE, proposal::Proposal};

/// Does what is asked with a proposal.
pub fn run(global: &Global, args: &ProposalCommand, output: &mut Output<'_>) -> Result<u8, CliError> {
    match args {
        ProposalCommand::Show { file } => show(global, file, output),
        ProposalCommand::Sign { file } => sign(global, file, output),
        ProposalCommand::Submit { file } => submit(global, file, output),
    }
}

/// Writes what one person proposes, for the others to sign.
pub(super) fn write(
    recorder: &mut Recorder,
    draft: &Draft,
    alias: &str,
    file: &Path,
    output: &mut Output<'_>,
) -> Result<u8, CliError> {
    if draft.countersigners.is_empty() {
        return Err(CliError::usage("a proposal names nobody else to sign")
            .hint("add --countersigner KEY for each of them, or leave out --propose"));
    }
    let proposal = recorder.propose(draft, alias)?;
    let exists = |e: std::io::Error| {
        CliError::unknown(format!("{}: {e}", file.display())).hint("choose a file that is not there yet")
    };
    let mut made = OpenOptions::new().write(true).create_new(true).open(file).map_err(exists)?;
    made.write_all(&line(&proposal)).and_then(|()| made.sync_all()).map_err(|e| unreadable(file, &e))?;
    told(&proposal, file, output)?;
    recorder.opened().map_or(Ok(()), |opened| output.banner(opened))?;
    Ok(0)
}

fn show(global: &Global, file: &Path, output: &mut Output<'_>) -> Result<u8, CliError> {
    let proposal = read(file)?;
    let mut compared = true;
    let standing = Recorder::open(&global.ledger, key_ring(global), super::resting(global), None).and_then(
        |(recorder, notices)| {
            output.notices(&notices)?;
            recorder.opened().map_or(Ok(()), |opened| output.banner(opened))?;
            Ok((recorder.examine(&proposal).map(|_| ()), Some(recorder.zone())))
        },
    );
    let (standing, zone) = standing.unwrap_or_else(|no_ledger| {
        compared = false;
        (Err(no_ledger), None)
    });
    let body = proposal.body();
    if output.json {
        let signers: Vec<_> = proposal
            .signers()
            .map(|signer| json!({ "signer": signer, "signed": proposal.is_signed_by(signer.key) }))
            .collect();
        let refused = standing.as_ref().err().map(ToString::to_string);
        output.value(&json!({
            "ledger": body.ledger, "seq": body.seq, "prev": body.prev, "recorded_at": stamp(body.recorded_at.instant()),
            "event": body.event, "reason": body.reason, "signers": signers,
            "complete": proposal.missing().next().is_none(), "follows_the_head": standing.is_ok(), "refused": refused
        }))?;
        return Ok(0);
    }
    output.text(&text(&proposal, zone))?;
    match standing {
        Ok(()) => output.line("stands       it follows the head of this ledger")?,
        Err(e) => {
            output.line(&format!("{} {e}", if compared { "stands NOT  " } else { "not compared" }))?;
            e.hint.map_or(Ok(()), |hint| output.line(&format!("             {hint}")))?;
        }
    }
    Ok(0)
}

fn text(proposal: &Proposal, zone: Option<Zone>) -> String {
    let body = proposal.body();
    let event = Event::from_value(body.event.clone()).ok();
    let word = body.event["type"].as_str().unwrap_or_default();
    let kind = event.as_ref().map_or(word, |event| EventKind::as_str(event.kind()));
    let subject = event.as_ref().and_then(Event::subject).map_or_else(String::new, |subject| format!(" of {subject}"));
    let at = body.recorded_at.instant();
    let mut lines = vec![
        format!("proposal     entry {}, {kind}{subject}; not recorded yet", body.seq),
        format!("ledger       {}", body.ledger),
        format!("rests on     entry {}, head {}", body.seq.0.saturating_sub(1), body.prev),
    ];
    for signer in proposal.signers() {
        let whole = zone.map_or_else(
            || format!("{}: {}, {}", person(signer), signer.meaning, stamp(at)),
            |zone| signature(signer, at, zone),
        );
        let state = if proposal.is_signed_by(signer.key) { "signed by   " } else { "NOT YET by  " };
        lines.push(format!("{state} {whole}"));
    }
    lines.extend(body.reason.iter().map(|reason| format!("reason       {reason}")));
    lines.push(serde_json::to_string_pretty(&body.event).unwrap_or_default());
    lines.join("\n") + "\n"
}

fn sign(global: &Global, file: &Path, output: &mut Output<'_>) -> Result<u8, CliError> {
    let proposal = read(file)?;
    let alias = signer(global)?;
    let (recorder, notices) = Recorder::open(&global.ledger, key_ring(global), super::resting(global), None)?;
    output.notices(&notices)?;
    recorder.examine(&proposal)?;
    let named: Vec<String> = proposal.signers().map(person).collect();
    let secret = key_ring(global).read(alias)?;
    let signed = proposal
        .sign(&secret)
        .map_err(|e| CliError::no(e.to_string()).hint(format!("it is signed by {}", named.join("; "))))?;
    replace(file, &line(&signed))?;
    told(&signed, file, output)?;
    recorder.opened().map_or(Ok(()), |opened| output.banner(opened))?;
    Ok(0)
}

fn submit(global: &Global, file: &Path, output: &mut Output<'_>) -> Result<u8, CliError> {
    let proposal = read(file)?;
    let (mut recorder, notices) = Recorder::open(&global.ledger, key_ring(global), super::resting(global), None)?;
    output.notices(&notices)?;
    let recorded = recorder.accept(&proposal)?;
    append::commit(&mut recorder, &recorded, output)
}

/// What is in the file now, and what to do next.
fn told(proposal: &Proposal, file: &Path, output: &mut Output<'_>) -> Result<(), CliError> {
    let missing: Vec<_> = proposal.missing().collect();
    if output.json {
        return output.value(&json!({ "file": file, "seq": proposal.body().seq, "missing": missing }));
    }
    let file = file.display();
    output.line(&match missing.as_slice() {
        [] => format!("{file}: signed by all; next: trial proposal submit {file}"),
        some => {
            let names: Vec<_> = some.iter().map(|signer| signer.name.as_str()).collect();
            format!("{file}: still to be signed by {}; each: trial --key KEY proposal sign {file}", names.join(", "))
        }
    })
}

fn line(proposal: &Proposal) -> Vec<u8> {
    [proposal.envelope().as_bytes(), b"\n"].concat()
}

fn unreadable(file: &Path, error: &std::io::Error) -> CliError {
    CliError::unknown(format!("{}: {error}", file.display()))
}

fn read(file: &Path) -> Result<Proposal, CliError> {
    let mut bytes = Vec::new();
    // Two bytes more than a line and its newline may have: enough to see that it is too long.
    let limit = MAX_LINE as u64 + 2;
    let opened = File::open(file).map_err(|e| unreadable(file, &e))?;
    opened.take(limit).read_to_end(&mut bytes).map_err(|e| unreadable(file, &e))?;
    Proposal::read(&bytes).map_err(|e| {
        CliError::no(format!("{}: {e}", file.display())).hint("ask its author for the file, or propose again")
    })
}

/// Puts a file in the place of another at once: whoever reads it meanwhile sees the old or the new one, whole.
fn replace(file: &Path, bytes: &[u8]) -> Result<(), CliError> {
    let mut name = file.as_os_str().to_owned();
    name.push(".new");
    let beside = Path::new(&name);
    let put = || {
        let mut new = File::create(beside)?;
        new.write_all(bytes)?;
        new.sync_all()?;
        fs::rename(beside, file)
    };
    put().map_err(|e| unreadable(file, &e))
}
