//! What is wrong with an order: an exception is open as long as its rule says so, or until an operator takes it as it is.

use std::collections::BTreeSet;

use model::{
    Ask, ConditionKind, Currency, Exception, ExceptionKind, Fact, Lacking, Lane, Milestone, Money, Progress, Reason,
    Request, ShipmentId,
};
use rust_decimal::Decimal;

use super::case::Case;
use super::dates::{delivery_failing, late};
use super::delivered_lines;
use super::disagreements::disagreement;
use super::quantities::too_much;
use super::rest::shipped_short;
use super::undo;
use super::undo::cancel_too_late;
use super::waits::Wait;
use crate::state::{AskState, MAX_FACTS, RELEASE, Shipment, State, UNDO};

/// How many things that are wrong are named in one exception before the rest is only counted.
pub(super) const NAMED: usize = 10;

/// Everything that is wrong with an order that is being worked on.
pub(super) fn open(case: &Case<'_>) -> Vec<Exception> {
    let rules = [
        invalid,
        no_stock,
        booking_refused,
        ask_refused,
        overdue,
        goods_issue_missing,
        shipped_short,
        undeliverable,
        delivery_failing,
        late,
        disagreement,
    ];
    let mut problems: Vec<Exception> = rules.iter().flat_map(|rule| rule(case)).collect();
    problems.extend(contradictions(case));
    problems.retain(|problem| stands(case, problem));
    problems
}

/// What is still told of an order that ended: a person must see it.
pub(super) fn after_the_end(case: &Case<'_>) -> Vec<Exception> {
    let mut problems = contradictions(case);
    problems.retain(|problem| stands(case, problem));
    problems
}

/// What contradicts what is known already, whenever it is told.
fn contradictions(case: &Case<'_>) -> Vec<Exception> {
    let rules = [changed, contradicted, unmatched, quantity_mismatch, freight_mismatch, cancel_too_late];
    flooded(case.state).into_iter().chain(rules.iter().flat_map(|rule| rule(case))).collect()
}

/// Whether nobody took a problem as it is.
pub(super) fn stands(case: &Case<'_>, problem: &Exception) -> bool {
    !(is_waivable(&problem.kind) && case.state.is_waived(problem))
}

/// Whether an operator can take a problem of this kind as it is. Where the order cannot go on without what is lacking, it has
/// to be asked again, or told by the operator.
#[must_use]
pub fn is_waivable(kind: &ExceptionKind) -> bool {
    match kind {
        ExceptionKind::NoStock(_)
        | ExceptionKind::BookingRefused(_)
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
        | ExceptionKind::Disagreement(_) => true,
        // Who tells of an order that is not there may have mistaken its number.
        ExceptionKind::Overdue(wait) => wait == RELEASE,
        ExceptionKind::Invalid | ExceptionKind::AskRefused(_) | ExceptionKind::GoodsIssueMissing(_) => false,
    }
}

/// Whether the quantities of a shipment differ along the way, and nobody took that as it is.
pub(super) fn differs_on_the_way(case: &Case<'_>) -> bool {
    quantity_mismatch(case).iter().any(|problem| stands(case, problem))
}

/// Whether more is told of a shipment than there was before, and nobody took that as it is.
pub(super) fn overshoots<'a>(case: &Case<'a>, shipment: &Shipment<'a>) -> bool {
    let is_too_much = case.tally(shipment).any(|(part, amounts)| too_much(part, amounts).is_some());
    is_too_much && mismatch_of(case, shipment).iter().any(|problem| stands(case, problem))
}

/// The master data do not allow the order or were never asked, or its lines are none that a warehouse could ship.
fn invalid(case: &Case<'_>) -> Vec<Exception> {
    if case.cancelled.is_some() {
        return Vec::new();
    }
    exception(ExceptionKind::Invalid, case.objections.clone())
}

/// A warehouse will not or cannot reserve a shipment, or reserved less than ordered.
fn no_stock(case: &Case<'_>) -> Vec<Exception> {
    let problem = |shipment: &Shipment<'_>| {
        let refused = case.refusal("allocate", Some(&shipment.id)).map(|(_, outcome)| outcome.to_string());
        let short = || {
            let accepted = case.answer("allocate", Some(&shipment.id)) == AskState::Accepted;
            let short = accepted && case.is_reserved_short(shipment) && !case.ships_short(shipment);
            (short && !case.waits_for_stock(shipment) && !case.splits_at(Lacking::Reserved))
                .then(|| "less was reserved than ordered".to_owned())
        };
        let detail = format!("{} at {}: {}", shipment.wms, shipment.location, refused.or_else(short)?);
        Some(Exception { kind: ExceptionKind::NoStock(shipment.id.clone()), detail })
    };
    wanted_shipments(case).filter_map(problem).collect()
}

/// No TMS that the policy names will or can book a shipment.
fn booking_refused(case: &Case<'_>) -> Vec<Exception> {
    let problem = |shipment: &Shipment<'_>| {
        let (ask, outcome) = case.refusal("book", Some(&shipment.id))?;
        if case.next_tender(shipment).is_some() && case.may_commit() {
            return None;
        }
        let detail = format!("{}: {outcome}", ask.partner);
        Some(Exception { kind: ExceptionKind::BookingRefused(shipment.id.clone()), detail })
    };
    wanted_shipments(case).filter_map(problem).collect()
}

/// The shipments that nobody wants undone.
fn wanted_shipments<'c, 'a>(case: &'c Case<'a>) -> impl Iterator<Item = &'c Shipment<'a>> {
    case.live_shipments().filter(|shipment| !case.is_to_be_undone(shipment))
}

/// A step of the closing sequence was refused or failed, or a partner does not undo what it was asked to undo.
fn ask_refused(case: &Case<'_>) -> Vec<Exception> {
    let problem = |(kind, shipment): (&str, Option<&ShipmentId>)| {
        let (ask, outcome) = case.refusal(kind, shipment)?;
        Some(Exception { kind: ExceptionKind::AskRefused(ask.id.clone()), detail: outcome.to_string() })
    };
    let closing = ["confirm_shipment", "bill", "confirm_cancellation", "update_customer"].map(|kind| (kind, None));
    let undoing =
        case.shipments().filter(|shipment| case.is_to_be_undone(shipment) || case.is_to_be_replaced(shipment));
    let undos = undoing.flat_map(|shipment| UNDO.map(|(undo, _)| (undo, Some(&shipment.id))));
    closing.into_iter().chain(undos).filter_map(problem).collect()
}

/// A wait took longer than the policy allows.
fn overdue(case: &Case<'_>) -> Vec<Exception> {
    let problem = |wait: &Wait| match wait {
        // These have rules of their own, and what is to be asked again is asked by another.
        Wait::GoodsIssue(_) | Wait::Rest(..) | Wait::Disagreement(..) | Wait::Retry(..) => None,
        Wait::Allocate(..)
        | Wait::BackOrder(..)
        | Wait::Book(..)
        | Wait::Answer(..)
        | Wait::Ship(_)
        | Wait::Deliver(_)
        | Wait::GiveBack(_)
        | Wait::Close
        | Wait::Undo(..)
        | Wait::CallOff
        | Wait::Hold(_) => Some(Exception { kind: ExceptionKind::Overdue(wait.name()), detail: wait.words(case) }),
    };
    case.late_waits().filter_map(problem).collect()
}

/// The carrier has had a shipment for longer than the policy allows, and the warehouse has not issued it.
fn goods_issue_missing(case: &Case<'_>) -> Vec<Exception> {
    let is_late = |shipment: &&Shipment<'_>| case.is_late(&Wait::GoodsIssue(shipment.id.clone()));
    let problem = |shipment: &Shipment<'_>| {
        let detail = format!("the carrier picked up {}, the warehouse has not issued it", shipment.id);
        Exception { kind: ExceptionKind::GoodsIssueMissing(shipment.id.clone()), detail }
    };
    case.shipments().filter(is_late).map(problem).collect()
}

/// A shipment that left will not arrive: its carrier lost it, or brings it back. Where the policy has it sent again, nobody
/// needs to see to it.
fn undeliverable(case: &Case<'_>) -> Vec<Exception> {
    if case.splits_at(Lacking::Delivered) {
        return Vec::new();
    }
    let problem = |shipment: &Shipment<'_>| {
        let detail = format!("{} will not be delivered: {}", shipment.id, why_undeliverable(case, shipment)?);
        Some(Exception { kind: ExceptionKind::Undeliverable(shipment.id.clone()), detail })
    };
    case.live_shipments().filter_map(problem).collect()
}

/// Why a shipment will not arrive, in words.
pub(super) fn why_undeliverable(case: &Case<'_>, shipment: &Shipment<'_>) -> Option<String> {
    if case.is_shipment_delivered(shipment) {
        return None;
    }
    let comes_back = case.has_reached(shipment, &BACK).then(|| "it is on its way back".to_owned());
    comes_back.or_else(|| lost(case, shipment).map(|reason| reason.to_string()))
}

/// Whether a shipment will not arrive by its carrier's own word. When only the warehouse takes something in again, that may be
/// what a customer sent back whose delivery is not told yet.
pub(super) fn is_undelivered(case: &Case<'_>, shipment: &Shipment<'_>) -> bool {
    let by_carrier = || {
        let mut back = case.known.actual.of(shipment, &BACK);
        back.any(|event| matches!(event.held.lane, Lane::Tms | Lane::Ops))
    };
    !case.is_shipment_delivered(shipment) && (by_carrier() || lost(case, shipment).is_some())
}

/// What tells that a shipment comes back.
const BACK: [Milestone; 2] = [Milestone::TransportReturning, Milestone::TransportReturned];

/// Why a shipment is gone for good, if its carrier says so and has not said that it is found.
fn lost(case: &Case<'_>, shipment: &Shipment<'_>) -> Option<Reason> {
    let told = case.state.facts().filter_map(|(id, held)| {
        let Fact::Condition(condition) = &held.fact else { return None };
        let own = matches!(held.lane, Lane::Tms | Lane::Ops)
            && condition.kind == ConditionKind::Exception
            && condition.shipment.as_ref().is_none_or(|about| *about == shipment.id)
            && shipment.heeds(held);
        let gone = matches!(condition.reason, Reason::GoodsLost | Reason::GoodsStolen);
        (own && gone).then_some(((condition.occurred.at, held.came(id)), condition))
    });
    let (_, last) = told.max_by_key(|(place, _)| *place)?;
    (!last.resolved).then_some(last.reason)
}

/// What was delivered is not what was shipped, or what was shipped is not what was packed or picked; or, at any time, there
/// is more of it than there was before, or than was ordered.
fn quantity_mismatch(case: &Case<'_>) -> Vec<Exception> {
    case.shipments().flat_map(|shipment| mismatch_of(case, shipment)).collect()
}

fn mismatch_of<'a>(case: &Case<'a>, shipment: &Shipment<'a>) -> Vec<Exception> {
    exception(ExceptionKind::QuantityMismatch(shipment.id.clone()), case.differing_lines(shipment))
}

/// The ERP changed the order when some of it had left already, or after its end: what was asked stands.
fn changed(case: &Case<'_>) -> Vec<Exception> {
    let mut exceptions = exception(ExceptionKind::Changed, undo::changed(case));
    exceptions.iter_mut().for_each(|e| e.detail.insert_str(0, "changed after it was committed: "));
    exceptions
}

/// A partner gave one answer and later another: the first one counts. Or what the ERP was asked to confirm or bill is not what
/// was delivered.
fn contradicted(case: &Case<'_>) -> Vec<Exception> {
    let problem = |ask: &Ask| {
        let mut wrong = case.known.contradictions(ask);
        wrong.extend(superseded(case, ask));
        exception(ExceptionKind::Contradicted(ask.id.clone()), wrong)
    };
    case.all_asks().flat_map(problem).collect()
}

/// What was delivered by now, where the ERP was asked to confirm or bill something else. Where quantities differ on the way,
/// that says it already, until a person takes it as it is.
fn superseded(case: &Case<'_>, ask: &Ask) -> Option<String> {
    let (Request::ConfirmShipment { lines, .. } | Request::Bill { lines, .. }) = &ask.request else { return None };
    let is_newest = case.ask(ask.request.kind(), None).is_some_and(|newest| newest.id == ask.id);
    let delivered = delivered_lines(case);
    if !is_newest || delivered == *lines || differs_on_the_way(case) {
        return None;
    }
    let words = |lines: &[Progress]| -> String {
        let words: Vec<String> = lines.iter().map(|part| format!("{} of line {}", part.quantity, part.line)).collect();
        if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
    };
    Some(format!("it says {}; delivered by now: {}", words(lines), words(&delivered)))
}

/// Whether the ERP confirmed what was delivered by now, or a person took the difference as it is.
pub(super) fn is_confirmed(case: &Case<'_>) -> bool {
    let Some(ask) = case.ask("confirm_shipment", None) else { return false };
    let is_own = |problem: &Exception| problem.kind == ExceptionKind::Contradicted(ask.id.clone());
    let holds_up = || contradicted(case).iter().any(|problem| is_own(problem) && stands(case, problem));
    case.known.answers.to(ask) == AskState::Accepted && (superseded(case, ask).is_none() || !holds_up())
}

/// A partner of the order told of a shipment or a line that is not there, or of a quantity that cannot be of it.
pub(super) fn unmatched(case: &Case<'_>) -> Vec<Exception> {
    exception(ExceptionKind::Unmatched, case.known.unmatched().into_iter().collect())
}

/// More was told of the order than it keeps: what came beyond is in its stream for a person to read.
pub(super) fn flooded(state: &State) -> Vec<Exception> {
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
        let bills: Vec<_> = case.known.freight_invoices(shipment).into_iter().map(|(_, bill)| bill).collect();
        let total = |currency| {
            let amounts = bills.iter().filter(|bill| bill.total.currency == currency).map(|bill| bill.total.amount);
            Money { amount: amounts.fold(Decimal::ZERO, Decimal::saturating_add), currency }
        };
        let currencies: BTreeSet<Currency> = bills.iter().map(|bill| bill.total.currency).collect();
        let billed: Vec<Money> = currencies.into_iter().map(total).collect();
        let first = billed.first()?;
        let booked = case.known.booking(&shipment.id).and_then(|booking| booking.charge.as_ref());
        let words = billed.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
        let bills = if bills.len() > 1 { format!(" in {} bills", bills.len()) } else { String::new() };
        let detail = match booked {
            None => format!("billed {words}{bills}, and no charge was booked"),
            Some(booked) => {
                let share = Decimal::ONE.saturating_add(case.policy.tolerance.freight_percent / Decimal::ONE_HUNDRED);
                let most = booked.amount.saturating_mul(share);
                let is_fair = (Decimal::ZERO..=most).contains(&first.amount);
                if billed.iter().all(|one| one.currency == booked.currency) && is_fair {
                    return None;
                }
                format!("billed {words}{bills}, booked {booked}")
            }
        };
        Some(Exception { kind: ExceptionKind::FreightMismatch(shipment.id.clone()), detail })
    };
    case.shipments().filter_map(problem).collect()
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
