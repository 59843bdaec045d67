//! Suspect entries: signed by a key that was revoked as stolen, from the first entry in doubt on.
//!
//! Promises that none is called a fault: whether the holder or a thief signed, no log can tell; people judge each. Reads
//! the entries once more, and only where a revocation leaves any in doubt.

use schemars::JsonSchema;
use serde::Serialize;
use trial_core::{
    entry::Entry,
    ids::{Key, Seq},
    text::Text,
};
use trial_ledger::{
    check::Verified,
    fault::Fault,
    roster::{Roster, Suspicion},
};

/// What one revocation leaves in doubt.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Suspects {
    /// The key.
    pub key: Key,
    /// Printed name of its holder.
    pub name: Text,
    /// From which entry on its signatures are in doubt.
    pub since: Seq,
    /// The entry that revoked it.
    pub revoked: Seq,
    /// Why it was revoked.
    pub reason: Option<Text>,
    /// The entries that it signed from there on.
    pub entries: Vec<Seq>,
}

impl Suspects {
    fn of(suspicion: &Suspicion<'_>) -> Suspects {
        Suspects {
            key: suspicion.key,
            name: suspicion.member.name.clone(),
            since: suspicion.since,
            revoked: suspicion.revocation.seq,
            reason: suspicion.revocation.reason.clone(),
            entries: Vec::new(),
        }
    }

    /// In words: whose key, since when, why, and the entries where there are any.
    pub fn text(&self) -> String {
        let why = self.reason.as_ref().map_or_else(String::new, |reason| format!(" ({reason})"));
        let entries: Vec<_> = self.entries.iter().map(ToString::to_string).collect();
        let which = if entries.is_empty() { String::new() } else { format!(": entries {}", entries.join(", ")) };
        format!(
            "key of {}, in doubt from entry {} to its revocation at {}{why}{which}",
            self.name, self.since, self.revoked
        )
    }
}

/// Why one entry is in doubt, if it is.
pub fn suspicion(roster: &Roster, entry: &Entry) -> Option<Suspects> {
    roster.suspicion(entry).map(|suspicion| Suspects::of(&suspicion))
}

/// All entries in doubt, by key; `entries` is read only if there can be any.
///
/// # Errors
/// An entry cannot be read again.
pub fn suspects<I: Iterator<Item = Result<Verified, Fault>>>(
    roster: &Roster,
    entries: impl FnOnce() -> I,
) -> Result<Vec<Suspects>, Fault> {
    let mut found: Vec<Suspects> = Vec::new();
    if !roster.is_in_doubt() {
        return Ok(found);
    }
    for verified in entries() {
        let verified = verified?;
        let entry = verified.entry();
        let Some(suspicion) = roster.suspicion(entry) else { continue };
        let known = found.iter_mut().find(|known| known.key == suspicion.key);
        match known {
            Some(known) => known.entries.push(entry.seq),
            None => found.push(Suspects { entries: vec![entry.seq], ..Suspects::of(&suspicion) }),
        }
    }
    Ok(found)
}

/// In one sentence how many there are; nothing where there are none.
pub fn sentence(suspects: &[Suspects]) -> Option<String> {
    let count: usize = suspects.iter().map(|s| s.entries.len()).sum();
    let entries = if count == 1 { "entry is" } else { "entries are" };
    (count > 0).then(|| format!("{count} {entries} suspect: signed by a key in doubt, no fault, for people to judge"))
}
