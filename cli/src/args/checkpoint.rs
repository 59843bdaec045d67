//! The arguments of the verbs around checkpoints: sign, cosign, prove, check, verify against.

use crate::trust::TrustArgs;
use clap::Args;
use std::path::PathBuf;
use trial_ledger::note::{KeyName, Vkey};

/// What to verify, and against what.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// A directory or a JSON Lines file; the ledger where left out
    pub path: Option<PathBuf>,
    /// A checkpoint that you took home: prove that the ledger extends it. May be given several times
    #[arg(long, value_name = "FILE")]
    pub against: Vec<PathBuf>,
    /// Check one step after the other, signatures with ed25519-dalek alone: slower, the same verdict
    #[arg(long)]
    pub reference: bool,
    /// Whom you trust
    #[command(flatten)]
    pub trust: TrustArgs,
}

/// Which checkpoint to sign.
#[derive(Debug, Args)]
pub struct CheckpointArgs {
    /// Where to; stdout where left out
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// With the proof that it extends the first SIZE entries, which a witness cosigned last (0: none yet)
    #[arg(long, value_name = "SIZE")]
    pub since: Option<u64>,
}

/// What to witness.
#[derive(Debug, Args)]
pub struct WitnessArgs {
    /// What `trial checkpoint --since SIZE` wrote
    pub file: PathBuf,
    /// At the first contact: the verifier key of the log, as the sponsor told you by another way
    #[arg(long, value_name = "VKEY")]
    pub log: Option<Vkey>,
    /// At the first contact: the name you sign under, for example monitor.example/mona
    #[arg(long, value_name = "NAME")]
    pub name: Option<KeyName>,
    /// The folder of what you remember (default: ~/.trial/witness)
    #[arg(long, value_name = "DIR", env = "TRIAL_WITNESS")]
    pub state: Option<PathBuf>,
    /// Where the cosigned checkpoint goes; stdout where left out
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Which entry to prove.
#[derive(Debug, Args)]
pub struct ProveArgs {
    /// The place of the entry
    pub seq: u64,
    /// Where the proof goes; the entry goes beside it. SEQ.tlog-proof where left out
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Which receipt to check.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The proof
    pub file: PathBuf,
    /// The entry; beside the proof where left out
    #[arg(long, value_name = "FILE")]
    pub entry: Option<PathBuf>,
    /// Whom you trust
    #[command(flatten)]
    pub trust: TrustArgs,
}
