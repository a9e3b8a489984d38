//! One order: what its systems say of it, held against each other.

mod billing;
mod freight;
mod milestones;
mod quantities;
pub(crate) mod status;

use std::collections::HashMap;

use engine::{Content, FactId, WorkflowRecord};
use fulfilment::state::{Books, ShipmentBook, Stated};
use fulfilment::{Composite, Fulfilment, Stage, State, composite};
use model::{CustomerId, LineId, Money, OrderId, OrderLine, PartnerId, ShipmentId, Sku, Timestamp};
use rust_decimal::Decimal;

use crate::discrepancy::{About, Discrepancy, EntryRef, Stream};
use crate::policy::Policy;

/// Which entry of an order's trail first told each fact.
pub type ToldIn = HashMap<FactId, u64>;

/// Which entry of a trail first told each fact.
#[must_use]
pub fn told_in<'a>(trail: impl IntoIterator<Item = &'a WorkflowRecord<Fulfilment>>) -> ToldIn {
    let mut told_in = ToldIn::new();
    for entry in trail {
        if let Content::Facts { facts, .. } = &entry.entry.content {
            for told in facts {
                told_in.entry(told.id).or_insert(entry.sequence);
            }
        }
    }
    told_in
}

/// A released order as the checks look at it.
pub struct Case<'a> {
    pub(crate) id: &'a OrderId,
    pub(crate) state: &'a State,
    pub(crate) books: Books<'a>,
    pub(crate) composite: Composite,
    pub(crate) policy: &'a Policy,
    /// The cut-off: nothing that came later is folded.
    pub(crate) now: Timestamp,
    told_in: &'a ToldIn,
}

impl<'a> Case<'a> {
    /// The case of an order, folded up to the cut-off `now`; `None` when nobody released it.
    #[must_use]
    pub fn of(state: &'a State, told_in: &'a ToldIn, policy: &'a Policy, now: Timestamp) -> Option<Self> {
        let (id, books) = (state.id()?, state.books()?);
        Some(Self { id, state, books, composite: composite(state), policy, now, told_in })
    }

    /// Everything that two systems of record say differently of it.
    #[must_use]
    pub fn discrepancies(&self) -> Vec<Discrepancy> {
        let checks = [
            quantities::along_the_way,
            billing::not_billed,
            billing::billed_not_shipped,
            billing::invoiced,
            status::claimed,
            milestones::goods_issue_missing,
            milestones::pick_up_missing,
            milestones::late,
            freight::billed,
            freight::not_billed,
        ];
        checks.iter().flat_map(|check| check(self)).collect()
    }

    /// The order.
    #[must_use]
    pub const fn id(&self) -> &OrderId {
        self.id
    }

    /// Who ordered.
    #[must_use]
    pub const fn customer(&self) -> &CustomerId {
        &self.books.order.customer
    }

    /// Where it stands in the workflow.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        self.composite.stage
    }

    /// Whether this partner is its ERP, or a warehouse or TMS of one of its shipments.
    #[must_use]
    pub fn has_to_do_with(&self, partner: &PartnerId) -> bool {
        let mut shipments = self.books.shipments.iter();
        self.books.erp == partner || shipments.any(|own| own.wms == partner || own.tms == Some(partner))
    }

    /// What its SKUs are sold for, where the ERP says so.
    pub fn prices(&self) -> impl Iterator<Item = (&'a Sku, &'a Money)> {
        let order = self.books.order;
        order.lines.iter().filter_map(|line| Some((&line.sku, line.unit_price.as_ref()?)))
    }

    /// The shipments of which something is to travel, or did.
    pub(crate) fn live_shipments(&self) -> impl Iterator<Item = &ShipmentBook<'a>> {
        let is_undone = |id: &ShipmentId| {
            self.composite.shipments.iter().any(|shipment| shipment.shipment == *id && shipment.undone)
        };
        self.books.shipments.iter().filter(move |shipment| !is_undone(&shipment.id))
    }

    /// Whether a grace that began then is over.
    pub(crate) fn is_over(&self, since: Timestamp, grace_millis: i64) -> bool {
        since.plus_millis(grace_millis) <= self.now
    }

    /// The entry that told a fact.
    pub(crate) fn entry(&self, fact: FactId) -> Option<EntryRef> {
        let sequence = *self.told_in.get(&fact)?;
        Some(EntryRef { stream: Stream::Orders, sequence })
    }

    /// The entries that told these.
    pub(crate) fn entries<'s>(&self, stated: impl IntoIterator<Item = &'s Stated<'s>>) -> Vec<EntryRef> {
        stated.into_iter().filter_map(|stated| self.entry(stated.fact)).collect()
    }

    pub(crate) fn about(&self, shipment: Option<&ShipmentId>, line: Option<&LineId>, what: Option<&str>) -> About {
        About::Order {
            order: self.id.clone(),
            shipment: shipment.cloned(),
            line: line.cloned(),
            what: what.map(str::to_owned),
        }
    }
}

/// What so much of a line is worth, where its price is known.
pub(crate) fn worth(line: &OrderLine, amount: Decimal) -> Option<Money> {
    let price = line.unit_price.as_ref()?;
    Some(Money { amount: price.amount.saturating_mul(amount.abs()).normalize(), currency: price.currency })
}

/// The sum of what is known, where all is in one currency.
pub(crate) fn sum(parts: impl IntoIterator<Item = Option<Money>>) -> Option<Money> {
    let mut parts = parts.into_iter().flatten();
    let first = parts.next()?;
    parts.try_fold(first, |sum, part| {
        let amount = sum.amount.saturating_add(part.amount);
        (part.currency == sum.currency).then_some(Money { amount, currency: sum.currency })
    })
}

/// When the last of these came in.
pub(crate) fn last<'s>(stated: impl IntoIterator<Item = &'s Stated<'s>>) -> Option<Timestamp> {
    stated.into_iter().map(|stated| stated.held.received).max()
}

/// When the first of these came in.
pub(crate) fn first<'s>(stated: impl IntoIterator<Item = &'s Stated<'s>>) -> Option<Timestamp> {
    stated.into_iter().map(|stated| stated.held.received).min()
}
