//! CTCAE grades and dose levels: small whole numbers that cannot be out of range.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use std::{borrow::Cow, fmt};

/// The severity of an adverse event, 1 (mild) to 5 (death): CTCAE v4.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Grade(u8);

impl Grade {
    /// A grade, where the number is 1 to 5.
    pub fn new(number: u8) -> Option<Grade> {
        (1..=5).contains(&number).then_some(Grade(number))
    }

    /// The number.
    pub fn get(self) -> u8 {
        self.0
    }
}

/// The number of a dose level, counted from 1 at the lowest planned level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct DoseLevel(u8);

impl DoseLevel {
    /// A level, where the number is 1 to 99.
    pub fn new(number: u8) -> Option<DoseLevel> {
        (1..=99).contains(&number).then_some(DoseLevel(number))
    }

    /// The number.
    pub fn get(self) -> u8 {
        self.0
    }

    /// The next higher number, whether planned or not.
    pub fn up(self) -> Option<DoseLevel> {
        DoseLevel::new(self.0 + 1)
    }

    /// The next lower number, if any.
    pub fn down(self) -> Option<DoseLevel> {
        DoseLevel::new(self.0 - 1)
    }
}

/// For `#[serde(deserialize_with)]`: a whole number within the range that its schema states.
pub(crate) fn within<'de, D: Deserializer<'de>, const MIN: u8, const MAX: u8>(d: D) -> Result<u8, D::Error> {
    let number = u8::deserialize(d)?;
    if (MIN..=MAX).contains(&number) {
        return Ok(number);
    }
    Err(D::Error::custom(format!("{number} is out of range: expected {MIN} to {MAX}")))
}

macro_rules! small_number {
    ($name:ident, $max:literal) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let number = u8::deserialize(d)?;
                $name::new(number)
                    .ok_or_else(|| D::Error::custom(format!("{number} is out of range: expected 1 to {}", $max)))
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
                json_schema!({ "type": "integer", "minimum": 1, "maximum": $max })
            }
        }
    };
}

small_number!(Grade, 5);
small_number!(DoseLevel, 99);
