//! The record itself: corrections, voided entries, redactions. Nothing is ever overwritten.

use super::{Event, EventError, facts};
use crate::ids::{Name, Seq};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// A member of an earlier entry's event has another value from now on; the old one stays in the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EntryCorrected {
    /// The entry corrected.
    pub target: Seq,
    /// JSON pointer (RFC 6901) to the member of its event, for example `/grade`.
    pub field: String,
    /// The value until now; the correction is refused when this is not so. Null where the member was left out.
    pub old: Value,
    /// The value from now on. Null to leave the member out.
    pub new: Value,
}

/// An earlier entry states nothing any more, for example a duplicate; it stays in the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EntryVoided {
    /// The entry voided.
    pub target: Seq,
}

/// A sealed value of an earlier entry has been deleted; its commitment stays in the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ValueRedacted {
    /// The entry whose sealed value is deleted.
    pub target: Seq,
    /// Name of the sealed value.
    pub value: Name,
}

facts!(EntryCorrected:, EntryVoided:, ValueRedacted:);

/// Why a correction does not apply.
#[derive(Debug, Clone, PartialEq)]
pub enum CorrectionError {
    /// Events of this type are answered by a new event, not corrected.
    NotCorrectable,
    /// The member may not be changed: the type, the version or the subject.
    FixedMember,
    /// No such member can be reached.
    NoSuchMember,
    /// The old value is not the current one.
    Stale {
        /// The current value.
        current: Value,
    },
    /// The corrected event would not have the right shape.
    Event(EventError),
}

impl fmt::Display for CorrectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CorrectionError::NotCorrectable => f.write_str("events of this type cannot be corrected or voided"),
            CorrectionError::FixedMember => f.write_str("the type, the version and the subject cannot be corrected"),
            CorrectionError::NoSuchMember => f.write_str("the event has no such member"),
            CorrectionError::Stale { current } => write!(f, "the current value is {current}"),
            CorrectionError::Event(e) => write!(f, "the corrected event would not fit: {e}"),
        }
    }
}

impl std::error::Error for CorrectionError {}

impl EntryCorrected {
    /// The event that the target states after this correction.
    ///
    /// # Errors
    /// When the target's type is not correctable, the member is fixed or unreachable, `old` is not its current value,
    /// or the result is not an event.
    pub fn apply_to(&self, target: &Event) -> Result<Event, CorrectionError> {
        if !target.kind().is_correctable() {
            return Err(CorrectionError::NotCorrectable);
        }
        let (parent, member) = self.field.rsplit_once('/').ok_or(CorrectionError::NoSuchMember)?;
        if parent.is_empty() && matches!(member, "type" | "version" | "subject") {
            return Err(CorrectionError::FixedMember);
        }
        let mut value = target.to_value();
        let current = value.pointer(&self.field).cloned().unwrap_or(Value::Null);
        if current != self.old {
            return Err(CorrectionError::Stale { current });
        }
        let member = member.replace("~1", "/").replace("~0", "~");
        match value.pointer_mut(parent).ok_or(CorrectionError::NoSuchMember)? {
            Value::Object(members) if self.new.is_null() => {
                members.remove(&member);
            }
            Value::Object(members) => {
                members.insert(member, self.new.clone());
            }
            Value::Array(items) => {
                // RFC 6901 spells an index in one way: with `01` or `+1` the current value above was not the one here.
                let index = member.parse::<usize>().ok().filter(|index| index.to_string() == member);
                *index.and_then(|i| items.get_mut(i)).ok_or(CorrectionError::NoSuchMember)? = self.new.clone();
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                return Err(CorrectionError::NoSuchMember);
            }
        }
        let event = Event::from_value(value.clone()).map_err(CorrectionError::Event)?;
        if event.to_value() == value {
            Ok(event)
        } else {
            let message = "members in another than their one spelling".to_owned();
            Err(CorrectionError::Event(EventError::Schema { pointer: self.field.clone(), message }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn assessed() -> Event {
        let text = include_str!("../../../schemas/examples/tumour_assessed.json");
        Event::from_value(serde_json::from_str(text).unwrap()).unwrap()
    }

    fn corrected(field: &str, old: Value, new: Value) -> Result<Value, CorrectionError> {
        let correction = EntryCorrected { target: Seq(1), field: field.to_owned(), old, new };
        correction.apply_to(&assessed()).map(|event| event.to_value())
    }

    #[test]
    fn a_correction_reaches_a_member_of_a_list_and_nothing_else_changes() {
        let mut expected = assessed().to_value();
        expected["targets"][0]["diameter"]["value"] = json!("64");
        assert_eq!(corrected("/targets/0/diameter/value", json!("46"), json!("64")), Ok(expected));
    }

    #[test]
    fn an_index_in_a_second_spelling_reaches_nothing() {
        let lesion = json!({"lesion":"T9","site":"liver","in_field":true,"diameter":{"value":"46","unit":"mm"}});
        for field in ["/targets/00", "/targets/+0", "/targets/-0", "/targets/1", "/targets/-", "targets/0", ""] {
            let found = corrected(field, Value::Null, lesion.clone());
            assert_eq!(found, Err(CorrectionError::NoSuchMember), "{field}");
        }
    }

    #[test]
    fn a_new_value_in_a_second_spelling_is_refused() {
        let old = json!({"value":"46","unit":"mm"});
        assert!(corrected("/targets/0/diameter", old.clone(), json!({"value":"46","unit":"cm"})).is_ok());
        for new in [json!(["46", "cm"]), json!({"value":"46","unit":{"cm":null}})] {
            let found = corrected("/targets/0/diameter", old.clone(), new);
            assert!(matches!(found, Err(CorrectionError::Event(EventError::Schema { .. }))), "{found:?}");
        }
    }
}
