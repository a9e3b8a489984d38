//! Conditions: open until said resolved, or until a later actual milestone shows that it went on.

use engine::FactId;
use model::{Condition, ConditionKind, Fact, Lane, Milestone, Phase, When};

use super::OpenCondition;
use super::fold::{DAY, History, Place, is_vague};
use crate::state::{Held, Known, is_ahead};

/// What is the matter now.
pub(super) fn open(known: &Known<'_>, history: &History<'_>) -> Vec<OpenCondition> {
    let told = known.state.facts().filter(|(id, held)| !known.is_claim(*id, held)).filter_map(|(id, held)| {
        let Fact::Condition(condition) = &held.fact else { return None };
        Some((place(history, id, held, condition), held.lane, condition))
    });
    let mut told: Vec<(Place, Lane, &Condition)> = told.collect();
    told.sort_by_key(|(place, ..)| *place);
    let mut open: Vec<(Place, Lane, &Condition)> = Vec::new();
    for (place, lane, condition) in told {
        // Who holds an order back lets it go again; a carrier's hold on the goods is another matter.
        let same = |other: Lane, matter: &Condition| {
            same_matter(matter, condition) && holder(other, matter) == holder(lane, condition)
        };
        open.retain(|(_, other, matter)| !same(*other, matter));
        if !condition.resolved {
            open.push((place, lane, condition));
        }
    }
    let stands = |place: Place, lane: Lane, condition: &Condition| {
        holder(lane, condition).is_some() || !went_on(history, place, condition)
    };
    let standing = open.into_iter().filter(|(place, lane, condition)| stands(*place, *lane, condition));
    let shown = standing.map(|(_, _, condition)| OpenCondition {
        kind: condition.kind,
        reason: condition.reason,
        shipment: condition.shipment.clone(),
        since: condition.occurred,
    });
    shown.collect()
}

/// Who holds the whole order back, if that is what is the matter: no milestone ends it.
fn holder(lane: Lane, condition: &Condition) -> Option<Lane> {
    let of_order = condition.kind == ConditionKind::OnHold && condition.shipment.is_none();
    match lane {
        Lane::Erp | Lane::Ops => of_order.then_some(lane),
        Lane::Wms | Lane::Tms | Lane::View | Lane::Clock | Lane::Flow => None,
    }
}

fn place(history: &History<'_>, id: FactId, held: &Held, condition: &Condition) -> Place {
    // At the same time as a milestone, the condition comes after it: it is about what happened there.
    let rank = if condition.resolved { u16::MAX } else { u16::MAX - 1 };
    // What is said to lie in the future counts for when it was said.
    let ahead = is_ahead(condition.occurred, held.received);
    let occurred = if ahead { When::exact(held.received) } else { condition.occurred };
    let place = history.place_of(occurred, rank, held.received, id);
    if condition.resolved && is_vague(occurred) { at_day_end(place) } else { place }
}

fn at_day_end((day, _, rank, received, id): Place) -> Place {
    (day, DAY, rank, received, id)
}

fn same_matter(one: &Condition, other: &Condition) -> bool {
    one.kind == other.kind && one.shipment == other.shipment && (one.reason == other.reason || other.resolved)
}

fn went_on(history: &History<'_>, place: Place, condition: &Condition) -> bool {
    // Only a date: it may have lasted all day.
    let place = if is_vague(condition.occurred) { at_day_end(place) } else { place };
    history.events.iter().any(|event| {
        let moves = matches!(event.milestone.phase(), Phase::Transport | Phase::Delivery | Phase::Return)
            && event.milestone != Milestone::TransportDeliveryAttempted;
        let same = match (&condition.shipment, event.shipment) {
            (Some(one), Some(other)) => one == other,
            (None, _) | (_, None) => true,
        };
        moves && same && history.place(event) > place
    })
}
