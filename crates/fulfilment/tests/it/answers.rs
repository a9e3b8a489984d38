//! Who may answer an ask, which answer counts, and what is no answer.

use engine::{Content, Entry, EntryId};
use fulfilment::state::AskState;
use model::{Decision, End, Lane, Outcome, Reason, System};

use crate::kit::{
    Record, accepted, allocated, ask_id, delivered, eur, failed, freight_invoiced, good_path, hour, order, refused,
    until, validated,
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
        "ask wms-1 to allocate s1 at dc-1: 10 EA of line 1",
        "ask tms-main to book s1 from dc-1: 10 EA of line 1",
        "wait 4h for book-s1",
        "wait 3days for ship-s1",
        "wait 14days for deliver-s1",
    ]);
    given.decided();
}

#[test]
fn the_last_word_counts_whichever_is_folded_first() {
    let ask = ask_id("book/s1");
    let no = || refused("book/s1", Reason::CarrierCapacity, None).at(5);
    let yes = || accepted("book/s1").at(6);
    for news in [vec![no(), yes()], vec![yes(), no()]] {
        let given = until("allocated", &order(1)).then(news);
        assert_eq!(given.state().ask_state(&ask), AskState::Accepted);
    }
    let given = until("allocated", &order(1)).then([accepted("book/s1").at(5), failed("book/s1", "timed out").at(6)]);
    let failed = Outcome::Failed { detail: "timed out".to_owned() };
    assert_eq!(given.state().ask_state(&ask), AskState::Refused(&failed));
}

#[test]
fn the_first_telling_of_a_fact_says_when_it_came_in() {
    let early = accepted("book/s1").at(5);
    let late = early.clone().received(hour(50));
    let no = refused("book/s1", Reason::CarrierCapacity, None).at(6);
    for told in [[late.clone(), no.clone(), early.clone()], [early, no, late]] {
        let given = until("allocated", &order(1)).then(told);
        assert!(matches!(given.state().ask_state(&ask_id("book/s1")), AskState::Refused(_)));
    }
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
fn a_closed_order_decides_nothing_whatever_comes() {
    let order = order(1);
    let closed = until("closed", &order);
    assert_eq!(closed.state().ended(), Some(End::Closed));
    let late = good_path(&order).into_iter().map(|news| news.message(7).at(40));
    let trouble =
        [delivered("s1").of(&[(1, 3)]).at(41), freight_invoiced("s1", eur("900")).at(41), failed("bill", "no").at(41)];
    closed.then(late).then(trouble).decides(&[]);
}
