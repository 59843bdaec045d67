//! A session: a ledger opened and verified, with the trial as it was known at the reader's cut.

use crate::{
    clock::{self, Zone},
    contact::{Contact, Held, Watch},
    error::CliError,
    progress,
    snapshots::{self, Behind, Making, Recomputing, Rested},
    suspect::{Suspects, suspects},
};
use chrono::{DateTime, NaiveDate, Utc};
use std::path::{Path, PathBuf};
use trial_core::{
    entry::Entry,
    event::{Clock, Event, TrialOpened},
    ids::{Seq, SubjectId},
    projection::{Projection as _, Trial},
    view::replay::{CutLine, Reading},
};
use trial_ledger::{check::Verified, ledger::Ledger, roster::Roster, snapshot::StateName};

/// What a reader asks for.
#[derive(Debug, Clone, Default)]
pub struct Lens {
    /// `--as-of`, as typed.
    pub as_of: Option<String>,
    /// `--cutoff`.
    pub cutoff: Option<NaiveDate>,
    /// `--full`, or not.
    pub resting: Resting,
    /// Which facts are asked for.
    pub facts: Facts,
}

/// Which facts a reader asks for: others need not be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Facts {
    /// All.
    #[default]
    All,
    /// Those of the trial itself and, where one is named, of a subject.
    Of(Option<SubjectId>),
    /// None: the entries speak for themselves. Only the cut is known.
    None,
}

/// What the beginning of a ledger may rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Resting {
    /// On a snapshot that this user's own verification made, where there is one.
    #[default]
    OnSnapshots,
    /// On nothing: every entry is verified now.
    OnNothing,
}

impl Lens {
    /// Whether everything is seen.
    fn is_clear(&self) -> bool {
        self.as_of.is_none() && self.cutoff.is_none()
    }
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
    /// How many entries rest on what this user verified before.
    pub rests: Option<u64>,
    /// The snapshots that come next, where everything is seen.
    pub making: Option<Making>,
    /// Set where only what was asked for is known, and how more comes to be known.
    pub narrow: Option<Narrow>,
}

/// The states that all the rest is read from.
pub struct Narrow(Vec<StateName>);

impl Narrow {
    /// Everything known at the end of the ledger.
    ///
    /// # Errors
    /// An entry cannot be read again.
    pub fn widened(self, ledger: &Ledger) -> Result<Trial, CliError> {
        let mut trial = snapshots::rested(ledger.dir(), &self.0).trial;
        for read in ledger.again(Seq(trial.cut.entries), trial.cut.amended.clone()) {
            trial.apply(read?.entry());
        }
        Ok(trial)
    }
}

/// What is known before the entries that are read again.
struct Begun {
    rested: Rested,
    making: Option<Making>,
    narrow: Option<Narrow>,
}

impl Begun {
    /// Everything that was known after these states, and where everything is seen, what comes behind a snapshot of so many
    /// entries.
    fn all(dir: &Path, lens: &Lens, states: &[StateName], rests: u64) -> Begun {
        if lens.is_clear() {
            let (rested, making) = Making::behind(dir, states, rests);
            return Begun { rested, making: Some(making), narrow: None };
        }
        Begun { rested: snapshots::rested(dir, states), making: None, narrow: None }
    }

    /// Only what was known of the trial itself and of a subject.
    fn about(dir: &Path, states: &[StateName], subject: Option<&SubjectId>) -> Begun {
        let rested = snapshots::rested_about(dir, states, subject);
        Begun { rested, making: None, narrow: Some(Narrow(states.to_vec())) }
    }
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
        match (&self.lens.facts, self.lens.cutoff) {
            (Facts::None, _) => self.trial.cut.reach(entry),
            (Facts::All | Facts::Of(_), Some(last)) => self.trial.apply(&entry.clone().cut(last)),
            (Facts::All | Facts::Of(_), None) => self.trial.apply(entry),
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

    /// How many of these states, from the first on, lie before the cut.
    fn before_the_cut(&self, states: &[StateName]) -> usize {
        let as_of = self.genesis.as_ref().and_then(|(_, _, as_of)| *as_of);
        as_of.map_or(states.len(), |as_of| states.partition_point(|state| state.is_by(as_of)))
    }

    /// Goes on from what is known already.
    fn resume(&mut self, trial: Trial) {
        self.last = trial.cut.recorded_at;
        self.trial = trial;
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
        match Session::behind(dir, lens, None)? {
            Ok(session) => Ok(session),
            Err(notices) => Session::whole(dir, lens, notices, |_| {}),
        }
    }

    /// The same, showing each entry before the cut.
    ///
    /// # Errors
    /// See [`Session::open`].
    pub fn open_with(dir: &Path, lens: &Lens, mut show: impl FnMut(&Verified)) -> Result<Session, CliError> {
        match Session::behind(dir, lens, Some(&mut show))? {
            Ok(session) => Ok(session),
            Err(notices) => Session::whole(dir, lens, notices, show),
        }
    }

    /// Goes on from what this user verified before; what is to be told where that cannot be.
    fn behind(
        dir: &Path,
        lens: &Lens,
        mut show: Option<&mut dyn FnMut(&Verified)>,
    ) -> Result<Result<Session, Vec<String>>, CliError> {
        if lens.resting == Resting::OnNothing {
            return Ok(Err(Vec::new()));
        }
        let from_the_beginning = show.is_some() || lens.cutoff.is_some();
        let opened = snapshots::open(dir, |snapshot| {
            let mut fold = Fold::through(lens);
            if let Some(opened) = snapshot.tip().opened() {
                fold.begin(opened);
            }
            let count = if from_the_beginning { 0 } else { fold.before_the_cut(snapshot.states()) };
            // Where one subject is asked for, how much is read depends on how long the ledger has become.
            let at_once = !matches!(lens.facts, Facts::Of(_));
            let begun = at_once.then(|| Begun::all(dir, lens, &snapshot.states()[..count], snapshot.tip().size()));
            (fold, count, begun)
        })?;
        let (Behind { ledger, contact, rests, mut notices, states }, (mut fold, count, begun)) = match opened {
            Ok(behind) => behind,
            Err(notices) => return Ok(Err(notices)),
        };
        let states = &states[..count];
        let begun = begun.unwrap_or_else(|| match &lens.facts {
            Facts::Of(subject) if !snapshots::is_due(ledger.tip().size(), rests) => {
                Begun::about(dir, states, subject.as_ref())
            }
            Facts::All | Facts::Of(_) | Facts::None => Begun::all(dir, lens, states, rests),
        });
        let Begun { rested, mut making, narrow } = begun;
        notices.extend(rested.notice);
        fold.resume(rested.trial);
        let (from, amended) = (Seq(fold.trial.cut.entries), fold.trial.cut.amended.clone());
        let mut unreadable = None;
        for read in ledger.again(from, amended) {
            let verified = match read {
                Ok(verified) => verified,
                Err(fault) => {
                    unreadable = Some(fault);
                    break;
                }
            };
            if !fold.take(verified.entry()) {
                break;
            }
            if let Some(making) = &mut making {
                making.see(verified.entry(), &fold.trial);
            }
            if let Some(show) = &mut show {
                show(&verified);
            }
        }
        if let Some(fault) = unreadable {
            // Something in front of the snapshot was changed: the full verification names it.
            drop(ledger);
            return match show {
                None => Ok(Err(notices)),
                Some(_) => Err(Ledger::open(dir).err().map_or_else(|| fault.into(), CliError::from)),
            };
        }
        let (trial, reading, opened, zone) = fold.finish()?;
        let rests = Some(rests);
        Ok(Ok(Session { ledger, trial, reading, opened, zone, contact, notices, rests, making, narrow }))
    }

    /// Verifies every entry.
    fn whole(
        dir: &Path,
        lens: &Lens,
        before: Vec<String>,
        mut show: impl FnMut(&Verified),
    ) -> Result<Session, CliError> {
        let mut fold = Fold::through(lens);
        let (mut making, mut recomputing) = match lens.facts {
            Facts::None => (None, lens.is_clear().then(|| Recomputing::unnamed(dir))),
            Facts::All | Facts::Of(_) => (lens.is_clear().then(|| Making::begin(dir)), None),
        };
        let mut watch = Watch::begin()?;
        let bar = progress::bar(lines_about(dir), "reading");
        let (ledger, notices) = Ledger::open_with(dir, |verified| {
            bar.inc(1);
            watch.see(verified.entry());
            if fold.take(verified.entry()) {
                show(verified);
            }
            if let Some(making) = &mut making {
                making.see(verified.entry(), &fold.trial);
                making.write();
            }
            if let Some(recomputing) = &mut recomputing {
                recomputing.take(verified.entry());
            }
        })?;
        bar.finish_and_clear();
        let contact = watch.meet(ledger.tip(), Held::Ledger)?;
        let (trial, reading, opened, zone) = fold.finish()?;
        if let Some(making) = &mut making {
            making.renew(&ledger, contact.known());
        }
        if let Some(recomputing) = recomputing {
            recomputing.finish(&ledger, contact.known());
        }
        let notices = before.into_iter().chain(notices.iter().map(ToString::to_string)).chain(contact.notice.clone());
        let notices = notices.collect();
        Ok(Session { ledger, trial, reading, opened, zone, contact, notices, rests: None, making, narrow: None })
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
        let verified_before = self.rests.map(|rests| rests.min(self.trial.cut.entries));
        CutLine { verified_before, ..CutLine::new(&self.trial, self.reading) }
    }
}

/// How many entries a ledger may have, by the size of its journal: only for the bar.
pub(crate) fn lines_about(dir: &Path) -> u64 {
    const USUAL_LINE: u64 = 900;
    let journal: PathBuf = dir.join(trial_ledger::ledger::JOURNAL);
    std::fs::metadata(journal).map_or(0, |m| m.len() / USUAL_LINE)
}
