//! How far a shipment has come, by its own systems and by others of the order.

use fulfilment::state::ShipmentBook;
use model::{ExceptionKind, Milestone, System};

use super::{Case, sum, worth};
use crate::discrepancy::{Discrepancy, Kind, Side};
use crate::remedy::Remedy;

/// Another of the order's systems says that a shipment is further than its own systems say, for longer than the grace.
pub(super) fn claimed(case: &Case<'_>) -> Vec<Discrepancy> {
    case.live_shipments().filter_map(|shipment| of_shipment(case, shipment)).collect()
}

fn of_shipment(case: &Case<'_>, shipment: &ShipmentBook<'_>) -> Option<Discrepancy> {
    let kind = ExceptionKind::Disagreement(shipment.id.clone());
    if case.state.is_taken_as_it_is(&kind) {
        return None;
    }
    let grace = case.policy.grace.status.millis();
    let standing = shipment.claimed.iter().filter(|claim| case.is_over(claim.held.received, grace));
    let claim =
        standing.max_by_key(|claim| (claim.reached.milestone.rank(), std::cmp::Reverse(claim.held.received)))?;
    let truth = shipment.reached.iter().max_by_key(|stated| stated.reached.milestone.rank());
    let teller = claim.held.partner.as_deref().unwrap_or(claim.held.lane.as_str());
    let who = match claim.reached.milestone.authority() {
        Some(System::Wms) => shipment.wms.as_str(),
        Some(System::Erp | System::Tms | System::View) | None => shipment.tms.map_or("tms", |tms| tms.as_str()),
    };
    let open = case.state.exceptions().find(|open| open.kind == kind);
    let remedy = || Remedy::Person(format!("ask {who} for what it has not told: waybill partner replay {who}"));
    Some(Discrepancy {
        kind: Kind::Status,
        about: case.about(Some(&shipment.id), None, None),
        one: Side::new(who, truth.map_or("nothing", |stated| stated.reached.milestone.as_str()), case.entries(truth)),
        other: Side::new(teller, claim.reached.milestone.as_str(), case.entries([claim])),
        since: claim.held.received,
        stake: value(shipment),
        remedy: open.cloned().map_or_else(remedy, Remedy::TakeAsItIs),
    })
}

/// What a shipment is worth.
pub(crate) fn value(shipment: &ShipmentBook<'_>) -> Option<model::Money> {
    sum(shipment.parts.iter().map(|part| worth(part.line, part.held)))
}

/// Whether the carrier has, or had, a shipment at this milestone.
pub(super) const fn is_on_the_road(milestone: Milestone) -> bool {
    milestone.rank() >= Milestone::TransportPickedUp.rank() && !matches!(milestone, Milestone::FulfilmentGoodsIssued)
}
