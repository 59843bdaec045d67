//! Outcomes in short: `1NNN 2NNT` is a cohort at level 1 without a DLT, then one at level 2 where one of three had one.
//!
//! The notation is that of the R package escalation (Brock). Promises that whatever was treated is read: a cohort that
//! the rule would not have allowed is a [`Departure`], not an error. Says nothing about pending or replaced patients.

use super::design::{Design, FULL};
use super::paths::Cohort;
use super::rule::{LevelCount, Recommendation, at, decide, decide_when_closed};
use crate::grade::DoseLevel;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt;

/// The cohorts of a trial in the order treated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Outcomes {
    levels: u8,
    cohorts: Vec<Cohort>,
}

/// A cohort that the rule would not have allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Departure {
    /// Which cohort, counted from 1.
    pub cohort: usize,
    /// What was treated.
    pub given: Cohort,
    /// What the rule said before it.
    pub rule_said: Recommendation,
}

impl fmt::Display for Departure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Departure { cohort, given, rule_said: Recommendation { action, level, add, rule, basis, .. } } = self;
        write!(f, "cohort {cohort} is {given}: ")?;
        match level.filter(|_| !action.stops()) {
            Some(level) => write!(f, "expected {add} at level {level}")?,
            None => f.write_str("expected the end of the trial")?,
        }
        write!(f, " ({rule}, {basis})")
    }
}

impl Outcomes {
    /// Reads the notation for this many planned levels.
    pub fn parse(text: &str, levels: u8) -> Result<Outcomes, BadOutcomes> {
        let mut cohorts = Vec::new();
        let mut characters = text.chars().enumerate().peekable();
        while let Some(&(start, first)) = characters.peek() {
            if first.is_whitespace() {
                characters.next();
                continue;
            }
            let mut digits = String::new();
            while let Some((_, digit)) = characters.next_if(|(_, c)| c.is_ascii_digit()) {
                digits.push(digit);
            }
            if digits.is_empty() {
                return Err(BadOutcomes::Level { position: start + 1, found: first.to_string(), levels });
            }
            let planned = digits.parse().ok().and_then(DoseLevel::new).filter(|level| level.get() <= levels);
            let Some(level) = planned else {
                return Err(BadOutcomes::Level { position: start + 1, found: digits, levels });
            };
            let mut cohort = Cohort { level, patients: 0, dlt: 0 };
            while let Some((position, letter)) = characters.next_if(|(_, c)| !c.is_whitespace()) {
                match letter {
                    'N' => cohort.patients += 1,
                    'T' => (cohort.patients, cohort.dlt) = (cohort.patients + 1, cohort.dlt + 1),
                    found => return Err(BadOutcomes::Letter { position: position + 1, found }),
                }
            }
            if cohort.patients == 0 {
                return Err(BadOutcomes::NoPatient { position: start + digits.len() + 1, level });
            }
            cohorts.push(cohort);
        }
        Ok(Outcomes { levels, cohorts })
    }

    /// The cohorts in the order treated.
    pub fn cohorts(&self) -> &[Cohort] {
        &self.cohorts
    }

    /// The counts per planned level, the lowest first.
    pub fn counts(&self) -> Vec<LevelCount> {
        self.counts_before(self.cohorts.len())
    }

    /// The level of the last cohort; the start level before any.
    pub fn current_level(&self, design: &Design) -> DoseLevel {
        self.level_before(self.cohorts.len(), design)
    }

    /// What the rule says after the last cohort; `None` means enrol or wait.
    pub fn next(&self, design: &Design) -> Option<Recommendation> {
        decide(design, &self.counts(), self.current_level(design))
    }

    /// The cohorts that the rule would not have allowed: another level, more patients than it said, or none at all.
    ///
    /// A cohort may come in parts: `1NN 1N` is as allowed as `1NNN`.
    pub fn departures(&self, design: &Design) -> Vec<Departure> {
        let departed = |(index, given): (usize, &Cohort)| {
            let counts = self.counts_before(index);
            let level = self.level_before(index, design);
            let rule_said = decide_when_closed(design, &counts, level)?;
            let here = at(&counts, given.level).unwrap_or_default().evaluable;
            let most = design.allowed(rule_said.add).min(rule_said.add.max(FULL.saturating_sub(here)));
            let said = !rule_said.action.stops() && rule_said.level == Some(given.level) && given.patients <= most;
            // A cohort in parts: the rule has not spoken yet.
            let rest = design.lacking(here);
            let waits = given.level == level && decide(design, &counts, level).is_none() && given.patients <= rest;
            let allowed = said || waits;
            (!allowed).then_some(Departure { cohort: index + 1, given: *given, rule_said })
        };
        self.cohorts.iter().enumerate().filter_map(departed).collect()
    }

    fn counts_before(&self, cohort: usize) -> Vec<LevelCount> {
        let mut counts = vec![LevelCount::default(); usize::from(self.levels)];
        self.cohorts[..cohort].iter().for_each(|cohort| cohort.add_to(&mut counts));
        counts
    }

    fn level_before(&self, cohort: usize, design: &Design) -> DoseLevel {
        self.cohorts[..cohort].last().map_or(design.start_level(), |cohort| cohort.level)
    }
}

/// The notation itself: `1NNN 2TNN`, the DLTs of a cohort first.
impl fmt::Display for Outcomes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, cohort) in self.cohorts.iter().enumerate() {
            write!(f, "{}{cohort}", if index == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

/// Why a text is not outcomes; positions count characters from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadOutcomes {
    /// A cohort does not begin with the number of a planned level.
    Level {
        /// Where.
        position: usize,
        /// What stands there.
        found: String,
        /// How many levels are planned.
        levels: u8,
    },
    /// A patient who is neither N nor T.
    Letter {
        /// Where.
        position: usize,
        /// What stands there.
        found: char,
    },
    /// A level without a patient.
    NoPatient {
        /// Where.
        position: usize,
        /// The level.
        level: DoseLevel,
    },
}

impl fmt::Display for BadOutcomes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadOutcomes::Level { position, found, levels } => {
                write!(f, "expected a level from 1 to {levels}, found {found:?} at character {position}")
            }
            BadOutcomes::Letter { position, found } => {
                write!(f, "expected N (no DLT) or T (DLT), found {found:?} at character {position}")
            }
            BadOutcomes::NoPatient { position, level } => {
                write!(f, "expected N (no DLT) or T (DLT) after level {level}, found nothing at character {position}")
            }
        }
    }
}

impl std::error::Error for BadOutcomes {}
