//! What the tests of the binary share: how it is run, the demonstration's ledger, a small ledger, and whether a ledger is
//! as it was.
//!
//! Promises that no test sees the environment, the home or the keys of whoever runs it. Each ledger that is handed out is
//! a copy of its own; the first one is made once for each test binary.
#![allow(dead_code)] // each test binary uses a part of it

pub mod browser;
pub mod small;

use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::OnceLock,
};
use tempfile::TempDir;

/// What a command answered.
#[derive(Debug)]
pub struct Ran {
    /// The exit code.
    pub code: i32,
    /// The answer.
    pub stdout: String,
    /// Everything else.
    pub stderr: String,
}

impl Ran {
    /// What it answered.
    pub fn of(output: Output) -> Ran {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("all output is UTF-8");
        let code = output.status.code().expect("it ended by itself");
        Ran { code, stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Both outputs, for words that may stand in either.
    pub fn all(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }

    /// The answer as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("no JSON ({e}): {self:?}"))
    }

    /// The same, which must have ended with this code.
    #[track_caller]
    pub fn expect(self, code: i32) -> Ran {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }

    /// The same, which must hold these words in its outputs.
    #[track_caller]
    pub fn says(self, words: &[&str]) -> Ran {
        for word in words {
            assert!(self.all().contains(word), "expected {word:?} in {self:#?}");
        }
        self
    }
}

/// A home below a file: nothing can be read or made there, not even by root.
pub const NO_HOME: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml/home");

/// The binary, away from the environment of whoever runs the tests.
pub fn trial() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trial"));
    command.env_clear().env("HOME", NO_HOME).stdin(Stdio::null());
    command
}

/// Runs the binary.
#[track_caller]
pub fn run<S: AsRef<std::ffi::OsStr>>(args: &[S]) -> Ran {
    Ran::of(trial().args(args).output().expect("the binary starts"))
}

/// Runs the binary as a user whose known ledgers are in this file.
#[track_caller]
pub fn run_knowing<S: AsRef<std::ffi::OsStr>>(known: &Path, args: &[S]) -> Ran {
    Ran::of(trial().env(KNOWN, known).args(args).output().expect("the binary starts"))
}

/// Where the file of known ledgers is said to be.
pub const KNOWN: &str = "TRIAL_KNOWN_LEDGERS";

/// The known ledgers of whoever made a ledger that is copied: in a folder beside it, with the same process in its name.
fn known_of(made: &Path) -> PathBuf {
    let name = made.file_name().expect("it has a name").to_string_lossy().into_owned();
    made.with_file_name(format!("known-{name}")).join("known_ledgers")
}

/// A ledger's directory that belongs to one test, of a user who knows it as it was made.
pub struct Dir {
    root: TempDir,
}

impl Dir {
    /// A copy of a ledger.
    pub fn copy_of(ledger: &Path) -> Dir {
        let root = tempfile::tempdir().expect("a directory");
        copy(ledger, &root.path().join("ledger"));
        let known = known_of(ledger);
        if known.exists() {
            fs::copy(known, root.path().join("known_ledgers")).expect("a copy");
        }
        Dir { root }
    }

    /// What this user knows of ledgers.
    pub fn known(&self) -> PathBuf {
        self.beside("known_ledgers")
    }

    /// Takes from this user what was known: what follows is a first contact.
    pub fn forget(&self) {
        let _ = fs::remove_file(self.known());
    }

    /// A place where no ledger is yet.
    pub fn empty() -> Dir {
        Dir { root: tempfile::tempdir().expect("a directory") }
    }

    /// The ledger.
    pub fn path(&self) -> PathBuf {
        self.root.path().join("ledger")
    }

    /// A place beside the ledger.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Writes a file beside the ledger.
    pub fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.beside(name);
        fs::write(&path, bytes).expect("a file beside the ledger");
        path
    }

    /// A command on the ledger, with these arguments.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = trial();
        command.env(KNOWN, self.known());
        command.arg("--ledger").arg(self.path()).args(args).current_dir(self.root.path());
        command
    }

    /// Runs a command on the ledger.
    pub fn run(&self, args: &[&str]) -> Ran {
        Ran::of(self.command(args).output().expect("the binary starts"))
    }

    /// Where the journal is.
    pub fn journal(&self) -> PathBuf {
        self.path().join("journal.jsonl")
    }

    /// The bytes of the journal.
    pub fn bytes(&self) -> Vec<u8> {
        fs::read(self.journal()).expect("there is a journal")
    }

    /// The lines of the journal.
    pub fn lines(&self) -> Vec<String> {
        String::from_utf8(self.bytes()).expect("UTF-8").lines().map(str::to_owned).collect()
    }

    /// Demands that the ledger verifies, as what this user saw or at first contact; returns the verdict.
    #[track_caller]
    pub fn sound(&self) -> Value {
        let ran = self.run(&["verify", "--json"]).expect(0);
        let verdict = ran.json();
        assert!(["verified", "unanchored"].iter().any(|word| verdict["verdict"] == *word), "{ran:#?}");
        assert_eq!(verdict["faults"], serde_json::json!([]));
        verdict
    }
}

/// Copies a folder with all that is in it, modes too.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

/// A ledger that is made once and copied from then on. It lies in cargo's own folder for tests, one for each process.
pub(crate) fn made_once(cell: &OnceLock<PathBuf>, name: &str, make: impl FnOnce(&Path, &Path)) -> Dir {
    let made = cell.get_or_init(|| {
        let shelf = Path::new(env!("CARGO_TARGET_TMPDIR"));
        sweep(shelf);
        let path = shelf.join(format!("{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        let _ = fs::remove_file(known_of(&path));
        make(&path, &known_of(&path));
        path
    });
    Dir::copy_of(made)
}

/// Takes away what earlier runs left: nothing is told when a test process ends, so the next one does it.
fn sweep(shelf: &Path) {
    if !Path::new("/proc/self").exists() {
        return;
    }
    for entry in fs::read_dir(shelf).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let process = name.rsplit_once('-').and_then(|(_, id)| id.parse::<u32>().ok());
        if process.is_some_and(|id| !Path::new("/proc").join(id.to_string()).exists()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// A copy of the demonstration's ledger.
pub fn demo() -> Dir {
    static DEMO: OnceLock<PathBuf> = OnceLock::new();
    made_once(&DEMO, "demo", |path, known| {
        let ran = run_knowing(known, &["demo".as_ref(), path.as_os_str()]);
        assert_eq!(ran.code, 0, "{ran:#?}");
    })
}

/// The element of a list whose members have these values.
#[track_caller]
pub fn pick<'a>(list: &'a Value, members: &[(&str, Value)]) -> &'a Value {
    let fits = |element: &&Value| members.iter().all(|(name, value)| element[*name] == *value);
    let mut found = list.as_array().unwrap_or_else(|| panic!("no list: {list}")).iter().filter(fits);
    let one = found.next().unwrap_or_else(|| panic!("none has {members:?}: {list}"));
    assert!(found.next().is_none(), "more than one has {members:?}");
    one
}
