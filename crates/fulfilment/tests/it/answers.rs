//! Who may answer an ask, which answer counts, and what is no answer.

use engine::{Content, Entry, EntryId};
use fulfilment::Stage;
use fulfilment::state::AskState;
use model::{Decision, End, Fact, Lane, Reason, System};

use crate::kit::{
    Record, accepted, allocated, ask_id, booked, eur, failed, freight_invoiced, good_path, hour, order, order_of,
    partly_delivered, refused, until, validated,
};

#[test]
fn an_ask_waits_until_the_system_that_was_asked_answers() {
    let given = until("allocate asked", &order(1));
    let ask = ask_id("allocate/s1");
    assert_eq!(given.state().ask_state(&ask), AskState::Waiting);
    let by_others = [Lane::Erp, Lane::Tms, Lane::View].map(|lane| accepted("allocate/s1").by(lane));
    let given = given.then(by_others);
    assert_eq!(given.state().ask_state(&ask), AskState::Waiting);
    assert_eq!(given.then([accepted("allocate/s1")]).state().ask_state(&ask), AskState::Accepted);
}

#[test]
fn an_answer_to_what_nobody_asked_is_kept_until_it_is_asked() {
    let given = until("released", &order(1)).then([accepted("allocate/s1"), allocated("s1")]);
    assert_eq!(given.state().ask_state(&ask_id("allocate/s1")), AskState::NotAsked);
    let given = given.then([validated(&order(1))]);
    given.decides(&[
        "commit to the release",
        "ask wms-1 to allocate s1 at dc-1: 10 EA of line 1",
        "ask tms-main to book s1 from dc-1: 10 EA of line 1",
        "wait 4h for book-s1",
        "wait 3days for ship-s1",
        "wait 14days for deliver-s1",
        "resolve invalid",
    ]);
    given.decided();
}

#[test]
fn the_first_word_counts_whichever_is_folded_first() {
    let ask = ask_id("book/s1");
    let no = || refused("book/s1", Reason::CarrierCapacity, None).at(5);
    let yes = || accepted("book/s1").at(6);
    for news in [vec![no(), yes()], vec![yes(), no()]] {
        let given = until("allocated", &order(1)).then(news);
        assert!(matches!(given.state().ask_state(&ask), AskState::Refused(_)));
        given.decides(&[
            "raise booking_refused s1: tms-main: refused, carrier.capacity",
            "raise contradicted SO-1001/book/s1: refused, carrier.capacity; later accepted",
        ]);
    }
    let given = until("allocated", &order(1)).then([accepted("book/s1").at(5), failed("book/s1", "timed out").at(6)]);
    assert_eq!(given.state().ask_state(&ask), AskState::Accepted);
    given.decides(&["raise contradicted SO-1001/book/s1: accepted; later failed: timed out"]);
}

#[test]
fn the_first_telling_of_a_fact_says_when_it_came_in() {
    let early = accepted("book/s1").at(5);
    let late = early.clone().received(hour(50));
    let no = refused("book/s1", Reason::CarrierCapacity, None).at(6);
    for told in [[late.clone(), no.clone(), early.clone()], [early, no, late]] {
        let given = until("allocated", &order(1)).then(told);
        assert_eq!(given.state().ask_state(&ask_id("book/s1")), AskState::Accepted);
    }
}

#[test]
fn an_answer_that_says_the_same_again_contradicts_nothing() {
    let given = until("allocated", &order(1));
    let again = [accepted("allocate/s1").at(9), allocated("s1").at(9)];
    given.clone().then(again).decides(&[]);
    let refused_twice =
        [refused("book/s1", Reason::CarrierCapacity, None).at(9), failed("book/s1", "still no truck").at(10)];
    given.then(refused_twice).decides(&["raise booking_refused s1: tms-main: refused, carrier.capacity"]);
}

#[test]
fn quantities_are_settled_by_the_first_answer_that_names_them() {
    let answer = |message: u8, amount| {
        [accepted("allocate/s1"), allocated("s1").of(&[(1, amount)])]
            .map(|news| news.message(message).at(message.into()))
    };
    let in_full = until("allocate asked", &order(1)).then(answer(4, 10)).decided();
    // The same again is the same, not twice as much.
    let again = in_full.clone().then(answer(9, 10));
    again.decides(&[]);
    assert_eq!((again.lines()[0].allocated, again.composite().claims.len()), (10.into(), 0));
    let other = in_full.then(answer(9, 7));
    other.decides(&["raise contradicted SO-1001/allocate/s1: accepted; later reserved 7 EA of line 1"]);
    assert_eq!((other.lines()[0].allocated, other.composite().claims.len()), (10.into(), 1));
    // A yes without quantities leaves it to the next one to name them.
    let yes = until("allocate asked", &order(1)).then([accepted("allocate/s1").at(4)]).decided();
    let named = yes.then(answer(9, 10));
    named.decides_among_others("ask tms-main to book s1 from dc-1: 10 EA of line 1");
    assert_eq!(named.problems(), Vec::<String>::new());
}

#[test]
fn a_second_booking_is_a_claim_and_an_exception() {
    let mut other = booked("s1", Some(eur("500"))).at(9);
    if let Fact::Booked(booking) = &mut other.fact {
        booking.carrier = "CARGOBEE".to_owned();
    }
    let given = until("booked", &order(1)).then([other]);
    given.decides(&["raise contradicted SO-1001/book/s1: accepted; later booked with CARGOBEE as WB-s1 at 500 EUR"]);
    let composite = given.composite();
    assert_eq!(composite.shipments[0].carrier.as_deref(), Some("NORTHLINE"));
    assert_eq!(composite.claims[0].what, "booked");
    // The carrier's bill is held against what was booked first.
    given
        .then([freight_invoiced("s1", eur("500"))])
        .decides_among_others("raise freight_mismatch s1: billed 500 EUR, booked 100.00 EUR");
}

#[test]
fn a_partner_that_was_not_asked_answers_nothing() {
    let asked = until("allocate asked", &order_of(&[1, 1]));
    let given = asked.then([accepted("allocate/s1").from("wms-2"), accepted("allocate/s2").from("wms-1")]);
    assert_eq!(given.state().ask_state(&ask_id("allocate/s1")), AskState::Waiting);
    given.decides(&[]);
    let claims: Vec<_> = given.composite().claims.into_iter().map(|claim| (claim.what, claim.partner)).collect();
    let claimed = |partner: &str| ("answered".to_owned(), Some(partner.to_owned()));
    assert_eq!(claims, [claimed("wms-1"), claimed("wms-2")]);
    let booking = until("allocated", &order(1));
    booking.then([refused("book/s1", Reason::CarrierCapacity, None).from("tms-other")]).decides(&[]);
}

#[test]
fn a_decision_or_a_deadline_counts_only_in_its_own_lane() {
    let given = until("allocated", &order(1));
    let before = given.state().clone();
    let content = [
        Content::Decisions { seen: 0, now: hour(9), decisions: vec![Decision::End(End::Closed)] },
        Content::Due { name: "book-s1".to_owned(), at: hour(9) },
    ];
    let mut after = given;
    for content in content {
        for lane in [Lane::Erp, Lane::Wms, Lane::Tms, Lane::View, Lane::Ops] {
            after.fold(|sequence| Record {
                sequence,
                recorded: hour(9),
                lane: lane.as_str(),
                entry: Entry { id: EntryId::of(&[lane.as_str().as_bytes()]), content: content.clone() },
            });
        }
    }
    assert_eq!(*after.state(), before);
}

#[test]
fn every_ask_is_made_once() {
    let given = until("closed", &order(2));
    let asked: Vec<(System, &str)> = given.state().asks().map(|ask| (ask.system, ask.id.as_str())).collect();
    let expected = [
        (System::Wms, "SO-1001/allocate/s1"),
        (System::Tms, "SO-1001/book/s1"),
        (System::Erp, "SO-1001/confirm_shipment"),
        (System::Erp, "SO-1001/bill"),
        (System::View, "SO-1001/update_customer"),
    ];
    assert_eq!(asked, expected);
}

#[test]
fn a_closed_order_asks_and_waits_for_nothing_whatever_comes() {
    let order = order(1);
    let closed = until("closed", &order);
    let again = closed.clone().then(good_path(&order).into_iter().map(|news| news.message(7).at(40)));
    again.decides(&[]);
    assert_eq!(again.composite().stage, closed.composite().stage);
}

#[test]
fn what_contradicts_a_closed_order_is_seen_and_it_stays_closed() {
    let trouble = [
        partly_delivered("s1").of(&[(1, 3)]).at(41),
        freight_invoiced("s1", eur("900")).at(41),
        failed("bill", "no").at(41),
    ];
    let given = until("closed", &order(1)).then(trouble);
    given.decides(&[
        "raise contradicted SO-1001/bill: accepted; later failed: no",
        "raise freight_mismatch s1: billed 900 EUR, booked 100.00 EUR",
    ]);
    let given = given.decided();
    assert_eq!((given.state().ended(), given.composite().stage), (Some(End::Closed), Stage::Closed));
    given.then([freight_invoiced("s1", eur("100")).at(42)]).decides(&["resolve freight_mismatch s1"]);
}
