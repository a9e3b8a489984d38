//! What is being waited for, and for how long at most.

use model::{Milestone, ShipmentId};

use super::case::Case;
use crate::policy::{Policy, Wait as Span};
use crate::state::{AskState, Shipment, State};

/// Something that is being waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wait {
    /// A warehouse's answer, and what it reserved.
    Allocate(ShipmentId),
    /// A TMS's answer.
    Book(ShipmentId),
    /// The goods issue.
    Ship(ShipmentId),
    /// The goods issue of what the carrier already has.
    GoodsIssue(ShipmentId),
    /// The delivery.
    Deliver(ShipmentId),
    /// The closing sequence.
    Close,
}

impl Wait {
    /// The deadline's name.
    pub fn name(&self) -> String {
        match self {
            Self::Allocate(shipment) => format!("allocate-{shipment}"),
            Self::Book(shipment) => format!("book-{shipment}"),
            Self::Ship(shipment) => format!("ship-{shipment}"),
            Self::GoodsIssue(shipment) => format!("goods_issue-{shipment}"),
            Self::Deliver(shipment) => format!("deliver-{shipment}"),
            Self::Close => "close".to_owned(),
        }
    }

    /// How long the policy allows it to take.
    pub const fn limit(&self, policy: &Policy) -> Span {
        let deadlines = &policy.deadlines;
        match self {
            Self::Allocate(_) => deadlines.allocate,
            Self::Book(_) => deadlines.book,
            Self::Ship(_) => deadlines.ship,
            Self::GoodsIssue(_) => deadlines.goods_issue,
            Self::Deliver(_) => deadlines.deliver,
            Self::Close => deadlines.close,
        }
    }

    /// What is missing, in words for a person.
    pub fn words(&self, case: &Case<'_>) -> String {
        match self {
            Self::Allocate(shipment) => format!("the warehouse has not reserved {shipment}"),
            Self::Book(shipment) => {
                let tms =
                    case.shipments().find(|own| own.id == *shipment).map_or("the TMS", |own| case.tms(own).as_str());
                format!("{tms} has not answered for {shipment}")
            }
            Self::Ship(shipment) | Self::GoodsIssue(shipment) => format!("{shipment} has not left the warehouse"),
            Self::Deliver(shipment) => format!("{shipment} has not been delivered"),
            Self::Close => format!("still missing: {}", missing_to_close(case).join(", ")),
        }
    }
}

/// Whether a deadline of this name is still being waited for.
#[must_use]
pub fn awaits(state: &State, deadline: &str) -> bool {
    if state.ended().is_some() {
        return false;
    }
    // Which waits are open does not depend on the policy, only how long they may take.
    let policy = Policy::default();
    let case = Case::of(state, &policy);
    case.is_some_and(|case| open_waits(&case).iter().any(|wait| wait.name() == deadline))
}

/// Everything that is being waited for now.
pub(super) fn open_waits(case: &Case<'_>) -> Vec<Wait> {
    let mut waits: Vec<Wait> = case.shipments().flat_map(|shipment| of_shipment(case, shipment)).collect();
    if case.is_delivered() && !missing_to_close(case).is_empty() {
        waits.push(Wait::Close);
    }
    waits
}

fn of_shipment(case: &Case<'_>, shipment: &Shipment<'_>) -> Vec<Wait> {
    let id = || shipment.id.clone();
    let reserving = match case.answer("allocate", Some(&shipment.id)) {
        AskState::Waiting => true,
        AskState::Accepted => !case.has_reached(shipment, &[Milestone::FulfilmentAllocated]),
        AskState::Refused(_) | AskState::NotAsked => false,
    };
    let booking = case.answer("book", Some(&shipment.id));
    let on_its_way = matches!(booking, AskState::Waiting | AskState::Accepted);
    // Where the policy books at pick, nobody is asked between reserving and picking, and it may take no longer either.
    let to_be_picked = booking == AskState::NotAsked && case.is_allocated(shipment);
    let issued = case.is_issued(shipment);
    let waits = [
        (reserving, Wait::Allocate(id())),
        (booking == AskState::Waiting, Wait::Book(id())),
        ((on_its_way || to_be_picked) && !issued, Wait::Ship(id())),
        (on_its_way && !issued && case.is_picked_up(shipment), Wait::GoodsIssue(id())),
        (on_its_way && !case.is_shipment_delivered(shipment), Wait::Deliver(id())),
    ];
    waits.into_iter().filter(|(open, _)| *open).map(|(_, wait)| wait).collect()
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
    let unanswered = case.shipments().filter(is_unanswered);
    missing.extend(unanswered.map(|shipment| format!("the answer to the booking of {}", shipment.id)));
    let unbilled = case.shipments().filter(|shipment| case.known.freight_invoice(shipment).is_none());
    missing.extend(unbilled.map(|shipment| format!("the freight invoice of {}", shipment.id)));
    missing
}
