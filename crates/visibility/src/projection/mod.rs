//! The projection: orders and stock, folded from their streams exactly once.

mod burst;
mod ledger;
mod orders;
mod owner;
mod summary;

pub use burst::{Burst, OrderEntry, StockEntry, StockItem, Unread};
use ledger::Ledger;
use orders::Orders;
pub use orders::{Status, StatusChange, status_change};
pub use owner::{Applied, Links, Owner, Switch};
pub use summary::{Summary, SummaryRow};

use crate::store::keys::{self, Kind};
use crate::store::{Meta, Store, StoreError, encode};

/// Folds bursts and writes what they change, rows and checkpoints in one batch.
///
/// After an error it must not be used again: what is in memory is ahead of what is on disk.
#[derive(Debug)]
pub struct Projection {
    store: Store,
    meta: Meta,
    orders: Orders,
}

/// What a burst changed.
#[derive(Debug, Default)]
pub struct Changes {
    /// How many entries were new.
    pub folded: usize,
    /// The statuses that changed and are to be put into the bucket.
    pub statuses: Vec<StatusChange>,
}

impl Projection {
    /// Goes on from what the store holds. `cache` orders stay in memory; updates are told of entries after `told_to`.
    #[must_use]
    pub fn new(store: Store, meta: Meta, cache: usize, told_to: u64) -> Self {
        Self { store, meta, orders: Orders::new(cache, told_to) }
    }

    /// How far it has come.
    #[must_use]
    pub const fn meta(&self) -> &Meta {
        &self.meta
    }

    /// Notes that the bucket holds the status of every order up to this entry; written with the next burst.
    pub fn status_is_put_to(&mut self, sequence: u64) {
        self.meta.status = self.meta.status.max(sequence);
    }

    /// Folds a burst and writes what it changes. While it is not `live`, statuses are put off.
    ///
    /// # Errors
    /// [`StoreError`] when a row cannot be read or the batch not be written.
    pub fn fold(&mut self, burst: &Burst, live: bool, published: Option<(u64, u16)>) -> Result<Changes, StoreError> {
        let mut batch = sled::Batch::default();
        let mut ledger = Ledger::default();
        let mut changes = Changes::default();
        for entry in &burst.orders {
            changes.folded += usize::from(self.orders.fold(&self.store, entry, &mut batch)?);
        }
        for item in &burst.stock {
            match item {
                StockItem::Moved { fact, movement } => ledger.take_in(&self.store, *fact, movement)?,
                StockItem::Unreadable { location, sku, sequence } => ledger.miss(location, sku, *sequence),
            }
        }
        changes.folded += burst.stock.len();
        self.meta.totals.entries += self.write_orders(live, &mut ledger, &mut batch, &mut changes)?;
        ledger.write(&self.store, &mut batch, &mut self.meta.totals)?;
        self.clear_outbox(published, &mut batch)?;
        self.meta.orders = burst.orders_to.clone().or(self.meta.orders.take());
        self.meta.stock = burst.stock_to.clone().or(self.meta.stock.take());
        batch.insert(Kind::Meta.prefix().to_vec(), encode(&self.meta)?);
        self.store.apply(batch)?;
        self.orders.trim();
        Ok(changes)
    }

    /// Writes the touched orders. Returns how many entries they have more than on disk.
    fn write_orders(
        &mut self,
        live: bool,
        ledger: &mut Ledger,
        batch: &mut sled::Batch,
        changes: &mut Changes,
    ) -> Result<u64, StoreError> {
        let mut entries = 0;
        for key in self.orders.take_touched() {
            let held = self.orders.held(&self.store, &key)?;
            let effects = held.state.stock_effects();
            if effects != held.effects {
                ledger.book(&self.store, key.token(), &held.effects, &effects)?;
                held.effects = effects;
            }
            let written = held.write(&key, live, batch)?;
            entries += written.entries;
            self.meta.totals.orders += u64::from(written.is_new);
            changes.statuses.extend(written.status);
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

    /// Syncs what was written to disk.
    ///
    /// # Errors
    /// [`StoreError::Io`] when the disk does not take it.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.store.flush()
    }
}
