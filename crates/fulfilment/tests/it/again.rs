//! Asking again: by itself what failed, the next carrier what one refused, and whatever an operator wants again.

use model::{ExceptionKind, Lane, Milestone, Reason};

use crate::kit::{
    accepted, allocated, booked, delivered, eur, failed, given, goods_issued, held, in_words, let_go, order, order_of,
    packed, picked, reached, refused, released, retry_requested, returning, shipment_id, until, validated, waived,
};

#[test]
fn what_failed_is_asked_again_after_a_pause_and_under_a_new_id() {
    let given = until("allocate asked", &order(1)).then([failed("allocate/s1", "no connection").at(5)]);
    given.decides(&["wait 15m for retry-allocate-s1-1"]);
    let given = given.decided().due("retry-allocate-s1-1");
    given.decides(&["ask wms-1 to allocate s1 at dc-1: 10 EA of line 1", "wait 4h for allocate-s1-2"]);
    let given = given.decided();
    let ids: Vec<&str> = given.state().asks().map(|ask| ask.id.as_str()).collect();
    assert_eq!(ids, ["SO-1001/allocate/s1", "SO-1001/allocate/s1#2"]);
    // The answer to the second ask counts, and its quantities do.
    let given = given.then([accepted("allocate/s1#2").at(6), allocated("s1").at(6)]);
    given.decides_among_others("ask tms-main to book s1 from dc-1: 10 EA of line 1");
}

#[test]
fn what_fails_too_often_is_for_a_person() {
    let mut given = until("allocate asked", &order(1)).policy("[retries]\nfailed = 2\npause = \"1m\"");
    for (ask, wait) in [("allocate/s1", "retry-allocate-s1-1"), ("allocate/s1#2", "retry-allocate-s1-2")] {
        given = given.then([failed(ask, "down")]).decided().due(wait).decided();
    }
    given = given.then([failed("allocate/s1#3", "down")]);
    given.decides(&["raise no_stock s1: wms-1 at dc-1: failed: down"]);
    let again = given.decided().then([retry_requested("allocate/s1#3").at(9)]);
    again.decides(&[
        "ask wms-1 to allocate s1 at dc-1: 10 EA of line 1",
        "wait 4h for allocate-s1-4",
        "resolve no_stock s1",
    ]);
}

#[test]
fn the_next_carrier_is_asked_when_one_refuses() {
    let policy = "[transport]\nthen = [\"tms-b\", \"tms-main\", \"tms-c\"]";
    let given = until("allocated", &order(1)).policy(policy);
    let full = |ask| refused(ask, Reason::CarrierCapacity, Some("full"));
    let given = given.then([full("book/s1").at(5)]);
    given.decides(&["ask tms-b to book s1 from dc-1: 10 EA of line 1", "wait 4h for book-s1-2"]);
    let given = given.decided();
    // The one that refused is no longer heeded, the next one is.
    given.clone().then([booked("s1", None).at(6), delivered("s1").at(6)]).decides(&[]);
    let taken = [accepted("book/s1#2").from("tms-b").at(6), booked("s1", Some(eur("90"))).from("tms-b").at(6)];
    let taken = given.clone().then(taken).decided();
    assert_eq!(taken.composite().shipments[0].carrier.as_deref(), Some("NORTHLINE"));
    assert_eq!(given.composite().shipments[0].carrier, None);
    let given = given.then([full("book/s1#2").from("tms-b").at(6)]);
    given.decides(&["ask tms-c to book s1 from dc-1: 10 EA of line 1", "wait 4h for book-s1-3"]);
    let given = given.decided().then([full("book/s1#3").from("tms-c").at(7)]);
    given.decides(&["raise booking_refused s1: tms-c: refused, carrier.capacity: full"]);
    given.decided().then([retry_requested("book/s1#3").at(8)]).decides(&[
        "ask tms-c to book s1 from dc-1: 10 EA of line 1",
        "wait 4h for book-s1-4",
        "resolve booking_refused s1",
    ]);
}

#[test]
fn what_is_not_answered_is_asked_again_under_its_own_id() {
    let given = until("allocated", &order(1)).then([retry_requested("book/s1").at(5)]);
    given.decides(&["ask tms-main to book s1 from dc-1: 10 EA of line 1", "wait 4h for book-s1-2"]);
    let given = given.decided();
    given.decides(&[]);
    assert_eq!(given.state().asks().filter(|ask| ask.request.kind() == "book").count(), 1);
    let twice = given.then([retry_requested("book/s1").message(2).at(6)]).decided();
    twice.decides(&[]);
    // Who is no operator has nothing to want.
    until("allocated", &order(1)).then([retry_requested("book/s1").by(Lane::Tms).at(5)]).decides(&[]);
}

#[test]
fn an_operator_settles_what_a_partner_does_not() {
    let given = until("confirmed", &order(1)).then([refused("bill", Reason::AccountHold, None).at(12)]).decided();
    assert_eq!(given.problems(), ["ask_refused SO-1001/bill"]);
    let given = given.then([accepted("bill").by(Lane::Ops).at(13)]);
    given.decides(&["resolve ask_refused SO-1001/bill"]);
    // What the partner said itself is still shown.
    assert_eq!(given.composite().claims.len(), 1);
}

#[test]
fn a_held_order_waits_until_who_holds_it_lets_it_go() {
    let held_back = given([released(&order(1)), validated(&order(1)), held().at(0)]);
    held_back.decides(&["wait 7days for hold"]);
    let held_back = held_back.decided();
    held_back.clone().due("hold").decides(&["raise overdue hold: held back by erp"]);
    assert_eq!(held_back.composite().conditions.len(), 1);
    // Another one's word does not end it.
    held_back.clone().then([let_go().by(Lane::Ops).at(2)]).decides(&[]);
    held_back.clone().then([let_go().by(Lane::Tms).at(2)]).decides(&[]);
    let let_go = held_back.then([let_go().at(3)]);
    let_go.decides_among_others("ask wms-1 to allocate s1 at dc-1: 10 EA of line 1");
    assert_eq!(let_go.composite().conditions, []);
}

#[test]
fn a_hold_after_the_allocation_keeps_the_carrier_away() {
    let given = until("allocate asked", &order(1)).then([held().at(3)]).decided();
    let given = given.then([accepted("allocate/s1").at(4), allocated("s1").at(4)]);
    given.decides(&["wait 3days for ship-s1"]);
    given.then([let_go().at(5)]).decides_among_others("ask tms-main to book s1 from dc-1: 10 EA of line 1");
    // What is under way already is not held up.
    until("booked", &order(1)).then([held().at(6)]).decides(&[]);
}

#[test]
fn what_there_is_is_shipped_when_the_policy_or_an_operator_says_so() {
    let short = [accepted("allocate/s1"), allocated("s1").of(&[(1, 10), (2, 7)])].map(|news| news.at(3));
    let book = "ask tms-main to book s1 from dc-1: 10 EA of line 1, 7 EA of line 2";
    let by_policy = until("allocate asked", &order(2)).policy("[allocation]\nshort = \"ship\"").then(short.clone());
    by_policy.decides_among_others(book);
    let waiting = until("allocate asked", &order(2)).then(short).decided();
    let detail = waiting.state().exceptions().next().unwrap().detail.clone();
    let by_hand = waiting.then([waived(ExceptionKind::NoStock(shipment_id("s1")), &detail).at(4)]);
    by_hand.decides_among_others(book);
    // It is delivered, billed and closed as what it is.
    let mut given =
        by_policy.decided().then([accepted("book/s1"), booked("s1", Some(eur("100")))].map(|news| news.at(4)));
    let part = [(1, 10), (2, 7)];
    let steps = [picked("s1"), packed("s1"), goods_issued("s1"), delivered("s1")].map(|news| news.of(&part).at(5));
    given = given.decided().then(steps);
    given.decides_among_others("ask erp-1 to confirm the shipment: 10 EA of line 1, 7 EA of line 2");
}

#[test]
fn a_shipment_that_nobody_can_ship_is_given_up_by_a_person_and_the_rest_goes_on() {
    let given = until("allocate asked", &order_of(&[1, 1]));
    let refused = refused("allocate/s1", Reason::QuantityShort, None).at(3);
    let given = given.then([refused, accepted("allocate/s2").at(3), allocated("s2").at(3)]).decided();
    let detail = given.state().exceptions().next().unwrap().detail.clone();
    let given = given.then([waived(ExceptionKind::NoStock(shipment_id("s1")), &detail).at(4)]);
    given.decides(&["resolve no_stock s1"]);
    let rest = [accepted("book/s2").at(5), booked("s2", Some(eur("100"))).at(5), goods_issued("s2").at(6)];
    let given = given.decided().then(rest).decided().then([delivered("s2").at(7)]);
    given.decides_among_others("ask erp-1 to confirm the shipment: 10 EA of line 2");
}

#[test]
fn an_order_of_which_all_is_given_up_is_called_off() {
    let given =
        until("allocate asked", &order(1)).then([refused("allocate/s1", Reason::QuantityShort, None)]).decided();
    let detail = given.state().exceptions().next().unwrap().detail.clone();
    let given = given.then([waived(ExceptionKind::NoStock(shipment_id("s1")), &detail).at(4)]);
    given.decides_among_others("ask erp-1 to confirm the cancellation: shipper.cancelled");
}

#[test]
fn what_comes_back_or_is_lost_is_seen_and_can_be_given_up() {
    let given = until("goods issued", &order(1)).then([returning("s1").at(20)]);
    given.decides(&[
        "wait 21days for give_back-s1",
        "raise undeliverable s1: s1 will not be delivered: it is on its way back",
    ]);
    let given = given.decided();
    let detail = given.state().exceptions().next().unwrap().detail.clone();
    let given_up = given.clone().then([waived(ExceptionKind::Undeliverable(shipment_id("s1")), &detail).at(21)]);
    given_up.decides_among_others("ask erp-1 to confirm the cancellation: shipper.cancelled");
    // A second attempt may succeed all the same.
    let arrived = given.then([delivered("s1").at(22)]);
    assert!(in_words(&arrived.decisions(), arrived.now()).contains(&"resolve undeliverable s1".to_owned()));
}

#[test]
fn what_has_left_is_not_booked_again_and_not_given_up() {
    let given = until("allocated", &order(1)).then([failed("book/s1", "down").at(4)]).decided();
    let given = given.then([goods_issued("s1").at(5), delivered("s1").by(Lane::Ops).at(6)]).decided();
    assert_eq!(given.problems(), ["booking_refused s1"]);
    given.clone().due("retry-book-s1-1").decides(&[]);
    given.clone().then([retry_requested("book/s1").at(7)]).decides(&[]);
    let detail = given.state().exceptions().next().unwrap().detail.clone();
    let given = given.then([waived(ExceptionKind::BookingRefused(shipment_id("s1")), &detail).at(7)]);
    given.decides(&["resolve booking_refused s1"]);
    let answers = ["confirm_shipment", "bill", "update_customer"].map(|ask| accepted(ask).at(8));
    let given = given.decided().then(answers).decided();
    assert_eq!(given.state().ended(), None, "the freight is not settled");
    let settled = reached(Lane::Ops, Milestone::FinanceFreightInvoiced, "s1").at(9);
    given.then([settled]).decides(&["end closed"]);
}

#[test]
fn a_shipment_of_which_nothing_was_reserved_can_be_given_up() {
    let nothing = [accepted("allocate/s1").at(3), allocated("s1").of(&[(1, 0)]).at(3)];
    let given = until("allocate asked", &order(1)).then(nothing).decided();
    let detail = given.state().exceptions().next().unwrap().detail.clone();
    let given = given.then([waived(ExceptionKind::NoStock(shipment_id("s1")), &detail).at(4)]);
    given.decides_among_others("ask wms-1 to give back s1: SO-1001/allocate/s1");
}
