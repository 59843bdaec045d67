//! `trial recover`: the store from the journal or the journal from the store, after both were looked at, never in silence.

use crate::{
    args::{Global, keep::RecoverArgs},
    clock,
    contact::{Contact, Held, Watch},
    error::{CliError, ErrorKind},
    output::Output,
    progress, session,
};
use chrono::SecondsFormat;
use serde_json::json;
use std::{fs, io, path::Path};
use trial_ledger::{
    checkpoint::Checkpoint,
    fault::{Fault, FaultKind},
    ledger::{CHECKPOINTS, Ledger, LedgerError},
    recover::{self, Side, State},
    store::StoreError,
    tiles,
    tip::Tip,
};

/// One side, and what this user has seen of the log in it.
struct Looked {
    side: Side,
    state: State,
    watch: Watch,
}

/// Recovers what can be recovered.
pub fn run(global: &Global, args: &RecoverArgs, output: &mut Output<'_>) -> Result<u8, CliError> {
    let dir = &global.ledger;
    if let Some(size) = whole(dir, output)? {
        if output.json {
            output.value(&json!({ "recovered": null, "entries": size, "aside": null }))?;
        } else {
            output.line(&format!("nothing to recover: journal and store hold the same {size} entries"))?;
        }
        return Ok(0);
    }
    // What a link leads to is looked up once.
    let dir = &dir.canonicalize()?;
    let checkpoint = last_checkpoint(dir)?;
    let then = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.size);
    let sides = [look(dir, Side::Journal, then)?, look(dir, Side::Store, then)?];
    for looked in &sides {
        writeln!(output.err, "trial: note: {} {}", looked.side, looked.state)?;
    }
    let from = choose(&sides, args.from.map(|from| from.side()))?;
    let [journal, store] = sides;
    let source = if from == Side::Journal { journal } else { store };
    let contact = longest(source, checkpoint.as_ref())?;
    writeln!(output.err, "trial: note: making {} again from {from}; what is there now is moved aside", from.other())?;
    let stamp = clock::now()?.to_rfc3339_opts(SecondsFormat::Millis, true).replace(':', "-");
    let (tip, aside) = recover::rebuild(dir, from, &stamp)?;
    if let Some(aside) = &aside {
        writeln!(output.err, "trial: note: what was there is kept in {}", aside.display())?;
    }
    finish(dir, &tip, from, contact, aside.as_deref(), output)
}

/// Opens what was made as every command does, and tells.
fn finish(
    dir: &Path,
    tip: &Tip,
    from: Side,
    mut contact: Contact,
    aside: Option<&Path>,
    output: &mut Output<'_>,
) -> Result<u8, CliError> {
    let (ledger, notices) = Ledger::open(dir)?;
    output.notices(&notices.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    output.notices(contact.notice.as_slice())?;
    output.notices(contact.moved(ledger.tip()).as_slice())?;
    recover::sweep(&ledger)?;
    let made = from.other();
    if output.json {
        let word = if made == Side::Store { "store" } else { "journal" };
        output.value(&json!({ "recovered": word, "entries": tip.size(), "aside": aside }))?;
    } else {
        output.line(&format!("recovered: {made} holds {} entries again, each verified", tip.size()))?;
    }
    Ok(0)
}

/// How many entries the ledger has, if it opens: then journal and store agree.
fn whole(dir: &Path, output: &mut Output<'_>) -> Result<Option<u64>, CliError> {
    let mut watch = Watch::begin()?;
    let bar = progress::bar(session::lines_about(dir), "verifying");
    let opened = Ledger::open_with(dir, |verified| {
        bar.inc(1);
        watch.see(verified.entry());
    });
    bar.finish_and_clear();
    match opened {
        Ok((ledger, notices)) => {
            output.notices(&notices.iter().map(ToString::to_string).collect::<Vec<_>>())?;
            let contact = watch.meet(ledger.tip(), Held::Ledger)?;
            output.notices(contact.notice.as_slice())?;
            recover::sweep(&ledger)?;
            Ok(Some(ledger.tip().size()))
        }
        Err(LedgerError::Store(StoreError::Unreadable(_)) | LedgerError::Faulty(..)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn look(dir: &Path, side: Side, then: u64) -> Result<Looked, CliError> {
    let mut watch = Watch::begin()?;
    let bar = progress::bar(session::lines_about(dir), "verifying");
    let state = recover::examine(dir, side, then, |verified| {
        bar.inc(1);
        watch.see(verified.entry());
    })?;
    bar.finish_and_clear();
    Ok(Looked { side, state, watch })
}

/// Which side the other one is made from: the one that was named, else the only one that is sound, if the other one says
/// nothing at all.
fn choose(sides: &[Looked; 2], named: Option<Side>) -> Result<Side, CliError> {
    let of = |side| sides.iter().find(|looked| looked.side == side).map(|looked| &looked.state);
    let refuse = |side: Side| match of(side) {
        Some(State::Faulty(..)) => Err(CliError::no(format!("{side} is not sound: nothing can be made from it"))),
        _ => Err(CliError::unknown(format!("{side} cannot be read: nothing can be made from it"))),
    };
    let sound = |side| matches!(of(side), Some(State::Sound { .. }));
    let backup = "nothing was changed; keep a copy as evidence, and restore a backup elsewhere: trial restore";
    if let Some(side) = named {
        return if sound(side) { Ok(side) } else { refuse(side).map_err(|e| e.hint(backup)) };
    }
    for side in [Side::Journal, Side::Store] {
        match of(side.other()) {
            Some(State::Absent | State::Unreadable(_)) if sound(side) => return Ok(side),
            _ => {}
        }
    }
    if !sound(Side::Journal) && !sound(Side::Store) {
        let proven = sides.iter().any(|looked| matches!(looked.state, State::Faulty(..)));
        let kind = if proven { ErrorKind::No } else { ErrorKind::Unknown };
        let message = "neither journal nor store is sound".to_owned();
        return Err(CliError { kind, message, hint: Some(backup.to_owned()) });
    }
    Err(CliError::no("journal and store can both be read, and differ: which one is right is not for a program to say")
        .hint("keep a copy as evidence, compare with your last checkpoint, then: trial recover --from journal, or --from store"))
}

/// Refuses a source that ends before what was seen or signed.
fn longest(source: Looked, checkpoint: Option<&Checkpoint>) -> Result<Contact, CliError> {
    let State::Sound { tip, then } = source.state else {
        return Err(CliError::unknown(format!("{} is not sound", source.side)));
    };
    if let Some(signed) = checkpoint
        && then != Some(signed.root)
    {
        let kind = if signed.size > tip.size() { FaultKind::RolledBack } else { FaultKind::Forked };
        let expected = format!("the {} entries of the last signed checkpoint", signed.size);
        let fault = Fault::new(kind, expected, format!("{} in {} that do not hold them", tip.size(), source.side));
        return Err(CliError::from(fault).hint("nothing was changed: what was signed would be lost; restore a backup"));
    }
    Ok(source.watch.compare(&tip, Held::Ledger)?)
}

fn last_checkpoint(dir: &Path) -> Result<Option<Checkpoint>, CliError> {
    let path = dir.join(CHECKPOINTS).join("latest");
    match fs::read(&path) {
        Ok(note) => Ok(Some(tiles::checkpoint(&note)?)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(CliError::unknown(format!("{}: {e}", path.display()))),
    }
}
