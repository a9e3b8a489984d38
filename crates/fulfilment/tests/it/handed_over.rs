//! An order that another ERP takes over while it is under way.

use fulfilment::Stage;
use model::{Ask, End, Lane, Order, PartnerId, System};

use crate::kit::{
    Given, News, STAGES, accepted, allocated, billed, booked, cancel_requested, delivered, eur, freight_invoiced,
    given, goods_issued, handed_over, order, order_of, packed, picked, picked_up, released, staged, until, validated,
};

/// What is told at each stage.
fn told(stage: &str, order: &Order) -> Vec<News> {
    match stage {
        "released" => vec![released(order)],
        "validated" => vec![validated(order)],
        "allocated" => vec![accepted("allocate/s1"), allocated("s1")],
        "booked" => vec![accepted("book/s1"), booked("s1", Some(eur("100.00")))],
        "picked" => vec![picked("s1")],
        "packed" => vec![packed("s1")],
        "staged" => vec![staged("s1")],
        "picked up" => vec![picked_up("s1")],
        "goods issued" => vec![goods_issued("s1")],
        "delivered" => vec![delivered("s1")],
        "confirmed" => vec![accepted("confirm_shipment"), accepted("update_customer")],
        "billed" => vec![accepted("bill"), billed()],
        "freight invoiced" => vec![freight_invoiced("s1", eur("100.00"))],
        _ => Vec::new(),
    }
}

/// The ERP that tells something at a stage: whom it was asked of.
fn teller(given: &Given, stage: &str) -> &'static str {
    let kind = match stage {
        "confirmed" => "confirm_shipment",
        "billed" => "bill",
        _ => return "erp-1",
    };
    let asked = given.state().asks().find(|ask| ask.request.kind() == kind).unwrap();
    ["erp-1", "erp-2"].into_iter().find(|erp| asked.partner.as_str() == *erp).unwrap()
}

/// The good path of an order that is handed over at a stage, if at any, by whoever may.
fn path(handed: Option<(&str, Lane)>) -> Given {
    let (order, mut given) = (order(2), given([]));
    for (stage, hour) in STAGES.into_iter().zip(0..) {
        let erp = teller(&given, stage);
        let by = |news: News| if news.lane == Lane::Erp { news.from(erp) } else { news };
        given = given.then(told(stage, &order).into_iter().map(|news| by(news).at(hour))).decided();
        if let Some((at, by)) = handed
            && at == stage
        {
            let later = crate::kit::hour(hour).plus_millis(1);
            given = given.then([handed_over("erp-2").by(by).received(later)]).decided();
        }
    }
    given
}

fn asked_of(given: &Given, systems: &[System]) -> Vec<Ask> {
    given.state().asks().filter(|ask| systems.contains(&ask.system)).cloned().collect()
}

#[test]
fn warehouse_and_carrier_notice_nothing_whenever_an_order_is_handed_over() {
    let unmoved = path(None);
    assert_eq!(unmoved.state().ended(), Some(End::Closed));
    let outside = [System::Wms, System::Tms, System::View];
    for stage in STAGES.iter().skip(1) {
        for by in [Lane::Erp, Lane::Ops] {
            let moved = path(Some((stage, by)));
            assert_eq!(asked_of(&moved, &outside), asked_of(&unmoved, &outside), "{stage}");
            assert_eq!(moved.state().ended(), Some(End::Closed), "{stage} {by}: {:?}", moved.composite().exceptions);
            assert_eq!(moved.composite().milestone, unmoved.composite().milestone, "{stage}");
            assert_eq!(moved.state().erp().unwrap().as_str(), "erp-2");
        }
    }
}

#[test]
fn what_is_asked_of_the_erp_is_asked_of_the_one_that_has_the_order() {
    let erps = |given: &Given| -> Vec<PartnerId> {
        asked_of(given, &[System::Erp]).into_iter().map(|ask| ask.partner).collect()
    };
    let (first, second) = (PartnerId::new("erp-1").unwrap(), PartnerId::new("erp-2").unwrap());
    assert_eq!(erps(&path(Some(("picked", Lane::Ops)))), [second.clone(), second.clone()]);
    // The confirmation had been asked of the first, which answers it; the bill is the second's.
    let late = until("delivered", &order(1)).decided().then([handed_over("erp-2").at(11)]).decided();
    let late = late.then([accepted("confirm_shipment").at(12), accepted("update_customer").at(12)]).decided();
    assert_eq!(erps(&late), [first, second]);
}

#[test]
fn only_who_has_an_order_hands_it_over_and_its_word_counts_from_then_on() {
    let base = || until("picked", &order(1)).decided();
    let stranger = base().then([handed_over("erp-2").from("erp-9").at(8)]);
    assert_eq!(stranger.state().erp().unwrap().as_str(), "erp-1");
    let claims: Vec<String> = stranger.composite().claims.into_iter().map(|claim| claim.what).collect();
    assert_eq!(claims, ["handed_over"], "a stranger's word is shown and moves nothing");
    let moved = base().then([handed_over("erp-2").at(8)]).decided();
    let by_old = moved.clone().then([cancel_requested().at(9)]);
    by_old.decides(&[]);
    let claims: Vec<String> = by_old.composite().claims.into_iter().map(|claim| claim.what).collect();
    assert_eq!(claims, ["cancel_requested"]);
    let by_new = moved.clone().then([cancel_requested().from("erp-2").at(9)]).decided();
    assert!(by_new.state().asks().any(|ask| ask.request.kind() == "cancel_booking"));
    // What the first one told while it had the order stays told.
    let before = base().then([handed_over("erp-2").at(8), cancel_requested().at(7)]).decided();
    assert!(before.state().asks().any(|ask| ask.request.kind() == "cancel_booking"));
    let back = moved.then([handed_over("erp-1").from("erp-2").at(9), handed_over("erp-3").from("erp-2").at(10)]);
    assert_eq!(back.state().erp().unwrap().as_str(), "erp-1");
}

#[test]
fn the_new_erp_may_release_the_order_as_it_is_or_change_it() {
    let mut same = order_of(&[1, 1]);
    same.erp = PartnerId::new("erp-2").unwrap();
    let moved = until("allocated", &order_of(&[1, 1])).decided().then([handed_over("erp-2").at(6)]).decided();
    let again = moved.clone().then([released(&same).from("erp-2").at(7), validated(&same).from("erp-2").at(7)]);
    again.decides(&[]);
    assert_eq!(again.composite().stage, Stage::Warehouse);
    let mut less = same.clone();
    less.lines.pop();
    let less = moved.then([released(&less).from("erp-2").at(7), validated(&less).from("erp-2").at(7)]).decided();
    let kinds: Vec<&str> = less.state().asks().map(|ask| ask.request.kind()).collect();
    assert_eq!(kinds, ["allocate", "allocate", "book", "book", "cancel_booking", "cancel_booking"]);
}
