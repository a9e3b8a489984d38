//! Disagreements: one of the order's systems says that a shipment is further than its system of record says. That may be a
//! message that is still on its way; after a while a person must see it.

use model::{Exception, ExceptionKind, Milestone};

use super::case::Case;
use super::waits::Wait;
use crate::state::Shipment;

/// The furthest that another of the order's systems says a shipment is, where its system of record has not come as far.
fn claimed<'a>(case: &Case<'a>, shipment: &Shipment<'a>) -> Option<(Milestone, &'a str)> {
    if case.is_void(shipment) {
        return None;
    }
    case.known.claimed(shipment).map(|claim| (claim.reached.milestone, claim.held.teller())).max()
}

/// A shipment that the order's systems do not agree on.
pub(super) fn wait(case: &Case<'_>, shipment: &Shipment<'_>) -> Option<Wait> {
    claimed(case, shipment).map(|(milestone, _)| Wait::Disagreement(shipment.id.clone(), milestone))
}

/// The order's systems have not agreed on a shipment in time.
pub(super) fn disagreement(case: &Case<'_>) -> Vec<Exception> {
    let problem = |shipment: &Shipment<'_>| {
        let (milestone, teller) = claimed(case, shipment)?;
        let is_late = case.is_late(&Wait::Disagreement(shipment.id.clone(), milestone));
        let truth = case.known.furthest(shipment).map_or("nothing", Milestone::as_str);
        let detail = format!("{teller} tells {milestone}, its own systems tell {truth}");
        is_late.then(|| Exception { kind: ExceptionKind::Disagreement(shipment.id.clone()), detail })
    };
    case.shipments().filter_map(problem).collect()
}
