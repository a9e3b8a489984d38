//! The eight rules of the composite status.

use fulfilment::{Composite, Stage};
use model::{Classifier, Lane, Milestone, Reason, When};

use crate::kit::{
    Given, News, STAGES, accepted, allocated, billed, booked, cancelled, delayed, delivered, given, good_path,
    goods_issued, hour, in_transit, no_longer_delayed, order, order_of, partly_delivered, picked, picked_up,
    proof_of_delivery, reached, released, returned, until, validated,
};

/// Given a released order of these many shipments, one line each, that the TMS was asked to book.
fn shipments(number: usize) -> Given {
    let order = order_of(&vec![1; number]);
    given([released(&order), validated(&order)]).booking_asked(number)
}

fn stands_at(composite: &Composite) -> (Option<Milestone>, bool) {
    assert_eq!(composite.rank, composite.milestone.map_or(0, Milestone::rank));
    (composite.milestone, composite.partial)
}

// ---- 1: what is told twice is told once ----

#[test]
fn a_repeat_changes_nothing() {
    let once = shipments(1).then([delayed("s1"), picked_up("s1").at(2)]);
    let again = once.clone().then([delayed("s1"), picked_up("s1").at(2).received(hour(30))]);
    assert_eq!(again.composite(), once.composite());
    assert_eq!(again.state().facts().count(), 4);
}

// ---- 2: only what happened moves the status; what is expected moves the ETA ----

#[test]
fn an_estimate_moves_the_eta_and_not_the_status() {
    let expected = delivered("s1").in_the_sense(Classifier::Estimated).said("2026-03-05T15:00:00Z");
    let composite = shipments(1).then([picked_up("s1").at(2), expected.received(hour(3))]).composite();
    assert_eq!(stands_at(&composite), (Some(Milestone::TransportPickedUp), false));
    assert_eq!(composite.eta, Some(When::parse("2026-03-05T15:00:00Z").unwrap()));
}

#[test]
fn the_last_estimate_counts_and_delivery_ends_it() {
    let expected =
        |when: &str, told| delivered("s1").in_the_sense(Classifier::Estimated).said(when).received(hour(told));
    let planned = delivered("s1").in_the_sense(Classifier::Planned).said("2026-03-04").received(hour(2));
    let given = shipments(1).then([expected("2026-03-09", 5), expected("2026-03-07", 4), planned]);
    assert_eq!(given.composite().eta, Some(When::parse("2026-03-09").unwrap()));
    assert_eq!(given.then([delivered("s1").at(9)]).composite().eta, None);
}

#[test]
fn the_order_arrives_with_its_last_shipment() {
    let expected =
        |shipment, when: &str| delivered(shipment).in_the_sense(Classifier::Estimated).said(when).received(hour(2));
    let given = shipments(2).then([expected("s1", "2026-03-09"), expected("s2", "2026-03-07")]);
    assert_eq!(given.composite().eta, Some(When::parse("2026-03-09").unwrap()));
    let given = given.then([delivered("s1").at(9)]);
    assert_eq!(given.composite().eta, Some(When::parse("2026-03-07").unwrap()));
}

#[test]
fn what_was_asked_for_moves_nothing() {
    let wish = delivered("s1").in_the_sense(Classifier::Requested).said("2026-03-05");
    let other = picked("s1").in_the_sense(Classifier::Planned);
    assert_eq!(shipments(1).then([wish, other]).composite(), shipments(1).composite());
}

// ---- 3: the fold order is occurred, rank, received, id ----

#[test]
fn what_happened_last_counts_not_what_was_told_last() {
    let news = [in_transit("s1").at(5), picked_up("s1").at(3).received(hour(9))];
    assert_eq!(shipments(1).then(news).composite().milestone, Some(Milestone::TransportInTransit));
}

#[test]
fn at_one_moment_the_higher_rank_is_later() {
    let news = [delivered("s1").at(5), in_transit("s1").at(5).received(hour(8))];
    assert_eq!(shipments(1).then(news).composite().milestone, Some(Milestone::TransportDelivered));
}

#[test]
fn a_date_without_a_time_ties_with_all_of_its_day() {
    let day = |news: News| news.said("2026-03-03").received(hour(30));
    // Picked at ten, "picked up" some time that day: only the rank can say which came later.
    let news = [picked("s1").said("2026-03-03T10:00:00Z"), day(picked_up("s1"))];
    assert_eq!(shipments(1).then(news).composite().milestone, Some(Milestone::TransportPickedUp));
    let news = [day(picked("s1")), picked_up("s1").said("2026-03-03T00:10:00Z").received(hour(30))];
    assert_eq!(shipments(1).then(news).composite().milestone, Some(Milestone::TransportPickedUp));
    // The day before and the day after do not tie.
    let news = [day(picked_up("s1")), allocated("s1").said("2026-03-04T00:00:00Z").received(hour(50))];
    assert_eq!(shipments(1).then(news).composite().milestone, Some(Milestone::FulfilmentAllocated));
}

#[test]
fn a_date_with_a_zone_is_the_day_it_names() {
    // The third of March begins at 23:00 UTC on the second, in Paris.
    let mut paris = When::day("2026-03-03".parse().unwrap());
    paris.at = paris.at.plus_millis(-3_600_000);
    paris.zone = model::Zone::Offset(60);
    let news = [
        picked_up("s1").occurred(paris).received(hour(40)),
        picked("s1").said("2026-03-03T09:00:00Z").received(hour(40)),
    ];
    assert_eq!(shipments(1).then(news).composite().milestone, Some(Milestone::TransportPickedUp));
}

// ---- 4: each system is believed in its own ----

#[test]
fn another_systems_word_is_a_claim() {
    let news = [delivered("s1").by(Lane::Wms), goods_issued("s1").by(Lane::Tms), picked("s1").by(Lane::Erp)];
    let composite = shipments(1).then(news).composite();
    assert_eq!(composite.milestone, Some(Milestone::OrderReceived));
    let claims: Vec<(Lane, &str)> = composite.claims.iter().map(|claim| (claim.lane, claim.what.as_str())).collect();
    assert_eq!(
        claims,
        [(Lane::Erp, "fulfilment.picked"), (Lane::Wms, "transport.delivered"), (Lane::Tms, "fulfilment.goods_issued"),]
    );
}

#[test]
fn what_is_no_milestone_is_claimed_too() {
    let news = [billed().by(Lane::Tms), delayed("s1").by(Lane::Erp), booked("s1", None).by(Lane::Wms)];
    let composite = shipments(1).then(news).composite();
    let claims: Vec<&str> = composite.claims.iter().map(|claim| claim.what.as_str()).collect();
    assert_eq!(claims, ["delayed", "booked", "billed"]);
    assert_eq!((composite.conditions.len(), composite.shipments[0].carrier.as_deref()), (0, None));
}

#[test]
fn each_milestone_is_believed_from_its_own_system_only() {
    for milestone in Milestone::ALL {
        for lane in [Lane::Erp, Lane::Wms, Lane::Tms, Lane::View] {
            let news = reached(lane, milestone, "s1");
            let own = milestone.authority().is_none_or(|authority| lane == authority.lane());
            let brings_back = milestone == Milestone::TransportReturned && lane == Lane::Tms;
            let told = fulfilment::state::may_tell(lane, &news.fact);
            assert_eq!(told, own || brings_back, "{lane} tells {milestone}");
        }
        assert!(fulfilment::state::may_tell(Lane::Ops, &reached(Lane::Ops, milestone, "s1").fact));
    }
}

#[test]
fn a_carrier_that_has_the_goods_is_believed_though_nothing_was_issued() {
    for milestone in Milestone::ALL.into_iter().filter(|m| (90..=160).contains(&m.rank()) && m.rank() != 91) {
        let composite = until("staged", &order(1)).then([reached(Lane::Tms, milestone, "s1").at(12)]).composite();
        assert_eq!(composite.milestone, Some(milestone));
    }
}

// ---- 5: terminal is sticky ----

#[test]
fn nothing_that_is_told_after_the_delivery_undoes_it() {
    let given = shipments(1).then([delivered("s1").at(5), in_transit("s1").at(3).received(hour(6))]);
    assert_eq!(given.composite().milestone, Some(Milestone::TransportDelivered));
    let given = given.then([in_transit("s1").at(8), picked_up("s1").at(9)]);
    assert_eq!(given.composite().milestone, Some(Milestone::TransportDelivered));
    assert_eq!(
        given.then([proof_of_delivery("s1").at(9)]).composite().milestone,
        Some(Milestone::TransportPodReceived)
    );
}

#[test]
fn what_comes_back_was_delivered_and_is_never_on_its_way_again() {
    let returning = reached(Lane::Tms, Milestone::TransportReturning, "s1").at(6);
    let given = shipments(1).then([delivered("s1").at(5), returning, in_transit("s1").at(7)]);
    assert_eq!(given.composite().milestone, Some(Milestone::TransportReturning));
    let given = given.then([returned("s1").at(8), delivered("s1").at(9)]);
    assert_eq!(given.composite().milestone, Some(Milestone::TransportReturned));
}

#[test]
fn a_cancelled_order_stays_cancelled() {
    let composite = shipments(1).then([cancelled().at(3), picked_up("s1").at(5)]).composite();
    assert_eq!(stands_at(&composite), (Some(Milestone::OrderCancelled), false));
}

// ---- 6: what is said to have happened in the future ----

#[test]
fn the_future_is_flagged_and_orders_nothing() {
    let received = |when: &str| when.parse().unwrap();
    let told_at = received("2026-03-03T10:00:00Z");
    for (said, flagged) in [
        ("2026-03-03T10:15:00Z", false),
        ("2026-03-03T10:15:00.001Z", true),
        // Without a zone it may be any hour of the day.
        ("2026-03-04T10:00:00", false),
        ("2026-03-04T10:00:01", true),
        ("2026-03-04", false),
        ("2026-03-05", true),
    ] {
        let composite = shipments(1).then([picked_up("s1").said(said).received(told_at)]).composite();
        let expected = if flagged { Milestone::OrderReceived } else { Milestone::TransportPickedUp };
        assert_eq!(composite.milestone, Some(expected), "{said}");
        assert_eq!(composite.flagged.len(), usize::from(flagged), "{said}");
    }
}

#[test]
fn a_flag_says_who_told_what() {
    let composite = shipments(1).then([picked_up("s1").said("2027-01-01T00:00:00Z").received(hour(2))]).composite();
    let flag = &composite.flagged[0];
    assert_eq!((flag.lane, flag.milestone, flag.received), (Lane::Tms, Milestone::TransportPickedUp, hour(2)));
    assert_eq!(flag.occurred, When::parse("2027-01-01T00:00:00Z").unwrap());
}

// ---- 7: a condition clears when said so, or when things go on ----

#[test]
fn a_condition_stands_until_it_is_said_to_be_over() {
    let given = shipments(1).then([picked_up("s1").at(2), delayed("s1").at(3)]);
    let open = given.composite().conditions;
    assert_eq!((open.len(), open[0].reason, open[0].since), (1, Reason::Weather, When::exact(hour(3))));
    assert_eq!(given.then([no_longer_delayed("s1").at(4)]).composite().conditions, []);
}

#[test]
fn a_condition_is_over_when_the_goods_move_on() {
    let given = shipments(2).then([picked_up("s1").at(2), delayed("s1").at(3)]);
    let open = |given: Given| given.composite().conditions.len();
    assert_eq!(open(given.clone().then([in_transit("s1").at(4)])), 0);
    // Not by what happened before, by what the warehouse does, by another shipment, or by a vain attempt.
    assert_eq!(open(given.clone().then([in_transit("s1").at(2).received(hour(9))])), 1);
    assert_eq!(open(given.clone().then([picked("s1").at(4)])), 1);
    assert_eq!(open(given.clone().then([in_transit("s2").at(4)])), 1);
    assert_eq!(open(given.clone().then([reached(Lane::Tms, Milestone::TransportDeliveryAttempted, "s1").at(4)])), 1);
    assert_eq!(open(given.then([in_transit("s1").in_the_sense(Classifier::Estimated).at(4)])), 1);
}

#[test]
fn a_condition_known_by_its_date_stands_all_day() {
    let day = |news: News| news.said("2026-03-03").received(hour(40));
    let open = |news: Vec<News>| shipments(1).then(news).composite().conditions.len();
    let same_day = || in_transit("s1").said("2026-03-03T18:00:00Z").received(hour(40));
    let next_day = || in_transit("s1").said("2026-03-04T01:00:00Z").received(hour(50));
    assert_eq!(open(vec![day(delayed("s1")), same_day()]), 1);
    assert_eq!(open(vec![day(delayed("s1")), next_day()]), 0);
    // Opened and resolved on one day, and only the day is known of one or both.
    assert_eq!(open(vec![day(delayed("s1")), day(no_longer_delayed("s1"))]), 0);
    let at_nine = |news: News| news.said("2026-03-03T09:00:00Z").received(hour(40));
    assert_eq!(open(vec![day(delayed("s1")), at_nine(no_longer_delayed("s1"))]), 0);
    assert_eq!(open(vec![at_nine(delayed("s1")), day(no_longer_delayed("s1"))]), 0);
}

#[test]
fn a_condition_said_to_lie_in_the_future_counts_for_when_it_was_said() {
    let future = delayed("s1").said("2027-01-01T00:00:00Z").received(hour(3));
    let given = shipments(1).then([picked_up("s1").at(2), future]);
    assert_eq!(given.composite().conditions.len(), 1);
    assert_eq!(given.then([in_transit("s1").at(5)]).composite().conditions, []);
}

#[test]
fn a_condition_of_the_order_is_over_when_any_of_it_moves() {
    let given = shipments(2).then([delayed("s1").of_the_order().at(3)]);
    assert_eq!(given.composite().conditions.len(), 1);
    assert_eq!(given.then([in_transit("s2").at(4)]).composite().conditions, []);
}

// ---- 8: parcel, shipment, order ----

#[test]
fn a_shipment_is_where_its_last_parcel_is() {
    let parcel = |news: News, parcel: &str| news.parcel(parcel);
    let given = shipments(1).then([parcel(picked_up("s1").at(2), "p1"), parcel(picked_up("s1").at(2), "p2")]);
    assert_eq!(stands_at(&given.composite()), (Some(Milestone::TransportPickedUp), false));
    let given = given.then([delivered("s1").parcel("p1").at(5)]);
    assert_eq!(stands_at(&given.composite()), (Some(Milestone::TransportPickedUp), true));
    let given = given.then([delivered("s1").parcel("p2").at(7)]);
    assert_eq!(stands_at(&given.composite()), (Some(Milestone::TransportDelivered), false));
    assert_eq!(given.composite().shipments[0].since, Some(When::exact(hour(7))));
}

#[test]
fn an_order_is_where_its_last_shipment_is() {
    let given = shipments(2).then([allocated("s1").at(2), allocated("s2").at(2), picked_up("s1").at(3)]);
    assert_eq!(stands_at(&given.composite()), (Some(Milestone::FulfilmentAllocated), true));
    assert_eq!(given.composite().stage, Stage::Transport);
    let given = given.then([delivered("s1").at(5), delivered("s2").at(6)]);
    assert_eq!(stands_at(&given.composite()), (Some(Milestone::TransportDelivered), false));
    assert_eq!(given.composite().stage, Stage::Closing);
}

#[test]
fn what_will_not_arrive_holds_up_nobody() {
    let gone = reached(Lane::Tms, Milestone::TransportCancelled, "s1").at(3);
    let given = shipments(2).then([gone, delivered("s2").at(5)]);
    assert_eq!(stands_at(&given.composite()), (Some(Milestone::TransportDelivered), false));
    let all = shipments(1).then([returned("s1").at(6)]);
    assert_eq!(stands_at(&all.composite()), (Some(Milestone::TransportReturned), false));
}

#[test]
fn a_part_of_a_shipment_makes_it_partial() {
    let given = shipments(1).then([partly_delivered("s1").at(5)]);
    assert_eq!(stands_at(&given.composite()), (Some(Milestone::TransportPartiallyDelivered), true));
}

#[test]
fn an_invoice_makes_no_order_further_than_its_goods() {
    let given = shipments(1).then([picked_up("s1").at(3), billed().at(4)]);
    assert_eq!(given.composite().milestone, Some(Milestone::TransportPickedUp));
    assert_eq!(given.then([delivered("s1").at(5)]).composite().milestone, Some(Milestone::FinanceInvoiced));
}

#[test]
fn a_shipment_nobody_planned_is_a_claim() {
    let composite = shipments(1).then([picked_up("s1").at(2), delivered("s9").at(2)]).composite();
    let shown: Vec<&str> = composite.shipments.iter().map(|shipment| shipment.shipment.as_str()).collect();
    assert_eq!(shown, ["s1"]);
    assert_eq!(composite.milestone, Some(Milestone::TransportPickedUp));
    assert_eq!((composite.claims.len(), composite.claims[0].what.as_str()), (1, "transport.delivered"));
}

#[test]
fn whatever_is_told_of_an_order_that_nobody_released_is_a_claim() {
    let told = [picked("s1").at(2), delivered("s1").at(3), delayed("s1").at(3), billed().at(4)];
    let composite = given(told.clone()).composite();
    assert_eq!((composite.stage, composite.milestone, composite.shipments.len()), (Stage::Unreleased, None, 0));
    assert_eq!((composite.claims.len(), composite.conditions.len()), (4, 0));
    // Once it is released and its partners are asked, it is told of their own.
    assert_eq!(shipments(1).then(told).composite().claims, []);
}

#[test]
fn the_good_path_ends_where_it_should() {
    let order = order_of(&[1, 2]);
    let stages: Vec<Stage> = STAGES.iter().map(|stage| until(stage, &order).composite().stage).collect();
    assert!(stages.is_sorted(), "{stages:?}");
    assert_eq!(stages.first(), Some(&Stage::Unreleased));
    let closed = until("closed", &order).composite();
    assert_eq!((closed.stage, closed.milestone), (Stage::Closed, Some(Milestone::FinanceInvoiced)));
    assert_eq!(closed.shipments[1].tracking.as_deref(), Some("WB-s2"));
    assert_eq!((closed.claims.len(), closed.flagged.len(), closed.exceptions.len()), (0, 0, 0));
    assert_eq!(closed.customer.map(|customer| customer.to_string()).as_deref(), Some("acme"));
    assert_eq!(given(good_path(&order)).decided().composite().milestone, Some(Milestone::FinanceInvoiced));
}

#[test]
fn what_is_undone_or_given_up_does_not_hold_down_the_order() {
    let asked = |given: Given| given.decided();
    let given = until("booked", &order_of(&[1, 1])).then([goods_issued("s1").at(8), picked_up("s1").at(8)]);
    let given = asked(given.then([crate::kit::cancel_requested().at(9)]));
    let given = asked(given.then([accepted("cancel_booking/s2").at(10)]));
    assert!(!given.composite().shipments[1].undone, "the warehouse still holds it");
    let given = asked(given.then([accepted("cancel_allocation/s2").at(11)]));
    let composite = given.then([delivered("s1").at(12)]).composite();
    assert_eq!(composite.shipments.iter().map(|shipment| shipment.undone).collect::<Vec<_>>(), [false, true]);
    assert_eq!(stands_at(&composite), (Some(Milestone::TransportDelivered), false));
    // A shipment that a person goes on without.
    let refused = shipments(2).then([crate::kit::refused("book/s2", Reason::CarrierCapacity, None).at(2)]).decided();
    let kind = model::ExceptionKind::BookingRefused(crate::kit::shipment_id("s2"));
    let detail = refused.state().exceptions().find(|open| open.kind == kind).unwrap().detail.clone();
    let given = refused.then([crate::kit::waived(kind, &detail).at(3)]).decided().then([delivered("s1").at(9)]);
    assert!(!given.composite().shipments[1].undone, "its stock is still reserved");
}

#[test]
fn what_no_table_translates_is_kept_and_moves_nothing() {
    let unknown = |lane| reached(lane, Milestone::Unknown, "s1").received(hour(40));
    let before = shipments(1).then([picked("s1")]).composite();
    for lane in [Lane::Erp, Lane::Wms, Lane::Tms] {
        let after = shipments(1).then([picked("s1"), unknown(lane)]);
        assert_eq!(after.composite(), before, "{lane}");
        assert!(after.state().facts().any(|(_, held)| held.lane == lane && held.received == hour(40)));
    }
    let nothing_else = given([unknown(Lane::Tms)]).composite();
    assert_eq!((nothing_else.milestone, nothing_else.rank), (None, 0));
}
