//! Canonical JSON against another parser.

use serde_json::Value;
use trial_ledger::canon;

/// Canonical JSON: a text is accepted exactly if another parser reads it and what it read is written the same again.
pub fn canonical(bytes: &[u8]) {
    let other = serde_json::from_slice::<Value>(bytes).ok().and_then(|value| canon::to_vec(&value).ok());
    let round_trips = other.as_deref() == Some(bytes);
    match canon::check(bytes) {
        Ok(()) => {
            assert!(round_trips, "accepted, but it does not round trip");
            assert!(canon::parse(bytes).is_ok(), "accepted, but it cannot be read");
        }
        Err(wrong) => {
            assert!(!round_trips, "refused, but it round trips: {wrong}");
            assert!(wrong.at <= bytes.len(), "{wrong}: outside of {} bytes", bytes.len());
        }
    }
    // What any parser reads has one canonical form, and that form is a fixed point.
    if let Some(written) = other {
        assert_eq!(canon::check(&written), Ok(()));
        assert_eq!(canon::parse(&written).map(|value| canon::to_vec(&value)), Ok(Ok(written)));
    }
}
