//! Encoded: facts of events inside a compact encoding. A shape that was made for JSON (members that may be left out)
//! stands there as its JSON text where it is rare, and in a shape of its own where it is not.

mod lesions;

pub use lesions::visits;

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

/// For `#[serde(with)]`: a day that may not be known, as [`day`] writes it.
pub mod some_day {
    use super::day;
    use chrono::NaiveDate;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Day(#[serde(with = "day")] NaiveDate);

    /// Writes it.
    ///
    /// # Errors
    /// The encoding fails.
    pub fn serialize<S: Serializer>(day: &Option<NaiveDate>, s: S) -> Result<S::Ok, S::Error> {
        day.map(Day).serialize(s)
    }

    /// Reads it.
    ///
    /// # Errors
    /// There is no such day.
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<NaiveDate>, D::Error> {
        Ok(Option::<Day>::deserialize(d)?.map(|day| day.0))
    }
}

/// For `#[serde(with)]`: an instant for each entry, in milliseconds since 1970 (UTC): all that the log says of one.
pub mod instants {
    use crate::{Stated, ids::Seq};
    use chrono::{DateTime, Utc, serde::ts_milliseconds};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Instant(Seq, #[serde(with = "ts_milliseconds")] DateTime<Utc>);

    /// Writes them.
    ///
    /// # Errors
    /// The encoding fails.
    pub fn serialize<S: Serializer>(facts: &Stated<DateTime<Utc>>, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(facts.iter().map(|(seq, at)| Instant(seq, *at)))
    }

    /// Reads them.
    ///
    /// # Errors
    /// There is no such instant.
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Stated<DateTime<Utc>>, D::Error> {
        Ok(Vec::<Instant>::deserialize(d)?.into_iter().map(|Instant(seq, at)| (seq, at)).collect())
    }
}

/// For `#[serde(with)]`: baseline values by name.
pub mod baseline {
    use crate::{event::BaselineValue, few::Few, ids::Name, quantity::Decimal, text::Text};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(remote = "BaselineValue")]
    enum Value {
        Category(Name),
        Number { value: Decimal, unit: Text },
    }

    #[derive(Serialize)]
    struct Written<'a>(&'a Name, #[serde(with = "Value")] &'a BaselineValue);

    #[derive(Deserialize)]
    struct Read(Name, #[serde(with = "Value")] BaselineValue);

    /// Writes them.
    ///
    /// # Errors
    /// The encoding fails.
    pub fn serialize<S: Serializer>(values: &Few<Name, BaselineValue>, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(values.iter().map(|(name, value)| Written(name, value)))
    }

    /// Reads them.
    ///
    /// # Errors
    /// They are none.
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Few<Name, BaselineValue>, D::Error> {
        Ok(Vec::<Read>::deserialize(d)?.into_iter().map(|Read(name, value)| (name, value)).collect())
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
        s.collect_seq(facts.iter().map(|(seq, (day, fact))| (seq, day.num_days_from_ce(), fact)))
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
        let dated = |(seq, day, fact)| Some((seq, (NaiveDate::from_num_days_from_ce_opt(day)?, fact)));
        let facts: Option<_> = Vec::<(Seq, i32, T)>::deserialize(d)?.into_iter().map(dated).collect();
        facts.ok_or_else(|| de::Error::custom("a day that is on no calendar"))
    }
}
