//! Decisions as events.

use model::{Ask, Decision, End, Request};

use super::about::About;
use super::value::Value;

pub(super) fn describe(decision: &Decision, about: &mut About<'_>) {
    match decision {
        Decision::Commit(commitment) => {
            about.named("order committed");
            about.text("release", &commitment.release);
        }
        Decision::Split(split) => {
            about.named("shipment split");
            about.text("lacking", split.lacking.as_str());
            about.shipment(&split.shipment);
            about.shipment(&split.of);
            about.lines(&split.lines);
            for part in &split.lines {
                about.objects.holds(&split.shipment, &part.line);
            }
            let of = about.objects.shipment(&split.of).id.clone();
            about.objects.of_shipment(&split.shipment, of, "takes on what lacks of");
        }
        Decision::Ask(ask) => asked(ask, about),
        Decision::Deadline(deadline) => {
            about.named("deadline set");
            about.text("wait", &deadline.name);
            about.with("until", Value::Time(deadline.at));
        }
        Decision::Raise(exception) => {
            about.named("exception raised");
            about.text("exception", exception.kind.as_str());
            if let Some(shipment) = exception.kind.shipment() {
                about.shipment(shipment);
            }
        }
        Decision::Resolve(kind) => {
            about.named("exception resolved");
            about.text("exception", kind.as_str());
            if let Some(shipment) = kind.shipment() {
                about.shipment(shipment);
            }
        }
        Decision::End(End::Closed) => about.named("order closed"),
        Decision::End(End::Cancelled) => about.named("order cancelled"),
    }
}

fn asked(ask: &Ask, about: &mut About<'_>) {
    about.named(format!("{} asked", kind(ask)));
    about.text("ask", &ask.id);
    let partner = about.partner(&ask.partner, "asked");
    if let Some(shipment) = ask.request.shipment() {
        about.shipment(shipment);
    }
    match &ask.request {
        Request::Allocate { shipment, location, lines, .. } => {
            let location = about.location(location);
            about.objects.of_shipment(shipment, location, "leaves from");
            about.objects.of_shipment(shipment, partner, "handled by");
            about.asked(shipment, lines);
        }
        Request::Book { shipment, from, lines, .. } => {
            about.location(from);
            about.objects.of_shipment(shipment, partner, "booked by");
            about.asked(shipment, lines);
        }
        Request::ConfirmShipment { lines, .. } | Request::Bill { lines, .. } | Request::Credit { lines, .. } => {
            about.lines(lines);
        }
        Request::CancelAllocation { location, .. } | Request::CancelReturn { location, .. } => {
            about.location(location);
        }
        Request::UpdateCustomer { milestone, .. } => about.text("milestone", milestone),
        Request::ConfirmCancellation { reason } => about.text("reason", reason),
        Request::CancelBooking { .. }
        | Request::ExpectReturn { .. }
        | Request::Collect { .. }
        | Request::CancelCollection { .. }
        | Request::UpdateReturn { .. } => {}
    }
}

/// What is asked, in words.
pub(super) fn kind(ask: &Ask) -> String {
    ask.request.kind().replace('_', " ")
}
