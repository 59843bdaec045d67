//! Receipts: the two files that show without a ledger that an entry is in it.
//!
//! Promises that a proof file is written only for an entry that it holds for, and never over another file. `SEQ.tlog-proof`
//! is for everybody's tools (C2SP tlog-proof); `SEQ.entry.json` beside it holds the exact bytes of the entry line.

use crate::{error::CliError, keys::KeyRing, output::write_new};
use std::{
    fs,
    path::{Path, PathBuf},
};
use trial_core::ids::Seq;
use trial_ledger::{
    checkpoint::SignedCheckpoint, key::Secret, ledger::Ledger, note::Vkeys, receipt::Receipt, store::Store as _,
    tip::Tip,
};

/// How the name of a proof ends.
pub const PROOF: &str = "tlog-proof";

/// How the name of its entry ends.
const ENTRY: &str = "entry.json";

/// Leaves a receipt of each entry that is appended.
pub struct Receipts {
    folder: PathBuf,
    log: Secret,
}

impl Receipts {
    /// Into a folder, which is made where it is not there, over checkpoints that this log key signs.
    ///
    /// # Errors
    /// The key is not the log's, or the folder cannot be made.
    pub fn into_folder(folder: &Path, log_key: &str, keys: &KeyRing, tip: &Tip) -> Result<Receipts, CliError> {
        let log = keys.log_key(log_key, tip)?;
        fs::create_dir_all(folder).map_err(|e| CliError::unknown(format!("{}: {e}", folder.display())))?;
        Ok(Receipts { folder: folder.to_owned(), log })
    }

    /// One for each entry from `first` on, all over one checkpoint; says where they are.
    ///
    /// # Errors
    /// The checkpoint cannot be signed, or the files not be written; the entries stand all the same.
    pub fn leave(&self, ledger: &Ledger, first: u64) -> Result<Vec<String>, CliError> {
        let appended = |e: CliError| CliError { message: format!("appended, but without receipts: {e}"), ..e };
        let signed = ledger.checkpoint(&self.log).map_err(|e| appended(e.into()))?;
        let mut told = Vec::new();
        for seq in first..ledger.tip().size() {
            let proof = self.folder.join(format!("{seq}.{PROOF}"));
            write(ledger, Seq(seq), &signed, &proof).map_err(appended)?;
            told.push(format!("receipt of entry {seq}: {}", proof.display()));
        }
        Ok(told)
    }
}

/// The entry that belongs to a proof file: the same name with another ending.
pub fn entry_beside(proof: &Path) -> PathBuf {
    proof.with_extension(ENTRY)
}

/// Writes proof and entry; where the entry went.
///
/// # Errors
/// There is a file already, the disk failed, or the store no longer has what was verified.
pub fn write(ledger: &Ledger, seq: Seq, signed: &SignedCheckpoint, proof: &Path) -> Result<PathBuf, CliError> {
    let size = signed.checkpoint().size;
    let path = ledger.inclusion(seq, size).map_err(|e| CliError::unknown(e.to_string()))?;
    let envelope = ledger.store().get(seq).map_err(|e| CliError::unknown(e.to_string()))?;
    let envelope = envelope.ok_or_else(|| CliError::unknown(format!("entry {seq} cannot be read again")))?;
    let receipt = Receipt { index: seq, path, note: signed.note().clone() };
    // What is handed out is what a stranger will find to hold.
    let known = signed.by().iter().filter_map(|by| ledger.tip().roster().get(by.key));
    let logs = Vkeys::new(known.map(|member| signed.checkpoint().origin.vkey(member.public.clone())));
    let logs = logs.map_err(|e| CliError::unknown(e.to_string()))?;
    receipt.check(envelope.as_bytes(), &logs).map_err(|e| CliError::no(e.to_string()))?;
    let entry = entry_beside(proof);
    write_new(&entry, envelope.as_bytes())?;
    write_new(proof, receipt.to_string().as_bytes())?;
    Ok(entry)
}
