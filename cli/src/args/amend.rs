//! Arguments of `trial amend`: corrections, voided entries, redactions.

use super::Cosigning;
use crate::commands::seal::SealArgs;
use clap::Subcommand;

/// How to amend.
#[derive(Debug, Subcommand)]
pub enum AmendCommand {
    /// Give a member of an entry's event another value
    ///
    /// Example: trial amend correct 184 --field value --old 9.0 --new 0.9 --reason "transcription error"
    Correct {
        /// The entry
        seq: u64,
        /// The member: `grade`, or a JSON pointer such as /dose/value
        #[arg(long)]
        field: String,
        /// Its value until now; leave out where it was not recorded
        #[arg(long)]
        old: Option<String>,
        /// Its value from now on; leave out to remove it
        #[arg(long)]
        new: Option<String>,
        /// Why
        #[arg(long)]
        reason: String,
        /// Who else signs.
        #[command(flatten)]
        cosigning: Cosigning,
        /// Texts beside the log.
        #[command(flatten)]
        sealing: SealArgs,
    },
    /// Take an entry back, for example a duplicate
    Void {
        /// The entry
        seq: u64,
        /// Why
        #[arg(long)]
        reason: String,
        /// Who else signs.
        #[command(flatten)]
        cosigning: Cosigning,
        /// Texts beside the log.
        #[command(flatten)]
        sealing: SealArgs,
    },
    /// Delete a sealed text: an investigator signs, and a data manager who is another person; the chain stays whole
    ///
    /// Example: trial --key investigator amend redact 184 narrative --countersigner data-manager --reason "the subject
    /// asked for it"
    Redact {
        /// The entry that commits to it
        seq: u64,
        /// Its name: see trial show SEQ
        name: String,
        /// Why; it stays in the log
        #[arg(long)]
        reason: String,
        /// Who else signs.
        #[command(flatten)]
        cosigning: Cosigning,
    },
}
