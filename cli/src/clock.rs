//! The clock and the trial's time zone. The only place that asks the machine for the time.

use crate::error::CliError;
use chrono::{DateTime, NaiveDate, NaiveTime, SecondsFormat, TimeZone, Utc};
use chrono_tz::Tz;
use std::time::{SystemTime, UNIX_EPOCH};
use trial_core::event::TrialOpened;

/// The time of the machine, to the millisecond.
///
/// # Errors
/// The machine's clock stands before 1970.
pub fn now() -> Result<DateTime<Utc>, CliError> {
    let broken = || CliError::unknown("the clock of this machine is not set").hint("set the clock, then repeat");
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| broken())?;
    let millis = i64::try_from(since.as_millis()).map_err(|_| broken())?;
    DateTime::from_timestamp_millis(millis).ok_or_else(broken)
}

/// The time zone of a trial.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Zone(Tz);

impl Zone {
    /// Universal time.
    pub const UTC: Zone = Zone(Tz::UTC);

    /// By its IANA name.
    ///
    /// # Errors
    /// No such zone.
    pub fn named(name: &str) -> Result<Zone, CliError> {
        let unknown = || {
            CliError::usage(format!("{name:?} is not a time zone"))
                .hint("expected an IANA name such as Asia/Taipei or Europe/Berlin")
        };
        name.parse().map(Zone).map_err(|_| unknown())
    }

    /// Of a trial; UTC if its genesis names one that this program does not know.
    pub fn of(opened: &TrialOpened) -> Zone {
        Zone::named(opened.zone.as_str()).unwrap_or(Zone::UTC)
    }

    /// The calendar day of an instant.
    pub fn day(self, instant: DateTime<Utc>) -> NaiveDate {
        instant.with_timezone(&self.0).date_naive()
    }

    /// The instant in local time with its offset, to the second: `2016-10-17 08:00:00 +08:00`.
    pub fn show(self, instant: DateTime<Utc>) -> String {
        instant.with_timezone(&self.0).format("%Y-%m-%d %H:%M:%S %:z").to_string()
    }

    /// The last millisecond of a day.
    pub fn end_of(self, day: NaiveDate) -> DateTime<Utc> {
        let last = NaiveTime::from_hms_milli_opt(23, 59, 59, 999).expect("a time of day");
        let local = self.0.from_local_datetime(&day.and_time(last)).latest();
        // A day whose last second was skipped by a change of the clock ends with the day in UTC.
        local.map_or_else(|| Utc.from_utc_datetime(&day.and_time(last)), |end| end.to_utc())
    }

    /// What `--as-of` means: an instant, or the end of a day in the zone of the trial.
    ///
    /// # Errors
    /// Neither a day nor an instant.
    pub fn as_of(self, text: &str) -> Result<DateTime<Utc>, CliError> {
        if let Ok(day) = text.parse::<NaiveDate>() {
            return Ok(self.end_of(day));
        }
        DateTime::parse_from_rfc3339(text).map(|instant| instant.to_utc()).map_err(|_| {
            CliError::usage(format!("--as-of {text}: expected a day or an instant"))
                .hint("for example 2017-05-02 or 2017-05-02T12:00:00+08:00")
        })
    }
}

/// An instant as it stands in the log.
pub fn stamp(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A time of a cosignature, in seconds since 1970: `2016-10-17T00:00:00Z`.
pub fn second(time: u64) -> String {
    let instant = i64::try_from(time).ok().and_then(|time| DateTime::from_timestamp(time, 0));
    instant.map_or_else(|| format!("second {time}"), |at| at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_day_means_its_end_in_the_zone_of_the_trial() {
        let taipei = Zone::named("Asia/Taipei").unwrap();
        assert_eq!(stamp(taipei.as_of("2017-05-02").unwrap()), "2017-05-02T15:59:59.999Z");
        assert_eq!(taipei.day(taipei.as_of("2017-05-02").unwrap()).to_string(), "2017-05-02");
        assert_eq!(stamp(taipei.as_of("2017-05-02T12:00:00+08:00").unwrap()), "2017-05-02T04:00:00.000Z");
        assert!(taipei.as_of("yesterday").is_err());
    }

    #[test]
    fn a_zone_with_summer_time_ends_its_days_by_its_own_clock() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        assert_eq!(stamp(berlin.as_of("2026-07-01").unwrap()), "2026-07-01T21:59:59.999Z");
        assert_eq!(stamp(berlin.as_of("2026-12-01").unwrap()), "2026-12-01T22:59:59.999Z");
        assert!(Zone::named("Middle/Earth").is_err());
    }
}
