//! How much of each line has come how far.

use engine::FactId;
use model::{
    Classifier, Fact, Invoice, Lane, LineId, Milestone, MilestoneReached, OrderLine, Progress, Quantity, ShipmentId,
    Sku, Unit, When,
};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::State;

/// How much of one line has come how far, in the order's unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LineStatus {
    /// The line.
    pub line: LineId,
    /// What is ordered.
    pub sku: Sku,
    /// The unit of all quantities.
    pub unit: Unit,
    /// How much is ordered.
    pub ordered: Decimal,
    /// How much a warehouse reserved.
    pub allocated: Decimal,
    /// How much is picked.
    pub picked: Decimal,
    /// How much is packed.
    pub packed: Decimal,
    /// How much left the warehouse.
    pub shipped: Decimal,
    /// How much was delivered.
    pub delivered: Decimal,
    /// How much came back.
    pub returned: Decimal,
    /// How much the customer was billed for.
    pub invoiced: Decimal,
    /// When it was promised: the line's own date, else the order's.
    pub promised: Option<When>,
    /// When the last of it was delivered.
    pub delivered_on: Option<When>,
    /// Delivered after the day it was promised for.
    pub late: bool,
}

impl State {
    /// How far each line has come; empty before the order is released.
    #[must_use]
    pub fn lines(&self) -> Vec<LineStatus> {
        let Some(order) = self.order() else { return Vec::new() };
        let shipments = self.shipments();
        let status = |line: &OrderLine| {
            let shipment = shipments.iter().find(|s| s.lines.iter().any(|own| own.line == line.line)).map(|s| &s.id);
            let of = |milestone| self.quantity(shipment, line, &[milestone]);
            let delivery = self.delivery(shipment);
            let delivered_on = self.delivered_on(shipment, line, delivery);
            let promised = line.promised.or(order.promised);
            LineStatus {
                line: line.line.clone(),
                sku: line.sku.clone(),
                unit: line.quantity.unit.clone(),
                ordered: line.quantity.amount,
                allocated: of(Milestone::FulfilmentAllocated),
                picked: of(Milestone::FulfilmentPicked),
                packed: of(Milestone::FulfilmentPacked),
                shipped: of(Milestone::FulfilmentGoodsIssued),
                delivered: self.quantity(shipment, line, delivery),
                returned: of(Milestone::TransportReturned),
                invoiced: self.invoiced(shipment, line, delivery),
                promised,
                delivered_on,
                late: matches!((delivered_on, promised), (Some(on), Some(by)) if on.local_date() > by.local_date()),
            }
        };
        order.lines.iter().map(status).collect()
    }

    /// How much of a line actually reached any of these milestones, in the order's unit. A milestone that names no lines
    /// covers all that it is about, once however often it is told.
    #[must_use]
    pub fn quantity(&self, shipment: Option<&ShipmentId>, line: &OrderLine, milestones: &[Milestone]) -> Decimal {
        if self.told_of_all(shipment, milestones).is_some() {
            return line.quantity.amount;
        }
        let parts = self.told_of_parts(shipment, &line.line, milestones);
        parts.fold(Decimal::ZERO, |sum, (_, _, part)| sum.saturating_add(in_unit(&part.quantity, &line.quantity.unit)))
    }

    /// The first fact that tells of everything a shipment holds. One that tells of a parcel and names no lines leaves
    /// open what the parcel holds, until every parcel known is told of.
    pub(super) fn told_of_all(
        &self,
        shipment: Option<&ShipmentId>,
        milestones: &[Milestone],
    ) -> Option<(FactId, &MilestoneReached)> {
        let told = self.milestones().filter(|(_, _, reached)| {
            reached.lines.is_empty()
                && reached.milestone != Milestone::TransportPartiallyDelivered
                && concerns(reached, shipment, milestones)
        });
        let first = told.min_by_key(|(id, held, reached)| (reached.parcel.is_some(), held.received, *id));
        let (id, _, reached) = first?;
        let all = reached.parcel.is_none() || shipment.is_some_and(|shipment| self.has_reached(shipment, milestones));
        all.then_some((id, reached))
    }

    /// Every part of a line that was told of by name.
    pub(super) fn told_of_parts(
        &self,
        shipment: Option<&ShipmentId>,
        line: &LineId,
        milestones: &[Milestone],
    ) -> impl Iterator<Item = (FactId, &MilestoneReached, &Progress)> {
        let told = self.milestones().filter(move |(_, _, reached)| concerns(reached, shipment, milestones));
        told.flat_map(move |(id, _, reached)| {
            let parts = reached.lines.iter().filter(move |part| part.line == *line);
            parts.map(move |part| (id, reached, part))
        })
    }

    /// The milestones that say what the consignee has taken: deliveries or, where none is told, the proof of delivery.
    pub(crate) fn delivery(&self, shipment: Option<&ShipmentId>) -> &'static [Milestone] {
        let told = self.milestones().any(|(_, _, reached)| concerns(reached, shipment, DELIVERED));
        if told { DELIVERED } else { PROVEN }
    }

    /// The customer's last invoice.
    #[must_use]
    pub fn invoice(&self) -> Option<&Invoice> {
        self.newest(Lane::Erp, |fact| if let Fact::Billed(invoice) = fact { Some(invoice) } else { None })
    }

    fn invoiced(&self, shipment: Option<&ShipmentId>, line: &OrderLine, delivery: &[Milestone]) -> Decimal {
        let Some(invoice) = self.invoice() else { return Decimal::ZERO };
        if invoice.lines.is_empty() {
            return self.quantity(shipment, line, delivery);
        }
        let parts = invoice.lines.iter().filter(|part| part.line == line.line);
        parts.fold(Decimal::ZERO, |sum, part| sum.saturating_add(in_unit(&part.quantity, &line.quantity.unit)))
    }

    fn delivered_on(&self, shipment: Option<&ShipmentId>, line: &OrderLine, delivery: &[Milestone]) -> Option<When> {
        let deliveries = self.milestones().filter(|(_, _, reached)| {
            let names_line = reached.lines.is_empty() || reached.lines.iter().any(|part| part.line == line.line);
            names_line && concerns(reached, shipment, delivery)
        });
        deliveries.map(|(_, _, reached)| reached.occurred).max()
    }
}

/// What a consignee has taken, in whole or in part.
const DELIVERED: &[Milestone] = &[Milestone::TransportDelivered, Milestone::TransportPartiallyDelivered];
/// What proves that a consignee has taken it.
const PROVEN: &[Milestone] = &[Milestone::TransportPodReceived];

fn concerns(reached: &MilestoneReached, shipment: Option<&ShipmentId>, milestones: &[Milestone]) -> bool {
    reached.classifier == Classifier::Actual
        && milestones.contains(&reached.milestone)
        && (reached.shipment.is_none() || reached.shipment.as_ref() == shipment)
}

/// The amount, when it counts in the order's unit; an amount in another unit counts as nothing, so that the comparison
/// of quantities brings it to light.
fn in_unit(quantity: &Quantity, unit: &Unit) -> Decimal {
    if quantity.unit == *unit { quantity.amount } else { Decimal::ZERO }
}
