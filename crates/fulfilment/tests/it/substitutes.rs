//! Another carrier, because an operator wants one.

use fulfilment::Policy;
use fulfilment::decide::may_substitute;
use model::{Lane, PartnerId, Reason};

use crate::kit::{
    Given, accepted, booked, cancel_requested, delivered, eur, failed, goods_issued, held, let_go, order, picked_up,
    refused, retry_requested, substituted, until,
};

const TO_TMS_B: &str = "ask tms-b to book s1 from dc-1: 10 EA of line 1";

fn partner_asked(given: &Given) -> Vec<String> {
    let booked = given.state().asks().filter(|ask| ask.request.kind() == "book");
    booked.map(|ask| format!("{} {}", ask.partner, ask.id)).collect()
}

fn carrier(given: &Given) -> Option<String> {
    given.composite().shipments[0].carrier.clone()
}

#[test]
fn what_one_refused_is_offered_to_the_one_an_operator_names() {
    let given = until("allocated", &order(1)).then([refused("book/s1", Reason::CarrierCapacity, None).at(5)]).decided();
    assert_eq!(given.problems(), ["booking_refused s1"]);
    let given = given.then([substituted("book/s1", "tms-b").at(6)]);
    given.decides(&[TO_TMS_B, "wait 4h for book-s1-2", "resolve booking_refused s1"]);
    let given = given.decided();
    assert_eq!(partner_asked(&given), ["tms-main SO-1001/book/s1", "tms-b SO-1001/book/s1#2"]);
    // It is asked once; when it refuses, the policy and the operator go on as with any other.
    let given = given.then([refused("book/s1#2", Reason::CarrierCapacity, None).from("tms-b").at(7)]);
    given.decides(&["raise booking_refused s1: tms-b: refused, carrier.capacity"]);
    given
        .decided()
        .then([substituted("book/s1#2", "tms-main").at(8)])
        .decides_among_others("ask tms-main to book s1 from dc-1: 10 EA of line 1");
}

#[test]
fn what_was_accepted_is_undone_before_another_is_asked() {
    let given = until("booked", &order(1)).then([substituted("book/s1", "tms-b").at(6)]);
    given.decides(&["ask tms-main to take back s1: SO-1001/book/s1", "wait 4h for cancel_booking-s1"]);
    let given = given.decided().then([accepted("cancel_booking/s1").at(7)]);
    given.decides(&[TO_TMS_B, "wait 4h for book-s1-2"]);
    let given = given.decided();
    assert_eq!(carrier(&given), None, "the first one's booking counts no more");
    let taken = [accepted("book/s1#2").from("tms-b").at(8), booked("s1", Some(eur("90"))).from("tms-b").at(8)];
    let given = given.then(taken).decided();
    assert_eq!(carrier(&given).as_deref(), Some("NORTHLINE"));
    // The order is none that is being undone: it goes on to its end.
    let given = given.then([goods_issued("s1").at(9), delivered("s1").from("tms-b").at(10)]);
    given.decides_among_others("ask erp-1 to confirm the shipment: 10 EA of line 1");
}

#[test]
fn a_carrier_that_does_not_answer_is_taken_off_too() {
    let given = until("allocated", &order(1)).policy("[retries]\nunanswered = 0").due("book-s1").decided();
    assert_eq!(given.problems(), ["overdue book-s1"]);
    let given = given.then([substituted("book/s1", "tms-b").at(9)]).decided();
    // It may refuse what it was asked, instead of taking back what it never took.
    let late = given.clone().then([refused("book/s1", Reason::CarrierCapacity, None).at(10)]);
    late.decides(&[TO_TMS_B, "wait 4h for book-s1-2", "resolve overdue book-s1"]);
    given.then([accepted("cancel_booking/s1").at(10)]).decides(&[
        TO_TMS_B,
        "wait 4h for book-s1-2",
        "resolve overdue book-s1",
    ]);
}

#[test]
fn a_carrier_that_does_not_let_go_is_for_a_person() {
    let given = until("booked", &order(1)).then([substituted("book/s1", "tms-b").at(6)]).decided();
    let refused = given.clone().then([refused("cancel_booking/s1", Reason::Unknown, None).at(7)]).decided();
    assert_eq!(refused.problems(), ["ask_refused SO-1001/cancel_booking/s1"]);
    refused.then([accepted("cancel_booking/s1").by(Lane::Ops).at(8)]).decides_among_others(TO_TMS_B);
    assert_eq!(given.due("cancel_booking-s1").decided().problems(), Vec::<String>::new(), "it is asked again first");
}

#[test]
fn an_order_that_is_cancelled_later_undoes_the_second_booking_too() {
    let given = until("booked", &order(1)).then([substituted("book/s1", "tms-b").at(6)]).decided();
    let given = given.then([accepted("cancel_booking/s1").at(7)]).decided();
    let given = given.then([accepted("book/s1#2").from("tms-b").at(8)]).decided();
    let given = given.then([cancel_requested().at(9)]);
    given.decides(&["ask tms-b to take back s1: SO-1001/book/s1#2", "wait 4h for cancel_booking-s1-2"]);
    let given = given.decided().then([accepted("cancel_booking/s1#2").from("tms-b").at(10)]);
    given.decides_among_others("ask wms-1 to give back s1: SO-1001/allocate/s1");
}

#[test]
fn a_held_order_is_offered_to_nobody_else_until_it_is_let_go() {
    let given = until("booked", &order(1)).then([held().at(5), substituted("book/s1", "tms-b").at(6)]).decided();
    let given = given.then([accepted("cancel_booking/s1").at(7)]).decided();
    assert_eq!(partner_asked(&given), ["tms-main SO-1001/book/s1"]);
    given.then([let_go().at(8)]).decides_among_others(TO_TMS_B);
}

#[test]
fn what_has_left_or_was_had_before_is_not_offered_again() {
    let policy = Policy::default();
    let may = |given: &Given, ask: &str, partner: &str| {
        let ask = given.state().asks().find(|known| known.id.as_str() == format!("SO-1001/{ask}")).unwrap();
        may_substitute(given.state(), &policy, ask, &PartnerId::new(partner).unwrap())
    };
    let given = until("booked", &order(1));
    assert_eq!(may(&given, "book/s1", "tms-b"), Ok(()));
    assert!(may(&given, "book/s1", "tms-main").unwrap_err().contains("was asked for s1 already"));
    assert!(may(&given, "allocate/s1", "wms-2").unwrap_err().contains("no booking"));
    given.clone().then([substituted("book/s1", "tms-main").at(6)]).decides(&[]);
    // Nobody but an operator has anything to want.
    given.clone().then([substituted("book/s1", "tms-b").by(Lane::Tms).at(6)]).decides(&[]);
    let left = given.clone().then([picked_up("s1").at(7)]).decided();
    assert!(may(&left, "book/s1", "tms-b").unwrap_err().contains("s1 has left"));
    left.then([substituted("book/s1", "tms-b").at(8)]).decides(&[]);
    let given = given.then([substituted("book/s1", "tms-b").at(6)]).decided();
    let given = given.then([accepted("cancel_booking/s1").at(7)]).decided();
    assert!(may(&given, "book/s1", "tms-c").unwrap_err().contains("another was asked"));
    let failed = given.then([failed("book/s1#2", "down").from("tms-b").at(8)]).decided();
    assert!(may(&failed, "book/s1#2", "tms-main").unwrap_err().contains("has not refused"), "it took it once");
    failed.then([retry_requested("book/s1#2").at(9)]).decides_among_others(TO_TMS_B);
}
