//! What a shipment lacks when it arrives: deliveries in part, goods that are lost, come back, or are sent again.

use model::{ExceptionKind, Lane, Milestone};

use crate::kit::{
    Given, accepted, delivered, eur, freight_invoiced, goods_issued, order, order_of, reached, returned, returning,
    shipment_id, until, waived,
};
use crate::rest::{by_the_same_warehouse, by_wms_1, closes};

const SEND_AGAIN: &str = "[delivery]\nshort = \"send_again\"";
const ACCEPT: &str = "[delivery]\nshort = \"accept\"";

#[test]
fn a_delivery_in_part_is_taken_by_policy_and_else_by_a_person() {
    let part = [delivered("s1").of(&[(1, 10), (2, 8)]).at(12)];
    let waits = until("goods issued", &order(2)).then(part.clone());
    waits.decides(&["wait 10days for close", "raise quantity_mismatch s1: line 2: shipped 10, delivered 8"]);
    let taken = until("goods issued", &order(2)).policy(ACCEPT).then(part);
    taken.decides(&["wait 4h for rest_delivered-s1", "wait 10days for close"]);
    let taken = taken.decided().due("rest_delivered-s1");
    taken.decides_among_others("ask erp-1 to confirm the shipment: 10 EA of line 1, 8 EA of line 2");
    closes(taken.decided().then([freight_invoiced("s1", eur("100")).at(13)]), 14);
    // More than was shipped is taken by nobody.
    let more = until("goods issued", &order(2)).policy(ACCEPT).then([delivered("s1").of(&[(1, 10), (2, 12)]).at(12)]);
    more.decides_among_others("raise quantity_mismatch s1: line 2: shipped 10, delivered 12");
}

#[test]
fn what_was_refused_or_damaged_at_the_door_is_sent_again() {
    let given = until("goods issued", &order(2)).policy(SEND_AGAIN);
    let given = given.then([delivered("s1").of(&[(1, 10), (2, 8)]).at(12)]);
    given.decides(&["wait 4h for rest_delivered-s1", "wait 10days for close"]);
    // A second delivery may bring the rest.
    let second = given.clone().decided().then([delivered("s1").of(&[(2, 2)]).message(2).at(13)]);
    second.decides_among_others("ask erp-1 to confirm the shipment: 10 EA of line 1, 10 EA of line 2");
    let given = given.decided().due("rest_delivered-s1");
    given.decides(&[
        "split s2 off s1, not delivered: 2 EA of line 2",
        "ask wms-1 to allocate s2 at dc-1: 2 EA of line 2",
        "wait 4h for allocate-s2",
    ]);
    let given = by_the_same_warehouse(given.decided(), "s2", &[(2, 2)], 30).decided();
    let given = by_wms_1(given, "s2", &[(2, 2)], 31).then([freight_invoiced("s1", eur("100")).at(34)]);
    assert_eq!((given.lines()[1].shipped, given.lines()[1].delivered), (12.into(), 10.into()));
    closes(given, 40);
}

#[test]
fn what_was_delivered_before_it_is_known_what_left_lacks_nothing_yet() {
    let part = delivered("s1").of(&[(1, 10), (2, 8)]).at(9);
    let policy = "[picking]\nshort = \"back_order\"\n[delivery]\nshort = \"send_again\"";
    let given = until("booked", &order(2)).policy(policy).then([part]);
    given.decides(&["wait 4h for goods_issue-s1"]);
    let given = given.decided().then([goods_issued("s1").of(&[(1, 10), (2, 8)]).at(20)]);
    given.decides_among_others("wait 4h for rest_shipped-s1");
    given.decided().due("rest_shipped-s1").decides_among_others("split s2 off s1, not shipped: 2 EA of line 2");
}

#[test]
fn what_comes_back_as_a_whole_is_sent_again_and_its_return_awaited() {
    let given = until("goods issued", &order(1)).policy(SEND_AGAIN).then([returning("s1").at(20)]);
    given.decides(&["wait 4h for rest_delivered-s1", "wait 21days for give_back-s1"]);
    let given = given.decided().due("rest_delivered-s1");
    given.decides_among_others("split s2 off s1, not delivered: 10 EA of line 1");
    let given = by_the_same_warehouse(given.decided(), "s2", &[(1, 10)], 30).decided();
    let given = by_wms_1(given, "s2", &[(1, 10)], 31).decided();
    let answers = ["confirm_shipment", "update_customer"].map(|ask| accepted(ask).at(40));
    let given = given.then(answers).decided().then([accepted("bill").at(41)]).decided();
    assert_eq!(given.state().ended(), None, "s1 has not come back");
    given.clone().due("give_back-s1").decides(&["raise overdue give_back-s1: s1 has not come back"]);
    given.then([returned("s1").at(50)]).decides(&["end closed"]);
}

#[test]
fn what_is_lost_is_given_up_where_the_policy_takes_it() {
    let given = until("goods issued", &order_of(&[1, 1])).policy(ACCEPT);
    let given = given.then([returning("s1").at(20), delivered("s2").at(20)]);
    given.decides_among_others("ask erp-1 to confirm the shipment: 10 EA of line 2");
    // All of it lost: there is nothing to bill.
    let all = until("goods issued", &order(1)).policy(ACCEPT).then([returning("s1").at(20)]);
    all.decides_among_others("ask erp-1 to confirm the cancellation: shipper.cancelled");
}

#[test]
fn what_was_sent_again_and_then_arrives_after_all_is_for_a_person() {
    let given = until("goods issued", &order(1)).policy(SEND_AGAIN).then([returning("s1").at(20)]).decided();
    let given = given.due("rest_delivered-s1").decided().then([delivered("s1").at(25)]);
    given.decides_among_others("raise quantity_mismatch s1: line 1: shipped 10, delivered or sent again 20");
}

#[test]
fn attempts_to_deliver_are_counted_once_each() {
    let attempt = |hour| reached(Lane::Tms, Milestone::TransportDeliveryAttempted, "s1").at(hour);
    let given = until("goods issued", &order(1)).then([attempt(20), attempt(20).message(2), attempt(30)]);
    given.decides(&[]);
    let given = given.then([attempt(40)]);
    given.decides(&["raise delivery_failing s1: 3 attempts to deliver it failed"]);
    given.decided().then([delivered("s1").at(50)]).decides_among_others("resolve delivery_failing s1");
}

#[test]
fn what_was_shipped_beyond_what_was_to_leave_is_not_sent_again() {
    let issues = [2, 3].map(|message| goods_issued("s1").of(&[(1, 10)]).message(message).at(12));
    let given = until("goods issued", &order(1)).policy(SEND_AGAIN).then(issues);
    given.decides(&["raise quantity_mismatch s1: line 1: shipped 20, packed 10"]);
    // Who knows what of it arrived: a person does.
    let given = given.decided().then([delivered("s1").of(&[(1, 4)]).at(13)]).decided().due("rest_delivered-s1");
    given.decides(&[]);
    let detail = given.state().exceptions().next().unwrap().detail.clone();
    let waived = given.then([waived(ExceptionKind::QuantityMismatch(shipment_id("s1")), &detail).at(20)]);
    waived.decides_among_others("split s2 off s1, not delivered: 6 EA of line 1");
}

#[test]
fn a_delivery_of_nothing_is_none() {
    let given = until("goods issued", &order(1)).then([delivered("s1").of(&[(1, 0)]).at(12)]);
    given.decides(&[]);
    assert_eq!(given.lines()[0].delivered_on, None);
    let given = given.then([delivered("s1").of(&[(1, 10)]).message(2).at(13)]);
    given.decides_among_others("ask erp-1 to confirm the shipment: 10 EA of line 1");
}

#[test]
fn what_is_delivered_after_it_was_confirmed_or_billed_is_for_a_person() {
    let part = delivered("s1").of(&[(1, 2)]).at(12);
    let given = until("goods issued", &order(1)).policy(ACCEPT).then([part]).decided().due("rest_delivered-s1");
    let given = given.decided().then([delivered("s1").of(&[(1, 3)]).message(2).at(20)]);
    let problem = "it says 2 EA of line 1; delivered by now: 5 EA of line 1";
    given.decides(&[&format!("raise contradicted SO-1001/confirm_shipment: {problem}")]);
    let confirmed = given.decided().then([accepted("confirm_shipment").at(21)]);
    let asked = |given: &Given| given.state().ask(&crate::kit::ask_id("bill")).is_some();
    let confirmed = confirmed.decided();
    assert!(!asked(&confirmed), "nothing is billed that was not confirmed");
    let ask = ExceptionKind::Contradicted(crate::kit::ask_id("confirm_shipment"));
    confirmed.then([waived(ask, problem).at(22)]).decides_among_others("ask erp-1 to bill: 5 EA of line 1");
}

#[test]
fn what_arrives_after_all_of_the_order_was_given_up_is_for_a_person() {
    let given = until("goods issued", &order(1)).policy(ACCEPT).then([returning("s1").at(20)]).decided();
    let arrived = delivered("s1").at(30);
    let before_the_answer = given.clone().then([arrived.clone()]);
    let problem = "raise cancel_too_late s1: s1 is there after all, and the ERP was asked to cancel the order";
    before_the_answer.decides_among_others(problem);
    let asked = before_the_answer.decided().state().ask(&crate::kit::ask_id("confirm_shipment")).is_some();
    assert!(!asked, "a person decides what the ERP is to know");
    let ended = given.then(["confirm_cancellation", "update_customer"].map(|ask| accepted(ask).at(21))).decided();
    let ended = ended.then(["update_customer"].map(|ask| accepted(ask).at(22))).then([returned("s1").at(23)]).decided();
    assert_eq!(ended.state().ended(), Some(model::End::Cancelled));
    ended.then([arrived]).decides_among_others(problem);
}

#[test]
fn no_more_is_billed_than_left_whatever_a_person_takes_as_it_is() {
    let twice = [2, 3].map(|message| delivered("s1").of(&[(1, 10)]).message(message).at(12));
    let [first, second] = twice;
    let problem = "line 1: shipped 10, delivered 20";
    let waives = || waived(ExceptionKind::QuantityMismatch(shipment_id("s1")), problem).at(20);
    // Before the ERP was asked.
    let given = until("goods issued", &order(1)).then([first.clone(), second.clone()]).decided();
    given.then([waives()]).decides_among_others("ask erp-1 to confirm the shipment: 10 EA of line 1");
    // After it was asked, and confirmed what is right.
    let given = until("goods issued", &order(1)).then([first]).decided().then([second]);
    given.decides_among_others(&format!("raise quantity_mismatch s1: {problem}"));
    let given = given.decided().then([waives(), accepted("confirm_shipment").at(21)]);
    given.decides_among_others("ask erp-1 to bill: 10 EA of line 1");
    assert_eq!(given.decided().problems(), Vec::<String>::new());
}
