//! `trial key`: key files, and the people they are in the roster.

use super::{append::record_one, key_ring, lens};
use crate::{
    args::{Global, GrantArgs, KeyCommand},
    draft::Draft,
    error::{CliError, ErrorKind},
    keys::{KeyRing, NewKey},
    output::Output,
    session::Session,
};
use comfy_table::{Table, presets::NOTHING};
use serde_json::{Value, json};
use trial_core::{entry::Role, ids::Key, text::Text};
use trial_ledger::roster::Roster;

/// Does what is asked with keys.
pub fn run(global: &Global, args: &KeyCommand, output: &mut Output<'_>) -> Result<u8, CliError> {
    let ring = key_ring(global);
    match args {
        KeyCommand::New { alias, no_passphrase } => new(&ring, alias, *no_passphrase, output),
        KeyCommand::List => list(global, &ring, output),
        KeyCommand::Show { alias } => {
            let key = ring.read(alias)?.key();
            if output.json {
                output.value(&json!({ "alias": alias, "key": key }))?;
            } else {
                output.line(&key.to_string())?;
            }
            Ok(0)
        }
        KeyCommand::Grant(grant) => record_one(global, granting(&ring, grant)?, &grant.cosigning, output),
        KeyCommand::Revoke { holder, reason, compromised_since, cosigning } => {
            let key = public(&ring, holder)?;
            let mut event = json!({ "type": "key_revoked", "version": 1, "key": key });
            if let Some(since) = compromised_since {
                event["compromised_since"] = json!(since);
            }
            let reason: Text = reason.parse().map_err(|e| CliError::usage(format!("--reason: {e}")))?;
            record_one(global, Draft { reason: Some(reason), ..Draft::of(event) }, cosigning, output)
        }
    }
}

fn granting(ring: &KeyRing, grant: &GrantArgs) -> Result<Draft, CliError> {
    let role: Role = grant.role.parse().map_err(|e| CliError::usage(format!("--role: {e}")))?;
    let mut event = json!({
        "type": "key_granted", "version": 1, "key": public(ring, &grant.holder)?, "name": grant.name,
        "organisation": grant.organisation, "role": role, "purpose": "author"
    });
    if let Some(site) = &grant.site {
        event["site"] = json!(site);
    }
    Ok(Draft::of(event))
}

/// A public key given in hexadecimal, or that of a key file.
fn public(ring: &KeyRing, holder: &str) -> Result<Key, CliError> {
    match holder.parse() {
        Ok(key) => Ok(key),
        Err(_) => Ok(ring.read(holder)?.key()),
    }
}

fn new(ring: &KeyRing, alias: &str, no_passphrase: bool, output: &mut Output<'_>) -> Result<u8, CliError> {
    let protection = if no_passphrase { NewKey::WithoutPassphrase } else { NewKey::Encrypted };
    let secret = ring.create(alias, protection)?;
    let path = ring.path(alias);
    if output.json {
        output.value(&json!({ "alias": alias, "key": secret.key(), "file": path }))?;
    } else {
        output.line(&secret.key().to_string())?;
        writeln!(output.err, "trial: note: written to {}; keep a copy where only you can read it", path.display())?;
        writeln!(output.err, "trial: note: it may sign once the sponsor has granted it: trial key grant ...")?;
    }
    Ok(0)
}

/// The key files; with their holders where there is a ledger to ask.
fn list(global: &Global, ring: &KeyRing, output: &mut Output<'_>) -> Result<u8, CliError> {
    let roster = match Session::open(&global.ledger, &lens(global)) {
        Ok(session) => {
            output.notices(&session.notices)?;
            session.ledger.tip().roster().clone()
        }
        // Whose keys these are would be the answer of a ledger that says no.
        Err(e) if e.kind == ErrorKind::No => return Err(e),
        Err(e) => {
            writeln!(output.err, "trial: note: no roster to compare with: {e}")?;
            Roster::default()
        }
    };
    let mut rows = Vec::new();
    for alias in ring.aliases()? {
        // An encrypted file does not tell its public key without its passphrase; it is not asked for here.
        let path = ring.path(&alias);
        let key = match trial_ledger::keyfile::is_encrypted(&path) {
            Ok(false) => ring.read(&alias).ok().map(|secret| secret.key()),
            Ok(true) | Err(_) => None,
        };
        rows.push((alias, key));
    }
    if output.json {
        let files: Vec<Value> = rows.iter().map(|(alias, key)| json!({ "alias": alias, "key": key })).collect();
        let members: Vec<Value> = roster
            .members()
            .map(|(key, m)| json!({ "key": key, "name": m.name, "role": m.role, "site": m.site, "revoked": m.revoked.as_ref().map(|r| r.seq) }))
            .collect();
        output.value(&json!({ "files": files, "roster": members }))?;
        return Ok(0);
    }
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(["key file", "public key", "in the roster as"]);
    for (alias, key) in rows {
        let member = key.and_then(|key| roster.get(key));
        let known = match (key, member) {
            (None, _) => "encrypted: trial key show tells".to_owned(),
            (Some(_), None) => "nobody".to_owned(),
            (Some(_), Some(m)) => {
                format!("{}, {}{}", m.name, m.role, if m.revoked.is_some() { ", revoked" } else { "" })
            }
        };
        let short = key.map_or_else(String::new, |key| format!("{}…", &key.to_string()[..16]));
        table.add_row([alias, short, known]);
    }
    output.line(&table.to_string())?;
    Ok(0)
}
