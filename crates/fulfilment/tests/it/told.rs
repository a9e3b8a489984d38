//! What is kept of what is told.

use fulfilment::state::MAX_FACTS;
use model::Lane;

use crate::kit::{
    Given, News, archived, delivered, given, hour, in_transit, order, picked_up, released, until, validated,
};

#[test]
fn a_fact_is_kept_once_with_the_time_it_first_came_in() {
    let given = given([
        picked_up("s1").received(hour(5)),
        picked_up("s1").received(hour(3)),
        picked_up("s1").received(hour(9)),
    ]);
    let held: Vec<_> = given.state().facts().collect();
    assert_eq!((held.len(), held[0].1.received), (1, hour(3)));
}

fn is_flooded(given: &Given) -> bool {
    given.problems().iter().any(|problem| problem.starts_with("flooded"))
}

fn scans(facts: usize) -> impl Iterator<Item = News> {
    (0..facts as i64).map(|n| in_transit("s1").at(n))
}

#[test]
fn an_order_keeps_no_more_of_a_lane_than_its_limit_and_says_so() {
    let flood = |facts: usize| until("booked", &order(1)).then(scans(facts)).decided();
    let of_tms = |given: &Given| given.state().facts().filter(|(_, held)| held.lane == Lane::Tms).count();
    let booked = of_tms(&until("booked", &order(1)));
    let full = flood(MAX_FACTS - booked);
    assert!(!is_flooded(&full), "exactly full");
    let flooded = flood(MAX_FACTS - booked + 1);
    assert_eq!(of_tms(&flooded), MAX_FACTS);
    assert!(is_flooded(&flooded));
}

#[test]
fn a_flood_before_the_release_is_seen_and_leaves_the_release_its_room() {
    let unreleased = given(scans(MAX_FACTS + 1)).decided();
    assert!(is_flooded(&unreleased), "nobody released it yet");
    assert_eq!(unreleased.decisions().len(), 0, "said once");
    let released = unreleased.then([released(&order(1)), validated(&order(1))]).decided();
    assert!(released.state().asks().any(|ask| ask.request.kind() == "allocate"));
    assert!(is_flooded(&released));
}

#[test]
fn the_newest_release_is_the_order() {
    let mut newer = order(2);
    newer.mode = Some("AIR".to_owned());
    let given = given([released(&newer).at(2), released(&order(1)).at(1)]);
    assert_eq!(given.state().order(), Some(&newer));
}

#[test]
fn of_releases_of_one_moment_the_last_in_the_inbox_is_the_order() {
    let version = |mode: &str| {
        let mut version = order(1);
        version.mode = Some(mode.to_owned());
        version
    };
    for last in ["RAIL", "AIR", "TRUCK", "PARCEL"] {
        let versions = ["RAIL", "AIR", "TRUCK", "PARCEL"].map(|mode| {
            let place = if mode == last { 8 } else { 7 };
            released(&version(mode)).at(1).inbox(place)
        });
        assert_eq!(given(versions).state().order(), Some(&version(last)));
    }
}

#[test]
fn the_archive_may_say_that_it_is_done() {
    let closed = until("closed", &order(1));
    let kept = closed.clone().then([archived()]);
    assert_eq!(kept.state().facts().count(), closed.state().facts().count() + 1);
    assert_eq!(kept.composite(), closed.composite());
}

#[test]
fn a_state_survives_being_written_down() {
    let given = until("goods issued", &order(2)).then([delivered("s1").of(&[(1, 4)])]).decided();
    let written = engine::codec::encode(given.state()).unwrap();
    let read: fulfilment::State = engine::codec::decode(&written).unwrap();
    assert_eq!(read, *given.state());
    let json = serde_json::to_string(given.state()).unwrap();
    assert_eq!(serde_json::from_str::<fulfilment::State>(&json).unwrap(), *given.state());
}
