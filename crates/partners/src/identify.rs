//! How a fact is told from another when its source gives no event id.
//!
//! What counts is what the source said: itself, the order, the shipment, its raw code, the time and the place, and for a
//! milestone also the parcel and the lines, so that two partial picks of one minute stay two. The milestone a code is mapped
//! to does not count, so that a mended profile tells the same fact again; but what was `unknown` and is mapped is another fact.

use model::{Fact, Milestone, MilestoneReached, Movement, Personal, Place, Progress, When, Zone};

use crate::key::{FactKey, Identity};

/// The id of the `nth` fact of `sort` that the event with this id tells.
pub(crate) fn by_event(source: &str, event: &str, sort: &str, nth: usize) -> FactKey {
    let mut identity = Identity::new(source, "event");
    identity.text(event);
    identity.text(sort);
    identity.count(nth);
    identity.key()
}

/// The id of a fact by what it says. `stated` is false when its time is only that of its receipt.
pub(crate) fn by_content(source: &str, order: &str, fact: &Fact, stated: bool) -> FactKey {
    let mut identity = Identity::new(source, fact.kind());
    identity.text(order);
    match fact {
        Fact::Milestone(milestone) => milestone_says(&mut identity, milestone, stated),
        Fact::Condition(condition) => {
            identity.optional(condition.shipment.as_ref().map(|shipment| shipment.as_str()));
            identity.text(condition.code.as_deref().unwrap_or_else(|| condition.kind.as_str()));
            identity.count(usize::from(condition.resolved));
            time(&mut identity, &condition.occurred, stated);
            place(&mut identity, condition.place.as_ref());
        }
        Fact::Answered(answer) => {
            identity.text(answer.ask.as_str());
            content(&mut identity, fact);
        }
        Fact::Booked(booking) => {
            identity.text(booking.shipment.as_str());
            identity.text(&booking.tracking);
        }
        Fact::Billed(invoice) | Fact::Credited(invoice) => identity.text(&invoice.number),
        Fact::FreightInvoiced(invoice) => {
            if let Some(shipment) = &invoice.shipment {
                identity.text(shipment.as_str());
            }
            identity.text(&invoice.number);
        }
        Fact::Released(_)
        | Fact::Validated(_)
        | Fact::Archived(_)
        | Fact::CancelRequested(_)
        | Fact::HandedOver(_)
        | Fact::RetryRequested(_)
        | Fact::Waived(_)
        | Fact::Noted(_)
        | Fact::Assigned(_)
        | Fact::Snoozed(_)
        | Fact::Substituted(_)
        | Fact::ReturnAuthorised(_)
        | Fact::Inspected(_) => content(&mut identity, fact),
    }
    identity.key()
}

/// The id of a stock movement by what it says.
pub(crate) fn by_movement(source: &str, movement: &Movement, stated: bool) -> FactKey {
    let mut identity = Identity::new(source, "movement");
    identity.text(movement.location.as_str());
    identity.text(movement.sku.as_str());
    identity.count(movement.kind as usize);
    identity.text(&movement.quantity.to_string());
    time(&mut identity, &movement.occurred, stated);
    identity.key()
}

fn milestone_says(identity: &mut Identity, milestone: &MilestoneReached, stated: bool) {
    identity.optional(milestone.shipment.as_ref().map(|shipment| shipment.as_str()));
    identity.optional(milestone.parcel.as_ref().map(|parcel| parcel.as_str()));
    identity.text(milestone.code.as_deref().unwrap_or_else(|| milestone.milestone.as_str()));
    identity.text(milestone.classifier.as_str());
    time(identity, &milestone.occurred, stated);
    place(identity, milestone.place.as_ref());
    lines(identity, &milestone.lines);
    if milestone.milestone == Milestone::Unknown {
        identity.text(milestone.milestone.as_str());
    }
}

fn time(identity: &mut Identity, occurred: &When, stated: bool) {
    if !stated {
        return identity.count(0);
    }
    identity.count(1);
    identity.number(occurred.at.as_millis());
    identity.count(occurred.precision as usize);
    match occurred.zone {
        Zone::Unknown => identity.count(0),
        Zone::Offset(_) => identity.count(1),
    }
}

fn place(identity: &mut Identity, place: Option<&Place>) {
    let Some(place) = place else { return identity.count(0) };
    identity.count(1);
    identity.optional(place.location.as_ref().map(|location| location.as_str()));
    // What was just read is readable, and sealed only then: its id does not hang on a key.
    identity.optional(place.name.as_ref().and_then(Personal::as_clear));
    identity.optional(place.street.as_ref().and_then(Personal::as_clear));
    identity.optional(place.city.as_deref());
    identity.optional(place.postal_code.as_ref().and_then(Personal::as_clear));
    identity.optional(place.country.map(|country| country.to_string()).as_deref());
    if let Some(region) = &place.region {
        identity.text(region);
    }
}

fn lines(identity: &mut Identity, lines: &[Progress]) {
    identity.count(lines.len());
    for line in lines {
        identity.text(line.line.as_str());
        identity.text(&line.quantity.to_string());
        identity.optional(line.location.as_ref().map(|location| location.as_str()));
    }
}

/// Everything the fact says. A fact serialises always: it has text keys and no foreign types.
fn content(identity: &mut Identity, fact: &Fact) {
    identity.bytes(&serde_json::to_vec(fact).unwrap_or_default());
}
