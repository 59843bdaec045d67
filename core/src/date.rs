//! When something occurred: a calendar day, an instant with its offset, or a date known only in part.
//!
//! Promises that the text form is kept: what was written as a day never becomes an instant. Does not know
//! any time zone; the day of an instant is the day on the clock of the place where it was written down.

use crate::spelling::{digits, parsed, put_digits};
use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, SecondsFormat, Timelike, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{borrow::Cow, fmt, str::FromStr};

/// A day (`2016-10-17`) or an instant with its offset (`2016-10-17T08:00:00+08:00`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Moment {
    /// Known to the day.
    Day(NaiveDate),
    /// Known to the second, with the offset of the place.
    Instant(DateTime<FixedOffset>),
}

impl Moment {
    /// The calendar day, on the clock of the place.
    pub fn day(self) -> NaiveDate {
        match self {
            Moment::Day(day) => day,
            Moment::Instant(instant) => instant.date_naive(),
        }
    }

    /// The instant in UTC, where one is known.
    pub fn instant(self) -> Option<DateTime<Utc>> {
        match self {
            Moment::Day(_) => None,
            Moment::Instant(instant) => Some(instant.to_utc()),
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Moment::Day(day) => write_day(f, *day),
            Moment::Instant(i) => write_instant(f, *i),
        }
    }
}

/// Why a text is not a date of the kind asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadDate {
    found: String,
    expected: &'static str,
}

impl fmt::Display for BadDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a date: expected {}", self.found, self.expected)
    }
}

impl std::error::Error for BadDate {}

/// `YYYY-MM-DD`, for the years that can be read.
fn write_day(f: &mut fmt::Formatter<'_>, day: NaiveDate) -> fmt::Result {
    let mut text = *b"YYYY-MM-DD";
    put_digits(&mut text[..4], day.year_ce().1);
    put_digits(&mut text[5..7], day.month());
    put_digits(&mut text[8..], day.day());
    f.write_str(std::str::from_utf8(&text).expect("digits and dashes are ASCII"))
}

/// RFC 3339, with as many decimals of a second as are known.
fn write_instant(f: &mut fmt::Formatter<'_>, instant: DateTime<FixedOffset>) -> fmt::Result {
    let east = instant.offset().local_minus_utc();
    if instant.nanosecond() != 0 || east % 60 != 0 {
        return f.write_str(&instant.to_rfc3339_opts(SecondsFormat::AutoSi, false));
    }
    write_day(f, instant.date_naive())?;
    let mut text = *b"Thh:mm:ss+hh:mm";
    put_digits(&mut text[1..3], instant.hour());
    put_digits(&mut text[4..6], instant.minute());
    put_digits(&mut text[7..9], instant.second());
    text[9] = if east < 0 { b'-' } else { b'+' };
    put_digits(&mut text[10..12], east.unsigned_abs() / 3600);
    put_digits(&mut text[13..], east.unsigned_abs() / 60 % 60);
    f.write_str(std::str::from_utf8(&text).expect("digits and signs are ASCII"))
}

/// Years outside this range are slips of the pen, not history.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2999;

fn day(text: &str) -> Option<NaiveDate> {
    let [y @ .., b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else { return None };
    let year = i32::try_from(digits(y).filter(|_| y.len() == 4)?).ok()?;
    let day = NaiveDate::from_ymd_opt(year, digits(&[*m1, *m2])?, digits(&[*d1, *d2])?)?;
    YEARS.contains(&year).then_some(day)
}

/// An instant to the second, as nearly all are: `2016-10-17T08:00:00+08:00`. What is not spelled so is read at length.
fn usual_instant(text: &str) -> Option<Moment> {
    let (date, rest) = text.split_at_checked(10)?;
    let [b'T', h1, h2, b':', m1, m2, b':', s1, s2, sign @ (b'+' | b'-'), o1, o2, b':', p1, p2] = rest.as_bytes() else {
        return None;
    };
    let two = |a: &u8, b: &u8| digits(&[*a, *b]);
    let time = day(date)?.and_hms_opt(two(h1, h2)?, two(m1, m2)?, two(s1, s2)?)?;
    let (hours, minutes) = (two(o1, o2)?, two(p1, p2)?);
    let east = i32::try_from(hours * 3600 + minutes * 60).ok().filter(|_| hours < 24 && minutes < 60)?;
    let offset = match sign {
        b'+' => FixedOffset::east_opt(east)?,
        // Minus zero is a second spelling of UTC.
        _ => FixedOffset::west_opt(east).filter(|_| east != 0)?,
    };
    Some(Moment::Instant(time.and_local_timezone(offset).single()?))
}

impl FromStr for Moment {
    type Err = BadDate;
    fn from_str(text: &str) -> Result<Self, BadDate> {
        let bad = || BadDate {
            found: text.chars().take(80).collect(),
            expected: "YYYY-MM-DD, or an instant with its offset such as 2016-10-17T08:00:00+08:00",
        };
        if let Some(moment) = day(text).map(Moment::Day).or_else(|| usual_instant(text)) {
            return Ok(moment);
        }
        let instant = DateTime::parse_from_rfc3339(text).map_err(|_| bad())?;
        let moment = Moment::Instant(instant);
        // One spelling for each instant: what is signed is what was written.
        if YEARS.contains(&instant.year()) && moment.to_string() == text { Ok(moment) } else { Err(bad()) }
    }
}

/// A date of which only the year, or the year and the month, may be known: `2015`, `2015-03`, `2015-03-08`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PartialDate {
    /// `YYYY`
    Year(i32),
    /// `YYYY-MM`
    Month(i32, u32),
    /// `YYYY-MM-DD`
    Day(NaiveDate),
}

impl PartialDate {
    /// The first day that it can mean.
    pub fn earliest(self) -> NaiveDate {
        let first = |y, m| NaiveDate::from_ymd_opt(y, m, 1).expect("year and month were checked when parsed");
        match self {
            PartialDate::Year(y) => first(y, 1),
            PartialDate::Month(y, m) => first(y, m),
            PartialDate::Day(day) => day,
        }
    }
}

impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PartialDate::Year(y) => write!(f, "{y:04}"),
            PartialDate::Month(y, m) => write!(f, "{y:04}-{m:02}"),
            PartialDate::Day(day) => write_day(f, *day),
        }
    }
}

impl FromStr for PartialDate {
    type Err = BadDate;
    fn from_str(text: &str) -> Result<Self, BadDate> {
        let bad = || BadDate { found: text.chars().take(80).collect(), expected: "YYYY, YYYY-MM or YYYY-MM-DD" };
        let digits = text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        let year = || text.get(..4)?.parse().ok().filter(|y| YEARS.contains(y));
        let found = match text.len() {
            4 if digits => year().map(PartialDate::Year),
            7 if digits => day(&format!("{text}-01")).map(|d| PartialDate::Month(d.year(), d.month())),
            10 => day(text).map(PartialDate::Day),
            _ => None,
        };
        found.ok_or_else(bad)
    }
}

macro_rules! text_form {
    ($name:ident, $schema:tt) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                parsed(d)
            }
        }
        schema_form!($name, $schema);
    };
}

macro_rules! schema_form {
    ($name:ident, $schema:tt) => {
        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn inline_schema() -> bool {
                true
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

text_form!(PartialDate, { "type": "string", "pattern": "^[12][0-9]{3}(-[0-9]{2}(-[0-9]{2})?)?$" });

/// A moment in a compact encoding.
#[derive(Serialize, Deserialize)]
enum Packed {
    /// Days since the first of January of year 1, that one counted.
    Day(i32),
    /// Seconds since 1970 (UTC), what comes on top of them in nanoseconds, and how many seconds east of Greenwich.
    Instant(i64, u32, i32),
}

impl From<Moment> for Packed {
    fn from(moment: Moment) -> Packed {
        match moment {
            Moment::Day(day) => Packed::Day(day.num_days_from_ce()),
            Moment::Instant(at) => {
                Packed::Instant(at.timestamp(), at.timestamp_subsec_nanos(), at.offset().local_minus_utc())
            }
        }
    }
}

impl Packed {
    fn moment(self) -> Option<Moment> {
        match self {
            Packed::Day(days) => NaiveDate::from_num_days_from_ce_opt(days).map(Moment::Day),
            Packed::Instant(seconds, nanos, east) => {
                let offset = FixedOffset::east_opt(east)?;
                Some(Moment::Instant(DateTime::from_timestamp(seconds, nanos)?.with_timezone(&offset)))
            }
        }
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if !s.is_human_readable() {
            return Packed::from(*self).serialize(s);
        }
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        if !d.is_human_readable() {
            return Packed::deserialize(d)?.moment().ok_or_else(|| de::Error::custom("no moment"));
        }
        parsed(d)
    }
}

schema_form!(Moment, {
    "type": "string",
    "pattern": "^[12][0-9]{3}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{3,9})?[+-][0-9]{2}:[0-9]{2})?$"
});
/// The mean length of a month in days, by which days are printed as months: 365.25 / 12. Nothing is computed with it.
pub const MONTH_DAYS: f64 = 30.4375;

/// The same day some calendar months later, clamped to the end of a shorter month.
pub fn months_after(day: NaiveDate, months: u32) -> NaiveDate {
    day.checked_add_months(chrono::Months::new(months)).expect("years are limited to 1900 to 2999")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_and_an_instant_keep_their_spelling() {
        for text in ["2016-10-17", "2016-10-17T08:00:00+08:00", "2016-10-17T08:00:00.125+08:00"] {
            assert_eq!(text.parse::<Moment>().unwrap().to_string(), text);
        }
        for bad in ["2016-13-01", "2016-10-17T08:00:00", "16-10-17", "2016-10-17 08:00:00+08:00", "0016-10-17"] {
            assert!(bad.parse::<Moment>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_day_of_an_instant_is_the_day_at_the_place() {
        let late: Moment = "2016-10-17T00:30:00+08:00".parse().unwrap();
        assert_eq!(late.day(), NaiveDate::from_ymd_opt(2016, 10, 17).unwrap());
    }

    #[test]
    fn a_partial_date_is_a_year_a_month_or_a_day() {
        for text in ["2015", "2015-03", "2015-03-08"] {
            assert_eq!(text.parse::<PartialDate>().unwrap().to_string(), text);
        }
        for bad in ["15", "2015-3", "2015-00", "2015-13", "2015-02-30", "+201"] {
            assert!(bad.parse::<PartialDate>().is_err(), "{bad}");
        }
    }

    #[test]
    fn three_months_after_the_end_of_november_is_the_end_of_february() {
        let day = |text| NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap();
        assert_eq!(months_after(day("2016-11-30"), 3), day("2017-02-28"));
        assert_eq!(months_after(day("2015-11-30"), 3), day("2016-02-29"));
        assert_eq!(months_after(day("2016-12-31"), 3), day("2017-03-31"));
    }
}
