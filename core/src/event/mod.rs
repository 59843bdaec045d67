//! Events: facts in the past tense. One list gives the enum, the words, the schemas and the subcommands.
//!
//! Promises that what was parsed has the right shape. Does not check whether it can have happened: that is
//! admission, at append.

mod conduct;
mod opening;
mod quick;
mod record;
mod response;
mod safety;
mod subjects;
mod treatment;

pub use conduct::*;
pub use opening::*;
pub use record::*;
pub use response::*;
pub use safety::*;
pub use subjects::*;
pub use treatment::*;

use crate::{date::Moment, ids::SubjectId};
use quick::{facts_of, kind_of};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, DeserializeOwned},
};
use serde_json::{Map, Value};
use std::{borrow::Cow, fmt, str::FromStr};

/// The version of every event's facts in format version 1.
pub const VERSION: u64 = 1;

/// What all facts can say of themselves.
pub trait Facts: Serialize + DeserializeOwned + JsonSchema {
    /// The subject they are about, if any.
    fn subject(&self) -> Option<&SubjectId> {
        None
    }

    /// When it occurred, where something occurred.
    fn occurred(&self) -> Option<Moment> {
        None
    }
}

/// Why a JSON value is not an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventError {
    /// No such event type.
    UnknownType(String),
    /// A member that does not fit.
    Schema {
        /// JSON pointer (RFC 6901) to the member.
        pointer: String,
        /// What was expected.
        message: String,
    },
}

impl fmt::Display for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EventError::UnknownType(found) => write!(f, "{found:?} is not an event type"),
            EventError::Schema { pointer, message } if pointer.is_empty() => f.write_str(message),
            EventError::Schema { pointer, message } => write!(f, "{pointer}: {message}"),
        }
    }
}

impl std::error::Error for EventError {}

fn schema_error(pointer: &str, message: impl Into<String>) -> EventError {
    EventError::Schema { pointer: pointer.into(), message: message.into() }
}

/// `a.b[0].c` of serde_path_to_error as a JSON pointer.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path.iter() {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } | Segment::Enum { variant: key } => {
                pointer.push_str(&format!("/{}", key.replace('~', "~0").replace('/', "~1")));
            }
            Segment::Unknown => {}
        }
    }
    pointer
}

fn read<F: Facts>(members: Map<String, Value>) -> Result<F, EventError> {
    serde_path_to_error::deserialize(Value::Object(members))
        .map_err(|e| schema_error(&pointer(e.path()), e.into_inner().to_string()))
}

macro_rules! events {
    ($($group:literal { $($variant:ident = $name:literal),+ $(,)? })+) => {
        /// A fact in the past tense.
        #[derive(Debug, Clone, PartialEq)]
        #[allow(missing_docs)] // each variant is documented at its facts
        pub enum Event {
            $($( $variant(Box<$variant>), )+)+
        }

        /// The type of an event.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs)] // each variant is documented at its facts
        pub enum EventKind {
            $($( $variant, )+)+
        }

        impl EventKind {
            /// All types, in the order of a trial's life.
            pub const ALL: &'static [EventKind] = &[$($( EventKind::$variant, )+)+];

            /// The word as it stands in the log: `dose_taken`.
            pub fn as_str(self) -> &'static str {
                match self { $($( EventKind::$variant => $name, )+)+ }
            }

            /// The part of the trial's life that it belongs to.
            pub fn group(self) -> &'static str {
                match self { $($( EventKind::$variant => $group, )+)+ }
            }

            /// The JSON Schema (2020-12) of the whole event.
            pub fn schema(self) -> Schema {
                let facts = match self { $($( EventKind::$variant => schemars::schema_for!($variant), )+)+ };
                event_schema(self, facts)
            }
        }

        impl Event {
            /// Its type.
            pub fn kind(&self) -> EventKind {
                match self { $($( Event::$variant(_) => EventKind::$variant, )+)+ }
            }

            /// The subject it is about, if any.
            pub fn subject(&self) -> Option<&SubjectId> {
                match self { $($( Event::$variant(facts) => facts.subject(), )+)+ }
            }

            /// When it occurred, where something occurred.
            pub fn occurred(&self) -> Option<Moment> {
                match self { $($( Event::$variant(facts) => facts.occurred(), )+)+ }
            }

            /// Reads an event: `{"type":..,"version":1, the facts}`.
            ///
            /// # Errors
            /// An unknown type, or the first member that does not fit.
            pub fn from_value(value: Value) -> Result<Event, EventError> {
                let (kind, members) = split(value)?;
                Ok(match kind { $($( EventKind::$variant => Event::$variant(Box::new(read(members)?)), )+)+ })
            }

            /// Reads an event from its JSON text, the quick way: what it refuses, [`Event::from_value`] explains.
            ///
            /// # Errors
            /// Not an event, or one whose members stand in another order than the canonical one.
            pub fn from_text(text: &str) -> Result<Event, serde_json::Error> {
                let kind = kind_of(text).ok_or_else(|| de::Error::missing_field("type"))?;
                Ok(match kind { $($( EventKind::$variant => Event::$variant(Box::new(facts_of(text)?)), )+)+ })
            }

            /// Writes it back, with `type` and `version`.
            pub fn to_value(&self) -> Value {
                serde_json::to_value(self).expect("facts have string keys and no floats")
            }
        }

        impl Serialize for Event {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                let kind = self.kind();
                match self { $($( Event::$variant(facts) => Tagged { kind, version: VERSION, facts }.serialize(s), )+)+ }
            }
        }

        $($( impl From<$variant> for Event {
            fn from(facts: $variant) -> Event {
                Event::$variant(Box::new(facts))
            }
        } )+)+
    };
}

events! {
    "opening" {
        TrialOpened = "trial_opened",
        ProtocolActivated = "protocol_activated",
        SiteActivated = "site_activated",
        DictionaryAdopted = "dictionary_adopted",
        KeyGranted = "key_granted",
        KeyRevoked = "key_revoked",
    }
    "subjects" {
        ConsentGiven = "consent_given",
        SubjectScreened = "subject_screened",
        SubjectEnrolled = "subject_enrolled",
        ScreenFailed = "screen_failed",
        SubjectWithdrawn = "subject_withdrawn",
        EvaluabilityRuled = "evaluability_ruled",
    }
    "treatment" {
        DoseTaken = "dose_taken",
        DoseMissed = "dose_missed",
        DosingChanged = "dosing_changed",
        RadiotherapyPlanned = "radiotherapy_planned",
        FractionDelivered = "fraction_delivered",
        FractionMissed = "fraction_missed",
    }
    "safety" {
        AdverseEventReported = "adverse_event_reported",
        AdverseEventUpdated = "adverse_event_updated",
        SeriousEventReported = "serious_event_reported",
        DltRuled = "dlt_ruled",
        DeathRecorded = "death_recorded",
    }
    "response" {
        TumourAssessed = "tumour_assessed",
        ProgressionRecorded = "progression_recorded",
        FollowedUp = "followed_up",
        LaboratoryMeasured = "laboratory_measured",
    }
    "conduct" {
        EscalationDecided = "escalation_decided",
        MtdDeclared = "mtd_declared",
        DeviationRecorded = "deviation_recorded",
        SignedOff = "signed_off",
        CheckpointWitnessed = "checkpoint_witnessed",
    }
    "the record itself" {
        EntryCorrected = "entry_corrected",
        EntryVoided = "entry_voided",
        ValueRedacted = "value_redacted",
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for EventKind {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for EventKind {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let word = String::deserialize(d)?;
        word.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for EventKind {
    fn schema_name() -> Cow<'static, str> {
        "EventKind".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let words: Vec<_> = EventKind::ALL.iter().map(|kind| kind.as_str()).collect();
        json_schema!({ "type": "string", "enum": words })
    }
}

impl FromStr for EventKind {
    type Err = EventError;
    fn from_str(text: &str) -> Result<Self, EventError> {
        let known = EventKind::ALL.iter().copied().find(|kind| kind.as_str() == text);
        known.ok_or_else(|| EventError::UnknownType(text.chars().take(80).collect()))
    }
}

impl EventKind {
    /// Whether an entry with this event must say why (21 CFR 11.10(e), ICH E6(R3) 4.2.4).
    pub fn needs_reason(self) -> bool {
        matches!(
            self,
            EventKind::KeyRevoked
                | EventKind::SubjectWithdrawn
                | EventKind::EvaluabilityRuled
                | EventKind::DltRuled
                | EventKind::EntryCorrected
                | EventKind::EntryVoided
                | EventKind::ValueRedacted
        )
    }

    /// Whether its facts may be corrected or voided later. Keys, decisions and the record itself stand: they are
    /// answered by a new event.
    pub fn is_correctable(self) -> bool {
        matches!(self.group(), "subjects" | "treatment" | "safety" | "response") || self == EventKind::DeviationRecorded
    }
}

fn split(value: Value) -> Result<(EventKind, Map<String, Value>), EventError> {
    let Value::Object(mut members) = value else {
        return Err(schema_error("", "expected a JSON object with \"type\" and the facts"));
    };
    let kind = match members.remove("type") {
        Some(Value::String(name)) => name.parse()?,
        Some(_) => return Err(schema_error("/type", "expected a string")),
        None => return Err(schema_error("", "missing field `type`")),
    };
    match members.remove("version") {
        Some(Value::Number(n)) if n.as_u64() == Some(VERSION) => Ok((kind, members)),
        Some(found) => Err(schema_error("/version", format!("expected {VERSION}, found {found}"))),
        None => Err(schema_error("", "missing field `version`")),
    }
}

/// Facts as they stand in the log.
#[derive(Serialize)]
struct Tagged<'a, F> {
    #[serde(rename = "type")]
    kind: EventKind,
    version: u64,
    #[serde(flatten)]
    facts: &'a F,
}

fn event_schema(kind: EventKind, facts: Schema) -> Schema {
    let mut schema = facts;
    let object = schema.ensure_object();
    object.insert("title".into(), kind.as_str().into());
    if let Some(Value::Object(properties)) = object.get_mut("properties") {
        properties.insert("type".into(), serde_json::json!({ "const": kind.as_str() }));
        properties.insert("version".into(), serde_json::json!({ "const": VERSION }));
    }
    let required = object.entry("required").or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(names) = required {
        names.insert(0, "type".into());
        names.insert(1, "version".into());
    }
    schema
}

/// Implements [`Facts`] for facts with `subject` and `occurred_at`.
macro_rules! facts {
    ($($name:ident: $($member:ident)*),+ $(,)?) => {
        $( impl $crate::event::Facts for $name { $( $crate::event::facts!(@ $member); )* } )+
    };
    (@ subject) => {
        fn subject(&self) -> Option<&$crate::ids::SubjectId> { Some(&self.subject) }
    };
    (@ some_subject) => {
        fn subject(&self) -> Option<&$crate::ids::SubjectId> { self.subject.as_ref() }
    };
    (@ occurred) => {
        fn occurred(&self) -> Option<$crate::date::Moment> { Some(self.occurred_at) }
    };
}
pub(crate) use facts;
