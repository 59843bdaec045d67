//! Witnessed: checkpoints of this very log, judged by its own roster as of a place in it.
//!
//! Promises that a `checkpoint_witnessed` which passes holds a checkpoint that a log key of the roster has signed, over
//! the root that the log has at that size, cosigned by a witness key of the roster at the time that the entry names; and
//! that no entry within that size claims to have been recorded later, unless the times are given by hand. Does not prove
//! that the witness is independent: whose keys these are is what the sponsor granted.

use crate::{
    checkpoint::{BadCheckpoint, Checkpoint, Origin, SignedCheckpoint},
    fault::{Fault, FaultKind},
    note::{BadNote, KeyName, Note, SignatureType, Vkey, Vkeys},
    roster::Roster,
    tip::Tip,
    verifier::Lookup,
};
use trial_core::{
    event::{CheckpointWitnessed, Clock, KeyPurpose},
    ids::Seq,
};

impl Tip {
    /// The name of the log on its checkpoints.
    ///
    /// # Errors
    /// There is no genesis, or its origin cannot stand on a checkpoint.
    pub fn origin(&self) -> Result<Origin, BadCheckpoint> {
        self.opened().ok_or(BadCheckpoint::Origin)?.origin.as_str().parse()
    }

    /// Opens a note as a checkpoint of this log, by the log keys that its roster has at that size.
    ///
    /// # Errors
    /// It is of another log, or no such key has signed it.
    pub fn checkpoint_of(&self, note: Note) -> Result<SignedCheckpoint, BadCheckpoint> {
        let claimed: Checkpoint = note.text().parse()?;
        let origin = self.origin()?;
        if claimed.origin != origin {
            return Err(BadCheckpoint::OtherLog(claimed.origin));
        }
        SignedCheckpoint::open(note, &self.roster().log_keys(&origin, claimed.size))
    }
}

impl Roster {
    /// The keys under which the log may sign a checkpoint of this size: granted within it, and not revoked within it.
    pub fn log_keys(&self, origin: &Origin, size: u64) -> Vkeys {
        self.vkeys(KeyPurpose::Log, size, |public| origin.vkey(public.clone()))
    }

    /// The keys under which a witness may sign by this name, as of a log of this size.
    pub fn witness_keys(&self, name: &KeyName, size: u64) -> Vkeys {
        let vkey = |public: &crate::key::PublicKey| Vkey::new(name.clone(), SignatureType::Cosignature, public.clone());
        self.vkeys(KeyPurpose::Witness, size, vkey)
    }

    fn vkeys(&self, purpose: KeyPurpose, size: u64, vkey: impl Fn(&crate::key::PublicKey) -> Vkey) -> Vkeys {
        let mut keys = Vkeys::default();
        for (_, member) in self.members().filter(|(_, m)| m.purpose == purpose && m.counts_at(size)) {
            // Two keys of one key id, which somebody would have to search for: only the first of them counts.
            let _ = keys.add(vkey(&member.public));
        }
        keys
    }
}

/// Judges the event as the next entry of the log.
pub(crate) fn check(tip: &Tip, lookup: &dyn Lookup, event: &CheckpointWitnessed) -> Result<(), Fault> {
    let seq = tip.next();
    let (signed, name) = opened(tip, event)?;
    let invalid = |expected: String, found: String| Fault::at(FaultKind::CheckpointInvalid, seq, expected, found);
    let expected = || format!("a cosignature by {name}, a witness in the roster, of the time {}", event.time);
    let by = signed.cosigned_by(&tip.roster().witness_keys(&name, seq.0));
    let by = by.map_err(|why| invalid(expected(), why.to_string()))?;
    if !by.iter().any(|signed| signed.time == Some(event.time)) {
        return Err(invalid(expected(), "none".to_owned()));
    }
    let size = signed.checkpoint().size;
    if !(1..=seq.0).contains(&size) {
        return Err(invalid(format!("a size from 1 to {seq}"), size.to_string()));
    }
    let again = || Fault::at(FaultKind::StoreUnreadable, seq, format!("the first {size} entries again"), "others");
    let root = tip.root_at(size, lookup).ok_or_else(again)?;
    if root != signed.checkpoint().root {
        let expected = format!("the root {root} of the first {size} entries");
        return Err(Fault::at(FaultKind::RootMismatch, seq, expected, signed.checkpoint().root));
    }
    if tip.opened().is_some_and(|opened| opened.clock == Clock::Simulated) {
        return Ok(());
    }
    // Times of recording never run backwards: the last entry within the size has the latest.
    let last = Seq(size - 1);
    let recorded = tip.recorded_at_of(last, lookup).ok_or_else(again)?;
    // A cosignature has whole seconds.
    if i128::from(recorded.instant().timestamp()) > i128::from(event.time) {
        let expected = format!("entries 0 to {last} recorded by second {} of the witness", event.time);
        let found = format!("entry {last} recorded at {recorded}");
        return Err(Fault::at(FaultKind::TimeAfterWitness, seq, expected, found));
    }
    Ok(())
}

/// The note and the name of the witness, as far as they can be judged without the entries.
fn opened(tip: &Tip, event: &CheckpointWitnessed) -> Result<(SignedCheckpoint, KeyName), Fault> {
    let invalid = |found: String| {
        let expected = "a checkpoint of this log, signed by a log key of its roster";
        Fault::at(FaultKind::CheckpointInvalid, tip.next(), expected, found)
    };
    if event.note.iter().any(|line| line.contains('\n')) {
        return Err(invalid(BadNote::Control.to_string()));
    }
    let text: String = event.note.iter().map(|line| format!("{line}\n")).collect();
    let note = Note::parse(text.as_bytes()).map_err(|why| invalid(why.to_string()))?;
    let signed = tip.checkpoint_of(note).map_err(|why| invalid(why.to_string()))?;
    let name = event.witness.as_str().parse().map_err(|why: crate::note::BadVkey| invalid(why.to_string()))?;
    Ok((signed, name))
}
