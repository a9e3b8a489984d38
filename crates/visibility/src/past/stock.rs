//! The balances of stock at a time in the past, folded from the streams into a projection that is thrown away.

use std::path::Path;

use async_nats::jetstream;
use engine::{Journal, Tail, TailError, Tailed};
use fulfilment::{Fulfilment, LAYOUT};
use model::Timestamp;
use service::streams;
use tokio::sync::{mpsc, watch};

use super::Past;
use crate::follow::MOST;
use crate::look;
use crate::projection::{Applied, Burst, Links, OrderEntry, Owner, Projection, StockItem};
use crate::queries::{StockList, StockPage};
use crate::store::{Folder, FolderError, Store, StoreError, encode};

/// Folded orders that stay in memory; others are read back from the disk when something more is told of them.
const CACHE: usize = 4_096;

/// The balances at a time in the past.
#[derive(Debug)]
pub struct PastStock {
    store: Store,
    /// Messages of ORDERS and STOCK that counted.
    pub entries: u64,
    /// When the oldest message was recorded that ORDERS or STOCK still holds, where older ones are gone: what they did to the
    /// stock is missing.
    pub incomplete_before: Option<Timestamp>,
}

/// Why the balances cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum StockError {
    /// The broker does not answer as expected.
    #[error("cannot read stream {stream}: {source}")]
    Broker {
        /// The stream.
        stream: &'static str,
        /// Why.
        source: async_nats::Error,
    },
    /// A stream cannot be followed.
    #[error(transparent)]
    Tail(#[from] TailError),
    /// The folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The projection cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Folds what counts of both streams into a fresh projection in `folder`. Needs room there for as much of them, and memory
/// for a few thousand orders. `read` hears how many messages were read, of how many there are at most. Writes nothing elsewhere.
///
/// # Errors
/// [`StockError`] when the broker does not answer, or the disk refuses.
pub async fn stock(
    js: &jetstream::Context,
    folder: &Path,
    past: Past,
    mut read: impl FnMut(u64, u64),
) -> Result<PastStock, StockError> {
    let folder = Folder::take(folder)?;
    let (store, meta) = Store::open(&folder.path())?;
    let (applied, _progress) = watch::channel(Applied::default());
    let (_published, told) = watch::channel(None);
    let links = Links { live: Default::default(), board: Default::default(), applied: applied.into(), published: told };
    let owner = Owner::start(Projection::new(store.clone(), meta, CACHE, u64::MAX), links);
    let mut sources = Vec::new();
    for name in [streams::ORDERS, streams::STOCK] {
        sources.push(Source::open(js, name).await?);
    }
    let total = sources.iter().map(|source| source.messages).sum();
    let incomplete_before = sources.iter().filter_map(|source| source.incomplete_before).max();
    let (mut entries, mut before) = (0, 0);
    for source in sources {
        let messages = source.messages;
        let bursts = owner.bursts();
        entries += source.fold(js, &past, &bursts, |done| read(before + done, total)).await?;
        before += messages;
    }
    owner.finish().await?;
    Ok(PastStock { store, entries, incomplete_before })
}

impl PastStock {
    /// A page of at most `limit` balances.
    ///
    /// # Errors
    /// [`StoreError`] when a row cannot be read.
    pub fn page(&self, list: &StockList, limit: usize) -> Result<StockPage, StoreError> {
        look::stock(&self.store, list, limit)
    }
}

/// One of the two streams, as long as it is now.
struct Source {
    name: &'static str,
    messages: u64,
    end: u64,
    incomplete_before: Option<Timestamp>,
}

impl Source {
    async fn open(js: &jetstream::Context, name: &'static str) -> Result<Self, StockError> {
        let stream = js.get_stream(name).await;
        let stream = stream.map_err(|error| StockError::Broker { stream: name, source: Box::new(error) })?;
        let state = &stream.cached_info().state;
        let first = Timestamp::from_nanos(state.first_timestamp.unix_timestamp_nanos());
        let incomplete_before = (state.first_sequence > 1).then_some(first);
        Ok(Self { name, messages: state.messages, end: state.last_sequence, incomplete_before })
    }

    /// Reads up to the end or to what was recorded too late, and returns how many messages counted.
    async fn fold(
        self,
        js: &jetstream::Context,
        past: &Past,
        owner: &mpsc::Sender<Burst>,
        mut read: impl FnMut(u64),
    ) -> Result<u64, StockError> {
        let (mut done, mut counted) = (0, 0);
        if self.messages == 0 {
            return Ok(counted);
        }
        let journal = Journal::<Fulfilment>::new(js.clone(), LAYOUT);
        let is_orders = self.name == LAYOUT.stream;
        let subjects = if is_orders { streams::ORDERS_SUBJECTS } else { streams::STOCK_SUBJECTS };
        let mut tail = Tail::open(js, self.name, subjects, None).await?;
        let mut is_over = false;
        while !is_over {
            let mut messages = tail.next_burst(MOST).await;
            let reached = messages.last().is_some_and(|last| last.sequence >= self.end);
            done += messages.len() as u64;
            let holds = |message: &Tailed| match is_orders {
                true => past.holds(message.sequence, message.recorded),
                false => past.has_recorded(message.recorded),
            };
            let all = messages.len();
            messages.truncate(messages.iter().position(|message| !holds(message)).unwrap_or(all));
            is_over = reached || messages.len() < all;
            counted += messages.len() as u64;
            let to = tail.checkpoint();
            let mut burst = Burst::default();
            // What nobody can read is noted at its balances, and in quarantine since it was first met.
            if is_orders {
                burst.add_orders(&journal, messages, to);
                burst.orders = cut(past, burst.orders)?;
            } else {
                burst.add_stock(messages, to);
                burst.stock.retain(|item| counts(past, item));
            }
            read(done.min(self.messages));
            // An owner that is gone says why when it is asked to finish.
            if burst.messages > 0 && owner.send(burst).await.is_err() {
                break;
            }
        }
        Ok(counted)
    }
}

/// What counts of entries that had been recorded.
fn cut(past: &Past, entries: Vec<OrderEntry>) -> Result<Vec<OrderEntry>, StoreError> {
    if past.occurred_before.is_none() {
        return Ok(entries);
    }
    let mut counting = Vec::with_capacity(entries.len());
    for entry in entries {
        let Some(record) = &entry.record else {
            counting.push(entry);
            continue;
        };
        // The projection keeps the bytes, and folds from them again what it had to forget meanwhile.
        if let Some(record) = past.entry(record) {
            let body = encode(&record.entry)?.into();
            counting.push(OrderEntry { record: Some(record), body, ..entry });
        }
    }
    Ok(counting)
}

fn counts(past: &Past, item: &StockItem) -> bool {
    match item {
        StockItem::Moved { movement, .. } => past.has_occurred(movement.occurred.at),
        StockItem::Unreadable { .. } => true,
    }
}
