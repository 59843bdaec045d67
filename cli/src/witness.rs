//! Witness: what a witness remembers of each log, so that she never signs two histories of it.
//!
//! One file for each log, in her own folder (`~/.trial/witness`), with the last checkpoint that she cosigned. Promises
//! that a checkpoint is cosigned only if it extends that one, that the new one is on disk before the cosignature is handed
//! out, and that two processes cannot cosign at once. Does not look into entries: that is `trial verify`.

use crate::error::CliError;
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};
use trial_core::ids::Hash;
use trial_ledger::{
    checkpoint::{Checkpoint, Origin, SignedCheckpoint},
    durable,
    hash::from_base64,
    merkle::{self, ProofError},
    note::{BadNote, Note, Vkey, Vkeys},
};

/// A path between two sizes is never longer (C2SP tlog-witness).
const MOST_HASHES: usize = 63;

/// What a witness is asked: to cosign a checkpoint that extends an old size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The size that she is thought to have signed last, and the path from there; none in a bare checkpoint.
    pub since: Option<(u64, Vec<Hash>)>,
    /// The checkpoint.
    pub note: Note,
}

impl Request {
    /// Reads a request (C2SP tlog-witness, add-checkpoint), or a bare checkpoint.
    ///
    /// # Errors
    /// It is neither.
    pub fn parse(bytes: &[u8]) -> Result<Request, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| BadNote::NotUtf8.to_string())?;
        let bare = |text: &str| Note::parse(text.as_bytes()).map_err(|e| e.to_string());
        let Some(rest) = text.strip_prefix("old ") else { return Ok(Request { since: None, note: bare(text)? }) };
        let (head, note) = rest.split_once("\n\n").ok_or("no empty line stands before the checkpoint")?;
        let mut lines = head.split('\n');
        let old = lines.next().unwrap_or_default();
        let size = old.parse::<u64>().ok().filter(|size| size.to_string() == old);
        let size = size.ok_or("expected the line `old` and a number without leading zeros")?;
        let path: Option<Vec<Hash>> = lines.map(from_base64).collect();
        let path = path.filter(|path| path.len() <= MOST_HASHES);
        let path = path.ok_or("expected at most 63 lines of 32 bytes each in base64")?;
        Ok(Request { since: Some((size, path)), note: bare(note)? })
    }
}

/// What is remembered of one log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Memory {
    /// The keys under which the log may sign: those that the witness was told.
    pub logs: Vec<Vkey>,
    /// The witness's own key, with the name under which she signs this log.
    pub witness: Vkey,
    /// The last checkpoint, cosigned; none before the first.
    pub last: Option<Note>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    logs: Vec<String>,
    witness: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last: Option<String>,
}

/// The witness's file for one log, locked for as long as this lives.
#[derive(Debug)]
pub struct Place {
    file: PathBuf,
    _lock: File,
}

/// The user's own folder of the witness.
pub fn folder() -> PathBuf {
    std::env::home_dir().unwrap_or_default().join(".trial").join("witness")
}

impl Place {
    /// Makes the folder where it is not there, and locks the file of a log; waits for another process to end.
    ///
    /// # Errors
    /// The folder cannot be made, or the lock not be had.
    pub fn lock(folder: &Path, origin: &Origin) -> Result<Place, CliError> {
        let io = |e: io::Error| {
            CliError::unknown(format!("{}: {e}", folder.display())).hint("name another folder with --state")
        };
        fs::create_dir_all(folder).map_err(io)?;
        let file = folder.join(file_name(origin));
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(file.with_extension("lock"));
        let lock = lock.map_err(io)?;
        lock.lock().map_err(io)?;
        Ok(Place { file, _lock: lock })
    }

    /// Where it is.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// What is remembered; nothing before the first contact.
    ///
    /// # Errors
    /// The file cannot be read, or is not as this program wrote it: then nothing may be signed.
    pub fn read(&self) -> Result<Option<Memory>, CliError> {
        let text = match fs::read(&self.file) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(CliError::unknown(format!("{}: {e}", self.file.display()))),
        };
        let broken = |e: String| {
            CliError::unknown(format!("{} is not as it was written: {e}", self.file.display()))
                .hint("without it nobody can tell what you signed: put your copy back; do not delete it")
        };
        let written: Written = serde_json::from_slice(&text).map_err(|e| broken(e.to_string()))?;
        let key = |text: &String| text.parse::<Vkey>().map_err(|e| broken(e.to_string()));
        let last = written.last.as_ref().map(|note| Note::parse(note.as_bytes()).map_err(|e| broken(e.to_string())));
        Ok(Some(Memory {
            logs: written.logs.iter().map(key).collect::<Result<_, _>>()?,
            witness: key(&written.witness)?,
            last: last.transpose()?,
        }))
    }

    /// Writes it down; it is on disk when this returns.
    ///
    /// # Errors
    /// The disk failed: nothing may be handed out.
    pub fn write(&self, memory: &Memory) -> Result<(), CliError> {
        let written = Written {
            logs: memory.logs.iter().map(Vkey::to_string).collect(),
            witness: memory.witness.to_string(),
            last: memory.last.as_ref().map(Note::to_string),
        };
        let text = format!("{}\n", serde_json::to_string_pretty(&written).unwrap_or_default());
        durable::replace(&self.file, text.as_bytes()).map_err(|e| {
            CliError::unknown(format!("{}: {e}", self.file.display()))
                .hint("nothing was signed; make room, then repeat")
        })
    }

    /// Keeps two checkpoints that contradict each other; where they are.
    ///
    /// # Errors
    /// The disk failed.
    pub fn keep_evidence(&self, one: &Note, other: &Note) -> Result<PathBuf, CliError> {
        let path = self.file.with_extension("evidence");
        let text = format!("{one}\n{other}");
        durable::replace(&path, text.as_bytes()).map_err(|e| CliError::unknown(format!("{}: {e}", path.display())))?;
        Ok(path)
    }
}

/// A name for the file of a log: everything but letters, digits, dots and dashes as `%` and hexadecimal.
fn file_name(origin: &Origin) -> String {
    let mut name = String::new();
    for byte in origin.to_string().bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' => name.push(char::from(byte)),
            _ => name += &format!("%{byte:02X}"),
        }
    }
    name + ".json"
}

/// Why a witness does not cosign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// The request has no proof from the size that she last signed.
    Since(u64),
    /// She has signed more entries than these.
    Smaller {
        /// What she has signed.
        last: u64,
        /// What is asked.
        asked: u64,
    },
    /// The request says that it extends more entries than it has.
    OldBeyondSize,
    /// Two roots for one size, both signed by the log.
    Forked,
    /// The path does not lead from what she signed to what is asked.
    Path(ProofError),
    /// A log without entries: there is nothing to see.
    Empty,
}

/// Judges a request against the last checkpoint; the log's signature was checked before.
///
/// # Errors
/// See [`Refused`].
pub fn judge(last: Option<&Checkpoint>, request: &Request, asked: &Checkpoint) -> Result<(), Refused> {
    if asked.size == 0 {
        return Err(Refused::Empty);
    }
    let (last_size, last_root) = last.map_or((0, None), |last| (last.size, Some(last.root)));
    // The same size needs no proof, and two roots for it are the plainest evidence there is.
    if asked.size == last_size {
        return if Some(asked.root) == last_root { Ok(()) } else { Err(Refused::Forked) };
    }
    if asked.size < last_size {
        return Err(Refused::Smaller { last: last_size, asked: asked.size });
    }
    let (old, path) = match &request.since {
        Some((old, path)) => (*old, path.as_slice()),
        None => (0, [].as_slice()),
    };
    if old > asked.size {
        return Err(Refused::OldBeyondSize);
    }
    if old != last_size {
        return Err(Refused::Since(last_size));
    }
    match last_root {
        None if path.is_empty() => Ok(()),
        None => Err(Refused::Path(ProofError::TooLong { found: path.len() })),
        Some(root) => merkle::verify_consistency(old, asked.size, path, root, asked.root).map_err(Refused::Path),
    }
}

impl Memory {
    /// Opens a checkpoint by the keys that the witness was told.
    ///
    /// # Errors
    /// None of them has signed it.
    pub fn open(&self, note: Note) -> Result<SignedCheckpoint, CliError> {
        let keys = Vkeys::new(self.logs.iter().cloned()).map_err(|e| CliError::unknown(e.to_string()))?;
        SignedCheckpoint::open(note, &keys).map_err(|e| {
            CliError::no(e.to_string())
                .hint("whoever made this file does not have the key of the log: keep it, and ask")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trial_ledger::{hash, key::Secret};

    fn checkpoint(size: u64, root: Hash) -> Checkpoint {
        Checkpoint { origin: "sponsor.example/t".parse().unwrap(), size, root }
    }

    fn request(since: Option<(u64, Vec<Hash>)>, asked: &Checkpoint) -> Request {
        let note = asked.clone().sign(&Secret::from_seed(&[7; 32])).note().clone();
        Request { since, note }
    }

    #[test]
    fn each_way_to_contradict_what_was_signed_has_its_own_refusal() {
        let leaf = |i: u8| hash::leaf(&[i]);
        let two = checkpoint(2, hash::node(leaf(0), leaf(1)));
        let three = checkpoint(3, hash::node(two.root, leaf(2)));
        let judged = |last: Option<&Checkpoint>, since: Option<(u64, Vec<Hash>)>, asked: &Checkpoint| {
            judge(last, &request(since, asked), asked)
        };
        assert_eq!(judged(None, None, &two), Ok(()));
        assert_eq!(judged(None, Some((0, vec![])), &two), Ok(()));
        assert_eq!(judged(Some(&two), Some((2, vec![leaf(2)])), &three), Ok(()));
        assert_eq!(judged(Some(&three), None, &three), Ok(()), "what was signed may be signed again");

        assert!(matches!(judged(None, Some((0, vec![leaf(2)])), &two), Err(Refused::Path(_))));
        assert_eq!(judged(None, Some((2, vec![leaf(2)])), &three), Err(Refused::Since(0)));
        assert_eq!(judged(Some(&two), None, &three), Err(Refused::Since(2)));
        assert_eq!(judged(Some(&two), Some((1, vec![])), &three), Err(Refused::Since(2)));
        assert_eq!(judged(Some(&two), Some((4, vec![])), &three), Err(Refused::OldBeyondSize));
        assert_eq!(judged(Some(&three), None, &two), Err(Refused::Smaller { last: 3, asked: 2 }));
        assert_eq!(judged(Some(&two), None, &checkpoint(2, leaf(9))), Err(Refused::Forked));
        let forked = checkpoint(3, hash::node(hash::node(leaf(0), leaf(9)), leaf(2)));
        assert!(matches!(judged(Some(&two), Some((2, vec![leaf(2)])), &forked), Err(Refused::Path(_))));
        assert_eq!(judged(None, None, &checkpoint(0, hash::sha256(&[]))), Err(Refused::Empty));
    }

    #[test]
    fn a_request_has_one_spelling() {
        let leaf = hash::leaf(b"x");
        let made = request(Some((2, vec![leaf])), &checkpoint(3, leaf));
        let text = format!("old 2\n{}\n\n{}", hash::to_base64(leaf), made.note);
        assert_eq!(Request::parse(text.as_bytes()).unwrap(), made);
        let bare = Request::parse(made.note.to_string().as_bytes()).unwrap();
        assert_eq!(bare.since, None);
        for (from, to) in
            [("old 2", "old 02"), ("old 2", "old -2"), ("old 2\n", "old 2\nAAAA\n"), ("\n\nsponsor", "\nsponsor")]
        {
            assert!(text.contains(from));
            assert!(Request::parse(text.replacen(from, to, 1).as_bytes()).is_err(), "{to:?}");
        }
        let long = format!("old 2\n{}", format!("{}\n", hash::to_base64(leaf)).repeat(64));
        assert!(Request::parse(text.replacen("old 2\n", &long, 1).as_bytes()).is_err());
    }

    #[test]
    fn what_is_remembered_is_read_again_and_nothing_else_is() {
        let dir = tempfile::tempdir().unwrap();
        let origin: Origin = "sponsor.example/t".parse().unwrap();
        let place = Place::lock(dir.path(), &origin).unwrap();
        assert_eq!(place.file().file_name().unwrap(), "sponsor.example%2Ft.json");
        assert_eq!(place.read().unwrap(), None);
        let log = origin.vkey(Secret::from_seed(&[7; 32]).public());
        let last = request(None, &checkpoint(3, hash::leaf(b"x"))).note;
        let memory = Memory { logs: vec![log.clone()], witness: log, last: Some(last) };
        place.write(&memory).unwrap();
        assert_eq!(place.read().unwrap(), Some(memory));
        std::fs::write(place.file(), "{}").unwrap();
        assert!(place.read().is_err(), "a broken memory is no first contact");
    }
}
