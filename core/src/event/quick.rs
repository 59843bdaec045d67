//! Reading an event straight from its text, without a tree of values in between.
//!
//! Promises that what it reads is what [`Event::from_value`](super::Event::from_value) reads from the same text, where
//! that is in canonical form; it may refuse more. Does not say well what is wrong: the other one does.

use super::{EventKind, Facts, VERSION};
use serde::{
    Deserializer,
    de::{self, DeserializeSeed, IgnoredAny, MapAccess, Visitor, value::BorrowedStrDeserializer},
};
use std::fmt;

/// The type, which stands near the end in canonical form: an earlier member may have a `type` of its own inside.
pub(super) fn kind_of(text: &str) -> Option<EventKind> {
    const MEMBER: &str = "\"type\":\"";
    let after = &text[text.rfind(MEMBER)? + MEMBER.len()..];
    after[..after.find('"')?].parse().ok()
}

/// The facts beside `type` and `version`.
pub(super) fn facts_of<F: Facts>(text: &str) -> Result<F, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_str(text);
    let facts = F::deserialize(Untagged(&mut json))?;
    json.end()?;
    Ok(facts)
}

/// Shows an object without the two members that every event has.
struct Untagged<D>(D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Untagged<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(Object(visitor))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct Object<V>(V);

impl<'de, V: Visitor<'de>> Visitor<'de> for Object<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<V::Value, A::Error> {
        let mut facts = Members { members, version: None };
        let read = self.0.visit_map(&mut facts)?;
        match facts.version {
            Some(VERSION) => Ok(read),
            _ => Err(de::Error::custom(format!("expected version {VERSION}"))),
        }
    }
}

/// The members in their order, `type` and `version` passed over.
struct Members<A> {
    members: A,
    version: Option<u64>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for &mut Members<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while let Some(name) = self.members.next_key::<&'de str>()? {
            match name {
                "type" => drop(self.members.next_value::<IgnoredAny>()?),
                "version" => self.version = Some(self.members.next_value()?),
                _ => return seed.deserialize(BorrowedStrDeserializer::new(name)).map(Some),
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.members.next_value_seed(seed)
    }
}
