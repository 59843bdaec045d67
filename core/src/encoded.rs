//! Encoded: facts of events inside a compact encoding. A shape that was made for JSON (members that may be left out)
//! stands there as its JSON text.

/// For `#[serde(with)]`: the JSON text of a value.
pub mod json {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de, de::DeserializeOwned, ser};
    use std::borrow::Cow;

    /// Writes it.
    ///
    /// # Errors
    /// It has no JSON text.
    pub fn serialize<T: Serialize, S: Serializer>(value: &T, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&serde_json::to_string(value).map_err(ser::Error::custom)?)
    }

    /// Reads it.
    ///
    /// # Errors
    /// The text is not that of such a value.
    pub fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(d: D) -> Result<T, D::Error> {
        serde_json::from_str(&Cow::<'de, str>::deserialize(d)?).map_err(de::Error::custom)
    }
}
