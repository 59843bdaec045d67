//! Durable: a small file that is replaced whole.
//!
//! Promises that after a crash or a loss of power the file is the old one or the new one, and that the new one is on disk
//! when this returns. Does not keep two processes apart: whoever replaces a file holds a lock of their own.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

/// Puts new content in the place of a file, or makes it.
///
/// # Errors
/// The disk failed: the file is the old one, unless the rename came through and only its sync failed.
// BUG: if the sync of the folder fails, the new file is there and may be gone after a loss of power.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = folder.join(name);
    let mut file = File::create(&beside)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    sync_folder(folder)
}

/// A new name is on disk only once its folder is.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_is_left_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("latest");
        replace(&path, b"one").unwrap();
        // A crash in the middle of the next one leaves this; it is written over.
        fs::write(dir.path().join("latest.new"), "half of something much longer").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"one");
        replace(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
