//! Bucket `KEYS`: a key for each customer, and the record of those that were destroyed.
//!
//! | key | value |
//! |---|---|
//! | `customer.<customer>`, `order.<order>`, `return.<return>` | the present key: its generation and 32 random bytes |
//! | `forgotten.<one of these>` | a [`Tombstone`]: up to which generation no key counts, with who, when and why |
//!
//! A key is written once and never replaced, so that erasing its message leaves no copy of it on the broker's disk.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_nats::jetstream::kv::{CreateErrorKind, Entry, Operation, Store};
use async_nats::jetstream::{self, stream::Stream};
use data_encoding::BASE64;
use futures::StreamExt;
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use service::{Shutdown, streams};

use crate::erasure::{Erasure, Tombstone};
use crate::key::{KEY_BYTES, Key};
use crate::owner::{FORGOTTEN, Owner};
use crate::ring::Ring;

/// How many keys are cached: those of the customers of some days.
const CACHED: usize = 50_000;
/// How long a cached key counts when nobody says that it was destroyed: as when the watch was cut off just then.
const FRESH_FOR: Duration = Duration::from_secs(60);
/// How often a key is made or destroyed while others do the same, and how long after another try.
const MOST_TRIES: u32 = 8;
const PAUSE: Duration = Duration::from_millis(20);
/// How long after the watch was cut off it is taken up again.
const WATCH_AGAIN: Duration = Duration::from_secs(2);

/// Why the broker did not let keys be read, made or destroyed. Trying again may help.
#[derive(Debug, thiserror::Error)]
#[error("cannot {verb} {key} of bucket {bucket}: {source}", bucket = streams::KEYS)]
pub struct KeysError {
    verb: &'static str,
    key: String,
    source: async_nats::Error,
}

impl KeysError {
    fn new(verb: &'static str, key: &str, source: impl Into<async_nats::Error>) -> Self {
        Self { verb, key: key.to_owned(), source: source.into() }
    }
}

/// A key as it is written down.
#[derive(Serialize, Deserialize)]
struct Written {
    generation: u32,
    key: String,
}

/// The keys.
pub struct Keys {
    store: Store,
    stream: Stream<()>,
    cache: Cache<Box<str>, (Arc<Key>, Instant)>,
    /// How often something was said to be forgotten: what was read before that is not cached after it.
    forgotten: AtomicU64,
}

/// What the bucket says of an owner.
struct Found {
    /// The present key and its revision.
    key: Option<(Arc<Key>, u64)>,
    /// No key up to this one counts.
    forgotten: u32,
}

impl Keys {
    /// Opens the bucket.
    ///
    /// # Errors
    /// [`KeysError`] when it is not there.
    pub async fn open(js: &jetstream::Context) -> Result<Self, KeysError> {
        let failed = |source: async_nats::Error| KeysError::new("open any", "*", source);
        let store = js.get_key_value(streams::KEYS).await.map_err(|source| failed(source.into()))?;
        let stream = js.get_stream_no_info(format!("KV_{}", streams::KEYS)).await;
        let stream = stream.map_err(|source| failed(source.into()))?;
        Ok(Self { store, stream, cache: Cache::new(CACHED), forgotten: AtomicU64::new(0) })
    }

    /// The present key of an owner, if there is one.
    ///
    /// # Errors
    /// [`KeysError`] when the broker does not answer.
    pub async fn find(&self, owner: &Owner) -> Result<Option<Arc<Key>>, KeysError> {
        if let Some(key) = self.cached(owner) {
            return Ok(Some(key));
        }
        let forgotten = self.forgotten.load(Ordering::Acquire);
        let found = self.look(owner).await?;
        let present = found.key.map(|(key, _)| key).filter(|key| key.generation() > found.forgotten);
        if let Some(key) = &present {
            self.remember(owner, key, forgotten);
        }
        Ok(present)
    }

    /// The present key of an owner, made where there is none. Of two who make one at once both get the first.
    ///
    /// # Errors
    /// [`KeysError`] when the broker does not do its part.
    pub async fn find_or_make(&self, owner: &Owner) -> Result<Arc<Key>, KeysError> {
        if let Some(key) = self.cached(owner) {
            return Ok(key);
        }
        for tries in 0..MOST_TRIES {
            let forgotten = self.forgotten.load(Ordering::Acquire);
            let found = self.look(owner).await?;
            match found.key {
                Some((key, _)) if key.generation() > found.forgotten => {
                    self.remember(owner, &key, forgotten);
                    return Ok(key);
                }
                // It is being destroyed, or was made by who did not know that it was.
                Some((_, revision)) => self.erase(owner, revision).await?,
                None => self.make(owner, found.forgotten.saturating_add(1)).await?,
            }
            tokio::time::sleep(PAUSE * tries).await;
        }
        Err(KeysError::new("make", owner.as_str(), "others make and destroy it all the time"))
    }

    /// The keys that these owners have.
    ///
    /// # Errors
    /// [`KeysError`] when the broker does not answer.
    pub async fn ring(&self, owners: BTreeSet<Owner>) -> Result<Ring, KeysError> {
        let mut ring = Ring::default();
        for owner in owners {
            if let Some(key) = self.find(&owner).await? {
                ring.add(owner.as_str(), key);
            }
        }
        Ok(ring)
    }

    /// That an owner was forgotten, if it was.
    ///
    /// # Errors
    /// [`KeysError`] when the broker does not answer.
    pub async fn tombstone(&self, owner: &Owner) -> Result<Option<Tombstone>, KeysError> {
        let name = owner.forgotten();
        let entry = self.entry(&name).await?;
        entry.map(|entry| read(&name, &entry.value)).transpose()
    }

    /// Destroys the key that an owner has, and every one before it, and records that. What the record says holds from the
    /// moment it is written, whatever becomes of the process that is about to erase the key.
    ///
    /// # Errors
    /// [`KeysError`] when the broker does not do its part. Doing it again is safe.
    pub async fn destroy(&self, owner: &Owner, erasure: &Erasure) -> Result<(), KeysError> {
        let name = owner.forgotten();
        for tries in 0..MOST_TRIES {
            let found = self.look(owner).await?;
            let entry = self.entry(&name).await?;
            let (mut tombstone, revision) = match entry {
                Some(entry) => (read::<Tombstone>(&name, &entry.value)?, entry.revision),
                None => (Tombstone { generation: 0, erasures: Vec::new() }, 0),
            };
            let generation = found.key.as_ref().map_or(0, |(key, _)| key.generation()).max(tombstone.generation);
            tombstone.generation = generation;
            tombstone.erasures.push(Erasure { generation, ..erasure.clone() });
            let value = written(&name, &tombstone)?;
            // Who else wrote meanwhile is read, and this put beside it.
            if self.store.update(&name, value, revision).await.is_ok() {
                self.forget(owner.as_str());
                return match found.key {
                    Some((_, revision)) => self.erase(owner, revision).await,
                    None => Ok(()),
                };
            }
            tokio::time::sleep(PAUSE * tries).await;
        }
        Err(KeysError::new("destroy", owner.as_str(), "the broker takes no record of it"))
    }

    /// Drops from the cache whatever is said to be forgotten, until shutdown.
    pub async fn follow(&self, shutdown: &Shutdown) {
        loop {
            let why = tokio::select! {
                () = shutdown.triggered() => return,
                Err(why) = self.watch() => why,
            };
            tracing::warn!(%why, "looking at bucket KEYS anew");
            tokio::select! {
                () = shutdown.triggered() => return,
                () = tokio::time::sleep(WATCH_AGAIN) => {}
            }
        }
    }

    async fn watch(&self) -> Result<(), KeysError> {
        let all = format!("{FORGOTTEN}>");
        let failed = |source: async_nats::Error| KeysError::new("watch", &all, source);
        let mut watch = self.store.watch(&all).await.map_err(|source| failed(source.into()))?;
        // What was forgotten while nobody watched.
        self.cache.clear();
        self.forgotten.fetch_add(1, Ordering::AcqRel);
        while let Some(entry) = watch.next().await {
            let entry = entry.map_err(|source| failed(source.into()))?;
            if let Some(owner) = entry.key.strip_prefix(FORGOTTEN) {
                self.forget(owner);
            }
        }
        Err(failed("the broker ended it".into()))
    }

    fn forget(&self, owner: &str) {
        self.forgotten.fetch_add(1, Ordering::AcqRel);
        self.cache.remove(owner);
    }

    fn cached(&self, owner: &Owner) -> Option<Arc<Key>> {
        let (key, until) = self.cache.get(owner.as_str())?;
        (Instant::now() < until).then_some(key)
    }

    /// Caches a key, unless something was forgotten since `forgotten`: it may be this one.
    fn remember(&self, owner: &Owner, key: &Arc<Key>, forgotten: u64) {
        self.cache.insert(owner.as_str().into(), (Arc::clone(key), Instant::now() + FRESH_FOR));
        if self.forgotten.load(Ordering::Acquire) != forgotten {
            self.cache.remove(owner.as_str());
        }
    }

    async fn look(&self, owner: &Owner) -> Result<Found, KeysError> {
        let (key, tombstone) = tokio::try_join!(self.entry(owner.as_str()), self.tombstone(owner))?;
        let key = key.map(|entry| key_of(owner, &entry).map(|key| (Arc::new(key), entry.revision))).transpose()?;
        Ok(Found { key, forgotten: tombstone.map_or(0, |tombstone| tombstone.generation) })
    }

    async fn entry(&self, name: &str) -> Result<Option<Entry>, KeysError> {
        let entry = self.store.entry(name).await.map_err(|source| KeysError::new("read", name, source))?;
        Ok(entry.filter(|entry| entry.operation == Operation::Put))
    }

    /// Makes a key where there is none. That there is one already is as good.
    async fn make(&self, owner: &Owner, generation: u32) -> Result<(), KeysError> {
        let failed = |source: async_nats::Error| KeysError::new("make", owner.as_str(), source);
        let mut bytes = [0; KEY_BYTES];
        getrandom::fill(&mut bytes).map_err(|source| failed(source.into()))?;
        let key = Key::new(owner.clone(), generation, bytes);
        let value = written(owner.as_str(), &Written { generation, key: BASE64.encode(key.bytes()) })?;
        match self.store.create(owner.as_str(), value).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == CreateErrorKind::AlreadyExists => Ok(()),
            Err(source) => Err(failed(source.into())),
        }
    }

    /// Has the broker overwrite the message of a key on its disk. One that is gone already is as good.
    async fn erase(&self, owner: &Owner, revision: u64) -> Result<(), KeysError> {
        let erased = self.stream.delete_message(revision).await;
        match (erased, self.entry(owner.as_str()).await?) {
            (Err(source), Some(left)) if left.revision == revision => {
                Err(KeysError::new("destroy", owner.as_str(), source))
            }
            (Ok(_) | Err(_), _) => Ok(()),
        }
    }
}

fn key_of(owner: &Owner, entry: &Entry) -> Result<Key, KeysError> {
    let name = owner.as_str();
    let Written { generation, key } = read(name, &entry.value)?;
    let bytes = BASE64.decode(key.as_bytes()).map_err(|source| KeysError::new("read", name, source))?;
    let bytes = <[u8; KEY_BYTES]>::try_from(bytes.as_slice());
    let bytes = bytes.map_err(|_| KeysError::new("read", name, format!("a key has {KEY_BYTES} bytes")))?;
    Ok(Key::new(owner.clone(), generation, bytes))
}

fn read<T: for<'de> Deserialize<'de>>(name: &str, value: &[u8]) -> Result<T, KeysError> {
    serde_json::from_slice(value).map_err(|source| KeysError::new("read", name, source))
}

fn written(name: &str, value: &impl Serialize) -> Result<bytes::Bytes, KeysError> {
    serde_json::to_vec(value).map(Into::into).map_err(|source| KeysError::new("write", name, source))
}
