//! Snapshots as a user has them: remembered by their id, and gone behind next time.
//!
//! Promises that a snapshot counts only where this user remembers its id and knows the ledger still: whatever is not as
//! it was is left to a full verification, and a file that was altered is named. What cannot be written is not there the
//! next time, and stops nobody.

mod making;

pub use making::{Making, Recomputed, Recomputing};

use crate::{
    contact::{Contact, Held, Watch},
    error::CliError,
    remembered::Remembered,
};
use std::path::Path;
use trial_core::{ids::SubjectId, projection::Trial};
use trial_ledger::{
    ledger::{Ledger, claimed_genesis},
    snapshot::{Snapshot, StateName},
    snapshot_folder::{Found, SnapshotFolder},
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
/// be told of that. `meanwhile` reads what rests on the snapshot while the store is opened.
///
/// # Errors
/// The ledger is in use.
pub fn open<T: Send>(
    dir: &Path,
    meanwhile: impl FnOnce(&Snapshot) -> T + Send,
) -> Result<Result<(Behind, T), Vec<String>>, CliError> {
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
    let (opened, read) = rayon::join(|| Ledger::open_behind(dir, &snapshot), || meanwhile(&snapshot));
    let Some((ledger, notices)) = opened? else { return Ok(Err(Vec::new())) };
    if !watch.saw(ledger.tip(), |size| ledger.root_at(size)) {
        return Ok(Err(Vec::new()));
    }
    // Whatever disagrees is told in the words of the full verification.
    let Ok(contact) = watch.meet(ledger.tip(), Held::Ledger) else { return Ok(Err(Vec::new())) };
    let notices = notices.iter().map(ToString::to_string).chain(contact.notice.clone()).collect();
    let (rests, states) = (snapshot.tip().size(), snapshot.states().to_vec());
    Ok(Ok((Behind { ledger, contact, rests, notices, states }, read)))
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

/// Whether a new snapshot is to be made at this length: the last one is far behind.
pub fn is_due(entries: u64, remembered: u64) -> bool {
    entries >= remembered + LAG
}
