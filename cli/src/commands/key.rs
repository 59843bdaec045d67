//! `trial key`: key files, and the people they are in the roster.

use super::{append::record_one, key_ring, lens};
use crate::{
    args::{
        Global,
        key::{GrantArgs, KeyCommand},
    },
    clock::{Zone, stamp},
    draft::Draft,
    error::{CliError, ErrorKind},
    keys::{KeyRing, NewKey},
    output::Output,
    render::signature::person,
    session::Session,
};
use comfy_table::{Table, presets::NOTHING};
use serde_json::{Value, json};
use trial_core::{
    entry::{Meaning, Role},
    event::KeyPurpose,
    ids::Key,
    text::Text,
};
use trial_ledger::{
    note::{KeyName, SignatureType, Vkey},
    roster::{Member, Roster},
};

/// Does what is asked with keys.
pub fn run(global: &Global, args: &KeyCommand, output: &mut Output<'_>) -> Result<u8, CliError> {
    let ring = key_ring(global);
    match args {
        KeyCommand::New { alias, no_passphrase } => new(&ring, alias, *no_passphrase, output),
        KeyCommand::List => list(global, &ring, output),
        KeyCommand::Show { alias, log, witness } => {
            let public = ring.read(alias)?.public();
            let log = log.as_ref().map(|origin| origin.vkey(public.clone()));
            let as_witness = |name: &KeyName| Vkey::new(name.clone(), SignatureType::Cosignature, public.clone());
            let vkey = log.or_else(|| witness.as_ref().map(as_witness)).map(|vkey| vkey.to_string());
            if output.json {
                let mut told = json!({ "alias": alias, "key": public.key() });
                if let Some(vkey) = vkey {
                    told["vkey"] = vkey.into();
                }
                output.value(&told)?;
            } else {
                output.line(&vkey.unwrap_or_else(|| public.key().to_string()))?;
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
        "organisation": grant.organisation, "role": role, "purpose": grant.purpose
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

/// The key files, and the roster as known at the cut: who held which key, as what, from when to when (21 CFR 11.300(b)).
fn list(global: &Global, ring: &KeyRing, output: &mut Output<'_>) -> Result<u8, CliError> {
    let session = match Session::open(&global.ledger, &lens(global)) {
        Ok(session) => {
            output.notices(&session.notices)?;
            Some(session)
        }
        // Whose keys these are would be the answer of a ledger that says no; a past that cannot be read has none.
        Err(e) if e.kind == ErrorKind::No || global.as_of.is_some() => return Err(e),
        Err(e) => {
            writeln!(output.err, "trial: note: no roster to compare with: {e}")?;
            None
        }
    };
    let roster = session.as_ref().map(Session::roster).unwrap_or_default();
    let mut files = Vec::new();
    for alias in ring.aliases()? {
        // An encrypted file does not tell its public key without its passphrase; it is not asked for here.
        let key = ring.public(&alias).ok().flatten();
        files.push((alias, key));
    }
    if output.json {
        let cut = session.as_ref().map(Session::cut);
        let files: Vec<Value> = files.iter().map(|(alias, key)| json!({ "alias": alias, "key": key })).collect();
        let members: Vec<Value> = held(&roster).into_iter().map(|(key, member)| line(key, member)).collect();
        output.value(&json!({ "cut": cut, "files": files, "roster": members }))?;
        return Ok(0);
    }
    output.line(&key_files(files, &roster).to_string())?;
    if let Some(session) = &session {
        output.line(&format!("\nThe roster, as known after {} entries:", session.trial.cut.entries))?;
        output.banner(&session.opened)?;
        output.text(&people(&roster, session.zone))?;
    }
    Ok(0)
}

fn key_files(files: Vec<(String, Option<Key>)>, roster: &Roster) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(["key file", "public key", "in the roster as"]);
    for (alias, key) in files {
        let known = match (key, key.and_then(|key| roster.get(key))) {
            (None, _) => "encrypted: trial key show tells".to_owned(),
            (Some(_), None) => "nobody".to_owned(),
            (Some(_), Some(m)) => {
                format!("{}, {}{}", m.name, m.role, if m.revoked.is_some() { ", revoked" } else { "" })
            }
        };
        let short = key.map_or_else(String::new, |key| format!("{}…", &key.to_string()[..16]));
        table.add_row([alias, short, known]);
    }
    table
}

/// All keys that were ever granted, in the order of their grants.
fn held(roster: &Roster) -> Vec<(Key, &Member)> {
    let mut held: Vec<_> = roster.members().collect();
    held.sort_by_key(|(_, member)| member.granted);
    held
}

fn line(key: Key, member: &Member) -> Value {
    let revoked = member.revoked.as_ref();
    json!({
        "key": key, "name": member.name, "organisation": member.organisation, "role": member.role,
        "site": member.site, "purpose": member.purpose, "granted": member.granted,
        "granted_at": stamp(member.granted_at.instant()), "revoked": revoked.map(|r| r.seq),
        "revoked_at": revoked.map(|r| stamp(r.at.instant())), "reason": revoked.and_then(|r| r.reason.as_ref()),
        "compromised_since": revoked.and_then(|r| r.compromised_since)
    })
}

fn people(roster: &Roster, zone: Zone) -> String {
    let mut lines = Vec::new();
    for (key, member) in held(roster) {
        let purpose = match member.purpose {
            KeyPurpose::Author => String::new(),
            KeyPurpose::Log | KeyPurpose::Witness => format!(", {} key", member.purpose),
        };
        lines.push(format!("{}{purpose}", person(&member.signer(key, Meaning::Authorship))));
        lines.push(format!("  key   {key}"));
        lines.push(format!("  from  {}, entry {}", zone.show(member.granted_at.instant()), member.granted));
        if let Some(revoked) = &member.revoked {
            let why = revoked.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
            lines.push(format!("  to    {}, entry {}{why}", zone.show(revoked.at.instant()), revoked.seq));
            let doubt = revoked.compromised_since;
            lines.extend(doubt.map(|since| format!("        in doubt from entry {since} on")));
        }
    }
    lines.join("\n") + "\n"
}
