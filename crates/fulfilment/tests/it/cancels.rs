//! An order that is not wanted any more: what was asked is undone, newest first, and the order ends.

use fulfilment::Stage;
use model::{End, ExceptionKind, Lane, Milestone, Reason};

use crate::kit::{
    Given, accepted, allocated, cancel_requested, cancelled, delivered, eur, freight_invoiced, given, goods_issued,
    in_words, order, order_of, picked_up, refused, released, shipment_id, until, waived,
};

const CONFIRM: &str = "ask erp-1 to confirm the cancellation: recipient.cancelled";
const TELL: &str = "ask visibility to tell acme order.cancelled";

/// The ERP confirms the cancellation and the customer is told.
fn called_off(given: Given) -> Given {
    let given = given.decided().then([accepted("confirm_cancellation").at(30)]);
    given.decides(&[TELL]);
    given.decided().then([accepted("update_customer").at(31)])
}

#[test]
fn before_anything_is_asked_there_is_nothing_to_undo() {
    for finding in [Vec::new(), vec![model::Finding::UnknownCustomer(order(1).customer)]] {
        let news = [released(&order(1)), crate::kit::found(&order(1), finding), cancel_requested().at(0)];
        let given = given(news);
        given.decides(&[
            "commit to the release",
            CONFIRM,
            "wait 10days for cancel",
            "wait 4h for confirm_cancellation",
        ]);
        called_off(given).decides(&["end cancelled"]);
    }
}

#[test]
fn what_was_asked_is_undone_newest_first() {
    for stage in ["booked", "picked", "packed", "staged"] {
        let given = until(stage, &order(2)).then([cancel_requested().at(20)]);
        given.decides(&["ask tms-main to take back s1: SO-1001/book/s1", "wait 4h for cancel_booking-s1"]);
        let given = given.decided().then([accepted("cancel_booking/s1").at(21)]);
        given.decides(&["ask wms-1 to give back s1: SO-1001/allocate/s1", "wait 4h for cancel_allocation-s1"]);
        let given = given.decided().then([accepted("cancel_allocation/s1").at(22)]);
        given.decides(&[CONFIRM, "wait 10days for cancel", "wait 4h for confirm_cancellation"]);
        let given = called_off(given).decided();
        assert_eq!((given.state().ended(), given.problems()), (Some(End::Cancelled), Vec::new()));
        assert_eq!(given.state().stock_effects(), []);
        let composite = given.composite();
        assert_eq!((composite.stage, composite.milestone), (Stage::Cancelled, Some(Milestone::OrderCancelled)));
    }
}

#[test]
fn what_nobody_has_answered_yet_is_undone_all_the_same() {
    let given = until("allocate asked", &order(1)).then([cancel_requested().at(4)]);
    given.decides(&["ask wms-1 to give back s1: SO-1001/allocate/s1", "wait 4h for cancel_allocation-s1"]);
    // The warehouse's two messages have crossed ours.
    let given = given.decided().then([accepted("allocate/s1").at(5), allocated("s1").at(5)]);
    given.decides(&[]);
    given.then([accepted("cancel_allocation/s1").at(6)]).decides(&[
        CONFIRM,
        "wait 10days for cancel",
        "wait 4h for confirm_cancellation",
    ]);
}

#[test]
fn what_was_refused_needs_no_undoing() {
    let asked = until("allocated", &order(1));
    let given = asked.then([refused("book/s1", Reason::CarrierCapacity, None).at(5)]).decided();
    let given = given.then([cancel_requested().at(6)]);
    given.decides(&[
        "ask wms-1 to give back s1: SO-1001/allocate/s1",
        "wait 4h for cancel_allocation-s1",
        "resolve booking_refused s1",
    ]);
}

#[test]
fn the_erp_may_say_so_by_its_status_and_an_operator_may_want_it_too() {
    let given = until("allocate asked", &order(1));
    given.clone().then([cancelled().at(5)]).decides_among_others("ask wms-1 to give back s1: SO-1001/allocate/s1");
    let by_hand = given.clone().then([cancel_requested().by(Lane::Ops).at(5)]);
    by_hand.decides_among_others("ask wms-1 to give back s1: SO-1001/allocate/s1");
    // No warehouse and no other ERP may.
    for stranger in [cancel_requested().by(Lane::Wms), cancel_requested().from("erp-2")] {
        let claimed = given.clone().then([stranger.at(5)]);
        claimed.decides(&[]);
        assert_eq!(claimed.composite().claims[0].what, "cancel_requested");
    }
}

#[test]
fn what_has_left_goes_its_way_and_a_person_sees_it() {
    let too_late =
        "raise cancel_too_late s1: s1 had left when the order was cancelled (recipient.cancelled: bought elsewhere)";
    for stage in ["picked up", "goods issued", "delivered", "billed"] {
        until(stage, &order(2)).then([cancel_requested().at(20)]).decides(&[too_late]);
    }
    let given = until("goods issued", &order(2)).then([cancel_requested().at(20)]).decided();
    let given = given.then([delivered("s1").at(21)]).decided();
    let given =
        given.then([accepted("confirm_shipment"), accepted("bill"), accepted("update_customer")].map(|n| n.at(22)));
    let given = given.decided().then([freight_invoiced("s1", eur("100")).at(23)]).decided();
    assert_eq!((given.state().ended(), given.problems()), (None, vec!["cancel_too_late s1".to_owned()]));
    let detail = given.state().exceptions().next().unwrap().detail.clone();
    let waived = given.then([waived(ExceptionKind::CancelTooLate(shipment_id("s1")), &detail).at(24)]);
    waived.decides(&["resolve cancel_too_late s1", "end closed"]);
}

#[test]
fn of_two_shipments_the_one_that_has_not_left_is_undone_and_the_other_billed() {
    let given = until("staged", &order_of(&[1, 1]));
    let given = given.then([picked_up("s1").at(9), goods_issued("s1").at(9)]).decided();
    let given = given.then([cancel_requested().at(10)]);
    given.decides_among_others("ask tms-main to take back s2: SO-1001/book/s2");
    let given = given.decided().then([accepted("cancel_booking/s2").at(11)]).decided();
    let given = given.then([accepted("cancel_allocation/s2").at(12)]).decided();
    let given = given.then([delivered("s1").at(13)]);
    given.decides_among_others("ask erp-1 to confirm the shipment: 10 EA of line 1");
}

#[test]
fn goods_that_leave_while_they_are_called_back_are_seen() {
    let given = until("staged", &order(1)).then([cancel_requested().at(9)]).decided();
    let given = given.then([accepted("cancel_booking/s1").at(10)]).decided();
    let given = given.then([goods_issued("s1").at(11), picked_up("s1").at(11)]);
    given.decides_among_others(
        "raise cancel_too_late s1: s1 had left when the order was cancelled (recipient.cancelled: bought elsewhere)",
    );
}

#[test]
fn an_order_that_ended_cannot_be_cancelled() {
    let given = until("closed", &order(1)).then([cancel_requested().at(20)]);
    given.decides(&[
        "raise cancel_too_late s1: s1 had left when the order was cancelled (recipient.cancelled: bought elsewhere)",
    ]);
    assert_eq!(given.decided().state().ended(), Some(End::Closed));
}

#[test]
fn a_partner_that_does_not_undo_in_time_is_overdue() {
    let given = until("booked", &order(1)).then([cancel_requested().at(6)]).decided().due("cancel_booking-s1");
    // It is asked once more under the same id, and then it is for a person.
    given.decides(&["ask tms-main to take back s1: SO-1001/book/s1", "wait 4h for cancel_booking-s1-2"]);
    let given = given.decided().due("cancel_booking-s1-2");
    given.decides(&["raise overdue cancel_booking-s1-2: tms-main has not answered cancel_booking of s1"]);
}

#[test]
fn every_stage_can_be_cancelled_to_its_end() {
    for stage in crate::kit::STAGES {
        if ["unreleased", "released", "validated"].contains(&stage) {
            continue;
        }
        let mut given = until(stage, &order_of(&[1, 1])).then([cancel_requested().at(40)]).decided();
        // Everybody does what they are asked to.
        for round in 41..50 {
            let asked: Vec<String> = given.state().asks().map(|ask| ask.id.as_str().to_owned()).collect();
            let answers =
                asked.iter().filter_map(|ask| ask.strip_prefix("SO-1001/")).map(|ask| accepted(ask).at(round));
            given = given.then(answers.collect::<Vec<_>>()).decided();
        }
        let left = given.state().exceptions().any(|open| matches!(open.kind, ExceptionKind::CancelTooLate(_)));
        let over = given.state().ended().is_some();
        assert!(over || left, "{stage}: {:?}", in_words(&given.decisions(), given.now()));
        assert!(
            given
                .state()
                .stock_effects()
                .iter()
                .all(|effect| left || effect.kind == fulfilment::StockEffectKind::Issued)
        );
    }
}

#[test]
fn an_order_that_is_released_again_when_it_was_cancelled_is_seen() {
    let again = || [released(&order(2)).message(7).at(25)];
    let given = until("allocate asked", &order(1)).then([cancel_requested().at(4)]).decided();
    given.then(again()).decides(&[
        "raise changed: changed after it was committed: released again when it was cancelled; release it under another number",
    ]);
}
