//! What an order does to the stock.

use fulfilment::StockEffectKind;
use model::{LocationId, Progress};

use crate::kit::{Given, allocated, goods_issued, order, order_of, progress, until};

/// What is reserved or issued, line by line: kind, location, SKU, quantity.
fn effects(given: &Given) -> Vec<String> {
    let effects = given.state().stock_effects();
    let words = effects.iter().map(|effect| {
        let kind = match effect.kind {
            StockEffectKind::Reserved => "reserved",
            StockEffectKind::Issued => "issued",
        };
        format!("{kind} {} {} {} {}", effect.location, effect.sku, effect.quantity, effect.unit)
    });
    words.collect()
}

fn at(location: &str, line: &str, amount: i64) -> Progress {
    let location = Some(LocationId::new(location).unwrap());
    Progress { location, ..progress(line, model::Quantity::each(amount)) }
}

#[test]
fn an_order_reserves_then_issues() {
    let given = until("allocate asked", &order_of(&[1, 1]));
    assert_eq!(effects(&given), Vec::<String>::new());
    let given = given.then([allocated("s1"), allocated("s2")]);
    assert_eq!(effects(&given), ["reserved dc-1 sku-1 10 EA", "reserved dc-2 sku-2 10 EA"]);
    let given = given.then([goods_issued("s1")]);
    assert_eq!(effects(&given), ["issued dc-1 sku-1 10 EA", "reserved dc-2 sku-2 10 EA"]);
}

#[test]
fn what_is_not_issued_yet_stays_reserved() {
    let given = until("booked", &order(1)).then([goods_issued("s1").of(&[(1, 4)])]);
    assert_eq!(effects(&given), ["issued dc-1 sku-1 4 EA", "reserved dc-1 sku-1 6 EA"]);
}

#[test]
fn goods_leave_once_however_often_it_is_told() {
    let given = until("booked", &order(1)).then([goods_issued("s1"), goods_issued("s1").message(2)]);
    assert_eq!(effects(&given), ["issued dc-1 sku-1 10 EA"]);
    let given = given.then([goods_issued("s1").of_the_order(), goods_issued("s1").of(&[(1, 4)])]);
    assert_eq!(effects(&given), ["issued dc-1 sku-1 10 EA"]);
}

#[test]
fn more_than_all_that_leaves_has_left() {
    let given = until("booked", &order(1)).then([goods_issued("s1"), goods_issued("s1").of(&[(1, 12)])]);
    assert_eq!(effects(&given), ["issued dc-1 sku-1 12 EA"]);
    assert_eq!(given.lines()[0].shipped, 12.into());
    let most = progress("1", model::Quantity::new(rust_decimal::Decimal::MAX, model::Unit::each()));
    let given = given.then([goods_issued("s1").parts(vec![most.clone(), most, at("dc-1", "1", -40)])]);
    let issued = ["issued dc-1 sku-1 1000000000000 EA", "issued dc-1 sku-1 1000000000000 EA"];
    assert!(issued.iter().all(|words| effects(&given).iter().any(|effect| effect == words)), "{:?}", effects(&given));
    assert!(given.state().stock_effects().iter().all(|effect| !effect.quantity.is_sign_negative()));
}

#[test]
fn goods_leave_from_each_place_that_was_named() {
    let parts = vec![at("dc-1", "1", 6), at("dc-1-yard", "1", 4)];
    let given = until("booked", &order(1)).then([goods_issued("s1").parts(parts)]);
    assert_eq!(effects(&given), ["issued dc-1 sku-1 6 EA", "issued dc-1-yard sku-1 4 EA"]);
}

#[test]
fn the_reservation_at_the_place_of_issue_goes_first() {
    let reserved = allocated("s1").parts(vec![at("hall-a", "1", 5), at("hall-b", "1", 5)]);
    let given = until("allocate asked", &order(1)).then([reserved]);
    let given = given.then([goods_issued("s1").parts(vec![at("yard", "1", 2), at("hall-b", "1", 5)])]);
    assert_eq!(effects(&given), ["issued yard sku-1 2 EA", "issued hall-b sku-1 5 EA", "reserved hall-a sku-1 3 EA"]);
}

#[test]
fn two_lines_of_one_item_are_reserved_apart() {
    let mut order = order(2);
    order.lines[1].sku = order.lines[0].sku.clone();
    let given = until("booked", &order).then([goods_issued("s1").of(&[(2, 10)])]);
    assert_eq!(effects(&given), ["reserved dc-1 sku-1 10 EA", "issued dc-1 sku-1 10 EA"]);
}

#[test]
fn a_closed_order_reserves_nothing_any_more() {
    let given = until("closed", &order(1));
    assert_eq!(effects(&given), ["issued dc-1 sku-1 10 EA"]);
}
