//! The rules, on one page: given all that is known of an order, what has not been asked, concluded or flagged yet?
//!
//! A rule is a function, and the sentence above it says when it applies. No rule looks at what just happened, only at
//! what is known; so it does not matter in which order things became known, and deciding twice adds nothing.

mod again;
mod case;
mod dates;
mod disagreements;
mod problems;
mod quantities;
mod release;
mod rest;
mod substitute;
mod undo;
mod waits;

use model::{
    Ask, AskedLine, Commitment, Deadline, Decision, End, Exception, ExceptionKind, Milestone, Order, OrderLine,
    Progress, Quantity, Request, Sale, SoldLine, System, Timestamp,
};

use crate::policy::{BookAt, Policy};
use crate::state::{AskState, Shipment, State};
use again::ask_again;
use case::Case;
pub use problems::is_waivable;
pub use substitute::may_substitute;
use undo::{cancel_allocation, cancel_booking, confirm_cancellation};
use waits::open_waits;
pub use waits::{ask_behind, awaits, next_deadline};

/// How often a rule may ask in one decision; more than there are carriers to ask.
const MOST_TURNS: usize = 64;

/// What has not been asked, concluded or flagged yet.
#[must_use]
pub fn decide(state: &State, policy: &Policy, now: Timestamp) -> Vec<Decision> {
    if state.id().is_none() {
        return Vec::new();
    }
    let Some(mut case) = Case::of(state, policy) else { return release::before(state, policy, now) };
    if state.ended().is_some() {
        return changes(state, problems::after_the_end(&case));
    }
    if let Some(commitment) = undo::recommit(&case) {
        return go_on_with(state, vec![commitment], policy, now);
    }
    let splits = rest::split(&case);
    if !splits.is_empty() {
        return go_on_with(state, splits, policy, now);
    }
    // In the order of the lifecycle: a later ask sees what an earlier one is about to become.
    for rule in [allocate, book] {
        ask_all(&mut case, rule);
    }
    case.heed_the_tms();
    let rules = [cancel_booking, cancel_allocation, confirm_shipment, bill, confirm_cancellation, update_customer];
    for rule in rules {
        ask_all(&mut case, rule);
    }
    case.waits = open_waits(&case).into_iter().filter(|wait| case.is_limited(wait)).collect();
    let problems = problems::open(&case);
    let end = if problems.is_empty() { close(&case).or_else(|| call_off(&case)) } else { None };

    let mut decisions: Vec<Decision> = commit(&case).into_iter().map(Decision::Commit).collect();
    decisions.extend(case.asks.iter().cloned().map(Decision::Ask));
    decisions.extend(ask_again(&case).into_iter().map(Decision::Ask));
    decisions.extend(deadlines(&case, now).into_iter().map(Decision::Deadline));
    decisions.extend(changes(state, problems));
    decisions.extend(end.map(Decision::End));
    decisions
}

/// Makes all asks of a rule. The answer may be known before the ask; if it is no, the next carrier's turn comes at once.
fn ask_all(case: &mut Case<'_>, rule: fn(&Case<'_>) -> Vec<Ask>) {
    for _ in 0..MOST_TURNS {
        let asks = rule(case);
        if asks.is_empty() {
            return;
        }
        case.asks.extend(asks);
    }
}

/// What follows from working with another release, or with more shipments, is decided together with it.
fn go_on_with(state: &State, mut decisions: Vec<Decision>, policy: &Policy, now: Timestamp) -> Vec<Decision> {
    let mut after = state.clone();
    decisions.iter().for_each(|decision| after.take(decision, now));
    decisions.extend(decide(&after, policy, now));
    decisions
}

// ---- asks ----

/// Something is asked of somebody for the first time: from now on, this release is the order that is worked on.
fn commit(case: &Case<'_>) -> Option<Commitment> {
    let is_asked = case.all_asks().next().is_some();
    let first_shipment = case.state.first_shipment();
    (is_asked && case.state.committed().is_none())
        .then(|| Commitment { release: case.known.release.id.to_string(), first_shipment })
}

/// The master data allow the order and nobody holds it back: each warehouse is asked to reserve, and then to pick and pack,
/// what it ships.
fn allocate(case: &Case<'_>) -> Vec<Ask> {
    if !case.is_valid() || !case.may_commit() {
        return Vec::new();
    }
    let ask = |shipment: &Shipment<'_>| {
        case.new_ask(System::Wms, shipment.wms, "allocate", Some(&shipment.id), || Request::Allocate {
            shipment: shipment.id.clone(),
            location: shipment.location.clone(),
            ship_on: shipment.ship_on,
            ship_to: case.order().ship_to.clone(),
            lines: shipment.asked_lines(),
        })
    };
    case.live_shipments().filter(|shipment| is_certain(case, shipment)).filter_map(ask).collect()
}

/// A shipment is reserved (or picked, if the policy says so): the TMS is asked to have a carrier take it, and when it
/// refuses, the next one is.
fn book(case: &Case<'_>) -> Vec<Ask> {
    if !case.may_commit() {
        return Vec::new();
    }
    let ready = |shipment: &&Shipment<'_>| match case.policy.transport.book_at {
        BookAt::Allocation => case.is_allocated(shipment),
        BookAt::Pick => case.is_allocated(shipment) && case.has_reached(shipment, &[Milestone::FulfilmentPicked]),
    };
    let ask = |shipment: &Shipment<'_>| {
        let request = || Request::Book {
            shipment: shipment.id.clone(),
            from: shipment.location.clone(),
            ship_to: case.order().ship_to.clone(),
            ship_on: shipment.ship_on,
            mode: case.order().mode.clone(),
            lines: booked_lines(case, shipment),
        };
        let id = Some(&shipment.id);
        if let Some(next) = case.next_tender(shipment) {
            return case.make_ask(System::Tms, next, "book", id, request);
        }
        case.new_ask(System::Tms, case.tms(shipment), "book", id, request)
    };
    case.live_shipments().filter(|shipment| is_certain(case, shipment)).filter(ready).filter_map(ask).collect()
}

/// Whether a shipment is to leave; one that took on what others lack is not, while their quantities cannot be right.
fn is_certain<'a>(case: &Case<'a>, shipment: &Shipment<'a>) -> bool {
    !case.is_given_up(shipment) && (shipment.lacking.is_none() || !problems::differs_on_the_way(case))
}

/// What a carrier is to take: all that a shipment holds, or what there is of it.
fn booked_lines<'a>(case: &Case<'a>, shipment: &Shipment<'a>) -> Vec<AskedLine> {
    let mut lines = shipment.asked_lines();
    for (asked, (part, amounts)) in lines.iter_mut().zip(case.tally(shipment)) {
        asked.quantity.amount = case.to_ship(shipment, part, amounts);
    }
    lines.retain(|line| !line.quantity.amount.is_zero());
    lines
}

/// Everything is delivered as it was shipped: the ERP is asked to confirm the shipment.
fn confirm_shipment(case: &Case<'_>) -> Vec<Ask> {
    if !case.is_delivered() || case.has_open_rest() || problems::differs_on_the_way(case) || undo::is_back(case) {
        return Vec::new();
    }
    let request = || {
        let lines = delivered_lines(case);
        let sale = Some(Box::new(sold(case.order(), &lines)));
        Request::ConfirmShipment { lines, sale }
    };
    case.new_ask(System::Erp, case.known.erp(), "confirm_shipment", None, request).into_iter().collect()
}

/// The ERP confirmed what was delivered by now: the ERP is asked to bill it.
fn bill(case: &Case<'_>) -> Vec<Ask> {
    if !problems::is_confirmed(case) || problems::differs_on_the_way(case) {
        return Vec::new();
    }
    let request = || {
        let lines = delivered_lines(case);
        let sale = Some(Box::new(sold(case.order(), &lines)));
        Request::Bill { lines, sale }
    };
    case.new_ask(System::Erp, case.known.erp(), "bill", None, request).into_iter().collect()
}

/// The ERP confirmed the shipment, or the cancellation: the customer is told.
fn update_customer(case: &Case<'_>) -> Vec<Ask> {
    let delivered = case.answer("confirm_shipment", None) == AskState::Accepted;
    let reached = delivered.then_some(Milestone::TransportDelivered).or_else(|| undo::tell_of_cancellation(case));
    let Some(milestone) = reached else { return Vec::new() };
    let request = || Request::UpdateCustomer { customer: case.order().customer.clone(), milestone };
    case.new_ask(System::View, case.view(), "update_customer", None, request).into_iter().collect()
}

// ---- waits and the end ----

/// Each wait that has begun has a deadline from the policy.
fn deadlines(case: &Case<'_>, now: Timestamp) -> Vec<Deadline> {
    let unset = case.waits.iter().filter(|wait| !case.state.deadlines().contains_key(&wait.name()));
    unset.map(|wait| Deadline { name: wait.name(), at: now.plus_millis(wait.limit(case.policy).millis()) }).collect()
}

/// Everything is delivered, confirmed, billed, told and audited, and nothing is wrong: the order is closed.
fn close(case: &Case<'_>) -> Option<End> {
    (case.is_delivered() && waits::missing_to_close(case).is_empty()).then_some(End::Closed)
}

/// Nothing of it is committed any more, and the ERP and the customer know: the order is over as cancelled.
fn call_off(case: &Case<'_>) -> Option<End> {
    (case.is_called_off() && waits::missing_to_call_off(case).is_empty()).then_some(End::Cancelled)
}

/// A problem that is not open yet, or is no longer the same, is raised; an open one that is no longer there is resolved.
fn changes(state: &State, problems: Vec<Exception>) -> Vec<Decision> {
    let over = state.exceptions().filter(|open| problems.iter().all(|problem| problem.kind != open.kind));
    let resolved: Vec<Decision> = over.map(|open| Decision::Resolve(open.kind.clone())).collect();
    let is_known = |problem: &Exception, open: &Exception| match &problem.kind {
        // What was missing when a deadline passed is not told again with everything that comes.
        ExceptionKind::Overdue(_) => open.kind == problem.kind,
        ExceptionKind::Invalid
        | ExceptionKind::NoStock(_)
        | ExceptionKind::BookingRefused(_)
        | ExceptionKind::AskRefused(_)
        | ExceptionKind::GoodsIssueMissing(_)
        | ExceptionKind::QuantityMismatch(_)
        | ExceptionKind::FreightMismatch(_)
        | ExceptionKind::Changed
        | ExceptionKind::Contradicted(_)
        | ExceptionKind::Unmatched
        | ExceptionKind::Flooded
        | ExceptionKind::CancelTooLate(_)
        | ExceptionKind::Undeliverable(_)
        | ExceptionKind::ShippedShort(_)
        | ExceptionKind::DeliveryFailing(_)
        | ExceptionKind::Late(_)
        | ExceptionKind::Disagreement(_) => open == problem,
    };
    let new = problems.into_iter().filter(|problem| !state.exceptions().any(|open| is_known(problem, open)));
    new.map(Decision::Raise).chain(resolved).collect()
}

/// What the customer has to pay. No more of a line arrived than left: that is the warehouse's word, and a person who takes a
/// carrier's larger count as it is does not say that it is true.
fn delivered_lines(case: &Case<'_>) -> Vec<Progress> {
    let delivered = case.known.lines().into_iter().filter(|line| !line.delivered.is_zero());
    let progress = |line: crate::LineStatus| {
        let left = if line.shipped.is_zero() { line.delivered } else { line.shipped };
        Progress { line: line.line, quantity: Quantity::new(line.delivered.min(left), line.unit), location: None }
    };
    delivered.map(progress).collect()
}

/// What was sold of these lines.
fn sold(order: &Order, lines: &[Progress]) -> Sale {
    let is_among = |line: &&OrderLine| lines.iter().any(|part| part.line == line.line);
    let sold = order.lines.iter().filter(is_among);
    Sale {
        customer: order.customer.clone(),
        currency: order.currency,
        ship_to: order.ship_to.clone(),
        lines: sold
            .map(|line| SoldLine {
                line: line.line.clone(),
                sku: line.sku.clone(),
                unit_price: line.unit_price.clone(),
            })
            .collect(),
    }
}
