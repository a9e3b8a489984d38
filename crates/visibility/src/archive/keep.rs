//! Puts a closed order's trail into the object store.

use std::collections::HashMap;

use async_nats::jetstream::{self, object_store};
use engine::Recorded;
use model::{Archived, Decision, Fact};

use super::{ArchiveError, Trail, chain, pack};

/// The largest piece an object is stored in, in bytes.
const MOST_CHUNK: usize = 128 * 1024;
/// Where an object says the last link of its chain.
pub(super) const DIGEST: &str = "waybill-digest";

/// Archives trails. Cheap to clone.
#[derive(Clone)]
pub struct Keeper {
    objects: object_store::ObjectStore,
}

/// Why a trail is not in the archive.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeepError {
    /// The trail cannot be written as JSON.
    #[error(transparent)]
    Chain(#[from] ArchiveError),
    /// The object store did not take it: try again.
    #[error(
        "cannot put {object} into the archive: {source}; is object store {} there and has room?",
        service::streams::ARCHIVE
    )]
    Put {
        /// The object.
        object: String,
        /// The client's words.
        source: object_store::PutError,
    },
}

impl Keeper {
    /// A keeper of the object store ARCHIVE.
    ///
    /// # Errors
    /// When the object store is not there.
    pub async fn open(js: &jetstream::Context) -> Result<Self, async_nats::Error> {
        let objects = js.get_object_store(service::streams::ARCHIVE).await?;
        Ok(Self { objects })
    }

    /// Archives a trail under this name, which is to end with the entry that ended it. Doing it again gives the same object: what
    /// comes after the end is in the stream and not in the archive.
    ///
    /// # Errors
    /// [`KeepError`] when the trail cannot be stored.
    pub async fn keep(
        &self,
        name: &str,
        trail: &[Recorded<Fact, Decision>],
        again: bool,
    ) -> Result<Archived, KeepError> {
        let Trail { bytes, digest, entries } = chain(trail)?;
        // Only a repeat can find the object there; looking every time would cost each order a round trip.
        if !(again && self.holds(name, &digest).await) {
            let packed = pack(&bytes)?;
            let object = object_store::ObjectMetadata {
                name: name.to_owned(),
                chunk_size: Some(packed.len().clamp(1, MOST_CHUNK)),
                metadata: HashMap::from([
                    (DIGEST.to_owned(), digest.clone()),
                    ("content-encoding".to_owned(), "gzip".to_owned()),
                ]),
                ..object_store::ObjectMetadata::default()
            };
            let put = self.objects.put(object, &mut packed.as_slice()).await;
            put.map_err(|source| KeepError::Put { object: name.to_owned(), source })?;
        }
        Ok(Archived { digest, entries })
    }

    async fn holds(&self, name: &str, digest: &str) -> bool {
        let Ok(info) = self.objects.info(name).await else { return false };
        !info.deleted && info.metadata.get(DIGEST).is_some_and(|stated| stated == digest)
    }
}
