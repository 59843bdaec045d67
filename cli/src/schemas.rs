//! The schema files under `schemas/`: JSON Schema 2020-12, made from the types that read the same JSON.
//!
//! Promises that a file cannot say otherwise than the program: a test writes them anew and compares. Does not check
//! canonical form, hashes or signatures; a schema cannot.

use crate::{
    commands,
    draft::{Draft, filled_in},
};
use schemars::schema_for;
use serde_json::{Map, Value, json};
use trial_core::{entry::Signer, event::EventKind, protocol::Protocol};

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// All schema files: path under `schemas/` and content.
pub fn files() -> Vec<(String, Value)> {
    let events = EventKind::ALL.iter().map(|kind| (event_file(*kind), kind.schema().to_value()));
    let others = [
        ("draft.json".to_owned(), draft()),
        ("envelope.json".to_owned(), envelope()),
        ("protocol.json".to_owned(), titled(schema_for!(Protocol).to_value(), "protocol")),
    ];
    let answer = |(name, schema)| (format!("output/{name}.json"), titled(schema, name));
    events.chain(others).chain(commands::answers().into_iter().map(answer)).collect()
}

fn event_file(kind: EventKind) -> String {
    format!("events/{kind}.json")
}

fn titled(mut schema: Value, title: &str) -> Value {
    schema["title"] = title.into();
    schema
}

/// `then` where the event of the surrounding object is of this type.
fn where_type(kind: EventKind, then: Value) -> Value {
    let of_type = json!({ "properties": { "event": { "properties": { "type": { "const": kind.as_str() } } } } });
    json!({ "if": of_type, "then": then })
}

/// A line of `trial append --file`.
fn draft() -> Value {
    let mut schema = titled(schema_for!(Draft).to_value(), "draft");
    let words: Vec<_> = EventKind::ALL.iter().map(|kind| kind.as_str()).collect();
    let description = schema["properties"]["event"]["description"].take();
    schema["properties"]["event"] = json!({
        "description": description,
        "type": "object",
        "required": ["type", "version"],
        "properties": { "type": { "enum": words } },
    });
    schema["allOf"] = EventKind::ALL.iter().map(|kind| where_type(*kind, drafted(*kind))).collect();
    schema
}

/// What a draft of this event looks like: the event as in its file, without what append fills in.
fn drafted(kind: EventKind) -> Value {
    let corrects = matches!(kind, EventKind::EntryCorrected | EventKind::EntryVoided);
    let left_out: &[&str] = if corrects { &["target"] } else { filled_in(kind) };
    // A null stands for a member that is left out.
    let no_line = json!({ "properties": { "target_line": { "type": "null" } } });
    if left_out.is_empty() {
        return json!({ "properties": { "event": { "$ref": event_file(kind) } }, "allOf": [no_line] });
    }
    let mut event = kind.schema().to_value();
    if let Some(members) = event.as_object_mut() {
        members.remove("$schema");
    }
    if let Some(Value::Array(required)) = event.get_mut("required") {
        required.retain(|name| !left_out.iter().any(|left| name == left));
    }
    let given = json!({ "properties": { "event": { "required": left_out } } });
    let none = left_out.iter().map(|name| json!({ "required": [name] })).collect::<Vec<_>>();
    let absent = json!({ "properties": { "event": { "not": { "anyOf": none } } } });
    let choice = match corrects {
        true => json!([
            { "allOf": [given, no_line] },
            { "allOf": [absent, { "required": ["target_line"], "properties": { "target_line": { "type": "integer" } } }] },
        ]),
        false => json!([{ "allOf": [given, no_line] }, { "allOf": [absent, no_line] }]),
    };
    json!({ "properties": { "event": event }, "oneOf": choice })
}

/// An entry line: the signed body and its signatures.
fn envelope() -> Value {
    let hash = |description: &str| json!({ "description": description, "type": "string", "pattern": "^[0-9a-f]{64}$" });
    let mut signer = schema_for!(Signer).to_value();
    if let Some(members) = signer.as_object_mut() {
        members.remove("$schema");
    }
    let mut countersigners = Map::new();
    countersigners.insert("description".into(), "Others who sign the same entry.".into());
    countersigners.insert("type".into(), "array".into());
    countersigners.insert("minItems".into(), 1.into());
    countersigners.insert("items".into(), json!({ "$ref": "#/$defs/signer" }));
    json!({
        "$schema": DIALECT,
        "title": "envelope",
        "description": "An entry line: one line of canonical JSON (RFC 8785, whole numbers only), at most 16384 bytes without its newline.",
        "type": "object",
        "additionalProperties": false,
        "required": ["body", "signatures"],
        "properties": {
            "body": {
                "description": "What is signed.",
                "type": "object",
                "additionalProperties": false,
                "required": ["v", "ledger", "seq", "prev", "recorded_at", "signer", "event"],
                "properties": {
                    "v": { "description": "The format version.", "const": 1 },
                    "ledger": hash("Leaf hash of the genesis entry; 64 zeros in the genesis itself."),
                    "seq": {
                        "description": "Place in the log, from 0.",
                        "type": "integer", "minimum": 0, "maximum": crate::strict::MAX_INTEGER,
                    },
                    "prev": hash("Leaf hash of the entry before; 64 zeros in the genesis."),
                    "recorded_at": {
                        "description": "When it was recorded: RFC 3339, UTC, milliseconds.",
                        "type": "string",
                        "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{3}Z$",
                    },
                    "signer": { "description": "The author.", "$ref": "#/$defs/signer" },
                    "countersigners": countersigners,
                    "event": {
                        "description": "The event; see the schema of its type under events/.",
                        "type": "object",
                        "required": ["type", "version"],
                        "properties": {
                            "type": { "type": "string" },
                            "version": { "type": "integer", "minimum": 1 },
                        },
                    },
                    "reason": { "description": "Why, where the event needs a reason.", "$ref": "#/$defs/text" },
                    "sealed": {
                        "description": "Commitments to values that are kept outside the log: SHA-256 by the name of the value.",
                        "type": "object",
                        "patternProperties": { trial_core::ids::IDENTIFIER_PATTERN: hash("SHA-256(`trial-ledger/sealed/v1`, newline, 32 bytes of salt, canonical value).") },
                        "additionalProperties": false,
                    },
                },
            },
            "signatures": {
                "description": "Signatures over `trial-ledger/entry/v1`, newline, canonical body; sorted by key.",
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["alg", "key", "sig"],
                    "properties": {
                        "alg": { "const": "ed25519" },
                        "key": hash("The public key, whole."),
                        "sig": { "description": "The signature, base64 (RFC 4648) with padding.", "type": "string", "pattern": "^[A-Za-z0-9+/]{86}==$" },
                    },
                },
            },
        },
        "$defs": { "signer": signer, "text": schema_for!(trial_core::text::Text).to_value() },
    })
}

/// The file as it is written: indented, with a newline at its end.
pub fn text(schema: &Value) -> String {
    format!("{schema:#}\n")
}
