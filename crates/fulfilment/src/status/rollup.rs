//! From parcel to shipment to order: the lowest rank of the live children.

use std::collections::BTreeSet;

use model::{End, ExceptionKind, Milestone, ParcelId, Phase, ShipmentId};

use super::ShipmentStatus;
use super::fold::{Event, History, is_physical};
use crate::state::{Known, Shipment, UNDO, newest};

/// The status of each shipment the order is split into.
pub(super) fn shipments(known: &Known<'_>, history: &History<'_>) -> Vec<ShipmentStatus> {
    let mut shipments: Vec<_> = known.shipments.iter().map(|own| shipment(known, history, own)).collect();
    let arrived = |shipment: &ShipmentStatus| shipment.rank >= Milestone::TransportPartiallyDelivered.rank();
    if known.state.ended() == Some(End::Closed) && shipments.iter().any(arrived) {
        // An order that is over waits for nobody: the policy or a person went on without them.
        shipments.iter_mut().for_each(|shipment| shipment.undone |= !arrived(shipment));
    }
    shipments
}

/// The shipments that are still part of the order; all of them when none is.
pub(super) fn live(shipments: &[ShipmentStatus]) -> impl Iterator<Item = &ShipmentStatus> + Clone {
    let none_is = shipments.iter().all(|shipment| shipment.undone);
    shipments.iter().filter(move |shipment| none_is || !shipment.undone)
}

fn shipment(known: &Known<'_>, history: &History<'_>, own: &Shipment<'_>) -> ShipmentStatus {
    let (id, eta) = (own.id.clone(), known.expected(own));
    let own = |event: &&Event<'_>| is_physical(event.milestone) && event.shipment == Some(&id);
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
    let booking = known.booking(&id);
    ShipmentStatus {
        milestone: lowest,
        rank: lowest.map_or(0, Milestone::rank),
        partial,
        since,
        eta: eta.filter(|_| !delivered),
        carrier: booking.map(|booking| booking.carrier.clone()),
        tracking: booking.map(|booking| booking.tracking.clone()),
        undone: is_undone(known, &id, lowest),
        shipment: id,
    }
}

/// Whether nothing of a shipment is to travel any more: what was asked for it is undone, or a person goes on without it. What
/// left all the same counts.
fn is_undone(known: &Known<'_>, shipment: &ShipmentId, reached: Option<Milestone>) -> bool {
    let state = known.state;
    let has_left = reached.is_some_and(|milestone| milestone.rank() >= Milestone::TransportPickedUp.rank());
    let stands = |kind| known.standing(kind, shipment, state.asks()).is_some();
    let asked = |kind| newest(state.asks(), kind, Some(shipment)).is_some();
    let waivable = [ExceptionKind::NoStock, ExceptionKind::BookingRefused, ExceptionKind::ShippedShort];
    let given_up = || waivable.iter().any(|kind| state.is_kind_waived(&kind(shipment.clone())));
    !has_left && !UNDO.iter().any(|(_, kind)| stands(kind)) && (UNDO.iter().any(|(undo, _)| asked(undo)) || given_up())
}

/// The order's milestone and whether some of it is further.
pub(super) fn order(
    ended: Option<End>,
    history: &History<'_>,
    shipments: &[ShipmentStatus],
) -> (Option<Milestone>, bool) {
    let partial = live(shipments).any(|s| s.partial) || differ(live(shipments).map(|s| s.milestone));
    let of_order = history.events.iter().filter(|event| !is_physical(event.milestone)).map(|event| event.milestone);
    let of_order: Vec<Milestone> = of_order.collect();
    if ended == Some(End::Cancelled) || of_order.contains(&Milestone::OrderCancelled) {
        return (Some(Milestone::OrderCancelled), false);
    }
    let physical = lowest(live(shipments).map(|shipment| shipment.milestone));
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
