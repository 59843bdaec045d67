//! Known ledgers: what this user has verified before, one line for each ledger, like the known hosts of ssh.
//!
//! `~/.trial/known_ledgers`, or the file that `TRIAL_KNOWN_LEDGERS` names. Promises that a line is changed only from
//! what was compared with (no two commands undo each other), that the file is whole after a crash (lock, temporary
//! file, sync, rename), and that a line that cannot be read is an error, never left out. Does not protect the file from
//! its owner: who deletes it meets every ledger for the first time again, and is told so.

use crate::{clock, error::CliError};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Write as _},
    path::{Path, PathBuf},
    str::FromStr,
};
use trial_core::ids::Hash;
use trial_ledger::tip::Tip;

/// The end of a ledger as this user has verified it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// Leaf hash of the first entry: which ledger it is.
    pub genesis: Hash,
    /// How many entries it had.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// When it was seen to be so long.
    pub seen: DateTime<Utc>,
    /// What the ledger is called.
    pub origin: String,
}

impl Pin {
    /// The end of a log, as it was seen; none where there is no genesis.
    pub fn of(tip: &Tip, seen: DateTime<Utc>) -> Option<Pin> {
        let (genesis, origin) = (tip.genesis()?, tip.opened()?.origin.as_str().to_owned());
        Some(Pin { genesis, size: tip.size(), root: tip.root(), seen, origin })
    }

    /// Whether both are of one ledger.
    pub fn same_ledger(&self, other: &Pin) -> bool {
        self.genesis == other.genesis && self.origin == other.origin
    }
}

/// The line in the file: genesis, size, root in base64, when, and the origin, which may hold spaces.
impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (root, seen) = (STANDARD.encode(self.root.0), clock::stamp(self.seen));
        write!(f, "{} {} {root} {seen} {}", self.genesis, self.size, self.origin)
    }
}

impl FromStr for Pin {
    type Err = String;

    fn from_str(line: &str) -> Result<Pin, String> {
        let mut fields = line.splitn(5, ' ');
        let mut field = |name: &str| fields.next().filter(|text| !text.is_empty()).ok_or(format!("there is no {name}"));
        let genesis = field("genesis")?.parse().map_err(|e| format!("genesis: {e}"))?;
        let size = field("size")?.parse::<u64>().map_err(|e| format!("size: {e}"))?;
        let root = STANDARD.decode(field("root")?).map_err(|e| format!("root: {e}"))?;
        let root = Hash(root.try_into().map_err(|_| "root: expected 32 bytes in base64")?);
        let seen = DateTime::parse_from_rfc3339(field("time")?).map_err(|e| format!("time: {e}"))?.to_utc();
        let pin = Pin { genesis, size, root, seen, origin: field("origin")?.to_owned() };
        // One spelling, so that nothing is lost when the file is written again.
        if pin.to_string() == line { Ok(pin) } else { Err("it is not spelled as this program writes it".to_owned()) }
    }
}

/// The file of known ledgers as it was read.
#[derive(Debug, Clone)]
pub struct Known {
    file: Option<PathBuf>,
    pins: Vec<Pin>,
    trouble: Option<String>,
}

impl Known {
    /// Reads the file. One that is not there knows nothing; one that the system does not let us read is told by
    /// [`Known::trouble`], since a home that cannot be read must not lock anybody out of a ledger.
    ///
    /// # Errors
    /// A line is garbled: it cannot be told what it pinned.
    pub fn read() -> Result<Known, CliError> {
        match place() {
            Some(file) => Known::from(file),
            None => Ok(Known { file: None, pins: Vec::new(), trouble: Some("this user has no home".to_owned()) }),
        }
    }

    fn from(file: PathBuf) -> Result<Known, CliError> {
        let (text, trouble) = match fs::read(&file) {
            Ok(text) => (text, None),
            Err(e) if e.kind() == ErrorKind::NotFound => (Vec::new(), None),
            Err(e) => (Vec::new(), Some(format!("{}: {e}", file.display()))),
        };
        Ok(Known { pins: parse(&text, &file)?, file: Some(file), trouble })
    }

    /// Why the file could not be read, if it could not.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Where the file is.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// All ledgers, in the order in which they were met.
    pub fn pins(&self) -> &[Pin] {
        &self.pins
    }

    /// What is known of a ledger.
    pub fn pin(&self, origin: &str, genesis: Hash) -> Option<&Pin> {
        self.pins.iter().find(|pin| pin.origin == origin && pin.genesis == genesis)
    }

    /// Writes down where a ledger ends, in place of what this user knew of it when it was compared.
    ///
    /// If the file says something else of the ledger by now, another command has moved it on: it is left as it is, and
    /// the next command compares with that.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn remember(&self, expected: Option<&Pin>, new: &Pin) -> Result<(), CliError> {
        self.change(|pins| {
            let place = pins.iter().position(|pin| pin.same_ledger(new));
            match place {
                Some(at) if Some(&pins[at]) == expected => pins[at] = new.clone(),
                None if expected.is_none() => pins.push(new.clone()),
                Some(_) | None => {}
            }
        })
    }

    /// Writes down where a ledger ends, whatever was known of it: the user made it or says so.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn accept(&self, new: &Pin) -> Result<(), CliError> {
        self.change(|pins| {
            pins.retain(|pin| !pin.same_ledger(new));
            pins.push(new.clone());
        })
    }

    /// Forgets the ledgers of an origin, or only the one with this genesis; hands out what was known.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn forget(&self, origin: &str, genesis: Option<Hash>) -> Result<Vec<Pin>, CliError> {
        let meant = |pin: &Pin| pin.origin == origin && genesis.is_none_or(|genesis| pin.genesis == genesis);
        let mut gone = Vec::new();
        self.change(|pins| gone = pins.extract_if(.., |pin| meant(pin)).collect())?;
        Ok(gone)
    }

    /// Reads again, changes and writes, with nobody else in between.
    fn change(&self, change: impl FnOnce(&mut Vec<Pin>)) -> Result<(), CliError> {
        let file = self.file.as_ref().ok_or_else(|| CliError::unknown("this user has no home to keep it in"))?;
        let io = |e: io::Error| {
            CliError::unknown(format!("{}: {e}", file.display()))
                .hint("make it writable, or name another file in TRIAL_KNOWN_LEDGERS")
        };
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        make_folder(folder).map_err(io)?;
        let lock = own(OpenOptions::new().create(true).truncate(false)).open(beside(file, ".lock")).map_err(io)?;
        lock.lock().map_err(io)?;
        let before = Known::from(file.clone())?;
        if let Some(trouble) = before.trouble {
            return Err(CliError::unknown(trouble));
        }
        let mut pins = before.pins.clone();
        change(&mut pins);
        if pins == before.pins {
            return Ok(());
        }
        let text: String = pins.iter().map(|pin| format!("{pin}\n")).collect();
        let new = beside(file, ".new");
        let written = own(OpenOptions::new().create(true).truncate(true)).open(&new).and_then(|mut written| {
            written.write_all(text.as_bytes())?;
            written.sync_all()
        });
        written.and_then(|()| fs::rename(&new, file)).and_then(|()| File::open(folder)?.sync_all()).map_err(io)
    }
}

/// Where the file is: named in the environment, else in the user's home.
fn place() -> Option<PathBuf> {
    let named = std::env::var_os("TRIAL_KNOWN_LEDGERS").filter(|name| !name.is_empty()).map(PathBuf::from);
    named.or_else(|| Some(std::env::home_dir()?.join(".trial").join("known_ledgers")))
}

fn parse(text: &[u8], file: &Path) -> Result<Vec<Pin>, CliError> {
    let garbled = |line: usize, why: String| {
        CliError::unknown(format!("{}, line {line}: {why}", file.display())).hint(
            "what was seen before cannot be told: compare the file with a copy, or take the line out if you know what it pinned",
        )
    };
    let text = std::str::from_utf8(text).map_err(|e| garbled(1, e.to_string()))?;
    if !text.is_empty() && !text.ends_with('\n') {
        return Err(garbled(text.lines().count(), "it does not end; the file was cut".to_owned()));
    }
    let mut pins: Vec<Pin> = Vec::new();
    for (line, text) in (1..).zip(text.split_terminator('\n')) {
        let pin: Pin = text.parse().map_err(|why| garbled(line, why))?;
        if pins.iter().any(|before| before.same_ledger(&pin)) {
            return Err(garbled(line, format!("{} with this genesis stands in an earlier line", pin.origin)));
        }
        pins.push(pin);
    }
    Ok(pins)
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// For writing, by the owner alone.
fn own(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.write(true)
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pin(origin: &str, genesis: u8, size: u64) -> Pin {
        let seen = "2026-03-04T05:06:07.089Z".parse().unwrap();
        Pin { genesis: Hash([genesis; 32]), size, root: Hash([size as u8; 32]), seen, origin: origin.to_owned() }
    }

    fn file() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("made").join("known_ledgers");
        (dir, file)
    }

    #[test]
    fn a_pin_is_read_as_it_was_written_whatever_its_origin_is_called() {
        for origin in ["sponsor.example/a", "a name with  spaces ", "名前"] {
            let pin = pin(origin, 7, 41);
            assert_eq!(pin.to_string().parse(), Ok(pin));
        }
    }

    #[test]
    fn a_garbled_line_is_an_error_that_names_it_and_nothing_is_left_out() {
        let good = pin("sponsor.example/a", 1, 3).to_string();
        for bad in [
            String::new(),
            "# a remark".to_owned(),
            good.replacen(' ', "  ", 1),
            good.replace(" 3 ", " 03 "),
            good.replace(" 3 ", " -3 "),
            good.replace("= ", " "),
            good.replace("0101", "01"),
            good.replace("2026", "26"),
            good.split_once(" sponsor").unwrap().0.to_owned(),
        ] {
            let text = format!("{}\n{bad}\n", pin("sponsor.example/b", 2, 2));
            let error = parse(text.as_bytes(), Path::new("known")).unwrap_err();
            assert!(error.message.starts_with("known, line 2: "), "{bad:?}: {error}");
        }
        assert!(parse(good.as_bytes(), Path::new("known")).unwrap_err().message.contains("was cut"));
        assert!(parse(format!("{good}\n{good}\n").as_bytes(), Path::new("known")).is_err());
        assert!(parse(b"\xff\n", Path::new("known")).is_err());
        assert_eq!(parse(b"", Path::new("known")).unwrap(), []);
    }

    #[test]
    fn a_pin_is_moved_only_from_what_was_compared_with() {
        let (_dir, file) = file();
        let known = Known::from(file.clone()).unwrap();
        let (three, four, five) = (pin("a", 1, 3), pin("a", 1, 4), pin("a", 1, 5));
        known.remember(None, &three).unwrap();
        known.remember(None, &five).unwrap();
        assert_eq!(Known::from(file.clone()).unwrap().pins(), std::slice::from_ref(&three));
        known.remember(Some(&three), &five).unwrap();
        known.remember(Some(&three), &four).unwrap();
        assert_eq!(Known::from(file.clone()).unwrap().pins(), std::slice::from_ref(&five));
        let (other, elsewhere) = (pin("a", 2, 9), pin("b", 1, 9));
        known.remember(None, &other).unwrap();
        known.accept(&elsewhere).unwrap();
        known.accept(&four).unwrap();
        assert_eq!(Known::from(file.clone()).unwrap().pins(), [other.clone(), elsewhere.clone(), four.clone()]);
        assert_eq!(known.forget("a", Some(other.genesis)).unwrap(), [other]);
        assert_eq!(known.forget("a", None).unwrap(), [four]);
        assert_eq!(known.forget("a", None).unwrap(), []);
        assert_eq!(Known::from(file).unwrap().pins(), [elsewhere]);
    }

    #[cfg(unix)]
    #[test]
    fn the_file_and_its_folder_are_the_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let (_dir, file) = file();
        Known::from(file.clone()).unwrap().accept(&pin("a", 1, 3)).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    }

    #[test]
    fn many_at_once_lose_nothing_of_each_other() {
        let (_dir, file) = file();
        std::thread::scope(|scope| {
            for n in 0..8 {
                let file = file.clone();
                scope.spawn(move || {
                    let known = Known::from(file).unwrap();
                    known.remember(None, &pin("a", n, 1)).unwrap();
                    known.remember(Some(&pin("a", n, 1)), &pin("a", n, 2)).unwrap();
                });
            }
        });
        let known = Known::from(file).unwrap();
        assert_eq!(known.pins().len(), 8);
        assert!(known.pins().iter().all(|pin| pin.size == 2));
    }
}
