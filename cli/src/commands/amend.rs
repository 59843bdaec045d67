//! `trial amend`: corrections, voided entries, redactions.

use super::{append::record_one, seal};
use crate::{
    args::{Global, amend::AmendCommand},
    draft::Draft,
    error::CliError,
    flags,
    output::Output,
    session::Session,
};
use serde_json::{Value, json};
use trial_core::{
    entry::Effect,
    event::EventKind,
    ids::{Name, Seq},
    text::Text,
};

/// Amends an entry.
pub fn run(global: &Global, args: &AmendCommand, output: &mut Output<'_>) -> Result<u8, CliError> {
    let (event, reason, cosigning, sealing) = match args {
        AmendCommand::Correct { seq, field, old, new, reason, cosigning, sealing } => {
            let kind = kind_of(global, Seq(*seq), output)?;
            let field = if field.starts_with('/') { field.clone() } else { format!("/{}", field.replace('-', "_")) };
            let value = |text: &Option<String>| match text {
                Some(text) => flags::value(kind, &field, text).map_err(|e| CliError::usage(e.to_string())),
                None => Ok(Value::Null),
            };
            let (old, new) = (value(old)?, value(new)?);
            let event = json!({
                "type": "entry_corrected", "version": 1, "target": seq, "field": field, "old": old, "new": new
            });
            (event, reason, cosigning, sealing)
        }
        AmendCommand::Void { seq, reason, cosigning, sealing } => {
            (json!({ "type": "entry_voided", "version": 1, "target": seq }), reason, cosigning, sealing)
        }
        AmendCommand::Redact { seq, name, reason, cosigning } => {
            let name: Name = name.parse().map_err(|e| CliError::usage(format!("NAME: {e}")))?;
            let event = json!({ "type": "value_redacted", "version": 1, "target": seq, "value": name });
            (event, reason, cosigning, &seal::SealArgs::default())
        }
    };
    let reason: Text = reason.parse().map_err(|e| CliError::usage(format!("--reason: {e}")))?;
    let draft = Draft { reason: Some(reason), sealed: seal::texts(sealing)?, ..Draft::of(event) };
    record_one(global, draft, cosigning, output)
}

/// The type of an entry, which tells how the texts of its values are read.
fn kind_of(global: &Global, seq: Seq, output: &mut Output<'_>) -> Result<EventKind, CliError> {
    let mut kind = None;
    let session = Session::open_with(&global.ledger, &super::lens(global), |verified| {
        let entry = verified.entry();
        if entry.seq == seq && matches!(entry.effect, Effect::States) {
            kind = Some(entry.event.kind());
        }
    })?;
    output.notices(&session.notices)?;
    kind.ok_or_else(|| CliError::no(format!("entry {seq} is not there")).hint("trial log lists the entries"))
}
