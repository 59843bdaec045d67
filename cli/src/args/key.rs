//! The arguments of `trial key`: key files, and who may sign with them.

use super::Cosigning;
use clap::{
    Args, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};
use trial_core::event::KeyPurpose;
use trial_ledger::{checkpoint::Origin, note::KeyName};

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Make a key and write its file, encrypted with a passphrase
    New {
        /// Its alias
        alias: String,
        /// Do not encrypt the file: whoever reads it can sign
        #[arg(long)]
        no_passphrase: bool,
    },
    /// List the key files, and the roster: who held which key, role and site from when to when; with --as-of, as known
    /// then
    List,
    /// Show the public key of a key file; with a name, as the verifier key that checks notes signed by it
    ///
    /// Example: trial key show log --log sponsor.example/axi-01
    Show {
        /// Its alias
        alias: String,
        /// As the key of the log of this origin
        #[arg(long, value_name = "ORIGIN")]
        log: Option<Origin>,
        /// As the key of a witness who signs under this name
        #[arg(long, value_name = "NAME", conflicts_with = "log")]
        witness: Option<KeyName>,
    },
    /// Grant a key a role in the trial; signed by the sponsor
    Grant(GrantArgs),
    /// Revoke a key; signed by the sponsor
    Revoke {
        /// Its alias, or the public key in hexadecimal
        holder: String,
        /// Why
        #[arg(long)]
        reason: String,
        /// First entry that somebody else may have signed with it
        #[arg(long, value_name = "SEQ")]
        compromised_since: Option<u64>,
        /// Who else signs.
        #[command(flatten)]
        cosigning: Cosigning,
    },
}

/// Whom a key is granted to.
#[derive(Debug, Args)]
pub struct GrantArgs {
    /// Alias of the key, or the public key in hexadecimal
    pub holder: String,
    /// Printed name
    #[arg(long)]
    pub name: String,
    /// Organisation
    #[arg(long)]
    pub organisation: String,
    /// Role, for example investigator
    #[arg(long)]
    pub role: String,
    /// Site to which the holder is bound
    #[arg(long)]
    pub site: Option<String>,
    /// What it signs, and nothing else: entries (author), checkpoints of this ledger (log), or cosignatures (witness)
    #[arg(long, default_value = "author", value_parser = PossibleValuesParser::new(KeyPurpose::ALL.iter().map(|p| p.as_str()))
        .map(|word| word.parse::<KeyPurpose>().expect("only the words are possible")))]
    pub purpose: KeyPurpose,
    /// Who else signs.
    #[command(flatten)]
    pub cosigning: Cosigning,
}
