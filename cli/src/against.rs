//! Against: a log is compared with checkpoints that somebody took away, and with the last one that it signed itself.
//!
//! Promises that a checkpoint counts only under keys that the reader brought, or else under the log keys of the roster;
//! that a log which does not extend it is told by its fault, with the signed notes as evidence; and that a trust file
//! without a checkpoint that meets its quorum is a fault and no pass. Does not find other people's checkpoints.

use crate::{
    clock::second,
    error::CliError,
    trust::{Cosigned, Trust, TrustArgs, invalid},
};
use schemars::JsonSchema;
use serde::Serialize;
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};
use trial_core::{
    entry::Entry,
    event::Event,
    ids::{Hash, Key},
};
use trial_ledger::{
    checkpoint::{BadCheckpoint, Checkpoint, SignedCheckpoint},
    fault::{Fault, FaultKind},
    hash::to_base64,
    ledger::{CHECKPOINTS, LATEST},
    merkle::Frontier,
    note::Note,
    tip::Tip,
};

/// Where a checkpoint comes from that nobody brought.
const OWN: &str = "the ledger itself";

/// What a log is to be compared with, and what is seen of it on the way.
pub struct Against {
    trust: Trust,
    brought: Vec<(String, Note)>,
    /// The last checkpoint that lies in the ledger's own folder.
    latest: Option<Note>,
    /// Cosigned checkpoints that stand in the log.
    in_log: Vec<Note>,
    frontier: Frontier,
    /// The roots at the sizes that are asked for, once the log has been read so far.
    roots: BTreeMap<u64, Option<Hash>>,
}

/// A checkpoint that the log extends.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Anchored {
    /// Name of the log.
    pub origin: String,
    /// How many entries it was signed over.
    pub size: u64,
    /// The root over them.
    pub root: String,
    /// The log keys that signed it.
    pub log_keys: Vec<Key>,
    /// Who has cosigned it, and when.
    pub cosigned: Vec<Cosigned>,
    /// The file it is from.
    pub from: String,
}

/// The log is not what was signed.
#[derive(Debug, Default)]
pub struct Contradiction {
    /// By their names.
    pub faults: Vec<Fault>,
    /// The signed notes that show it.
    pub evidence: Vec<String>,
    /// What to do.
    pub hint: Option<&'static str>,
}

impl Against {
    /// Reads what the reader brings along; `ledger` is the directory, where there is one.
    ///
    /// # Errors
    /// A file cannot be read, or the keys are no keys.
    pub fn read(files: &[PathBuf], trust: &TrustArgs, ledger: Option<&Path>) -> Result<Against, CliError> {
        let trust = Trust::read(trust)?;
        if files.is_empty() && !trust.demands_a_quorum() && trust.logs().iter().next().is_some() {
            return Err(CliError::usage("--log names a key, and there is no checkpoint to check with it")
                .hint("give the checkpoint that you took home: --against FILE"));
        }
        let mut brought = Vec::new();
        for path in files {
            let unreadable = |e: io::Error| CliError::unknown(format!("{}: {e}", path.display()));
            let note = Note::parse(&fs::read(path).map_err(unreadable)?).map_err(|e| {
                CliError::from(invalid(BadCheckpoint::Note(e))).hint(format!("{} is no checkpoint", path.display()))
            })?;
            brought.push((path.display().to_string(), note));
        }
        let latest = ledger.map(|dir| own(&dir.join(CHECKPOINTS).join(LATEST))).transpose()?.flatten();
        let sizes = brought.iter().map(|(_, note)| note).chain(&latest).filter_map(|note| Some((size_of(note)?, None)));
        let roots = sizes.collect();
        Ok(Against { trust, brought, latest, in_log: Vec::new(), frontier: Frontier::default(), roots })
    }

    /// Sees the next verified entry.
    pub fn see(&mut self, entry: &Entry) {
        self.frontier.push(entry.hash);
        if let Some(root) = self.roots.get_mut(&self.frontier.size()) {
            *root = Some(self.frontier.root());
        }
        if let Event::CheckpointWitnessed(event) = &entry.event {
            let text: String = event.note.iter().map(|line| format!("{line}\n")).collect();
            self.in_log.extend(Note::parse(text.as_bytes()));
        }
    }

    /// Compares the verified log with all of them.
    ///
    /// # Errors
    /// What contradicts, with the evidence.
    pub fn compare(self, tip: &Tip) -> Result<Vec<Anchored>, Contradiction> {
        let (mut anchored, mut wrong) = (Vec::new(), Contradiction::default());
        // The ledger's own last checkpoint is no anchor, but it must not contradict the ledger.
        if let Some(latest) = &self.latest {
            match tip.checkpoint_of(latest.clone()) {
                Ok(signed) => {
                    let _ = self.extends(tip, &signed).map_err(|found| wrong.add(found));
                }
                Err(why) => wrong.faults.push(named(invalid(why), "checkpoints/latest")),
            }
        }
        for (from, note) in &self.brought {
            let judged = self.judge(tip, note);
            match judged.map_err(|fault| (named(fault, from), vec![note.to_string()])) {
                Ok((signed, cosigned)) => match self.extends(tip, &signed) {
                    Ok(()) => anchored.push(Anchored::new(&signed, cosigned, from)),
                    Err(found) => wrong.add(found),
                },
                Err(found) => wrong.add(found),
            }
        }
        if self.brought.is_empty() && self.trust.demands_a_quorum() {
            match self.own_quorum() {
                Ok(found) => anchored.push(found),
                Err(fault) => wrong.faults.push(fault),
            }
        }
        if wrong.faults.is_empty() {
            return Ok(anchored);
        }
        let unknown = wrong.faults.iter().any(|fault| fault.kind == FaultKind::CheckpointInvalid);
        if unknown && self.trust.logs().iter().next().is_none() {
            wrong.hint = Some(
                "only the log keys of this ledger's roster were known, which whoever changed the ledger chose: bring the key \
                 that you were given, --log VKEY",
            );
        }
        Err(wrong)
    }

    /// Opens a checkpoint by the reader's keys or, where the reader has none, by those of the roster.
    fn judge(&self, tip: &Tip, note: &Note) -> Result<(SignedCheckpoint, Vec<Cosigned>), Fault> {
        if self.trust.logs().iter().next().is_none() {
            let signed = tip.checkpoint_of(note.clone()).map_err(invalid)?;
            let cosigned = granted(tip, &signed);
            return Ok((signed, cosigned));
        }
        let (signed, cosigned) = self.trust.judge(note.clone())?;
        if tip.origin().as_ref() != Ok(&signed.checkpoint().origin) {
            return Err(invalid(BadCheckpoint::OtherLog(signed.checkpoint().origin.clone())));
        }
        let cosigned = if self.trust.demands_a_quorum() { cosigned } else { granted(tip, &signed) };
        Ok((signed, cosigned))
    }

    /// Whether the log goes on from a checkpoint.
    fn extends(&self, tip: &Tip, signed: &SignedCheckpoint) -> Result<(), (Fault, Vec<String>)> {
        let Checkpoint { size, root, .. } = *signed.checkpoint();
        let expected = described(size, root);
        let evidence = vec![signed.note().to_string()];
        if size > tip.size() {
            let found = described(tip.size(), tip.root());
            return Err((Fault::new(FaultKind::Truncated, expected, found), evidence));
        }
        match self.root_at(size) {
            Some(found) if found == root => Ok(()),
            found => {
                let found = found.map_or_else(|| "none".to_owned(), |found| described(size, found));
                match self.signed_over_this(tip, size) {
                    Some(own) => Err((
                        Fault::new(FaultKind::Forked, expected, found),
                        [evidence, vec![own.to_string()]].concat(),
                    )),
                    None => Err((Fault::new(FaultKind::RootMismatch, expected, found), evidence)),
                }
            }
        }
    }

    /// A signed checkpoint that this log does extend, over at least so many entries: the other half of a fork.
    fn signed_over_this(&self, tip: &Tip, size: u64) -> Option<&Note> {
        let holds = |note: &&Note| {
            let signed = tip.checkpoint_of((*note).clone()).ok();
            signed.is_some_and(|s| {
                s.checkpoint().size >= size && self.root_at(s.checkpoint().size) == Some(s.checkpoint().root)
            })
        };
        // What stands in the log was compared with its root by the verifier.
        let in_log = self.in_log.iter().filter(|note| size_of(note).is_some_and(|has| has >= size));
        let brought = self.brought.iter().map(|(_, note)| note);
        self.latest.iter().chain(brought).filter(holds).chain(in_log).next()
    }

    fn root_at(&self, size: u64) -> Option<Hash> {
        self.roots.get(&size).copied().flatten()
    }

    /// The largest checkpoint of the ledger itself that meets the quorum: cosignatures of one checkpoint together.
    fn own_quorum(&self) -> Result<Anchored, Fault> {
        let mut notes: BTreeMap<(u64, &str), Note> = BTreeMap::new();
        for note in self.in_log.iter().chain(&self.latest) {
            let Some(size) = size_of(note) else { continue };
            let together = notes.entry((size, note.text())).or_insert_with(|| note.clone());
            note.lines().iter().for_each(|line| together.add(line.clone()));
        }
        // Of those that fail, the one that most have signed says most about why.
        let mut nearest: Option<(usize, Fault)> = None;
        for note in notes.into_values().rev() {
            let signatures = note.lines().len();
            match self.trust.judge(note) {
                Ok((signed, cosigned)) => return Ok(Anchored::new(&signed, cosigned, OWN)),
                Err(fault) if nearest.as_ref().is_none_or(|(most, _)| signatures > *most) => {
                    nearest = Some((signatures, fault));
                }
                Err(_) => {}
            }
        }
        Err(nearest.map(|(_, fault)| fault).unwrap_or_else(|| {
            let expected = "a checkpoint cosigned by a quorum of the trust file";
            Fault::new(FaultKind::WitnessQuorumNotMet, expected, "no checkpoint at all")
        }))
    }
}

impl Anchored {
    fn new(signed: &SignedCheckpoint, cosigned: Vec<Cosigned>, from: &str) -> Anchored {
        let checkpoint = signed.checkpoint();
        Anchored {
            origin: checkpoint.origin.to_string(),
            size: checkpoint.size,
            root: to_base64(checkpoint.root),
            log_keys: signed.by().iter().map(|by| by.key).collect(),
            cosigned,
            from: from.to_owned(),
        }
    }

    /// In a sentence.
    pub fn told(&self) -> String {
        let keys: Vec<String> = self.log_keys.iter().map(|key| key.to_string()).collect();
        let by: Vec<String> = self.cosigned.iter().map(|c| format!("{} at {}", c.name, second(c.time))).collect();
        let by =
            if by.is_empty() { "cosigned by nobody".to_owned() } else { format!("cosigned by {}", by.join(" and ")) };
        let (size, origin, from) = (self.size, &self.origin, &self.from);
        format!(
            "extends the checkpoint over {size} entries of {origin} (from {from}), signed by the log key {}, {by}",
            keys.join(", ")
        )
    }
}

impl Contradiction {
    fn add(&mut self, (fault, evidence): (Fault, Vec<String>)) {
        self.faults.push(fault);
        for note in evidence {
            if !self.evidence.contains(&note) {
                self.evidence.push(note);
            }
        }
    }
}

/// The checkpoint in the ledger's folder, if there is one.
fn own(path: &Path) -> Result<Option<Note>, CliError> {
    match fs::read(path) {
        Ok(bytes) => Note::parse(&bytes).map(Some).map_err(|e| {
            let fault = named(invalid(BadCheckpoint::Note(e)), &path.display().to_string());
            CliError::from(fault)
        }),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(CliError::unknown(format!("{}: {e}", path.display()))),
    }
}

fn size_of(note: &Note) -> Option<u64> {
    note.text().parse::<Checkpoint>().ok().map(|checkpoint| checkpoint.size)
}

/// The witnesses that the ledger itself names: their keys are in its roster.
fn granted(tip: &Tip, signed: &SignedCheckpoint) -> Vec<Cosigned> {
    let mut found = Vec::new();
    for line in signed.note().lines() {
        let keys = tip.roster().witness_keys(&line.name, tip.size());
        let by = signed.cosigned_by(&keys).unwrap_or_default();
        let times = by.iter().filter_map(|by| Some(Cosigned { name: by.name.to_string(), time: by.time? }));
        found.extend(times.filter(|one| !found.contains(one)).collect::<Vec<_>>());
    }
    found
}

fn described(size: u64, root: Hash) -> String {
    format!("{size} entries with the root {}", to_base64(root))
}

fn named(fault: Fault, from: &str) -> Fault {
    Fault { found: format!("{} ({from})", fault.found), ..fault }
}
