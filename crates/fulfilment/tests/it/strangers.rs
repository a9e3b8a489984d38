//! Partners are believed in what is their own: another warehouse's or carrier's word is kept and shown, and moves nothing.

use model::{Lane, Milestone, PartnerId};

use crate::kit::{
    Given, News, accepted, allocated, billed, booked, delayed, delivered, eur, failed, freight_invoiced, given,
    good_path, goods_issued, in_words, order, order_of, packed, picked, picked_up, proof_of_delivery, released,
    returned, staged, until, validated,
};

/// Whatever a warehouse may tell of the first shipment.
fn in_the_warehouse() -> Vec<News> {
    let ask = accepted("allocate/s1");
    let no = failed("allocate/s1", "no stock");
    vec![ask, no, allocated("s1"), picked("s1"), packed("s1"), staged("s1"), goods_issued("s1"), returned("s1")]
}

/// Whatever a carrier may tell of the first shipment.
fn on_the_road() -> Vec<News> {
    let (ask, booking, bill) = (accepted("book/s1"), booked("s1", Some(eur("7"))), freight_invoiced("s1", eur("900")));
    let no = failed("book/s1", "no truck");
    vec![ask, no, booking, bill, picked_up("s1"), delivered("s1"), proof_of_delivery("s1"), delayed("s1")]
}

#[track_caller]
fn moves_nothing(before: &Given, news: &[News]) {
    let after = before.clone().then(news.iter().cloned());
    assert_eq!(in_words(&after.decisions(), after.now()), in_words(&before.decisions(), before.now()));
    assert_eq!(after.lines(), before.lines());
    assert_eq!(after.state().stock_effects(), before.state().stock_effects());
    let (mut shown, was) = (after.composite(), before.composite());
    assert_eq!(shown.claims.len(), was.claims.len() + news.len());
    shown.claims = was.claims.clone();
    assert_eq!(shown, was);
}

#[test]
fn another_warehouse_moves_nothing() {
    // One that was never asked anything, and one that has another shipment of the order.
    for stranger in ["wms-9", "wms-2"] {
        let news: Vec<News> = in_the_warehouse().into_iter().map(|news| news.from(stranger).at(15)).collect();
        let parts: Vec<News> =
            news.iter().filter(|n| n.milestone().is_some()).map(|n| n.clone().of(&[(1, 99)])).collect();
        for stage in ["validated", "allocate asked", "allocated", "picked", "goods issued", "delivered", "closed"] {
            moves_nothing(&until(stage, &order_of(&[1, 1])), &news);
            moves_nothing(&until(stage, &order_of(&[1, 1])), &parts);
        }
    }
}

#[test]
fn a_carrier_that_was_not_asked_moves_nothing() {
    let news: Vec<News> = on_the_road().into_iter().map(|news| news.from("tms-9").at(15)).collect();
    for stage in ["validated", "allocate asked", "allocated", "booked", "goods issued", "delivered", "closed"] {
        moves_nothing(&until(stage, &order(1)), &news);
    }
}

#[test]
fn what_the_tms_tells_before_it_is_asked_is_a_claim_until_it_is() {
    let asked = until("allocate asked", &order(1));
    moves_nothing(&asked, &[picked_up("s1").at(3)]);
    let given = asked.then([picked_up("s1").at(3), accepted("allocate/s1").at(4), allocated("s1").at(4)]);
    given.decides_among_others("wait 4h for goods_issue-s1");
    let composite = given.decided().composite();
    assert_eq!((composite.claims.len(), composite.rank >= Milestone::TransportPickedUp.rank()), (0, false));
    assert_eq!(composite.milestone, Some(Milestone::FulfilmentAllocated), "it was reserved an hour later");
}

#[test]
fn what_is_told_of_the_order_counts_for_the_tellers_own_shipments() {
    let given = until("booked", &order_of(&[1, 1])).then([goods_issued("s1").of_the_order().from("wms-2").at(12)]);
    let shipped: Vec<i64> = given.lines().iter().map(|line| i64::try_from(line.shipped).unwrap()).collect();
    assert_eq!(shipped, [0, 10]);
    let issued: Vec<_> = given.composite().shipments.into_iter().map(|shipment| shipment.milestone).collect();
    assert_eq!(issued, [Some(Milestone::FulfilmentAllocated), Some(Milestone::FulfilmentGoodsIssued)]);
}

#[test]
fn another_erp_neither_bills_nor_cancels() {
    let cancelled = crate::kit::cancelled();
    let news =
        [billed(), cancelled, accepted("confirm_shipment"), accepted("bill")].map(|news| news.from("erp-9").at(15));
    for stage in ["validated", "picked", "delivered"] {
        moves_nothing(&until(stage, &order(1)), &news);
    }
}

#[test]
fn a_claim_says_which_partner_claims_it() {
    let composite = until("booked", &order(1)).then([picked("s1").from("wms-9")]).composite();
    let claim = &composite.claims[0];
    assert_eq!(
        (claim.lane, claim.what.as_str(), claim.partner.as_deref()),
        (Lane::Wms, "fulfilment.picked", Some("wms-9"))
    );
}

#[test]
fn an_operator_is_believed_whoever_the_partners_are() {
    let given = until("booked", &order(1)).then([picked("s1").by(Lane::Ops)]);
    assert_eq!((given.lines()[0].picked, given.composite().claims.len()), (10.into(), 0));
}

#[test]
fn the_warehouse_that_was_asked_stays_the_shipments_own() {
    // The location is run by another system from now on; what was asked was asked of the one before.
    let mut moved = validated(&order(1));
    if let model::Fact::Validated(validation) = &mut moved.fact {
        validation.sources[0].wms = PartnerId::new("wms-9").unwrap();
    }
    let given = until("allocated", &order(1)).then([released(&order(1)).message(2).at(9), moved.at(9)]);
    assert_eq!(given.clone().then([picked("s1").at(10)]).lines()[0].picked, 10.into());
    moves_nothing(&given, &[picked("s1").from("wms-9").at(10)]);
}

#[test]
fn on_the_good_path_nobody_claims_anything() {
    let order = order_of(&[2, 1]);
    let all = given(good_path(&order)).decided();
    assert_eq!((all.composite().claims, all.problems()), (Vec::new(), Vec::new()));
}
