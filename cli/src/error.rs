//! Errors as people meet them: what is wrong, what to do, and the exit code that a script reads.

use std::fmt;
use trial_core::admission::Refusal;
use trial_ledger::{fault::Fault, keyfile::KeyFileError, ledger::LedgerError};

/// What an error says about the ledger; decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The ledger says no: a fault is proven, or an event is refused.
    No,
    /// The command was used wrongly.
    Usage,
    /// It could not be told: the disk, a lock, no such ledger.
    Unknown,
}

impl ErrorKind {
    /// The exit code.
    pub fn exit_code(self) -> u8 {
        match self {
            ErrorKind::No => 1,
            ErrorKind::Usage => 2,
            ErrorKind::Unknown => 3,
        }
    }
}

/// An error with its hint.
#[derive(Debug)]
pub struct CliError {
    /// What it says about the ledger.
    pub kind: ErrorKind,
    /// What was expected, what was found, where.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

impl CliError {
    /// The ledger says no.
    pub fn no(message: impl Into<String>) -> CliError {
        CliError { kind: ErrorKind::No, message: message.into(), hint: None }
    }

    /// The command was used wrongly.
    pub fn usage(message: impl Into<String>) -> CliError {
        CliError { kind: ErrorKind::Usage, message: message.into(), hint: None }
    }

    /// It could not be told.
    pub fn unknown(message: impl Into<String>) -> CliError {
        CliError { kind: ErrorKind::Unknown, message: message.into(), hint: None }
    }

    /// With what to do next.
    pub fn hint(self, hint: impl Into<String>) -> CliError {
        CliError { hint: Some(hint.into()), ..self }
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for CliError {}

impl From<LedgerError> for CliError {
    fn from(error: LedgerError) -> CliError {
        let kind = if error.is_proof() { ErrorKind::No } else { ErrorKind::Unknown };
        CliError { kind, message: error.to_string(), hint: Some(error.hint().to_owned()) }
    }
}

impl From<Fault> for CliError {
    fn from(fault: Fault) -> CliError {
        let kind = if fault.kind.is_proof() { ErrorKind::No } else { ErrorKind::Unknown };
        CliError { kind, message: fault.to_string(), hint: Some(fault.meaning.to_owned()) }
    }
}

impl From<Refusal> for CliError {
    fn from(refusal: Refusal) -> CliError {
        let message = refusal.to_string();
        CliError { kind: ErrorKind::No, message, hint: refusal.hint }
    }
}

impl From<KeyFileError> for CliError {
    fn from(error: KeyFileError) -> CliError {
        let kind = match error {
            KeyFileError::Io(..) | KeyFileError::Encryption(_) => ErrorKind::Unknown,
            KeyFileError::Exists(_)
            | KeyFileError::ReadableByOthers(..)
            | KeyFileError::NotAKeyFile(_)
            | KeyFileError::PassphraseNeeded(_)
            | KeyFileError::WrongPassphrase(_) => ErrorKind::Usage,
        };
        CliError { kind, message: error.to_string(), hint: Some(error.hint().to_owned()) }
    }
}

impl From<std::io::Error> for CliError {
    fn from(error: std::io::Error) -> CliError {
        CliError::unknown(error.to_string())
    }
}
