//! Archives read back from the object store.

use std::io;
use std::time::Duration;

use async_nats::jetstream;
use async_nats::jetstream::object_store::{GetErrorKind, ObjectInfo, ObjectStore};
use engine::{Key, Recorded};
use futures::{StreamExt, TryStreamExt};
use model::{Decision, Fact, Lane, Timestamp};
use tokio::io::AsyncReadExt;

use super::keep::DIGEST;
use super::{ArchiveError, ArchivedEntry, Verified, open, verify};

/// The most bytes of a stored archive that are read: packed, no trail comes near it.
const MOST_STORED: u64 = 256 * 1024 * 1024;
/// How long reading one may take.
const READ_WITHIN: Duration = Duration::from_secs(60);

/// Reads archives. Cheap to clone.
#[derive(Clone)]
pub struct Reader {
    objects: ObjectStore,
}

/// An archive as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its bytes, packed.
    pub bytes: Vec<u8>,
    /// The last link of its chain, as stated beside it.
    pub digest: Option<String>,
}

/// What is said of an archive without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The object's name: an order's token; of another workflow the workflow's name before it, with a point.
    pub name: String,
    /// When it was stored.
    pub stored: Option<Timestamp>,
    /// Its size, packed, in bytes.
    pub bytes: u64,
    /// The last link of its chain, as stated beside it.
    pub digest: Option<String>,
}

/// Why the archive cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The broker does not answer, or the object store is not there.
    #[error("cannot read {what} of object store {}: {source}", service::streams::ARCHIVE)]
    Unanswered {
        /// What was asked for.
        what: String,
        /// Why.
        source: async_nats::Error,
    },
    /// What is stored is not what was put there.
    #[error("{object} in object store {} is damaged: {source}", service::streams::ARCHIVE)]
    Damaged {
        /// The object.
        object: String,
        /// What is wrong with it.
        source: io::Error,
    },
}

impl ReadError {
    fn unanswered(what: &str, source: impl Into<async_nats::Error>) -> Self {
        Self::Unanswered { what: what.to_owned(), source: source.into() }
    }

    fn of_object(object: &str, source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::InvalidData {
            return Self::Damaged { object: object.to_owned(), source };
        }
        Self::unanswered(object, source)
    }
}

impl Reader {
    /// A reader of the object store ARCHIVE.
    ///
    /// # Errors
    /// [`ReadError`] when the object store is not there.
    pub async fn open(js: &jetstream::Context) -> Result<Self, ReadError> {
        let objects = js.get_object_store(service::streams::ARCHIVE).await;
        Ok(Self { objects: objects.map_err(|error| ReadError::unanswered("the objects", error))? })
    }

    /// The archive of an order; nothing when there is none.
    ///
    /// # Errors
    /// [`ReadError`] when it cannot be read, or is not the object that was stored.
    pub async fn get(&self, order: &Key) -> Result<Option<Stored>, ReadError> {
        self.get_named(order.token()).await
    }

    /// The archive under this name; nothing when there is none.
    pub(crate) async fn get_named(&self, name: &str) -> Result<Option<Stored>, ReadError> {
        let object = match self.objects.get(name).await {
            Ok(object) => object,
            Err(error) if error.kind() == GetErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(ReadError::unanswered(name, error)),
        };
        let digest = object.info.metadata.get(DIGEST).cloned();
        let mut bytes = Vec::new();
        let mut object = object.take(MOST_STORED);
        // Of an object whose pieces are gone nothing more comes.
        let read = tokio::time::timeout(READ_WITHIN, object.read_to_end(&mut bytes)).await;
        read.map_err(|slow| ReadError::unanswered(name, slow))?.map_err(|error| ReadError::of_object(name, error))?;
        Ok(Some(Stored { bytes, digest }))
    }

    /// The archives there are, at most so many, in the order in which they were stored; and whether there are more.
    ///
    /// # Errors
    /// [`ReadError`] when the broker does not answer.
    pub async fn list(&self, most: usize) -> Result<(Vec<Listed>, bool), ReadError> {
        let failed = |error: async_nats::Error| ReadError::unanswered("the list", error);
        let list = self.objects.list().await.map_err(|error| failed(error.into()))?;
        let mut found: Vec<Listed> = (list.map_ok(Listed::of).take(most.saturating_add(1)))
            .try_collect()
            .await
            .map_err(|error| failed(error.into()))?;
        let are_more = found.len() > most;
        found.truncate(most);
        Ok((found, are_more))
    }
}

impl Listed {
    fn of(info: ObjectInfo) -> Self {
        Self {
            stored: info.modified.map(|time| Timestamp::from_nanos(time.unix_timestamp_nanos())),
            bytes: info.size as u64,
            digest: info.metadata.get(DIGEST).cloned(),
            name: info.name,
        }
    }
}

impl Stored {
    /// The archive, held against its own chain and against the last link stated beside it.
    ///
    /// # Errors
    /// [`ArchiveError`] when it is not as it was written.
    pub fn verify(&self) -> Result<Verified, ArchiveError> {
        let verified = verify(&open(&self.bytes)?)?;
        match &self.digest {
            Some(stated) if *stated != verified.digest => {
                Err(ArchiveError::Cut { digest: verified.digest, stated: stated.clone() })
            }
            Some(_) | None => Ok(verified),
        }
    }
}

impl ArchivedEntry {
    /// The entry as the stream held it; nothing when no lane has its lane's name.
    #[must_use]
    pub fn record(self) -> Option<Recorded<Fact, Decision>> {
        let Self { sequence, recorded, lane, entry, .. } = self;
        let lane = Lane::from_token(&lane)?.as_str();
        Some(Recorded { sequence, recorded, lane, entry })
    }
}
