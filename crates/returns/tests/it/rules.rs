//! The rules, one by one.

use model::{ExceptionKind, Grade, Lane, Milestone, Quantity, ReturnAuthorisation};

use crate::kit::{
    Given, accepted, all_sound, ask_id, authorised, booked, cancelled, credited, failed, given, goods, inspected,
    mismatch, picked_up, reached, received, refused, waived, wanted_again,
};

fn expected(goods: &ReturnAuthorisation) -> Given {
    given([authorised(goods)]).decided().then([accepted("expect_return").at(2)]).decided()
}

/// Received as authorised.
fn at_the_warehouse() -> Given {
    expected(&goods(None)).then([received(&[("1", 5), ("2", 2)]).at(4)]).decided()
}

#[test]
fn an_authorised_return_is_expected_by_its_warehouse() {
    given([authorised(&goods(None))]).decides(&[
        "ask wms-1 R-1/expect_return",
        "wait 4h for expect_return",
        "wait 14days for transit",
    ]);
}

#[test]
fn a_return_that_is_told_of_and_not_authorised_is_an_exception_after_a_while() {
    given([]).decides(&[]);
    // That alone says of no goods that they come back.
    given([cancelled()]).decides(&[]);
    let told = given([received(&[("1", 4)]), cancelled().at(2)]);
    told.decides(&["wait 1day for authorise"]);
    let told = told.decided();
    let in_time = told.clone().then([authorised(&goods(None)).at(3)]).decided();
    assert!(!returns::decide::awaits(in_time.state(), &returns::Policy::default(), "authorise"));
    in_time.due("authorise").decides(&[]);
    let late = told.due("authorise");
    late.decides(&["raise overdue authorise: told of by wms-1, and nobody has authorised it"]);
    let late = late.decided();
    let kind = ExceptionKind::Overdue("authorise".to_owned());
    assert!(returns::decide::is_waivable(&kind));
    // The warehouse mistook the number, or the authorisation was late.
    let mistaken = waived(kind, "told of by wms-1, and nobody has authorised it").at(30);
    let taken = late.clone().then([picked_up().at(29), mistaken]);
    taken.decides(&["resolve overdue authorise"]);
    taken.decided().then([all_sound().at(31)]).decides(&[]);
    let authorised = late.then([authorised(&goods(None)).at(30)]).decided();
    assert_eq!(authorised.problems(), ["cancel_too_late r1: it was to be called off, and the goods were on their way"]);
}

#[test]
fn a_carrier_is_asked_to_fetch_it_once_the_warehouse_expects_it() {
    let asked = given([authorised(&goods(Some("tms-1")))]).decided().then([accepted("expect_return").at(2)]);
    asked.decides(&["ask tms-1 R-1/collect", "wait 4h for collect"]);
    let fetched = asked.decided().then([accepted("collect").at(3), booked().at(3), picked_up().at(4)]);
    fetched.decides(&["wait 14days for receive"]);
    assert_eq!(fetched.stage(), "in transit");
}

#[test]
fn what_came_back_sound_is_credited_and_the_customer_told() {
    let credit = at_the_warehouse().then([all_sound().at(5)]);
    credit.decides(&[
        "ask erp-1 R-1/credit: 5 EA of line 1, 2 EA of line 2",
        "wait 4h for credit",
        "wait 5days for close",
    ]);
    let told = credit.decided().then([accepted("credit").at(6)]);
    told.decides(&["ask visibility R-1/update_return: credited", "wait 4h for update_return"]);
    let over = told.decided().then([accepted("update_return").at(7)]);
    over.decides(&["end closed"]);
    let over = over.decided();
    assert_eq!((over.stage(), over.problems()), ("credited", vec![]));
}

#[test]
fn what_is_shown_as_credited_is_what_the_erp_confirmed() {
    let shown = |given: &Given| -> Vec<i64> {
        let lines = returns::status(given.state()).unwrap().lines;
        lines.iter().map(|line| line.credited.try_into().unwrap()).collect()
    };
    let asked = at_the_warehouse().then([all_sound().at(5)]).decided();
    assert_eq!(shown(&asked), [0, 0], "the ERP has not answered");
    assert_eq!(shown(&asked.clone().then([refused("credit").at(6)])), [0, 0]);
    assert_eq!(shown(&asked.clone().then([accepted("credit").at(6)])), [5, 2], "as it was asked");
    let memo = credited(&[("1", 3)]).at(6);
    assert_eq!(shown(&asked.clone().then([memo.clone()])), [3, 0], "as the memo says");
    assert_eq!(shown(&asked.clone().then([accepted("credit").at(6), memo])), [3, 0]);
    let bare = [accepted("credit").at(6), credited(&[]).at(6)];
    assert_eq!(shown(&asked.clone().then(bare)), [5, 2], "the memo names no lines");
    // Asked anew after a no: only the answer to the last counts.
    let anew = asked.then([refused("credit").at(6)]).decided().then([wanted_again("credit").at(7)]).decided();
    assert_eq!(shown(&anew), [0, 0]);
    assert_eq!(shown(&anew.then([accepted("credit#2").at(8)])), [5, 2]);
}

#[test]
fn nothing_accepted_is_a_return_refused() {
    let none = [("1", 5, Grade::Refused), ("2", 2, Grade::Refused)];
    let refused = at_the_warehouse().then([inspected(&none).at(5)]);
    refused.decides(&[
        "ask visibility R-1/update_return: refused",
        "wait 4h for update_return",
        "wait 5days for close",
    ]);
    let over = refused.decided().then([accepted("update_return").at(7)]).decided();
    assert_eq!(over.stage(), "refused");
}

#[test]
fn the_erp_closes_a_return_of_its_own_even_where_nothing_is_credited() {
    let own = given([authorised(&goods(None)).by(Lane::Erp).from("erp-1")]).decided();
    let none = [("1", 5, Grade::Refused), ("2", 2, Grade::Refused)];
    let refused = own.then([accepted("expect_return"), received(&[]), inspected(&none)]);
    assert!(refused.decisions().iter().any(|decision| format!("{decision:?}").contains("R-1/credit")));
    let told = refused.decided().then([accepted("credit").at(8)]);
    told.decides(&["ask visibility R-1/update_return: refused", "wait 4h for update_return"]);
}

#[test]
fn who_pays_for_damaged_goods_is_policy() {
    let damaged = [("1", 5, Grade::Damaged), ("2", 2, Grade::Damaged)];
    for (policy, credit) in [
        ("", "ask erp-1 R-1/credit: 2 EA of line 2"),
        ("[credit]\ndamaged = \"credit\"", "ask erp-1 R-1/credit: 5 EA of line 1, 2 EA of line 2"),
        ("[credit]\ndamaged = \"refuse\"", "ask visibility R-1/update_return: refused"),
    ] {
        let given = at_the_warehouse().policy(policy).then([inspected(&damaged).at(5)]);
        assert_eq!(crate::kit::in_words(&given.decisions(), given.now())[0], credit);
    }
}

#[test]
fn less_than_authorised_is_for_a_person_who_may_take_it_as_it_is() {
    let short = expected(&goods(None)).then([
        received(&[("1", 4), ("2", 2)]).at(4),
        inspected(&[("1", 4, Grade::Sound), ("2", 2, Grade::Sound)]).at(5),
    ]);
    let short = short.decided();
    assert_eq!(short.problems(), ["quantity_mismatch r1: line 1: 4 received, 5 authorised"]);
    assert_eq!(short.state().asks().count(), 1, "nothing is credited meanwhile");
    let taken = short.clone().then([waived(mismatch(), "line 1: 4 received, 5 authorised").at(6)]);
    taken.decides(&[
        "ask erp-1 R-1/credit: 4 EA of line 1, 2 EA of line 2",
        "wait 4h for credit",
        "resolve quantity_mismatch r1",
    ]);
    // Or the rest comes after all.
    let rest = short.then([received(&[("1", 1)]).at(7), inspected(&[("1", 1, Grade::Sound)]).at(8)]);
    assert_eq!(rest.decided().problems(), [""; 0]);
}

#[test]
fn more_than_authorised_and_goods_of_no_line_are_for_a_person_at_once() {
    let more = expected(&goods(None)).then([received(&[("1", 6), ("9", 1)]).at(4)]).decided();
    assert_eq!(more.problems(), ["quantity_mismatch r1: line 9 is not to come back; line 1: 6 received, 5 authorised"]);
}

#[test]
fn more_credited_than_was_taken_in_is_for_a_person_even_after_the_end() {
    let over = at_the_warehouse().then([all_sound().at(5)]).decided().then([accepted("credit").at(6)]).decided();
    let over = over.then([accepted("update_return").at(7)]).decided();
    assert!(over.state().ended().is_some());
    let late = over.then([credited(&[("1", 8)]).at(9)]).decided();
    assert_eq!(late.problems(), ["quantity_mismatch r1: line 1: 8 credited, 5 taken in"]);
}

#[test]
fn what_arrives_after_a_waived_shortage_was_credited_is_not_lost() {
    let short = expected(&goods(None)).then([
        received(&[("1", 4), ("2", 2)]).at(4),
        inspected(&[("1", 4, Grade::Sound), ("2", 2, Grade::Sound)]).at(5),
        waived(mismatch(), "line 1: 4 received, 5 authorised").at(6),
    ]);
    let over = short.decided().then([accepted("credit").at(7), accepted("update_return").at(8)]).decided();
    assert!(over.state().ended().is_some());
    let late = over.then([received(&[("1", 1)]).at(9), inspected(&[("1", 1, Grade::Sound)]).at(9)]).decided();
    assert_eq!(late.problems(), ["quantity_mismatch r1: line 1: 5 to be credited, 4 asked to credit"]);
}

/// Over, with one of line 1 and two of line 2 credited, and the rest given up.
fn credited_in_part() -> Given {
    let short = expected(&goods(None)).then([
        received(&[("1", 1), ("2", 2)]).at(4),
        inspected(&[("1", 1, Grade::Sound), ("2", 2, Grade::Sound)]).at(5),
        waived(mismatch(), "line 1: 1 received, 5 authorised").at(6),
    ]);
    let over = short.decided().then([accepted("credit").at(7), accepted("update_return").at(8)]).decided();
    assert!(over.state().ended().is_some() && over.problems().is_empty());
    over
}

#[test]
fn what_is_received_after_the_end_is_for_a_person_before_anybody_looks_at_it() {
    let late = credited_in_part().then([received(&[("1", 4)]).at(9)]).decided();
    assert_eq!(late.problems(), ["quantity_mismatch r1: line 1: 5 received, 1 inspected"]);
    let sound = late.then([inspected(&[("1", 4, Grade::Sound)]).at(10)]).decided();
    assert_eq!(sound.problems(), ["quantity_mismatch r1: line 1: 5 to be credited, 1 asked to credit"]);
}

#[test]
fn damaged_goods_that_we_pay_are_for_a_person_too_when_they_come_after_the_end() {
    for (policy, problems) in [
        ("", vec![]),
        ("[credit]\ndamaged = \"credit\"", vec!["quantity_mismatch r1: line 1: 5 to be credited, 1 asked to credit"]),
    ] {
        let late = credited_in_part().policy(policy).then([received(&[("1", 4)]).at(9)]).decided();
        let late = late.then([inspected(&[("1", 4, Grade::Damaged)]).at(10)]).decided();
        assert_eq!(late.problems(), problems);
    }
}

#[test]
fn what_comes_back_after_it_was_called_off_is_for_a_person_and_it_stays_cancelled() {
    let off = given([authorised(&goods(None)), cancelled().at(2)]).decided();
    let off = off.then([accepted("update_return").at(3)]).decided();
    assert_eq!(off.state().ended(), Some(model::End::Cancelled));
    let late = off.then([received(&[]).at(9)]).decided();
    assert_eq!(
        late.problems(),
        [
            "quantity_mismatch r1: line 1: 5 received, 0 inspected; line 2: 2 received, 0 inspected",
            "cancel_too_late r1: it was to be called off, and the goods were on their way",
        ]
    );
    assert_eq!(late.stage(), "cancelled");
}

#[test]
fn called_off_before_anything_moves_it_is_undone_newest_first() {
    let asked = given([authorised(&goods(Some("tms-1")))]).decided().then([accepted("expect_return").at(2)]).decided();
    let off = asked.then([accepted("collect").at(3), booked().at(3), cancelled().at(4)]);
    off.decides(&[
        "ask tms-1 R-1/cancel_collection: R-1/collect",
        "wait 4h for cancel_collection",
        "wait 5days for cancel",
    ]);
    let off = off.decided().then([accepted("cancel_collection").at(5)]);
    off.decides(&["ask wms-1 R-1/cancel_return: R-1/expect_return", "wait 4h for cancel_return"]);
    let off = off.decided().then([accepted("cancel_return").at(6)]).decided();
    let off = off.then([accepted("update_return").at(7)]);
    off.decides(&["end cancelled"]);
    assert_eq!(off.decided().stage(), "cancelled");
}

#[test]
fn a_return_called_off_too_late_goes_on_and_a_person_sees_it() {
    let off = expected(&goods(None)).then([cancelled().at(4)]).decided().then([accepted("cancel_return").at(5)]);
    let moving = off.then([reached(Lane::Tms, Milestone::TransportInTransit, &[]).at(6)]);
    let words = crate::kit::in_words(&moving.decisions(), moving.now());
    assert!(words.contains(&"ask wms-1 R-1/expect_return#2".to_owned()), "{words:?}");
    assert!(words.iter().any(|word| word.starts_with("raise cancel_too_late r1")), "{words:?}");
}

#[test]
fn what_failed_is_asked_anew_after_a_pause_and_what_was_refused_by_a_person() {
    let failed = given([authorised(&goods(None))]).decided().then([failed("expect_return").at(2)]);
    failed.decides(&["wait 15m for retry-expect_return"]);
    let anew = failed.decided().due("retry-expect_return");
    anew.decides(&["ask wms-1 R-1/expect_return#2", "wait 4h for expect_return-2"]);
    let refused = anew.decided().then([refused("expect_return#2").at(3)]).decided();
    assert_eq!(refused.problems(), ["ask_refused R-1/expect_return#2: wms-1: refused, unknown"]);
    let again = refused.then([wanted_again("expect_return#2").at(4)]);
    let words = crate::kit::in_words(&again.decisions(), again.now());
    assert_eq!(words[0], "ask wms-1 R-1/expect_return#3");
    assert_eq!(again.decided().problems(), [""; 0]);
}

#[test]
fn an_unanswered_ask_is_overdue_and_asked_again_under_its_id_when_wanted() {
    let late = given([authorised(&goods(None))]).decided().due("expect_return").decided();
    assert_eq!(late.problems(), ["overdue expect_return: wms-1 has not answered expect_return"]);
    late.then([wanted_again("expect_return").at(9)]).decides(&[
        "ask wms-1 R-1/expect_return",
        "wait 4h for expect_return-2",
        "resolve overdue expect_return",
    ]);
}

#[test]
fn strangers_move_nothing() {
    let known = expected(&goods(None));
    let told = known.clone().then([
        received(&[("1", 5)]).from("wms-9").at(4),
        all_sound().from("wms-9").at(4),
        credited(&[("1", 9)]).from("erp-9").at(4),
        accepted("credit").from("erp-9").at(4),
    ]);
    told.decides(&[]);
    assert_eq!(returns::status(told.state()), returns::status(known.state()));
}

#[test]
fn an_authorisation_of_nothing_or_of_one_line_twice_is_invalid() {
    let mut odd = goods(None);
    odd.lines[1].line = odd.lines[0].line.clone();
    odd.lines[1].quantity = Quantity::each(0);
    let given = given([authorised(&odd)]).decided();
    assert_eq!(given.state().asks().count(), 0);
    assert_eq!(given.problems(), ["invalid: line 1 is there more than once; 0 EA of line 1 is no quantity to return"]);
    assert!(!returns::decide::is_waivable(&ExceptionKind::Invalid));
    assert_eq!(given.then([cancelled().at(2)]).decided().problems(), [""; 0]);
}

#[test]
fn the_first_authorisation_and_the_first_answer_count() {
    let mut other = goods(None);
    other.lines.truncate(1);
    let again = expected(&goods(None)).then([authorised(&other).at(9), refused("expect_return").at(9)]).decided();
    assert_eq!(
        again.problems(),
        [
            "changed: it was authorised again as something else; the first authorisation counts",
            "contradicted R-1/expect_return: accepted; later refused, unknown",
        ]
    );
    assert_eq!(again.state().ask(&ask_id("expect_return")).map(|ask| ask.partner.as_str()), Some("wms-1"));
    assert_eq!(returns::status(again.state()).unwrap().lines.len(), 2);
}
