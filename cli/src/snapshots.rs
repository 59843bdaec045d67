//! Snapshots as a user has them: computed while a ledger is verified, remembered by their id, and gone behind next time.
//!
//! Promises that a snapshot counts only where this user remembers its id and knows the ledger still: whatever is not as
//! it was is left to a full verification, and a file that was altered is named. What cannot be written is not there the
//! next time, and stops nobody.

use crate::{
    contact::{Contact, Held, Watch},
    error::CliError,
    known::Known,
    remembered::Remembered,
};
use std::path::Path;
use trial_core::{
    entry::Entry,
    ids::SubjectId,
    projection::{Marks, Projection as _, Trial},
};
use trial_ledger::{
    ledger::{Ledger, claimed_genesis},
    snapshot::{Fresh, Snapshot, StateName, States},
    snapshot_folder::{Found, Put, SnapshotFolder},
};

/// How many entries may lie behind the last snapshot until a new one is made.
const LAG: u64 = 512;

/// A ledger opened behind a snapshot.
pub struct Behind {
    /// The ledger.
    pub ledger: Ledger,
    /// What it was compared with.
    pub contact: Contact,
    /// How many entries rest on the snapshot.
    pub rests: u64,
    /// What opening put in order.
    pub notices: Vec<String>,
    /// The states up to there.
    pub states: Vec<StateName>,
}

/// Opens a ledger behind the snapshot that this user remembers; nothing where there is none that counts, with what is to
/// be told of that.
///
/// # Errors
/// The ledger is in use.
pub fn open(dir: &Path) -> Result<Result<Behind, Vec<String>>, CliError> {
    let mut watch = Watch::begin()?;
    let known = watch.known().clone();
    let remembered = claimed_genesis(dir).and_then(|genesis| Remembered::of(&known, genesis));
    let Some(remembered) = remembered else { return Ok(Err(Vec::new())) };
    let snapshot = match SnapshotFolder::of(dir).snapshot(remembered.entries, remembered.id) {
        Found::Sound(snapshot) if snapshot.tip().genesis() == Some(remembered.genesis) => snapshot,
        Found::Sound(_) | Found::Missing => return Ok(Err(Vec::new())),
        Found::Altered(fault) => {
            return Ok(Err(vec![format!("{fault}: it is not believed, all entries are verified")]));
        }
    };
    let Some((ledger, notices)) = Ledger::open_behind(dir, &snapshot)? else { return Ok(Err(Vec::new())) };
    if !watch.saw(ledger.tip(), |size| ledger.root_at(size)) {
        return Ok(Err(Vec::new()));
    }
    // Whatever disagrees is told in the words of the full verification.
    let Ok(contact) = watch.meet(ledger.tip(), Held::Ledger) else { return Ok(Err(Vec::new())) };
    let notices = notices.iter().map(ToString::to_string).chain(contact.notice.clone()).collect();
    let (rests, states) = (snapshot.tip().size(), snapshot.states().to_vec());
    Ok(Ok(Behind { ledger, contact, rests, notices, states }))
}

/// What is known after some states.
pub struct Rested {
    /// What is known.
    pub trial: Trial,
    /// What is to be told of states that do not count.
    pub notice: Option<String>,
}

impl Rested {
    /// Where a state is gone or altered, nothing is known: then it is all folded.
    fn of(found: Found<Trial>) -> Rested {
        match found {
            Found::Sound(trial) => Rested { trial, notice: None },
            Found::Missing => Rested { trial: Trial::default(), notice: None },
            Found::Altered(fault) => {
                let notice = Some(format!("{fault}: it is not believed, and computed again"));
                Rested { trial: Trial::default(), notice }
            }
        }
    }
}

/// What was known after these states.
pub fn rested(dir: &Path, names: &[StateName]) -> Rested {
    Rested::of(SnapshotFolder::of(dir).trial(names, |_| {}))
}

/// What was known then of the trial itself and, where one is named, of a subject. Of all other subjects, nothing.
pub fn rested_about(dir: &Path, names: &[StateName], subject: Option<&SubjectId>) -> Rested {
    Rested::of(SnapshotFolder::of(dir).trial_about(names, subject))
}

/// What was known after these states, and the states to come behind them.
pub fn rested_with_states(dir: &Path, names: &[StateName]) -> (Rested, States) {
    let mut marks = Marks::default();
    match SnapshotFolder::of(dir).trial(names, |since| marks.see_all(since)) {
        found @ Found::Sound(_) => (Rested::of(found), States::behind(marks, names.to_vec())),
        found @ (Found::Missing | Found::Altered(_)) => (Rested::of(found), States::default()),
    }
}

/// Whether a new snapshot is to be made at this length: the last one is far behind.
pub fn is_due(entries: u64, remembered: u64) -> bool {
    entries >= remembered + LAG
}

impl std::fmt::Display for Recomputed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Recomputed { computed, confirmed, written, altered } = self;
        write!(f, "{computed} computed again from the entries: {confirmed} as they were, {written} new")?;
        if *altered > 0 { write!(f, ", {altered} altered and replaced") } else { Ok(()) }
    }
}

/// The snapshots of a ledger, computed while it grows or is verified.
#[derive(Debug)]
pub struct Making {
    folder: SnapshotFolder,
    states: States,
    fresh: Vec<Fresh>,
    /// How many entries the snapshot has that this user remembers.
    remembered: u64,
    /// What was computed, by what became of it.
    pub told: Recomputed,
}

/// Which snapshots a verification computed.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Recomputed {
    /// How many there are, one for each 1,024 entries.
    pub computed: u64,
    /// How many were there, with these very bytes.
    pub confirmed: u64,
    /// How many were missing, and are there now.
    pub written: u64,
    /// How many were others, and were replaced.
    pub altered: u64,
}

impl Making {
    /// From the beginning of a ledger.
    pub fn begin(dir: &Path) -> Making {
        Making::behind(dir, States::default(), 0)
    }

    /// Behind states, and behind a snapshot of so many entries.
    pub fn behind(dir: &Path, states: States, remembered: u64) -> Making {
        let (folder, fresh, told) = (SnapshotFolder::of(dir), Vec::new(), Recomputed::default());
        Making { folder, states, fresh, remembered, told }
    }

    /// Takes note of an entry that the trial has just taken in.
    pub fn see(&mut self, entry: &Entry, trial: &Trial) {
        self.fresh.extend(self.states.see(entry, trial));
    }

    /// Writes the states that are complete: their entries were verified.
    pub fn write(&mut self) {
        for fresh in self.fresh.drain(..) {
            self.told.computed += 1;
            match self.folder.put(&fresh) {
                Ok(Put::Confirmed) => self.told.confirmed += 1,
                Ok(Put::Written) => self.told.written += 1,
                Ok(Put::Replaced) => self.told.altered += 1,
                Err(_) => {}
            }
        }
    }

    /// Makes a snapshot of how a ledger stands and remembers it, where the last one is far behind.
    pub fn renew(&mut self, ledger: &Ledger, known: &Known) {
        self.write();
        let entries = ledger.tip().size();
        if !is_due(entries, self.remembered) {
            return;
        }
        let (Some(genesis), snapshot) = (ledger.tip().genesis(), ledger.snapshot(self.states.names().to_vec())) else {
            return;
        };
        let kept = self.put(&snapshot).and_then(|id| Remembered { genesis, entries, id }.keep(known));
        // What was not kept costs time the next time.
        self.remembered = if kept.is_ok() { entries } else { self.remembered };
    }

    fn put(&self, snapshot: &Snapshot) -> std::io::Result<trial_core::ids::Hash> {
        self.folder.put_snapshot(snapshot)
    }
}

/// Computes the snapshots of a ledger from all of its entries.
#[derive(Debug)]
pub struct Recomputing {
    trial: Trial,
    making: Making,
    named: Vec<String>,
}

impl Recomputing {
    /// Begins with none, and names the snapshot that this user remembers where it was altered.
    pub fn begin(dir: &Path, known: &Known) -> Recomputing {
        let remembered = claimed_genesis(dir).and_then(|genesis| Remembered::of(known, genesis));
        let found = remembered.map(|remembered| SnapshotFolder::of(dir).snapshot(remembered.entries, remembered.id));
        let named = match found {
            Some(Found::Altered(fault)) => vec![format!("{fault}: it was not believed, and is made anew")],
            Some(Found::Sound(_) | Found::Missing) | None => Vec::new(),
        };
        Recomputing { trial: Trial::default(), making: Making::begin(dir), named }
    }

    /// Takes in the next verified entry.
    pub fn take(&mut self, entry: &Entry) {
        self.trial.apply(entry);
        self.making.see(entry, &self.trial);
        self.making.write();
    }

    /// Remembers what was computed of a ledger that was found sound.
    pub fn finish(mut self, ledger: &Ledger, known: &Known) -> (Recomputed, Vec<String>) {
        self.making.renew(ledger, known);
        (self.making.told, self.named)
    }
}
