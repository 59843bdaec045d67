//! Trust: the keys that a reader brings along, by which checkpoints from outside are judged.
//!
//! Promises that keys given by hand and those of a trust file (C2SP tlog-policy) are read strictly. Finds no keys by itself.

use crate::{clock, error::CliError};
use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;
use std::{fs, path::PathBuf};
use trial_ledger::{
    checkpoint::{BadCheckpoint, SignedCheckpoint},
    fault::{Fault, FaultKind},
    note::{Note, SignatureType, Vkey, Vkeys},
    policy::{Judged, Policy, Standing},
};

/// Whom a reader trusts.
#[derive(Debug, Clone, Default, Args)]
pub struct TrustArgs {
    /// The verifier key of the log (its name, + and its key), as the sponsor gave it to you
    #[arg(long, value_name = "VKEY")]
    pub log: Vec<Vkey>,
    /// Your trust file: logs, witnesses, and the quorum that must have cosigned (C2SP tlog-policy)
    #[arg(long, value_name = "FILE")]
    pub trust: Option<PathBuf>,
    /// How old a cosignature may be, for example 90d or 12h; any age where left out
    #[arg(long, value_name = "AGE", requires = "trust", value_parser = age)]
    pub max_age: Option<u64>,
}

/// A length of time in seconds.
fn age(text: &str) -> Result<u64, String> {
    let wrong = || format!("{text:?}: expected a number and d, h, m or s, for example 90d");
    let unit = match text.chars().last() {
        Some('d') => 86_400,
        Some('h') => 3_600,
        Some('m') => 60,
        Some('s') => 1,
        Some(_) | None => return Err(wrong()),
    };
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    number.checked_mul(unit).ok_or_else(wrong)
}

/// Keys and rules by which checkpoints are judged.
#[derive(Debug, Clone)]
pub struct Trust {
    logs: Vkeys,
    policy: Option<Policy>,
    max_age: Option<u64>,
    now: u64,
}

/// Somebody who has signed a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Cosigned {
    /// The name in the trust file, or on the note.
    pub name: String,
    /// When, in seconds since 1970 (UTC).
    pub time: u64,
}

impl Trust {
    /// Reads what the reader brings along.
    ///
    /// # Errors
    /// The trust file cannot be read or is not one; a key is given twice.
    pub fn read(args: &TrustArgs) -> Result<Trust, CliError> {
        let policy = args.trust.as_ref().map(|path| {
            let bytes = fs::read(path).map_err(|e| CliError::unknown(format!("{}: {e}", path.display())))?;
            Policy::parse(&bytes).map_err(|e| {
                CliError::usage(format!("{} is not a trust file: {e}", path.display()))
                    .hint("see docs/format.md, Trust file; for example: log VKEY, witness mona VKEY, quorum mona")
            })
        });
        let policy = policy.transpose()?;
        let mut logs = Vkeys::default();
        for key in &args.log {
            if key.kind() != SignatureType::Ed25519 {
                return Err(CliError::usage(format!("{} is not the key of a log", key.name()))
                    .hint("a log's key is of type 0x01: trial key show ALIAS --log ORIGIN"));
            }
            logs.add(key.clone()).map_err(|e| CliError::usage(format!("--log: {e}")))?;
        }
        for key in policy.iter().flat_map(|policy| policy.logs().iter()) {
            // The same key by hand and in the file is one key.
            if !logs.iter().any(|known| known == key) {
                logs.add(key.clone()).map_err(|e| CliError::usage(format!("--log and --trust: {e}")))?;
            }
        }
        let now = u64::try_from(clock::now()?.timestamp()).unwrap_or_default();
        Ok(Trust { logs, policy, max_age: args.max_age, now })
    }

    /// The keys under which logs may sign; none where the reader brought none.
    pub fn logs(&self) -> &Vkeys {
        &self.logs
    }

    /// Whether the reader demands a quorum.
    pub fn demands_a_quorum(&self) -> bool {
        self.policy.is_some()
    }

    /// Opens a checkpoint by the keys of the reader, and demands the quorum of the trust file.
    ///
    /// # Errors
    /// `checkpoint_invalid`, or `witness_quorum_not_met` with what each cosignature is worth.
    pub fn judge(&self, note: Note) -> Result<(SignedCheckpoint, Vec<Cosigned>), Fault> {
        let Some(policy) = &self.policy else {
            return Ok((SignedCheckpoint::open(note, &self.logs).map_err(invalid)?, Vec::new()));
        };
        let judged = policy.judge(note, self.now, self.max_age).map_err(invalid)?;
        if !judged.quorum_met {
            let expected = "a quorum of the witnesses of the trust file, each with a cosignature that counts";
            return Err(Fault::new(FaultKind::WitnessQuorumNotMet, expected, told(&judged)));
        }
        let counted = judged.witnesses.iter().filter_map(|(name, standing)| match standing {
            Standing::Fresh(time) => Some(Cosigned { name: name.clone(), time: *time }),
            Standing::Stale(_) | Standing::Early(_) | Standing::Missing => None,
        });
        Ok((judged.checkpoint.clone(), counted.collect()))
    }
}

/// What is wrong with a checkpoint, as a fault.
pub fn invalid(why: BadCheckpoint) -> Fault {
    Fault::new(FaultKind::CheckpointInvalid, "a checkpoint signed by a known key of its log", why)
}

/// What each cosignature is worth.
fn told(judged: &Judged) -> String {
    let one = |(name, standing): &(String, Standing)| match standing {
        Standing::Fresh(time) | Standing::Stale(time) | Standing::Early(time) => {
            format!("{name} {standing} ({})", clock::second(*time))
        }
        Standing::Missing => format!("{name} {standing}"),
    };
    let mut parts: Vec<String> = judged.witnesses.iter().map(one).collect();
    parts.extend(judged.repeated.iter().map(|name| format!("{name} duplicate (its key counts once)")));
    if parts.is_empty() { "no witnesses".to_owned() } else { parts.join(", ") }
}
