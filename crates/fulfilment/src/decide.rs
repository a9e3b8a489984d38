//! The rules, on one page: given all that is known of an order, what has not been asked, concluded or flagged yet?
//!
//! A rule is a function, and the sentence above it says when it applies. No rule looks at what just happened, only at
//! what is known; so it does not matter in which order things became known, and deciding twice adds nothing.

mod case;
mod quantities;
mod waits;

use model::{
    Ask, Commitment, Deadline, Decision, End, Exception, ExceptionKind, Milestone, Progress, Quantity, Request, System,
    Timestamp,
};
use rust_decimal::Decimal;

use crate::policy::{BookAt, Policy};
use crate::state::{self, AskState, MAX_FACTS, Shipment, State};
use case::Case;
pub use waits::awaits;
use waits::{Wait, open_waits};

/// How many things that are wrong are named in one exception before the rest is only counted.
const NAMED: usize = 10;

/// What has not been asked, concluded or flagged yet.
#[must_use]
pub fn decide(state: &State, policy: &Policy, now: Timestamp) -> Vec<Decision> {
    if state.id().is_none() {
        return Vec::new();
    }
    // Before its release there is nothing to work on, but a person must see that it can take no more.
    let Some(mut case) = Case::of(state, policy) else { return changes(state, flooded(state)) };
    // Whenever it is told, and be it after the end: a person must see it.
    let contradictions = [changed, contradicted, unmatched, quantity_mismatch, freight_mismatch];
    if state.ended().is_some() {
        let told = contradictions.iter().flat_map(|rule| rule(&case));
        return changes(state, told.chain(flooded(state)).collect());
    }
    // In the order of the lifecycle: a later ask sees what an earlier one is about to become.
    for rule in [allocate, book] {
        let asks = rule(&case);
        case.asks.extend(asks);
    }
    case.heed_the_tms();
    for rule in [confirm_shipment, bill, update_customer] {
        let asks = rule(&case);
        case.asks.extend(asks);
    }
    case.waits = open_waits(&case);
    let rules = [invalid, no_stock, booking_refused, ask_refused, overdue, goods_issue_missing];
    let problems = rules.iter().chain(&contradictions).flat_map(|rule| rule(&case));
    let problems: Vec<Exception> = problems.chain(flooded(state)).collect();
    let end = if problems.is_empty() { close(&case) } else { None };

    let mut decisions: Vec<Decision> = commit(&case).into_iter().map(Decision::Commit).collect();
    decisions.extend(case.asks.iter().cloned().map(Decision::Ask));
    decisions.extend(deadlines(&case, now).into_iter().map(Decision::Deadline));
    decisions.extend(changes(state, problems));
    decisions.extend(end.map(Decision::End));
    decisions
}

// ---- asks ----

/// Something is asked of somebody for the first time: from now on, this release is the order that is worked on.
fn commit(case: &Case<'_>) -> Option<Commitment> {
    let is_asked = case.all_asks().next().is_some();
    (is_asked && case.state.committed().is_none()).then(|| case.commitment())
}

/// The master data allow the order: each warehouse is asked to reserve, and then to pick and pack, what it ships.
fn allocate(case: &Case<'_>) -> Vec<Ask> {
    if !case.is_valid() {
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
    case.shipments().filter_map(ask).collect()
}

/// A shipment is reserved in full (or picked, if the policy says so): the TMS is asked to have a carrier take it.
fn book(case: &Case<'_>) -> Vec<Ask> {
    let ready = |shipment: &&Shipment<'_>| match case.policy.transport.book_at {
        BookAt::Allocation => case.is_allocated(shipment),
        BookAt::Pick => case.is_allocated(shipment) && case.has_reached(shipment, &[Milestone::FulfilmentPicked]),
    };
    let ask = |shipment: &Shipment<'_>| {
        case.new_ask(System::Tms, case.tms(shipment), "book", Some(&shipment.id), || Request::Book {
            shipment: shipment.id.clone(),
            from: shipment.location.clone(),
            ship_to: case.order().ship_to.clone(),
            ship_on: shipment.ship_on,
            mode: case.order().mode.clone(),
            lines: shipment.asked_lines(),
        })
    };
    case.shipments().filter(ready).filter_map(ask).collect()
}

/// Everything is delivered as it was shipped: the ERP is asked to confirm the shipment.
fn confirm_shipment(case: &Case<'_>) -> Vec<Ask> {
    if !case.is_delivered() || !quantity_mismatch(case).is_empty() {
        return Vec::new();
    }
    let request = || Request::ConfirmShipment { lines: delivered_lines(case) };
    case.new_ask(System::Erp, &case.order().erp, "confirm_shipment", None, request).into_iter().collect()
}

/// The ERP confirmed the shipment, and it still stands: the ERP is asked to bill what was delivered.
fn bill(case: &Case<'_>) -> Vec<Ask> {
    if case.answer("confirm_shipment", None) != AskState::Accepted || !quantity_mismatch(case).is_empty() {
        return Vec::new();
    }
    let request = || Request::Bill { lines: delivered_lines(case) };
    case.new_ask(System::Erp, &case.order().erp, "bill", None, request).into_iter().collect()
}

/// The ERP confirmed the shipment: the customer is told that it is delivered.
fn update_customer(case: &Case<'_>) -> Vec<Ask> {
    if case.answer("confirm_shipment", None) != AskState::Accepted {
        return Vec::new();
    }
    let request = || Request::UpdateCustomer {
        customer: case.order().customer.clone(),
        milestone: Milestone::TransportDelivered,
    };
    case.new_ask(System::View, case.view(), "update_customer", None, request).into_iter().collect()
}

// ---- problems: open as long as the rule says so ----

/// The master data do not allow the order or were never asked, or its lines are none that a warehouse could ship.
fn invalid(case: &Case<'_>) -> Vec<Exception> {
    exception(ExceptionKind::Invalid, case.objections.clone())
}

/// A warehouse will not or cannot reserve a shipment, or reserved less than ordered.
fn no_stock(case: &Case<'_>) -> Vec<Exception> {
    let problem = |shipment: &Shipment<'_>| {
        let detail = match case.answer("allocate", Some(&shipment.id)) {
            AskState::Refused(outcome) => outcome.to_string(),
            AskState::Accepted if case.is_reserved_short(shipment) => "less was reserved than ordered".to_owned(),
            AskState::Accepted | AskState::Waiting | AskState::NotAsked => return None,
        };
        let detail = format!("{} at {}: {detail}", shipment.wms, shipment.location);
        Some(Exception { kind: ExceptionKind::NoStock(shipment.id.clone()), detail })
    };
    case.shipments().filter_map(problem).collect()
}

/// The TMS will not or cannot book a shipment.
fn booking_refused(case: &Case<'_>) -> Vec<Exception> {
    let problem = |shipment: &Shipment<'_>| match case.answer("book", Some(&shipment.id)) {
        AskState::Refused(outcome) => {
            let detail = format!("{}: {outcome}", case.tms(shipment));
            Some(Exception { kind: ExceptionKind::BookingRefused(shipment.id.clone()), detail })
        }
        AskState::Accepted | AskState::Waiting | AskState::NotAsked => None,
    };
    case.shipments().filter_map(problem).collect()
}

/// A step of the closing sequence was refused or failed.
fn ask_refused(case: &Case<'_>) -> Vec<Exception> {
    let problem = |kind: &&str| {
        let ask = case.ask(kind, None)?;
        match case.known.answers.to(ask) {
            AskState::Refused(outcome) => {
                Some(Exception { kind: ExceptionKind::AskRefused(ask.id.clone()), detail: outcome.to_string() })
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

/// What was delivered is not what was shipped, or what was shipped is not what was packed or picked; or, at any time, there
/// is more of it than there was before, or than was ordered.
fn quantity_mismatch(case: &Case<'_>) -> Vec<Exception> {
    let problem = |shipment: &Shipment<'_>| {
        exception(ExceptionKind::QuantityMismatch(shipment.id.clone()), case.differing_lines(shipment))
    };
    case.shipments().flat_map(problem).collect()
}

/// The ERP released the order again after something was asked for it, and not as it was: what was asked stands.
fn changed(case: &Case<'_>) -> Vec<Exception> {
    if case.state.committed().is_none() {
        return Vec::new();
    }
    let changes = state::changes(case.order(), case.known.last_release.order);
    let mut exceptions = exception(ExceptionKind::Changed, changes);
    exceptions.iter_mut().for_each(|e| e.detail.insert_str(0, "changed after it was committed: "));
    exceptions
}

/// A partner gave one answer and later another: the first one counts.
fn contradicted(case: &Case<'_>) -> Vec<Exception> {
    let problem = |ask: &Ask| exception(ExceptionKind::Contradicted(ask.id.clone()), case.known.contradictions(ask));
    case.all_asks().flat_map(problem).collect()
}

/// A partner of the order told of a shipment or a line that is not there, or of a quantity that cannot be of it.
fn unmatched(case: &Case<'_>) -> Vec<Exception> {
    exception(ExceptionKind::Unmatched, case.known.unmatched().into_iter().collect())
}

/// More was told of the order than it keeps: what came beyond is in its stream for a person to read.
fn flooded(state: &State) -> Vec<Exception> {
    let words =
        || format!("one lane told more than {MAX_FACTS} facts; those beyond are in the trail and count for nothing");
    exception(ExceptionKind::Flooded, state.is_flooded().then(words).into_iter().collect())
}

/// The carrier bills more than was booked, beyond the policy's tolerance, or in another currency, or less than nothing.
fn freight_mismatch(case: &Case<'_>) -> Vec<Exception> {
    let problem = |shipment: &Shipment<'_>| {
        // The bill may come before the booking it is held against; while the TMS has not answered, that may come yet.
        if case.answer("book", Some(&shipment.id)) == AskState::Waiting {
            return None;
        }
        let billed = &case.known.freight_invoice(shipment)?.total;
        let booked = case.known.booking(&shipment.id).and_then(|booking| booking.charge.as_ref());
        let detail = match booked {
            None => format!("billed {billed}, and no charge was booked"),
            Some(booked) => {
                let share = Decimal::ONE.saturating_add(case.policy.tolerance.freight_percent / Decimal::ONE_HUNDRED);
                let most = booked.amount.saturating_mul(share);
                let is_fair = (Decimal::ZERO..=most).contains(&billed.amount);
                if billed.currency == booked.currency && is_fair {
                    return None;
                }
                format!("billed {billed}, booked {booked}")
            }
        };
        Some(Exception { kind: ExceptionKind::FreightMismatch(shipment.id.clone()), detail })
    };
    case.shipments().filter_map(problem).collect()
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
        | ExceptionKind::Flooded => open == problem,
    };
    let new = problems.into_iter().filter(|problem| !state.exceptions().any(|open| is_known(problem, open)));
    new.map(Decision::Raise).chain(resolved).collect()
}

/// The exception that all of this is wrong; none when nothing is.
fn exception(kind: ExceptionKind, mut wrong: Vec<String>) -> Vec<Exception> {
    if wrong.is_empty() {
        return Vec::new();
    }
    let unnamed = wrong.len().saturating_sub(NAMED);
    if unnamed > 0 {
        wrong.truncate(NAMED);
        wrong.push(format!("and {unnamed} more"));
    }
    vec![Exception { kind, detail: wrong.join("; ") }]
}

fn delivered_lines(case: &Case<'_>) -> Vec<Progress> {
    let delivered = case.known.lines().into_iter().filter(|line| !line.delivered.is_zero());
    let progress = |line: crate::LineStatus| Progress {
        line: line.line,
        quantity: Quantity::new(line.delivered, line.unit),
        location: None,
    };
    delivered.map(progress).collect()
}
