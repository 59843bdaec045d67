//! Why a ledger cannot be made, opened or appended to, and what to do next.

use crate::{
    fault::{Fault, FaultKind},
    folder::Folder,
    store::StoreError,
};
use std::{fmt, io, path::PathBuf};

/// Why a ledger cannot be made, opened or appended to.
#[derive(Debug)]
pub enum LedgerError {
    /// There is something in the directory already.
    Exists(PathBuf),
    /// There is no ledger in the directory.
    Missing(PathBuf),
    /// The operating system refused.
    Io(PathBuf, io::Error),
    /// The store refused.
    Store(StoreError),
    /// The first faults of the ledger, or of the entry to be appended, and how many there are in all.
    Faulty(Vec<Fault>, usize),
    /// An earlier append failed half-way.
    Unsure(PathBuf),
    /// A file of sealed values has lines that are none, so that nothing can be added to it or deleted from it.
    SealedDamaged(PathBuf),
}

impl LedgerError {
    pub(crate) fn refused(fault: Fault) -> LedgerError {
        LedgerError::Faulty(vec![fault], 1)
    }

    /// The operating system refused something here.
    pub(crate) fn io(place: &Folder) -> impl Fn(io::Error) -> LedgerError + use<> {
        let name = place.name().to_owned();
        move |error| LedgerError::Io(name.clone(), error)
    }

    /// Whether something is proven to be wrong with the record; otherwise it could not be told.
    pub fn is_proof(&self) -> bool {
        match self {
            LedgerError::Faulty(faults, _) => faults.iter().any(|fault| fault.kind.is_proof()),
            LedgerError::Exists(_)
            | LedgerError::Missing(_)
            | LedgerError::Io(..)
            | LedgerError::Store(_)
            | LedgerError::Unsure(_)
            | LedgerError::SealedDamaged(_) => false,
        }
    }

    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            LedgerError::Exists(_) => "choose a directory that is empty or not there yet",
            LedgerError::Missing(_) => "check the path; if there was a ledger here, it was moved or deleted",
            LedgerError::Io(..) => "check the path, its permissions and the space on the disk",
            LedgerError::Store(StoreError::InUse(_)) => "wait until the other command has ended",
            LedgerError::Store(StoreError::NotNext { .. }) => "open the ledger again and repeat",
            LedgerError::Store(StoreError::Silent(_)) => {
                "the entries are in the journal and the next command lets the store catch up; look at the disk"
            }
            LedgerError::Store(StoreError::Unreadable(_)) => {
                "trial recover makes the store again from the journal; nothing is deleted"
            }
            LedgerError::Faulty(faults, _) if faults.iter().any(|fault| is_of_one_side(fault.kind)) => {
                "keep a copy as evidence; trial recover tells which of journal and store is sound, and mends the other"
            }
            LedgerError::Faulty(..) => "keep a copy as evidence and compare with your last checkpoint",
            LedgerError::Unsure(_) => "open the ledger again: that verifies and tells what is there",
            LedgerError::SealedDamaged(_) => "trial verify tells what is missing; put the file back from a backup",
        }
    }
}

/// Whether the fault may be in one of journal and store alone.
fn is_of_one_side(kind: FaultKind) -> bool {
    matches!(kind, FaultKind::JournalDiffers | FaultKind::StoreUnreadable)
}

impl From<StoreError> for LedgerError {
    fn from(error: StoreError) -> Self {
        LedgerError::Store(error)
    }
}

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LedgerError::Exists(path) => write!(f, "{} is not empty", path.display()),
            LedgerError::Missing(path) => write!(f, "there is no ledger in {}", path.display()),
            LedgerError::Io(path, error) => write!(f, "{}: {error}", path.display()),
            LedgerError::Store(error) => error.fmt(f),
            LedgerError::Faulty(faults, total) => {
                faults.first().map_or(Ok(()), |fault| fault.fmt(f))?;
                if *total > 1 { write!(f, " (and {} more)", total - 1) } else { Ok(()) }
            }
            LedgerError::Unsure(path) => write!(f, "an earlier append to {} failed half-way", path.display()),
            LedgerError::SealedDamaged(path) => {
                write!(f, "{} has lines that are no sealed values", path.display())
            }
        }
    }
}

impl std::error::Error for LedgerError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            LedgerError::Io(_, error) => Some(error),
            LedgerError::Store(error) => Some(error),
            LedgerError::Faulty(faults, _) => faults.first().map(|fault| fault as _),
            LedgerError::Exists(_)
            | LedgerError::Missing(_)
            | LedgerError::Unsure(_)
            | LedgerError::SealedDamaged(_) => None,
        }
    }
}
