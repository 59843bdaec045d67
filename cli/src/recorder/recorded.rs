//! Recorded: what became of a draft, told to whoever asked for it.

use chrono::{DateTime, Utc};
use trial_core::{
    entry::{Entry, Signer},
    event::EventKind,
    ids::{Name, Seq},
};

/// What became of a draft.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Its place.
    pub seq: Seq,
    /// Its type.
    pub kind: EventKind,
    /// The subject, if it is about one.
    pub subject: Option<String>,
    /// Who signed it, the author first.
    pub signers: Vec<Signer>,
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// Names of the values that it seals.
    pub sealed: Vec<Name>,
}

impl Recorded {
    pub(super) fn of(entry: &Entry, sealed: Vec<Name>) -> Recorded {
        Recorded {
            sealed,
            seq: entry.seq,
            kind: entry.event.kind(),
            subject: entry.event.subject().map(|subject| subject.to_string()),
            signers: entry.signers().cloned().collect(),
            at: entry.recorded_at,
        }
    }
}
