//! The closing sequence: confirmed, billed, told, audited, closed.

use fulfilment::Stage;
use model::End;

use crate::kit::{
    accepted, billed, delivered, eur, freight_invoiced, given, good_path, goods_issued, order, order_of,
    partly_delivered, picked_up, until,
};

#[test]
fn what_is_delivered_as_shipped_is_confirmed() {
    let given = until("goods issued", &order(2)).then([delivered("s1")]);
    given.decides(&[
        "ask erp-1 to confirm the shipment: 10 EA of line 1, 10 EA of line 2",
        "wait 10days for close",
        "wait 4h for confirm_shipment",
    ]);
}

#[test]
fn an_order_is_confirmed_when_its_last_shipment_arrived() {
    let given = until("goods issued", &order_of(&[1, 1]));
    let given = given.then([delivered("s2")]);
    given.decides(&[]);
    given
        .then([delivered("s1")])
        .decides_among_others("ask erp-1 to confirm the shipment: 10 EA of line 1, 10 EA of line 2");
}

#[test]
fn what_the_warehouse_has_not_issued_is_not_confirmed() {
    let given = until("picked up", &order(1)).then([delivered("s1")]);
    given.decides(&[]);
    given.then([goods_issued("s1")]).decides_among_others("ask erp-1 to confirm the shipment: 10 EA of line 1");
}

#[test]
fn one_parcel_of_two_is_no_delivery() {
    let given = until("goods issued", &order(1)).then([picked_up("s1").parcel("p1"), picked_up("s1").parcel("p2")]);
    let given = given.then([delivered("s1").parcel("p1")]);
    given.decides(&[]);
    assert_eq!(given.lines()[0].delivered, 0.into());
    let given = given.then([delivered("s1").parcel("p2")]);
    given.decides(&[
        "ask erp-1 to confirm the shipment: 10 EA of line 1",
        "wait 10days for close",
        "wait 4h for confirm_shipment",
    ]);
}

#[test]
fn parcels_that_say_what_they_hold_add_up() {
    let given = until("goods issued", &order(1));
    let given = given.then([delivered("s1").parcel("p1").of(&[(1, 4)]), delivered("s1").parcel("p2").of(&[(1, 6)])]);
    given.decides_among_others("ask erp-1 to confirm the shipment: 10 EA of line 1");
}

#[test]
fn a_confirmed_order_is_billed_and_its_customer_told() {
    let given = until("delivered", &order(1)).then([accepted("confirm_shipment")]);
    given.decides(&[
        "ask erp-1 to bill: 10 EA of line 1",
        "ask visibility to tell acme transport.delivered",
        "wait 4h for bill",
    ]);
}

#[test]
fn a_mismatch_after_the_confirmation_holds_up_the_bill() {
    let given = until("delivered", &order(1)).then([accepted("confirm_shipment"), delivered("s1").of(&[(1, 2)])]);
    given.decides_among_others("ask erp-1 to bill: 10 EA of line 1");

    let in_parts = until("goods issued", &order(1)).then([delivered("s1").of(&[(1, 10)])]).decided();
    let more = in_parts.then([accepted("confirm_shipment"), partly_delivered("s1").of(&[(1, 5)])]);
    more.decides(&[
        "ask visibility to tell acme transport.delivered",
        "raise quantity_mismatch s1: line 1: shipped 10, delivered 15",
    ]);
}

#[test]
fn a_delivered_confirmed_billed_and_audited_order_is_closed() {
    let given = until("billed", &order(1)).then([freight_invoiced("s1", eur("100"))]);
    given.decides(&["end closed"]);
    let closed = given.decided();
    assert_eq!((closed.state().ended(), closed.composite().stage), (Some(End::Closed), Stage::Closed));
    assert_eq!(closed.problems(), Vec::<String>::new());
}

#[test]
fn no_order_is_closed_before_every_freight_invoice_is_in() {
    let given = until("billed", &order_of(&[1, 1])).then([freight_invoiced("s2", eur("100"))]);
    given.decides(&[]);
    given.then([freight_invoiced("s1", eur("99"))]).decides(&["end closed"]);
}

#[test]
fn no_order_is_closed_with_a_problem_open() {
    let given = until("billed", &order(1)).then([freight_invoiced("s1", eur("500")).at(13)]);
    given.decides(&["raise freight_mismatch s1: billed 500 EUR, booked 100.00 EUR"]);
    let given = given.decided().then([freight_invoiced("s1", eur("100")).at(14)]);
    given.decides(&["resolve freight_mismatch s1", "end closed"]);
}

#[test]
fn a_bill_is_closed_by_the_answer_and_not_by_the_invoice_alone() {
    let given = until("confirmed", &order(1)).then([billed(), freight_invoiced("s1", eur("100"))]);
    given.decides(&[]);
    given.then([accepted("bill")]).decides(&["end closed"]);
}

#[test]
fn facts_that_all_come_at_once_are_decided_in_one_go() {
    let order = order(3);
    let given = given(good_path(&order));
    let decided = given.clone().decided();
    assert_eq!(decided.state().ended(), Some(End::Closed));
    assert_eq!(decided.state().asks().count(), 5);
    given.decides(&[
        "commit to the release",
        "ask wms-1 to allocate s1 at dc-1: 10 EA of line 1, 10 EA of line 2, 10 EA of line 3",
        "ask tms-main to book s1 from dc-1: 10 EA of line 1, 10 EA of line 2, 10 EA of line 3",
        "ask erp-1 to confirm the shipment: 10 EA of line 1, 10 EA of line 2, 10 EA of line 3",
        "ask erp-1 to bill: 10 EA of line 1, 10 EA of line 2, 10 EA of line 3",
        "ask visibility to tell acme transport.delivered",
        "end closed",
    ]);
}
