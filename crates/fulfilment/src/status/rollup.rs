//! From parcel to shipment to order: the lowest rank of the live children.

use std::collections::BTreeSet;

use model::{Milestone, ParcelId, Phase, ShipmentId};

use super::ShipmentStatus;
use super::fold::{Event, History};
use crate::state::State;

/// The status of each shipment: those the order is split into, and any other that was told of.
pub(super) fn shipments(state: &State, history: &History<'_>) -> Vec<ShipmentStatus> {
    let mut ids: Vec<ShipmentId> = state.shipments().into_iter().map(|shipment| shipment.id).collect();
    for event in &history.events {
        if let Some(id) = event.shipment.filter(|id| !ids.contains(id)) {
            ids.push(id.clone());
        }
    }
    let known = state.shipments().len();
    ids[known..].sort();
    ids.into_iter().map(|id| shipment(state, history, id)).collect()
}

fn shipment(state: &State, history: &History<'_>, id: ShipmentId) -> ShipmentStatus {
    let own = |event: &&Event<'_>| is_physical(event.milestone) && event.shipment.is_none_or(|about| *about == id);
    let events: Vec<&Event<'_>> = history.events.iter().filter(own).collect();
    let parcels: BTreeSet<&ParcelId> = events.iter().filter_map(|event| event.parcel).collect();
    let current: Vec<Option<&Event<'_>>> = if parcels.is_empty() {
        vec![current(events.iter().copied())]
    } else {
        let of = |parcel: &ParcelId| current(events.iter().copied().filter(|e| e.parcel.is_none_or(|p| p == parcel)));
        parcels.into_iter().map(of).collect()
    };
    let lowest = lowest(current.iter().map(|event| event.map(|event| event.milestone)));
    let since = current.iter().flatten().filter(|event| Some(event.milestone) == lowest).map(|e| e.occurred).max();
    let partial = differ(current.iter().map(|event| event.map(|event| event.milestone)))
        || lowest == Some(Milestone::TransportPartiallyDelivered);
    let delivered = lowest.is_some_and(|milestone| milestone.rank() >= Milestone::TransportDelivered.rank());
    let told = history.expected.iter().rfind(|event| event.shipment.is_none_or(|about| *about == id));
    let booking = state.booking(&id);
    ShipmentStatus {
        milestone: lowest,
        rank: lowest.map_or(0, Milestone::rank),
        partial,
        since,
        eta: told.filter(|_| !delivered).map(|event| event.occurred),
        carrier: booking.map(|booking| booking.carrier.clone()),
        tracking: booking.map(|booking| booking.tracking.clone()),
        shipment: id,
    }
}

/// The order's milestone and whether some of it is further.
pub(super) fn order(history: &History<'_>, shipments: &[ShipmentStatus]) -> (Option<Milestone>, bool) {
    let partial = shipments.iter().any(|s| s.partial) || differ(shipments.iter().map(|s| s.milestone));
    let of_order = history.events.iter().filter(|event| !is_physical(event.milestone)).map(|event| event.milestone);
    let of_order: Vec<Milestone> = of_order.collect();
    if of_order.contains(&Milestone::OrderCancelled) {
        return (Some(Milestone::OrderCancelled), false);
    }
    let physical = lowest(shipments.iter().map(|shipment| shipment.milestone));
    let delivered = physical.is_some_and(|milestone| milestone.rank() >= Milestone::TransportDelivered.rank());
    // An invoice before delivery is a fact, but it does not make the order further than its goods.
    let entered = of_order.into_iter().filter(|milestone| delivered || milestone.phase() != Phase::Finance).max();
    (entered.max(physical), partial)
}

/// The last event in fold order. After a terminal one only a step beyond it moves on; the rest is history.
fn current<'a, 'b>(events: impl Iterator<Item = &'a Event<'b>>) -> Option<&'a Event<'b>>
where
    'b: 'a,
{
    let mut terminal = 0;
    let mut current = None;
    for event in events {
        if event.milestone.rank() > terminal {
            current = Some(event);
        }
        if is_terminal(event.milestone) {
            terminal = terminal.max(event.milestone.rank());
        }
    }
    current
}

/// The lowest of the live children: one that was cancelled or came back does not hold up the others.
fn lowest(children: impl Iterator<Item = Option<Milestone>> + Clone) -> Option<Milestone> {
    let live = children.clone().filter(|child| !child.is_some_and(is_gone));
    live.min().unwrap_or_else(|| children.flatten().min())
}

/// Whether some of the live children are further than others.
fn differ(children: impl Iterator<Item = Option<Milestone>>) -> bool {
    let mut live = children.filter(|child| !child.is_some_and(is_gone)).map(|child| child.map(Milestone::rank));
    let Some(first) = live.next() else { return false };
    live.any(|rank| rank != first)
}

const fn is_gone(milestone: Milestone) -> bool {
    matches!(milestone, Milestone::TransportCancelled | Milestone::TransportReturned)
}

const fn is_terminal(milestone: Milestone) -> bool {
    is_gone(milestone) || matches!(milestone, Milestone::TransportDelivered | Milestone::TransportPodReceived)
}

/// Whether a milestone is about goods, rather than about the order or its money.
const fn is_physical(milestone: Milestone) -> bool {
    match milestone.phase() {
        Phase::Warehouse | Phase::Transport | Phase::Delivery | Phase::Return => true,
        Phase::Terminal => matches!(milestone, Milestone::TransportCancelled),
        Phase::Order | Phase::Finance | Phase::Inventory => false,
    }
}
