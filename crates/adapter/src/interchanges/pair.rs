//! One sender and one receiver of a partner's interchanges: what came and is not written down yet, and what is.

use std::sync::Mutex;

use async_nats::jetstream::kv::{Operation, Store};
use bytes::Bytes;
use model::PartnerId;
use service::streams::INTERCHANGES;

use super::lock;
use super::numbering::{Came, Noticed, Numbering};
use crate::bucket::BucketError;

/// The most interchanges that wait to be written down. What is beyond looks missing.
const MOST_WAITING: usize = 4_096;
/// How often a value is read and written before others that write it too are given way to.
const MOST_TRIES: u32 = 8;

/// One sender and one receiver.
pub struct Pair {
    pub partner: PartnerId,
    pub sender: String,
    pub receiver: String,
    key: String,
    waiting: Mutex<Vec<Came>>,
    /// What this process wrote last, if it was the last to write. Whoever holds this writes what waits of all messages.
    known: tokio::sync::Mutex<Option<Known>>,
}

/// A value of the bucket.
struct Known {
    numbering: Numbering,
    /// Its place there; nothing while there is no value.
    revision: Option<u64>,
}

impl Pair {
    /// A pair whose numbers are under this key.
    pub fn new(partner: &PartnerId, key: String, sender: &str, receiver: &str) -> Self {
        let (sender, receiver) = (sender.to_owned(), receiver.to_owned());
        Self { partner: partner.clone(), sender, receiver, key, waiting: Mutex::default(), known: Default::default() }
    }

    /// An interchange came, which is to be written down.
    pub fn take_in(&self, came: Came) {
        let mut waiting = lock(&self.waiting);
        if waiting.len() < MOST_WAITING {
            waiting.push(came);
        }
    }

    /// Whether something is to be written down.
    pub fn waits(&self) -> bool {
        !lock(&self.waiting).is_empty()
    }

    /// Writes down what waits. Returns it, with what turns out by it. It may be given up at any moment, and done again.
    ///
    /// # Errors
    /// [`BucketError`] when the broker did not do its part; what waits goes on waiting.
    pub async fn write(&self, store: &Store) -> Result<Vec<(Came, Noticed)>, BucketError> {
        let mut known = self.known.lock().await;
        let waiting = lock(&self.waiting).clone();
        if waiting.is_empty() {
            return Ok(Vec::new());
        }
        for tries in 1.. {
            let Known { mut numbering, revision } = match known.take() {
                Some(known) => known,
                None => self.read(store).await?,
            };
            let noticed: Vec<Noticed> = waiting.iter().map(|came| numbering.take(came)).collect();
            let written = if noticed.iter().all(|noticed| *noticed == Noticed::Known) {
                Ok(revision)
            } else {
                self.put(store, &numbering, revision).await.map(Some)
            };
            match written {
                Ok(revision) => {
                    *known = Some(Known { numbering, revision });
                    lock(&self.waiting).drain(..waiting.len());
                    return Ok(waiting.into_iter().zip(noticed).collect());
                }
                Err(error) if tries == MOST_TRIES => return Err(error),
                // Another process was faster, or the broker's answer was lost: the next look tells.
                Err(_) => {}
            }
        }
        Ok(Vec::new())
    }

    async fn read(&self, store: &Store) -> Result<Known, BucketError> {
        let entry = store.entry(self.key.as_str()).await.map_err(|error| self.failed("read", error))?;
        let new = || Numbering::new(self.sender.clone(), self.receiver.clone());
        let Some(entry) = entry else { return Ok(Known { numbering: new(), revision: None }) };
        let numbering = match entry.operation {
            Operation::Put => serde_json::from_slice(&entry.value).unwrap_or_else(|error| {
                tracing::error!(key = self.key, %error, "what was noted of interchanges cannot be read; it begins anew");
                new()
            }),
            Operation::Delete | Operation::Purge => new(),
        };
        Ok(Known { numbering, revision: Some(entry.revision) })
    }

    async fn put(&self, store: &Store, numbering: &Numbering, revision: Option<u64>) -> Result<u64, BucketError> {
        let value = serde_json::to_vec(numbering).map(Bytes::from).map_err(|error| self.failed("write", error))?;
        match revision {
            None => store.create(&self.key, value).await.map_err(|error| self.failed("write", error)),
            Some(revision) => {
                store.update(&self.key, value, revision).await.map_err(|error| self.failed("write", error))
            }
        }
    }

    fn failed(&self, verb: &'static str, source: impl std::error::Error + Send + Sync + 'static) -> BucketError {
        BucketError::new(verb, &self.key, INTERCHANGES, Box::new(source))
    }
}
