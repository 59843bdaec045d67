//! Identifiers: short ASCII names, sequence numbers and 32-byte values, each its own type.
//!
//! Promises that an identifier is 1 to 64 characters of `[A-Za-z0-9._:-]`, so that no two look alike
//! (no Unicode, no bidirectional controls). Does not check that the thing named exists.

use crate::{shared::Recent, spelling::parsed};
use faster_hex::CheckCase;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{borrow::Cow, cell::RefCell, fmt, str::FromStr, sync::Arc};

/// What an identifier may look like, as a regular expression (used in the JSON Schemas).
pub const IDENTIFIER_PATTERN: &str = "^[A-Za-z0-9._:-]{1,64}$";

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadIdentifier(String);

impl fmt::Display for BadIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not an identifier: expected 1 to 64 characters of A-Z a-z 0-9 . _ : -", self.0)
    }
}

impl std::error::Error for BadIdentifier {}

fn checked(text: &str) -> Result<Arc<str>, BadIdentifier> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._:-".contains(&b);
    if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
        Ok(text.into())
    } else {
        Err(BadIdentifier(text.chars().take(80).collect()))
    }
}

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = BadIdentifier;
            fn from_str(text: &str) -> Result<Self, BadIdentifier> {
                thread_local! {
                    static RECENT: RefCell<Recent> = const { RefCell::new(Recent::new()) };
                }
                RECENT.with_borrow_mut(|recent| recent.of(text, checked)).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                parsed(d)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn inline_schema() -> bool {
                true
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": IDENTIFIER_PATTERN })
            }
        }
    };
}

identifier!(
    /// A coded subject, for example `RECON-001`; never a name or initials.
    SubjectId
);
identifier!(
    /// A study site, for example `TPE-01`.
    SiteId
);
identifier!(
    /// Any other name inside the trial: an agent, a lesion, an adverse event, a plan, a characteristic.
    Name
);

/// The place of an entry in the log, from 0 (the genesis).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema, Default)]
#[serde(transparent)]
#[schemars(inline)]
pub struct Seq(pub u64);

impl Seq {
    /// The place after this one.
    pub fn next(self) -> Seq {
        Seq(self.0 + 1)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// 64 lower-case hexadecimal digits, written into a place of the caller's.
fn hex_of<'p>(bytes: &[u8; 32], place: &'p mut [u8; 64]) -> &'p str {
    faster_hex::hex_encode(bytes, place).expect("the place is twice as long")
}

macro_rules! bytes32 {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 32]);

        impl $name {
            /// Writes its 64 digits into a place of the caller's.
            pub fn spell<'p>(&self, place: &'p mut [u8; 64]) -> &'p str {
                hex_of(&self.0, place)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(hex_of(&self.0, &mut [0; 64]))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = BadHex;
            fn from_str(text: &str) -> Result<Self, BadHex> {
                let mut bytes = [0; 32];
                let read = faster_hex::hex_decode_with_case(text.as_bytes(), &mut bytes, CheckCase::Lower);
                if text.len() == 64 && read.is_ok() { Ok(Self(bytes)) } else { Err(BadHex) }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                if !s.is_human_readable() {
                    return self.0.serialize(s);
                }
                s.serialize_str(hex_of(&self.0, &mut [0; 64]))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                if !d.is_human_readable() {
                    return <[u8; 32]>::deserialize(d).map(Self);
                }
                parsed(d)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn inline_schema() -> bool {
                true
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": "^[0-9a-f]{64}$" })
            }
        }
    };
}

/// Not 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadHex;

impl fmt::Display for BadHex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected 64 lower-case hexadecimal digits")
    }
}

impl std::error::Error for BadHex {}

bytes32!(
    /// A SHA-256 value: the leaf hash of an entry, the head of a log.
    Hash
);
bytes32!(
    /// An Ed25519 public key, always whole: a shortened key id can be forged.
    Key
);

impl Hash {
    /// 64 zeros: what the genesis entry has in place of a previous entry.
    pub const ZERO: Hash = Hash([0; 32]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_takes_the_allowed_characters_and_nothing_else() {
        assert!("RECON-001".parse::<SubjectId>().is_ok());
        for bad in ["", "RECON 001", "R\u{0415}CON", "a/b", &"x".repeat(65)] {
            assert!(bad.parse::<SubjectId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_hash_is_written_in_lower_case_only() {
        let text = "ab".repeat(32);
        assert_eq!(text.parse::<Hash>().unwrap().to_string(), text);
        assert!(text.to_uppercase().parse::<Hash>().is_err());
        assert!("ab".parse::<Hash>().is_err());
    }
}
