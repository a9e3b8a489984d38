//! The checks over all orders: which of them count, and what is found of each.

use std::collections::{BTreeMap, BTreeSet};

use engine::{Folded, Key};
use fulfilment::{Fulfilment, Stage, State};
use model::{CustomerId, OrderId, PartnerId, Timestamp};
use reconcile::discrepancy::Stream;
use reconcile::orders::{ToldIn, told_in};
use reconcile::{Case, Discrepancy, EntryRef, Kind, Policy, Snapshots, StockBooks};

use super::orders::Read;

/// Which orders are looked at. All conditions given must hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only these.
    pub orders: BTreeSet<OrderId>,
    /// Only those with an entry since then.
    pub since: Option<Timestamp>,
    /// Only those this partner has to do with.
    pub partner: Option<PartnerId>,
    /// Only those of this customer.
    pub customer: Option<CustomerId>,
    /// Only those in this stage.
    pub stage: Option<Stage>,
}

impl Filter {
    /// Whether every order is looked at, so that what is in none can be told, and stock be summed up.
    #[must_use]
    pub fn is_all(&self) -> bool {
        let Self { orders, since, partner, customer, stage } = self;
        orders.is_empty() && since.is_none() && partner.is_none() && customer.is_none() && stage.is_none()
    }

    fn takes(&self, case: &Case<'_>, last: Timestamp) -> bool {
        let Self { orders, since, partner, customer, stage } = self;
        (orders.is_empty() || orders.contains(case.id()))
            && since.is_none_or(|since| last >= since)
            && partner.as_ref().is_none_or(|partner| case.has_to_do_with(partner))
            && customer.as_ref().is_none_or(|customer| *case.customer() == *customer)
            && stage.is_none_or(|stage| case.stage() == stage)
    }
}

/// The checks as they go through the orders.
pub struct Checks<'a> {
    policy: &'a Policy,
    filter: &'a Filter,
    /// The cut-off.
    now: Timestamp,
    stock: StockBooks,
    snapshots: Snapshots,
    /// What was found of each order, so that one that comes up again replaces it.
    found: BTreeMap<Key, Vec<Discrepancy>>,
    /// How many that are.
    kept: usize,
    /// How many were found beyond the most that are kept.
    beyond: u64,
    orders: u64,
}

impl<'a> Checks<'a> {
    /// The most discrepancies that are kept, a kilobyte or two each; those beyond are counted.
    pub const MOST: usize = 50_000;

    /// Checks up to a cut-off, with what was stated of stock and listed by partners.
    #[must_use]
    pub fn new(
        policy: &'a Policy,
        filter: &'a Filter,
        now: Timestamp,
        mut stock: StockBooks,
        snapshots: Snapshots,
    ) -> Self {
        stock.seal();
        Self { policy, filter, now, stock, snapshots, found: BTreeMap::new(), kept: 0, beyond: 0, orders: 0 }
    }

    /// Looks at an order.
    pub fn order(&mut self, read: &Read) {
        let told = told_in(&read.entries);
        let fold = |entries: &[super::orders::Record]| Folded::<Fulfilment>::replay(&read.key, entries);
        let folded = fold(&read.entries);
        let now = folded.state();
        if let Some(before) = read.before {
            // It counted already, as it was then.
            self.stock.take_back(&fold(&read.entries[..before]).state().stock_effects(), |fact| entry(&told, fact));
            let gone = self.found.remove(&read.key).map_or(0, |found| found.len());
            self.kept -= gone;
        } else {
            self.orders += 1;
        }
        self.stock.order(&now.stock_effects(), |fact| entry(&told, fact));
        let last = read.entries.last().map_or(Timestamp::default(), |entry| entry.recorded);
        let found = self.check(now, &told, last);
        if !found.is_empty() {
            let room = Self::MOST.saturating_sub(self.kept);
            self.beyond += found.len().saturating_sub(room) as u64;
            self.kept += found.len().min(room);
            self.found.insert(read.key.clone(), found.into_iter().take(room).collect());
        }
    }

    fn check(&mut self, state: &State, told: &ToldIn, last: Timestamp) -> Vec<Discrepancy> {
        let Some(case) = Case::of(state, told, self.policy, self.now) else { return Vec::new() };
        case.prices().for_each(|(sku, price)| self.stock.price(sku, price));
        let mut found = self.snapshots.order(&case);
        if !self.filter.takes(&case, last) {
            return Vec::new();
        }
        found.extend(case.discrepancies());
        found
    }

    /// Everything that was found, by order, then what is in no order, then stock; and how much more there is.
    #[must_use]
    pub fn finish(self) -> (Vec<Discrepancy>, u64, u64) {
        let mut found: Vec<Discrepancy> = self.found.into_values().flatten().collect();
        if self.filter.is_all() {
            found.extend(self.snapshots.strays());
            found.extend(self.stock.discrepancies(self.policy, self.now));
        }
        (found, self.beyond, self.orders)
    }
}

/// The kinds that need every order to be looked at.
#[must_use]
pub const fn is_of_all(kind: Kind) -> bool {
    matches!(kind, Kind::StockCounted | Kind::StockListed | Kind::OrderNotKnown | Kind::ShipmentNotKnown)
}

fn entry(told: &ToldIn, fact: engine::FactId) -> Option<EntryRef> {
    Some(EntryRef { stream: Stream::Orders, sequence: *told.get(&fact)? })
}
