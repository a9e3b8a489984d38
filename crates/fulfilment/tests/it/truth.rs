//! What systems expect, and what they do not agree on.

use model::{Classifier, ExceptionKind, Lane, Milestone};

use crate::kit::{
    delivered, goods_issued, order, order_of, packed, picked, reached, shipment_id, staged, until, waived,
};

#[test]
fn a_shipment_that_is_expected_later_than_promised_is_late_until_it_is_not() {
    let expected = |day: &str| delivered("s1").in_the_sense(Classifier::Estimated).said(day);
    let given = until("picked up", &order(1)).then([expected("2026-03-06T20:00").received(crate::kit::hour(10))]);
    given.decides(&[]);
    let given = given.then([expected("2026-03-08").received(crate::kit::hour(11))]);
    given.decides(&["raise late s1: expected on 2026-03-08, promised for 2026-03-06"]);
    let given = given.decided();
    let sooner = given.clone().then([expected("2026-03-05").received(crate::kit::hour(12))]);
    sooner.decides(&["resolve late s1"]);
    given.then([delivered("s1").at(30)]).decides_among_others("resolve late s1");
}

#[test]
fn the_erp_sees_it_shipped_before_the_warehouse_has_packed_it() {
    let claim = reached(Lane::Erp, Milestone::FulfilmentGoodsIssued, "s1").at(9);
    let given = until("picked", &order(1)).then([claim]);
    given.decides(&["wait 8h for disagreement-s1-fulfilment-goods_issued"]);
    assert_eq!(given.composite().shipments[0].milestone, Some(Milestone::FulfilmentPicked));
    let given = given.decided();
    // The warehouse comes to say so too.
    let agreed = given.clone().then([packed("s1").at(10), staged("s1").at(10), goods_issued("s1").at(10)]);
    agreed.due("disagreement-s1-fulfilment-goods_issued").decides(&[]);
    let given = given.due("disagreement-s1-fulfilment-goods_issued");
    given.decides(&[
        "raise disagreement s1: erp-1 tells fulfilment.goods_issued, its own systems tell fulfilment.picked",
    ]);
    let given = given.decided();
    given.clone().then([goods_issued("s1").at(20)]).decides(&["resolve disagreement s1"]);
    let detail = given.state().exceptions().next().unwrap().detail.clone();
    let waived = waived(ExceptionKind::Disagreement(shipment_id("s1")), &detail).at(20);
    given.then([waived]).decides(&["resolve disagreement s1"]);
}

#[test]
fn nobody_has_to_agree_with_a_stranger() {
    let stranger = reached(Lane::Erp, Milestone::TransportDelivered, "s1").from("erp-9").at(9);
    until("picked", &order(1)).then([stranger]).decides(&[]);
    let other = picked("s1").from("wms-2").at(9);
    until("allocated", &order_of(&[1, 1])).then([other]).decides(&[]);
    let expected = reached(Lane::Erp, Milestone::TransportDelivered, "s1").in_the_sense(Classifier::Planned).at(9);
    until("picked", &order(1)).then([expected]).decides(&[]);
}
