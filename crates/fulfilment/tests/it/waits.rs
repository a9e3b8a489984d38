//! Every wait has a deadline; one that passes is an exception until what was waited for comes.

use engine::Workflow;
use fulfilment::{Fulfilment, Policy};
use model::{Deadline, Decision, End, Lane, Milestone};

use crate::kit::{
    accepted, allocated, delivered, eur, failed, freight_invoiced, goods_issued, hour, in_transit, order, order_of,
    picked_up, reached, until,
};

#[test]
fn a_warehouse_that_does_not_answer_is_overdue() {
    let late = until("allocate asked", &order(1)).policy("[retries]\nunanswered = 0").due("allocate-s1");
    late.decides(&["raise overdue allocate-s1: the warehouse has not reserved s1"]);
    let late = late.decided();
    late.then([accepted("allocate/s1"), allocated("s1")]).decides_among_others("resolve overdue allocate-s1");
}

#[test]
fn a_warehouse_that_accepts_has_still_to_say_what_it_reserved() {
    let accepted = until("allocate asked", &order(1)).then([accepted("allocate/s1")]).decided();
    let late = accepted.due("allocate-s1");
    late.decides(&["raise overdue allocate-s1: the warehouse has not reserved s1"]);
    late.decided().then([allocated("s1")]).decides_among_others("resolve overdue allocate-s1");
}

#[test]
fn a_tms_that_does_not_answer_is_overdue() {
    let late = until("allocated", &order(1)).due("book-s1");
    // It is asked once more, under the same id.
    late.decides(&["ask tms-main to book s1 from dc-1: 10 EA of line 1", "wait 4h for book-s1-2"]);
    let late = late.decided().due("book-s1-2");
    late.decides(&["raise overdue book-s1-2: tms-main has not answered for s1"]);
    late.decided().then([accepted("book/s1")]).decides(&["resolve overdue book-s1-2"]);
}

#[test]
fn an_erp_that_does_not_answer_is_asked_again_and_then_overdue() {
    let late = until("confirmed", &order(1)).due("bill");
    late.decides(&["ask erp-1 to bill: 10 EA of line 1", "wait 4h for bill-2"]);
    let late = late.decided().due("bill-2");
    late.decides(&["raise overdue bill-2: erp-1 has not answered bill"]);
    late.decided().then([accepted("bill")]).decides(&["resolve overdue bill-2"]);
}

#[test]
fn a_shipment_that_does_not_leave_is_overdue() {
    let late = until("booked", &order(1)).due("ship-s1");
    late.decides(&["raise overdue ship-s1: s1 has not left the warehouse"]);
    late.decided().then([goods_issued("s1")]).decides(&["resolve overdue ship-s1"]);
}

#[test]
fn a_shipment_that_does_not_arrive_is_overdue() {
    let late = until("goods issued", &order(1)).due("deliver-s1");
    late.decides(&["raise overdue deliver-s1: s1 has not been delivered"]);
    late.decided().then([delivered("s1")]).decides(&[
        "ask erp-1 to confirm the shipment: 10 EA of line 1",
        "wait 10days for close",
        "wait 4h for confirm_shipment",
        "resolve overdue deliver-s1",
    ]);
}

#[test]
fn a_delivered_order_that_is_not_closed_is_overdue() {
    let late = until("confirmed", &order(1)).due("close");
    late.decides(&["raise overdue close: still missing: the ERP's invoice, the freight invoice of s1"]);
    let late = late.decided().then([accepted("bill")]);
    late.decides(&[]);
    late.then([freight_invoiced("s1", eur("100"))]).decides(&["resolve overdue close", "end closed"]);
}

#[test]
fn what_is_missing_to_close_is_named() {
    let late = until("delivered", &order_of(&[1, 1])).due("close");
    late.decides(&["raise overdue close: still missing: the ERP's confirmation, the ERP's invoice, the customer's \
                    update, the freight invoice of s1, the freight invoice of s2"]);
}

#[test]
fn the_carrier_has_what_the_warehouse_did_not_issue() {
    let given = until("staged", &order(1)).then([picked_up("s1")]);
    given.decides(&["wait 4h for goods_issue-s1"]);
    let late = given.decided().due("goods_issue-s1");
    late.decides(&["raise goods_issue_missing s1: the carrier picked up s1, the warehouse has not issued it"]);
    late.decided().then([goods_issued("s1")]).decides(&["resolve goods_issue_missing s1"]);
}

#[test]
fn any_word_of_the_carrier_on_the_road_shows_that_it_has_the_goods() {
    for milestone in Milestone::ALL {
        let on_the_road = (90..=160).contains(&milestone.rank()) && milestone != Milestone::FulfilmentGoodsIssued;
        let given = until("staged", &order(1)).then([reached(Lane::Tms, milestone, "s1")]);
        let mut expected = if on_the_road { vec!["wait 4h for goods_issue-s1"] } else { Vec::new() };
        if milestone == Milestone::TransportReturning {
            expected.push("wait 21days for give_back-s1");
        }
        if milestone == Milestone::FulfilmentGoodsIssued {
            expected.push("wait 8h for disagreement-s1-fulfilment-goods_issued");
        }
        if matches!(milestone, Milestone::TransportReturning | Milestone::TransportReturned) {
            expected.push("raise undeliverable s1: s1 will not be delivered: it is on its way back");
        }
        given.decides(&expected);
    }
}

#[test]
fn the_carrier_does_not_issue_goods() {
    let given = until("picked up", &order(1)).then([goods_issued("s1").by(Lane::Tms), delivered("s1")]);
    given.decides(&[]);
    assert_eq!(given.state().claims().len(), 1);
    assert!(given.state().stock_effects().iter().all(|effect| effect.kind == fulfilment::StockEffectKind::Reserved));
}

#[test]
fn a_goods_issue_that_came_first_leaves_nothing_to_wait_for() {
    until("staged", &order(1)).then([goods_issued("s1"), in_transit("s1")]).decides(&[]);
}

#[test]
fn each_shipment_waits_for_itself() {
    let given = until("goods issued", &order_of(&[1, 1])).then([delivered("s2")]).decided();
    given.clone().due("deliver-s2").decides(&[]);
    given.due("deliver-s1").decides(&["raise overdue deliver-s1: s1 has not been delivered"]);
}

#[test]
fn the_limits_are_policy() {
    let policy = "[deadlines]\nbook = \"30m\"\nship = \"1d\"\ndeliver = \"2d\"";
    let given = until("allocate asked", &order(1)).policy(policy).then([accepted("allocate/s1"), allocated("s1")]);
    given.decides(&[
        "ask tms-main to book s1 from dc-1: 10 EA of line 1",
        "wait 30m for book-s1",
        "wait 1day for ship-s1",
        "wait 2days for deliver-s1",
    ]);
}

#[test]
fn a_deadline_passes_unnoticed_when_nobody_waits_any_more() {
    let order = order(1);
    for (deadline, from, awaited_until) in [
        ("allocate-s1", "allocate asked", "allocated"),
        ("book-s1", "allocated", "booked"),
        ("ship-s1", "allocated", "goods issued"),
        ("goods_issue-s1", "picked up", "goods issued"),
        ("deliver-s1", "allocated", "delivered"),
        ("close", "delivered", "freight invoiced"),
    ] {
        assert!(Fulfilment::awaits(until(from, &order).state(), &Policy::default(), deadline), "{deadline}");
        let after = until(awaited_until, &order);
        assert!(!Fulfilment::awaits(after.state(), &Policy::default(), deadline), "{deadline}");
        after.due(deadline).decides(if awaited_until == "freight invoiced" { &["end closed"] } else { &[] });
    }
    assert!(!Fulfilment::awaits(until("booked", &order).state(), &Policy::default(), "no such deadline"));
}

#[test]
fn a_wait_is_named_by_the_decision_that_begins_it() {
    let at = hour(4);
    let decision = Decision::Deadline(Deadline { name: "allocate-s1".to_owned(), at });
    assert_eq!(Fulfilment::deadline(&decision), Some(("allocate-s1", at)));
    assert_eq!(Fulfilment::deadline(&Decision::End(End::Closed)), None);
}

#[test]
fn a_refused_ask_is_waited_for_no_longer() {
    let given = until("allocated", &order(1)).then([failed("book/s1", "no truck")]).decided();
    given.due("book-s1").due("ship-s1").due("deliver-s1").decides(&[]);
}

#[test]
fn every_wait_of_the_good_path_is_over_at_its_end() {
    let order = order_of(&[2, 1]);
    let closed = until("closed", &order);
    assert!(closed.state().deadlines().len() > 8, "{:?}", closed.state().deadlines());
    assert!(closed.state().deadlines().keys().all(|name| !Fulfilment::awaits(
        closed.state(),
        &Policy::default(),
        name
    )));
}
