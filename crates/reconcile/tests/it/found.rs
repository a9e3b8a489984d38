//! What is planted is found: exactly that, no more, no fewer, wherever the cut-off falls; and when it is healed, nothing is left.

use std::collections::BTreeMap;

use model::{Fact, Lane, Milestone};
use reconcile::{Change, Discrepancy, Kind, Remedy, Standing};

use crate::kit::World;
use crate::kit::facts::*;
use crate::kit::log::Telling;
use crate::kit::world::{MONTH, assert_same, found, in_words};

#[test]
fn what_is_planted_among_thousands_of_sound_orders_is_found_and_nothing_else() {
    let world = World::new(1, 2_000, 100);
    let mut of_kind: BTreeMap<Kind, usize> = BTreeMap::new();
    world.truths.iter().for_each(|truth| *of_kind.entry(truth.kind).or_default() += 1);
    let rare: Vec<_> = Kind::ALL.iter().filter(|kind| of_kind.get(kind).is_none_or(|number| *number < 50)).collect();
    assert_eq!(rare, [&Kind::Projection], "which is no matter of the streams; {of_kind:?}");
    for end in [2 * MONTH, MONTH] {
        assert_same(&in_words(&world.found(minute(end))), &world.to_be_found(minute(end)), "at the end");
    }
}

#[test]
fn a_cut_off_in_the_middle_hides_what_comes_later_and_invents_nothing() {
    let world = World::new(2, 300, 12);
    for cut_off in (0..=MONTH + 20_000).step_by(1_777) {
        let (found, expected) = (world.found(minute(cut_off)), world.to_be_found(minute(cut_off)));
        assert_same(&in_words(&found), &expected, &format!("at {}", minute(cut_off)));
    }
}

#[test]
fn healing_leaves_none() {
    let mut world = World::new(3, 200, 12);
    let end = minute(2 * MONTH);
    let mut standing = Standing::default();
    for round in 0..5 {
        let now = end.plus_millis(round * 4 * 86_400_000);
        world.log.pass(now);
        let all = world.found(now);
        standing.changes(&all, |_| true).iter().for_each(|change| standing.apply(change, now));
        for one in &all {
            heal(&mut world, one, now);
            if let Remedy::Person(_) | Remedy::Rebuild = one.remedy {
                let (kind, about) = (one.kind, one.about.clone());
                let accepted = Change::Accepted { kind, about, who: "ann".to_owned(), why: "looked at".to_owned() };
                standing.apply(&accepted, now);
            }
        }
    }
    let now = end.plus_millis(30 * 86_400_000);
    let left = found(&world.log.until(now), &world.lists, now);
    standing.changes(&left, |_| true).iter().for_each(|change| standing.apply(change, now));
    let open: Vec<String> =
        standing.iter().filter(|one| one.accepted.is_none()).map(|one| one.discrepancy.id()).collect();
    assert!(open.is_empty(), "{} are left: {:?}", open.len(), &open[..open.len().min(20)]);
    let healable = [Kind::NotBilled, Kind::Freight, Kind::Status];
    let unhealed = left.iter().filter(|one| healable.contains(&one.kind)).map(Discrepancy::id).collect::<Vec<_>>();
    assert!(unhealed.is_empty(), "{unhealed:?}");
    assert!(standing.changes(&left, |_| true).is_empty(), "comparing again yields nothing");
}

/// Enters what the remedy says, and has who is asked again do it.
fn heal(world: &mut World, one: &Discrepancy, now: model::Timestamp) {
    let (Some(order), Some(fact)) = (one.about.order(), one.remedy.fact()) else { return };
    let tell = |lane, partner, minutes: i64, facts| Telling {
        order: order.to_string(),
        lane,
        partner,
        received: now.plus_millis(minutes * 60_000),
        facts,
    };
    world.log.tell(&tell(Lane::Ops, None, 1, vec![fact.clone()]));
    let Fact::RetryRequested(retry) = fact else { return };
    let id = order.as_str();
    let answer = |ask: &str| accepted(id, ask.strip_prefix(id).unwrap().trim_start_matches('/'));
    let mut facts = vec![answer(retry.ask.as_str())];
    if retry.ask.as_str().contains("/bill") {
        let bill = world.log.asked(id, retry.ask.as_str());
        facts.push(billed(id, 1, bill));
    }
    world.log.tell(&tell(Lane::Erp, Some(ERP), 2, facts));
    world.log.tell(&tell(Lane::View, None, 3, vec![accepted(id, "update_customer")]));
    let delivered = reached(Milestone::TransportPodReceived, now);
    world.log.tell(&tell(Lane::Tms, Some(TMS), 4, vec![delivered]));
}
