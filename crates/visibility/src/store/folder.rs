//! The folder the projection lives in: taken by one process, moved aside on any doubt.

use std::fs::{self, File};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

mod beside;

/// How many processes can share one data folder; each takes a projection of its own.
const MOST: u32 = 16;
/// How many folders that were moved aside are kept for a look; older ones are removed.
const ASIDES_KEPT: usize = 2;
/// The file of the folder that sled locks.
pub(super) const DATABASE: &str = "db";
/// How long a database that was closed may take to let go of its files.
pub(super) const CLOSING: Duration = Duration::from_secs(10);
/// How often it is looked at meanwhile.
pub(super) const POLL: Duration = Duration::from_millis(10);
/// What the lock file says while the projection is being opened.
const OPENING: &[u8] = b"opening";

/// A projection's folder, held by this process until it is dropped.
#[derive(Debug)]
pub struct Folder {
    data_dir: PathBuf,
    name: String,
    lock: File,
    /// The projection is the one beside the plain folder.
    is_beside: bool,
}

/// A folder could not be taken or moved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// The file system refused.
    #[error("cannot {what} {path}: {source}; check --data-dir and its permissions")]
    Io {
        /// What was tried.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// All projections of the data folder are in use.
    #[error("all {MOST} projections in {path} are in use by other processes; give this one a --data-dir of its own")]
    InUse {
        /// The data folder.
        path: PathBuf,
    },
}

impl Folder {
    /// Takes the first projection of a data folder that no other process holds.
    ///
    /// # Errors
    /// [`FolderError`] when the file system refuses or all are in use.
    pub fn take(data_dir: &Path) -> Result<Self, FolderError> {
        fs::create_dir_all(data_dir).map_err(io("create", data_dir))?;
        for number in 1..=MOST {
            let name = format!("projection-{number}");
            let path = data_dir.join(format!("{name}.lock"));
            let mut options = File::options();
            let lock = options.read(true).write(true).create(true).truncate(false);
            let lock = lock.open(&path).map_err(io("open", &path))?;
            if lock.try_lock().is_ok() {
                let mut taken = Self { data_dir: data_dir.to_path_buf(), name, lock, is_beside: false };
                taken.settle()?;
                return Ok(taken);
            }
        }
        Err(FolderError::InUse { path: data_dir.to_path_buf() })
    }

    /// Where the projection is.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        if self.is_beside { self.other() } else { self.plain() }
    }

    /// Notes that the projection is being opened. True when the last one that tried never came through: opening it may
    /// have killed that process, so it must not be tried again.
    ///
    /// # Errors
    /// [`FolderError::Io`] when the note cannot be read or written.
    pub fn begin(&mut self) -> Result<bool, FolderError> {
        let path = self.path();
        let mut noted = Vec::new();
        self.lock.rewind().map_err(io("read the lock of", &path))?;
        self.lock.read_to_end(&mut noted).map_err(io("read the lock of", &path))?;
        self.note(OPENING)?;
        Ok(noted == OPENING)
    }

    /// Notes that the projection is open and sound.
    ///
    /// # Errors
    /// [`FolderError::Io`] when the note cannot be written.
    pub fn opened(&mut self) -> Result<(), FolderError> {
        self.note(b"")
    }

    /// Moves the projection aside, so that the next open starts from nothing. Returns where it went; `None` when there
    /// was none.
    ///
    /// # Errors
    /// [`FolderError::Io`] when it cannot be moved.
    pub fn set_aside(&mut self) -> Result<Option<PathBuf>, FolderError> {
        self.hold_lock()?;
        let aside = self.move_aside()?;
        // What it had replaced, or should have been replaced by, is not to be taken for it.
        self.clear_beside()?;
        self.settle()?;
        // What was noted was about what is no longer there.
        self.note(b"")?;
        Ok(aside)
    }

    /// Takes the folder anew when its lock was removed together with it: another process may have.
    fn hold_lock(&mut self) -> Result<(), FolderError> {
        let path = self.data_dir.join(format!("{}.lock", self.name));
        let held = self.lock.metadata().map_err(io("look at", &path))?;
        let is_there = fs::metadata(&path).is_ok_and(|file| (file.dev(), file.ino()) == (held.dev(), held.ino()));
        if !is_there {
            *self = Self::take(&self.data_dir)?;
        }
        Ok(())
    }

    fn move_aside(&self) -> Result<Option<PathBuf>, FolderError> {
        let path = self.path();
        if path.symlink_metadata().is_err() {
            return Ok(None);
        }
        let millis = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        let aside = (millis..)
            .map(|stamp| self.data_dir.join(format!("{}.aside-{stamp}", self.name)))
            .find(|aside| !aside.exists())
            .unwrap_or_else(|| path.with_extension("aside"));
        wait_until_closed(&path);
        self.make_room();
        fs::rename(&path, &aside).map_err(io("move aside", &path))?;
        Ok(Some(aside))
    }

    fn note(&mut self, text: &[u8]) -> Result<(), FolderError> {
        let path = self.path();
        self.lock.set_len(0).map_err(io("write the lock of", &path))?;
        self.lock.rewind().map_err(io("write the lock of", &path))?;
        self.lock.write_all(text).and_then(|()| self.lock.sync_all()).map_err(io("write the lock of", &path))
    }

    /// Removes the oldest folders aside, so that one more can be kept. Best effort: one that stays is in nobody's way.
    fn make_room(&self) {
        let prefix = format!("{}.aside-", self.name);
        let Ok(listing) = fs::read_dir(&self.data_dir) else { return };
        let mut asides: Vec<PathBuf> = listing
            .filter_map(|item| item.ok().map(|item| item.path()))
            .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&prefix)))
            .collect();
        asides.sort();
        for old in asides.iter().rev().skip(ASIDES_KEPT - 1) {
            let removed = if old.is_dir() { fs::remove_dir_all(old) } else { fs::remove_file(old) };
            if let Err(error) = removed {
                tracing::warn!(path = %old.display(), %error, "cannot remove an old projection");
            }
        }
    }
}

/// The database lets go of its files a moment after it is closed, and must not write into a folder that was moved.
fn wait_until_closed(path: &Path) {
    let Ok(database) = File::open(path.join(DATABASE)) else { return };
    let begun = Instant::now();
    while database.try_lock().is_err() && begun.elapsed() < CLOSING {
        std::thread::sleep(POLL);
    }
}

fn io(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> FolderError + use<> {
    let path = path.to_path_buf();
    move |source| FolderError::Io { what, path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_processes_take_two_folders_and_a_third_the_one_that_is_free() {
        let data = tempfile::tempdir().unwrap();
        let first = Folder::take(data.path()).unwrap();
        let second = Folder::take(data.path()).unwrap();
        assert_ne!(first.path(), second.path());
        let freed = first.path();
        drop(first);
        assert_eq!(Folder::take(data.path()).unwrap().path(), freed);
    }

    #[test]
    fn an_opening_that_never_ended_is_noticed() {
        let data = tempfile::tempdir().unwrap();
        let mut folder = Folder::take(data.path()).unwrap();
        assert!(!folder.begin().unwrap());
        drop(folder);
        let mut folder = Folder::take(data.path()).unwrap();
        assert!(folder.begin().unwrap(), "the first never said it was through");
        folder.opened().unwrap();
        assert!(!folder.begin().unwrap());
        // Of what was moved aside nothing is held against what comes in its place.
        folder.set_aside().unwrap();
        assert!(!folder.begin().unwrap());
    }

    #[test]
    fn few_folders_are_kept_aside_and_few_files_in_their_place() {
        let data = tempfile::tempdir().unwrap();
        let mut folder = Folder::take(data.path()).unwrap();
        for number in 0..6 {
            if number % 2 == 0 { fs::create_dir(folder.path()) } else { fs::write(folder.path(), "no folder") }
                .unwrap();
            assert!(folder.set_aside().unwrap().is_some_and(|aside| aside.exists()));
        }
        assert!(folder.set_aside().unwrap().is_none());
        let names = fs::read_dir(data.path()).unwrap().map(|item| item.unwrap().file_name());
        let left = names.filter(|name| name.to_string_lossy().contains(".aside-")).count();
        assert_eq!(left, ASIDES_KEPT);
    }

    #[test]
    fn a_lock_that_was_removed_with_its_folder_is_taken_anew() {
        let data = tempfile::tempdir().unwrap();
        let mut folder = Folder::take(data.path()).unwrap();
        fs::remove_dir_all(data.path()).unwrap();
        assert!(folder.set_aside().unwrap().is_none());
        let other = Folder::take(data.path()).unwrap();
        assert_ne!(folder.path(), other.path(), "two processes never share one");
    }
}
