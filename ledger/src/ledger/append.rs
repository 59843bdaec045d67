//! Appending: how entries get to the end of a ledger, all of those given at once or none.
//!
//! Promises that an entry that is acknowledged is in the journal on disk, follows the one before it, and has its sealed
//! values; and that an append which failed leaves either nothing behind or a ledger that takes nothing more until it is
//! opened again. Does not check again what was checked against this very log.

use super::{JOURNAL, Ledger, LedgerError, SEALED};
use crate::{
    check::Verified,
    fault::Fault,
    sealed::{Place, Sealed},
    store::{Head, Store, StoreError, follow},
};
use std::{borrow::Borrow, collections::BTreeMap, io, sync::PoisonError};
use trial_core::ids::Seq;

impl Ledger {
    /// Appends entries that commit to no sealed values: see [`Ledger::append_with`].
    ///
    /// # Errors
    /// See [`Ledger::append_with`].
    pub fn append(&mut self, entries: &[Verified]) -> Result<(), LedgerError> {
        self.append_with(entries, &BTreeMap::new())
    }

    /// Appends entries with the values that they commit to, and deletes the values that they redact: all or none. When
    /// this returns, it is on disk.
    ///
    /// Entries that the ledger has already are passed over, so that an append whose outcome is not known can be repeated.
    ///
    /// # Errors
    /// A fault that a reader would find: nothing has changed then. Or the disk failed: then the ledger takes nothing more
    /// until it is opened again, which tells what is there.
    // BUG: if the journal has the entries and the store fails, they were not acknowledged but will be there: the next open
    // verifies them, lets the store and the sealed values catch up, and tells.
    pub fn append_with(&mut self, entries: &[Verified], values: &BTreeMap<Place, Sealed>) -> Result<(), LedgerError> {
        self.append_if(entries, values, || Ok(()))
    }

    /// The same of entries that others have too, if `proven` says that they are good: it is asked before they are acknowledged.
    // BUG: a kill while it is asked leaves entries in the journal that were not proven: the next open verifies them.
    pub(super) fn append_if<E: Borrow<Verified>>(
        &mut self,
        entries: &[E],
        values: &BTreeMap<Place, Sealed>,
        proven: impl FnOnce() -> Result<(), Fault>,
    ) -> Result<(), LedgerError> {
        if self.unsure {
            return Err(LedgerError::Unsure(self.dir.name().to_owned()));
        }
        let new = &entries[self.known(entries)?..];
        if new.is_empty() {
            return proven().map_err(LedgerError::refused);
        }
        self.check_place(new)?;
        let staged = self.stage(new, values)?;
        self.unsure = true;
        self.store.failed()?;
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = new.iter().map(|verified| verified.borrow().envelope());
        let written = journal.append_if(lines, proven);
        self.length = journal.length();
        drop(journal);
        if let Err(fault) = written.map_err(|error| self.refused(JOURNAL, error))? {
            if !staged.is_empty() {
                self.sealed.discard(&staged).map_err(|error| self.refused(SEALED, error))?;
            }
            self.unsure = false;
            return Err(LedgerError::refused(fault));
        }
        self.store.append(new)?;
        self.sealed.install(&staged).map_err(|error| self.refused(SEALED, error))?;
        self.unsure = false;
        new.iter().for_each(|verified| self.tip.advance(verified.borrow()));
        Ok(())
    }

    /// The operating system refused something there. Told only where it did: a path is put together for it.
    pub(super) fn refused(&self, name: &str, error: io::Error) -> LedgerError {
        LedgerError::Io(self.dir.join(name).name().to_owned(), error)
    }

    /// How many of the entries, from the first on, the ledger has already.
    fn known<E: Borrow<Verified>>(&self, entries: &[E]) -> Result<usize, StoreError> {
        for (known, verified) in entries.iter().map(Borrow::borrow).enumerate() {
            let seq = verified.entry().seq;
            if seq >= self.tip.next() || self.store.get(seq)?.as_ref() != Some(verified.envelope()) {
                return Ok(known);
            }
        }
        Ok(entries.len())
    }

    /// Whether entries that were verified somewhere were verified against this very log.
    ///
    /// The head commits to all entries in front of it: one that follows this head has passed all its checks here, and
    /// running them again would double the time of an append. For one that does not, they are run, to name the fault.
    fn check_place<E: Borrow<Verified>>(&self, new: &[E]) -> Result<(), LedgerError> {
        let head = self.tip.size().checked_sub(1).map(|last| Head { seq: Seq(last), hash: self.tip.head() });
        if follow(head, new).is_ok() {
            return Ok(());
        }
        let mut tip = self.tip.clone();
        let earlier = self.earlier(new);
        new.iter().try_for_each(|verified| tip.take(verified.borrow(), &earlier)).map_err(LedgerError::refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        follower::Follower, journal::Journal, ledger::Notice, lines::Tail, sample::Chain, sled_store::SledStore,
    };
    use std::path::Path;

    fn made(dir: &Path) -> (Ledger, Chain) {
        let mut chain = Chain::sample();
        let mut ledger = Ledger::init(dir, &chain.entries[0]).unwrap();
        ledger.append(&chain.entries[1..]).unwrap();
        chain.add("therapist", crate::sample::fraction(1));
        (ledger, chain)
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_append_that_failed_and_was_not_written_leaves_the_ledger_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let (mut ledger, chain) = made(dir.path());
        *ledger.journal.lock().unwrap() = Journal::open(Path::new("/dev/full"), Tail::default(), None).unwrap();
        assert!(matches!(ledger.append(&chain.entries[8..]), Err(LedgerError::Io(..))));
        assert!(matches!(ledger.append(&chain.entries[8..]), Err(LedgerError::Unsure(_))));
        drop(ledger);
        let (mut ledger, notices) = Ledger::open(dir.path()).unwrap();
        assert_eq!((ledger.tip().size(), notices), (8, vec![]));
        ledger.append(&chain.entries[8..]).unwrap();
        assert_eq!(ledger.tip().size(), 9);
    }

    #[test]
    fn an_append_that_failed_but_was_written_is_told_by_the_next_open() {
        let dir = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let (mut ledger, chain) = made(dir.path());
        ledger.store = Follower::new(SledStore::open(elsewhere.path()).unwrap()).unwrap();
        let refused = ledger.append(&chain.entries[8..]).unwrap_err();
        assert!(matches!(refused, LedgerError::Store(StoreError::NotNext { .. })), "{refused}");
        assert!(matches!(ledger.append(&chain.entries[8..]), Err(LedgerError::Unsure(_))));
        drop(ledger);
        let (mut ledger, notices) = Ledger::open(dir.path()).unwrap();
        assert_eq!((ledger.tip().size(), notices), (9, vec![Notice::StoreCaughtUp { had: 8, has: 9 }]));
        ledger.append(&chain.entries[8..]).unwrap();
        assert_eq!(ledger.tip().size(), 9, "repeating it changes nothing");
    }
}
