//! The open exceptions as an operator's work list shows them.

use std::collections::BTreeSet;

use fulfilment::decide::{ask_behind, next_deadline};
use fulfilment::exceptions::{self, OpenException};
use model::{ExceptionKind, Money, Order, Reason};
use schemars::schema_for;

use crate::kit::{
    Given, accepted, allocated, assigned, booked, delivered, eur, freight_invoiced, goods_issued, hour, order,
    order_of, refused, returning, shipment_id, snoozed, until,
};

/// The order, each line at 2.50 EUR a piece.
fn priced(mut order: Order) -> Order {
    order.lines.iter_mut().for_each(|line| line.unit_price = Some(eur("2.50")));
    order
}

fn open(given: &Given) -> Vec<OpenException> {
    exceptions::open(given.state())
}

/// What the one open exception puts at stake.
fn stake(given: &Given) -> (String, Option<Money>) {
    let mut open = open(given);
    assert_eq!(open.len(), 1, "{open:?}");
    open.pop().map(|open| (open.kind.to_string(), open.at_stake)).unwrap()
}

#[test]
fn every_kind_has_its_word() {
    let schema = schema_for!(ExceptionKind).to_value();
    let of = |variant: &serde_json::Value| -> Vec<String> {
        let names = variant.get("required").or_else(|| variant.get("enum")).and_then(serde_json::Value::as_array);
        let one = variant.get("const").map(|name| vec![name.clone()]);
        let names = names.cloned().or(one).unwrap();
        names.iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    };
    let variants: BTreeSet<String> = schema["oneOf"].as_array().unwrap().iter().flat_map(of).collect();
    assert_eq!(variants, ExceptionKind::WORDS.map(str::to_owned).into());
}

#[test]
fn an_exception_is_open_since_it_was_raised_also_in_other_words() {
    let order = order_of(&[1, 1]);
    let no = |ask| refused(ask, Reason::QuantityShort, None);
    let given = until("allocate asked", &order).then([no("allocate/s1").at(3)]).decided();
    let since = open(&given)[0].since;
    assert_eq!(since, given.now());
    let given = given.then([no("allocate/s2").at(9)]).decided();
    let sinces: Vec<_> = open(&given).iter().map(|open| open.since).collect();
    assert_eq!(sinces, [since, given.now()]);
    assert_eq!(open(&given)[0].partners[0].as_str(), "wms-1");
    assert_eq!(open(&given)[1].partners[0].as_str(), "wms-2");
}

#[test]
fn who_sees_to_it_is_the_last_word_and_ends_with_the_exception() {
    let kind = || ExceptionKind::BookingRefused(shipment_id("s1"));
    let given = until("allocated", &order(1)).then([refused("book/s1", Reason::CarrierCapacity, None).at(5)]).decided();
    let since = open(&given)[0].since;
    let entered = [
        assigned(kind(), since, "bob").at(7),
        assigned(kind(), since, "ada").at(6),
        snoozed(kind(), since, hour(40)).at(6),
    ];
    // They move nothing, in whichever order they come.
    let given = given.then(entered);
    given.decides(&[]);
    assert_eq!(open(&given)[0].assigned.as_deref(), Some("bob"));
    assert_eq!(open(&given)[0].snoozed, Some(hour(40)));
    let answered = given.then([crate::kit::retry_requested("book/s1").at(8)]).decided();
    assert_eq!(open(&answered), []);
    let again = answered.then([refused("book/s1#2", Reason::CarrierCapacity, None).at(9)]).decided();
    assert_eq!(again.problems(), ["booking_refused s1"]);
    assert_eq!((open(&again)[0].assigned.clone(), open(&again)[0].snoozed), (None, None));
}

#[test]
fn what_is_at_stake_is_what_the_problem_holds_up() {
    let order = priced(order(2));
    let worth = |words: &str, amount: &str| (words.to_owned(), Some(eur(amount)));
    let no_stock = until("allocate asked", &order).then([refused("allocate/s1", Reason::QuantityShort, None)]);
    assert_eq!(stake(&no_stock.decided()), worth("no_stock s1", "50.00"));
    let lost = until("goods issued", &order).then([returning("s1").at(20)]).decided();
    assert_eq!(stake(&lost), worth("undeliverable s1", "50.00"));
    let freight = until("booked", &order).then([freight_invoiced("s1", eur("150")).at(8)]).decided();
    assert_eq!(stake(&freight), worth("freight_mismatch s1", "50"));
    let parts = [goods_issued("s1").at(8), delivered("s1").of(&[(1, 10), (2, 7)]).at(9)];
    let differs = until("packed", &order).then(parts).decided();
    assert_eq!(stake(&differs), worth("quantity_mismatch s1", "7.50"));
    let unbilled = until("confirmed", &order).then([refused("bill", Reason::AccountHold, None).at(12)]).decided();
    assert_eq!(stake(&unbilled), worth("ask_refused SO-1001/bill", "50.00"));
    assert_eq!(open(&unbilled)[0].partners[0].as_str(), "erp-1");
    let overdue = until("booked", &order).due("deliver-s1").decided();
    assert_eq!(stake(&overdue), worth("overdue deliver-s1", "50.00"));
    // Without prices nobody knows.
    let unpriced = until("booked", &crate::kit::order(2)).due("deliver-s1").decided();
    assert_eq!(stake(&unpriced).1, None);
}

#[test]
fn an_overdue_answer_is_about_the_ask_that_lacks_it() {
    let given = until("allocated", &order(1));
    let behind = |wait: &str| {
        let ask = ask_behind(given.state(), &ExceptionKind::Overdue(wait.to_owned()));
        ask.map(|ask| ask.id.to_string())
    };
    assert_eq!(behind("book-s1").as_deref(), Some("SO-1001/book/s1"));
    assert_eq!(behind("book-s1-3").as_deref(), Some("SO-1001/book/s1"));
    assert_eq!(behind("allocate-s1").as_deref(), Some("SO-1001/allocate/s1"));
    for none in ["ship-s1", "book-s11", "book-s1-x", "close", "bill"] {
        assert_eq!(behind(none), None, "{none}");
    }
}

#[test]
fn the_next_deadline_is_one_that_is_still_waited_for() {
    let next = |given: &Given| next_deadline(given.state(), given.policy_in_force()).map(|(name, _)| name);
    let given = until("allocate asked", &order(1));
    assert_eq!(next(&given).as_deref(), Some("allocate-s1"));
    let given = given.then([accepted("allocate/s1").at(3), allocated("s1").at(3)]).decided();
    assert_eq!(next(&given).as_deref(), Some("book-s1"), "nobody waits for the reservation any more");
    let given = given.then([accepted("book/s1").at(4), booked("s1", Some(eur("100"))).at(4)]).decided();
    assert_eq!(next(&given).as_deref(), Some("ship-s1"));
    assert_eq!(next(&given.due("ship-s1").decided()).as_deref(), Some("deliver-s1"), "that one passed");
    assert_eq!(next(&until("closed", &order(1))), None);
}
