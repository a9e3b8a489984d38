//! An order that is released again: before anything is asked the last release is the order; afterwards what was asked is
//! undone first, unless something has left already.

use fulfilment::Stage;
use model::{End, ExceptionKind, Lane, LocationId, Order, Quantity, Reason, Request};

use crate::kit::{
    Given, News, accepted, allocated, eur, freight_invoiced, given, goods_issued, hour, in_words, order, order_of,
    picked, refused, released, retry_requested, until, validated, waived,
};

/// The order with something else in it.
fn changed(change: impl FnOnce(&mut Order)) -> Order {
    let mut order = order(2);
    change(&mut order);
    order
}

/// Released again at this hour, and found valid, as one message tells it.
fn again(order: &Order, hour: i64) -> [News; 2] {
    let message = u8::try_from(hour).unwrap();
    [released(order), validated(order)].map(|news| news.message(message).at(hour))
}

fn seven_of_line_two() -> Order {
    changed(|order| order.lines[1].quantity = Quantity::each(7))
}

#[test]
fn before_anything_is_asked_the_last_release_is_the_order() {
    let given = given(again(&order(2), 1)).then(again(&seven_of_line_two(), 2));
    given.decides(&[
        "commit to the release",
        "ask wms-1 to allocate s1 at dc-1: 10 EA of line 1, 7 EA of line 2",
        "wait 4h for allocate-s1",
    ]);
    assert_eq!(given.decided().problems(), Vec::<String>::new());
}

/// Changes that a warehouse or carrier has to know of.
fn changes_of_goods() -> Vec<(Order, &'static str)> {
    vec![
        (seven_of_line_two(), "quantity of line 2 from 10 EA to 7 EA"),
        (changed(|order| order.lines.truncate(1)), "line 2 is gone"),
        (order(3), "line 3 is new"),
        (changed(|order| order.lines[0].sku = model::Sku::new("x").unwrap()), "item of line 1 from sku-1 to x"),
        (changed(|order| order.lines[0].ship_from = Some(LocationId::new("dc-9").unwrap())), "location of line 1"),
        (changed(|order| order.ship_to.city = Some("Lyon".to_owned())), "ship-to address"),
        (changed(|order| order.mode = None), "mode of transport"),
        (
            changed(|order| (order.promised, order.customer) = (None, model::CustomerId::new("beta").unwrap())),
            "customer; promised date",
        ),
    ]
}

#[test]
fn a_change_after_something_has_left_is_an_exception_that_names_it() {
    for (newer, words) in changes_of_goods() {
        for stage in ["picked up", "goods issued", "delivered", "billed", "closed"] {
            let given = until(stage, &order(2)).then(again(&newer, 20));
            given.decides(&[&format!("raise changed: changed after it was committed: {words}")]);
            // What was committed goes on, unmixed.
            assert_eq!(given.state().order(), Some(&order(2)));
            assert_eq!(given.state().shipments(), until(stage, &order(2)).state().shipments());
        }
    }
}

#[test]
fn a_change_before_anything_has_left_is_undone_newest_first_and_begun_anew() {
    for (newer, _) in changes_of_goods() {
        for stage in ["booked", "picked", "packed", "staged"] {
            let given = until(stage, &order(2)).then(again(&newer, 20));
            given.decides(&["ask tms-main to take back s1: SO-1001/book/s1", "wait 4h for cancel_booking-s1"]);
            let given = given.decided().then([accepted("cancel_booking/s1").at(21)]);
            given.decides(&["ask wms-1 to give back s1: SO-1001/allocate/s1", "wait 4h for cancel_allocation-s1"]);
            let given = given.decided().then([accepted("cancel_allocation/s1").at(22)]);
            let decided = in_words(&given.decisions(), given.now());
            assert_eq!(decided[0], "commit to the release");
            assert!(
                decided[1].contains(" to allocate s2 at ") || decided[1].contains(" to allocate s3 at "),
                "{decided:?}"
            );
            let given = given.decided();
            assert_eq!(given.state().order(), Some(&newer));
            assert_eq!(given.problems(), Vec::<String>::new());
            assert_eq!(given.state().stock_effects(), [], "what was reserved is given back");
        }
    }
}

#[test]
fn what_is_still_told_of_an_undone_shipment_is_not_taken_for_the_new_one() {
    let given = until("allocate asked", &order(2)).then(again(&seven_of_line_two(), 5)).decided();
    let given = given.then([accepted("cancel_allocation/s1").at(6)]).decided();
    given.clone().then([allocated("s1").at(7)]).decides(&[]);
    given
        .clone()
        .then([goods_issued("s1").at(7)])
        .decides(&["raise unmatched: wms-1 tells fulfilment.goods_issued of s1: the order has no such shipment"]);
    let given = given.then([accepted("allocate/s2").from("wms-1"), allocated("s2").from("wms-1")].map(|n| n.at(7)));
    given.decides_among_others("ask tms-main to book s2 from dc-1: 10 EA of line 1, 7 EA of line 2");
}

#[test]
fn an_undone_order_begins_anew_even_when_it_is_released_as_it_was() {
    let given = until("allocate asked", &order(2)).then(again(&seven_of_line_two(), 5)).decided();
    let given = given.then(again(&order(2), 6));
    given.decides(&[]);
    given.then([accepted("cancel_allocation/s1").at(7)]).decides(&[
        "commit to the release",
        "ask wms-1 to allocate s2 at dc-1: 10 EA of line 1, 10 EA of line 2",
        "wait 4h for allocate-s2",
    ]);
}

#[test]
fn what_only_the_customer_has_to_know_is_followed_without_undoing_anything() {
    let promised = Some(model::When::parse("2026-05-01").unwrap());
    for stage in ["allocate asked", "booked", "picked up", "delivered"] {
        let newer = changed(|order| order.promised = promised);
        let given = until(stage, &order(2)).then(again(&newer, 20));
        given.decides(&["commit to the release"]);
        let given = given.decided();
        assert_eq!(given.state().order(), Some(&newer));
        assert_eq!(given.composite().promised, promised);
        assert_eq!(given.composite().milestone, until(stage, &order(2)).composite().milestone);
        // Again and again.
        let dearer = changed(|order| (order.promised, order.lines[0].unit_price) = (promised, Some(eur("9"))));
        let given = given.then(again(&dearer, 21)).decided();
        assert_eq!(given.state().order(), Some(&dearer));
        given.decides(&[]);
    }
}

#[test]
fn what_a_warehouse_does_not_give_back_is_for_a_person() {
    let given = until("staged", &order(2)).then(again(&seven_of_line_two(), 20)).decided();
    let given = given.then([accepted("cancel_booking/s1").at(21)]).decided();
    let given = given.then([refused("cancel_allocation/s1", Reason::Unknown, Some("packed")).at(22)]);
    given.decides(&["raise ask_refused SO-1001/cancel_allocation/s1: refused, unknown: packed"]);
    let given = given.decided();
    // Asked again, or settled by a call.
    let again = given.clone().then([retry_requested("cancel_allocation/s1").at(23)]);
    again.decides(&[
        "ask wms-1 to give back s1: SO-1001/allocate/s1",
        "wait 4h for cancel_allocation-s1-2",
        "resolve ask_refused SO-1001/cancel_allocation/s1",
    ]);
    let settled = given.then([accepted("cancel_allocation/s1").by(Lane::Ops).at(23)]);
    settled.decides_among_others("ask wms-1 to allocate s2 at dc-1: 10 EA of line 1, 7 EA of line 2");
}

#[test]
fn lines_in_another_order_are_no_change() {
    let turned = changed(|order| order.lines.reverse());
    until("picked", &order(2)).then(again(&turned, 20)).decides(&[]);
}

#[test]
fn what_has_left_goes_on_but_the_order_does_not_close() {
    let given = until("billed", &order(2)).then(again(&seven_of_line_two(), 20)).decided();
    let given = given.then([freight_invoiced("s1", eur("100"))]);
    given.decides(&[]);
    // Released as it was, or taken as it is, it closes.
    given.clone().then(again(&order(2), 21)).decides(&["resolve changed", "end closed"]);
    let detail = &given.state().exceptions().next().unwrap().detail;
    given.clone().then([waived(ExceptionKind::Changed, detail).at(21)]).decides(&["resolve changed", "end closed"]);
    // Another problem of the kind is another problem.
    given.then([waived(ExceptionKind::Changed, "something else").at(21)]).decides(&[]);
}

#[test]
fn a_closed_order_stays_closed_when_it_changes() {
    let given = until("closed", &order(2)).then(again(&seven_of_line_two(), 20)).decided();
    assert_eq!((given.state().ended(), given.problems()), (Some(End::Closed), vec!["changed".to_owned()]));
    let composite = given.composite();
    assert_eq!((composite.stage, composite.exceptions.len()), (Stage::Closed, 1));
    given.then(again(&order(2), 21)).decides(&["resolve changed"]);
}

#[test]
fn a_further_change_is_told_anew() {
    let given = until("picked up", &order(2)).then(again(&seven_of_line_two(), 20)).decided();
    let given = given.then(again(&order(3), 21));
    given.decides(&["raise changed: changed after it was committed: line 3 is new"]);
    assert_eq!(given.decided().problems(), ["changed"]);
}

#[test]
fn a_change_that_slips_in_before_the_decision_is_written_is_a_change_all_the_same() {
    let given = until("validated", &order(2));
    let decisions = given.decisions();
    let mut given = given.then(again(&seven_of_line_two(), 5));
    given.fold(|sequence| crate::kit::flow(sequence, hour(5), decisions));
    given.decides(&["ask wms-1 to give back s1: SO-1001/allocate/s1", "wait 4h for cancel_allocation-s1"]);
    let asked = given.state().asks().next().map(|ask| ask.request.clone());
    let Some(Request::Allocate { lines, .. }) = asked else { panic!("{asked:?}") };
    assert_eq!(lines[1].quantity, Quantity::each(10));
}

#[test]
fn which_release_came_first_does_not_matter_once_one_is_committed() {
    // A release that was received before the one that was committed, and comes in after it, is none that was worked with.
    let late = again(&seven_of_line_two(), 0).map(|news| news.message(9).received(hour(0).plus_millis(-1)));
    let given = until("picked", &order(2)).then(late);
    given.decides(&[]);
    assert_eq!(given.state().order(), Some(&order(2)));
}

#[test]
fn the_findings_on_a_change_are_not_those_on_the_order() {
    let other = changed(|order| order.lines[1].ship_from = None);
    let finding = model::Finding::NoLocation { line: other.lines[1].line.clone() };
    let news = [released(&other), crate::kit::found(&other, vec![finding])].map(|news| news.at(20));
    let given = until("picked up", &order(2)).then(news);
    given.decides(&["raise changed: changed after it was committed: location of line 2"]);
    // Of the order itself they still are.
    let finding = model::Finding::UnknownCustomer(order(2).customer);
    let again = [released(&order(2)).message(2), crate::kit::found(&order(2), vec![finding])].map(|news| news.at(21));
    given.decided().then(again).decides(&["raise invalid: customer acme is unknown", "resolve changed"]);
}

#[test]
fn an_order_belongs_to_the_erp_that_released_it_first() {
    let foreign = changed(|order| (order.erp, order.mode) = (model::PartnerId::new("erp-2").unwrap(), None));
    let given = given(again(&order(2), 1));
    let both = given.clone().then(again(&foreign, 2).map(|news| news.from("erp-2")));
    assert_eq!(in_words(&both.decisions(), both.now()), in_words(&given.decisions(), given.now()));
    let claims: Vec<String> = both.composite().claims.into_iter().map(|claim| claim.what).collect();
    assert_eq!(claims, ["released", "validated"]);
}

#[test]
fn a_line_number_that_is_there_twice_is_refused() {
    let twice = changed(|order| order.lines[1].line = order.lines[0].line.clone());
    given(again(&twice, 1)).decides(&["raise invalid: line 1 is there more than once"]);
    // A release that mends it is the order.
    given(again(&twice, 1)).decided().then(again(&order(2), 2)).decides_among_others("resolve invalid");
}

#[test]
fn a_quantity_that_nobody_can_order_is_refused() {
    for (amount, words) in [("-1", "-1"), ("79228162514264337593543950335", "79228162514264337593543950335")] {
        let odd = changed(|order| order.lines[1].quantity.amount = amount.parse().unwrap());
        given(again(&odd, 1)).decides(&[&format!("raise invalid: {words} EA of line 2 is no quantity to order")]);
    }
}

#[test]
fn many_changes_are_counted() {
    let given = until("picked up", &order(30)).then(again(&order(1), 20));
    let decisions = in_words(&given.decisions(), given.now());
    assert!(decisions[0].ends_with("line 19 is gone; and 19 more"), "{decisions:?}");
}

/// An order whose asks were made before it was noted which release they are about.
fn without_commitment(order: &Order) -> Given {
    let mut given = given(again(order, 1));
    let asks =
        given.decisions().into_iter().filter(|decision| !matches!(decision, model::Decision::Commit(_))).collect();
    given.fold(|sequence| crate::kit::flow(sequence, hour(1), asks));
    given
}

#[test]
fn an_older_order_is_committed_to_its_last_release() {
    let given = without_commitment(&order_of(&[1, 1]));
    given.decides(&["commit to the release"]);
    let given = given.decided().then([picked("s1"), goods_issued("s1")]);
    given
        .then(again(&order_of(&[1]), 9))
        .decides_among_others("raise changed: changed after it was committed: line 2 is gone");
}
