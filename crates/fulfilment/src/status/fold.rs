//! The order in which milestones are folded: (occurred, rank, received, id).

use std::collections::BTreeSet;

use engine::FactId;
use model::{Classifier, Fact, Lane, Milestone, ParcelId, Phase, Precision, ShipmentId, Timestamp, When};

use super::{ClaimStatus, Flagged};
use crate::state::{Claim, Held, Known, is_ahead, is_of_nothing};

/// A day in milliseconds.
pub(super) const DAY: i64 = 86_400_000;

/// An actual milestone of a system of record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Event<'a> {
    pub milestone: Milestone,
    pub occurred: When,
    pub received: Timestamp,
    pub shipment: Option<&'a ShipmentId>,
    pub parcel: Option<&'a ParcelId>,
    pub id: FactId,
}

/// What happened, in fold order, and what is expected.
pub(super) struct History<'a> {
    /// Actual events, in fold order.
    pub events: Vec<Event<'a>>,
    /// Days on which somebody stated only the date; all events of such a day are ordered by rank.
    vague_days: BTreeSet<i64>,
    /// Events said to have happened in the future.
    pub flagged: Vec<Flagged>,
}

/// A place in the fold order.
pub(super) type Place = (i64, i64, u16, Timestamp, FactId);

impl<'a> History<'a> {
    /// What the order's own partners told.
    pub fn of(known: &'a Known<'a>) -> Self {
        let mut history = Self { events: Vec::new(), vague_days: BTreeSet::new(), flagged: Vec::new() };
        for (id, held) in known.state.facts().filter(|(id, held)| !known.is_claim(*id, held)) {
            let Some((event, classifier)) = event_of(id, held) else { continue };
            if classifier == Classifier::Actual && is_ahead(event.occurred, event.received) {
                history.flag(event, held.lane);
            } else if is_physical(event.milestone) {
                // What is told of the order is told of each shipment whose partner tells it.
                let shipments = known.concerned(held, event.shipment);
                shipments.for_each(|s| history.sort_in(Event { shipment: Some(&s.id), ..event }, classifier));
            } else {
                history.sort_in(event, classifier);
            }
        }
        history.vague_days = history.events.iter().filter(|e| is_vague(e.occurred)).map(|e| day(e.occurred)).collect();
        let mut events = std::mem::take(&mut history.events);
        events.sort_by_key(|event| history.place(event));
        history.events = events;
        history.flagged.sort();
        history
    }

    fn flag(&mut self, event: Event<'_>, lane: Lane) {
        let Event { milestone, occurred, received, .. } = event;
        self.flagged.push(Flagged { lane, milestone, occurred, received });
    }

    fn sort_in(&mut self, event: Event<'a>, classifier: Classifier) {
        match classifier {
            Classifier::Actual => self.events.push(event),
            Classifier::Estimated | Classifier::Planned | Classifier::Requested => {}
        }
    }

    /// Where an event stands in the fold order. A date without a time is an interval that ties with every event of its
    /// day, so such a day is ordered by rank alone; anything finer would not be an order.
    pub fn place(&self, event: &Event<'_>) -> Place {
        self.place_of(event.occurred, event.milestone.rank(), event.received, event.id)
    }

    /// Where something that occurred then stands among the events.
    pub fn place_of(&self, occurred: When, rank: u16, received: Timestamp, id: FactId) -> Place {
        let day = day(occurred);
        let within = if self.vague_days.contains(&day) { 0 } else { occurred.at.as_millis().rem_euclid(DAY) };
        (day, within, rank, received, id)
    }
}

/// The milestone a fact stands for, if it stands for one.
fn event_of(id: FactId, held: &Held) -> Option<(Event<'_>, Classifier)> {
    let received = held.received;
    let of_order = |milestone, occurred| Event { milestone, occurred, received, shipment: None, parcel: None, id };
    match &held.fact {
        Fact::Milestone(reached) if is_of_nothing(reached) || reached.milestone == Milestone::Unknown => None,
        Fact::Milestone(reached) => {
            let event = Event {
                milestone: reached.milestone,
                occurred: reached.occurred,
                received,
                shipment: reached.shipment.as_ref(),
                parcel: reached.parcel.as_ref(),
                id,
            };
            Some((event, reached.classifier))
        }
        Fact::Released(order) => {
            let occurred = order.ordered.unwrap_or(When::exact(received));
            Some((of_order(Milestone::OrderReceived, occurred), Classifier::Actual))
        }
        Fact::Billed(_) => Some((of_order(Milestone::FinanceInvoiced, When::exact(received)), Classifier::Actual)),
        Fact::Validated(_)
        | Fact::Answered(_)
        | Fact::Condition(_)
        | Fact::Booked(_)
        | Fact::FreightInvoiced(_)
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

/// A claim as it is shown.
pub(super) fn claim_status(claim: &Claim<'_>) -> ClaimStatus {
    let what = match claim.fact {
        Fact::Milestone(reached) => reached.milestone.as_str(),
        Fact::Condition(condition) => condition.kind.as_str(),
        Fact::Released(_)
        | Fact::Validated(_)
        | Fact::Answered(_)
        | Fact::Booked(_)
        | Fact::Billed(_)
        | Fact::FreightInvoiced(_)
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
        | Fact::Credited(_) => claim.fact.kind(),
    };
    let partner = claim.partner.map(str::to_owned);
    ClaimStatus { lane: claim.lane, what: what.to_owned(), received: claim.received, partner }
}

/// Whether a milestone is about goods, rather than about the order or its money.
pub(super) const fn is_physical(milestone: Milestone) -> bool {
    match milestone.phase() {
        Phase::Warehouse | Phase::Transport | Phase::Delivery | Phase::Return => true,
        Phase::Terminal => matches!(milestone, Milestone::TransportCancelled),
        Phase::Order | Phase::Finance | Phase::Inventory | Phase::Unknown => false,
    }
}

/// Whether only the date was stated.
pub(super) fn is_vague(occurred: When) -> bool {
    occurred.precision == Precision::Day
}

/// The day something counts for: the date as stated where only the date was, else the day in UTC.
fn day(occurred: When) -> i64 {
    let at = if is_vague(occurred) { occurred.local_date().start() } else { occurred.at };
    at.as_millis().div_euclid(DAY)
}
