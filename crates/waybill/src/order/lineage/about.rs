//! What the parts of an entry are about, as far as cause and effect go.

use engine::Content;
use model::{AskId, Decision, Fact, ShipmentId, Timestamp};

use crate::order::step::Step;

/// The facts an entry tells.
pub(super) fn facts(step: &Step) -> impl Iterator<Item = &Fact> {
    let told = match &step.content {
        Content::Facts { facts, .. } => facts.as_slice(),
        Content::Decisions { .. } | Content::Due { .. } => &[],
    };
    told.iter().map(|told| &told.fact)
}

/// What an entry decides.
pub(super) fn decisions(step: &Step) -> &[Decision] {
    match &step.content {
        Content::Decisions { decisions, .. } => decisions,
        Content::Facts { .. } | Content::Due { .. } => &[],
    }
}

/// The asks an entry makes.
pub(super) fn asks(step: &Step) -> impl Iterator<Item = (&Decision, &model::Ask)> {
    decisions(step)
        .iter()
        .filter_map(|decision| if let Decision::Ask(ask) = decision { Some((decision, ask)) } else { None })
}

/// Whether an entry ends the order.
pub(super) fn ends(step: &Step) -> bool {
    decisions(step).iter().any(|decision| matches!(decision, Decision::End(_)))
}

/// The asks an entry answers: those it settles, and those that were settled before.
pub(super) fn answers(step: &Step) -> Vec<&AskId> {
    let mut answered: Vec<&AskId> = step.changed.settled.iter().map(|settled| &settled.ask).collect();
    for fact in facts(step) {
        if let Fact::Answered(answer) = fact
            && !answered.contains(&&answer.ask)
        {
            answered.push(&answer.ask);
        }
    }
    answered
}

/// When the earliest of what an entry tells occurred, where that is stated.
pub(super) fn occurred(step: &Step) -> Option<Timestamp> {
    facts(step).filter_map(|fact| Some(fact.occurred()?.at)).min()
}

/// What an entry tells of: a shipment, or the order as a whole. Nothing where that leads nowhere.
pub(super) fn tells_of(step: &Step) -> Option<Option<&ShipmentId>> {
    facts(step).find_map(told_of)
}

fn told_of(fact: &Fact) -> Option<Option<&ShipmentId>> {
    match fact {
        Fact::Milestone(reached) => Some(reached.shipment.as_ref()),
        Fact::Condition(condition) => Some(condition.shipment.as_ref()),
        Fact::Booked(booking) => Some(Some(&booking.shipment)),
        Fact::FreightInvoiced(bill) => Some(bill.shipment.as_ref()),
        Fact::Billed(_) => Some(None),
        Fact::Released(_)
        | Fact::Validated(_)
        | Fact::Answered(_)
        | Fact::Archived(_)
        | Fact::CancelRequested(_)
        | Fact::HandedOver(_)
        | Fact::RetryRequested(_)
        | Fact::Waived(_)
        | Fact::Noted(_)
        | Fact::Assigned(_)
        | Fact::Snoozed(_)
        | Fact::Substituted(_)
        | Fact::ReturnAuthorised(_)
        | Fact::Inspected(_)
        | Fact::Credited(_) => None,
    }
}

/// Whether an entry says that the order is archived.
pub(super) fn is_archived(step: &Step) -> bool {
    facts(step).any(|fact| matches!(fact, Fact::Archived(_)))
}
