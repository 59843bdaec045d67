//! Backup: a copy of a ledger in a directory of its own, with a manifest of what it holds.
//!
//! Promises that the journal in it was verified as it was copied, that everything is on disk before the manifest is, and
//! that a file that is not the one that was copied is named. Holds no key and no store. A value that is redacted later is
//! still in an earlier backup: its owner must delete that.

use crate::{
    durable::sync_folder,
    fault::Fault,
    folder::Folder,
    hash,
    ledger::{CHECKPOINTS, JOURNAL, Ledger, LedgerError, SEALED},
    recover::{self, Side},
    tip::Tip,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Read as _, Write},
    path::{Path, PathBuf},
};
use trial_core::ids::Hash;

/// The file that says what a backup holds; without it there is none.
pub const MANIFEST: &str = "backup.json";

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of its form.
    pub v: u64,
    /// What the ledger is called.
    pub origin: String,
    /// Leaf hash of the first entry.
    pub genesis: Hash,
    /// How many entries there are.
    pub entries: u64,
    /// Leaf hash of the last one.
    pub head: Hash,
    /// The root over all, in base64.
    pub root: String,
    /// When it was made.
    pub made_at: String,
    /// Every file, by its path with slashes, with its SHA-256.
    pub files: BTreeMap<String, Hash>,
}

/// Why a backup cannot be restored.
#[derive(Debug)]
pub enum BackupError {
    /// The operating system refused.
    Io(PathBuf, io::Error),
    /// There is no manifest, or it is none.
    NoBackup(PathBuf, String),
    /// It does not hold what its manifest says.
    Differs {
        /// Which file, or what of the log.
        what: String,
        /// What the manifest says.
        expected: String,
        /// What was found.
        found: String,
    },
    /// The log in it has a fault.
    Faulty(Box<Fault>),
    /// It cannot be made into a ledger.
    Ledger(LedgerError),
}

impl BackupError {
    /// Whether something is proven to be wrong with the backup; otherwise it could not be told.
    pub fn is_proof(&self) -> bool {
        match self {
            BackupError::Differs { .. } => true,
            BackupError::Faulty(fault) => fault.kind.is_proof(),
            BackupError::Ledger(error) => error.is_proof(),
            BackupError::Io(..) | BackupError::NoBackup(..) => false,
        }
    }

    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            BackupError::Io(..) => "check the path, its permissions and the space on the disk",
            BackupError::NoBackup(..) => "name a directory that trial backup has made to its end",
            BackupError::Differs { .. } | BackupError::Faulty(_) => {
                "nothing was restored: keep this backup as evidence, and try another one"
            }
            BackupError::Ledger(error) => error.hint(),
        }
    }
}

impl fmt::Display for BackupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BackupError::Io(path, error) => write!(f, "{}: {error}", path.display()),
            BackupError::NoBackup(path, why) => write!(f, "{} is no backup: {why}", path.display()),
            BackupError::Differs { what, expected, found } => {
                write!(f, "{what} is not what was backed up: expected {expected}, found {found}")
            }
            BackupError::Faulty(fault) => write!(f, "the journal of the backup: {fault}"),
            BackupError::Ledger(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for BackupError {}

impl From<LedgerError> for BackupError {
    fn from(error: LedgerError) -> BackupError {
        BackupError::Ledger(error)
    }
}

fn io_at(path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.to_owned();
    move |error| BackupError::Io(path, error)
}

/// Copies a ledger that was just verified into a directory that is empty or not there yet.
///
/// # Errors
/// The directory is not empty, the disk failed, or the ledger is not as it was verified.
pub fn write(ledger: &Ledger, dir: &Path, made_at: String) -> Result<Manifest, BackupError> {
    fs::create_dir_all(dir).map_err(io_at(dir))?;
    if fs::read_dir(dir).map_err(io_at(dir))?.next().is_some() {
        return Err(LedgerError::Exists(dir.to_owned()).into());
    }
    let mut files = BTreeMap::from([(JOURNAL.to_owned(), write_journal(ledger, &dir.join(JOURNAL))?)]);
    for folder in [CHECKPOINTS, SEALED] {
        copy_folder(ledger.folder(), dir, folder, &mut files)?;
    }
    let tip = ledger.tip();
    let origin = tip.opened().map(|opened| opened.origin.as_str().to_owned()).unwrap_or_default();
    let (genesis, root) = (tip.genesis().unwrap_or(Hash::ZERO), hash::to_base64(tip.root()));
    let manifest = Manifest { v: 1, origin, genesis, entries: tip.size(), head: tip.head(), root, made_at, files };
    let mut text = serde_json::to_vec_pretty(&manifest).map_err(|e| io_at(dir)(e.into()))?;
    text.push(b'\n');
    let path = dir.join(MANIFEST);
    sync_folder(dir).map_err(io_at(dir))?;
    new_file(&path).and_then(|mut file| file.write_all(&text).and_then(|()| file.sync_all())).map_err(io_at(&path))?;
    sync_folder(dir).map_err(io_at(dir))?;
    Ok(manifest)
}

fn new_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// The entries once more out of the ledger, verified again: what is copied is what was checked.
fn write_journal(ledger: &Ledger, path: &Path) -> Result<Hash, BackupError> {
    let mut file = BufWriter::new(new_file(path).map_err(io_at(path))?);
    let mut sum = Sha256::new();
    for verified in ledger.entries() {
        let verified = verified.map_err(|fault| BackupError::Faulty(Box::new(fault)))?;
        for bytes in [verified.envelope().as_bytes(), b"\n"] {
            sum.update(bytes);
            file.write_all(bytes).map_err(io_at(path))?;
        }
    }
    file.into_inner().map_err(|e| e.into_error()).and_then(|file| file.sync_all()).map_err(io_at(path))?;
    Ok(Hash(sum.finalize().into()))
}

/// Copies a folder and what is below it, if it is there.
fn copy_folder(from: &Folder, to: &Path, name: &str, files: &mut BTreeMap<String, Hash>) -> Result<(), BackupError> {
    let (source, target) = (from.join(name), to.join(name));
    fs::create_dir(&target).map_err(io_at(&target))?;
    let entries = match fs::read_dir(source.path()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found.map_err(io_at(source.name()))?,
    };
    for entry in entries {
        let entry = entry.map_err(io_at(source.name()))?;
        let name = format!("{name}/{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type().map_err(io_at(source.name()))?;
        if kind.is_dir() {
            copy_folder(from, to, &name, files)?;
        } else if kind.is_file() {
            files.insert(name.clone(), copy(from.join(&name).path(), &to.join(&name))?);
        } else {
            let error = io::Error::new(io::ErrorKind::InvalidInput, "neither a file nor a folder: it is not copied");
            return Err(BackupError::Io(from.join(&name).name().to_owned(), error));
        }
    }
    sync_folder(&target).map_err(io_at(&target))
}

/// Copies a file to the disk; its SHA-256.
fn copy(from: &Path, to: &Path) -> Result<Hash, BackupError> {
    let mut target = new_file(to).map_err(io_at(to))?;
    let sum = sum(from, &mut target)?;
    target.sync_all().map_err(io_at(to))?;
    Ok(sum)
}

/// The SHA-256 of a file, which is written out as it is read.
fn sum(path: &Path, out: &mut dyn Write) -> Result<Hash, BackupError> {
    let mut file = File::open(path).map_err(io_at(path))?;
    let (mut sum, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        let read = file.read(&mut buffer).map_err(io_at(path))?;
        if read == 0 {
            return Ok(Hash(sum.finalize().into()));
        }
        sum.update(&buffer[..read]);
        out.write_all(&buffer[..read]).map_err(io_at(path))?;
    }
}

/// Reads the manifest of a backup.
///
/// # Errors
/// There is none, or it is of another form.
pub fn manifest(dir: &Path) -> Result<Manifest, BackupError> {
    let path = dir.join(MANIFEST);
    let none = |why: String| BackupError::NoBackup(dir.to_owned(), why);
    let text = match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(none(format!("it has no {MANIFEST}"))),
        found => found.map_err(io_at(&path))?,
    };
    let manifest: Manifest = serde_json::from_slice(&text).map_err(|e| none(format!("{MANIFEST}: {e}")))?;
    let belongs = |path: &str| {
        let inside = path.split('/').all(|part| !["", ".", ".."].contains(&part) && !part.contains('\\'));
        let folders = [CHECKPOINTS, SEALED];
        inside && (path == JOURNAL || path.split_once('/').is_some_and(|(folder, _)| folders.contains(&folder)))
    };
    match manifest.files.keys().find(|path| !belongs(path)) {
        _ if manifest.v != 1 => Err(none(format!("{MANIFEST}: version {} is not known", manifest.v))),
        Some(path) => Err(none(format!("{MANIFEST}: {path} has no place in a backup"))),
        None if !manifest.files.contains_key(JOURNAL) => Err(none(format!("{MANIFEST}: it lists no {JOURNAL}"))),
        None => Ok(manifest),
    }
}

/// Whether the end of a log is the one that the manifest states.
///
/// # Errors
/// What differs.
pub fn compare(manifest: &Manifest, tip: &Tip) -> Result<(), BackupError> {
    let found = [tip.size().to_string(), tip.head().to_string(), hash::to_base64(tip.root())];
    let expected = [manifest.entries.to_string(), manifest.head.to_string(), manifest.root.clone()];
    let genesis = (manifest.genesis.to_string(), tip.genesis().unwrap_or(Hash::ZERO).to_string());
    let pairs = expected.into_iter().zip(found).chain([genesis]);
    for (what, (expected, found)) in ["the number of entries", "the head", "the root", "the genesis"].iter().zip(pairs)
    {
        if expected != found {
            return Err(BackupError::Differs { what: (*what).to_owned(), expected, found });
        }
    }
    Ok(())
}

/// Makes a ledger out of a backup in a directory that is empty or not there yet: files compared with the manifest as they
/// are copied, a store made from the journal with every entry verified. It appears whole, or not at all.
///
/// # Errors
/// The directory is not empty, a file is not the one that was backed up, the log is not what the manifest states, or the
/// disk failed. What was made until then stays beside the directory, with `.restoring` behind its name.
pub fn restore(backup: &Path, manifest: &Manifest, dir: &Path) -> Result<Tip, BackupError> {
    let mut name = dir.as_os_str().to_owned();
    name.push(".restoring");
    let new = PathBuf::from(name);
    for place in [dir, &new] {
        let there = match fs::read_dir(place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            found => found.map_err(io_at(place))?.next().is_some(),
        };
        if there {
            return Err(LedgerError::Exists(place.to_owned()).into());
        }
    }
    for folder in [CHECKPOINTS, SEALED] {
        fs::create_dir_all(new.join(folder)).map_err(io_at(&new))?;
    }
    for (path, expected) in &manifest.files {
        let (from, to) = (backup.join(path), new.join(path));
        let folder = to.parent().unwrap_or(&new);
        fs::create_dir_all(folder).map_err(io_at(folder))?;
        let found = copy(&from, &to)?;
        if found != *expected {
            let (expected, found) = (format!("SHA-256 {expected}"), found.to_string());
            return Err(BackupError::Differs { what: path.clone(), expected, found });
        }
        sync_folder(folder).map_err(io_at(folder))?;
    }
    let (tip, _) = recover::rebuild(&new, Side::Journal, "restored")?;
    compare(manifest, &tip)?;
    fs::rename(&new, dir).map_err(io_at(dir))?;
    let parent = dir.canonicalize().map_err(io_at(dir))?;
    parent.parent().map_or(Ok(()), |parent| sync_folder(parent).map_err(io_at(parent)))?;
    Ok(tip)
}
