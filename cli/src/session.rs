//! A session: a ledger opened and verified, with the trial as it was known at the reader's cut.

use crate::{
    clock::{self, Zone},
    contact::{Contact, Held, Watch},
    error::CliError,
    progress,
    suspect::{Suspects, suspects},
};
use chrono::{DateTime, NaiveDate, Utc};
use std::path::{Path, PathBuf};
use trial_core::{
    entry::Entry,
    event::{Clock, Event, TrialOpened},
    projection::{Projection as _, Trial},
    view::replay::{CutLine, Reading},
};
use trial_ledger::{check::Verified, ledger::Ledger, roster::Roster};

/// What a reader asks for.
#[derive(Debug, Clone, Default)]
pub struct Lens {
    /// `--as-of`, as typed.
    pub as_of: Option<String>,
    /// `--cutoff`.
    pub cutoff: Option<NaiveDate>,
}

/// A ledger that has just been verified to its end, and the trial at the cut.
pub struct Session {
    /// The ledger.
    pub ledger: Ledger,
    /// Everything known at the cut.
    pub trial: Trial,
    /// The cut.
    pub reading: Reading,
    /// The genesis.
    pub opened: TrialOpened,
    /// The trial's time zone.
    pub zone: Zone,
    /// What this user had seen of it.
    pub contact: Contact,
    /// What opening put in order, and what it was compared with, where that is to be told.
    pub notices: Vec<String>,
}

/// Folds entries as far as a reader wants to see.
#[derive(Debug, Default)]
pub struct Fold {
    /// What is known.
    pub trial: Trial,
    lens: Lens,
    genesis: Option<(TrialOpened, Zone, Option<DateTime<Utc>>)>,
    last: Option<DateTime<Utc>>,
    fault: Option<CliError>,
}

impl Fold {
    /// A fold through a lens.
    pub fn through(lens: &Lens) -> Fold {
        Fold { lens: lens.clone(), ..Fold::default() }
    }

    /// Takes the next entry in, if it lies before the cut; says whether it does.
    pub fn take(&mut self, entry: &Entry) -> bool {
        if let (None, Event::TrialOpened(opened)) = (&self.genesis, &entry.event) {
            self.begin(opened);
        }
        self.last = Some(entry.recorded_at);
        let as_of = self.genesis.as_ref().and_then(|(_, _, as_of)| *as_of);
        if as_of.is_some_and(|as_of| entry.recorded_at > as_of) {
            return false;
        }
        match self.lens.cutoff {
            Some(last) => self.trial.apply(&entry.clone().cut(last)),
            None => self.trial.apply(entry),
        }
        true
    }

    fn begin(&mut self, opened: &TrialOpened) {
        let zone = Zone::of(opened);
        let as_of = match self.lens.as_of.as_deref().map(|text| zone.as_of(text)).transpose() {
            Ok(as_of) => as_of,
            Err(e) => {
                self.fault = Some(e);
                None
            }
        };
        self.genesis = Some((opened.clone(), zone, as_of));
    }

    /// The cut that was read.
    ///
    /// # Errors
    /// `--as-of` could not be read, or there was no genesis.
    pub fn finish(self) -> Result<(Trial, Reading, TrialOpened, Zone), CliError> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let (opened, zone, as_of) = self.genesis.ok_or_else(|| CliError::unknown("the log has no genesis"))?;
        // Without a cut a reading happens now; on a simulated clock, now is the last entry's time.
        let instant = match (as_of, opened.clock) {
            (Some(as_of), _) => as_of,
            (None, Clock::System) => clock::now()?,
            (None, Clock::Simulated) => self.last.unwrap_or_default(),
        };
        let reading = reading(zone, instant, as_of, self.lens.cutoff);
        Ok((self.trial, reading, opened, zone))
    }
}

/// A reading at an instant; with a cutoff, at the end of that day if it came before.
pub fn reading(zone: Zone, at: DateTime<Utc>, as_of: Option<DateTime<Utc>>, cutoff: Option<NaiveDate>) -> Reading {
    let instant = cutoff.map_or(at, |cutoff| zone.end_of(cutoff).min(at));
    Reading { day: zone.day(instant), instant, as_of, cutoff }
}

impl Session {
    /// Opens a ledger, verifies all of it, compares it with what this user has seen of it, and folds it up to the cut.
    ///
    /// # Errors
    /// No ledger, in use, unreadable or faulty, or not the one that was seen before.
    pub fn open(dir: &Path, lens: &Lens) -> Result<Session, CliError> {
        Session::open_with(dir, lens, |_| {})
    }

    /// The same, showing each entry before the cut.
    ///
    /// # Errors
    /// See [`Session::open`].
    pub fn open_with(dir: &Path, lens: &Lens, mut show: impl FnMut(&Verified)) -> Result<Session, CliError> {
        let mut fold = Fold::through(lens);
        let mut watch = Watch::begin()?;
        let bar = progress::bar(lines_about(dir), "reading");
        let (ledger, notices) = Ledger::open_with(dir, |verified| {
            bar.inc(1);
            watch.see(verified.entry());
            if fold.take(verified.entry()) {
                show(verified);
            }
        })?;
        bar.finish_and_clear();
        let contact = watch.meet(ledger.tip(), Held::Ledger)?;
        let (trial, reading, opened, zone) = fold.finish()?;
        let notices = notices.iter().map(ToString::to_string).chain(contact.notice.clone()).collect();
        Ok(Session { ledger, trial, reading, opened, zone, contact, notices })
    }
}

impl Session {
    /// Whose keys count at the cut.
    pub fn roster(&self) -> Roster {
        self.ledger.tip().roster().after(self.trial.cut.entries)
    }

    /// The entries in doubt, as known at the cut.
    ///
    /// # Errors
    /// An entry cannot be read again.
    pub fn suspects(&self) -> Result<Vec<Suspects>, CliError> {
        let wanted = usize::try_from(self.trial.cut.entries).unwrap_or(usize::MAX);
        Ok(suspects(&self.roster(), || self.ledger.entries().take(wanted))?)
    }

    /// What every answer says it rests on.
    pub fn cut(&self) -> CutLine {
        CutLine::new(&self.trial, self.reading)
    }
}

/// How many entries a ledger may have, by the size of its journal: only for the bar.
pub(crate) fn lines_about(dir: &Path) -> u64 {
    const USUAL_LINE: u64 = 900;
    let journal: PathBuf = dir.join(trial_ledger::ledger::JOURNAL);
    std::fs::metadata(journal).map_or(0, |m| m.len() / USUAL_LINE)
}
