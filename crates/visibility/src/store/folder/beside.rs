//! A projection that is built beside the one in use, and takes its place without either being moved: sled keeps paths, so
//! a folder stays where it is for as long as somebody has it open. A mark says that the one beside counts; the next process
//! that takes the folder puts it where the other was.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::{Folder, FolderError, io, wait_until_closed};

impl Folder {
    /// Where another projection is built while this one is in use.
    #[must_use]
    pub fn beside(&self) -> PathBuf {
        if self.is_beside { self.plain() } else { self.other() }
    }

    /// Removes what is beside the projection: one that was not built to the end, or was replaced.
    ///
    /// # Errors
    /// [`FolderError::Io`] when it cannot be removed.
    pub fn clear_beside(&self) -> Result<(), FolderError> {
        removed(&self.beside())
    }

    /// The same, for a thread where waiting for the disk holds up nobody.
    pub(crate) fn clearing(&self) -> impl FnOnce() -> Result<(), FolderError> + Send + use<> {
        let beside = self.beside();
        move || removed(&beside)
    }

    /// From now on the one beside is the projection, whatever happens to this process.
    ///
    /// # Errors
    /// [`FolderError::Io`] when it cannot be noted; then all is as it was.
    pub fn swap(&mut self) -> Result<(), FolderError> {
        let mark = self.mark();
        if self.is_beside {
            fs::remove_file(&mark).map_err(io("remove", &mark))?;
        } else {
            File::create(&mark).and_then(|file| file.sync_all()).map_err(io("write", &mark))?;
        }
        // Before the one that was replaced is removed, the mark must be on disk.
        let synced = File::open(&self.data_dir).and_then(|folder| folder.sync_all());
        synced.map_err(io("sync", &self.data_dir))?;
        self.is_beside = !self.is_beside;
        Ok(())
    }

    /// Puts the projection in its place, and removes what a rebuild that never ended has left. Only while nobody has it open.
    pub(super) fn settle(&mut self) -> Result<(), FolderError> {
        let (plain, other, mark) = (self.plain(), self.other(), self.mark());
        let is_marked = mark.symlink_metadata().is_ok();
        if other.symlink_metadata().is_ok() {
            wait_until_closed(&other);
            if is_marked {
                removed(&plain)?;
                fs::rename(&other, &plain).map_err(io("put in its place", &other))?;
            } else {
                tracing::info!(path = %other.display(), "a rebuild never ended: what there is of it is removed");
                removed(&other)?;
            }
        }
        if is_marked {
            fs::remove_file(&mark).map_err(io("remove", &mark))?;
        }
        self.is_beside = false;
        Ok(())
    }

    pub(super) fn plain(&self) -> PathBuf {
        self.data_dir.join(&self.name)
    }

    pub(super) fn other(&self) -> PathBuf {
        self.data_dir.join(format!("{}.beside", self.name))
    }

    fn mark(&self) -> PathBuf {
        self.data_dir.join(format!("{}.swapped", self.name))
    }
}

/// Removes a projection once it is closed. One that is read for longer is read to its end all the same.
fn removed(path: &Path) -> Result<(), FolderError> {
    let Ok(found) = path.symlink_metadata() else { return Ok(()) };
    wait_until_closed(path);
    let removed = if found.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    removed.map_err(io("remove", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A projection that can be told from others.
    fn made(path: &Path, what: &str) {
        fs::create_dir(path).unwrap();
        fs::write(path.join("what"), what).unwrap();
    }

    fn found(folder: &Folder) -> String {
        fs::read_to_string(folder.path().join("what")).unwrap()
    }

    #[test]
    fn a_rebuild_that_never_ended_leaves_the_projection_and_nothing_else() {
        let data = tempfile::tempdir().unwrap();
        let folder = Folder::take(data.path()).unwrap();
        made(&folder.path(), "live");
        made(&folder.beside(), "half");
        let stray = folder.beside();
        drop(folder);
        let folder = Folder::take(data.path()).unwrap();
        assert_eq!(found(&folder), "live");
        assert!(!stray.exists());
    }

    #[test]
    fn one_that_took_the_place_keeps_it_wherever_the_process_ends() {
        let data = tempfile::tempdir().unwrap();
        for is_removed in [true, false] {
            let mut folder = Folder::take(data.path()).unwrap();
            made(&folder.path(), "old");
            made(&folder.beside(), "new");
            folder.swap().unwrap();
            assert_eq!(found(&folder), "new");
            if is_removed {
                folder.clear_beside().unwrap();
            }
            drop(folder);
            let mut folder = Folder::take(data.path()).unwrap();
            assert_eq!((found(&folder), folder.path()), ("new".to_owned(), folder.plain()));
            assert!(!folder.beside().exists());
            // And a second time in one life, which is back where the first began.
            made(&folder.beside(), "newer");
            folder.swap().unwrap();
            folder.clear_beside().unwrap();
            made(&folder.beside(), "newest");
            folder.swap().unwrap();
            drop(folder);
            let mut folder = Folder::take(data.path()).unwrap();
            assert_eq!(found(&folder), "newest");
            folder.set_aside().unwrap();
        }
    }

    #[test]
    fn of_one_beside_that_is_in_doubt_nothing_is_left_in_the_way() {
        let data = tempfile::tempdir().unwrap();
        let mut folder = Folder::take(data.path()).unwrap();
        made(&folder.path(), "old");
        made(&folder.beside(), "doubtful");
        folder.swap().unwrap();
        assert!(folder.set_aside().unwrap().is_some());
        assert_eq!(folder.path(), folder.plain());
        assert!(!folder.path().exists() && !folder.beside().exists());
    }
}
