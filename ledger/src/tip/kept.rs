//! Kept: members of a tip that a snapshot keeps in another shape than memory does.

use serde::{Deserialize, Deserializer, Serializer, de, ser::SerializeSeq as _};
use std::collections::BTreeMap;
use trial_core::{event::Event, ids::Seq};

/// What amended entries state: each event as the JSON text of the log.
pub(super) mod amended {
    use super::*;

    pub fn serialize<S: Serializer>(amended: &BTreeMap<Seq, Option<Event>>, s: S) -> Result<S::Ok, S::Error> {
        let mut list = s.serialize_seq(Some(amended.len()))?;
        for (seq, event) in amended {
            list.serialize_element(&(seq, event.as_ref().map(|event| event.to_value().to_string())))?;
        }
        list.end()
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<BTreeMap<Seq, Option<Event>>, D::Error> {
        let read = |text: String| {
            let value = serde_json::from_str(&text).map_err(de::Error::custom)?;
            Event::from_value(value).map_err(de::Error::custom)
        };
        let list = Vec::<(Seq, Option<String>)>::deserialize(d)?;
        list.into_iter().map(|(seq, text)| Ok((seq, text.map(read).transpose()?))).collect()
    }
}

/// Redactions: a list, since JSON has no keys of two members.
pub(super) mod redactions {
    use super::*;
    use crate::sealed::{Place, Redaction};
    use trial_core::encoded::json;

    pub fn serialize<S: Serializer>(redactions: &BTreeMap<Place, Redaction>, s: S) -> Result<S::Ok, S::Error> {
        json::serialize(&redactions.iter().collect::<Vec<_>>(), s)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<BTreeMap<Place, Redaction>, D::Error> {
        let list: Vec<(Place, Redaction)> = json::deserialize(d)?;
        Ok(list.into_iter().collect())
    }
}
