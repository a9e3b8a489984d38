//! What has actually happened to the goods, by the word of the systems of record.

use engine::FactId;
use model::{
    Classifier, LineId, Milestone, MilestoneReached, OrderLine, ParcelId, Progress, Quantity, ShipmentId, Timestamp,
    Unit, When,
};
use rust_decimal::Decimal;

use super::State;

/// The milestones that were actually reached, picked out once for the many questions asked of them.
pub(crate) struct Actual<'a>(Vec<Event<'a>>);

/// A milestone that was reached.
#[derive(Clone, Copy)]
pub(super) struct Event<'a> {
    pub fact: FactId,
    received: Timestamp,
    pub reached: &'a MilestoneReached,
}

impl State {
    /// What has actually happened to the goods.
    pub(crate) fn actual(&self) -> Actual<'_> {
        let actual = self.milestones().filter(|(_, _, reached)| reached.classifier == Classifier::Actual);
        Actual(actual.map(|(fact, held, reached)| Event { fact, received: held.received, reached }).collect())
    }
}

impl<'a> Actual<'a> {
    /// Whether a shipment reached a milestone: told of the shipment or the order, or of each parcel known of it. How much
    /// of which line did is another question, see [`Actual::quantity`].
    pub fn has_reached(&self, shipment: &ShipmentId, milestones: &[Milestone]) -> bool {
        let mut parcels: Vec<(&ParcelId, bool)> = Vec::new();
        for Event { reached, .. } in &self.0 {
            let here = milestones.contains(&reached.milestone);
            if !(here || reached.parcel.is_some()) || !is_about(reached, Some(shipment)) {
                continue;
            }
            let Some(parcel) = &reached.parcel else { return true };
            match parcels.iter_mut().find(|(known, _)| *known == parcel) {
                Some((_, known)) => *known |= here,
                None => parcels.push((parcel, here)),
            }
        }
        !parcels.is_empty() && parcels.iter().all(|(_, reached)| *reached)
    }

    /// How much of a line reached any of these milestones, in the order's unit. A milestone that names no lines covers all
    /// that it is about, once however often it is told.
    pub fn quantity(&self, shipment: Option<&ShipmentId>, line: &OrderLine, milestones: &[Milestone]) -> Decimal {
        if self.told_of_all(shipment, milestones).is_some() {
            return line.quantity.amount;
        }
        let parts = self.told_of_parts(shipment, &line.line, milestones);
        parts.fold(Decimal::ZERO, |sum, (_, part)| sum.saturating_add(in_unit(&part.quantity, &line.quantity.unit)))
    }

    /// The first event that tells of everything a shipment holds. One that tells of a parcel and names no lines leaves open
    /// what the parcel holds, until every parcel known is told of.
    pub(super) fn told_of_all(&self, shipment: Option<&ShipmentId>, milestones: &[Milestone]) -> Option<Event<'a>> {
        let whole = self.of(shipment, milestones).filter(|event| {
            event.reached.lines.is_empty() && event.reached.milestone != Milestone::TransportPartiallyDelivered
        });
        let first = whole.min_by_key(|event| (event.reached.parcel.is_some(), event.received, event.fact))?;
        let all = first.reached.parcel.is_none() || shipment.is_some_and(|s| self.has_reached(s, milestones));
        all.then_some(first)
    }

    /// Every part of a line that was told of by name.
    pub(super) fn told_of_parts(
        &self,
        shipment: Option<&ShipmentId>,
        line: &LineId,
        milestones: &[Milestone],
    ) -> impl Iterator<Item = (Event<'a>, &'a Progress)> {
        self.of(shipment, milestones).flat_map(move |event| {
            let parts = event.reached.lines.iter().filter(move |part| part.line == *line);
            parts.map(move |part| (event, part))
        })
    }

    /// The milestones that say what the consignee has taken: deliveries or, where none is told, the proof of delivery.
    pub fn delivery(&self, shipment: Option<&ShipmentId>) -> &'static [Milestone] {
        if self.of(shipment, DELIVERED).next().is_some() { DELIVERED } else { PROVEN }
    }

    /// When the last of a line reached any of these milestones.
    pub(super) fn last(&self, shipment: Option<&ShipmentId>, line: &LineId, milestones: &[Milestone]) -> Option<When> {
        let told = self.of(shipment, milestones).filter(|event| {
            let lines = &event.reached.lines;
            lines.is_empty() || lines.iter().any(|part| part.line == *line)
        });
        told.map(|event| event.reached.occurred).max()
    }

    fn of(&self, shipment: Option<&ShipmentId>, milestones: &[Milestone]) -> impl Iterator<Item = Event<'a>> {
        let events = self.0.iter().copied();
        events.filter(move |event| milestones.contains(&event.reached.milestone) && is_about(event.reached, shipment))
    }
}

/// What a consignee has taken, in whole or in part.
const DELIVERED: &[Milestone] = &[Milestone::TransportDelivered, Milestone::TransportPartiallyDelivered];
/// What proves that a consignee has taken it.
const PROVEN: &[Milestone] = &[Milestone::TransportPodReceived];

fn is_about(reached: &MilestoneReached, shipment: Option<&ShipmentId>) -> bool {
    reached.shipment.is_none() || reached.shipment.as_ref() == shipment
}

/// The amount, when it counts in the order's unit; an amount in another unit counts as nothing, so that the comparison
/// of quantities brings it to light.
pub(super) fn in_unit(quantity: &Quantity, unit: &Unit) -> Decimal {
    if quantity.unit == *unit { quantity.amount } else { Decimal::ZERO }
}
