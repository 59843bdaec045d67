//! Checkpoints of a ledger: the last one that was signed, kept so that no later one can contradict it.
//!
//! Promises that a new checkpoint extends the last one (compared, and on disk, before it is handed out), and that what is
//! signed was read again from the store and hashed again. Two processes cannot sign at once: the ledger is open for one.

use super::{CHECKPOINTS, Ledger, LedgerError};
use crate::{
    checkpoint::{BadCheckpoint, Checkpoint, SignedCheckpoint},
    durable,
    fault::{Fault, FaultKind},
    folder::Folder,
    key::Secret,
    note::Note,
};
use std::{fs, io};
use trial_core::event::KeyPurpose;

/// The file of the last checkpoint, with the cosignatures that came back.
pub const LATEST: &str = "latest";

impl Ledger {
    /// Signs what the ledger is now. For a size that was signed before, that checkpoint, with its cosignatures.
    ///
    /// # Errors
    /// The key is not a log key of the roster; or the ledger does not extend the last checkpoint: nothing is signed then.
    pub fn checkpoint(&self, secret: &Secret) -> Result<SignedCheckpoint, LedgerError> {
        let origin = self.tip.origin().map_err(invalid)?;
        self.log_key(secret)?;
        let now = Checkpoint { origin, size: self.tip.size(), root: self.tip.root() };
        if let Some(last) = self.last_checkpoint()? {
            let signed_by = |last: &SignedCheckpoint| last.by().iter().any(|by| by.key == secret.key());
            if last.checkpoint() == &now && signed_by(&last) {
                return Ok(last);
            }
            self.extends(last.checkpoint())?;
        }
        // Once more from the bytes that lie in the store: what cannot be read as it was verified is not signed.
        if self.root_at(now.size) != Some(now.root) {
            let expected = format!("the {} entries as they were verified", now.size);
            return Err(LedgerError::refused(Fault::new(FaultKind::StoreUnreadable, expected, "others, or none")));
        }
        let made = now.sign(secret);
        self.keep_checkpoint(&made)?;
        Ok(made)
    }

    /// The last checkpoint that was signed, if there was one.
    ///
    /// # Errors
    /// The file cannot be read, or is not a checkpoint of this ledger.
    pub fn last_checkpoint(&self) -> Result<Option<SignedCheckpoint>, LedgerError> {
        let path = self.latest();
        match fs::read(path.path()) {
            Ok(bytes) => {
                let note = Note::parse(&bytes).map_err(BadCheckpoint::Note);
                note.and_then(|note| self.tip.checkpoint_of(note)).map(Some).map_err(invalid)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(LedgerError::io(&path)(error)),
        }
    }

    /// Whether the ledger goes on from a checkpoint.
    ///
    /// # Errors
    /// `rolled_back` where it has fewer entries, `forked` where it has others.
    pub fn extends(&self, last: &Checkpoint) -> Result<(), LedgerError> {
        let described = |size: u64, root| format!("{size} entries with the root {}", crate::hash::to_base64(root));
        let signed = format!("{}, as signed before", described(last.size, last.root));
        if last.size > self.tip.size() {
            let found = described(self.tip.size(), self.tip.root());
            return Err(LedgerError::refused(Fault::new(FaultKind::RolledBack, signed, found)));
        }
        match self.root_at(last.size) {
            Some(root) if root == last.root => Ok(()),
            Some(root) => Err(LedgerError::refused(Fault::new(FaultKind::Forked, signed, described(last.size, root)))),
            None => Err(LedgerError::refused(Fault::new(FaultKind::StoreUnreadable, signed, "entries unreadable"))),
        }
    }

    /// Keeps cosignatures with the last checkpoint, if they are on that one.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn keep_cosignatures(&self, note: &Note) -> Result<(), LedgerError> {
        match self.last_checkpoint()? {
            Some(mut last) if last.note().text() == note.text() => {
                note.lines().iter().for_each(|line| last.add(line.clone()));
                self.keep_checkpoint(&last)
            }
            Some(_) | None => Ok(()),
        }
    }

    fn keep_checkpoint(&self, checkpoint: &SignedCheckpoint) -> Result<(), LedgerError> {
        let path = self.latest();
        durable::replace(path.path(), checkpoint.note().to_string().as_bytes()).map_err(LedgerError::io(&path))
    }

    fn latest(&self) -> Folder {
        self.dir.join(CHECKPOINTS).join(LATEST)
    }

    /// Whether a key may sign checkpoints of this ledger now.
    fn log_key(&self, secret: &Secret) -> Result<(), LedgerError> {
        let expected = "a key of the roster with the purpose log";
        let refused = |kind, found: String| Err(LedgerError::refused(Fault::new(kind, expected, found)));
        match self.tip.roster().get(secret.key()) {
            None => refused(FaultKind::UnknownSigner, secret.key().to_string()),
            Some(member) if member.purpose != KeyPurpose::Log => {
                refused(FaultKind::SignerMismatch, format!("the {} key of {}", member.purpose, member.name))
            }
            Some(member) if member.revoked.is_some() => refused(FaultKind::KeyRevoked, member.name.to_string()),
            Some(_) => Ok(()),
        }
    }
}

fn invalid(why: BadCheckpoint) -> LedgerError {
    let expected = "a checkpoint of this ledger, signed by its log key";
    LedgerError::refused(Fault::new(FaultKind::CheckpointInvalid, expected, why))
}
