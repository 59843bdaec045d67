//! A cut as it is typed: the place of an entry, a day, an instant, or a file with a checkpoint.
//!
//! Promises that a checkpoint cuts only the log whose root it names. Does not check who signed it: `trial verify` does.

use crate::{clock::Zone, error::CliError};
use chrono::{DateTime, Utc};
use std::{fs, path::Path};
use trial_core::entry::Entry;
use trial_ledger::{checkpoint::Checkpoint, merkle::Frontier, note::Note};

/// So many entries, or all recorded by an instant.
#[derive(Debug, Clone, PartialEq)]
pub enum Cut {
    /// The first so many.
    Entries(u64),
    /// Those recorded by then.
    AsOf(DateTime<Utc>),
    /// Those under a checkpoint.
    Checkpoint(Checkpoint),
}

impl Cut {
    /// A number is the place of the last entry before the cut; an existing file holds a checkpoint; anything else is a
    /// day or an instant.
    ///
    /// # Errors
    /// It is none of these.
    pub fn parse(text: &str, zone: Zone) -> Result<Cut, CliError> {
        if let Ok(seq) = text.parse::<u64>() {
            return Ok(Cut::Entries(seq.saturating_add(1)));
        }
        if Path::new(text).is_file() {
            return checkpoint(Path::new(text)).map(Cut::Checkpoint);
        }
        zone.as_of(text).map(Cut::AsOf).map_err(|_| {
            CliError::usage(format!("{text}: expected an entry's place, a day, an instant or a checkpoint's file"))
                .hint("for example --from 193 --to 194, or --from 2017-01-01 --to 2017-02-01")
        })
    }

    /// Whether an entry lies before the cut.
    pub fn holds(&self, entry: &Entry) -> bool {
        match self {
            Cut::Entries(n) => entry.seq.0 < *n,
            Cut::AsOf(instant) => entry.recorded_at <= *instant,
            Cut::Checkpoint(checkpoint) => entry.seq.0 < checkpoint.size,
        }
    }

    /// Whether the log, grown to this frontier, is the one that the cut speaks of; so at any size but its own.
    ///
    /// # Errors
    /// A checkpoint names another root for these entries.
    pub fn agrees(&self, grown: &Frontier) -> Result<(), CliError> {
        match self {
            Cut::Checkpoint(checkpoint) if checkpoint.size == grown.size() && checkpoint.root != grown.root() => {
                Err(CliError::no(format!(
                    "the checkpoint over {} entries is not of this log: expected root {}, found {}",
                    checkpoint.size,
                    checkpoint.root,
                    grown.root()
                ))
                .hint("compare the two: trial verify --against FILE"))
            }
            Cut::Checkpoint(_) | Cut::Entries(_) | Cut::AsOf(_) => Ok(()),
        }
    }

    /// Whether the log is long enough for the cut.
    ///
    /// # Errors
    /// A checkpoint is over more entries than there are.
    pub fn reached(&self, entries: u64) -> Result<(), CliError> {
        match self {
            Cut::Checkpoint(checkpoint) if checkpoint.size > entries => {
                let message = format!("the checkpoint is over {} entries, the log has {entries}", checkpoint.size);
                Err(CliError::no(message).hint("a log that has become shorter was cut or rolled back"))
            }
            Cut::Checkpoint(_) | Cut::Entries(_) | Cut::AsOf(_) => Ok(()),
        }
    }
}

fn checkpoint(path: &Path) -> Result<Checkpoint, CliError> {
    let shown = path.display();
    let bytes = fs::read(path).map_err(|e| CliError::unknown(format!("{shown}: {e}")))?;
    let note = Note::parse(&bytes).map_err(|e| CliError::usage(format!("{shown} is not a checkpoint: {e}")))?;
    note.text().parse().map_err(|e| CliError::usage(format!("{shown} is not a checkpoint: {e}")))
}
