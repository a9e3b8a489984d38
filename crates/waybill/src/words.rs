//! Facts and decisions in words, one line each.

use model::{
    Answer, Ask, AskedLine, Booking, CancelRequest, Condition, ConditionKind, Decision, End, Exception, Fact, Finding,
    Inspected, LineId, MilestoneReached, Order, OrderLine, Outcome, Place, Progress, Quantity, Request,
    ReturnAuthorisation, ReturnLine, ShipmentId, Sku, Validation,
};

/// How many lines of an order are named before the rest is only counted.
const LINES_NAMED: usize = 3;

/// What is told or decided of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Order,
    Return,
}

impl Subject {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Return => "return",
        }
    }
}

/// What a fact says.
pub(crate) fn fact(of: Subject, fact: &Fact) -> String {
    match fact {
        Fact::Released(order) => released(order),
        Fact::Validated(validation) => validated(validation),
        Fact::Answered(Answer { ask, outcome }) => format!("answers {ask}: {}", self::outcome(outcome)),
        Fact::Milestone(reached) => milestone(reached),
        Fact::Condition(condition) => self::condition(condition),
        Fact::Booked(booking) => booked(booking),
        Fact::Billed(invoice) => {
            let covers = covering(&invoice.lines).unwrap_or_else(|| "for what was delivered".to_owned());
            format!("billed {}, invoice {}, {covers}", invoice.total, invoice.number)
        }
        Fact::FreightInvoiced(bill) => {
            let billed = bill.shipment.as_ref().map_or("the order", |shipment| shipment.as_str());
            format!("carrier bills {} for {billed}, invoice {}", bill.total, bill.number)
        }
        Fact::Archived(archived) => {
            format!("archived {}, digest {}", entries(archived.entries), archived.digest)
        }
        Fact::CancelRequested(CancelRequest { reason, detail }) => {
            let detail = detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
            format!("wants the {} cancelled ({reason}){detail}", of.as_str())
        }
        Fact::HandedOver(over) => format!("hands the {} over to {}", of.as_str(), over.to),
        Fact::RetryRequested(retry) => format!("wants {} asked again", retry.ask),
        Fact::Waived(exception) => format!("takes as it is {}", self::exception(exception)),
        Fact::Noted(note) => format!("notes: {}", note.text),
        Fact::Assigned(given) => format!("gives {} to {}", given.kind, given.to),
        Fact::Snoozed(snooze) => format!("puts {} off until {}", snooze.kind, snooze.until),
        Fact::Substituted(wanted) => format!("wants {} asked instead of {}", wanted.partner, wanted.ask),
        Fact::ReturnAuthorised(authorised) => return_authorised(authorised),
        Fact::Inspected(inspection) => {
            let found = |found: &Inspected| format!("{} of line {} {}", found.quantity, found.line, found.grade);
            format!("inspected: {}", named(&inspection.lines, found))
        }
        Fact::Credited(credit) => {
            let covers = covering(&credit.lines).unwrap_or_else(|| "for what was accepted".to_owned());
            format!("credited {}, credit memo {}, {covers}", credit.total, credit.number)
        }
    }
}

/// What a decision says.
pub(crate) fn decision(of: Subject, decision: &Decision) -> String {
    match decision {
        Decision::Commit(commitment) => format!("works from now on with the release {}", commitment.release),
        Decision::Split(split) => {
            let lines: Vec<String> =
                split.lines.iter().map(|part| format!("{} of line {}", part.quantity, part.line)).collect();
            let lacking = split.lacking.as_str();
            format!("makes {} of what was not {lacking} of {}: {}", split.shipment, split.of, lines.join(", "))
        }
        Decision::Ask(ask) => self::ask(ask),
        Decision::Deadline(deadline) => format!("waits for {} until {}", deadline.name, deadline.at),
        Decision::Raise(exception) => format!("raises {}", self::exception(exception)),
        Decision::Resolve(kind) => format!("resolves {kind}"),
        Decision::End(End::Closed) => format!("closes the {}", of.as_str()),
        Decision::End(End::Cancelled) => format!("ends the {} as cancelled", of.as_str()),
    }
}

/// An exception and its detail.
pub(crate) fn exception(exception: &Exception) -> String {
    format!("{}: {}", exception.kind, exception.detail)
}

/// The word on an ask.
pub(crate) fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Accepted => "accepted".to_owned(),
        Outcome::Refused { reason, detail: Some(detail) } => format!("refused, {reason}: {detail}"),
        Outcome::Refused { reason, detail: None } => format!("refused, {reason}"),
        Outcome::Failed { detail } => format!("failed: {detail}"),
    }
}

fn released(order: &Order) -> String {
    let lines = named(&order.lines, |line: &OrderLine| portion(&line.line, &line.sku, &line.quantity));
    let promised = order.promised.map(|by| format!(", promised for {by}")).unwrap_or_default();
    let place = place(&order.ship_to).map(|place| format!(" to {place}")).unwrap_or_default();
    format!("released by {} for {}{place}{promised}: {lines}", order.erp, order.customer)
}

fn return_authorised(authorised: &ReturnAuthorisation) -> String {
    let ReturnAuthorisation { order, erp, customer, wms, location, tms, lines, .. } = authorised;
    let fetched = tms.as_ref().map(|tms| format!(", fetched by {tms}")).unwrap_or_default();
    let lines = named(lines, returned);
    format!("{customer} may return goods of order {order} of {erp} to {location} ({wms}){fetched}: {lines}")
}

fn returned(line: &ReturnLine) -> String {
    format!("{}, {}", portion(&line.line, &line.sku, &line.quantity), line.reason)
}

fn validated(validation: &Validation) -> String {
    if !validation.findings.is_empty() {
        return format!("not valid: {}", named(&validation.findings, Finding::to_string));
    }
    if validation.sources.is_empty() {
        return "valid".to_owned();
    }
    format!("valid, ships from {}", named(&validation.sources, |from| format!("{} ({})", from.location, from.wms)))
}

fn milestone(reached: &MilestoneReached) -> String {
    let mut words = format!("{} {} {}", reached.classifier.as_str(), reached.milestone, reached.occurred);
    match (&reached.shipment, &reached.parcel) {
        (Some(shipment), Some(parcel)) => words.push_str(&format!(", parcel {parcel} of {shipment}")),
        (Some(shipment), None) => words.push_str(&format!(", {shipment}")),
        (None, Some(parcel)) => words.push_str(&format!(", parcel {parcel}")),
        (None, None) => {}
    }
    words.extend(place(reached.place.as_ref().unwrap_or(&Place::default())).map(|place| format!(", at {place}")));
    words.extend(covering(&reached.lines).map(|lines| format!(", {lines}")));
    words.extend(reached.code.as_ref().map(|code| format!(", code {code}")));
    words
}

fn condition(condition: &Condition) -> String {
    let kind = match condition.kind {
        ConditionKind::Delayed => "delayed",
        ConditionKind::OnHold => "on hold",
        ConditionKind::Rerouted => "rerouted",
        ConditionKind::Exception => "exception",
    };
    let of = condition.shipment.as_ref().map(|shipment| format!(", {shipment}")).unwrap_or_default();
    let code = condition.code.as_ref().map(|code| format!(", code {code}")).unwrap_or_default();
    let over = if condition.resolved { "no longer " } else { "" };
    format!("{over}{kind} ({}) {}{of}{code}", condition.reason, condition.occurred)
}

fn booked(booking: &Booking) -> String {
    let charge = booking.charge.as_ref().map(|charge| format!(" for {charge}")).unwrap_or_default();
    let Booking { shipment, tms, carrier, tracking, .. } = booking;
    format!("{shipment} booked by {tms} with {carrier}{charge}, tracking {tracking}")
}

/// An ask, and its id: the key by which the partner knows it.
fn ask(ask: &Ask) -> String {
    let goods = |lines: &[AskedLine]| named(lines, |line| portion(&line.line, &line.sku, &line.quantity));
    let to = |place: &Place| self::place(place).map(|place| format!(" to {place}")).unwrap_or_default();
    let request = match &ask.request {
        Request::Allocate { shipment, location, ship_to, lines, .. } => {
            format!("allocate {shipment} at {location}{}: {}", to(ship_to), goods(lines))
        }
        Request::Book { shipment, from, ship_to, mode, lines, .. } => {
            let mode = mode.as_ref().map(|mode| format!(" by {mode}")).unwrap_or_default();
            format!("book {shipment} from {from}{}{mode}: {}", to(ship_to), goods(lines))
        }
        Request::ConfirmShipment { lines, .. } => format!("confirm the shipment{}", also(lines)),
        Request::Bill { lines, .. } => format!("bill{}", also(lines)),
        Request::CancelAllocation { shipment, undoes, .. } => {
            format!("give back what it reserved for {shipment} ({undoes})")
        }
        Request::CancelBooking { shipment, undoes, .. } => format!("take {shipment} from its carrier again ({undoes})"),
        Request::ConfirmCancellation { reason } => format!("close the order as cancelled ({reason})"),
        Request::UpdateCustomer { customer, milestone } => format!("tell customer {customer} {milestone}"),
        Request::ExpectReturn { location, lines, .. } => {
            format!("expect a return at {location}: {}", named(lines, returned))
        }
        Request::Collect { shipment, from, to: location, lines } => {
            let from = self::place(from).map(|place| format!(" from {place}")).unwrap_or_default();
            format!("fetch {shipment}{from} to {location}: {}", goods(lines))
        }
        Request::CancelReturn { undoes, .. } => format!("expect the return no longer ({undoes})"),
        Request::CancelCollection { shipment, undoes, .. } => format!("leave {shipment} with the customer ({undoes})"),
        Request::Credit { lines, .. } => covering(lines)
            .map_or_else(|| "close the return without a credit".to_owned(), |lines| format!("credit {lines}")),
        Request::UpdateReturn { customer, outcome, .. } => format!("tell customer {customer} the return is {outcome}"),
    };
    format!("asks {} {} to {request} [{}]", ask.system, ask.partner, ask.id)
}

fn also(lines: &[Progress]) -> String {
    covering(lines).map(|lines| format!(", {lines}")).unwrap_or_default()
}

fn covering(lines: &[Progress]) -> Option<String> {
    let part = |part: &Progress| {
        let from = part.location.as_ref().map(|location| format!(" at {location}")).unwrap_or_default();
        format!("{} of line {}{from}", part.quantity, part.line)
    };
    (!lines.is_empty()).then(|| named(lines, part))
}

fn portion(line: &LineId, sku: &Sku, quantity: &Quantity) -> String {
    format!("{quantity} {sku} (line {line})")
}

/// The first few in words, the rest counted.
fn named<T>(all: &[T], words: impl Fn(&T) -> String) -> String {
    let mut named: Vec<String> = all.iter().take(LINES_NAMED).map(words).collect();
    if all.len() > LINES_NAMED {
        named.push(format!("and {} more", all.len() - LINES_NAMED));
    }
    named.join(", ")
}

/// The place as one would say it; nothing when nothing is known.
pub(crate) fn place(place: &Place) -> Option<String> {
    let location = place.location.as_ref().map(ToString::to_string);
    let postal_code = place.postal_code.as_ref().map(ToString::to_string);
    let town =
        [postal_code, place.city.clone(), place.region.clone()].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let town = Some(town).filter(|town| !town.is_empty());
    let country = place.country.map(|country| country.to_string());
    let parts: Vec<String> =
        [location, place.name.as_ref().map(ToString::to_string), town, country].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// The shipment, or the whole order.
pub(crate) fn about(shipment: Option<&ShipmentId>) -> String {
    shipment.map_or_else(|| "order".to_owned(), ToString::to_string)
}

fn entries(number: u32) -> String {
    if number == 1 { "1 entry".to_owned() } else { format!("{number} entries") }
}

#[cfg(test)]
mod tests {
    use model::{AskId, Country, LocationId, Milestone, PartnerId, Reason, System, Timestamp, When};

    use super::*;

    fn asked(line: &str, amount: i64) -> AskedLine {
        AskedLine {
            line: LineId::new(line).unwrap(),
            sku: Sku::new(&format!("SKU-{line}")).unwrap(),
            quantity: Quantity::each(amount),
        }
    }

    fn place_in(city: &str) -> Place {
        Place { city: Some(city.to_owned()), country: Country::new("DE").ok(), ..Place::default() }
    }

    #[test]
    fn an_ask_names_who_what_where_and_its_id() {
        let ask = Ask {
            id: AskId::new("SO-1.allocate.s1").unwrap(),
            system: System::Wms,
            partner: PartnerId::new("wms-north").unwrap(),
            request: Request::Allocate {
                shipment: ShipmentId::new("s1").unwrap(),
                location: LocationId::new("W1").unwrap(),
                ship_on: None,
                ship_to: place_in("Köln"),
                lines: (1..=5).map(|n| asked(&n.to_string(), n)).collect(),
            },
        };
        assert_eq!(
            decision(Subject::Order, &Decision::Ask(ask)),
            "asks wms wms-north to allocate s1 at W1 to Köln, DE: 1 EA SKU-1 (line 1), 2 EA SKU-2 (line 2), \
             3 EA SKU-3 (line 3), and 2 more [SO-1.allocate.s1]"
        );
    }

    #[test]
    fn a_milestone_says_in_which_sense_when_what_and_where() {
        let reached = MilestoneReached {
            milestone: Milestone::TransportDelivered,
            classifier: model::Classifier::Actual,
            occurred: When::parse("2026-03-01T14:05+01:00").unwrap(),
            shipment: ShipmentId::new("s1").ok(),
            parcel: model::ParcelId::new("p7").ok(),
            place: Some(place_in("Kiel")),
            lines: vec![Progress {
                line: LineId::new("1").unwrap(),
                quantity: Quantity::each(3),
                location: LocationId::new("W1").ok(),
            }],
            code: Some("D1".to_owned()),
        };
        assert_eq!(
            fact(Subject::Order, &Fact::Milestone(reached)),
            "actual transport.delivered 2026-03-01T14:05+01:00, parcel p7 of s1, at Kiel, DE, 3 EA of line 1 at W1, code D1"
        );
    }

    #[test]
    fn refusals_and_conditions_give_the_reason() {
        let refused = Outcome::Refused { reason: Reason::QuantityShort, detail: Some("2 left".to_owned()) };
        assert_eq!(outcome(&refused), "refused, quantity.short: 2 left");
        let over = Condition {
            kind: ConditionKind::OnHold,
            reason: Reason::CustomsHold,
            resolved: true,
            occurred: When::exact(Timestamp::from_millis(0)),
            shipment: ShipmentId::new("s2").ok(),
            place: None,
            code: None,
        };
        assert_eq!(
            fact(Subject::Order, &Fact::Condition(over)),
            "no longer on hold (customs.hold) 1970-01-01T00:00:00.000Z, s2"
        );
    }

    #[test]
    fn what_is_said_of_a_return_names_the_return() {
        let wanted = Fact::CancelRequested(CancelRequest { reason: Reason::ShipperCancelled, detail: None });
        assert_eq!(fact(Subject::Order, &wanted), "wants the order cancelled (shipper.cancelled)");
        assert_eq!(fact(Subject::Return, &wanted), "wants the return cancelled (shipper.cancelled)");
        let ends = [End::Closed, End::Cancelled].map(|end| decision(Subject::Return, &Decision::End(end)));
        assert_eq!(ends, ["closes the return", "ends the return as cancelled"]);
    }
}
