//! JSON as people hand it in, read strictly: what could mean two things is refused before it is signed.
//!
//! Promises no member twice in an object, no number with a point or an exponent, no whole number beyond ±(2^53-1).
//! Does not ask for the canonical order or spacing: drafts are written by people.

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};
use std::fmt;

/// The largest whole number that every JSON reader keeps exactly: 2^53-1 (RFC 8785, I-JSON).
pub const MAX_INTEGER: i64 = (1 << 53) - 1;

struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_any(StrictVisitor).map(Strict)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        if (-MAX_INTEGER..=MAX_INTEGER).contains(&value) {
            return Ok(value.into());
        }
        Err(E::custom(format!("{value} is out of range: expected a whole number within ±{MAX_INTEGER}")))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        match i64::try_from(value) {
            Ok(value) => self.visit_i64(value),
            Err(_) => Err(E::custom(format!("{value} is out of range: expected a whole number within ±{MAX_INTEGER}"))),
        }
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Err(E::custom(format!("expected a whole number, or a decimal as text such as \"2.50\", found {value}")))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Strict(value)) = items.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.contains_key(&name) {
                let name: String = name.chars().take(80).collect();
                return Err(A::Error::custom(format!("the member {name:?} stands twice in one object")));
            }
            let Strict(value) = members.next_value()?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

/// For `#[serde(deserialize_with)]`: a member that holds any JSON, read strictly.
///
/// # Errors
/// See the head of this file.
pub fn value<'de, D: Deserializer<'de>>(d: D) -> Result<Value, D::Error> {
    Strict::deserialize(d).map(|Strict(value)| value)
}

/// Reads one JSON text.
///
/// # Errors
/// Not JSON, or JSON that is refused here, with the column.
pub fn parse(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(text).map(|Strict(value)| value)
}

/// Reads the JSON value at the beginning of a text; returns it with the rest of the text.
///
/// # Errors
/// As [`parse`].
pub fn parse_front(text: &str) -> Result<(Value, &str), serde_json::Error> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Strict>();
    match values.next() {
        Some(found) => found.map(|Strict(value)| (value, &text[values.byte_offset()..])),
        None => Err(serde_json::Error::custom("expected a JSON value, found nothing")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn plain_json_is_read_as_it_stands() {
        let text = r#" {"b":[1,-2,null,true],"a":{"value":"2.50"}} "#;
        assert_eq!(parse(text).unwrap(), json!({"a": {"value": "2.50"}, "b": [1, -2, null, true]}));
        assert_eq!(parse_front(r#"["T1"],site=liver"#).unwrap(), (json!(["T1"]), ",site=liver"));
    }

    #[test]
    fn what_could_mean_two_things_is_refused() {
        for (text, word) in [
            (r#"{"grade":2,"grade":3}"#, "twice"),
            (r#"[{"a":{"b":1,"b":1}}]"#, "twice"),
            ("2.5", "decimal as text"),
            ("1e3", "decimal as text"),
            ("9007199254740992", "out of range"),
            ("18446744073709551615", "out of range"),
            ("{} {}", "trailing"),
            ("", "EOF"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(word), "{text}: {error}");
        }
    }

    #[test]
    fn deep_nesting_is_an_error_not_a_crash() {
        let deep = "[".repeat(100_000);
        assert!(parse(&deep).unwrap_err().to_string().contains("recursion limit"));
    }
}
