//! One order.

use engine::{Key, Workflow, WorkflowRecord};
use fulfilment::state::may_tell;
use fulfilment::{Fulfilment, Held, State, composite};
use model::{Classifier, Fact, Invoice, Lane, Milestone, MilestoneReached, When};

use crate::queries::{OrderView, TimelineEvent};
use crate::store::{Folded, Head, Progress, Store, StoreError};

/// Everything known of an order; `None` when nothing is.
///
/// # Errors
/// [`StoreError`] when its row cannot be read.
pub fn order(store: &Store, key: &Key) -> Result<Option<OrderView>, StoreError> {
    let Some(Folded { head: Head { progress, .. }, state }) = store.folded(key)? else { return Ok(None) };
    Ok(Some(view(key, &state, progress)))
}

/// Everything known of an order by these entries, in stream order.
#[must_use]
pub fn order_of(key: &Key, entries: &[WorkflowRecord<Fulfilment>]) -> OrderView {
    let (mut state, mut progress) = (State::new(key), Progress::default());
    for entry in entries {
        // The layout's lanes are all lanes of the model, so there always is one.
        let Some(lane) = Lane::from_token(entry.lane) else { continue };
        if progress.admit(lane, entry.sequence, entry.recorded) {
            Fulfilment::evolve(&mut state, entry);
        }
    }
    view(key, &state, progress)
}

pub(super) fn view(key: &Key, state: &State, progress: Progress) -> OrderView {
    OrderView {
        order: key.text(),
        composite: composite(state),
        released: state.order().cloned(),
        lines: state.lines(),
        timeline: timeline(state),
        sequence: progress.sequence(),
        lanes: progress.lanes.into_iter().collect(),
        updated: progress.updated,
        unreadable: progress.unreadable,
    }
}

/// What was told of an order's progress, by the time it occurred; at one time by rank, then by receipt.
fn timeline(state: &State) -> Vec<TimelineEvent> {
    let mut events: Vec<_> =
        state.facts().filter_map(|(id, held)| event(held).map(|(rank, event)| (rank, id, event))).collect();
    events.sort_by_key(|(rank, id, event)| (event.occurred.at, *rank, event.received, *id));
    events.into_iter().map(|(_, _, event)| event).collect()
}

fn event(held: &Held) -> Option<(u16, TimelineEvent)> {
    let received = When::exact(held.received);
    let plain = |what: &str, occurred| TimelineEvent {
        what: what.to_owned(),
        classifier: Classifier::Actual,
        occurred,
        received: held.received,
        lane: held.lane,
        shipment: None,
        parcel: None,
        place: None,
        detail: None,
        claim: !may_tell(held.lane, &held.fact),
    };
    match &held.fact {
        Fact::Released(order) => {
            let milestone = Milestone::OrderReceived;
            Some((milestone.rank(), plain(milestone.as_str(), order.ordered.unwrap_or(received))))
        }
        Fact::Milestone(reached) => {
            Some((reached.milestone.rank(), milestone(reached, plain(reached.milestone.as_str(), reached.occurred))))
        }
        Fact::Condition(condition) => {
            let event = TimelineEvent {
                shipment: condition.shipment.clone(),
                place: condition.place.clone(),
                detail: Some(if condition.resolved { "resolved" } else { condition.reason.as_str() }.to_owned()),
                ..plain(condition.kind.as_str(), condition.occurred)
            };
            Some((u16::MAX, event))
        }
        Fact::Booked(booking) => {
            let event = TimelineEvent {
                shipment: Some(booking.shipment.clone()),
                detail: Some(format!("{} {}", booking.carrier, booking.tracking)),
                ..plain(held.fact.kind(), received)
            };
            Some((Milestone::TransportAccepted.rank(), event))
        }
        Fact::Billed(Invoice { number, total, .. }) => {
            let (detail, milestone) = (Some(format!("{number} {total}")), Milestone::FinanceInvoiced);
            Some((milestone.rank(), TimelineEvent { detail, ..plain(milestone.as_str(), received) }))
        }
        Fact::FreightInvoiced(invoice) => {
            let milestone = Milestone::FinanceFreightInvoiced;
            let event = TimelineEvent {
                shipment: invoice.shipment.clone(),
                detail: Some(format!("{} {}", invoice.number, invoice.total)),
                ..plain(milestone.as_str(), received)
            };
            Some((milestone.rank(), event))
        }
        Fact::CancelRequested(_) | Fact::HandedOver(_) | Fact::Noted(_) => {
            Some((u16::MAX, TimelineEvent { detail: in_words(&held.fact), ..plain(held.fact.kind(), received) }))
        }
        Fact::Validated(_)
        | Fact::Answered(_)
        | Fact::Archived(_)
        | Fact::RetryRequested(_)
        | Fact::Waived(_)
        | Fact::Assigned(_)
        | Fact::Snoozed(_)
        | Fact::Substituted(_)
        | Fact::ReturnAuthorised(_)
        | Fact::Inspected(_)
        | Fact::Credited(_) => None,
    }
}

/// A milestone; of one that is unknown the source's own code says what it is.
fn milestone(reached: &MilestoneReached, plain: TimelineEvent) -> TimelineEvent {
    TimelineEvent {
        classifier: reached.classifier,
        shipment: reached.shipment.clone(),
        parcel: reached.parcel.clone(),
        place: reached.place.clone(),
        detail: reached.code.clone().filter(|_| reached.milestone == Milestone::Unknown),
        ..plain
    }
}

/// What a person or the ERP says of an order.
fn in_words(fact: &Fact) -> Option<String> {
    if let Fact::CancelRequested(wanted) = fact {
        return wanted.detail.clone().or_else(|| Some(wanted.reason.to_string()));
    }
    if let Fact::HandedOver(over) = fact {
        return Some(format!("to {}", over.to));
    }
    let Fact::Noted(note) = fact else { return None };
    Some(note.text.clone())
}
