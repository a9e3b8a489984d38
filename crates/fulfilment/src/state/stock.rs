//! What an order does to the stock: it reserves, then it issues.

use engine::FactId;
use model::{Classifier, LocationId, Milestone, Sku, Unit, When};
use rust_decimal::Decimal;

use super::State;

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
        let mut effects = self.effects_of(Milestone::FulfilmentGoodsIssued, StockEffectKind::Issued);
        let mut reserved = self.effects_of(Milestone::FulfilmentAllocated, StockEffectKind::Reserved);
        for gone in &effects {
            let mut left = gone.quantity;
            let same = |held: &&mut StockEffect| {
                held.location == gone.location && held.sku == gone.sku && held.unit == gone.unit
            };
            for held in reserved.iter_mut().filter(same) {
                let taken = left.min(held.quantity);
                held.quantity -= taken;
                left -= taken;
            }
        }
        if self.ended.is_none() {
            effects.extend(reserved.into_iter().filter(|held| !held.quantity.is_zero()));
        }
        effects
    }

    fn effects_of(&self, milestone: Milestone, kind: StockEffectKind) -> Vec<StockEffect> {
        let mut effects = Vec::new();
        let shipments = self.shipments();
        for (fact, _, reached) in self.milestones() {
            if reached.milestone != milestone || reached.classifier != Classifier::Actual {
                continue;
            }
            let about =
                |shipment: &&crate::Shipment<'_>| reached.shipment.as_ref().is_none_or(|named| *named == shipment.id);
            for shipment in shipments.iter().filter(about) {
                for line in &shipment.lines {
                    let part = reached.lines.iter().find(|part| part.line == line.line);
                    if part.is_none() && !reached.lines.is_empty() {
                        continue;
                    }
                    let quantity = part.map_or(&line.quantity, |part| &part.quantity);
                    effects.push(StockEffect {
                        location: part.and_then(|p| p.location.clone()).unwrap_or_else(|| shipment.location.clone()),
                        sku: line.sku.clone(),
                        unit: quantity.unit.clone(),
                        kind,
                        quantity: quantity.amount,
                        occurred: reached.occurred,
                        fact,
                    });
                }
            }
        }
        effects
    }
}
