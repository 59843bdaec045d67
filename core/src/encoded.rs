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

/// For `#[serde(with)]`: a day as the number of days since the first of January of year 1, that one counted.
pub mod day {
    use chrono::{Datelike as _, NaiveDate};
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    /// Writes it.
    ///
    /// # Errors
    /// The encoding fails.
    pub fn serialize<S: Serializer>(day: &NaiveDate, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_i32(day.num_days_from_ce())
    }

    /// Reads it.
    ///
    /// # Errors
    /// There is no such day.
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<NaiveDate, D::Error> {
        let days = i32::deserialize(d)?;
        NaiveDate::from_num_days_from_ce_opt(days).ok_or_else(|| de::Error::custom("a day that is on no calendar"))
    }
}

/// For `#[serde(with)]`: a fact, and the day of it, for each entry.
pub mod dated {
    use crate::{Stated, ids::Seq};
    use chrono::{Datelike as _, NaiveDate};
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    /// Writes them.
    ///
    /// # Errors
    /// The encoding fails.
    pub fn serialize<T: Serialize, S: Serializer>(facts: &Stated<(NaiveDate, T)>, s: S) -> Result<S::Ok, S::Error> {
        let facts: Vec<_> = facts.iter().map(|(seq, (day, fact))| (seq, day.num_days_from_ce(), fact)).collect();
        facts.serialize(s)
    }

    /// Reads them.
    ///
    /// # Errors
    /// There is no such day.
    pub fn deserialize<'de, T, D>(d: D) -> Result<Stated<(NaiveDate, T)>, D::Error>
    where
        T: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        let mut stated = Stated::default();
        for (seq, day, fact) in Vec::<(Seq, i32, T)>::deserialize(d)? {
            let day = NaiveDate::from_num_days_from_ce_opt(day);
            let day = day.ok_or_else(|| de::Error::custom("a day that is on no calendar"))?;
            stated.set(seq, (day, fact));
        }
        Ok(stated)
    }
}
