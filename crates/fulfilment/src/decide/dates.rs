//! When a shipment is expected, and how often its carrier tried in vain.

use std::collections::BTreeSet;

use model::{Exception, ExceptionKind, Milestone, When};

use super::case::Case;
use super::problems::why_undeliverable;
use crate::state::Shipment;

/// A shipment on its way is expected later than the day it was promised for.
pub(super) fn late(case: &Case<'_>) -> Vec<Exception> {
    let problem = |shipment: &Shipment<'_>| {
        let (expected, promised) = (case.known.expected(shipment)?, promised(case, shipment)?);
        let is_late = expected.local_date() > promised.local_date() && !case.is_shipment_delivered(shipment);
        let detail = || format!("expected on {}, promised for {}", expected.local_date(), promised.local_date());
        is_late.then(|| Exception { kind: ExceptionKind::Late(shipment.id.clone()), detail: detail() })
    };
    case.live_shipments().filter(|shipment| !case.is_to_be_undone(shipment)).filter_map(problem).collect()
}

/// The first day that something of a shipment was promised for.
fn promised(case: &Case<'_>, shipment: &Shipment<'_>) -> Option<When> {
    let dates = shipment.lines.iter().filter_map(|part| part.line.promised.or(case.order().promised));
    dates.min_by_key(When::local_date)
}

/// The carrier tried to deliver a shipment as often as the policy allows, and has not delivered it.
pub(super) fn delivery_failing(case: &Case<'_>) -> Vec<Exception> {
    let problem = |shipment: &Shipment<'_>| {
        let attempts = case.known.actual.of(shipment, &[Milestone::TransportDeliveryAttempted]);
        // A carrier that sends its whole history again tells of the same attempt.
        let attempts: BTreeSet<When> = attempts.map(|event| event.reached.occurred).collect();
        let is_open = !case.is_shipment_delivered(shipment) && why_undeliverable(case, shipment).is_none();
        let kind = ExceptionKind::DeliveryFailing(shipment.id.clone());
        let too_often = is_open && !attempts.is_empty() && attempts.len() >= case.policy.delivery.attempts;
        too_often.then(|| Exception { kind, detail: format!("{} attempts to deliver it failed", attempts.len()) })
    };
    case.live_shipments().filter_map(problem).collect()
}
