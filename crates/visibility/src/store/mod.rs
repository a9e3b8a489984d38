//! The projection on disk: a sled tree that can be thrown away and rebuilt, and never the truth.
//!
//! Rows and checkpoints are written in one batch, which sled recovers whole or not at all. So whatever a crash takes
//! away, rows and checkpoint agree, and folding goes on from the checkpoint that was left. Everything is read once at
//! open: rows and entries that do not add up to what the checkpoint says are a doubt, and any doubt means to rebuild.

mod entries;
mod folder;
mod history;
pub mod keys;
mod place;
mod problems;
mod rows;
mod summary;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

pub use entries::{FILE as ENTRIES, Piece};
pub use folder::{Folder, FolderError};
pub use history::{Folded, Kept};
use keys::Kind;
pub use place::Place;
pub use problems::{Listed, Problems};
pub use rows::{Balance, Count, Head, Meta, Moved, Outgoing, Progress, SCHEMA, Standing, Totals, decode, encode};
pub use summary::Summary;

/// Memory sled may use for its pages.
const PAGE_CACHE: u64 = 16 * 1024 * 1024;
/// How long a batch may wait until it is synced to disk. What a crash takes is folded again.
const SYNC_EVERY_MILLIS: u64 = 2_000;

/// Why the projection cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// What is on disk cannot be trusted: move it aside and rebuild.
    #[error("the projection on disk cannot be trusted: {what}")]
    Doubt {
        /// What is wrong.
        what: String,
    },
    /// The file system refused: rebuilding would not help.
    #[error("cannot read or write the projection: {source}; check the disk's space and permissions")]
    Io {
        /// The system's answer.
        #[source]
        source: std::io::Error,
    },
}

impl StoreError {
    /// Something on disk that cannot be trusted.
    pub fn doubt(what: impl Into<String>) -> Self {
        Self::Doubt { what: what.into() }
    }

    fn io(source: std::io::Error) -> Self {
        Self::Io { source }
    }

    /// What opening a file met: a refusal, or something else in the file's place, which is a doubt.
    fn of_file(source: std::io::Error) -> Self {
        if is_refusal(source.kind()) { Self::Io { source } } else { Self::doubt(source.to_string()) }
    }
}

impl From<sled::Error> for StoreError {
    fn from(error: sled::Error) -> Self {
        match error {
            sled::Error::Io(source) => Self::Io { source },
            sled::Error::CollectionNotFound(_)
            | sled::Error::Unsupported(_)
            | sled::Error::ReportableBug(_)
            | sled::Error::Corruption { .. } => Self::doubt(error.to_string()),
        }
    }
}

/// The projection's rows. Clones read the same rows; only the owner writes.
#[derive(Debug, Clone)]
pub struct Store {
    db: sled::Db,
    entries: entries::Entries,
    place: Arc<Place>,
}

impl Store {
    /// Opens the projection in a folder, or begins one, and checks all of it.
    ///
    /// # Errors
    /// [`StoreError::Doubt`] when it is not sound, [`StoreError::Io`] when the file system refuses.
    pub fn open(path: &Path) -> Result<(Self, Meta), StoreError> {
        let path = path.to_path_buf();
        // sled panics on some kinds of damage; that is a doubt like any other.
        let opened = std::thread::spawn(move || {
            let store = Self::open_unguarded(&path)?;
            let meta = store.check()?;
            Ok((store, meta))
        });
        opened.join().unwrap_or_else(|_| Err(StoreError::doubt("opening it failed halfway")))
    }

    fn open_unguarded(path: &Path) -> Result<Self, StoreError> {
        let config = sled::Config::new().path(path).cache_capacity(PAGE_CACHE).flush_every_ms(Some(SYNC_EVERY_MILLIS));
        let begun = Instant::now();
        loop {
            match config.open() {
                Ok(db) => {
                    let entries = entries::Entries::open(path)?;
                    return Ok(Self { db, entries, place: Arc::new(Place::of(path)?) });
                }
                // One that was closed a moment ago, as before a rebuild, lets go of its files a moment later.
                Err(error) if is_locked(&error) && begun.elapsed() < folder::CLOSING => {
                    std::thread::sleep(folder::POLL);
                }
                Err(sled::Error::Io(source)) => return Err(StoreError::of_file(source)),
                Err(error) => return Err(StoreError::doubt(error.to_string())),
            }
        }
    }

    /// Reads every row once: the projection was written by this layout, and its rows add up.
    fn check(&self) -> Result<Meta, StoreError> {
        let Some(row) = self.db.get(Kind::Meta.prefix())? else {
            return match self.db.iter().next() {
                None => {
                    self.entries.cut(0)?;
                    Ok(Meta { schema: SCHEMA, ..Meta::default() })
                }
                Some(_) => Err(StoreError::doubt("it has rows and no checkpoint")),
            };
        };
        let meta: Meta = decode(&row)?;
        if meta.schema != SCHEMA {
            return Err(StoreError::doubt(format!("its rows are of layout {}, not {SCHEMA}", meta.schema)));
        }
        self.entries.cut(meta.entries_end)?;
        let found = self.add_up()?;
        if found != meta.totals {
            return Err(StoreError::doubt(format!("it holds {found:?} and should hold {:?}", meta.totals)));
        }
        Ok(meta)
    }

    /// How far the rows reach; nothing yet in one that was begun and not written.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    pub(crate) fn meta(&self) -> Result<Meta, StoreError> {
        let row = self.db.get(Kind::Meta.prefix())?;
        row.map_or_else(|| Ok(Meta { schema: SCHEMA, ..Meta::default() }), |row| decode(&row))
    }

    fn add_up(&self) -> Result<Totals, StoreError> {
        let mut totals = Totals::default();
        let mut kept = 0;
        for item in &*self.db {
            let (key, row) = item?;
            match Kind::of(&key) {
                Some(Kind::Order) => {
                    totals.orders += 1;
                    let head: Head = decode(&row)?;
                    totals.entries += head.progress.entries;
                    kept += self.history(&head)?.len() as u64;
                    totals.count(head.summary.standing());
                }
                Some(Kind::Movement) => totals.movements += 1,
                Some(Kind::Balance) => totals.changes += decode::<Balance>(&row)?.changes,
                Some(
                    Kind::Meta
                    | Kind::Stage
                    | Kind::Customer
                    | Kind::Exceptional
                    | Kind::Outbox
                    | Kind::Told
                    | Kind::Unreadable,
                ) => {}
                None => return Err(StoreError::doubt("it holds a row of no known kind")),
            }
        }
        if kept != totals.entries {
            return Err(StoreError::doubt(format!("it keeps {kept} entries and has folded {}", totals.entries)));
        }
        Ok(totals)
    }

    /// Where its files are.
    #[must_use]
    pub fn place(&self) -> Arc<Place> {
        Arc::clone(&self.place)
    }

    /// The row at a key.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    pub fn get(&self, key: &[u8]) -> Result<Option<sled::IVec>, StoreError> {
        Ok(self.db.get(key)?)
    }

    /// The rows from a key on whose keys begin with `prefix`, in key order.
    pub fn scan(
        &self,
        from: &[u8],
        prefix: &[u8],
    ) -> impl Iterator<Item = Result<(sled::IVec, sled::IVec), StoreError>> {
        let prefix = prefix.to_vec();
        let rows = self.db.range(from.to_vec()..).map(|item| item.map_err(StoreError::from));
        rows.take_while(move |item| item.as_ref().map_or(true, |(key, _)| key.starts_with(&prefix)))
    }

    /// Writes a batch, whole or not at all. For the owner alone.
    pub(crate) fn apply(&self, batch: sled::Batch) -> Result<(), StoreError> {
        Ok(self.db.apply_batch(batch)?)
    }

    /// Syncs what was written to disk.
    ///
    /// # Errors
    /// [`StoreError::Io`] when the disk does not take it.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.entries.sync()?;
        self.db.flush()?;
        Ok(())
    }
}

/// sled has no kind for a folder in use.
fn is_locked(error: &sled::Error) -> bool {
    error.to_string().contains("could not acquire lock")
}

fn is_refusal(kind: std::io::ErrorKind) -> bool {
    use std::io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull, WouldBlock};
    [PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull, WouldBlock].contains(&kind)
}
