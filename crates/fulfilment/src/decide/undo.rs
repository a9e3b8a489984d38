//! Compensation: an order that is cancelled, or whose goods the ERP changed, is undone, newest first; then it ends, or begins
//! anew with the new release. What has left a warehouse cannot be undone: it goes its way, and a person must see it.

use model::{Ask, Commitment, Decision, Exception, ExceptionKind, Lacking, Milestone, Reason, Request, System};

use super::case::Case;
use super::problems::{is_undelivered, stands, why_undeliverable};
use crate::policy::{Short, Undelivered};
use crate::state::{AskState, Part, Shipment, UNDO};

impl<'a> Case<'a> {
    /// Whether nothing new is to be committed to for this release, and what was is to be undone. Once something was undone
    /// there is no way back, only a new beginning.
    pub fn is_being_undone(&self) -> bool {
        self.cancelled.is_some()
            || self.is_being_changed()
            || self.shipments().any(|shipment| self.undo_begun(shipment))
    }

    /// Whether the ERP changed the goods and nothing of them has left.
    fn is_being_changed(&self) -> bool {
        !self.changes.goods.is_empty() && !self.shipments().any(|shipment| self.has_left(shipment))
    }

    /// Whether undoing a shipment began for another reason than that it was given up. One that left all the same, and was
    /// perhaps given up for not leaving, concerns no other.
    fn undo_begun(&self, shipment: &Shipment<'a>) -> bool {
        !self.has_left(shipment) && !self.is_given_up(shipment) && self.is_undo_asked(shipment)
    }

    /// Whether somebody was asked to undo something of a shipment, and not only to let another carrier have it.
    fn is_undo_asked(&self, shipment: &Shipment<'a>) -> bool {
        let for_another = |undo: &Ask| undo.request.undoes().is_some_and(|ask| self.state.substitute(ask).is_some());
        UNDO.iter().any(|(undo, _)| self.same(undo, Some(&shipment.id)).any(|undo| !for_another(undo)))
    }

    /// Whether a shipment is beyond calling back.
    pub fn has_left(&self, shipment: &Shipment<'_>) -> bool {
        self.is_issued(shipment)
            || self.is_picked_up(shipment)
            || self.has_reached(shipment, &[Milestone::TransportReturned])
    }

    /// Whether an operator goes on without a shipment that nobody can ship, carry or deliver. Once something of it was undone
    /// for that, it stays so.
    pub fn is_given_up(&self, shipment: &Shipment<'a>) -> bool {
        let id = || shipment.id.clone();
        let refused = |kind| self.refusal(kind, Some(&shipment.id)).is_some();
        let undone = || self.is_undo_asked(shipment);
        let waived = |kind, holds: &dyn Fn() -> bool| self.state.is_kind_waived(&kind) && (holds() || undone());
        if self.has_left(shipment) {
            // Goods that left are given up only when they will not arrive.
            let lost = || why_undeliverable(self, shipment).is_some();
            let by_policy = || self.policy.delivery.short == Undelivered::Accept;
            let is_sent_again = || shipment.lines.iter().any(|part| !part.sent_again.is_zero());
            return waived(ExceptionKind::Undeliverable(id()), &lost)
                || (by_policy() || is_sent_again()) && is_undelivered(self, shipment);
        }
        // All of it travels as another shipment, or the policy or a person goes on without it.
        let is_emptied = shipment.lines.iter().any(Part::is_emptied) && shipment.lines.iter().all(Part::is_emptied);
        let ships_nothing = || self.ships_nothing(shipment);
        if is_emptied
            || self.policy.picking.short == Short::Ship
                && ships_nothing()
                && self.is_rest_due(Lacking::Shipped, shipment)
        {
            return true;
        }
        let short = || self.is_reserved_short(shipment) && !self.ships_short(shipment);
        let none = || refused("allocate") || short() && !self.waits_for_stock(shipment);
        waived(ExceptionKind::ShippedShort(id()), &ships_nothing)
            || waived(ExceptionKind::NoStock(id()), &none)
            || waived(ExceptionKind::BookingRefused(id()), &|| refused("book"))
    }

    /// Whether what was asked for a shipment is to be undone.
    pub fn is_to_be_undone(&self, shipment: &Shipment<'a>) -> bool {
        !self.has_left(shipment) && (self.is_being_undone() || self.is_given_up(shipment))
    }

    /// Whether a shipment is no longer part of the order: nothing of it is committed, or it is lost for good.
    pub fn is_void(&self, shipment: &Shipment<'a>) -> bool {
        if self.has_left(shipment) {
            return self.is_given_up(shipment);
        }
        self.is_to_be_undone(shipment) && UNDO.iter().all(|(_, kind)| self.standing(kind, shipment).is_none())
    }

    /// The shipments that are still part of the order.
    pub fn live_shipments(&self) -> impl Iterator<Item = &Shipment<'a>> {
        self.shipments().filter(|shipment| !self.is_void(shipment))
    }

    /// Whether nothing is left of the order: it was cancelled, or all of it was given up.
    pub fn is_called_off(&self) -> bool {
        let wanted_no_more = self.cancelled.is_some()
            || !self.known.shipments.is_empty() && self.shipments().all(|shipment| self.is_given_up(shipment));
        wanted_no_more && self.live_shipments().next().is_none()
    }

    /// The ask of a kind for a shipment that binds a partner.
    pub fn standing(&self, kind: &str, shipment: &Shipment<'a>) -> Option<&Ask> {
        self.known.standing(kind, &shipment.id, self.all_asks())
    }
}

/// What was asked for another release is undone, or only what the customer pays and was promised has changed: from now on
/// the last release is the order.
pub(super) fn recommit(case: &Case<'_>) -> Option<Decision> {
    case.state.committed()?;
    if case.cancelled.is_some() || case.known.shipments.is_empty() {
        return None;
    }
    let first = case.state.first_shipment();
    let all_undone = case.is_being_undone() && case.live_shipments().next().is_none() && !case.is_called_off();
    let only_terms = case.changes.goods.is_empty() && !case.changes.terms.is_empty() && !case.is_being_undone();
    let first_shipment = if all_undone {
        first.saturating_add(u32::try_from(case.known.shipments.len()).unwrap_or(u32::MAX))
    } else if only_terms {
        first
    } else {
        return None;
    };
    Some(Decision::Commit(Commitment { release: case.known.last_release.id.to_string(), first_shipment }))
}

/// A shipment is not wanted any more, or another carrier is to have it, and a TMS was asked to carry it: the TMS is asked to take
/// it back.
pub(super) fn cancel_booking(case: &Case<'_>) -> Vec<Ask> {
    let ask = |shipment: &Shipment<'_>| {
        let booking = case.standing("book", shipment)?;
        let request = || Request::CancelBooking {
            shipment: shipment.id.clone(),
            undoes: booking.id.clone(),
            tracking: case.known.booking(&shipment.id).map(|booking| booking.tracking.clone()),
        };
        let (kind, id) = ("cancel_booking", Some(&shipment.id));
        // What was taken back before, to let another have it, is not this booking.
        if case.ask(kind, id).is_some_and(|undo| undo.request.undoes() != Some(&booking.id)) {
            return case.make_ask(System::Tms, &booking.partner, kind, id, request);
        }
        case.new_ask(System::Tms, &booking.partner, kind, id, request)
    };
    let unwanted = |shipment: &&Shipment<'_>| case.is_to_be_undone(shipment) || case.is_to_be_replaced(shipment);
    case.shipments().filter(unwanted).filter_map(ask).collect()
}

/// No carrier is to come for it any more: the warehouse is asked to give back what it reserved.
pub(super) fn cancel_allocation(case: &Case<'_>) -> Vec<Ask> {
    let ask = |shipment: &Shipment<'_>| {
        let allocation = case.standing("allocate", shipment)?;
        let request = || Request::CancelAllocation {
            shipment: shipment.id.clone(),
            undoes: allocation.id.clone(),
            location: shipment.location.clone(),
        };
        case.new_ask(System::Wms, &allocation.partner, "cancel_allocation", Some(&shipment.id), request)
    };
    let free = |shipment: &&Shipment<'_>| case.is_to_be_undone(shipment) && case.standing("book", shipment).is_none();
    case.shipments().filter(free).filter_map(ask).collect()
}

/// Nothing of the order is left: the ERP is asked to close it as cancelled.
pub(super) fn confirm_cancellation(case: &Case<'_>) -> Vec<Ask> {
    if !case.is_called_off() {
        return Vec::new();
    }
    let reason = case.cancelled.as_ref().map_or(Reason::ShipperCancelled, |cancelled| cancelled.reason);
    let request = || Request::ConfirmCancellation { reason };
    case.new_ask(System::Erp, case.known.erp(), "confirm_cancellation", None, request).into_iter().collect()
}

/// The ERP closed the order as cancelled: the customer is told.
pub(super) fn tell_of_cancellation(case: &Case<'_>) -> Option<Milestone> {
    (case.answer("confirm_cancellation", None) == AskState::Accepted).then_some(Milestone::OrderCancelled)
}

/// The order is cancelled, and a shipment of it had left already; or all of it was given up, and some of it arrives.
pub(super) fn cancel_too_late(case: &Case<'_>) -> Vec<Exception> {
    let Some(cancelled) = &case.cancelled else { return given_up_too_soon(case) };
    let why = cancelled.detail.map_or(cancelled.reason.to_string(), |detail| format!("{}: {detail}", cancelled.reason));
    let left = case.shipments().filter(|shipment| case.has_left(shipment));
    let problem = |shipment: &Shipment<'_>| Exception {
        kind: ExceptionKind::CancelTooLate(shipment.id.clone()),
        detail: format!("{} had left when the order was cancelled ({why})", shipment.id),
    };
    left.map(problem).collect()
}

/// Whether the ERP was told that nothing of the order is left, some of it is, and nobody took that as it is.
pub(super) fn is_back(case: &Case<'_>) -> bool {
    given_up_too_soon(case).iter().any(|problem| stands(case, problem))
}

fn given_up_too_soon(case: &Case<'_>) -> Vec<Exception> {
    if case.cancelled.is_some() || case.ask("confirm_cancellation", None).is_none() {
        return Vec::new();
    }
    let there = case.shipments().filter(|shipment| case.has_left(shipment) && !case.is_given_up(shipment));
    let problem = |shipment: &Shipment<'_>| Exception {
        kind: ExceptionKind::CancelTooLate(shipment.id.clone()),
        detail: format!("{} is there after all, and the ERP was asked to cancel the order", shipment.id),
    };
    there.map(problem).collect()
}

/// The ERP changed the goods of the order when some of them had left already, or changed it after its end.
pub(super) fn changed(case: &Case<'_>) -> Vec<String> {
    let is_over = case.state.ended().is_some();
    if let Some(cancelled) = &case.cancelled {
        let (first, last) = (&case.known.release, &case.known.last_release);
        let again = last.id != first.id && (last.came.0, last.came.1) > (cancelled.came.0, cancelled.came.1);
        return again
            .then(|| "released again when it was cancelled; release it under another number".to_owned())
            .into_iter()
            .collect();
    }
    if !is_over && (case.changes.goods.is_empty() || case.is_being_changed()) {
        return Vec::new();
    }
    crate::state::changes(case.order(), case.known.last_release.order).words()
}
