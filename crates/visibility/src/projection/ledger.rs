//! Balances of stock: movements and counts as rows, and the sums over them kept beside.
//!
//! A balance is a function of the rows it stands for, so repeats and late movements cannot put it wrong: a movement is
//! a row under its own id, and what an order does is the difference between what it did before and does now.

use std::collections::{BTreeMap, HashMap};

use engine::{EntryId, FactId};
use fulfilment::{StockEffect, StockEffectKind};
use model::{Movement, MovementKind, Timestamp};
use rust_decimal::Decimal;

use crate::store::{Balance, Count, Moved, Store, StoreError, Totals, decode, encode, keys};

/// The balances a burst touches, and its movements, until they are written.
#[derive(Debug, Default)]
pub struct Ledger {
    balances: HashMap<Vec<u8>, Balance>,
    /// Movements put in or taken out by this burst.
    moved: BTreeMap<Vec<u8>, Option<Moved>>,
    /// What this burst's movements were first told with.
    told: HashMap<Vec<u8>, EntryId>,
    /// The first entry that each balance misses.
    unreadable: HashMap<Vec<u8>, u64>,
}

impl Ledger {
    /// Takes a movement or count in; one that is there already changes nothing. When it is told otherwise than the first
    /// time, the first counts, and its balance says that it misses this entry.
    ///
    /// # Errors
    /// [`StoreError`] when a row cannot be read.
    pub fn take_in(
        &mut self,
        store: &Store,
        fact: FactId,
        movement: &Movement,
        sequence: u64,
    ) -> Result<(), StoreError> {
        let (key, tells) = (keys::told(fact), EntryId::of(&[&encode(movement)?]));
        match self.told(store, &key)? {
            None => self.told.insert(key, tells),
            Some(first) if first == tells => return Ok(()),
            Some(_) => {
                tracing::warn!(sequence, location = %movement.location, sku = %movement.sku,
                    "a movement of stock is told again and not as before; the first counts");
                self.miss(movement.location.as_str(), movement.sku.as_str(), sequence);
                return Ok(());
            }
        };
        let count = match movement.kind {
            // What is on its way is no balance yet.
            MovementKind::Announced => return Ok(()),
            MovementKind::Counted => true,
            MovementKind::Received | MovementKind::Adjusted => false,
        };
        let Movement { location, sku, quantity, occurred, .. } = movement;
        let balance = keys::balance(location.as_str(), sku.as_str(), quantity.unit.as_str());
        let place = keys::place(occurred.at, count, fact);
        let moved = Moved { quantity: quantity.amount, count };
        self.put(store, &balance, &place, "", occurred.at, moved)
    }

    /// Books the difference between what an order did to the stock before and what it does now.
    ///
    /// # Errors
    /// [`StoreError`] when a row cannot be read.
    pub fn book(
        &mut self,
        store: &Store,
        order: &str,
        before: &[StockEffect],
        now: &[StockEffect],
    ) -> Result<(), StoreError> {
        let (before, now) = (Effects::of(before), Effects::of(now));
        for (balance, change) in difference(&before.reserved, &now.reserved) {
            let row = self.balance(store, balance)?;
            row.reserved = row.reserved.saturating_add(change);
        }
        let gone = before.issued.iter().filter(|(key, was)| now.issued.get(*key) != Some(was));
        for ((balance, place), _) in gone {
            self.remove(store, balance, place, order)?;
        }
        let new = now.issued.iter().filter(|(key, is)| before.issued.get(*key) != Some(is));
        for ((balance, place), (occurred, quantity)) in new {
            let moved = Moved { quantity: -*quantity, count: false };
            self.put(store, balance, place, order, *occurred, moved)?;
        }
        Ok(())
    }

    /// Notes that the balances of a SKU miss an entry.
    pub fn miss(&mut self, location: &str, sku: &str, sequence: u64) {
        let key = keys::Kind::Unreadable.key(&[&model::token::escape(location), &model::token::escape(sku)]);
        let first = self.unreadable.entry(key).or_insert(sequence);
        *first = sequence.min(*first);
    }

    /// Writes what changed.
    ///
    /// # Errors
    /// [`StoreError`] when a row cannot be read or written.
    pub fn write(self, store: &Store, batch: &mut sled::Batch, totals: &mut Totals) -> Result<(), StoreError> {
        for (key, mut balance) in self.balances {
            balance.changes += 1;
            totals.changes += 1;
            batch.insert(key, encode(&balance)?);
        }
        for (key, moved) in self.moved {
            let was_there = store.get(&key)?.is_some();
            match moved {
                Some(moved) => {
                    totals.movements += u64::from(!was_there);
                    batch.insert(key, encode(&moved)?);
                }
                None => {
                    totals.movements -= u64::from(was_there);
                    batch.remove(key);
                }
            }
        }
        for (key, told) in self.told {
            batch.insert(key, encode(&told)?);
        }
        for (key, sequence) in self.unreadable {
            if store.get(&key)?.is_none() {
                batch.insert(key, sequence.to_be_bytes().to_vec());
            }
        }
        Ok(())
    }

    fn put(
        &mut self,
        store: &Store,
        balance: &[u8],
        place: &[u8],
        order: &str,
        occurred: Timestamp,
        moved: Moved,
    ) -> Result<(), StoreError> {
        let key = keys::movement(balance, place, order);
        if self.moved(store, &key)?.is_some() {
            return Ok(());
        }
        let Moved { quantity, count } = moved;
        self.moved.insert(key, Some(moved));
        let latest = self.balance(store, balance)?.count.as_ref().map(|count| count.place.clone());
        if latest.is_some_and(|latest| latest.as_slice() > place) {
            return Ok(());
        }
        if count {
            let since = self.sum_after(store, balance, place)?;
            let row = self.balance(store, balance)?;
            row.count = Some(Count { place: place.to_vec(), occurred, found: quantity });
            row.since = since;
        } else {
            let row = self.balance(store, balance)?;
            row.since = row.since.saturating_add(quantity);
        }
        Ok(())
    }

    /// Takes back a movement of an order; counts are never taken back.
    fn remove(&mut self, store: &Store, balance: &[u8], place: &[u8], order: &str) -> Result<(), StoreError> {
        let key = keys::movement(balance, place, order);
        let Some(moved) = self.moved(store, &key)? else { return Ok(()) };
        self.moved.insert(key, None);
        let row = self.balance(store, balance)?;
        if row.count.as_ref().is_none_or(|count| count.place.as_slice() < place) {
            row.since = row.since.saturating_sub(moved.quantity);
        }
        Ok(())
    }

    fn told(&self, store: &Store, key: &[u8]) -> Result<Option<EntryId>, StoreError> {
        if let Some(told) = self.told.get(key) {
            return Ok(Some(*told));
        }
        store.get(key)?.map(|row| decode(&row)).transpose()
    }

    fn moved(&self, store: &Store, key: &[u8]) -> Result<Option<Moved>, StoreError> {
        if let Some(moved) = self.moved.get(key) {
            return Ok(moved.clone());
        }
        store.get(key)?.map(|row| decode(&row)).transpose()
    }

    fn balance(&mut self, store: &Store, key: &[u8]) -> Result<&mut Balance, StoreError> {
        if !self.balances.contains_key(key) {
            let balance = store.get(key)?.map(|row| decode(&row)).transpose()?;
            self.balances.insert(key.to_vec(), balance.unwrap_or_default());
        }
        Ok(self.balances.entry(key.to_vec()).or_default())
    }

    /// The sum of the movements after a place: those on disk, and those of this burst.
    fn sum_after(&self, store: &Store, balance: &[u8], place: &[u8]) -> Result<Decimal, StoreError> {
        let prefix = keys::movements_of(balance);
        let from = keys::movement(balance, place, "");
        let mut sum = Decimal::ZERO;
        for item in store.scan(&from, &prefix) {
            let (key, row) = item?;
            let moved: Moved = decode(&row)?;
            if key.as_ref() > from.as_slice() && !moved.count && !self.moved.contains_key(key.as_ref()) {
                sum = sum.saturating_add(moved.quantity);
            }
        }
        let own = self.moved.range(from.clone()..).take_while(|(key, _)| key.starts_with(&prefix));
        for (_, moved) in own.filter(|(key, _)| **key > from) {
            if let Some(Moved { quantity, count: false }) = moved {
                sum = sum.saturating_add(*quantity);
            }
        }
        Ok(sum)
    }
}

/// Where an issue stands: its balance and its place there.
type IssueKey = (Vec<u8>, Vec<u8>);

/// What an order does to the stock, by row.
struct Effects {
    reserved: BTreeMap<Vec<u8>, Decimal>,
    issued: BTreeMap<IssueKey, (Timestamp, Decimal)>,
}

impl Effects {
    fn of(effects: &[StockEffect]) -> Self {
        let mut sums = Self { reserved: BTreeMap::new(), issued: BTreeMap::new() };
        for effect in effects {
            let StockEffect { location, sku, unit, kind, quantity, occurred, fact } = effect;
            let balance = keys::balance(location.as_str(), sku.as_str(), unit.as_str());
            let sum = match kind {
                StockEffectKind::Reserved => sums.reserved.entry(balance).or_default(),
                StockEffectKind::Issued => {
                    let key = (balance, keys::place(occurred.at, false, *fact));
                    &mut sums.issued.entry(key).or_insert((occurred.at, Decimal::ZERO)).1
                }
            };
            // One fact may tell of two lines of one SKU.
            *sum = sum.saturating_add(*quantity);
        }
        sums
    }
}

/// What to add to get from one to the other; nothing where they agree.
fn difference<'a>(
    before: &'a BTreeMap<Vec<u8>, Decimal>,
    now: &'a BTreeMap<Vec<u8>, Decimal>,
) -> impl Iterator<Item = (&'a [u8], Decimal)> {
    let of = |sums: &BTreeMap<Vec<u8>, Decimal>, key: &[u8]| sums.get(key).copied().unwrap_or_default();
    let keys = now.keys().chain(before.keys().filter(|key| !now.contains_key(*key)));
    let changes = keys.map(move |key| (key.as_slice(), of(now, key).saturating_sub(of(before, key))));
    changes.filter(|(_, change)| !change.is_zero())
}
