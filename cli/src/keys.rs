//! Keys: a folder of key files by alias, and the passphrases that open them.

use crate::{error::CliError, flags::read::nearest};
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use trial_core::event::KeyPurpose;
use trial_core::ids::Key;
use trial_ledger::{
    key::Secret,
    keyfile::{self, KeyFileError, Protection},
    tip::Tip,
};

/// The folder of key files inside a ledger that brings its own, as the demonstration does.
pub const INSIDE: &str = "keys";

/// A folder of key files, `<alias>.pem`.
#[derive(Debug, Clone)]
pub struct KeyRing {
    folder: PathBuf,
    passphrase_file: Option<PathBuf>,
}

impl KeyRing {
    /// The folder asked for; else the one inside the ledger; else the user's own, `~/.trial/keys`.
    pub fn new(asked: Option<&Path>, ledger: &Path, passphrase_file: Option<&Path>) -> KeyRing {
        let inside = ledger.join(INSIDE);
        let own = || std::env::home_dir().unwrap_or_default().join(".trial").join("keys");
        let folder = match asked {
            Some(folder) => folder.to_owned(),
            None if inside.is_dir() => inside,
            None => own(),
        };
        KeyRing { folder, passphrase_file: passphrase_file.map(Path::to_owned) }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The key file of an alias, or the file itself where a path is given.
    pub fn path(&self, alias: &str) -> PathBuf {
        let looks_like_a_path = alias.contains('/') || alias.ends_with(".pem");
        if looks_like_a_path { PathBuf::from(alias) } else { self.folder.join(format!("{alias}.pem")) }
    }

    /// All aliases, in alphabetical order.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn aliases(&self) -> Result<Vec<String>, CliError> {
        let read = match fs::read_dir(&self.folder) {
            Ok(read) => read,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(CliError::unknown(format!("{}: {e}", self.folder.display()))),
        };
        let mut aliases = Vec::new();
        for file in read {
            let name = file?.file_name().to_string_lossy().into_owned();
            aliases.extend(name.strip_suffix(".pem").map(str::to_owned));
        }
        aliases.sort();
        Ok(aliases)
    }

    /// Makes a key and writes its file.
    ///
    /// # Errors
    /// There is such a file already, or it cannot be written.
    pub fn create(&self, alias: &str, protection: NewKey) -> Result<Secret, CliError> {
        let secret = Secret::generate()
            .map_err(|e| CliError::unknown(format!("the operating system gives no randomness: {e}")))?;
        self.keep(alias, &secret, protection)?;
        Ok(secret)
    }

    /// Writes the file of a key.
    ///
    /// # Errors
    /// There is such a file already, or it cannot be written.
    pub fn keep(&self, alias: &str, secret: &Secret, protection: NewKey) -> Result<(), CliError> {
        let path = self.path(alias);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|e| CliError::unknown(format!("{}: {e}", folder.display())))?;
        }
        match protection {
            NewKey::WithoutPassphrase => keyfile::write(&path, secret, Protection::Plain)?,
            NewKey::Encrypted => {
                let passphrase = self.new_passphrase(alias)?;
                keyfile::write(&path, secret, Protection::Passphrase(&passphrase))?;
            }
        }
        Ok(())
    }

    /// Reads a key, asking for its passphrase where it has one.
    ///
    /// # Errors
    /// No such key, a wrong passphrase, or a file that others can read.
    pub fn read(&self, alias: &str) -> Result<Secret, CliError> {
        let path = self.path(alias);
        if !path.exists() {
            let known = self.aliases()?;
            let hint = if known.is_empty() {
                format!("make one: trial key new {alias}")
            } else {
                let near = nearest(alias, known.iter().map(String::as_str));
                let near = near.map_or_else(String::new, |near| format!("did you mean {near}; "));
                format!("{near}the keys here are: {}", known.join(", "))
            };
            return Err(CliError::unknown(format!("there is no key {} in {}", alias, self.folder.display())).hint(hint));
        }
        let passphrase = if keyfile::is_encrypted(&path)? { Some(self.passphrase(alias)?) } else { None };
        keyfile::read(&path, passphrase.as_deref()).map_err(|error: KeyFileError| CliError::from(error))
    }

    /// The public key of a key file that opens without a passphrase; none where there is no such file or it asks for one.
    ///
    /// # Errors
    /// There is such a file, and it cannot be read.
    pub fn public(&self, alias: &str) -> Result<Option<Key>, CliError> {
        let path = self.path(alias);
        if !path.exists() || keyfile::is_encrypted(&path)? {
            return Ok(None);
        }
        self.read(alias).map(|secret| Some(secret.key()))
    }

    /// Reads a key that may sign checkpoints of a ledger; says it in the words of the person at the keyboard if it may not.
    ///
    /// # Errors
    /// See [`KeyRing::read`]; or the key is not a log key of the roster.
    pub fn log_key(&self, alias: &str, tip: &Tip) -> Result<Secret, CliError> {
        let secret = self.read(alias)?;
        let why = match tip.roster().get(secret.key()) {
            None => format!("the key of {alias} ({}) is not in the roster", secret.key()),
            Some(member) if member.purpose != KeyPurpose::Log => {
                format!("{alias} is the key of {} for another purpose ({})", member.name, member.purpose)
            }
            Some(member) if member.revoked.is_some() => format!("{alias} is a log key that was revoked"),
            Some(_) => return Ok(secret),
        };
        Err(CliError::no(format!("{why}: it may not sign checkpoints")).hint(
            "the sponsor grants the log a key of its own: trial key new log; trial key grant log --purpose log --role sponsor \
             --name ... --organisation ...",
        ))
    }

    fn passphrase(&self, alias: &str) -> Result<String, CliError> {
        match &self.passphrase_file {
            Some(path) => passphrase_from(path),
            None => ask(&format!("passphrase of {alias}: ")),
        }
    }

    fn new_passphrase(&self, alias: &str) -> Result<String, CliError> {
        let passphrase = match &self.passphrase_file {
            Some(path) => passphrase_from(path)?,
            None => ask(&format!("new passphrase for {alias}: "))?,
        };
        if passphrase.is_empty() {
            return Err(
                CliError::usage("an empty passphrase protects nothing").hint("use --no-passphrase to have none")
            );
        }
        if self.passphrase_file.is_none() && ask("once more: ")? != passphrase {
            return Err(CliError::usage("the two passphrases differ").hint("repeat the command"));
        }
        Ok(passphrase)
    }
}

/// How a new key file is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewKey {
    /// Encrypted with a passphrase.
    Encrypted,
    /// Not at all, as asked explicitly.
    WithoutPassphrase,
}

/// The first line of a file.
fn passphrase_from(path: &Path) -> Result<String, CliError> {
    let text = fs::read_to_string(path).map_err(|e| CliError::unknown(format!("{}: {e}", path.display())))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn ask(prompt: &str) -> Result<String, CliError> {
    rpassword::prompt_password(prompt).map_err(|e| {
        CliError::unknown(format!("the passphrase cannot be asked for: {e}")).hint("give --passphrase-file FILE")
    })
}
