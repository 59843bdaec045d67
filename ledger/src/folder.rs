//! Folder: a directory that stays the same one while it is in use, whatever its name comes to mean.
//!
//! Promises, on Linux, that everything below a folder that is held lies in the directory that was opened, also when that one
//! is moved and another one takes its name: whoever reads a ledger in one place and writes in another one would mix two
//! histories, and sled makes what it does not find. Elsewhere only links are looked up once. Does not keep anybody from
//! changing what is in the directory.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// A directory, with the name that it is told by and the path that it is opened by.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    name: PathBuf,
    path: PathBuf,
    /// The path leads to it for as long as this is open; nothing where the path is a name.
    held: Option<Arc<File>>,
}

impl Folder {
    /// Whatever the name means at each moment: for a folder that its only user has just made.
    pub fn named(name: &Path) -> Folder {
        Folder { name: name.to_owned(), path: name.to_owned(), held: None }
    }

    /// The directory that has this name now, behind all links.
    ///
    /// # Errors
    /// It is not there, is none, or cannot be opened.
    pub fn held(name: &Path) -> io::Result<Folder> {
        let (name, path) = (name.to_owned(), name.canonicalize()?);
        #[cfg(target_os = "linux")]
        {
            let file = File::open(&path)?;
            let path = PathBuf::from(format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&file)));
            // Where no /proc is mounted, the name has to do.
            if path.is_dir() {
                return Ok(Folder { name, path, held: Some(Arc::new(file)) });
            }
        }
        Ok(Folder { name, path, held: None })
    }

    /// What is below it under a name, a folder or a file.
    pub fn join(&self, name: impl AsRef<Path>) -> Folder {
        let name = name.as_ref();
        Folder { name: self.name.join(name), path: self.path.join(name), held: self.held.clone() }
    }

    /// What it is called, for people.
    pub fn name(&self) -> &Path {
        &self.name
    }

    /// What it is opened by; leads nowhere once nobody holds the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_that_isheld_is_the_same_one_after_its_name_went_to_another() {
        let dir = tempfile::tempdir().unwrap();
        let [place, aside] = ["place", "aside"].map(|name| dir.path().join(name));
        fs::create_dir(&place).unwrap();
        let folder = Folder::held(&place).unwrap();
        fs::rename(&place, &aside).unwrap();
        fs::create_dir_all(folder.join("below").path()).unwrap();
        assert!(!place.exists(), "nothing is made in its place");
        fs::create_dir(&place).unwrap();
        let below = folder.join("below");
        drop(folder);
        fs::write(below.join("file").path(), "here").unwrap();
        assert_eq!(fs::read(aside.join("below/file")).unwrap(), b"here");
        assert_eq!(fs::read_dir(&place).unwrap().count(), 0);
        assert_eq!(below.join("file").name(), place.join("below/file"));
    }

    #[test]
    fn a_folder_that_is_not_there_is_notheld() {
        let dir = tempfile::tempdir().unwrap();
        let missing = Folder::held(&dir.path().join("none")).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    }
}
