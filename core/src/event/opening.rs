//! Opening the trial: the genesis, the protocol, sites, dictionaries, keys.

use super::facts;
use crate::{
    dictionary::TermEntry,
    entry::Role,
    ids::{Hash, Key, Name, Seq, SiteId},
    protocol::Protocol,
    text::Text,
    words::words,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

words!(
    /// Where the times of the entries come from.
    Clock {
        /// The clock of the machine.
        System = "system",
        /// Given by hand: training, validation, demonstration.
        Simulated = "simulated",
    }
);

words!(
    /// Whose facts these are.
    DataKind {
        /// Of real subjects.
        Real = "real",
        /// Invented.
        Synthetic = "synthetic",
    }
);

words!(
    /// What a key may be used for; never for two purposes.
    KeyPurpose {
        /// Signs entries.
        Author = "author",
        /// Signs checkpoints of the log.
        Log = "log",
        /// Cosigns checkpoints of others.
        Witness = "witness",
    }
);

/// The genesis: names the trial, its time zone and its clock. Signed by the sponsor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrialOpened {
    /// Short name of the trial, for example its protocol number.
    pub trial: Name,
    /// Number in a public registry, for example `NCT02814461`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry: Option<Name>,
    /// Title of the trial.
    pub title: Text,
    /// IANA time zone of the trial, for example `Asia/Taipei`.
    pub zone: Text,
    /// Name of this log: `<sponsor domain>/<trial>` (C2SP tlog-checkpoint origin).
    pub origin: Text,
    /// Where the times of the entries come from.
    pub clock: Clock,
    /// Whose facts these are.
    pub data: DataKind,
}

/// A version of the protocol takes effect; a later one is an amendment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProtocolActivated {
    /// The protocol as data (see protocol.json).
    pub protocol: Protocol,
}

/// A site may begin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteActivated {
    /// The site's identifier.
    pub site: SiteId,
    /// Its name.
    pub name: Text,
}

/// A dictionary of adverse event terms is adopted; a long list comes in several parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DictionaryAdopted {
    /// Name and edition, for example `CTCAE-4.0`.
    pub dictionary: Name,
    /// SHA-256 of the canonical JSON of all terms, over all parts.
    pub sha256: Hash,
    /// Number of this part, from 1.
    #[schemars(range(min = 1, max = 99))]
    #[serde(deserialize_with = "crate::grade::within::<_, 1, 99>")]
    pub part: u8,
    /// How many parts there are.
    #[schemars(range(min = 1, max = 99))]
    #[serde(deserialize_with = "crate::grade::within::<_, 1, 99>")]
    pub parts: u8,
    /// The terms of this part.
    pub terms: Vec<TermEntry>,
}

/// A person's key enters the roster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyGranted {
    /// The Ed25519 public key.
    pub key: Key,
    /// Printed name of its holder.
    pub name: Text,
    /// The holder's organisation.
    pub organisation: Text,
    /// The holder's role.
    pub role: Role,
    /// The site to which the holder is bound, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteId>,
    /// What the key may be used for.
    pub purpose: KeyPurpose,
}

/// A key leaves the roster: what it signed before stays valid, what it signs after is a fault.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyRevoked {
    /// The Ed25519 public key.
    pub key: Key,
    /// First entry that may have been signed by somebody else, if the key was stolen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compromised_since: Option<Seq>,
}

facts!(TrialOpened:, ProtocolActivated:, SiteActivated:, DictionaryAdopted:, KeyGranted:, KeyRevoked:);
