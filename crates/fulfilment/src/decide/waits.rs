//! What is being waited for, and for how long at most.

use engine::policy::Wait as Span;
use model::{Ask, ExceptionKind, Lacking, Milestone, Outcome, ShipmentId, Timestamp};

use super::case::Case;
use super::{disagreements, release, rest};
use crate::policy::Policy;
use crate::state::{AskState, RELEASE, Shipment, State, UNDO, newest};

/// Something that is being waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wait {
    /// A warehouse's answer, and what it reserved, by how often it was asked.
    Allocate(ShipmentId, usize),
    /// The reservation of what a warehouse takes as a back-order, by how often it was asked.
    BackOrder(ShipmentId, usize),
    /// A TMS's answer, by how often one was asked.
    Book(ShipmentId, usize),
    /// The ERP's answer, by the ask's kind and how often it was made.
    Answer(&'static str, usize),
    /// The goods issue.
    Ship(ShipmentId),
    /// The goods issue of what the carrier already has.
    GoodsIssue(ShipmentId),
    /// The delivery.
    Deliver(ShipmentId),
    /// The rest of a shipment of which less was shipped or delivered than there should be.
    Rest(Lacking, ShipmentId),
    /// The return of what the carrier could not deliver.
    GiveBack(ShipmentId),
    /// That the system of record says of a shipment what another system says.
    Disagreement(ShipmentId, Milestone),
    /// The closing sequence.
    Close,
    /// A partner's word on undoing something, by the ask's kind and how often it was made.
    Undo(&'static str, ShipmentId, usize),
    /// The ERP's and the customer's word on a cancelled order.
    CallOff,
    /// That who holds the order back lets it go, by how often that was told.
    Hold(usize),
    /// Some time before a failed ask is made again, by its kind, its shipment and its number.
    Retry(&'static str, Option<ShipmentId>, usize),
}

impl Wait {
    /// The deadline's name.
    pub fn name(&self) -> String {
        match self {
            Self::Allocate(shipment, number) => numbered(format!("allocate-{shipment}"), *number),
            Self::BackOrder(shipment, number) => numbered(format!("back_order-{shipment}"), *number),
            Self::Book(shipment, number) => numbered(format!("book-{shipment}"), *number),
            Self::Answer(kind, number) => numbered((*kind).to_owned(), *number),
            Self::Ship(shipment) => format!("ship-{shipment}"),
            Self::GoodsIssue(shipment) => format!("goods_issue-{shipment}"),
            Self::Deliver(shipment) => format!("deliver-{shipment}"),
            Self::Rest(lacking, shipment) => format!("rest_{}-{shipment}", lacking.as_str()),
            Self::GiveBack(shipment) => format!("give_back-{shipment}"),
            Self::Disagreement(shipment, milestone) => {
                format!("disagreement-{shipment}-{}", milestone.as_str().replace('.', "-"))
            }
            Self::Close => "close".to_owned(),
            Self::Undo(kind, shipment, number) => numbered(format!("{kind}-{shipment}"), *number),
            Self::CallOff => "cancel".to_owned(),
            Self::Hold(number) => numbered("hold".to_owned(), *number),
            Self::Retry(kind, Some(shipment), number) => format!("retry-{kind}-{shipment}-{number}"),
            Self::Retry(kind, None, number) => format!("retry-{kind}-{number}"),
        }
    }

    /// How long the policy allows it to take.
    pub const fn limit(&self, policy: &Policy) -> Span {
        let deadlines = &policy.deadlines;
        match self {
            Self::Allocate(..) => deadlines.allocate,
            Self::BackOrder(..) => deadlines.back_order,
            Self::Book(..) => deadlines.book,
            Self::Answer(..) => deadlines.answer,
            Self::Ship(_) => deadlines.ship,
            Self::GoodsIssue(_) => deadlines.goods_issue,
            Self::Deliver(_) => deadlines.deliver,
            Self::Rest(..) => deadlines.short,
            Self::GiveBack(_) => deadlines.give_back,
            Self::Disagreement(..) => deadlines.disagreement,
            Self::Close | Self::CallOff => deadlines.close,
            Self::Undo(..) => deadlines.undo,
            Self::Hold(_) => deadlines.hold,
            Self::Retry(..) => policy.retries.pause,
        }
    }

    /// What is missing, in words for a person.
    pub fn words(&self, case: &Case<'_>) -> String {
        match self {
            Self::Allocate(shipment, _) | Self::BackOrder(shipment, _) => {
                format!("the warehouse has not reserved {shipment}")
            }
            Self::Book(shipment, _) => {
                let tms =
                    case.shipments().find(|own| own.id == *shipment).map_or("the TMS", |own| case.tms(own).as_str());
                format!("{tms} has not answered for {shipment}")
            }
            Self::Answer(kind, _) => format!("{} has not answered {kind}", case.known.erp()),
            Self::Ship(shipment) | Self::GoodsIssue(shipment) => format!("{shipment} has not left the warehouse"),
            Self::Deliver(shipment) => format!("{shipment} has not been delivered"),
            Self::Rest(lacking, shipment) => format!("the rest of {shipment} has not been {}", lacking.as_str()),
            Self::GiveBack(shipment) => format!("{shipment} has not come back"),
            Self::Disagreement(shipment, milestone) => {
                format!("{milestone} of {shipment} is not told by its system of record")
            }
            Self::Close => format!("still missing: {}", missing_to_close(case).join(", ")),
            Self::Undo(kind, shipment, _) => {
                let partner = case.ask(kind, Some(shipment)).map_or("the partner", |ask| ask.partner.as_str());
                format!("{partner} has not answered {kind} of {shipment}")
            }
            Self::CallOff => format!("still missing: {}", missing_to_call_off(case).join(", ")),
            Self::Hold(_) => {
                let holders: Vec<&str> = case.holders.iter().map(|lane| lane.as_str()).collect();
                format!("held back by {}", holders.join(" and "))
            }
            Self::Retry(kind, ..) => format!("{kind} is to be asked again"),
        }
    }
}

/// A wait that begins again is another wait, with a deadline of its own.
fn numbered(name: String, number: usize) -> String {
    if number > 1 { format!("{name}-{number}") } else { name }
}

/// Whether a deadline of this name is still being waited for.
#[must_use]
pub fn awaits(state: &State, policy: &Policy, deadline: &str) -> bool {
    if state.ended().is_some() {
        return false;
    }
    match Case::of(state, policy) {
        Some(case) => open_waits(&case).iter().any(|wait| wait.name() == deadline),
        None => deadline == RELEASE && release::is_awaited(state),
    }
}

/// The next deadline that passes among those that are still waited for: its name and when that is. What an order waits for, its
/// facts say; a policy that was in force for it and is not this one may have it wait for more or less.
#[must_use]
pub fn next_deadline(state: &State, policy: &Policy) -> Option<(String, Timestamp)> {
    if state.ended().is_some() {
        return None;
    }
    let waits: Vec<String> = match Case::of(state, policy) {
        Some(case) => open_waits(&case).iter().map(Wait::name).collect(),
        None => release::is_awaited(state).then(|| RELEASE.to_owned()).into_iter().collect(),
    };
    let ahead = state.deadlines().iter().filter(|(name, _)| waits.contains(name) && !state.is_due(name));
    ahead.min_by_key(|(_, at)| **at).map(|(name, at)| (name.clone(), *at))
}

/// The ask that a problem is about, if it is about one: what was refused or contradicted, or is not answered.
#[must_use]
pub fn ask_behind<'s>(state: &'s State, problem: &ExceptionKind) -> Option<&'s Ask> {
    match problem {
        ExceptionKind::NoStock(shipment) => newest(state.asks(), "allocate", Some(shipment)),
        ExceptionKind::BookingRefused(shipment) => newest(state.asks(), "book", Some(shipment)),
        ExceptionKind::AskRefused(ask) | ExceptionKind::Contradicted(ask) => state.ask(ask),
        ExceptionKind::Overdue(wait) => state.asks().rfind(|ask| is_wait_for(ask, wait)),
        ExceptionKind::Invalid
        | ExceptionKind::GoodsIssueMissing(_)
        | ExceptionKind::QuantityMismatch(_)
        | ExceptionKind::FreightMismatch(_)
        | ExceptionKind::Changed
        | ExceptionKind::Unmatched
        | ExceptionKind::Flooded
        | ExceptionKind::CancelTooLate(_)
        | ExceptionKind::Undeliverable(_)
        | ExceptionKind::ShippedShort(_)
        | ExceptionKind::DeliveryFailing(_)
        | ExceptionKind::Late(_)
        | ExceptionKind::Disagreement(_) => None,
    }
}

/// Whether a wait of this name is one for the answer to an ask, however often that was made.
fn is_wait_for(ask: &Ask, name: &str) -> bool {
    let first = for_answer(ask.request.kind(), ask.request.shipment(), 1).map(|wait| wait.name());
    let rest = first.and_then(|first| name.strip_prefix(&first).map(str::to_owned));
    let is_number = |rest: &str| rest.strip_prefix('-').is_some_and(|number| number.parse::<usize>().is_ok());
    rest.is_some_and(|rest| rest.is_empty() || is_number(&rest))
}

/// Everything that is being waited for now.
pub(super) fn open_waits(case: &Case<'_>) -> Vec<Wait> {
    let mut waits: Vec<Wait> = case.shipments().flat_map(|shipment| of_shipment(case, shipment)).collect();
    for shipment in case.shipments() {
        waits.extend(case.is_coming_back(shipment).then(|| Wait::GiveBack(shipment.id.clone())));
        waits.extend(disagreements::wait(case, shipment));
    }
    if case.is_delivered() && !missing_to_close(case).is_empty() {
        waits.push(Wait::Close);
    }
    if case.is_called_off() && !missing_to_call_off(case).is_empty() {
        waits.push(Wait::CallOff);
    }
    if case.is_held_back() {
        waits.push(Wait::Hold(case.known.times_held()));
    }
    let unanswered = ERP_ASKS.iter().filter(|kind| case.answer(kind, None) == AskState::Waiting);
    waits.extend(unanswered.map(|kind| Wait::Answer(kind, case.times(kind, None))));
    waits.extend(retries(case));
    waits
}

/// What is asked of the ERP.
const ERP_ASKS: [&str; 3] = ["confirm_shipment", "bill", "confirm_cancellation"];

/// The wait for the answer to an ask of this kind that was made so many times; nothing where it is Waybill's own.
pub(super) fn for_answer(kind: &str, shipment: Option<&ShipmentId>, number: usize) -> Option<Wait> {
    let own = |kinds: &[&'static str]| kinds.iter().copied().find(|own| *own == kind);
    match (kind, shipment) {
        ("allocate", Some(shipment)) => Some(Wait::Allocate(shipment.clone(), number)),
        ("book", Some(shipment)) => Some(Wait::Book(shipment.clone(), number)),
        (_, Some(shipment)) => Some(Wait::Undo(own(&UNDO.map(|(undo, _)| undo))?, shipment.clone(), number)),
        (_, None) => Some(Wait::Answer(own(&ERP_ASKS)?, number)),
    }
}

/// The asks that failed: whether they are made again, and how often, is the policy's.
fn retries(case: &Case<'_>) -> Vec<Wait> {
    let of_order = ERP_ASKS.into_iter().chain(["update_customer"]).map(|kind| (kind, None));
    let of_each = case.shipments().flat_map(|shipment| {
        ["allocate", "book", "cancel_booking", "cancel_allocation"].map(|kind| (kind, Some(&shipment.id)))
    });
    let failed = of_order.chain(of_each).filter_map(|(kind, shipment)| {
        let failed = matches!(case.answer(kind, shipment), AskState::Refused(Outcome::Failed { .. }));
        failed.then(|| Wait::Retry(kind, shipment.cloned(), case.times(kind, shipment)))
    });
    failed.collect()
}

fn of_shipment(case: &Case<'_>, shipment: &Shipment<'_>) -> Vec<Wait> {
    if case.is_to_be_undone(shipment) {
        let waiting = UNDO.iter().filter(|(undo, _)| case.answer(undo, Some(&shipment.id)) == AskState::Waiting);
        let number = |undo| case.times(undo, Some(&shipment.id));
        return waiting.map(|(undo, _)| Wait::Undo(undo, shipment.id.clone(), number(undo))).collect();
    }
    if case.is_void(shipment) {
        return Vec::new();
    }
    let is_taken_back =
        case.is_to_be_replaced(shipment) && case.answer("cancel_booking", Some(&shipment.id)) == AskState::Waiting;
    let (id, times) = (|| shipment.id.clone(), |kind| case.times(kind, Some(&shipment.id)));
    let is_back_order = matches!(shipment.lacking, Some(Lacking::Reserved | Lacking::Shipped));
    let is_reserved = case.has_reached(shipment, &[Milestone::FulfilmentAllocated]);
    let (reserving, for_stock) = match case.answer("allocate", Some(&shipment.id)) {
        AskState::Waiting => (true, false),
        AskState::Accepted if case.waits_for_stock(shipment) => (false, true),
        AskState::Accepted => (!is_reserved && !is_back_order, !is_reserved && is_back_order),
        AskState::Refused(_) | AskState::NotAsked => (false, false),
    };
    let booking = case.answer("book", Some(&shipment.id));
    let on_its_way = matches!(booking, AskState::Waiting | AskState::Accepted);
    // Where the policy books at pick, nobody is asked between reserving and picking, and it may take no longer either.
    let to_be_picked = booking == AskState::NotAsked && case.is_allocated(shipment);
    let issued = case.is_issued(shipment);
    let waits = [
        (is_taken_back, Wait::Undo("cancel_booking", id(), times("cancel_booking"))),
        (reserving, Wait::Allocate(id(), times("allocate"))),
        (for_stock, Wait::BackOrder(id(), times("allocate"))),
        (booking == AskState::Waiting, Wait::Book(id(), times("book"))),
        ((on_its_way || to_be_picked) && !issued, Wait::Ship(id())),
        (on_its_way && !issued && case.is_picked_up(shipment), Wait::GoodsIssue(id())),
        ((on_its_way || case.has_left(shipment)) && !case.is_shipment_delivered(shipment), Wait::Deliver(id())),
    ];
    let open = waits.into_iter().filter(|(open, _)| *open).map(|(_, wait)| wait);
    open.chain(rest::waits(case, shipment)).collect()
}

/// What a delivered order still lacks to be closed.
pub(super) fn missing_to_close(case: &Case<'_>) -> Vec<String> {
    let steps = [
        ("confirm_shipment", "the ERP's confirmation"),
        ("bill", "the ERP's invoice"),
        ("update_customer", "the customer's update"),
    ];
    let unanswered = steps.iter().filter(|(kind, _)| case.answer(kind, None) != AskState::Accepted);
    let mut missing: Vec<String> = unanswered.map(|(_, words)| (*words).to_owned()).collect();
    let is_unanswered = |shipment: &&Shipment<'_>| case.answer("book", Some(&shipment.id)) == AskState::Waiting;
    let unanswered = case.live_shipments().filter(is_unanswered);
    missing.extend(unanswered.map(|shipment| format!("the answer to the booking of {}", shipment.id)));
    let is_unbilled = |shipment: &&Shipment<'_>| {
        let settled = case.known.actual.is_said_by_operator(shipment, Milestone::FinanceFreightInvoiced);
        !settled && case.known.freight_invoices(shipment).is_empty()
    };
    let unbilled = case.live_shipments().filter(is_unbilled);
    missing.extend(unbilled.map(|shipment| format!("the freight invoice of {}", shipment.id)));
    missing.extend(returns(case));
    missing
}

/// What a cancelled order still lacks to be over.
pub(super) fn missing_to_call_off(case: &Case<'_>) -> Vec<String> {
    let steps =
        [("confirm_cancellation", "the ERP's word on the cancellation"), ("update_customer", "the customer's update")];
    let unanswered = steps.iter().filter(|(kind, _)| case.answer(kind, None) != AskState::Accepted);
    unanswered.map(|(_, words)| (*words).to_owned()).chain(returns(case)).collect()
}

fn returns(case: &Case<'_>) -> impl Iterator<Item = String> {
    case.shipments().filter(|shipment| case.is_coming_back(shipment)).map(|back| format!("the return of {}", back.id))
}
