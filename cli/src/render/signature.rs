//! A signature as people read it: printed name, date and time, meaning (21 CFR 11.50(a)).
//!
//! Promises all three on one line, the time with its offset from UTC, so that no rendering leaves one of them out.

use crate::clock::Zone;
use chrono::{DateTime, Utc};
use trial_core::entry::{Entry, Signer};

/// Who signs, as what: `Ivy Investigator (investigator, Example Hospital, site TPE-01)`.
pub fn person(signer: &Signer) -> String {
    let site = signer.site.as_ref().map_or_else(String::new, |site| format!(", site {site}"));
    format!("{} ({}, {}{site})", signer.name, signer.role, signer.organisation)
}

/// Who signed an entry and what each signature means, the author first; its time stands beside it.
pub fn signers(entry: &Entry) -> String {
    let each = entry.signers().map(|signer| format!("{} ({}), {}", signer.name, signer.role, signer.meaning));
    each.collect::<Vec<_>>().join(" and ")
}

/// A signature whole: who, what it means, when.
pub fn signature(signer: &Signer, at: DateTime<Utc>, zone: Zone) -> String {
    format!("{}: {}, {}", person(signer), signer.meaning, zone.show(at))
}
