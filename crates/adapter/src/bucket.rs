//! A key-value bucket with a bounded cache in front.

use std::borrow::Borrow;
use std::hash::Hash;
use std::time::{Duration, Instant};

use async_nats::jetstream::{
    self,
    kv::{CreateErrorKind, Operation, Store},
};
use bytes::Bytes;
use quick_cache::sync::Cache;

/// Why the broker did not let a bucket be read or written. Trying again may help.
#[derive(Debug, thiserror::Error)]
#[error("cannot {verb} key {key} of bucket {bucket}: {source}")]
pub struct BucketError {
    verb: &'static str,
    key: String,
    bucket: &'static str,
    source: Box<dyn std::error::Error + Send + Sync>,
}

/// A bucket of values `V`. Only what is there is cached, never that something is missing.
pub struct Bucket<V> {
    name: &'static str,
    store: Store,
    cache: Cache<Box<str>, Cached<V>>,
    fresh_for: Duration,
}

#[derive(Clone)]
struct Cached<V> {
    value: V,
    until: Instant,
}

impl BucketError {
    /// What could not be done with a bucket.
    pub(crate) fn new(
        verb: &'static str,
        key: &str,
        bucket: &'static str,
        source: Box<dyn std::error::Error + Send + Sync>,
    ) -> Self {
        Self { verb, key: key.to_owned(), bucket, source }
    }
}

impl<V: Clone> Bucket<V> {
    /// The bucket of this name, caching `capacity` values for `fresh_for` each.
    ///
    /// # Errors
    /// [`BucketError`] when there is no such bucket or the broker does not answer.
    pub async fn open(
        js: &jetstream::Context,
        name: &'static str,
        capacity: usize,
        fresh_for: Duration,
    ) -> Result<Self, BucketError> {
        let opened = js.get_key_value(name).await;
        let store = opened.map_err(|source| BucketError::new("open any", "*", name, Box::new(source)))?;
        Ok(Self { name, store, cache: Cache::new(capacity), fresh_for })
    }

    /// What the cache holds, if it is still fresh.
    pub fn cached<Q>(&self, key: &Q) -> Option<V>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let cached = self.cache.get(key)?;
        (Instant::now() < cached.until).then_some(cached.value)
    }

    /// Caches a value. What this process is about to write may be remembered before the broker has it: a reader in the
    /// same process then need not wait, and the writer's message is acknowledged only once the broker has it.
    pub fn remember(&self, key: &str, value: V) {
        self.cache.insert(key.into(), Cached { value, until: Instant::now() + self.fresh_for });
    }

    /// Reads past the cache.
    ///
    /// # Errors
    /// [`BucketError`] when the broker does not answer.
    pub async fn read(&self, key: &str) -> Result<Option<Bytes>, BucketError> {
        self.store.get(key).await.map_err(|source| self.failed("read", key, Box::new(source)))
    }

    /// Writes, and waits until the broker has it. The last writer wins.
    ///
    /// # Errors
    /// [`BucketError`] when the broker does not take it.
    pub async fn write(&self, key: &str, value: Bytes) -> Result<(), BucketError> {
        self.store.put(key, value).await.map(drop).map_err(|source| self.failed("write", key, Box::new(source)))
    }

    /// Reads past the cache, with the revision that [`Bucket::write_over`] takes.
    ///
    /// # Errors
    /// [`BucketError`] when the broker does not answer.
    pub async fn entry(&self, key: &str) -> Result<Option<(Bytes, u64)>, BucketError> {
        let entry = self.store.entry(key).await.map_err(|source| self.failed("read", key, Box::new(source)))?;
        let present = entry.filter(|entry| entry.operation == Operation::Put);
        Ok(present.map(|entry| (entry.value, entry.revision)))
    }

    /// Writes where there is nothing yet; false when something is there already, which stays.
    ///
    /// # Errors
    /// [`BucketError`] when the broker does not take it.
    pub async fn create(&self, key: &str, value: Bytes) -> Result<bool, BucketError> {
        match self.store.create(key, value).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == CreateErrorKind::AlreadyExists => Ok(false),
            Err(source) => Err(self.failed("write", key, Box::new(source))),
        }
    }

    /// Writes over this revision, or where there is nothing yet.
    ///
    /// # Errors
    /// [`BucketError`] when something else is there, or the broker does not take it.
    pub async fn write_over(&self, key: &str, revision: Option<u64>, value: Bytes) -> Result<(), BucketError> {
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| self.failed("write", key, source);
        match revision {
            None => self.store.create(key, value).await.map(drop).map_err(|source| failed(Box::new(source))),
            Some(revision) => {
                self.store.update(key, value, revision).await.map(drop).map_err(|source| failed(Box::new(source)))
            }
        }
    }

    fn failed(&self, verb: &'static str, key: &str, source: Box<dyn std::error::Error + Send + Sync>) -> BucketError {
        BucketError::new(verb, key, self.name, source)
    }
}
