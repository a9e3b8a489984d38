//! Whether the projection's files are still the ones that were opened.
//!
//! A file that is removed stays readable and writable for who has it open, so nothing fails at once; but what is written
//! is lost with the process, and another one finds an empty folder and takes it for its own.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::folder::DATABASE;
use super::{ENTRIES, StoreError};

/// The files of an open projection, and which ones they were.
#[derive(Debug)]
pub struct Place {
    files: [(PathBuf, Identity); 2],
}

/// Device and number of a file.
type Identity = (u64, u64);

impl Place {
    pub(super) fn of(folder: &Path) -> Result<Self, StoreError> {
        let known = |name: &str| {
            let path = folder.join(name);
            identity(&path).map(|identity| (path, identity)).map_err(StoreError::of_file)
        };
        Ok(Self { files: [known(DATABASE)?, known(ENTRIES)?] })
    }

    /// Says which file was removed or replaced since the projection was opened, if one was.
    #[must_use]
    pub fn left(&self) -> Option<String> {
        self.files.iter().find_map(|(path, known)| match identity(path) {
            Ok(found) if found == *known => None,
            Ok(_) => Some(format!("{} was replaced while it was in use", path.display())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Some(format!("{} was removed while it was in use", path.display()))
            }
            // Whoever needs the file will meet the refusal.
            Err(_) => None,
        })
    }
}

fn identity(path: &Path) -> io::Result<Identity> {
    fs::metadata(path).map(|file| (file.dev(), file.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_removed_and_a_replaced_file_are_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let files = [DATABASE, ENTRIES].map(|name| folder.path().join(name));
        files.iter().for_each(|file| fs::write(file, "kept").unwrap());
        let place = Place::of(folder.path()).unwrap();
        fs::write(&files[0], "written on").unwrap();
        assert_eq!(place.left(), None);
        fs::rename(&files[1], folder.path().join("other")).unwrap();
        assert!(place.left().unwrap().contains("entries was removed"));
        fs::write(&files[1], "kept").unwrap();
        assert!(place.left().unwrap().contains("entries was replaced"));
        fs::remove_dir_all(folder.path()).unwrap();
        assert!(place.left().unwrap().contains("db was removed"));
    }
}
