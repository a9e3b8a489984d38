//! What is at stake with a problem, in money.

use model::{Ask, ExceptionKind, Money, OrderLine, Progress, Request, ShipmentId};
use rust_decimal::Decimal;

use crate::decide::ask_behind;
use crate::state::{Amounts, Known, Part, Shipment, Step};

/// What is at stake with a problem of an order, at its own prices; nothing where they are not known. By kind:
///
/// | kind | at stake |
/// |---|---|
/// | no stock, no carrier, lost, late, attempts failing, told otherwise | what has not arrived of the shipment |
/// | shipped short | what was reserved and did not leave |
/// | goods issue missing, cancelled too late | all that the shipment holds |
/// | quantities that differ | the difference, line by line |
/// | freight | what the carrier bills beyond the booking, or less than it |
/// | an ask that was refused, contradicted or not answered | what it asks for |
/// | a wait that is overdue | what has not arrived of its shipment, or what is not billed of the order |
/// | whatever holds up all of the order | what is not billed of it |
pub(super) fn at_stake(known: &Known<'_>, kind: &ExceptionKind) -> Option<Money> {
    match kind {
        ExceptionKind::NoStock(shipment)
        | ExceptionKind::BookingRefused(shipment)
        | ExceptionKind::Undeliverable(shipment)
        | ExceptionKind::DeliveryFailing(shipment)
        | ExceptionKind::Late(shipment)
        | ExceptionKind::Disagreement(shipment) => of_shipment(known, shipment, undelivered),
        ExceptionKind::ShippedShort(shipment) => of_shipment(known, shipment, left_behind),
        ExceptionKind::GoodsIssueMissing(shipment) | ExceptionKind::CancelTooLate(shipment) => {
            of_shipment(known, shipment, |part, _| part.held())
        }
        ExceptionKind::QuantityMismatch(shipment) => of_shipment(known, shipment, difference),
        ExceptionKind::FreightMismatch(shipment) => freight(known, shipment),
        ExceptionKind::AskRefused(_) | ExceptionKind::Contradicted(_) => {
            ask_behind(known.state, kind).and_then(|ask| of_ask(known, ask))
        }
        ExceptionKind::Overdue(wait) => match (ask_behind(known.state, kind), shipment_of_wait(known, wait)) {
            (Some(ask), _) => of_ask(known, ask),
            (None, Some(shipment)) => of_shipment(known, &shipment.id, undelivered),
            (None, None) => unbilled(known),
        },
        ExceptionKind::Invalid | ExceptionKind::Changed | ExceptionKind::Unmatched | ExceptionKind::Flooded => {
            unbilled(known)
        }
    }
}

/// The shipment that a wait is about, by its name.
pub(crate) fn shipment_of_wait<'k, 'a>(known: &'k Known<'a>, wait: &str) -> Option<&'k Shipment<'a>> {
    known.shipments.iter().find(|shipment| wait.split('-').any(|part| part == shipment.id.as_str()))
}

/// What an ask is about.
fn of_ask(known: &Known<'_>, ask: &Ask) -> Option<Money> {
    match &ask.request {
        Request::ConfirmShipment { lines, .. } | Request::Bill { lines, .. } => {
            let line = |part: &Progress| known.order.lines.iter().find(|line| line.line == part.line);
            worth(known, lines.iter().filter_map(|part| Some((line(part)?, part.quantity.amount))))
        }
        Request::Allocate { shipment, .. }
        | Request::Book { shipment, .. }
        | Request::CancelAllocation { shipment, .. }
        | Request::CancelBooking { shipment, .. } => of_shipment(known, shipment, undelivered),
        Request::ConfirmCancellation { .. }
        | Request::UpdateCustomer { .. }
        | Request::ExpectReturn { .. }
        | Request::Collect { .. }
        | Request::CancelReturn { .. }
        | Request::CancelCollection { .. }
        | Request::Credit { .. }
        | Request::UpdateReturn { .. } => unbilled(known),
    }
}

fn of_shipment(
    known: &Known<'_>,
    shipment: &ShipmentId,
    amount: impl Fn(&Part<'_>, &Amounts) -> Decimal,
) -> Option<Money> {
    let shipment = known.shipments.iter().find(|own| own.id == *shipment)?;
    let tally = known.tally(shipment);
    worth(known, shipment.lines.iter().zip(&tally).map(|(part, amounts)| (part.line, amount(part, amounts))))
}

fn undelivered(part: &Part<'_>, amounts: &Amounts) -> Decimal {
    part.held().saturating_sub(amounts.of(Step::Delivered))
}

fn left_behind(_: &Part<'_>, amounts: &Amounts) -> Decimal {
    amounts.of(Step::Allocated).saturating_sub(amounts.of(Step::Shipped))
}

/// Between the most and the least that was told of a line along the way.
fn difference(part: &Part<'_>, amounts: &Amounts) -> Decimal {
    let told = [Step::Picked, Step::Packed, Step::Shipped, Step::Delivered].map(|step| amounts.of(step));
    let known = || told.into_iter().filter(|amount| !amount.is_zero()).chain([part.held()]);
    known().max().unwrap_or_default().saturating_sub(known().min().unwrap_or_default())
}

/// What is not billed yet of all that was ordered.
fn unbilled(known: &Known<'_>) -> Option<Money> {
    let lines = known.lines();
    let open = known.order.lines.iter().zip(&lines);
    worth(known, open.map(|(line, status)| (line, status.ordered.saturating_sub(status.invoiced))))
}

/// What the bills for a shipment differ by from what was booked; all that is billed, where nothing comparable was.
fn freight(known: &Known<'_>, shipment: &ShipmentId) -> Option<Money> {
    let own = known.shipments.iter().find(|own| own.id == *shipment)?;
    let bills = known.freight_invoices(own);
    let currency = bills.first()?.1.total.currency;
    let same = bills.iter().filter(|(_, bill)| bill.total.currency == currency);
    let billed = same.fold(Decimal::ZERO, |sum, (_, bill)| sum.saturating_add(bill.total.amount));
    let booked = known.booking(shipment).and_then(|booking| booking.charge.as_ref());
    let booked = booked.filter(|charge| charge.currency == currency).map_or(Decimal::ZERO, |charge| charge.amount);
    Some(Money { amount: billed.saturating_sub(booked).abs(), currency })
}

/// What so much of these lines is worth: those that have a price in the order's currency.
fn worth<'l>(known: &Known<'_>, lines: impl Iterator<Item = (&'l OrderLine, Decimal)>) -> Option<Money> {
    let currency = known.order.currency;
    let worth = |(line, amount): (&OrderLine, Decimal)| {
        let price = line.unit_price.as_ref().filter(|price| price.currency == currency)?;
        Some(price.amount.saturating_mul(amount.max(Decimal::ZERO)))
    };
    let worths: Vec<Decimal> = lines.filter_map(worth).collect();
    let amount = worths.iter().fold(Decimal::ZERO, |sum, worth| sum.saturating_add(*worth));
    (!worths.is_empty()).then_some(Money { amount, currency })
}
