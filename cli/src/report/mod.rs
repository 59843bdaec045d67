//! Report: one HTML file that shows the trial at any date of its life, and whose reader's browser checks the entries.
//!
//! Promises a page that needs nothing from anywhere else, the same bytes for the same ledger and cut, and numbers that
//! are those of `trial replay --as-of` at each date. The browser proves the entries; the numbers are this program's.

mod film;
pub mod html;
mod page;
pub mod section;

use crate::{
    clock::Zone,
    error::CliError,
    progress,
    render::Tone,
    session::{self, Session},
};
use chrono::NaiveDate;
use film::Film;
use section::{SECTIONS, Scene};
use std::io::Write;
use trial_core::{
    projection::{Projection as _, Trial},
    view::replay::{Reading, Replay},
};

pub use page::Page;

/// Dates on the slider, at most: a longer life is shown at evenly spaced ones.
pub const MOST_FRAMES: usize = 400;

/// The class of a tone.
fn tone(tone: Tone) -> &'static str {
    match tone {
        Tone::Text | Tone::Heading => "plain",
        Tone::State => "state",
        Tone::Fault => "fault",
        Tone::Deviation => "care",
    }
}

/// Writes the page of a session up to its cut.
///
/// # Errors
/// The ledger cannot be read again, or the page cannot be written.
pub fn write(session: &Session, out: &mut dyn Write) -> Result<(), CliError> {
    let wanted = session.trial.cut.entries;
    let days = chosen(&days(session, wanted)?);
    let bar = progress::bar(days.len() as u64, "drawing");
    let mut shooting = Shooting { film: Film::default(), trial: Trial::default(), zone: session.zone, days: &days };
    let mut page = Page::begin(session, out)?;
    for verified in session.ledger.entries().take(usize::try_from(wanted).unwrap_or(usize::MAX)) {
        let verified = verified?;
        let day = session.zone.day(verified.entry().recorded_at);
        while let Some(ended) = shooting.ended_before(day) {
            shooting.shoot(session, ended);
            bar.inc(1);
        }
        let entry = verified.entry();
        match session.reading.cutoff {
            Some(last) => shooting.trial.apply(&entry.clone().cut(last)),
            None => shooting.trial.apply(entry),
        }
        page.entry(verified.envelope().as_bytes())?;
    }
    // The last frame is the reading that was asked for, now where nothing was.
    shooting.take(session.reading);
    bar.finish_and_clear();
    page.end(&shooting.film)
}

/// The days on which entries were recorded, in order.
fn days(session: &Session, wanted: u64) -> Result<Vec<NaiveDate>, CliError> {
    let mut days: Vec<NaiveDate> = Vec::new();
    for verified in session.ledger.entries().take(usize::try_from(wanted).unwrap_or(usize::MAX)) {
        let day = session.zone.day(verified?.entry().recorded_at);
        if days.last() != Some(&day) {
            days.push(day);
        }
    }
    Ok(days)
}

/// All days but the last, which the reading itself stands for, thinned evenly where they are too many.
fn chosen(days: &[NaiveDate]) -> Vec<NaiveDate> {
    let days = days.split_last().map_or(&[][..], |(_, earlier)| earlier);
    let step = days.len().div_ceil(MOST_FRAMES - 1).max(1);
    days.iter().copied().step_by(step).collect()
}

/// Frames being taken while the entries are folded.
struct Shooting<'a> {
    film: Film,
    trial: Trial,
    zone: Zone,
    days: &'a [NaiveDate],
}

impl Shooting<'_> {
    /// The next day to be shown that ended before this one.
    fn ended_before(&mut self, day: NaiveDate) -> Option<NaiveDate> {
        let (next, rest) = self.days.split_first().filter(|(next, _)| **next < day)?;
        self.days = rest;
        Some(*next)
    }

    /// What `--as-of` that day shows.
    fn shoot(&mut self, session: &Session, day: NaiveDate) {
        let end = self.zone.end_of(day);
        self.take(session::reading(self.zone, end, Some(end), session.reading.cutoff));
    }

    fn take(&mut self, reading: Reading) {
        let replay = Replay::read(&self.trial, reading);
        let scene = Scene { replay: &replay, trial: &self.trial };
        self.film.take(&replay.cut, SECTIONS.iter().flat_map(|section| section.shown(scene)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(n: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2020, 1, 1).unwrap() + chrono::Days::new(n)
    }

    #[test]
    fn a_short_life_is_shown_at_every_day_and_a_long_one_at_evenly_spaced_ones() {
        let all: Vec<NaiveDate> = (0..100).map(day).collect();
        assert_eq!(chosen(&all), all[..99]);
        let long: Vec<NaiveDate> = (0..10_000).map(day).collect();
        let few = chosen(&long);
        assert!(few.len() < MOST_FRAMES && few.len() > MOST_FRAMES / 2, "{}", few.len());
        assert_eq!(few[0], long[0]);
        assert_eq!(chosen(&[]), []);
    }
}
