//! Scales: which value lies where, and which values are written beside an axis.

use chrono::{Datelike as _, Months, NaiveDate};
use trial_core::date::MONTH_DAYS;

/// A straight scale from values to units of the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    values: (f64, f64),
    units: (f64, f64),
}

impl Scale {
    /// From the first and the last value to where they lie; equal values are drawn apart by one.
    pub fn new((low, high): (f64, f64), units: (f64, f64)) -> Scale {
        let high = if high > low { high } else { low + 1.0 };
        Scale { values: (low, high), units }
    }

    /// Where a value lies; beyond the ends, at the end.
    pub fn at(self, value: f64) -> f64 {
        let ((low, high), (from, to)) = (self.values, self.units);
        from + (value.clamp(low, high) - low) / (high - low) * (to - from)
    }

    /// Where the scale begins and ends, in units.
    pub fn units(self) -> (f64, f64) {
        self.units
    }

    /// The last value.
    pub fn high(self) -> f64 {
        self.values.1
    }
}

/// Months written beside an axis of days: round numbers, from 0 to the first that is not before the last day.
pub fn months(last_day: f64, most: usize) -> Vec<u32> {
    let last = (last_day / MONTH_DAYS).max(1.0);
    let steps = [1, 2, 3, 6, 12, 24, 36, 60, 120, 240, 600];
    let fits = |step: &u32| (last / f64::from(*step)).ceil() as usize <= most;
    let step = steps.into_iter().find(fits).unwrap_or(1200);
    let ticks = (last / f64::from(step)).ceil() as u32;
    (0..=ticks).map(|tick| tick * step).collect()
}

/// Days as months, as an axis writes them.
pub fn month_days(months: u32) -> f64 {
    f64::from(months) * MONTH_DAYS
}

/// The first days of months written beside a calendar axis, with their words: years, or years and months.
pub fn calendar(from: NaiveDate, to: NaiveDate, most: usize) -> Vec<(NaiveDate, String)> {
    let months_between = |a: NaiveDate, b: NaiveDate| (b.year() - a.year()) * 12 + b.month() as i32 - a.month() as i32;
    let span = months_between(from, to).max(1) as usize;
    let step = [1, 2, 3, 6, 12, 24, 60, 120].into_iter().find(|step| span / step < most).unwrap_or(240);
    // Steps count from January, so that years are always among them.
    let month = from.year() * 12 + from.month0() as i32;
    let step_i = i32::try_from(step).unwrap_or(i32::MAX);
    let first = month.div_euclid(step_i) * step_i;
    let start = NaiveDate::from_ymd_opt(first.div_euclid(12), first.rem_euclid(12).unsigned_abs() + 1, 1);
    let Some(start) = start else { return Vec::new() };
    let days = (0..).map_while(|n: u32| start.checked_add_months(Months::new(n * step as u32)));
    let inside = days.take_while(|day| *day <= to).filter(|day| *day >= from);
    let words = |day: NaiveDate| {
        if step >= 12 { day.format("%Y").to_string() } else { day.format("%Y-%m").to_string() }
    };
    inside.map(|day| (day, words(day))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn values_lie_in_proportion_and_never_beyond_the_ends() {
        let scale = Scale::new((0.0, 10.0), (100.0, 200.0));
        assert_eq!([0.0, 5.0, 10.0, 20.0, -3.0].map(|v| scale.at(v)), [100.0, 150.0, 200.0, 200.0, 100.0]);
        assert_eq!(Scale::new((4.0, 4.0), (0.0, 10.0)).at(4.0), 0.0, "one value only");
    }

    #[test]
    fn months_are_round_few_and_reach_the_last_day() {
        assert_eq!(months(0.0, 8), [0, 1]);
        assert_eq!(months(200.0, 8), [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(months(1000.0, 8), [0, 6, 12, 18, 24, 30, 36]);
        for last in [1.0, 31.0, 365.0, 4000.0, 40_000.0] {
            let found = months(last, 8);
            assert!(found.len() <= 9 && month_days(*found.last().unwrap()) >= last, "{last}: {found:?}");
        }
    }

    #[test]
    fn a_calendar_axis_begins_with_months_and_ends_with_years() {
        let words = |from, to, most| -> Vec<String> {
            calendar(day(from), day(to), most).into_iter().map(|(_, words)| words).collect()
        };
        assert_eq!(words("2016-11-10", "2017-02-03", 6), ["2016-12", "2017-01", "2017-02"]);
        assert_eq!(words("2016-11-10", "2018-02-03", 6), ["2017-01", "2017-04", "2017-07", "2017-10", "2018-01"]);
        assert_eq!(words("2001-11-10", "2006-02-03", 6), ["2002", "2003", "2004", "2005", "2006"]);
        assert_eq!(words("2016-11-10", "2016-11-10", 6), [""; 0]);
    }
}
