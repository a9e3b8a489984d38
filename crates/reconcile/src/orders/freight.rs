//! What a carrier bills, and what was booked.

use fulfilment::state::ShipmentBook;
use model::{ExceptionKind, Milestone, Money};
use rust_decimal::Decimal;

use super::{Case, last};
use crate::discrepancy::{Discrepancy, EntryRef, Kind, Side};
use crate::remedy::Remedy;

/// The carrier bills more than was booked, beyond the tolerance, or in another currency, or what nobody booked.
pub(super) fn billed(case: &Case<'_>) -> Vec<Discrepancy> {
    case.books.shipments.iter().filter_map(|shipment| bill(case, shipment)).collect()
}

fn bill(case: &Case<'_>, shipment: &ShipmentBook<'_>) -> Option<Discrepancy> {
    let kind = ExceptionKind::FreightMismatch(shipment.id.clone());
    let first = shipment.bills.first().map(|(_, bill)| bill.total.currency)?;
    if case.state.is_taken_as_it_is(&kind) {
        return None;
    }
    let is_mixed = shipment.bills.iter().any(|(_, bill)| bill.total.currency != first);
    let amounts = shipment.bills.iter().map(|(_, bill)| bill.total.amount);
    let total = Money { amount: amounts.fold(Decimal::ZERO, Decimal::saturating_add), currency: first };
    let tms = shipment.tms.map_or("tms", |tms| tms.as_str());
    let booked = shipment.booking.and_then(|(_, booking)| booking.charge.as_ref());
    let fits = |charge: &Money| {
        let share = case.policy.freight_percent(tms) / Decimal::ONE_HUNDRED;
        let most = charge.amount.saturating_mul(Decimal::ONE.saturating_add(share));
        !is_mixed && charge.currency == first && (Decimal::ZERO..=most).contains(&total.amount)
    };
    let told = shipment.bills.iter().filter_map(|(fact, _)| Some(case.state.fact(*fact)?.received)).max();
    let since = told.filter(|since| case.is_over(*since, case.policy.grace.quantities.millis()))?;
    if booked.is_some_and(fits) {
        return None;
    }
    let words: Vec<String> =
        shipment.bills.iter().map(|(_, bill)| format!("{} over {}", bill.number, bill.total)).collect();
    let bills: Vec<EntryRef> = shipment.bills.iter().filter_map(|(fact, _)| case.entry(*fact)).collect();
    let stake = match booked {
        Some(charge) if charge.currency == first => Money { amount: total.amount - charge.amount, currency: first },
        Some(_) | None => total,
    };
    let open = case.state.exceptions().find(|open| open.kind == kind);
    Some(Discrepancy {
        kind: Kind::Freight,
        about: case.about(Some(&shipment.id), None, None),
        one: Side::waybill(
            booked.map_or_else(|| "no charge booked".to_owned(), |charge| format!("booked {charge}")),
            shipment.booking.and_then(|(fact, _)| case.entry(fact)).into_iter().collect(),
        ),
        other: Side::new(tms, words.join(", "), bills),
        since,
        stake: Some(stake),
        remedy: open
            .cloned()
            .map_or_else(|| Remedy::Person(format!("dispute the bill with {tms}, or take it")), Remedy::TakeAsItIs),
    })
}

/// A shipment is delivered, and its carrier has not sent the bill for what was booked.
pub(super) fn not_billed(case: &Case<'_>) -> Vec<Discrepancy> {
    let of_shipment = |shipment: &ShipmentBook<'_>| {
        let (fact, booking) = shipment.booking.filter(|_| shipment.bills.is_empty())?;
        let charge = booking.charge.as_ref()?;
        let arrived = |milestone| matches!(milestone, Milestone::TransportDelivered | Milestone::TransportPodReceived);
        let deliveries: Vec<_> =
            shipment.reached.iter().filter(|told| arrived(told.reached.milestone)).copied().collect();
        let since = last(&deliveries).filter(|since| case.is_over(*since, case.policy.grace.freight.millis()))?;
        Some(Discrepancy {
            kind: Kind::FreightNotBilled,
            about: case.about(Some(&shipment.id), None, None),
            one: Side::waybill(
                format!("booked {charge}, delivered"),
                case.entry(fact).into_iter().chain(case.entries(&deliveries)).collect(),
            ),
            other: Side::new(booking.tms.as_str(), "no bill", Vec::new()),
            since,
            stake: Some(charge.clone()),
            remedy: Remedy::Person(format!("ask {} for its bill", booking.tms)),
        })
    };
    case.live_shipments().filter_map(of_shipment).collect()
}
