//! Sealing: the values of a ledger that stand beside its log, in step with it.
//!
//! Promises that an acknowledged entry has its values, that a redacted value is gone when its redaction is acknowledged
//! or at the next open, and that only what an unacknowledged append left is deleted without an entry that says so: a
//! value in its place to which the log does not commit is told and kept, since it may be the log that was cut.

use super::{Batch, Ledger, LedgerError, MOST_FAULTS, Notice, SEALED};
use crate::{
    check::{Verified, stated},
    fault::{Fault, FaultKind},
    sealed::{Place, Redaction, Sealed, file_name},
    sealed_folder::Contents,
    store::Store,
    verifier::Lookup,
};
use serde_json::Value;
use std::{
    borrow::Borrow,
    collections::{BTreeMap, BTreeSet},
    io,
};
use trial_core::{
    event::Event,
    ids::{Hash, Name, Seq},
};

/// What became of a value to which an entry commits.
#[derive(Debug, Clone, PartialEq)]
pub enum Unsealed {
    /// It is there, and it is the one that was signed.
    Value(Value),
    /// An entry says that it was deleted.
    Redacted(Redaction),
    /// It is not there, and no entry says why.
    Missing,
    /// Another value is in its place.
    Mismatch,
}

/// The sealed values of a ledger compared with what its entries commit to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SealedReport {
    /// Values that are there and are the ones that were signed.
    pub sound: u64,
    /// The first values that are missing or are other ones, in the order of the log.
    pub faults: Vec<Fault>,
    /// What is in the folder and belongs to no entry.
    pub strange: Vec<String>,
}

impl Ledger {
    /// The next versions of the files that new entries change, on disk beside them.
    pub(super) fn stage<E: Borrow<Verified>>(
        &self,
        new: &[E],
        values: &BTreeMap<Place, Sealed>,
    ) -> Result<Vec<String>, LedgerError> {
        let mut files = BTreeMap::new();
        for (file, changes) in self.changes(new, values)? {
            let mut contents = self.sealed.read(&file).map_err(self.unreadable())?;
            if !contents.damaged.is_empty() {
                return Err(LedgerError::SealedDamaged(self.sealed.dir().join(file).name().to_owned()));
            }
            for (place, change) in changes {
                match change {
                    Some(sealed) => contents.values.insert(place, sealed),
                    None => contents.values.remove(&place),
                };
            }
            files.insert(file, contents);
        }
        let names: Vec<String> = files.keys().cloned().collect();
        let staged = files.iter().try_for_each(|(file, contents)| self.sealed.stage(file, contents));
        staged.map_err(|error| {
            // What cannot be taken away now, the next open will: no entry commits to it.
            let _ = self.sealed.discard(&names);
            self.unreadable()(error)
        })?;
        Ok(names)
    }

    /// By file: the values that new entries add, and the places that they empty.
    #[allow(clippy::type_complexity)]
    fn changes<E: Borrow<Verified>>(
        &self,
        new: &[E],
        values: &BTreeMap<Place, Sealed>,
    ) -> Result<BTreeMap<String, Vec<(Place, Option<Sealed>)>>, LedgerError> {
        let mut changes: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for verified in new.iter().map(Borrow::borrow) {
            let entry = verified.entry();
            for (name, commitment) in verified.sealed() {
                let place = Place { seq: entry.seq, name: name.clone() };
                let Some(sealed) = values.get(&place).filter(|sealed| sealed.commitment() == *commitment) else {
                    return Err(LedgerError::refused(missing(&place, *commitment)));
                };
                let file = file_name(entry.event.subject());
                changes.entry(file).or_default().push((place, Some(sealed.clone())));
            }
            if let Event::ValueRedacted(redacted) = &entry.event {
                let target = self.earlier(new).envelope(redacted.target).and_then(|envelope| stated(&envelope));
                let (event, _) = target.ok_or_else(|| {
                    let expected = format!("entry {} to be there still", redacted.target);
                    LedgerError::refused(Fault::at(FaultKind::StoreUnreadable, entry.seq, expected, "none"))
                })?;
                changes.entry(file_name(event.subject())).or_default().push((Place::of(redacted), None));
            }
        }
        Ok(changes)
    }

    /// The names under which an entry seals values; nothing where there is no such entry, neither here nor among the
    /// entries of the batch.
    pub fn sealed_names(&self, seq: Seq, batch: &Batch) -> Option<BTreeSet<Name>> {
        let (_, sealed) = batch.earlier(self).envelope(seq).and_then(|envelope| stated(&envelope))?;
        Some(sealed.into_keys().collect())
    }

    /// The sealed values of an entry, each compared with its commitment.
    ///
    /// # Errors
    /// The file of the values cannot be read.
    pub fn unseal(&self, verified: &Verified) -> Result<BTreeMap<Name, Unsealed>, LedgerError> {
        if verified.sealed().is_empty() {
            return Ok(BTreeMap::new());
        }
        let entry = verified.entry();
        let contents = self.sealed.read(&file_name(entry.event.subject())).map_err(self.unreadable())?;
        let unsealed = |(name, commitment): (&Name, &Hash)| {
            let place = Place { seq: entry.seq, name: name.clone() };
            let found = match (contents.values.get(&place), self.tip.redactions().get(&place)) {
                (_, Some(redaction)) => Unsealed::Redacted(redaction.clone()),
                (Some(sealed), None) if sealed.commitment() == *commitment => Unsealed::Value(sealed.value().clone()),
                (Some(_), None) => Unsealed::Mismatch,
                (None, None) => Unsealed::Missing,
            };
            (name.clone(), found)
        };
        Ok(verified.sealed().iter().map(unsealed).collect())
    }

    /// Compares every sealed value with its commitment, and every commitment with its value.
    ///
    /// Goes along the files, since most entries commit to nothing; the log is read again only where values are missing.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn check_sealed(&self) -> Result<SealedReport, LedgerError> {
        let mut report = SealedReport::default();
        let mut others = 0;
        for file in self.sealed.names().map_err(self.unreadable())? {
            self.check_file(&file, &mut report, &mut others)?;
        }
        let expected = self.tip.commitments() - self.tip.redactions().len() as u64;
        if report.sound + others < expected {
            self.find_missing(&mut report)?;
        }
        report.faults.sort_by_key(|fault| fault.seq);
        report.faults.truncate(MOST_FAULTS);
        Ok(report)
    }

    /// One file: its values are the ones signed, or others (which are counted), or belong to no entry.
    fn check_file(&self, file: &str, report: &mut SealedReport, others: &mut u64) -> Result<(), LedgerError> {
        let mut strange = |what: String| {
            if report.strange.len() < MOST_FAULTS {
                report.strange.push(format!("{SEALED}/{file}: {what}"));
            }
        };
        let Some(lines) = self.sealed.lines(file).map_err(self.unreadable())?.filter(|_| file.ends_with(".jsonl"))
        else {
            strange("this file is not of the ledger; it may hold copies of sealed values".to_owned());
            return Ok(());
        };
        let mut last: Option<Place> = None;
        for (number, line) in (1..).zip(lines) {
            let read = line.map_err(self.unreadable())?.ok();
            let Some((place, sealed)) = read.filter(|(place, _)| last.as_ref().is_none_or(|last| last < place)) else {
                strange(format!("line {number} is no sealed value, or not in its order"));
                continue;
            };
            match committed(&self.store, &place, file)? {
                Some(commitment) if commitment == sealed.commitment() => report.sound += 1,
                Some(commitment) => {
                    *others += 1;
                    if report.faults.len() < MOST_FAULTS {
                        let (seq, found) = (place.seq, sealed.commitment());
                        let expected = format!("{} with the commitment {commitment}", place.name);
                        report.faults.push(Fault::at(FaultKind::SealedMismatch, seq, expected, found));
                    }
                }
                None if place.seq.0 >= self.tip.size() => {
                    let size = self.tip.size();
                    strange(format!("line {number} is {place}, but the log has {size} entries: its end may be gone"));
                }
                None => strange(format!("line {number} is {place}, to which that entry does not commit")),
            }
            last = Some(place);
        }
        Ok(())
    }

    fn find_missing(&self, report: &mut SealedReport) -> Result<(), LedgerError> {
        // The places of one file at a time, without their values: entries in a row are often about one subject.
        let mut at_hand: (String, BTreeSet<Place>) = Default::default();
        for (seq, read) in (0..).zip(self.store.scan(0..self.tip.size())) {
            let Some((event, sealed)) = stated(&read?).filter(|(_, sealed)| !sealed.is_empty()) else { continue };
            let file = file_name(event.subject());
            if at_hand.0 != file {
                let contents = self.sealed.read(&file).map_err(self.unreadable())?;
                at_hand = (file, contents.values.into_keys().collect());
            }
            for (name, commitment) in sealed {
                let place = Place { seq: Seq(seq), name };
                if !at_hand.1.contains(&place) && !self.tip.redactions().contains_key(&place) {
                    report.faults.push(missing(&place, commitment));
                }
            }
            if report.faults.len() >= 2 * MOST_FAULTS {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Brings the files in step with the log that was just verified, and says what there was to do.
    pub(super) fn settle_sealed(&self) -> Result<Vec<Notice>, LedgerError> {
        let (folder, store, tip, io) = (&self.sealed, &self.store, &self.tip, self.unreadable());
        folder.sweep().map_err(&io)?;
        let staged: BTreeSet<String> = folder.staged().map_err(&io)?.into_iter().collect();
        let mut files: BTreeMap<String, Vec<&Place>> = staged.iter().map(|file| (file.clone(), Vec::new())).collect();
        for place in tip.redactions().keys() {
            let target = store.get(place.seq)?.and_then(|envelope| stated(&envelope));
            files.entry(file_name(target.as_ref().and_then(|(event, _)| event.subject()))).or_default().push(place);
        }
        let (mut moved, mut dropped, mut finished) = (0, 0, Vec::new());
        for (file, redacted) in files {
            let mut contents = folder.read(&file).map_err(&io)?;
            let next =
                if staged.contains(&file) { folder.read_staged(&file).map_err(&io)? } else { Contents::default() };
            for (place, sealed) in next.values {
                if contents.values.contains_key(&place) || tip.redactions().contains_key(&place) {
                    continue;
                }
                if committed(store, &place, &file)? == Some(sealed.commitment()) {
                    contents.values.insert(place, sealed);
                    moved += 1;
                } else {
                    dropped += 1;
                }
            }
            let residual = |place: &&Place| contents.values.remove(place).is_some();
            let residual: Vec<&Place> = redacted.into_iter().filter(residual).collect();
            if staged.contains(&file) || !residual.is_empty() {
                folder.replace(&file, &contents).map_err(&io)?;
            }
            finished.extend(
                residual
                    .into_iter()
                    .map(|place| Notice::RedactionFinished { target: place.seq, by: tip.redactions()[place].seq }),
            );
        }
        let counted = [
            (moved > 0).then_some(Notice::SealedCaughtUp { values: moved }),
            (dropped > 0).then_some(Notice::UnacknowledgedValues { values: dropped }),
        ];
        Ok(counted.into_iter().flatten().chain(finished).collect())
    }

    fn unreadable(&self) -> impl Fn(io::Error) -> LedgerError + use<> {
        LedgerError::io(self.sealed.dir())
    }
}

fn missing(place: &Place, commitment: Hash) -> Fault {
    let expected = format!("{} with the commitment {commitment}, or an entry that redacts it", place.name);
    Fault::at(FaultKind::SealedMissing, place.seq, expected, "neither")
}

/// What the log holds of a place, if the values of that entry belong into this file.
fn committed(store: &impl Store, place: &Place, file: &str) -> Result<Option<Hash>, LedgerError> {
    let stated = store.get(place.seq)?.and_then(|envelope| stated(&envelope));
    let here = stated.filter(|(event, _)| file_name(event.subject()) == file);
    Ok(here.and_then(|(_, sealed)| sealed.get(&place.name).copied()))
}
