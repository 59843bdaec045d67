//! The folder of sealed values: one file for each subject, outside the store, since what was in a database once stays in
//! its file for long after it was removed.
//!
//! Promises that a file is never half written, and that the next version of one is on disk ([`SealedFolder::stage`])
//! before the entries that ask for it are, and takes its place ([`SealedFolder::install`]) after them: a process that
//! dies in between leaves both versions, and the log tells which of their values stay. Does not know which those are.

use crate::{
    folder::Folder,
    sealed::{self, MAX_SEALED_LINE, Place, Sealed},
};
use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Write},
};

/// Behind the name of a file: its next version, whole, which the log may or may not have asked for.
const NEXT: &str = ".next";
/// Behind the name of a file: a version that is being written.
const HALF: &str = ".half";

/// The files of sealed values of a ledger.
#[derive(Debug, Clone)]
pub(crate) struct SealedFolder {
    dir: Folder,
}

/// What is in a file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Contents {
    /// Its values.
    pub values: BTreeMap<Place, Sealed>,
    /// Lines that are none, as they stand.
    pub damaged: Vec<Vec<u8>>,
}

impl Contents {
    fn to_vec(&self) -> Vec<u8> {
        let values = self.values.iter().map(|(place, sealed)| sealed::line(place, sealed));
        values.chain(self.damaged.iter().cloned()).flat_map(|line| [line, b"\n".to_vec()].concat()).collect()
    }
}

impl SealedFolder {
    pub fn new(dir: Folder) -> SealedFolder {
        SealedFolder { dir }
    }

    pub fn dir(&self) -> &Folder {
        &self.dir
    }

    /// The names of all that is in the folder, sorted. A folder that is not there is empty.
    pub fn names(&self) -> io::Result<Vec<String>> {
        let read = match fs::read_dir(self.dir.path()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            read => read?,
        };
        let mut names = Vec::new();
        for entry in read {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    /// The values of a file as it stands; none where there is no file.
    pub fn read(&self, file: &str) -> io::Result<Contents> {
        let mut found = Contents::default();
        let Some(lines) = self.lines(file)? else { return Ok(found) };
        for line in lines {
            match line? {
                Ok((place, sealed)) if !found.values.contains_key(&place) => {
                    found.values.insert(place, sealed);
                }
                Ok((place, sealed)) => found.damaged.push(sealed::line(&place, &sealed)),
                Err(line) => found.damaged.push(line),
            }
        }
        Ok(found)
    }

    /// The values of a file one after the other, in bounded memory: of a line that is none, its bytes.
    #[allow(clippy::type_complexity)]
    pub fn lines(
        &self,
        file: &str,
    ) -> io::Result<Option<impl Iterator<Item = io::Result<Result<(Place, Sealed), Vec<u8>>>>>> {
        let opened = match File::open(self.dir.join(file).path()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        let mut reader = BufReader::new(opened);
        Ok(Some(std::iter::from_fn(move || {
            let mut line = Vec::new();
            match reader.by_ref().take(MAX_SEALED_LINE as u64 + 1).read_until(b'\n', &mut line) {
                Err(error) => Some(Err(error)),
                Ok(0) => None,
                // A last line without its newline is damaged: a version was whole before it got its name.
                Ok(_) if line.pop_if(|last| *last == b'\n').is_none() => Some(Ok(Err(line))),
                Ok(_) => Some(Ok(sealed::read_line(&line).ok_or(line))),
            }
        })))
    }

    /// Puts the next version of a file on disk beside it.
    pub fn stage(&self, file: &str, contents: &Contents) -> io::Result<()> {
        self.write(&format!("{file}{NEXT}"), contents)
    }

    /// The next versions take the place of the files.
    pub fn install<'a>(&self, files: impl IntoIterator<Item = &'a String>) -> io::Result<()> {
        let mut any = false;
        for file in files {
            fs::rename(self.dir.join(format!("{file}{NEXT}")).path(), self.dir.join(file).path())?;
            any = true;
        }
        if any { self.sync() } else { Ok(()) }
    }

    /// The next versions are not wanted.
    pub fn discard<'a>(&self, files: impl IntoIterator<Item = &'a String>) -> io::Result<()> {
        for file in files {
            unless(io::ErrorKind::NotFound, fs::remove_file(self.dir.join(format!("{file}{NEXT}")).path()))?;
        }
        self.sync()
    }

    /// The files that a process left a next version of.
    pub fn staged(&self) -> io::Result<Vec<String>> {
        Ok(self.names()?.iter().filter_map(|name| name.strip_suffix(NEXT)).map(str::to_owned).collect())
    }

    /// The next version that a process left.
    pub fn read_staged(&self, file: &str) -> io::Result<Contents> {
        self.read(&format!("{file}{NEXT}"))
    }

    /// Replaces a file, and then takes its next version away.
    pub fn replace(&self, file: &str, contents: &Contents) -> io::Result<()> {
        self.write(file, contents)?;
        self.discard([&file.to_owned()])
    }

    /// Takes away what a process did not finish writing: no entry can rest on it.
    pub fn sweep(&self) -> io::Result<()> {
        for name in self.names()?.iter().filter(|name| name.ends_with(HALF)) {
            fs::remove_file(self.dir.join(name).path())?;
        }
        Ok(())
    }

    /// A whole file under a name, on disk before it has the name.
    fn write(&self, name: &str, contents: &Contents) -> io::Result<()> {
        let half = self.dir.join(format!("{name}{HALF}"));
        unless(io::ErrorKind::AlreadyExists, fs::create_dir(self.dir.path()))?;
        unless(io::ErrorKind::NotFound, fs::remove_file(half.path()))?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(half.path())?;
        file.write_all(&contents.to_vec())?;
        file.sync_all()?;
        fs::rename(half.path(), self.dir.join(name).path())?;
        self.sync()
    }

    fn sync(&self) -> io::Result<()> {
        File::open(self.dir.path())?.sync_all()
    }
}

/// An error of this kind is as good as success.
fn unless(kind: io::ErrorKind, done: io::Result<()>) -> io::Result<()> {
    done.or_else(|error| if error.kind() == kind { Ok(()) } else { Err(error) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use trial_core::ids::Seq;

    fn contents(seqs: &[u64]) -> Contents {
        let place = |seq: &u64| Place { seq: Seq(*seq), name: "narrative".parse().unwrap() };
        let sealed = |seq: &u64| Sealed::new([9; 32], json!(format!("value {seq}"))).unwrap();
        Contents { values: seqs.iter().map(|seq| (place(seq), sealed(seq))).collect(), damaged: Vec::new() }
    }

    fn seqs(contents: &Contents) -> Vec<u64> {
        contents.values.keys().map(|place| place.seq.0).collect()
    }

    fn folder() -> (tempfile::TempDir, SealedFolder) {
        let dir = tempfile::tempdir().unwrap();
        let folder = SealedFolder::new(Folder::named(&dir.path().join("sealed")));
        (dir, folder)
    }

    #[test]
    fn a_staged_version_changes_nothing_until_it_is_installed() {
        let (_dir, folder) = folder();
        assert_eq!(seqs(&folder.read("a.jsonl").unwrap()), [0; 0]);
        folder.stage("a.jsonl", &contents(&[1, 2])).unwrap();
        assert_eq!(seqs(&folder.read("a.jsonl").unwrap()), [0; 0]);
        assert_eq!(folder.staged().unwrap(), ["a.jsonl"]);
        folder.install([&"a.jsonl".to_owned()]).unwrap();
        assert_eq!(seqs(&folder.read("a.jsonl").unwrap()), [1, 2]);
        folder.stage("a.jsonl", &contents(&[2])).unwrap();
        folder.discard([&"a.jsonl".to_owned()]).unwrap();
        assert_eq!(seqs(&folder.read("a.jsonl").unwrap()), [1, 2]);
        assert_eq!(folder.names().unwrap(), ["a.jsonl"]);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_a_file_whatever_stood_in_its_place() {
        use std::os::unix::fs::{MetadataExt as _, symlink};
        let (dir, folder) = folder();
        folder.stage("a.jsonl", &contents(&[1])).unwrap();
        let elsewhere = dir.path().join("elsewhere");
        fs::write(&elsewhere, "mine").unwrap();
        symlink(&elsewhere, folder.dir().join("a.jsonl.next.half").path()).unwrap();
        folder.stage("a.jsonl", &contents(&[1, 2])).unwrap();
        assert_eq!(fs::metadata(folder.dir().join("a.jsonl.next").path()).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::read_to_string(elsewhere).unwrap(), "mine");
    }

    #[test]
    fn a_line_that_is_no_value_is_kept_as_it_stands() {
        let (_dir, folder) = folder();
        folder.stage("a.jsonl", &contents(&[1, 2])).unwrap();
        folder.install([&"a.jsonl".to_owned()]).unwrap();
        let path = folder.dir().join("a.jsonl");
        let mut bytes = fs::read(path.path()).unwrap();
        bytes[3] ^= 1;
        bytes.extend_from_slice(b"half a li");
        fs::write(path.path(), bytes).unwrap();
        let found = folder.read("a.jsonl").unwrap();
        assert_eq!((seqs(&found), found.damaged.len()), (vec![2], 2));
        folder.replace("a.jsonl", &found).unwrap();
        assert_eq!(folder.read("a.jsonl").unwrap().damaged, found.damaged);
    }

    #[test]
    fn a_line_without_end_takes_bounded_memory() {
        let (_dir, folder) = folder();
        fs::create_dir(folder.dir().path()).unwrap();
        fs::write(folder.dir().join("a.jsonl").path(), vec![b'x'; 5 * MAX_SEALED_LINE]).unwrap();
        let lines: Vec<_> = folder.lines("a.jsonl").unwrap().unwrap().collect();
        assert!(lines.iter().all(|line| line.as_ref().unwrap().as_ref().unwrap_err().len() <= MAX_SEALED_LINE + 1));
    }
}
