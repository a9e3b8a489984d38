//! What a shipment lacks before it leaves: back-orders and short picks.

use model::{ExceptionKind, Milestone};

use crate::kit::{
    Given, accepted, allocated, booked, cancel_requested, delivered, eur, freight_invoiced, given, goods_issued, held,
    let_go, order, order_of, packed, picked, released, returned, shipment_id, until, validated, waived,
};

const BACK_ORDER: &str = "[allocation]\nshort = \"back_order\"\n[picking]\nshort = \"back_order\"";
const SHIP: &str = "[allocation]\nshort = \"ship\"\n[picking]\nshort = \"ship\"";

/// Two lines of ten pieces, of which seven of the second are there.
fn reserved_short(policy: &str) -> Given {
    let given = given([released(&order(2)), validated(&order(2))]).policy(policy).decided();
    given.then([accepted("allocate/s1").at(2), allocated("s1").of(&[(1, 10), (2, 7)]).at(2)])
}

/// Everything goes well with a shipment from its booking to the carrier's bill.
fn ships(given: Given, shipment: &str, lines: &[(u32, i64)], hour: i64) -> Given {
    let given = given.then([
        accepted(&format!("book/{shipment}")).at(hour),
        booked(shipment, Some(eur("100"))).at(hour),
        picked(shipment).of(lines).at(hour),
        packed(shipment).of(lines).at(hour),
        goods_issued(shipment).of(lines).at(hour),
    ]);
    given
        .decided()
        .then([delivered(shipment).of(lines).at(hour + 1), freight_invoiced(shipment, eur("100")).at(hour + 2)])
}

/// The ERP and the customer take note.
pub fn closes(given: Given, hour: i64) {
    let answers = ["confirm_shipment", "update_customer"].map(|ask| accepted(ask).at(hour));
    let given = given.decided().then(answers).decided().then([accepted("bill").at(hour)]);
    given.decides(&["end closed"]);
}

/// The warehouse of `s1` tells it of a shipment that was made of another.
pub fn by_the_same_warehouse(given: Given, shipment: &str, lines: &[(u32, i64)], hour: i64) -> Given {
    let ask = format!("allocate/{shipment}");
    given.then([accepted(&ask).from("wms-1").at(hour), allocated(shipment).from("wms-1").of(lines).at(hour)])
}

#[test]
fn the_rest_of_a_short_reservation_is_a_back_order() {
    let given = reserved_short(BACK_ORDER);
    given.decides(&[
        "split s2 off s1, not reserved: 3 EA of line 2",
        "ask wms-1 to allocate s2 at dc-1: 3 EA of line 2",
        "ask tms-main to book s1 from dc-1: 10 EA of line 1, 7 EA of line 2",
        "wait 4h for book-s1",
        "wait 3days for ship-s1",
        "wait 14days for deliver-s1",
        "wait 4h for allocate-s2",
    ]);
    let given = given.decided();
    // The warehouse takes it, and reserves it when it has it.
    let given = given.then([accepted("allocate/s2").from("wms-1").at(3)]);
    given.decides(&["wait 30days for back_order-s2"]);
    let late = given.clone().decided().due("back_order-s2");
    late.decides(&["raise overdue back_order-s2: the warehouse has not reserved s2"]);

    let given = ships(given.decided(), "s1", &[(1, 10), (2, 7)], 5).decided();
    assert_eq!(given.problems(), Vec::<String>::new());
    assert!(given.state().ask(&crate::kit::ask_id("confirm_shipment")).is_none(), "some of it is still to come");
    let given = given.then([allocated("s2").from("wms-1").of(&[(2, 3)]).at(200)]);
    given.decides_among_others("ask tms-main to book s2 from dc-1: 3 EA of line 2");
    let given = by_wms_1(given.decided(), "s2", &[(2, 3)], 210);
    given.decides_among_others("ask erp-1 to confirm the shipment: 10 EA of line 1, 10 EA of line 2");
    assert_eq!(given.lines()[1].delivered, 10.into());
    closes(given, 220);
}

/// As [`ships`], by the warehouse of `s1`.
pub fn by_wms_1(given: Given, shipment: &str, lines: &[(u32, i64)], hour: i64) -> Given {
    let steps = [picked(shipment), packed(shipment), goods_issued(shipment)];
    let steps = steps.map(|news| news.from("wms-1").of(lines).at(hour));
    let given =
        given.then([accepted(&format!("book/{shipment}")).at(hour), booked(shipment, Some(eur("100"))).at(hour)]);
    let given = given.then(steps).decided();
    given.then([delivered(shipment).of(lines).at(hour + 1), freight_invoiced(shipment, eur("100")).at(hour + 2)])
}

#[test]
fn a_shipment_of_which_nothing_is_there_waits_for_stock_as_a_whole() {
    let nothing = [accepted("allocate/s1").at(2), allocated("s1").of(&[(1, 0), (2, 0)]).at(2)];
    let given = given([released(&order(2)), validated(&order(2))]).policy(BACK_ORDER).decided().then(nothing);
    given.decides(&["wait 30days for back_order-s1"]);
    let given = given.decided().then([allocated("s1").message(2).of(&[(1, 10), (2, 10)]).at(90)]);
    given.decides_among_others("ask tms-main to book s1 from dc-1: 10 EA of line 1, 10 EA of line 2");
}

#[test]
fn a_back_order_that_comes_in_parts_is_split_again() {
    let given = by_the_same_warehouse(reserved_short(BACK_ORDER).decided(), "s2", &[(2, 1)], 50);
    given.decides_among_others("split s3 off s2, not reserved: 2 EA of line 2");
    given.decides_among_others("ask tms-main to book s2 from dc-1: 1 EA of line 2");
}

#[test]
fn nothing_is_split_off_an_order_that_is_held_back_or_cancelled() {
    let held_back = given([released(&order(2)), validated(&order(2))]).policy(BACK_ORDER).decided().then([
        held().at(2),
        accepted("allocate/s1").at(2),
        allocated("s1").of(&[(1, 10), (2, 7)]).at(2),
    ]);
    held_back.decides(&["wait 7days for hold"]);
    held_back.decided().then([let_go().at(4)]).decides_among_others("split s2 off s1, not reserved: 3 EA of line 2");

    let cancelled = reserved_short(BACK_ORDER).decided().then([cancel_requested().at(4)]);
    cancelled.decides_among_others("ask wms-1 to give back s2: SO-1001/allocate/s2");
    cancelled.decides_among_others("ask tms-main to take back s1: SO-1001/book/s1");
}

#[test]
fn a_short_pick_after_a_full_reservation_is_for_a_person() {
    let given = until("booked", &order(2)).then([goods_issued("s1").of(&[(1, 10), (2, 6)]).at(8)]);
    given.decides(&["wait 4h for rest_shipped-s1"]);
    // The rest may follow on a second truck.
    let followed = given.clone().decided().then([goods_issued("s1").of(&[(2, 4)]).message(2).at(9)]);
    followed.clone().due("rest_shipped-s1").decides(&[]);
    assert_eq!(followed.lines()[1].shipped, 10.into());

    let given = given.decided().then([delivered("s1").of(&[(1, 10), (2, 6)]).at(10)]);
    assert!(given.clone().decided().state().ask(&crate::kit::ask_id("confirm_shipment")).is_none(), "not decided yet");
    let given = given.decided().due("rest_shipped-s1");
    given.decides(&["raise shipped_short s1: wms-1 did not ship 4 EA of line 2"]);
    let given = given.decided();
    let detail = given.state().exceptions().next().unwrap().detail.clone();
    let given = given.then([waived(ExceptionKind::ShippedShort(shipment_id("s1")), &detail).at(16)]);
    given.decides_among_others("ask erp-1 to confirm the shipment: 10 EA of line 1, 6 EA of line 2");
    closes(given.decided().then([freight_invoiced("s1", eur("100")).at(16)]), 17);
}

#[test]
fn a_short_pick_is_shipped_or_back_ordered_by_policy() {
    let short = |policy| {
        let given = until("booked", &order(2)).policy(policy).then([goods_issued("s1").of(&[(1, 10), (2, 6)]).at(8)]);
        given.decided().then([delivered("s1").of(&[(1, 10), (2, 6)]).at(10), freight_invoiced("s1", eur("100")).at(11)])
    };
    let shipped = short(SHIP);
    shipped.decides(&["wait 10days for close"]);
    let shipped = shipped.decided().due("rest_shipped-s1");
    shipped.decides_among_others("ask erp-1 to confirm the shipment: 10 EA of line 1, 6 EA of line 2");
    closes(shipped, 12);

    let ordered = short(BACK_ORDER).decided();
    assert!(ordered.state().ask(&crate::kit::ask_id("confirm_shipment")).is_none(), "the rest is still to come");
    let ordered = ordered.due("rest_shipped-s1");
    ordered.decides(&[
        "split s2 off s1, not shipped: 4 EA of line 2",
        "ask wms-1 to allocate s2 at dc-1: 4 EA of line 2",
        "wait 4h for allocate-s2",
    ]);
    let ordered = by_the_same_warehouse(ordered.decided(), "s2", &[(2, 4)], 30).decided();
    closes(by_wms_1(ordered, "s2", &[(2, 4)], 31), 40);
}

#[test]
fn what_is_reserved_of_a_short_pick_is_free_again() {
    let given = until("booked", &order(1)).policy(BACK_ORDER);
    let given = given.then([goods_issued("s1").of(&[(1, 6)]).at(8)]).decided().due("rest_shipped-s1").decided();
    let effects = given.state().stock_effects();
    let effects: Vec<_> = effects.iter().map(|effect| (effect.kind, effect.quantity)).collect();
    assert_eq!(effects, [(fulfilment::StockEffectKind::Issued, 6.into())]);
}

#[test]
fn what_is_shipped_beyond_what_was_left_to_ship_is_not_right() {
    let given = reserved_short(BACK_ORDER).decided().then([goods_issued("s1").of(&[(1, 10), (2, 9)]).at(6)]);
    given.decides_among_others("raise quantity_mismatch s1: line 2: shipped 9, allocated 7");
}

#[test]
fn an_order_is_split_no_more_than_twenty_times() {
    let mut given = reserved_short(BACK_ORDER).decided();
    let mut rest = 3 * 1_000;
    for number in 2..40 {
        rest -= 1;
        let shipment = format!("s{number}");
        if given.state().shipments().iter().all(|own| own.id.as_str() != shipment) {
            break;
        }
        let part =
            crate::kit::progress("2", model::Quantity::new(rust_decimal::Decimal::new(1, 3), model::Unit::each()));
        let ask = format!("allocate/{shipment}");
        let news = allocated(&shipment).from("wms-1").parts(vec![part]).at(i64::from(number));
        given = given.then([accepted(&ask).from("wms-1").at(i64::from(number)), news]).decided();
    }
    assert_eq!(given.state().shipments().len(), 21);
    assert_eq!(given.problems(), ["no_stock s21"]);
    assert!(rest > 0);
}

#[test]
fn a_late_rest_beside_its_back_order_is_too_much_whatever_else_is_told() {
    let given = until("booked", &order(1)).policy(BACK_ORDER);
    let given = given.then([goods_issued("s1").of(&[(1, 7)]).at(8)]).decided().due("rest_shipped-s1").decided();
    let given = by_the_same_warehouse(given, "s2", &[(1, 3)], 30).decided();
    assert_eq!(given.problems(), Vec::<String>::new());
    assert_eq!(given.lines()[0].allocated, 10.into(), "what s2 took on is not reserved for s1");
    let given = given.then([goods_issued("s1").of(&[(1, 3)]).message(2).at(31)]);
    given.decides_among_others("raise quantity_mismatch s1: line 1: shipped 10, left to ship 7");
    let steps = [picked("s1"), packed("s1")].map(|step| step.of(&[(1, 10)]).at(7));
    let given = by_wms_1(given.decided().then(steps), "s2", &[(1, 3)], 32).decided();
    assert_eq!(given.problems(), ["quantity_mismatch s1"]);
    let given = given.then([delivered("s1").at(33), freight_invoiced("s1", eur("100")).at(33)]).decided();
    assert_eq!(given.problems(), ["quantity_mismatch s1"]);
    assert_eq!(given.lines()[0].shipped, 13.into());
}

/// The warehouse finds nothing of what it had reserved.
fn ships_nothing(policy: &str) -> Given {
    let nothing = [picked("s1"), goods_issued("s1")].map(|step| step.of(&[(1, 0)]).at(8));
    let given = until("booked", &order(1)).policy(policy).then(nothing);
    let shipment = &given.composite().shipments[0];
    assert_eq!(shipment.milestone, Some(Milestone::FulfilmentAllocated), "nothing was picked, and nothing left");
    given
}

#[test]
fn a_shipment_of_which_nothing_leaves_is_for_a_person() {
    let given = ships_nothing("");
    given.decides(&["wait 4h for rest_shipped-s1"]);
    // The warehouse finds it after all.
    given.clone().decided().then([goods_issued("s1").message(2).at(9)]).due("rest_shipped-s1").decides(&[]);
    let given = given.decided().due("rest_shipped-s1");
    given.decides(&["raise shipped_short s1: wms-1 did not ship 10 EA of line 1"]);
    let given = given.decided();
    let detail = given.state().exceptions().next().unwrap().detail.clone();
    let given = given.then([waived(ExceptionKind::ShippedShort(shipment_id("s1")), &detail).at(16)]);
    given.decides_among_others("ask tms-main to take back s1: SO-1001/book/s1");
    let given = given.decided().then([accepted("cancel_booking/s1").at(17)]).decided();
    let given = given.then([accepted("cancel_allocation/s1").at(18)]);
    given.decides_among_others("ask erp-1 to confirm the cancellation: shipper.cancelled");
}

#[test]
fn a_shipment_of_which_nothing_leaves_is_given_up_or_back_ordered_by_policy() {
    let given_up = ships_nothing(SHIP).decided().due("rest_shipped-s1");
    given_up.decides_among_others("ask tms-main to take back s1: SO-1001/book/s1");

    let given = ships_nothing(BACK_ORDER).decided().due("rest_shipped-s1");
    given.decides_among_others("split s2 off s1, not shipped: 10 EA of line 1");
    given.decides_among_others("ask wms-1 to allocate s2 at dc-1: 10 EA of line 1");
    given.decides_among_others("ask tms-main to take back s1: SO-1001/book/s1");
    let given = given.decided().then([accepted("cancel_booking/s1").at(17)]).decided();
    let given = given.then([accepted("cancel_allocation/s1").at(18)]).decided();
    let given = by_the_same_warehouse(given, "s2", &[(1, 10)], 30).decided();
    let given = by_wms_1(given, "s2", &[(1, 10)], 31).decided();
    assert_eq!(given.problems(), Vec::<String>::new());
    closes(given, 40);
}

#[test]
fn who_delivers_and_names_no_lines_delivers_what_left() {
    let given = until("booked", &order(1)).policy(BACK_ORDER);
    let given = given.then([delivered("s1").at(7), goods_issued("s1").of(&[(1, 7)]).at(8)]);
    given.decides_among_others("wait 4h for rest_shipped-s1");
    assert_eq!(given.lines()[0].delivered, 7.into());
    let given = given.decided().due("rest_shipped-s1");
    assert_eq!(given.problems(), Vec::<String>::new());
    given.decides_among_others("split s2 off s1, not shipped: 3 EA of line 1");
}

#[test]
fn a_shipment_that_leaves_after_it_was_given_up_concerns_no_other() {
    let nothing = goods_issued("s1").of(&[(1, 0)]).at(8);
    let given = until("booked", &order_of(&[1, 1])).policy(SHIP).then([nothing]);
    let given = given.decided().due("rest_shipped-s1");
    given.decides(&["ask tms-main to take back s1: SO-1001/book/s1", "wait 4h for cancel_booking-s1"]);
    // The warehouse finds it after all, before the carrier has answered.
    let given = given.decided().then([goods_issued("s1").of(&[(1, 10)]).message(2).at(13)]).decided();
    let asked = |kind: &str| given.state().ask(&crate::kit::ask_id(kind)).is_some();
    assert!(!asked("cancel_booking/s2") && !asked("cancel_allocation/s2"));
}

#[test]
fn nothing_is_sent_again_while_nobody_knows_what_left() {
    let other_unit = goods_issued("s1").parts(vec![crate::kit::progress("1", crate::kit::kilos(10))]).at(8);
    let given = until("booked", &order(1)).policy(BACK_ORDER).then([other_unit]).decided().due("rest_shipped-s1");
    assert_eq!(given.problems(), ["unmatched"]);
    assert_eq!(given.decided().state().shipments().len(), 1);
}

#[test]
fn what_took_on_a_rest_goes_no_further_while_quantities_cannot_be_right() {
    let given = until("booked", &order(1)).policy(BACK_ORDER);
    let given = given.then([goods_issued("s1").of(&[(1, 7)]).at(8)]).decided().due("rest_shipped-s1").decided();
    let late = goods_issued("s1").of(&[(1, 3)]).message(2).at(20);
    let given = by_the_same_warehouse(given.then([late]).decided(), "s2", &[(1, 3)], 30);
    given.decides(&["wait 3days for ship-s2"]);
    let given = given.decided();
    let detail = given.state().exceptions().next().unwrap().detail.clone();
    let waived = given.then([waived(ExceptionKind::QuantityMismatch(shipment_id("s1")), &detail).at(40)]);
    waived.decides_among_others("ask tms-main to book s2 from dc-1: 3 EA of line 1");
}

#[test]
fn a_message_about_all_means_what_there_was() {
    let given = reserved_short(SHIP).decided().then([picked("s1").at(5), packed("s1").at(5), goods_issued("s1").at(6)]);
    assert_eq!((given.lines()[1].picked, given.lines()[1].shipped), (7.into(), 7.into()));
    let given = given.then([delivered("s1").of(&[(1, 10), (2, 5)]).at(7), returned("s1").at(8)]);
    assert_eq!((given.lines()[0].returned, given.lines()[1].returned), (10.into(), 2.into()));
}

#[test]
fn a_reservation_of_nothing_is_not_held_against_a_later_one() {
    let given = reserved_short(BACK_ORDER).decided();
    let none = allocated("s2").from("wms-1").of(&[(2, 0)]).at(3);
    let given = given.then([accepted("allocate/s2").from("wms-1").at(3), none]).decided();
    let some =
        [accepted("allocate/s2").from("wms-1").at(90), allocated("s2").from("wms-1").of(&[(2, 3)]).message(2).at(90)];
    let given = given.then(some);
    given.decides_among_others("ask tms-main to book s2 from dc-1: 3 EA of line 2");
    assert_eq!(given.decided().problems(), Vec::<String>::new());
}
