//! How far each line has come.

use model::{Quantity, When};
use rust_decimal::Decimal;

use crate::kit::{
    allocated, billed, delivered, given, goods_issued, hour, kilos, order, order_of, packed, partly_delivered, picked,
    progress, returned, until,
};

#[test]
fn nothing_is_known_of_the_lines_before_the_release() {
    assert_eq!(given([allocated("s1")]).lines(), []);
}

#[test]
fn each_step_is_counted_line_by_line() {
    let given = until("booked", &order(2)).then([
        picked("s1").of(&[(1, 9), (2, 8)]),
        packed("s1").of(&[(1, 8)]),
        goods_issued("s1").of(&[(1, 7)]),
        delivered("s1").of(&[(1, 6)]),
        returned("s1").of(&[(1, 1)]),
        billed().of(&[(1, 5)]),
    ]);
    let shown: Vec<[i64; 8]> = given
        .lines()
        .iter()
        .map(|l| [l.ordered, l.allocated, l.picked, l.packed, l.shipped, l.delivered, l.returned, l.invoiced])
        .map(|amounts| amounts.map(|amount| i64::try_from(amount).unwrap()))
        .collect();
    assert_eq!(shown, [[10, 10, 9, 8, 7, 6, 1, 5], [10, 10, 8, 0, 0, 0, 0, 0]]);
}

#[test]
fn what_is_told_without_lines_is_all_of_it_once() {
    let given = until("booked", &order(1)).then([goods_issued("s1"), goods_issued("s1").message(2)]);
    let given = given.then([goods_issued("s1").of(&[(1, 3)])]);
    assert_eq!(given.lines()[0].shipped, Decimal::TEN);
}

#[test]
fn what_is_told_of_the_order_is_told_of_each_shipment_of_the_teller() {
    let mut order = order_of(&[2, 1]);
    order.lines[0].ship_on = Some("2026-03-09".parse().unwrap());
    let given = until("booked", &order).then([goods_issued("s1").of_the_order()]);
    let shipped: Vec<Decimal> = given.lines().iter().map(|line| line.shipped).collect();
    assert_eq!(shipped, [Decimal::TEN, Decimal::TEN, Decimal::ZERO]);
}

#[test]
fn another_shipments_goods_are_not_ours() {
    let given = until("booked", &order_of(&[1, 1])).then([goods_issued("s2").of(&[(1, 4), (2, 5)])]);
    let shipped: Vec<Decimal> = given.lines().iter().map(|line| line.shipped).collect();
    assert_eq!(shipped, [0.into(), 5.into()]);
}

#[test]
fn parts_in_another_unit_count_as_nothing() {
    let parts = vec![progress("1", kilos(4)), progress("1", Quantity::each(6))];
    let given = until("booked", &order(1)).then([goods_issued("s1").parts(parts)]);
    assert_eq!(given.lines()[0].shipped, 6.into());
}

#[test]
fn an_invoice_without_lines_bills_what_was_delivered() {
    let given = until("goods issued", &order(1)).then([billed(), delivered("s1").of(&[(1, 8)])]);
    assert_eq!(given.lines()[0].invoiced, 8.into());
}

#[test]
fn a_line_is_late_when_its_last_part_came_after_the_day_it_was_promised_for() {
    let given = until("goods issued", &order(1));
    let part = |when: &str| partly_delivered("s1").of(&[(1, 5)]).said(when).received(hour(200));
    let in_time = given.then([part("2026-03-05"), part("2026-03-06T21:00:00Z")]);
    let line = &in_time.lines()[0];
    assert_eq!((line.late, line.delivered_on), (false, Some(When::parse("2026-03-06T21:00:00Z").unwrap())));
    // Half past midnight in Paris on the seventh: still the sixth in UTC, and late all the same.
    let late = in_time.then([part("2026-03-07T00:30:00+02:00").message(2)]);
    assert!(late.lines()[0].late);
}

#[test]
fn the_lines_own_promise_comes_before_the_orders() {
    let mut order = order(2);
    order.lines[1].promised = Some(When::parse("2026-03-09").unwrap());
    let given = until("goods issued", &order).then([delivered("s1").said("2026-03-08").received(hour(200))]);
    let late: Vec<bool> = given.lines().iter().map(|line| line.late).collect();
    assert_eq!(late, [true, false]);
    order.promised = None;
    let given = until("goods issued", &order).then([delivered("s1").said("2026-03-08").received(hour(200))]);
    assert!(!given.lines()[0].late);
}
