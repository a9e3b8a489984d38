//! Facts as events. What people wrote in their own words stays in the trail.

use std::collections::BTreeMap;

use fulfilment::state::is_ahead;
use model::{
    Answer, Ask, AskId, Booking, Classifier, Condition, ExceptionKind, Fact, MilestoneReached, Outcome, Timestamp, When,
};

use super::about::About;
use super::decided::kind;
use super::value::Value;

pub(super) fn describe(fact: &Fact, received: Timestamp, asks: &BTreeMap<&AskId, &Ask>, about: &mut About<'_>) {
    match fact {
        Fact::Released(order) => {
            about.named("order released");
            for line in &order.lines {
                about.line(&line.line);
            }
            let customer = about.objects.released(order, received);
            about.relates(customer, "customer");
        }
        Fact::Validated(validation) => {
            about.named("order validated");
            about.with("findings", Value::Integer(validation.findings.len() as u64));
        }
        Fact::Answered(answer) => answered(answer, asks.get(&answer.ask).copied(), about),
        Fact::Milestone(reached) => milestone(reached, received, about),
        Fact::Condition(condition) => self::condition(condition, received, about),
        Fact::Booked(booking) => booked(booking, received, about),
        Fact::Billed(invoice) => {
            about.named("billed");
            money(&invoice.number, &invoice.total, about);
            about.lines(&invoice.lines);
        }
        Fact::FreightInvoiced(bill) => {
            about.named("freight invoiced");
            money(&bill.number, &bill.total, about);
            if let Some(shipment) = &bill.shipment {
                about.shipment(shipment);
            }
        }
        Fact::Archived(archived) => {
            about.named("order archived");
            about.with("entries", Value::Integer(archived.entries.into()));
        }
        Fact::CancelRequested(wanted) => {
            about.named("cancellation requested");
            about.text("reason", wanted.reason);
        }
        Fact::HandedOver(over) => {
            about.named("order handed over");
            about.partner(&over.to, "handed over to");
        }
        Fact::RetryRequested(retry) => {
            about.named("retry requested");
            about.text("ask", &retry.ask);
        }
        Fact::Waived(exception) => about_exception("exception waived", &exception.kind, about),
        Fact::Noted(_) => about.named("note taken"),
        Fact::Assigned(given) => about_exception("exception assigned", &given.kind, about),
        Fact::Snoozed(snooze) => {
            about_exception("exception snoozed", &snooze.kind, about);
            about.with("until", Value::Time(snooze.until));
        }
        Fact::Substituted(wanted) => {
            about.named("partner substituted");
            about.text("ask", &wanted.ask);
            about.partner(&wanted.partner, "substitute");
        }
        // These are told of returns, and claims where an order bears them.
        Fact::ReturnAuthorised(_) | Fact::Inspected(_) => about.named(fact.kind().replace('_', " ")),
        Fact::Credited(credit) => {
            about.named("credited");
            money(&credit.number, &credit.total, about);
        }
    }
}

fn answered(answer: &Answer, ask: Option<&Ask>, about: &mut About<'_>) {
    let what = ask.map_or_else(|| "ask".to_owned(), kind);
    let outcome = match &answer.outcome {
        Outcome::Accepted => "accepted",
        Outcome::Refused { reason, .. } => {
            about.text("reason", reason);
            "refused"
        }
        Outcome::Failed { .. } => "failed",
    };
    about.named(format!("{what} {outcome}"));
    about.text("ask", &answer.ask);
    if let Some(shipment) = ask.and_then(|ask| ask.request.shipment()) {
        about.shipment(shipment);
    }
}

/// An actual milestone is an event when it occurred. That one is expected, planned or asked for is an event when it is told, and
/// when it was told too is the best that is known of one that is said to lie in the future.
fn milestone(reached: &MilestoneReached, received: Timestamp, about: &mut About<'_>) {
    let name = reached.milestone.as_str();
    if reached.classifier == Classifier::Actual {
        about.named(name);
        occurred(reached.occurred, received, about);
    } else {
        about.named(format!("{name} {}", reached.classifier.as_str()));
        about.at(received);
        about.when("expected", reached.occurred);
    }
    if let Some(shipment) = &reached.shipment {
        about.shipment(shipment);
    }
    if let Some(parcel) = &reached.parcel {
        about.text("parcel", parcel);
    }
    if let Some(location) = reached.place.as_ref().and_then(|place| place.location.as_ref()) {
        about.location(location);
    }
    if let Some(code) = &reached.code {
        about.text("code", code);
    }
    about.lines(&reached.lines);
}

fn condition(condition: &Condition, received: Timestamp, about: &mut About<'_>) {
    let over = if condition.resolved { " resolved" } else { "" };
    about.named(format!("condition {}{over}", condition.kind.as_str()));
    occurred(condition.occurred, received, about);
    about.text("reason", condition.reason);
    if let Some(shipment) = &condition.shipment {
        about.shipment(shipment);
    }
    if let Some(code) = &condition.code {
        about.text("code", code);
    }
}

fn booked(booking: &Booking, received: Timestamp, about: &mut About<'_>) {
    about.named("booked");
    about.shipment(&booking.shipment);
    about.partner(&booking.tms, "booked by");
    let shipment = about.objects.shipment(&booking.shipment);
    shipment.set("carrier", received, Value::text(&booking.carrier));
    shipment.set("tracking", received, Value::text(&booking.tracking));
    if let Some(charge) = &booking.charge {
        about.with("amount", Value::money(charge));
        about.text("currency", charge.currency);
    }
}

/// Of a time that is stated to the day or the minute, and told within it, when it was told is nearest.
fn occurred(occurred: When, received: Timestamp, about: &mut About<'_>) {
    about.text("stated", occurred);
    let is_within = (occurred.at..occurred.end()).contains(&received);
    about.at(if is_within || is_ahead(occurred, received) { received } else { occurred.at });
}

fn money(number: &str, total: &model::Money, about: &mut About<'_>) {
    about.text("number", number);
    about.with("amount", Value::money(total));
    about.text("currency", total.currency);
}

fn about_exception(event: &str, kind: &ExceptionKind, about: &mut About<'_>) {
    about.named(event);
    about.text("exception", kind.as_str());
    if let Some(shipment) = kind.shipment() {
        about.shipment(shipment);
    }
}
