//! Stock: what is counted or listed of a SKU at a location, held against what its movements add up to at that moment.
//!
//! A balance is known from its first count on; before it, nobody knows what was there. Movements and what is stated of them come
//! first; then each order says what it took, one after the other, and is forgotten: only sums are kept, one for each count and list,
//! so memory grows with those and not with the orders.

use std::collections::HashMap;

use engine::FactId;
use fulfilment::{StockEffect, StockEffectKind};
use model::{LocationId, Money, Movement, MovementKind, Quantity, Sku, Timestamp, Unit, When};
use rust_decimal::Decimal;

use crate::discrepancy::{About, Discrepancy, EntryRef, Kind, Side, Stream};
use crate::policy::{Policy, is_near};
use crate::remedy::Remedy;

/// One SKU at one location, counted in one unit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Key {
    location: LocationId,
    sku: Sku,
    unit: Unit,
}

/// What was stated of balances, and what the movements add up to.
#[derive(Debug, Default)]
pub struct StockBooks {
    balances: HashMap<Key, Balance>,
    /// The last price an order paid for a SKU.
    prices: HashMap<Sku, Money>,
    sealed: bool,
}

#[derive(Debug, Default)]
struct Balance {
    /// By time, once sealed.
    stated: Vec<Stated>,
    /// Receipts and adjustments, until they are booked.
    moved: Vec<(FactId, When, Decimal, EntryRef)>,
}

/// A balance as somebody stated it.
#[derive(Debug)]
struct Stated {
    by: String,
    at: When,
    fact: FactId,
    amount: Decimal,
    entry: EntryRef,
    /// A count begins the books anew; a list does not.
    is_count: bool,
    /// How long around its moment a movement may be in it or not.
    in_flight: i64,
    /// What moved since the one before, up to this one.
    since: Decimal,
    /// What may or may not be in it, of what moved shortly before and after: the most that came, and the most that went.
    came: Decimal,
    went: Decimal,
    /// The last entries that moved it.
    entries: Vec<EntryRef>,
}

impl StockBooks {
    /// Takes in a movement or count that belongs to no order. The first telling of a fact counts.
    pub fn movement(&mut self, fact: FactId, by: &str, movement: &Movement, sequence: u64, policy: &Policy) {
        let entry = EntryRef { stream: Stream::Stock, sequence };
        let Movement { location, sku, kind, quantity, occurred } = movement;
        let balance = self.balance(location, sku, &quantity.unit);
        match kind {
            // What is on its way is no balance yet.
            MovementKind::Announced => {}
            MovementKind::Received | MovementKind::Adjusted => {
                if balance.moved.iter().all(|(known, ..)| *known != fact) {
                    balance.moved.push((fact, *occurred, quantity.amount, entry));
                }
            }
            MovementKind::Counted => {
                if balance.stated.iter().all(|stated| stated.fact != fact) {
                    let amount = quantity.amount;
                    balance.stated.push(Stated::new(by, (fact, *occurred, amount, entry), true, policy.in_flight(by)));
                }
            }
        }
    }

    /// Takes in a row of a list. `row` tells it from every other.
    pub fn listed(
        &mut self,
        by: &str,
        row: (FactId, When, EntryRef),
        place: (&LocationId, &Sku),
        on_hand: &Quantity,
        policy: &Policy,
    ) {
        let (fact, at, entry) = row;
        let balance = self.balance(place.0, place.1, &on_hand.unit);
        balance.stated.push(Stated::new(by, (fact, at, on_hand.amount, entry), false, policy.in_flight(by)));
    }

    /// Everything that was stated is in: from now on orders say what they took.
    pub fn seal(&mut self) {
        for balance in self.balances.values_mut() {
            balance.stated.sort_by_key(|stated| (stated.at.at, stated.is_count, stated.fact));
            for (_, occurred, amount, entry) in std::mem::take(&mut balance.moved) {
                balance.book(occurred, amount, entry, Decimal::ONE);
            }
        }
        self.sealed = true;
    }

    /// Takes in what an order took, by the entries that say so.
    pub fn order(&mut self, effects: &[StockEffect], entry: impl Fn(FactId) -> Option<EntryRef>) {
        self.book(effects, entry, Decimal::ONE);
    }

    /// Takes back what an order was said to have taken, before it is said again.
    pub fn take_back(&mut self, effects: &[StockEffect], entry: impl Fn(FactId) -> Option<EntryRef>) {
        self.book(effects, entry, Decimal::NEGATIVE_ONE);
    }

    fn book(&mut self, effects: &[StockEffect], entry: impl Fn(FactId) -> Option<EntryRef>, sign: Decimal) {
        debug_assert!(self.sealed, "orders come after what is stated");
        for effect in effects {
            if effect.kind == StockEffectKind::Reserved {
                continue;
            }
            let key = Key { location: effect.location.clone(), sku: effect.sku.clone(), unit: effect.unit.clone() };
            if let (Some(balance), Some(entry)) = (self.balances.get_mut(&key), entry(effect.fact)) {
                balance.book(effect.occurred, -effect.quantity, entry, sign);
            }
        }
    }

    /// Notes what a SKU is sold for, to say what a difference is worth.
    pub fn price(&mut self, sku: &Sku, price: &Money) {
        if self.prices.get(sku) != Some(price) {
            self.prices.insert(sku.clone(), price.clone());
        }
    }

    /// What is stated otherwise than the movements add up to, by balance and time.
    #[must_use]
    pub fn discrepancies(&self, policy: &Policy, now: Timestamp) -> Vec<Discrepancy> {
        let mut keys: Vec<&Key> = self.balances.keys().collect();
        keys.sort_unstable();
        keys.into_iter().flat_map(|key| self.of_balance(key, policy, now)).collect()
    }

    fn of_balance(&self, key: &Key, policy: &Policy, now: Timestamp) -> Vec<Discrepancy> {
        let mut found = Vec::new();
        let mut counted: Option<&Stated> = None;
        let mut moved = Decimal::ZERO;
        for stated in self.balances.get(key).into_iter().flat_map(|balance| &balance.stated) {
            moved = moved.saturating_add(stated.since);
            let is_due = stated.at.at.plus_millis(stated.in_flight) <= now;
            if let Some(count) = counted.filter(|_| is_due) {
                let believed = count.amount.saturating_add(moved);
                if !stated.fits(believed, count, policy.stock_percent(&stated.by)) {
                    found.push(self.discrepancy(key, (count, stated), believed));
                }
            }
            if stated.is_count {
                (counted, moved) = (Some(stated), Decimal::ZERO);
            }
        }
        found
    }

    fn discrepancy(&self, key: &Key, (count, stated): (&Stated, &Stated), believed: Decimal) -> Discrepancy {
        let unit = &key.unit;
        let kind = if stated.is_count { Kind::StockCounted } else { Kind::StockListed };
        let what = if stated.is_count { stated.at.to_string() } else { stated.by.clone() };
        let says = format!(
            "{} {unit}, {} counted {} and what moved since",
            believed.normalize(),
            count.amount.normalize(),
            count.at
        );
        let mut entries = vec![count.entry];
        entries.extend(&stated.entries);
        let verb = if stated.is_count { "counted" } else { "lists" };
        let difference = stated.amount.saturating_sub(believed);
        let worth = |price: &Money| Money {
            amount: price.amount.saturating_mul(difference.abs()).normalize(),
            currency: price.currency,
        };
        Discrepancy {
            kind,
            about: About::Stock { location: key.location.clone(), sku: key.sku.clone(), unit: unit.clone(), what },
            one: Side::waybill(says, entries),
            other: Side::new(
                &stated.by,
                format!("{verb} {} {unit} at {}", stated.amount.normalize(), stated.at),
                vec![stated.entry],
            ),
            since: stated.at.at,
            stake: self.prices.get(&key.sku).map(worth),
            remedy: Remedy::Person(if stated.is_count {
                "look for the goods or for a movement that was not told; the count holds from here on".to_owned()
            } else {
                format!("correct the books of {}, or have the warehouse count", stated.by)
            }),
        }
    }

    fn balance(&mut self, location: &LocationId, sku: &Sku, unit: &Unit) -> &mut Balance {
        let key = Key { location: location.clone(), sku: sku.clone(), unit: unit.clone() };
        self.balances.entry(key).or_default()
    }
}

impl Balance {
    /// Books a movement into the sum up to the next statement, and as in flight around those near its time; or, with a sign of -1,
    /// out of them again.
    fn book(&mut self, occurred: When, amount: Decimal, entry: EntryRef, sign: Decimal) {
        let at = occurred.at;
        // Of one moment, what moved comes before what was counted.
        let next = self.stated.partition_point(|stated| stated.at.at < at);
        if let Some(stated) = self.stated.get_mut(next) {
            stated.since = stated.since.saturating_add(amount * sign);
            stated.entries.push(entry);
            let more = stated.entries.len().saturating_sub(Side::MOST);
            stated.entries.drain(..more);
        }
        for (place, stated) in self.stated.iter_mut().enumerate() {
            if !stated.is_near(occurred) {
                continue;
            }
            // It is in the sum up to here when it came before: then it may not have been seen, and else it may have been.
            let may_be = if place >= next { -amount } else { amount };
            stated.came = stated.came.saturating_add(may_be.max(Decimal::ZERO) * sign);
            stated.went = stated.went.saturating_add(may_be.min(Decimal::ZERO) * sign);
        }
    }
}

impl Stated {
    fn new(
        by: &str,
        (fact, at, amount, entry): (FactId, When, Decimal, EntryRef),
        is_count: bool,
        in_flight: i64,
    ) -> Self {
        let zero = Decimal::ZERO;
        Self {
            by: by.to_owned(),
            at,
            fact,
            amount,
            entry,
            is_count,
            in_flight,
            since: zero,
            came: zero,
            went: zero,
            entries: Vec::new(),
        }
    }

    /// Whether a movement is so near that it may be in it or not; one whose time is a whole day is for all of that day.
    fn is_near(&self, moved: When) -> bool {
        let (from, to) = (moved.at.plus_millis(-self.in_flight), moved.end().plus_millis(self.in_flight));
        from < self.at.end() && self.at.at < to
    }

    /// Whether it is what is believed, as far as that is certain: what was in flight then, and when the books began, may be in
    /// either.
    fn fits(&self, believed: Decimal, count: &Self, percent: Decimal) -> bool {
        let (came, went) = (self.came.saturating_sub(count.went), self.went.saturating_sub(count.came));
        let (least, most) = (believed.saturating_add(went), believed.saturating_add(came));
        (least..=most).contains(&self.amount)
            || is_near(self.amount, most, percent)
            || is_near(self.amount, least, percent)
    }
}
