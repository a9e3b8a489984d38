//! What an order does to the stock: it reserves, then it issues.

use engine::FactId;
use model::{LocationId, Milestone, Progress, Quantity, Sku, Unit, When};
use rust_decimal::Decimal;

use super::actual::{Actual, Amounts, Event, Reached, Step, in_unit, is_reserved, plausible};
use super::undone::newest;
use super::{Part, Shipment, State};

/// What an order does to the stock of one SKU at one location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockEffect {
    /// Where.
    pub location: LocationId,
    /// Of what.
    pub sku: Sku,
    /// In which unit.
    pub unit: Unit,
    /// Reserved or gone.
    pub kind: StockEffectKind,
    /// How much.
    pub quantity: Decimal,
    /// When it happened.
    pub occurred: When,
    /// The fact that says so.
    pub fact: FactId,
}

/// What happened to the stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StockEffectKind {
    /// Reserved and not yet issued.
    Reserved,
    /// Out of the warehouse.
    Issued,
}

impl State {
    /// What the order does to the stock now. What is issued is no longer reserved.
    #[must_use]
    pub fn stock_effects(&self) -> Vec<StockEffect> {
        let Some(known) = self.known(|_| None) else { return Vec::new() };
        let mut effects = Vec::new();
        for shipment in &known.shipments {
            let allocation = newest(self.asks(), "allocate", Some(&shipment.id));
            let given_back = allocation.is_some_and(|ask| known.is_undone(ask, self.asks()));
            let holds = self.ended.is_none() && !given_back;
            let tally = known.tally(shipment);
            let reached = Reached { reserved: is_reserved(&tally), issued: false };
            for (part, amounts) in shipment.lines.iter().zip(&tally) {
                let of = |kind| effects_of(&known.actual, shipment, (part, amounts, &reached), kind);
                let issued = of(StockEffectKind::Issued);
                let mut reserved = of(StockEffectKind::Reserved);
                if !part.left_behind.is_zero() {
                    keep(&mut reserved, part.held());
                }
                release(&mut reserved, &issued);
                effects.extend(issued);
                effects.extend(reserved.into_iter().filter(|held| holds && !held.quantity.is_zero()));
            }
        }
        effects
    }
}

fn effects_of(
    actual: &Actual<'_>,
    shipment: &Shipment<'_>,
    (held, amounts, reached): (&Part<'_>, &Amounts, &Reached),
    kind: StockEffectKind,
) -> Vec<StockEffect> {
    let line = held.line;
    let (milestone, step) = match kind {
        StockEffectKind::Reserved => (Milestone::FulfilmentAllocated, Step::Allocated),
        StockEffectKind::Issued => (Milestone::FulfilmentGoodsIssued, Step::Shipped),
    };
    let all = held.quantity(reached.all_of(held, step, amounts));
    let effect = |told: Event<'_>, location: Option<&LocationId>, quantity: &Quantity| StockEffect {
        location: location.unwrap_or(shipment.location).clone(),
        sku: line.sku.clone(),
        unit: quantity.unit.clone(),
        kind,
        // Balances are sums over many orders: nothing beyond belief gets into them.
        quantity: plausible(quantity),
        occurred: told.reached.occurred,
        fact: told.fact,
    };
    let milestones = [milestone];
    // A part in another unit is none of the line's; it is shown as unmatched.
    let in_its_unit = |(_, part): &(Event<'_>, &Progress)| part.quantity.unit == line.quantity.unit;
    let parts: Vec<_> = actual.told_of_parts(shipment, line, &milestones).filter(in_its_unit).collect();
    let told = parts.iter().map(|(_, part)| in_unit(&part.quantity, &line.quantity.unit));
    let is_more_than_all = told.fold(Decimal::ZERO, Decimal::saturating_add) > all.amount;
    match actual.told_of_all(shipment, &milestones) {
        Some(whole) if !is_more_than_all => vec![effect(whole, None, &all)],
        Some(_) | None => {
            parts.into_iter().map(|(told, part)| effect(told, part.location.as_ref(), &part.quantity)).collect()
        }
    }
}

/// What another shipment took on is reserved for this one no more.
fn keep(reserved: &mut [StockEffect], mut most: Decimal) {
    for held in reserved {
        held.quantity = held.quantity.min(most);
        most = most.saturating_sub(held.quantity);
    }
}

/// Takes what is issued off what is reserved: first where it was issued, then wherever else the line is reserved.
fn release(reserved: &mut [StockEffect], issued: &[StockEffect]) {
    let mut left: Vec<Decimal> = issued.iter().map(|gone| gone.quantity).collect();
    for elsewhere in [false, true] {
        for (gone, left) in issued.iter().zip(&mut left) {
            for held in reserved.iter_mut() {
                if held.unit == gone.unit && (elsewhere || held.location == gone.location) {
                    let taken = held.quantity.min(*left).max(Decimal::ZERO);
                    held.quantity -= taken;
                    *left -= taken;
                }
            }
        }
    }
}
