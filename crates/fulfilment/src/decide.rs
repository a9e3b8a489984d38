//! The rules, on one page: given all that is known of an order, what has not been asked, concluded or flagged yet?
//!
//! A rule is a function, and the sentence above it says when it applies. No rule looks at what just happened, only at
//! what is known; so it does not matter in which order things became known, and deciding twice adds nothing.

mod case;
mod waits;

use model::{
    Ask, Deadline, Decision, End, Exception, ExceptionKind, Milestone, Outcome, Progress, Quantity, Request, System,
    Timestamp,
};
use rust_decimal::Decimal;

use crate::policy::{BookAt, Policy};
use crate::state::{AskState, Shipment, State};
use case::Case;
pub use waits::awaits;
use waits::{Wait, open_waits};

/// What has not been asked, concluded or flagged yet.
#[must_use]
pub fn decide(state: &State, policy: &Policy, now: Timestamp) -> Vec<Decision> {
    let Some(mut case) = Case::of(state, policy) else { return Vec::new() };
    // In the order of the lifecycle: a later ask sees what an earlier one is about to become.
    for rule in [allocate, book, confirm_shipment, bill, update_customer] {
        let asks = rule(&case);
        case.asks.extend(asks);
    }
    case.waits = open_waits(&case);
    let rules = [
        invalid,
        no_stock,
        booking_refused,
        ask_refused,
        overdue,
        goods_issue_missing,
        quantity_mismatch,
        freight_mismatch,
    ];
    let problems: Vec<Exception> = rules.iter().flat_map(|rule| rule(&case)).collect();
    let end = if problems.is_empty() { close(&case) } else { None };

    let mut decisions: Vec<Decision> = case.asks.iter().cloned().map(Decision::Ask).collect();
    decisions.extend(deadlines(&case, now).into_iter().map(Decision::Deadline));
    decisions.extend(changes(state, problems));
    decisions.extend(end.map(Decision::End));
    decisions
}

// ---- asks ----

/// The master data allow the order: each warehouse is asked to reserve, and then to pick and pack, what it ships.
fn allocate(case: &Case<'_>) -> Vec<Ask> {
    if !case.is_valid() {
        return Vec::new();
    }
    let ask = |shipment: &Shipment<'_>| {
        case.new_ask(System::Wms, &shipment.wms, "allocate", Some(&shipment.id), || Request::Allocate {
            shipment: shipment.id.clone(),
            location: shipment.location.clone(),
            ship_on: shipment.ship_on,
            ship_to: case.order.ship_to.clone(),
            lines: shipment.asked_lines(),
        })
    };
    case.shipments.iter().filter_map(ask).collect()
}

/// A shipment is reserved in full (or picked, if the policy says so): the TMS is asked to have a carrier take it.
fn book(case: &Case<'_>) -> Vec<Ask> {
    let ready = |shipment: &&Shipment<'_>| match case.policy.transport.book_at {
        BookAt::Allocation => case.is_allocated(shipment),
        BookAt::Pick => case.is_allocated(shipment) && case.has_reached(shipment, &[Milestone::FulfilmentPicked]),
    };
    let ask = |shipment: &Shipment<'_>| {
        case.new_ask(System::Tms, case.tms(), "book", Some(&shipment.id), || Request::Book {
            shipment: shipment.id.clone(),
            from: shipment.location.clone(),
            ship_to: case.order.ship_to.clone(),
            ship_on: shipment.ship_on,
            mode: case.order.mode.clone(),
            lines: shipment.asked_lines(),
        })
    };
    case.shipments.iter().filter(ready).filter_map(ask).collect()
}

/// Everything is delivered as it was shipped: the ERP is asked to confirm the shipment.
fn confirm_shipment(case: &Case<'_>) -> Vec<Ask> {
    if !case.is_delivered() || !quantity_mismatch(case).is_empty() {
        return Vec::new();
    }
    let request = || Request::ConfirmShipment { lines: delivered_lines(case) };
    case.new_ask(System::Erp, &case.order.erp, "confirm_shipment", None, request).into_iter().collect()
}

/// The ERP confirmed the shipment, and it still stands: the ERP is asked to bill what was delivered.
fn bill(case: &Case<'_>) -> Vec<Ask> {
    if case.answer("confirm_shipment", None) != AskState::Accepted || !quantity_mismatch(case).is_empty() {
        return Vec::new();
    }
    let request = || Request::Bill { lines: delivered_lines(case) };
    case.new_ask(System::Erp, &case.order.erp, "bill", None, request).into_iter().collect()
}

/// The ERP confirmed the shipment: the customer is told that it is delivered.
fn update_customer(case: &Case<'_>) -> Vec<Ask> {
    if case.answer("confirm_shipment", None) != AskState::Accepted {
        return Vec::new();
    }
    let request =
        || Request::UpdateCustomer { customer: case.order.customer.clone(), milestone: Milestone::TransportDelivered };
    case.new_ask(System::View, case.view(), "update_customer", None, request).into_iter().collect()
}

// ---- problems: open as long as the rule says so ----

/// The master data do not allow the order, or know no warehouse for some of it.
fn invalid(case: &Case<'_>) -> Vec<Exception> {
    let objections = case.objections();
    if objections.is_empty() {
        return Vec::new();
    }
    vec![Exception { kind: ExceptionKind::Invalid, detail: objections.join("; ") }]
}

/// A warehouse will not or cannot reserve a shipment, or reserved less than ordered.
fn no_stock(case: &Case<'_>) -> Vec<Exception> {
    let problem = |shipment: &Shipment<'_>| {
        let detail = match case.answer("allocate", Some(&shipment.id)) {
            AskState::Refused(outcome) => words(outcome),
            AskState::Accepted if case.is_reserved_short(shipment) => "less was reserved than ordered".to_owned(),
            AskState::Accepted | AskState::Waiting | AskState::NotAsked => return None,
        };
        let detail = format!("{} at {}: {detail}", shipment.wms, shipment.location);
        Some(Exception { kind: ExceptionKind::NoStock(shipment.id.clone()), detail })
    };
    case.shipments.iter().filter_map(problem).collect()
}

/// The TMS will not or cannot book a shipment.
fn booking_refused(case: &Case<'_>) -> Vec<Exception> {
    let problem = |shipment: &Shipment<'_>| match case.answer("book", Some(&shipment.id)) {
        AskState::Refused(outcome) => {
            let detail = format!("{}: {}", case.tms(), words(outcome));
            Some(Exception { kind: ExceptionKind::BookingRefused(shipment.id.clone()), detail })
        }
        AskState::Accepted | AskState::Waiting | AskState::NotAsked => None,
    };
    case.shipments.iter().filter_map(problem).collect()
}

/// A step of the closing sequence was refused or failed.
fn ask_refused(case: &Case<'_>) -> Vec<Exception> {
    let problem = |kind: &&str| {
        let ask = case.ask(kind, None)?;
        match case.state.answer_to(ask) {
            AskState::Refused(outcome) => {
                Some(Exception { kind: ExceptionKind::AskRefused(ask.id.clone()), detail: words(outcome) })
            }
            AskState::Accepted | AskState::Waiting | AskState::NotAsked => None,
        }
    };
    ["confirm_shipment", "bill", "update_customer"].iter().filter_map(problem).collect()
}

/// A wait took longer than the policy allows.
fn overdue(case: &Case<'_>) -> Vec<Exception> {
    let problem = |wait: &Wait| match wait {
        // A missing goods issue has a rule of its own.
        Wait::GoodsIssue(_) => None,
        Wait::Allocate(_) | Wait::Book(_) | Wait::Ship(_) | Wait::Deliver(_) | Wait::Close => {
            Some(Exception { kind: ExceptionKind::Overdue(wait.name()), detail: wait.words(case) })
        }
    };
    case.late_waits().filter_map(problem).collect()
}

/// The carrier has had a shipment for longer than the policy allows, and the warehouse has not issued it.
fn goods_issue_missing(case: &Case<'_>) -> Vec<Exception> {
    let problem = |wait: &Wait| match wait {
        Wait::GoodsIssue(shipment) => {
            let detail = format!("the carrier picked up {shipment}, the warehouse has not issued it");
            Some(Exception { kind: ExceptionKind::GoodsIssueMissing(shipment.clone()), detail })
        }
        Wait::Allocate(_) | Wait::Book(_) | Wait::Ship(_) | Wait::Deliver(_) | Wait::Close => None,
    };
    case.late_waits().filter_map(problem).collect()
}

/// What was delivered is not what was shipped, or what was shipped is not what was packed or picked, or more than ordered.
fn quantity_mismatch(case: &Case<'_>) -> Vec<Exception> {
    let problem = |shipment: &Shipment<'_>| {
        let differing = case.differing_lines(shipment);
        let kind = ExceptionKind::QuantityMismatch(shipment.id.clone());
        (!differing.is_empty()).then(|| Exception { kind, detail: differing.join("; ") })
    };
    case.shipments.iter().filter_map(problem).collect()
}

/// The carrier bills more than was booked, beyond the policy's tolerance, or in another currency.
fn freight_mismatch(case: &Case<'_>) -> Vec<Exception> {
    let problem = |shipment: &Shipment<'_>| {
        // The bill may come before the booking it is held against; while the TMS has not answered, that may come yet.
        if case.answer("book", Some(&shipment.id)) == AskState::Waiting {
            return None;
        }
        let billed = &case.state.freight_invoice(&shipment.id)?.total;
        let booked = case.state.booking(&shipment.id).and_then(|booking| booking.charge.as_ref());
        let detail = match booked {
            None => format!("billed {billed}, and no charge was booked"),
            Some(booked) => {
                let share = Decimal::ONE.saturating_add(case.policy.tolerance.freight_percent / Decimal::ONE_HUNDRED);
                let most = booked.amount.saturating_mul(share);
                if billed.currency == booked.currency && billed.amount <= most {
                    return None;
                }
                format!("billed {billed}, booked {booked}")
            }
        };
        Some(Exception { kind: ExceptionKind::FreightMismatch(shipment.id.clone()), detail })
    };
    case.shipments.iter().filter_map(problem).collect()
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

/// A problem that is not open yet is raised; an open one that is no longer there is resolved.
fn changes(state: &State, problems: Vec<Exception>) -> Vec<Decision> {
    let over = state.exceptions().filter(|open| problems.iter().all(|problem| problem.kind != open.kind));
    let resolved: Vec<Decision> = over.map(|open| Decision::Resolve(open.kind.clone())).collect();
    let new = problems.into_iter().filter(|problem| state.exceptions().all(|open| open.kind != problem.kind));
    new.map(Decision::Raise).chain(resolved).collect()
}

fn delivered_lines(case: &Case<'_>) -> Vec<Progress> {
    let delivered = case.state.lines().into_iter().filter(|line| !line.delivered.is_zero());
    let progress = |line: crate::LineStatus| Progress {
        line: line.line,
        quantity: Quantity::new(line.delivered, line.unit),
        location: None,
    };
    delivered.map(progress).collect()
}

fn words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Accepted => "accepted".to_owned(),
        Outcome::Refused { reason, detail: Some(detail) } => format!("refused, {reason}: {detail}"),
        Outcome::Refused { reason, detail: None } => format!("refused, {reason}"),
        Outcome::Failed { detail } => format!("failed: {detail}"),
    }
}
