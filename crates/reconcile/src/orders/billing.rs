//! What was delivered, and what the customer was billed.

use engine::FactId;
use fulfilment::decide::is_waivable;
use fulfilment::state::{AskState, Stated, Step};
use fulfilment::{LineStatus, Stage};
use model::{Ask, ExceptionKind, Invoice, Timestamp};
use rust_decimal::Decimal;

use super::{Case, last, sum, worth};
use crate::discrepancy::{Discrepancy, EntryRef, Kind, Side};
use crate::remedy::Remedy;

/// Everything is delivered, and the ERP has not billed it.
pub(super) fn not_billed(case: &Case<'_>) -> Vec<Discrepancy> {
    let is_delivered = matches!(case.composite.stage, Stage::Closing | Stage::Closed);
    let deliveries = deliveries(case);
    let Some(since) = last(&deliveries).filter(|_| is_delivered && case.books.invoices.is_empty()) else {
        return Vec::new();
    };
    if !case.is_over(since, case.policy.grace.billing.millis()) {
        return Vec::new();
    }
    vec![Discrepancy {
        kind: Kind::NotBilled,
        about: case.about(None, None, None),
        one: Side::new(
            &carriers(case),
            format!("delivered {}", amounts(&case.books.lines, |line| line.delivered)),
            case.entries(&deliveries),
        ),
        other: Side::new(case.books.erp.as_str(), "no invoice", Vec::new()),
        since,
        stake: stake(case, |line| line.delivered),
        remedy: have_it_billed(case),
    }]
}

/// What keeps a delivered order from being billed: an ask that nobody answered, or an exception that a person may take as it is.
fn have_it_billed(case: &Case<'_>) -> Remedy {
    if let Some(ask) = unanswered(case, "bill").or_else(|| unanswered(case, "confirm_shipment")) {
        return Remedy::AskAgain(ask.id.clone());
    }
    let open = case.state.exceptions().find(|open| is_waivable(&open.kind));
    open.cloned().map_or_else(
        || Remedy::Person(format!("see what keeps the order open, and have {} bill it", case.books.erp)),
        Remedy::TakeAsItIs,
    )
}

/// The ERP has billed the order, and no warehouse shipped any of it.
pub(super) fn billed_not_shipped(case: &Case<'_>) -> Vec<Discrepancy> {
    let is_nothing = case.books.lines.iter().all(|line| line.shipped.is_zero() && line.delivered.is_zero());
    let invoices = &case.books.invoices;
    let Some(since) = invoices.iter().filter_map(|(fact, _)| received(case, *fact)).min().filter(|_| is_nothing) else {
        return Vec::new();
    };
    if !case.is_over(since, case.policy.grace.billing.millis()) {
        return Vec::new();
    }
    let wms = case.books.shipments.first().map_or("wms", |shipment| shipment.wms.as_str());
    vec![Discrepancy {
        kind: Kind::BilledNotShipped,
        about: case.about(None, None, None),
        one: Side::new(wms, "nothing shipped", Vec::new()),
        other: billed(case),
        since,
        stake: sum(invoices.iter().map(|(_, invoice)| Some(invoice.total.clone()))),
        remedy: Remedy::Person(format!(
            "have {} reverse the invoice, or ask {wms} for its goods issue",
            case.books.erp
        )),
    }]
}

/// What was billed of a line is not what was delivered of it; where less left by the warehouse's word, that is what counts.
pub(super) fn invoiced(case: &Case<'_>) -> Vec<Discrepancy> {
    let is_delivered = matches!(case.composite.stage, Stage::Closing | Stage::Closed);
    let invoices = &case.books.invoices;
    let told = invoices.iter().filter_map(|(fact, _)| received(case, *fact)).max();
    let Some(since) = told.max(last(&deliveries(case))).filter(|_| is_delivered && told.is_some()) else {
        return Vec::new();
    };
    if !case.is_over(since, case.policy.grace.billing.millis()) || is_taken(case) {
        return Vec::new();
    }
    let percent = case.policy.quantity_percent(case.books.erp.as_str());
    let discrepancy = |line: &LineStatus| {
        let due = if line.shipped.is_zero() { line.delivered } else { line.delivered.min(line.shipped) };
        if crate::policy::is_near(line.invoiced, due, percent) {
            return None;
        }
        let ordered = case.books.order.lines.iter().find(|ordered| ordered.line == line.line)?;
        let deliveries: Vec<Stated<'_>> = case
            .books
            .shipments
            .iter()
            .flat_map(|shipment| super::quantities::events(shipment, &line.line, Step::Delivered))
            .collect();
        Some(Discrepancy {
            kind: Kind::Invoiced,
            about: case.about(None, Some(&line.line), None),
            one: Side::new(
                &carriers(case),
                format!("delivered {} {}", due.normalize(), line.unit),
                case.entries(&deliveries),
            ),
            other: Side { says: format!("invoiced {} {}", line.invoiced.normalize(), line.unit), ..billed(case) },
            since,
            stake: worth(ordered, line.invoiced.saturating_sub(due)),
            remedy: Remedy::Person(format!("have {} bill or credit the difference", case.books.erp)),
        })
    };
    case.books.lines.iter().filter_map(discrepancy).collect()
}

/// Whether an operator takes it that something else was billed than delivered.
fn is_taken(case: &Case<'_>) -> bool {
    let closing = |ask: &&Ask| matches!(ask.request.kind(), "bill" | "confirm_shipment");
    let mut kinds = case.state.asks().filter(closing).map(|ask| ExceptionKind::Contradicted(ask.id.clone()));
    kinds.any(|kind| case.state.is_taken_as_it_is(&kind)) || case.state.is_taken_as_it_is(&ExceptionKind::Unmatched)
}

/// The newest ask of this kind, when its partner has not done it.
fn unanswered<'c>(case: &'c Case<'_>, kind: &str) -> Option<&'c Ask> {
    let ask = case.state.asks().rfind(|ask| ask.request.kind() == kind)?;
    match case.state.ask_state(&ask.id) {
        AskState::Waiting | AskState::Refused(_) => Some(ask),
        AskState::NotAsked | AskState::Accepted => None,
    }
}

fn deliveries<'a>(case: &Case<'a>) -> Vec<Stated<'a>> {
    let of = |line: &fulfilment::state::PartBook<'_>, shipment: &fulfilment::state::ShipmentBook<'a>| {
        super::quantities::events(shipment, &line.line.line, Step::Delivered)
    };
    let mut told: Vec<Stated<'a>> = case
        .books
        .shipments
        .iter()
        .flat_map(|shipment| shipment.parts.iter().flat_map(|part| of(part, shipment)))
        .collect();
    told.sort_by_key(|stated| stated.fact);
    told.dedup_by_key(|stated| stated.fact);
    told
}

fn carriers(case: &Case<'_>) -> String {
    let mut names: Vec<&str> =
        case.books.shipments.iter().filter_map(|shipment| Some(shipment.tms?.as_str())).collect();
    names.dedup();
    if names.is_empty() { "tms".to_owned() } else { names.join(", ") }
}

fn billed(case: &Case<'_>) -> Side {
    let words = |(_, invoice): &(FactId, &Invoice)| format!("{} over {}", invoice.number, invoice.total);
    let says = case.books.invoices.iter().map(words).collect::<Vec<_>>().join(", ");
    let entries: Vec<EntryRef> = case.books.invoices.iter().filter_map(|(fact, _)| case.entry(*fact)).collect();
    Side::new(case.books.erp.as_str(), says, entries)
}

fn received(case: &Case<'_>, fact: FactId) -> Option<Timestamp> {
    case.state.fact(fact).map(|held| held.received)
}

fn amounts(lines: &[LineStatus], of: impl Fn(&LineStatus) -> Decimal) -> String {
    let words = |line: &LineStatus| format!("{} {} of line {}", of(line).normalize(), line.unit, line.line);
    const NAMED: usize = 5;
    let mut named: Vec<String> = lines.iter().filter(|line| !of(line).is_zero()).map(words).collect();
    let more = named.len().saturating_sub(NAMED);
    named.truncate(NAMED);
    named.extend((more > 0).then(|| format!("and {more} lines more")));
    named.join(", ")
}

fn stake(case: &Case<'_>, of: impl Fn(&LineStatus) -> Decimal) -> Option<model::Money> {
    let worth = |line: &LineStatus| {
        let ordered = case.books.order.lines.iter().find(|ordered| ordered.line == line.line)?;
        worth(ordered, of(line))
    };
    sum(case.books.lines.iter().filter(|line| !of(line).is_zero()).map(worth))
}
