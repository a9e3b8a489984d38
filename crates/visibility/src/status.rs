//! The bucket STATUS: the composite status of every order, for watchers.
//!
//! The owner posts what changed and never waits. A status that is overtaken before it was put is put once. When there is
//! too much to keep, or the projection is far behind, nothing is kept and the orders changed since are looked up later:
//! so nothing is forgotten and memory stays bounded.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_nats::jetstream::{self, kv};
use bytes::Bytes;
use engine::Key;
use fulfilment::composite;
use futures::StreamExt;
use service::Shutdown;
use tokio::sync::Notify;

use crate::projection::{StatusChange, Switch, status_change};
use crate::store::keys::{self, Kind};
use crate::store::{Folded, Head, Store, StoreError, decode};
use crate::view::{View, ViewError};

/// The most changed statuses kept in memory.
const MOST: usize = 8_192;
/// Puts under way at once.
const IN_FLIGHT: usize = 256;
/// Orders looked up at once.
const PAGE: usize = 512;
/// The largest status the bucket takes.
const LARGEST: usize = 1024 * 1024;
/// How long to wait before a put that failed is tried again, and before looking again while far behind.
const PAUSE: Duration = Duration::from_millis(250);

/// What is to be put.
#[derive(Debug, Default)]
pub struct Board {
    pending: Mutex<Pending>,
    wake: Notify,
}

#[derive(Debug, Default)]
struct Pending {
    changed: HashMap<String, Bytes>,
    /// Orders changed after this entry are to be looked up.
    sweep_from: Option<u64>,
    /// What is pending reaches up to this entry.
    to: u64,
    /// The bucket holds everything up to this entry.
    put_to: u64,
}

impl Board {
    /// Begins with a projection that reaches to `to`, of which the bucket holds everything up to `put_to`.
    pub fn reset(&self, put_to: u64, to: u64) {
        let sweep_from = (put_to < to).then_some(put_to);
        self.with(|pending| *pending = Pending { changed: HashMap::new(), sweep_from, to, put_to });
        self.wake.notify_one();
    }

    /// Adds what a burst up to the entry `to` changed.
    pub fn post(&self, statuses: Vec<StatusChange>, live: bool, to: u64) {
        self.with(|pending| {
            pending.to = to;
            if live {
                pending.changed.extend(statuses.into_iter().map(|status| (status.order, status.json)));
            }
            if !live || pending.changed.len() > MOST {
                pending.changed.clear();
                pending.sweep_from.get_or_insert(pending.put_to);
            }
        });
        self.wake.notify_one();
    }

    /// The bucket holds the status of every order up to this entry.
    #[must_use]
    pub fn put_to(&self) -> u64 {
        self.with(|pending| pending.put_to)
    }

    fn take(&self) -> Pending {
        self.with(|pending| {
            let (to, put_to) = (pending.to, pending.put_to);
            let changed = std::mem::take(&mut pending.changed);
            Pending { changed, sweep_from: pending.sweep_from.take(), to, put_to }
        })
    }

    /// Everything up to `to` is put, unless the projection was begun anew meanwhile.
    fn done(&self, taken: &Pending) {
        self.with(|pending| {
            if pending.put_to == taken.put_to {
                pending.put_to = taken.to;
            }
        });
    }

    fn with<T>(&self, act: impl FnOnce(&mut Pending) -> T) -> T {
        act(&mut self.pending.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Puts statuses into the bucket for as long as the service runs.
pub struct Writer {
    /// Where it learns of them.
    pub board: std::sync::Arc<Board>,
    /// Where it looks up those that were put off.
    pub view: View,
    /// Whether the projection is close to the end of its stream.
    pub live: Switch,
    /// The bucket.
    pub bucket: kv::Store,
}

impl Writer {
    /// The bucket STATUS.
    ///
    /// # Errors
    /// When the bucket is not there.
    pub async fn bucket(js: &jetstream::Context) -> Result<kv::Store, async_nats::Error> {
        Ok(js.get_key_value(service::streams::STATUS).await?)
    }

    /// Puts what is posted until told to end.
    pub async fn run(self, shutdown: Shutdown) -> anyhow::Result<()> {
        let work = async {
            loop {
                self.board.wake.notified().await;
                while !self.live.is_live() {
                    tokio::time::sleep(PAUSE).await;
                }
                self.put_pending().await;
            }
        };
        tokio::select! {
            () = shutdown.triggered() => {}
            () = work => {}
        }
        Ok(())
    }

    async fn put_pending(&self) {
        let mut taken = self.board.take();
        if let Some(from) = taken.sweep_from
            && let Err(error) = self.sweep(from).await
        {
            tracing::warn!(%error, "cannot look up the statuses that were put off; trying again");
            self.board.with(|pending| pending.sweep_from = Some(pending.sweep_from.map_or(from, |f| f.min(from))));
            tokio::time::sleep(PAUSE).await;
            self.board.wake.notify_one();
            return;
        }
        let changed = std::mem::take(&mut taken.changed);
        self.put_all(changed.into_iter().collect()).await;
        self.board.done(&taken);
    }

    /// Puts the status of every order changed after an entry. From the beginning it is that of a projection that was
    /// rebuilt: nearly all of it is in the bucket, and only what differs is put.
    async fn sweep(&self, after: u64) -> Result<(), ViewError> {
        let mut from = Kind::Order.prefix().to_vec();
        loop {
            let page = self.view.read(move |store| changed_after(store, &from, after)).await?;
            let mut statuses = page.statuses.into_iter().map(|status| (status.order, status.json)).collect();
            if after == 0 {
                statuses = self.differing(statuses).await;
            }
            self.put_all(statuses).await;
            match page.next {
                Some(next) => from = next,
                None => return Ok(()),
            }
        }
    }

    /// Those of which the bucket holds something else, or nothing.
    async fn differing(&self, statuses: Vec<(String, Bytes)>) -> Vec<(String, Bytes)> {
        let looked = futures::stream::iter(statuses).map(|(order, json)| async move {
            let held = self.bucket.get(&order).await;
            // What cannot be looked at is put.
            let is_there = held.is_ok_and(|held| held.is_some_and(|held| says_the_same(&held, &json)));
            (!is_there).then_some((order, json))
        });
        looked.buffer_unordered(IN_FLIGHT).filter_map(std::future::ready).collect().await
    }

    async fn put_all(&self, statuses: Vec<(String, Bytes)>) {
        let puts = futures::stream::iter(statuses).map(|(order, json)| self.put(order, json));
        puts.buffer_unordered(IN_FLIGHT).for_each(|()| std::future::ready(())).await;
    }

    async fn put(&self, order: String, json: Bytes) {
        if json.len() > LARGEST {
            tracing::error!(order, bytes = json.len(), "the status is too large for the bucket and is left out");
            return;
        }
        while let Err(error) = self.bucket.put(&order, json.clone()).await {
            tracing::warn!(order, %error, "cannot put the status; trying again");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Whether two statuses are the same but for the last entry folded: an entry that changes nothing has none put.
fn says_the_same(one: &[u8], other: &[u8]) -> bool {
    let status = |json| {
        let mut status: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(json).ok()?;
        ["sequence", "updated"].iter().for_each(|name| drop(status.remove(*name)));
        Some(status)
    };
    status(one).is_some_and(|one| Some(one) == status(other))
}

struct Page {
    statuses: Vec<StatusChange>,
    next: Option<Vec<u8>>,
}

/// The statuses of some orders changed after an entry, and where to go on.
fn changed_after(store: &Store, from: &[u8], after: u64) -> Result<Page, StoreError> {
    let mut statuses = Vec::new();
    for item in store.scan(from, &Kind::Order.prefix()) {
        let (key, row) = item?;
        if statuses.len() == PAGE {
            return Ok(Page { statuses, next: Some(key.to_vec()) });
        }
        if decode::<Head>(&row)?.progress.sequence() <= after {
            continue;
        }
        let order = keys::tokens(&key).first().copied().unwrap_or_default();
        let Some(Folded { head, state }) = store.folded(&Key::of_token(order))? else { continue };
        statuses.push(status_change(&head.summary, order, &composite(&state))?);
    }
    Ok(Page { statuses, next: None })
}
