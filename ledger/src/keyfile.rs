//! Key files: a secret key on disk, PKCS#8 PEM (RFC 5208, RFC 7468), encrypted with a passphrase or plain.
//!
//! Promises a file that only its owner can read and that OpenSSL can read too: scrypt with N = 2^14, r = 8, p = 1 stays
//! under OpenSSL's memory limit, and version 1 of PKCS#8 (without the public half) is the one that it understands.
//! Does not ask for passphrases: they are arguments.

use crate::key::Secret;
use ed25519_dalek::pkcs8::KeypairBytes;
use pkcs8::{
    DecodePrivateKey, EncodePrivateKey, EncryptedPrivateKeyInfoRef, LineEnding, PrivateKeyInfoRef, SecretDocument,
    der::{pem::PemLabel, zeroize::Zeroizing},
};
use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

/// How the secret lies in the file.
#[derive(Clone, Copy)]
pub enum Protection<'a> {
    /// Encrypted with this passphrase.
    Passphrase(&'a str),
    /// In the clear: whoever can read the file can sign.
    Plain,
}

/// Writes a new key file, with mode 0600, and syncs it to disk.
///
/// # Errors
/// [`KeyFileError::Exists`] when there is a file already: a key is never written over.
pub fn write(path: &Path, secret: &Secret, protection: Protection<'_>) -> Result<(), KeyFileError> {
    let pair = KeypairBytes { secret_key: *secret.seed(), public_key: None };
    let text = match protection {
        Protection::Passphrase(passphrase) => pair.to_pkcs8_encrypted_pem(passphrase, LineEnding::LF),
        Protection::Plain => pair.to_pkcs8_pem(LineEnding::LF),
    };
    let text = text.map_err(|error| KeyFileError::Encryption(error.to_string()))?;
    let io = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => KeyFileError::Exists(path.to_owned()),
        _ => KeyFileError::Io(path.to_owned(), error),
    };
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(io)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(io)
}

/// Says whether a key file needs a passphrase.
///
/// # Errors
/// The file cannot be read, may be read by others, or is no key file.
pub fn is_encrypted(path: &Path) -> Result<bool, KeyFileError> {
    Ok(document(path)?.0 == EncryptedPrivateKeyInfoRef::PEM_LABEL)
}

/// Reads a key file.
///
/// # Errors
/// Each way in which it can fail is a variant of its own: see [`KeyFileError`].
pub fn read(path: &Path, passphrase: Option<&str>) -> Result<Secret, KeyFileError> {
    let not_a_key = || KeyFileError::NotAKeyFile(path.to_owned());
    let (label, der) = document(path)?;
    let pair = if label == PrivateKeyInfoRef::PEM_LABEL {
        KeypairBytes::from_pkcs8_der(der.as_bytes()).map_err(|_| not_a_key())?
    } else {
        let sealed = EncryptedPrivateKeyInfoRef::try_from(der.as_bytes()).map_err(|_| not_a_key())?;
        let passphrase = passphrase.ok_or_else(|| KeyFileError::PassphraseNeeded(path.to_owned()))?;
        // One wrong passphrase in 256 leaves padding that looks right; what it decrypts to is still no key.
        let wrong = |_| KeyFileError::WrongPassphrase(path.to_owned());
        let plain = sealed.decrypt(passphrase).map_err(wrong)?;
        KeypairBytes::from_pkcs8_der(plain.as_bytes()).map_err(wrong)?
    };
    let seed = Zeroizing::new(pair.secret_key);
    Ok(Secret::from_seed(&seed))
}

/// The PEM label and the bytes of a file that only its owner can read.
fn document(path: &Path) -> Result<(&'static str, SecretDocument), KeyFileError> {
    let io = |error| KeyFileError::Io(path.to_owned(), error);
    let file = File::open(path).map_err(io)?;
    refuse_if_others_can_read(path, &file.metadata().map_err(io)?)?;
    let mut bytes = Zeroizing::new(Vec::new());
    // A key file has a few hundred bytes.
    file.take(64 * 1024).read_to_end(&mut bytes).map_err(io)?;
    let not_a_key = || KeyFileError::NotAKeyFile(path.to_owned());
    let text = std::str::from_utf8(&bytes).map_err(|_| not_a_key())?;
    let (label, der) = SecretDocument::from_pem(text).map_err(|_| not_a_key())?;
    [PrivateKeyInfoRef::PEM_LABEL, EncryptedPrivateKeyInfoRef::PEM_LABEL]
        .into_iter()
        .find(|known| *known == label)
        .map(|known| (known, der))
        .ok_or_else(not_a_key)
}

#[cfg(unix)]
fn refuse_if_others_can_read(path: &Path, metadata: &fs::Metadata) -> Result<(), KeyFileError> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(KeyFileError::ReadableByOthers(path.to_owned(), mode)) }
}

#[cfg(not(unix))]
fn refuse_if_others_can_read(_: &Path, _: &fs::Metadata) -> Result<(), KeyFileError> {
    Ok(())
}

/// Why a key file cannot be written or read.
#[derive(Debug)]
pub enum KeyFileError {
    /// There is a file already.
    Exists(PathBuf),
    /// The operating system refused.
    Io(PathBuf, io::Error),
    /// Group or others may use the file (its mode is given).
    ReadableByOthers(PathBuf, u32),
    /// No PKCS#8 PEM with an Ed25519 key.
    NotAKeyFile(PathBuf),
    /// The key is encrypted and no passphrase was given.
    PassphraseNeeded(PathBuf),
    /// The passphrase does not open it.
    WrongPassphrase(PathBuf),
    /// The key could not be encrypted.
    Encryption(String),
}

impl KeyFileError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            KeyFileError::Exists(_) => "choose another file name; a key is never written over",
            KeyFileError::Io(..) => "check the path and its permissions",
            KeyFileError::ReadableByOthers(..) => "run chmod 600 on the file; if others had it, have the key revoked",
            KeyFileError::NotAKeyFile(_) => "expected a PEM file as written by `trial key new` or `openssl genpkey`",
            KeyFileError::PassphraseNeeded(_) => "give the passphrase of the key",
            KeyFileError::WrongPassphrase(_) => "try again; if the passphrase is right, the file is damaged",
            KeyFileError::Encryption(_) => "the operating system may be short of randomness or memory",
        }
    }
}

impl fmt::Display for KeyFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyFileError::Exists(path) => write!(f, "{} is there already", path.display()),
            KeyFileError::Io(path, error) => write!(f, "{}: {error}", path.display()),
            KeyFileError::ReadableByOthers(path, mode) => {
                write!(f, "{} can be read by others: expected mode 0600, found {mode:04o}", path.display())
            }
            KeyFileError::NotAKeyFile(path) => write!(f, "{} is not an Ed25519 key file", path.display()),
            KeyFileError::PassphraseNeeded(path) => write!(f, "{} is encrypted: it needs a passphrase", path.display()),
            KeyFileError::WrongPassphrase(path) => write!(f, "the passphrase does not open {}", path.display()),
            KeyFileError::Encryption(why) => write!(f, "the key could not be encrypted: {why}"),
        }
    }
}

impl std::error::Error for KeyFileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            KeyFileError::Io(_, error) => Some(error),
            KeyFileError::Exists(_)
            | KeyFileError::ReadableByOthers(..)
            | KeyFileError::NotAKeyFile(_)
            | KeyFileError::PassphraseNeeded(_)
            | KeyFileError::WrongPassphrase(_)
            | KeyFileError::Encryption(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    fn secret() -> Secret {
        Secret::from_seed(&[42; 32])
    }

    #[test]
    fn both_forms_come_back_as_the_same_key() {
        let dir = tempfile::tempdir().unwrap();
        for (name, protection) in [("plain", Protection::Plain), ("sealed", Protection::Passphrase("correct horse"))] {
            let path = dir.path().join(name);
            write(&path, &secret(), protection).unwrap();
            assert_eq!(is_encrypted(&path).unwrap(), name == "sealed");
            assert_eq!(read(&path, Some("correct horse")).unwrap().key(), secret().key());
            assert!(matches!(write(&path, &secret(), protection), Err(KeyFileError::Exists(_))));
        }
    }

    #[test]
    fn each_way_to_fail_has_its_own_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        write(&path, &secret(), Protection::Passphrase("right")).unwrap();
        assert!(matches!(read(&path, None), Err(KeyFileError::PassphraseNeeded(_))));
        for i in 0..8 {
            assert!(matches!(read(&path, Some(&format!("wrong {i}"))), Err(KeyFileError::WrongPassphrase(_))));
        }
        let other = dir.path().join("other");
        fs::write(&other, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
        owner_only(&other);
        assert!(matches!(read(&other, None), Err(KeyFileError::NotAKeyFile(_))));
        assert!(matches!(read(&dir.path().join("none"), None), Err(KeyFileError::Io(..))));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        write(&path, &secret(), Protection::Plain).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        for mode in [0o640, 0o604, 0o620] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert!(matches!(read(&path, None), Err(KeyFileError::ReadableByOthers(_, m)) if m == mode));
        }
    }

    fn owner_only(path: &Path) {
        #[cfg(unix)]
        fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    }

    #[test]
    fn openssl_reads_both_forms_and_writes_one_that_we_read() {
        if Command::new("openssl").arg("version").output().is_err() {
            eprintln!("skipped: there is no openssl here");
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        for (name, protection) in [("plain", Protection::Plain), ("sealed", Protection::Passphrase("x"))] {
            let path = dir.path().join(name);
            write(&path, &secret(), protection).unwrap();
            let mut run = Command::new("openssl");
            run.args(["pkey", "-passin", "pass:x", "-pubout", "-outform", "DER", "-in"]).arg(&path);
            let out = run.output().unwrap();
            assert!(out.status.success(), "{name}: {}", String::from_utf8_lossy(&out.stderr));
            assert!(out.stdout.ends_with(&secret().key().0), "{name}");
        }
        let theirs = dir.path().join("theirs");
        let out = Command::new("openssl").args(["genpkey", "-algorithm", "ed25519", "-out"]).arg(&theirs).output();
        assert!(out.unwrap().status.success());
        owner_only(&theirs);
        assert!(read(&theirs, None).is_ok());
    }
}
