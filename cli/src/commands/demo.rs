//! `trial demo`: one whole trial, synthetic: signed in, verified, replayed, and compared with its publication.

use super::init;
use crate::{
    demo::{Actor, Demo},
    draft::{self, Draft},
    error::CliError,
    keys::{INSIDE, KeyRing, NewKey},
    output::Output,
    progress, published,
    recorder::Recorder,
    session::{Lens, Session},
};
use chrono::TimeDelta;
use serde_json::json;
use std::path::Path;
use trial_core::view::replay::Replay;
use trial_ledger::{body::RecordedAt, key::Secret};

/// Runs the demonstration.
pub fn run(dir: &Path, output: &mut Output<'_>) -> Result<u8, CliError> {
    let demo = Demo::shipped()?;
    writeln!(output.err, "SYNTHETIC DATA, SIMULATED CLOCK: invented subjects of a published trial")?;
    let entries = build(dir, &demo, output)?;
    let session = Session::open(dir, &Lens::default())?;
    writeln!(output.err, "verified {entries} entries: every hash, link, signature and authority")?;
    let replay = Replay::read(&session.trial, session.reading);
    let compared = published::compare(&replay, &demo.published)?;
    if output.json {
        output.value(&json!({
            "dir": dir, "entries": entries, "head": session.ledger.tip().head(), "clock": session.opened.clock,
            "data": session.opened.data, "compared": compared
        }))?;
    } else {
        output.line("SYNTHETIC DATA, SIMULATED CLOCK: these subjects are invented")?;
        output.text(&published::text(&compared, &demo.published))?;
        // As the program was called: a newcomer has it under target/, not on the PATH.
        let program = std::env::args().next().unwrap_or_else(|| "trial".to_owned());
        output.line("\nTry next:")?;
        for verb in ["status --as-of 2017-05-01", "why escalation.mtd", "verify"] {
            output.line(&format!("  {program} --ledger {} {verb}", dir.display()))?;
        }
    }
    Ok(u8::from(compared.iter().any(|c| !c.matches && !c.explained())))
}

/// Makes the ledger: keys, genesis, roster, then every draft, each durable before the next.
fn build(dir: &Path, demo: &Demo, output: &mut Output<'_>) -> Result<u64, CliError> {
    let opening = demo.opens_at;
    let secrets: Vec<(&Actor, Secret)> = demo
        .actors
        .iter()
        .map(|actor| Ok((actor, Secret::generate().map_err(|e| CliError::unknown(e.to_string()))?)))
        .collect::<Result<_, CliError>>()?;
    let Some(((sponsor, secret), others)) = secrets.split_first() else {
        return Err(CliError::unknown("the demonstration has no actors"));
    };
    let signer = init::Sponsor { name: sponsor.name.clone(), organisation: sponsor.organisation.clone() };
    init::found(dir, &demo.opened, &signer, secret, RecordedAt::new(opening.to_utc()))?;
    let ring = KeyRing::new(Some(&dir.join(INSIDE)), dir, None);
    let mut recorder = init::reopen(dir, ring.clone())?;
    for (actor, secret) in &secrets {
        ring.keep(&actor.alias, secret, NewKey::WithoutPassphrase)?;
    }
    let mut at = opening;
    for event in demo.opening_events(others.iter().map(|(actor, secret)| (*actor, secret.key())))? {
        at += TimeDelta::minutes(3);
        let draft = Draft { recorded_at: Some(at), ..Draft::of(event) };
        recorder.record(&draft, None, &sponsor.alias)?;
        recorder.append()?;
    }
    record_all(&mut recorder, demo, &sponsor.alias, output)?;
    output.notices(&recorder.commit()?)?;
    Ok(recorder.tip().size())
}

fn record_all(recorder: &mut Recorder, demo: &Demo, sponsor: &str, output: &mut Output<'_>) -> Result<(), CliError> {
    let total = demo.drafts.lines().count() as u64;
    let bar = progress::bar(total, "signing");
    for drafted in draft::drafts(demo.drafts.as_bytes()) {
        let (line, draft) = drafted.map_err(|e| CliError::unknown(format!("the shipped drafts: {e}")))?;
        recorder
            .record(&draft, Some(line), sponsor)
            .map_err(|e| CliError { message: format!("the shipped drafts, line {line}: {e}"), ..e })?;
        recorder.append()?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    writeln!(output.err, "signed and stored {} events, each on disk before the next", recorder.tip().size())?;
    Ok(())
}
