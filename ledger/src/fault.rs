//! Fault: one way in which a chain is wrong, by the name it has everywhere.
//!
//! The names are a contract: the JSON output, the vectors and the docs use the same ones.

use serde::{Serialize, Serializer};
use std::{fmt, str::FromStr};
use trial_core::ids::Seq;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal: $meaning:literal,)+) => {
        /// The kinds of faults.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FaultKind {
            $( #[doc = $meaning] $kind, )+
        }

        impl FaultKind {
            /// All kinds.
            pub const ALL: &'static [FaultKind] = &[$(FaultKind::$kind),+];

            /// The name, the same everywhere.
            pub fn as_str(self) -> &'static str {
                match self { $( FaultKind::$kind => $name, )+ }
            }

            /// What it most likely means, for the person who has to act on it.
            pub fn meaning(self) -> &'static str {
                match self { $( FaultKind::$kind => $meaning, )+ }
            }
        }
    };
}

kinds! {
    SignatureInvalid = "signature_invalid":
        "the entry was changed after it was signed, or somebody else signed it",
    SignatureNotCanonical = "signature_not_canonical":
        "the signatures were rewritten after signing: they fit, but are not spelled or listed as a signer leaves them",
    WrongLedger = "wrong_ledger":
        "the entry was signed for another ledger",
    GenesisMismatch = "genesis_mismatch":
        "this is not the ledger it is taken for: it begins with another first entry",
    BrokenLink = "broken_link":
        "the entry before it is not the one that its author saw: one of the two was changed, removed or replaced",
    SeqGap = "seq_gap":
        "entries are missing here",
    SeqDuplicate = "seq_duplicate":
        "an entry stands here that the log already has at an earlier place",
    SeqOutOfOrder = "seq_out_of_order":
        "entries were moved: this one does not belong here",
    NotCanonical = "not_canonical":
        "the line was not written by this format, or was changed: it could be read in two ways",
    SchemaViolation = "schema_violation":
        "the line lacks a member, has one too many, or a value that the format does not allow",
    UnknownEventType = "unknown_event_type":
        "the event is of a type that this version of the format does not have",
    LimitExceeded = "limit_exceeded":
        "the line is too large or nested too deep for an entry",
    UnknownSigner = "unknown_signer":
        "the key was never granted in this ledger up to this point",
    SignerMismatch = "signer_mismatch":
        "the name, role, organisation, site or purpose is not the one that the key was granted with",
    RoleNotAllowed = "role_not_allowed":
        "the signer's role may not record this",
    SiteOutOfScope = "site_out_of_scope":
        "the signer is bound to one site and this concerns another",
    KeyRevoked = "key_revoked":
        "the key had been revoked before this point of the log",
    KeyReused = "key_reused":
        "a key stands for one person and one purpose only, and this one was granted before",
    KeyWeak = "key_weak":
        "signatures under this key would not bind its holder",
    CountersignatureMissing = "countersignature_missing":
        "not everybody has signed who is named, or whom the protocol asks for; nobody counts twice",
    MissingReason = "missing_reason":
        "what is recorded here needs a reason, and none is given",
    StaleCorrection = "stale_correction":
        "the correction rests on a value that was not the current one",
    TimeRegression = "time_regression":
        "the entry claims to have been recorded before the one in front of it",
    TimeAfterWitness = "time_after_witness":
        "the entry claims to have been recorded after a witness had already seen it",
    Truncated = "truncated":
        "entries at the end are gone that were there when the checkpoint was made",
    RolledBack = "rolled_back":
        "the ledger is older than what was seen before: somebody put back an old copy",
    Forked = "forked":
        "there are two histories of this ledger: keep both checkpoints, they are the evidence",
    RootMismatch = "root_mismatch":
        "the history is not the one that the checkpoint was made over",
    CheckpointInvalid = "checkpoint_invalid":
        "the checkpoint is not one of this log, or was changed",
    WitnessQuorumNotMet = "witness_quorum_not_met":
        "fewer witnesses have cosigned than the trust file demands",
    StoreMissing = "store_missing":
        "there is no ledger here, or its beginning is gone",
    StoreUnreadable = "store_unreadable":
        "the store cannot be read: the disk, the permissions or the file may be at fault",
    JournalDiffers = "journal_differs":
        "the journal and the store hold different entries at the same place: one of them was changed",
    SealedMismatch = "sealed_mismatch":
        "a sealed value is not the one that was signed",
    SealedMissing = "sealed_missing":
        "a sealed value is gone, and no entry says that it was redacted",
    SnapshotMismatch = "snapshot_mismatch":
        "a stored state is not the one that the entries give",
}

impl FaultKind {
    /// Whether it is about what stands beside a log whose chain is whole.
    pub fn is_of_sealed_values(self) -> bool {
        matches!(self, FaultKind::SealedMismatch | FaultKind::SealedMissing)
    }

    /// Whether it proves that something is wrong with the record; otherwise it could not be told.
    pub fn is_proof(self) -> bool {
        !matches!(self, FaultKind::StoreMissing | FaultKind::StoreUnreadable)
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for FaultKind {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let found = FaultKind::ALL.iter().copied().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| format!("{text:?} is not a kind of fault"))
    }
}

impl Serialize for FaultKind {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// What kind.
    pub kind: FaultKind,
    /// The place in the log, where it is at one place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<Seq>,
    /// What was expected there.
    pub expected: String,
    /// What was found.
    pub found: String,
    /// What it most likely means.
    pub meaning: &'static str,
}

impl Fault {
    /// A fault at one place of the log.
    pub fn at(kind: FaultKind, seq: Seq, expected: impl fmt::Display, found: impl fmt::Display) -> Fault {
        Fault { seq: Some(seq), ..Fault::new(kind, expected, found) }
    }

    /// A fault of the whole.
    pub fn new(kind: FaultKind, expected: impl fmt::Display, found: impl fmt::Display) -> Fault {
        let meaning = kind.meaning();
        Fault { kind, seq: None, expected: expected.to_string(), found: found.to_string(), meaning }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(seq) = self.seq {
            write!(f, "entry {seq}: ")?;
        }
        write!(f, "{}: expected {}, found {}", self.kind, self.expected, self.found)
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_kind_has_one_name_of_its_own_and_a_meaning() {
        let names: BTreeSet<_> = FaultKind::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(names.len(), FaultKind::ALL.len());
        for kind in FaultKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
            assert!(kind.as_str().bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
            assert!(!kind.meaning().is_empty());
        }
    }

    #[test]
    fn a_fault_in_json_has_the_members_of_the_contract() {
        let fault = Fault::at(FaultKind::BrokenLink, Seq(41), "aa", "bb");
        let json = serde_json::to_value(&fault).unwrap();
        let expected = serde_json::json!({
            "kind": "broken_link", "seq": 41, "expected": "aa", "found": "bb", "meaning": FaultKind::BrokenLink.meaning()
        });
        assert_eq!(json, expected);
    }
}
