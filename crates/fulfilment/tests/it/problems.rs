//! What becomes an exception, and when it is over.

use model::{Country, CustomerId, Finding, LineId, LocationId, Reason, Sku};

use crate::kit::{
    accepted, allocated, billed, booked, delivered, eur, failed, found, freight_invoiced, given, goods_issued, kilos,
    money, order, order_of, packed, partly_delivered, picked, picked_up, progress, proof_of_delivery, refused,
    released, returned, until,
};

#[test]
fn each_finding_of_the_master_data_is_told_in_words() {
    let line = || LineId::new("1").unwrap();
    let restricted = Finding::RestrictedRoute {
        from: Country::new("DE").unwrap(),
        to: Country::new("FR").unwrap(),
        why: "embargo".to_owned(),
    };
    for (finding, words) in [
        (Finding::UnknownCustomer(CustomerId::new("acme").unwrap()), "customer acme is unknown"),
        (Finding::UnknownItem { line: line(), sku: Sku::new("x").unwrap() }, "item x of line 1 is unknown"),
        (
            Finding::UnknownLocation { line: line(), location: LocationId::new("dc-9").unwrap() },
            "location dc-9 of line 1 is unknown",
        ),
        (Finding::NoLocation { line: line() }, "line 1 names no location to ship from"),
        (restricted, "route DE to FR is restricted: embargo"),
    ] {
        let given = given([released(&order(1)), found(&order(1), vec![finding])]);
        given.decides(&[&format!("raise invalid: {words}")]);
    }
}

#[test]
fn all_findings_are_one_exception() {
    let line = |number: &str| Finding::NoLocation { line: LineId::new(number).unwrap() };
    given([released(&order(2)), found(&order(2), vec![line("1"), line("2")])])
        .decides(&["raise invalid: line 1 names no location to ship from; line 2 names no location to ship from"]);
}

/// What failed is at once a problem.
const NO_RETRIES: &str = "[retries]\nfailed = 0";

#[test]
fn a_warehouse_that_refuses_or_fails_has_no_stock_for_us() {
    let asked = until("allocate asked", &order(1)).policy(NO_RETRIES);
    for (answer, words) in [
        (refused("allocate/s1", Reason::QuantityShort, Some("2 on hand")), "refused, quantity.short: 2 on hand"),
        (refused("allocate/s1", Reason::Unknown, None), "refused, unknown"),
        (failed("allocate/s1", "no such item"), "failed: no such item"),
    ] {
        asked.clone().then([answer]).decides(&[&format!("raise no_stock s1: wms-1 at dc-1: {words}")]);
    }
}

#[test]
fn a_warehouse_that_reserves_less_is_short() {
    let asked = until("allocate asked", &order(2)).then([accepted("allocate/s1")]);
    let short = "raise no_stock s1: wms-1 at dc-1: less was reserved than ordered";
    asked.clone().then([allocated("s1").of(&[(1, 10), (2, 9)])]).decides(&[short]);
    asked.clone().then([allocated("s1").of(&[(1, 10)])]).decides(&[short]);
    let in_kilos = vec![progress("1", kilos(10)), progress("2", kilos(10))];
    asked.then([allocated("s1").parts(in_kilos)]).decides(&[
        short,
        "raise unmatched: wms-1 tells fulfilment.allocated of s1: 10 KG of line 1, which is ordered in EA; wms-1 tells \
         fulfilment.allocated of s1: 10 KG of line 2, which is ordered in EA",
    ]);
}

#[test]
fn a_shortage_is_over_when_the_rest_is_reserved() {
    let short = until("allocate asked", &order(1)).then([accepted("allocate/s1"), allocated("s1").of(&[(1, 7)])]);
    let short = short.decided();
    assert_eq!(short.problems(), ["no_stock s1"]);
    short.then([allocated("s1").of(&[(1, 3)])]).decides(&[
        "ask tms-main to book s1 from dc-1: 10 EA of line 1",
        "wait 4h for book-s1",
        "wait 3days for ship-s1",
        "wait 14days for deliver-s1",
        "resolve no_stock s1",
    ]);
}

#[test]
fn one_warehouse_without_stock_does_not_hold_up_the_others() {
    let given = until("allocate asked", &order_of(&[1, 1])).policy(NO_RETRIES);
    let given = given.then([failed("allocate/s1", "burnt down"), accepted("allocate/s2"), allocated("s2")]);
    given.decides(&[
        "ask tms-main to book s2 from dc-2: 10 EA of line 2",
        "wait 4h for book-s2",
        "wait 3days for ship-s2",
        "wait 14days for deliver-s2",
        "raise no_stock s1: wms-1 at dc-1: failed: burnt down",
    ]);
}

#[test]
fn a_booking_that_is_refused_is_an_exception() {
    let asked = until("allocated", &order(1));
    let refused = asked.then([refused("book/s1", Reason::CarrierCapacity, Some("full")).at(5)]);
    refused.decides(&["raise booking_refused s1: tms-main: refused, carrier.capacity: full"]);
}

#[test]
fn a_step_of_the_closing_sequence_that_is_refused_is_an_exception() {
    let delivered = until("delivered", &order(1)).policy(NO_RETRIES);
    delivered
        .clone()
        .then([failed("confirm_shipment", "posting period closed").at(12)])
        .decides(&["raise ask_refused SO-1001/confirm_shipment: failed: posting period closed"]);
    let confirmed = delivered.then([accepted("confirm_shipment").at(12)]).decided();
    let refused = confirmed
        .then([refused("bill", Reason::AccountHold, None).at(13), failed("update_customer", "no address").at(13)]);
    refused.decides(&[
        "raise ask_refused SO-1001/bill: refused, account.hold",
        "raise ask_refused SO-1001/update_customer: failed: no address",
    ]);
}

#[test]
fn what_was_delivered_must_be_what_was_shipped() {
    let given = until("goods issued", &order(2));
    given
        .then([delivered("s1").of(&[(1, 10), (2, 8)]).at(10)])
        .decides(&["wait 10days for close", "raise quantity_mismatch s1: line 2: shipped 10, delivered 8"]);
}

#[test]
fn what_was_shipped_must_be_what_was_picked_and_packed() {
    let given = until("booked", &order(1));
    let given = given.then([picked("s1").of(&[(1, 9)]), packed("s1").of(&[(1, 8)]), goods_issued("s1")]).decided();
    given
        .then([delivered("s1")])
        .decides(&["wait 10days for close", "raise quantity_mismatch s1: line 1: shipped 10, picked 9, packed 8"]);
}

#[test]
fn a_step_that_nobody_told_of_is_not_held_against_the_others() {
    let given = until("booked", &order(1)).then([goods_issued("s1")]).decided();
    given.then([delivered("s1")]).decides_among_others("ask erp-1 to confirm the shipment: 10 EA of line 1");
}

#[test]
fn more_than_was_ordered_is_not_right_even_if_all_of_it_arrived() {
    let given = until("booked", &order(1)).then([goods_issued("s1").of(&[(1, 12)])]).decided();
    given
        .then([delivered("s1").of(&[(1, 12)])])
        .decides(&["wait 10days for close", "raise quantity_mismatch s1: line 1: shipped 12, ordered 10"]);
}

#[test]
fn quantities_in_another_unit_do_not_compare() {
    let given = until("goods issued", &order(1));
    given.then([delivered("s1").parts(vec![progress("1", kilos(10))]).at(10)]).decides(&[
        "wait 10days for close",
        "raise unmatched: tms-main tells transport.delivered of s1: 10 KG of line 1, which is ordered in EA",
        "raise quantity_mismatch s1: line 1: shipped 10, delivered 0",
    ]);
}

#[test]
fn a_mismatch_is_over_when_the_rest_arrives() {
    let given = until("goods issued", &order(1)).then([delivered("s1").of(&[(1, 6)]).at(10)]).decided();
    assert_eq!(given.problems(), ["quantity_mismatch s1"]);
    given.then([partly_delivered("s1").of(&[(1, 4)]).at(10)]).decides(&[
        "ask erp-1 to confirm the shipment: 10 EA of line 1",
        "wait 4h for confirm_shipment",
        "resolve quantity_mismatch s1",
    ]);
}

#[test]
fn a_part_of_unknown_size_is_not_the_whole() {
    let given = until("goods issued", &order(1)).then([partly_delivered("s1").at(9)]);
    given.decides(&[]);
    assert_eq!(given.lines()[0].delivered, 0.into());
}

#[test]
fn the_proof_of_delivery_stands_for_a_delivery_nobody_told_of() {
    let given = until("goods issued", &order(1)).then([proof_of_delivery("s1").at(10)]);
    given.decides(&[
        "ask erp-1 to confirm the shipment: 10 EA of line 1",
        "wait 10days for close",
        "wait 4h for confirm_shipment",
    ]);
    let short = given.then([delivered("s1").of(&[(1, 9)]).at(10)]);
    short.decides(&["wait 10days for close", "raise quantity_mismatch s1: line 1: shipped 10, delivered 9"]);
}

#[test]
fn the_freight_invoice_may_lie_a_little_above_the_booking() {
    let delivered = until("delivered", &order(1));
    for (billed, fits) in [("80", true), ("100.00", true), ("102.00", true), ("102.01", false), ("150", false)] {
        let given = delivered.clone().then([freight_invoiced("s1", eur(billed)).at(12)]);
        let words = format!("raise freight_mismatch s1: billed {billed} EUR, booked 100.00 EUR");
        if fits { given.decides(&[]) } else { given.decides(&[&words]) }
    }
}

#[test]
fn several_bills_are_held_against_the_booking_together() {
    let given = until("billed", &order(1)).then([freight_invoiced("s1", eur("100.00"))]).decided();
    // The same bill again is no other bill.
    given.clone().then([freight_invoiced("s1", eur("100.00")).message(2)]).decides(&[]);
    let mut second = freight_invoiced("s1", eur("100.00"));
    let model::Fact::FreightInvoiced(bill) = &mut second.fact else { panic!("{second:?}") };
    bill.number = "F-2".to_owned();
    given.then([second]).decides(&["raise freight_mismatch s1: billed 200.00 EUR in 2 bills, booked 100.00 EUR"]);
}

#[test]
fn customers_are_not_billed_for_more_than_was_ordered() {
    let bill = |number: &str, lines: &[(u32, i64)]| {
        let mut news = billed().of(lines);
        let model::Fact::Billed(invoice) = &mut news.fact else { panic!("{news:?}") };
        invoice.number = number.to_owned();
        news.at(20)
    };
    let given = until("delivered", &order(1)).then([bill("I-1", &[(1, 4)]), bill("I-2", &[(1, 6)])]);
    given.decides(&[]);
    assert_eq!(given.lines()[0].invoiced, rust_decimal::Decimal::TEN);
    given
        .then([bill("I-3", &[(1, 1)])])
        .decides(&["raise unmatched: erp-1 bills the order: 11 EA of line 1, of which 10 EA are ordered"]);
    let twice = until("delivered", &order(1)).then([bill("I-1", &[]), bill("I-2", &[])]);
    twice.decides(&["raise unmatched: erp-1 bills the order: all of it in one invoice of I-1, I-2"]);
}

#[test]
fn the_tolerance_is_policy() {
    let given = until("delivered", &order(1)).policy("[tolerance]\nfreight_percent = \"0\"");
    given.clone().then([freight_invoiced("s1", eur("100.00"))]).decides(&[]);
    given
        .then([freight_invoiced("s1", eur("100.01"))])
        .decides(&["raise freight_mismatch s1: billed 100.01 EUR, booked 100.00 EUR"]);
}

#[test]
fn a_freight_invoice_in_another_currency_or_without_a_booked_charge_does_not_compare() {
    let booked_for = |charge| until("allocated", &order(1)).then([accepted("book/s1"), booked("s1", charge)]).decided();
    booked_for(Some(eur("100")))
        .then([freight_invoiced("s1", money("90", "USD"))])
        .decides(&["raise freight_mismatch s1: billed 90 USD, booked 100 EUR"]);
    booked_for(None)
        .then([freight_invoiced("s1", eur("90"))])
        .decides(&["raise freight_mismatch s1: billed 90 EUR, and no charge was booked"]);
}

#[test]
fn a_freight_invoice_that_comes_before_the_booking_waits_for_it() {
    let billed = until("allocated", &order(1)).then([freight_invoiced("s1", eur("90"))]);
    billed.clone().decides(&[]);
    billed
        .then([accepted("book/s1"), booked("s1", Some(eur("80")))])
        .decides(&["raise freight_mismatch s1: billed 90 EUR, booked 80 EUR"]);
}

#[test]
fn a_corrected_freight_invoice_resolves_the_mismatch() {
    let given = until("delivered", &order(1)).then([freight_invoiced("s1", eur("150")).at(12)]).decided();
    assert_eq!(given.problems(), ["freight_mismatch s1"]);
    given.then([freight_invoiced("s1", eur("100")).at(13)]).decides(&["resolve freight_mismatch s1"]);
}

#[test]
fn amounts_beyond_all_bounds_are_compared_and_not_computed_to_death() {
    let most = "79228162514264337593543950335";
    let given = until("allocated", &order(1)).then([booked("s1", Some(eur(most)))]);
    given.then([freight_invoiced("s1", eur(most))]).decides(&[]);

    let huge = || progress("1", model::Quantity::new(most.parse().unwrap(), model::Unit::each()));
    let given = until("booked", &order(1));
    let given = given.then([goods_issued("s1").parts(vec![huge(), huge()]), delivered("s1")]);
    given.decides(&[
        "wait 10days for close",
        &format!("raise unmatched: wms-1 tells fulfilment.goods_issued of s1: {most} EA of line 1, which cannot be"),
        "raise quantity_mismatch s1: line 1: shipped 2000000000000, delivered 10, ordered 10",
    ]);
}

#[test]
fn a_freight_invoice_of_less_than_nothing_is_not_right() {
    let delivered = until("delivered", &order(1));
    delivered
        .clone()
        .then([freight_invoiced("s1", eur("-0.05")).at(12)])
        .decides(&["raise freight_mismatch s1: billed -0.05 EUR, booked 100.00 EUR"]);
    delivered.then([freight_invoiced("s1", eur("0")).at(12)]).decides(&[]);
}

#[test]
fn more_than_there_was_before_is_not_right_at_once() {
    let booked = until("booked", &order(1));
    for (news, words) in [
        (picked("s1"), "picked 12, allocated 10"),
        (packed("s1"), "packed 12, allocated 10"),
        (goods_issued("s1"), "shipped 12, allocated 10"),
        (delivered("s1"), "delivered 12, allocated 10"),
        (returned("s1"), "returned 12, allocated 10"),
    ] {
        let given = booked.clone().then([news.of(&[(1, 12)])]);
        given.decides_among_others(&format!("raise quantity_mismatch s1: line 1: {words}"));
    }
    let asked = until("allocate asked", &order(1));
    let asked = asked.then([accepted("allocate/s1"), allocated("s1").of(&[(1, 12)])]);
    asked.decides_among_others("raise quantity_mismatch s1: line 1: allocated 12, ordered 10");
    let picked_less = booked.then([picked("s1").of(&[(1, 6)])]);
    picked_less.decides(&[]);
    picked_less.then([packed("s1").of(&[(1, 8)])]).decides(&["raise quantity_mismatch s1: line 1: packed 8, picked 6"]);
}

#[test]
fn what_was_told_too_early_is_right_when_the_rest_is_told() {
    let given = until("booked", &order(1)).then([picked("s1").of(&[(1, 6)]), packed("s1").of(&[(1, 10)])]).decided();
    assert_eq!(given.problems(), ["quantity_mismatch s1"]);
    given.then([picked("s1").of(&[(1, 4)])]).decides(&["resolve quantity_mismatch s1"]);
}

#[test]
fn goods_the_order_does_not_hold_are_an_exception() {
    let given = until("booked", &order_of(&[1, 1]));
    for (news, words) in [
        (picked("s1").of(&[(9, 4)]), "wms-1 tells fulfilment.picked of s1: line 9, which is not there"),
        (picked("s1").of(&[(2, 4)]), "wms-1 tells fulfilment.picked of s1: line 2, which is not there"),
        (picked("s1").of(&[(1, -4)]), "wms-1 tells fulfilment.picked of s1: -4 EA of line 1, which cannot be"),
        (picked("s9").from("wms-1"), "wms-1 tells fulfilment.picked of s9: the order has no such shipment"),
        (delivered("s9"), "tms-main tells transport.delivered of s9: the order has no such shipment"),
        (freight_invoiced("s9", eur("9")), "tms-main tells freight_invoiced of s9: the order has no such shipment"),
        (billed().of(&[(9, 1)]), "erp-1 bills the order: line 9, which is not there"),
    ] {
        let told = given.clone().then([news]);
        told.decides(&[&format!("raise unmatched: {words}")]);
        assert_eq!(told.lines()[0].picked, 0.into());
    }
    // What is told of the order at once may name the lines of all its shipments.
    let all = picked("s1").of_the_order().by(model::Lane::Ops).of(&[(1, 10), (2, 10)]);
    given.then([all]).decides(&[]);
}

#[test]
fn whatever_is_not_there_is_one_exception_that_grows() {
    let given = until("booked", &order(1)).then([picked("s1").of(&[(7, 1)])]).decided();
    let given = given.then([packed("s1").of(&[(8, 1)])]);
    given.decides(&["raise unmatched: wms-1 tells fulfilment.packed of s1: line 8, which is not there; wms-1 tells \
                     fulfilment.picked of s1: line 7, which is not there"]);
    assert_eq!(given.decided().problems(), ["unmatched"]);
}

#[test]
fn no_flood_makes_an_exception_without_end() {
    let flood = (10..500_u32).map(|line| picked("s1").of(&[(line, 1)]));
    let given = until("booked", &order(1)).then(flood);
    let decisions = crate::kit::in_words(&given.decisions(), given.now());
    assert!(decisions[0].ends_with("; and 480 more") && decisions[0].len() < 2_000, "{decisions:?}");
}

#[test]
fn what_is_said_to_lie_in_the_future_decides_nothing() {
    let later = |news: crate::kit::News| news.said("2027-01-01T00:00:00Z");
    let asked = until("allocate asked", &order(1)).then([accepted("allocate/s1")]).decided();
    asked.then([later(allocated("s1"))]).decides(&[]);
    let staged = until("staged", &order(1));
    staged.clone().then([later(picked_up("s1"))]).decides(&[]);
    let issued = until("goods issued", &order(1));
    let given = issued.then([later(delivered("s1"))]);
    given.decides(&[]);
    assert_eq!((given.lines()[0].delivered, given.composite().flagged.len()), (0.into(), 1));
    assert!(given.state().claims().is_empty());
    // It holds up the wait for what it claims to be no less than silence would.
    given.clone().due("deliver-s1").decides(&["raise overdue deliver-s1: s1 has not been delivered"]);
    given.then([delivered("s1").message(2)]).decides_among_others("ask erp-1 to confirm the shipment: 10 EA of line 1");

    let issued = staged.then([later(goods_issued("s1"))]);
    assert!(issued.state().stock_effects().iter().all(|effect| effect.kind == fulfilment::StockEffectKind::Reserved));
    issued.then([later(picked("s1")).of(&[(9, 99)])]).decides(&[]);
}
