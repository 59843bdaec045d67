//! Arguments of what keeps a ledger and what is known of it: known ledgers, recovery, backups.

use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;
use trial_core::ids::Hash;
use trial_ledger::recover::Side;

/// What to do with known ledgers.
#[derive(Debug, Subcommand)]
pub enum KnownCommand {
    /// List them: origin, genesis, how many entries you saw, their root, and when
    List,
    /// Forget what you saw of an origin: the next command meets it for the first time, and compares with nothing
    ///
    /// Example: trial known forget sponsor.example/axi-01
    Forget {
        /// The origin
        origin: String,
        /// Only the ledger with this genesis, where several are known
        #[arg(long, value_name = "HASH")]
        genesis: Option<Hash>,
    },
    /// Take the ledger as it is now for what you saw, because you know why it differs
    ///
    /// Example: trial --ledger restored known accept
    Accept,
}

/// How to recover.
#[derive(Debug, Args)]
pub struct RecoverArgs {
    /// Which side is right, where both can be read and differ
    #[arg(long, value_enum)]
    pub from: Option<From>,
}

/// The side that is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum From {
    /// The file of entry lines
    Journal,
    /// The database
    Store,
}

impl From {
    /// As the ledger calls it.
    pub fn side(self) -> Side {
        match self {
            From::Journal => Side::Journal,
            From::Store => Side::Store,
        }
    }
}

/// What to restore.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// A directory that trial backup has made
    pub backup: PathBuf,
    /// Restore although the backup lacks exactly so many entries that you saw: they will be gone
    #[arg(long, value_name = "ENTRIES")]
    pub losing: Option<u64>,
}
