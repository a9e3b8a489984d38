//! The projection: orders and stock, folded from their streams exactly once.

mod burst;
mod ledger;
mod orders;
mod owner;

pub use burst::{Burst, OrderEntry, StockEntry, StockItem, Unread};
use ledger::Ledger;
use orders::Orders;
pub use orders::{Status, StatusChange, status_change};
pub use owner::{Applied, Links, Owner, Switch};

use std::time::{Duration, Instant};

use engine::Checkpoint;

use crate::store::keys::{self, Kind};
use crate::store::{Meta, Store, StoreError, encode};

/// While far behind, what is folded is written after this many messages at the latest: a larger batch costs sled memory
/// and gains nothing,
const MOST_UNWRITTEN: usize = 25_000;
/// and after this time.
const LONGEST: Duration = Duration::from_secs(1);
/// The same while a service's projection is live: an order that changes several times in a moment is written once.
pub const LONGEST_LIVE: Duration = Duration::from_millis(300);

/// Folds bursts and writes what they change, rows and checkpoints in one batch.
///
/// After an error it must not be used again: what is in memory is ahead of what is on disk.
///
/// While it is far behind, many bursts are folded in memory and written at once: each order they touch is then written
/// once, and writing is most of the work.
#[derive(Debug)]
pub struct Projection {
    store: Store,
    meta: Meta,
    orders: Orders,
    /// What is folded and not yet written.
    batch: sled::Batch,
    ledger: Ledger,
    /// Messages folded since the last write, and when that was.
    unwritten: usize,
    written: Instant,
    /// How long what comes is gathered before it is written, while it is live.
    gathers: Duration,
}

/// What a burst changed.
#[derive(Debug, Default)]
pub struct Changes {
    /// How many entries were new.
    pub folded: usize,
    /// The statuses that changed and are to be put into the bucket.
    pub statuses: Vec<StatusChange>,
    /// Everything folded so far is written.
    pub is_written: bool,
}

impl Projection {
    /// Goes on from what the store holds. `cache` orders stay in memory; updates are told of entries after `told_to`.
    #[must_use]
    pub fn new(store: Store, meta: Meta, cache: usize, told_to: u64) -> Self {
        Self {
            store,
            meta,
            orders: Orders::new(cache, told_to),
            batch: sled::Batch::default(),
            ledger: Ledger::default(),
            unwritten: 0,
            written: Instant::now(),
            gathers: Duration::ZERO,
        }
    }

    /// Gathers what comes for so long before it is written, while it is live. Without, every burst is written at once.
    #[must_use]
    pub fn gathering(self, gathers: Duration) -> Self {
        Self { gathers, ..self }
    }

    /// How far it has come.
    #[must_use]
    pub const fn meta(&self) -> &Meta {
        &self.meta
    }

    /// The last sequences of ORDERS and of STOCK folded.
    #[must_use]
    pub fn reaches(&self) -> (u64, u64) {
        let sequence =
            |checkpoint: &Option<Checkpoint>| checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.sequence);
        (sequence(&self.meta.orders), sequence(&self.meta.stock))
    }

    /// Notes that the bucket holds the status of every order up to this entry; written with the next burst.
    pub fn status_is_put_to(&mut self, sequence: u64) {
        self.meta.status = self.meta.status.max(sequence);
    }

    /// Folds a burst. When enough has come together, or some time has passed, writes what changed; while it is not `live`,
    /// that time is longer and statuses are put off.
    ///
    /// # Errors
    /// [`StoreError`] when a row cannot be read or the batch not be written.
    pub fn fold(&mut self, burst: &Burst, live: bool, published: Option<(u64, u16)>) -> Result<Changes, StoreError> {
        let mut folded = burst.stock.len();
        for entry in &burst.orders {
            folded += usize::from(self.orders.fold(&self.store, entry, &mut self.batch)?);
        }
        for item in &burst.stock {
            match item {
                StockItem::Moved { fact, movement, sequence } => {
                    self.ledger.take_in(&self.store, *fact, movement, *sequence)?;
                }
                StockItem::Unreadable { location, sku, sequence } => self.ledger.miss(location, sku, *sequence),
            }
        }
        self.meta.orders = burst.orders_to.clone().or(self.meta.orders.take());
        self.meta.stock = burst.stock_to.clone().or(self.meta.stock.take());
        self.unwritten += burst.messages;
        let longest = if live { self.gathers } else { LONGEST };
        if self.unwritten >= MOST_UNWRITTEN || self.orders.is_full() || self.written.elapsed() >= longest {
            let statuses = self.write(live, published)?;
            return Ok(Changes { folded, statuses, is_written: true });
        }
        Ok(Changes { folded, ..Changes::default() })
    }

    /// Writes all that is folded. Returns the statuses that changed, when it is `live`.
    ///
    /// # Errors
    /// [`StoreError`] when a row cannot be read or the batch not be written.
    pub fn write(&mut self, live: bool, published: Option<(u64, u16)>) -> Result<Vec<StatusChange>, StoreError> {
        let mut batch = std::mem::take(&mut self.batch);
        let mut ledger = std::mem::take(&mut self.ledger);
        let mut statuses = Vec::new();
        self.meta.totals.entries += self.write_orders(live, &mut ledger, &mut batch, &mut statuses)?;
        ledger.write(&self.store, &mut batch, &mut self.meta.totals)?;
        self.clear_outbox(published, &mut batch)?;
        batch.insert(Kind::Meta.prefix().to_vec(), encode(&self.meta)?);
        self.store.apply(batch)?;
        self.orders.trim();
        self.unwritten = 0;
        self.written = Instant::now();
        Ok(statuses)
    }

    /// Writes the touched orders. Returns how many entries they have more than on disk.
    fn write_orders(
        &mut self,
        live: bool,
        ledger: &mut Ledger,
        batch: &mut sled::Batch,
        statuses: &mut Vec<StatusChange>,
    ) -> Result<u64, StoreError> {
        let mut entries = 0;
        for key in self.orders.take_touched() {
            let held = self.orders.held(&self.store, &key)?;
            let effects = held.state.stock_effects();
            if effects != held.effects {
                ledger.book(&self.store, key.token(), &held.effects, &effects)?;
                held.effects = effects;
            }
            let written = held.write(&key, live, &self.store, &mut self.meta.entries_end, batch)?;
            entries += written.entries;
            let totals = &mut self.meta.totals;
            totals.orders += u64::from(written.is_new);
            written.stood.into_iter().for_each(|stood| totals.discount(stood));
            totals.count(written.stands);
            statuses.extend(written.status);
            self.orders.forget_if_done(&key);
        }
        Ok(entries)
    }

    /// Takes out of the outbox what has been published.
    fn clear_outbox(&self, published: Option<(u64, u16)>, batch: &mut sled::Batch) -> Result<(), StoreError> {
        let Some(published) = published else { return Ok(()) };
        let prefix = Kind::Outbox.prefix();
        for item in self.store.scan(&prefix, &prefix) {
            let (key, _) = item?;
            if keys::outbox_place(&key).is_some_and(|place| place > published) {
                break;
            }
            batch.remove(key);
        }
        Ok(())
    }

    /// Writes all that is folded, and syncs it to disk.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be written or the disk does not take it.
    pub fn close(mut self) -> Result<(), StoreError> {
        if self.unwritten > 0 {
            self.write(false, None)?;
        }
        self.flush()
    }

    /// Syncs what was written to disk.
    ///
    /// # Errors
    /// [`StoreError::Io`] when the disk does not take it.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.store.flush()
    }
}
