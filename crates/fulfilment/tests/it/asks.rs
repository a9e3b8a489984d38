//! When a warehouse is asked to allocate, and when a TMS is asked to book.

use engine::Key;
use model::{Decision, ExceptionKind, Lane, LineId, Order, PartnerId, Request, Validation};

use crate::kit::{
    Given, accepted, allocated, cancel_requested, found, given, held, noted, order, order_of, packed, picked, refused,
    released, until, validated, waived,
};

const UNVALIDATED: &str = "raise invalid: it was released without being held against the master data";
const BOOK_AT_PICK: &str = "[transport]\nbook_at = \"pick\"";

fn allocated_in_full(shipment: &str) -> [crate::kit::News; 2] {
    [accepted(&format!("allocate/{shipment}")), allocated(shipment)]
}

#[test]
fn a_released_and_valid_order_is_allocated() {
    given([released(&order(2)), validated(&order(2))]).decides(&[
        "commit to the release",
        "ask wms-1 to allocate s1 at dc-1: 10 EA of line 1, 10 EA of line 2",
        "wait 4h for allocate-s1",
    ]);
}

#[test]
fn each_warehouse_is_asked_for_what_it_ships() {
    let order = order_of(&[1, 2]);
    given([released(&order), validated(&order)]).decides(&[
        "commit to the release",
        "ask wms-1 to allocate s1 at dc-1: 10 EA of line 1",
        "ask wms-2 to allocate s2 at dc-2: 10 EA of line 2, 10 EA of line 3",
        "wait 4h for allocate-s1",
        "wait 4h for allocate-s2",
    ]);
}

#[test]
fn what_leaves_on_another_day_is_another_shipment() {
    let mut order = order(3);
    order.lines[0].ship_on = Some("2026-03-09".parse().unwrap());
    given([released(&order), validated(&order)]).decides(&[
        "commit to the release",
        "ask wms-1 to allocate s1 at dc-1: 10 EA of line 2, 10 EA of line 3",
        "ask wms-1 to allocate s2 at dc-1: 10 EA of line 1",
        "wait 4h for allocate-s1",
        "wait 4h for allocate-s2",
    ]);
}

#[test]
fn a_warehouse_is_told_where_and_when_but_no_prices() {
    let order = order(1);
    let decisions = given([released(&order), validated(&order)]).decisions();
    let Some(Decision::Ask(ask)) = decisions.get(1) else { panic!("{decisions:?}") };
    assert_eq!(ask.id.as_str(), "SO-1001/allocate/s1");
    let Request::Allocate { ship_on, ship_to, .. } = &ask.request else { panic!("{ask:?}") };
    assert_eq!((ship_on, ship_to), (&order.lines[0].ship_on, &order.ship_to));
}

#[test]
fn an_order_that_is_not_released_is_left_alone() {
    given([]).decides(&[]);
    given([validated(&order(1))]).decides(&[]);
    // Nobody has said yet that it is wanted, and it need never be.
    given([held().at(0), noted("who is this?").at(1)]).decides(&[]);
    given([picked("s1"), cancel_requested().at(2)]).decides(&[]);
}

#[test]
fn an_order_that_is_told_of_and_not_released_is_an_exception_after_a_while() {
    let given = given([accepted("allocate/s1"), allocated("s1"), picked("s1")]);
    given.decides(&["wait 1day for release"]);
    let given = given.decided();
    let released_in_time = given.clone().then([released(&order(1)).at(3), validated(&order(1)).at(3)]);
    released_in_time.decided().due("release").decides(&[]);
    let given = given.due("release");
    let problem = "3 facts by wms-1, and no ERP has released it";
    given.decides(&[&format!("raise overdue release: {problem}")]);
    let given = given.decided();
    // The warehouse mistook the number, or the ERP was late.
    let mistaken = waived(ExceptionKind::Overdue("release".to_owned()), problem).at(30);
    let waived = given.clone().then([mistaken]);
    waived.decides(&["resolve overdue release"]);
    let more = waived.decided().then([packed("s1").at(31)]);
    more.decides(&["raise overdue release: 4 facts by wms-1, and no ERP has released it"]);
    given
        .then([released(&order(1)).at(30), validated(&order(1)).at(30)])
        .decides_among_others("resolve overdue release");
}

#[test]
fn an_order_that_was_not_held_against_the_master_data_is_an_exception_until_it_is() {
    let given = given([released(&order(1))]);
    given.decides(&[UNVALIDATED]);
    given.decided().then([validated(&order(1))]).decides(&[
        "commit to the release",
        "ask wms-1 to allocate s1 at dc-1: 10 EA of line 1",
        "wait 4h for allocate-s1",
        "resolve invalid",
    ]);
}

#[test]
fn only_the_erp_releases() {
    for lane in [Lane::Wms, Lane::Tms, Lane::View] {
        given([released(&order(1)).by(lane), validated(&order(1))]).decides(&["wait 1day for release"]);
        given([released(&order(1)), validated(&order(1)).by(lane)]).decides(&[UNVALIDATED]);
    }
}

#[test]
fn nothing_is_decided_under_a_key_that_names_no_order() {
    for token in ["a=zz", "a=4", "=41"] {
        let subject = format!("order.{}.{token}.erp", engine::slot(token));
        let (key, _) = fulfilment::LAYOUT.parse(&subject).unwrap();
        Given::key(&key).then([released(&order(1)), validated(&order(1))]).decides(&[]);
    }
}

#[test]
fn an_odd_order_number_is_an_order_like_any_other() {
    let order = order(1);
    let given = Given::key(&Key::of("SO 1/7.*>ß")).then([released(&order), validated(&order)]);
    let decisions = given.decisions();
    let Some(Decision::Ask(ask)) = decisions.get(1) else { panic!("{decisions:?}") };
    assert_eq!(ask.id.as_str(), "SO 1/7.*>ß/allocate/s1");
}

#[test]
fn the_longest_order_number_still_has_room_for_its_asks() {
    let longest = Given::key(&Key::of(&"x".repeat(model::token::MAX_TEXT)));
    let given = longest.then([released(&order(1)), validated(&order(1))]);
    assert_eq!(given.decisions().len(), 3);
}

#[test]
fn a_shipment_is_booked_once_it_is_reserved_in_full() {
    let order = order(2);
    let asked = until("allocate asked", &order);
    asked.clone().then([accepted("allocate/s1")]).decides(&[]);
    asked.clone().then([allocated("s1")]).decides(&[]);
    asked.then(allocated_in_full("s1")).decides(&[
        "ask tms-main to book s1 from dc-1: 10 EA of line 1, 10 EA of line 2",
        "wait 4h for book-s1",
        "wait 3days for ship-s1",
        "wait 14days for deliver-s1",
    ]);
}

#[test]
fn a_shipment_reserved_in_two_goes_is_reserved_in_full() {
    let asked = until("allocate asked", &order(1)).then([accepted("allocate/s1"), allocated("s1").of(&[(1, 4)])]);
    asked
        .clone()
        .then([allocated("s1").of(&[(1, 5)])])
        .decides(&["raise no_stock s1: wms-1 at dc-1: less was reserved than ordered"]);
    asked
        .then([allocated("s1").of(&[(1, 6)])])
        .decides_among_others("ask tms-main to book s1 from dc-1: 10 EA of line 1");
}

#[test]
fn shipments_are_booked_one_by_one() {
    let order = order_of(&[1, 1]);
    let given = until("allocate asked", &order).then(allocated_in_full("s2"));
    given.decides(&[
        "ask tms-main to book s2 from dc-2: 10 EA of line 2",
        "wait 4h for book-s2",
        "wait 3days for ship-s2",
        "wait 14days for deliver-s2",
    ]);
}

#[test]
fn the_policy_may_book_only_when_the_goods_are_picked() {
    let order = order(1);
    let given = given([released(&order), validated(&order)]).policy(BOOK_AT_PICK).decided();
    let given = given.then(allocated_in_full("s1"));
    given.decides(&["wait 3days for ship-s1"]);
    given.decided().then([picked("s1")]).decides(&[
        "ask tms-main to book s1 from dc-1: 10 EA of line 1",
        "wait 4h for book-s1",
        "wait 14days for deliver-s1",
    ]);
}

#[test]
fn picked_goods_are_not_booked_before_they_are_reserved_in_full() {
    let order = order(1);
    let given = given([released(&order), validated(&order)]).policy(BOOK_AT_PICK).decided();
    given.then([picked("s1"), allocated("s1")]).decides(&[]);
}

#[test]
fn the_mode_of_transport_finds_its_own_tms() {
    let air = |mode: Option<&str>| Order { mode: mode.map(str::to_owned), ..order(1) };
    for (mode, tms) in [(Some("AIR"), "tms-air"), (Some("TRUCK"), "tms-road"), (None, "tms-road")] {
        let order = air(mode);
        let policy = "[transport]\ntms = \"tms-road\"\nby_mode = { AIR = \"tms-air\" }";
        let given = given([released(&order), validated(&order)]).policy(policy).decided().then(allocated_in_full("s1"));
        let asks: Vec<PartnerId> = given
            .decisions()
            .into_iter()
            .filter_map(|decision| match decision {
                Decision::Ask(ask) => Some(ask.partner),
                Decision::Commit(_)
                | Decision::Split(_)
                | Decision::Deadline(_)
                | Decision::Raise(_)
                | Decision::Resolve(_)
                | Decision::End(_) => None,
            })
            .collect();
        assert_eq!(asks, [PartnerId::new(tms).unwrap()], "{mode:?}");
    }
}

#[test]
fn a_warehouse_that_refused_is_not_booked_for() {
    let given = until("allocate asked", &order(1));
    let given = given.then([refused("allocate/s1", model::Reason::QuantityShort, None), allocated("s1")]);
    given.decides(&["raise no_stock s1: wms-1 at dc-1: refused, quantity.short"]);
}

#[test]
fn a_line_that_no_warehouse_ships_holds_up_the_order() {
    let mut order = order(2);
    order.lines[1].ship_from = None;
    given([released(&order), validated(&order)]).decides(&["raise invalid: no warehouse is known to ship line 2"]);

    let mut unknown = validated(&order);
    unknown.fact = model::Fact::Validated(Validation::default());
    given([released(&order), unknown])
        .decides(&["raise invalid: no warehouse is known to ship line 1; no warehouse is known to ship line 2"]);
}

#[test]
fn an_order_without_lines_is_no_order() {
    let order = order(0);
    given([released(&order), validated(&order)]).decides(&["raise invalid: the order has no lines"]);
}

#[test]
fn an_order_that_becomes_valid_is_allocated() {
    let order = order(1);
    let missing = model::Finding::NoLocation { line: LineId::new("1").unwrap() };
    let given = given([released(&order), found(&order, vec![missing])]).decided();
    given.then([validated(&order).at(2)]).decides(&[
        "commit to the release",
        "ask wms-1 to allocate s1 at dc-1: 10 EA of line 1",
        "wait 4h for allocate-s1",
        "resolve invalid",
    ]);
}

#[test]
fn a_carrier_is_told_what_it_carries_and_how() {
    let decisions = until("allocate asked", &order(2)).then(allocated_in_full("s1")).decisions();
    let Some(Decision::Ask(ask)) = decisions.first() else { panic!("{decisions:?}") };
    assert_eq!(ask.id.as_str(), "SO-1001/book/s1");
    let Request::Book { mode, ship_to, lines, .. } = &ask.request else { panic!("{ask:?}") };
    assert_eq!((mode.as_deref(), ship_to, lines.len()), (Some("TRUCK"), &order(2).ship_to, 2));
}
