use std::ffi::OsString;

use engine::Folded;
use fulfilment::{Fulfilment, State};
use model::{Fact, Money, PartnerId, Timestamp};
use visibility::queries::Listed;

use super::list::{Sort, WorkList, sort};
use super::remedy::Remedy;
use super::resolve::{self, Target, intended};
use super::show::shown;
use super::{Command, list};
use crate::cli::{self, Cli};
use crate::sample;

fn state() -> State {
    Folded::<Fulfilment>::replay(&sample::key(), &sample::entries()).state().clone()
}

fn listed() -> Listed {
    let mut open = fulfilment::exceptions::open(&state());
    assert_eq!(open.len(), 1);
    Listed { order: sample::ORDER.to_owned(), customer: None, deadline: None, open: open.remove(0) }
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn eur(amount: &str) -> Option<Money> {
    Some(Money { amount: amount.parse().unwrap(), ..sample::order().lines[0].unit_price.clone().unwrap() })
}

fn parsed(line: &[&str]) -> Result<Cli, String> {
    let line = ["waybill", "exception"].iter().chain(line).map(OsString::from);
    let matches = cli::command().try_get_matches_from(line).map_err(|error| error.to_string())?;
    clap::FromArgMatches::from_arg_matches(&matches).map_err(|error| error.to_string())
}

fn remedy(line: &[&str]) -> (Target, Remedy) {
    let cli = parsed(&[&["resolve", sample::ORDER, "booking_refused s1"], line].concat()).unwrap();
    let cli::Command::Exception(Command::Resolve(args)) = cli.command else { panic!("another command") };
    let exceptions = args.exception.clone().into_iter().collect();
    (Target { order: args.order.clone().unwrap(), exceptions }, args.remedy.chosen().unwrap())
}

fn facts(line: &[&str]) -> Result<Vec<Fact>, String> {
    let (target, remedy) = remedy(line);
    let (facts, mut resolved) = intended(&target, &remedy, "full", &state()).unwrap();
    resolved.cannot.pop().map_or(Ok(facts), |cannot| Err(cannot.why.to_string()))
}

#[test]
fn what_comes_first_is_oldest_dearest_or_due_next() {
    let one = |order: &str, since, stake: Option<Money>, due: Option<i64>| {
        let mut listed = Listed { order: order.to_owned(), ..listed() };
        listed.open.since = at(since);
        listed.open.at_stake = stake;
        listed.deadline = due.map(|due| model::Deadline { name: "ship-s1".to_owned(), at: at(due) });
        listed
    };
    let mut all = vec![one("a", 3, eur("5"), None), one("b", 1, None, Some(9)), one("c", 2, eur("70"), Some(4))];
    let mut sorted = |by| {
        sort(&mut all, by);
        all.iter().map(|listed| listed.order.clone()).collect::<Vec<_>>().concat()
    };
    assert_eq!([Sort::Age, Sort::Value, Sort::Deadline].map(&mut sorted), ["bca", "cab", "cba"]);
}

#[test]
fn the_work_list_stands_in_columns() {
    let mut listed = listed();
    let now = at(listed.open.since.as_millis() + 7_500_000);
    listed.open.assigned = Some("bob".to_owned());
    listed.open.snoozed = Some(now);
    let text = list::render(&WorkList { exceptions: vec![listed], more: true, now });
    let expected = "\
ORDER     EXCEPTION           OPEN FOR  CUSTOMER   AT STAKE  NEXT DEADLINE  ASSIGNED TO  PUT OFF UNTIL  WHAT IS WRONG
SO 1/7.*  booking_refused s1     2h 5m  -         38.00 EUR  -              bob          -              tms-main: refused, carrier.capacity: no \\u{1b}[31mtruck
there are more; see them with a larger --limit
";
    assert_eq!(text, expected);
    assert_eq!(list::render(&WorkList { exceptions: vec![], more: false, now }), "no exceptions\n");
}

#[test]
fn each_remedy_enters_its_fact_about_what_the_exception_is_about() {
    let book = format!("{}/book/s1", sample::ORDER);
    let kinds = |line: &[&str]| facts(line).map(|facts| facts.iter().map(Fact::kind).collect::<Vec<_>>());
    assert_eq!(kinds(&["--retry"]).unwrap(), ["retry_requested"]);
    assert_eq!(kinds(&["--override"]).unwrap(), ["waived"]);
    assert!(matches!(&facts(&["--accepted"]).unwrap()[..], [Fact::Answered(answer)] if answer.ask.as_str() == book));
    assert_eq!(kinds(&["--refused"]).unwrap(), ["answered"]);
    assert_eq!(kinds(&["--cancel"]).unwrap(), ["cancel_requested"]);
    let delivered = facts(&["--milestone", "transport.delivered"]).unwrap();
    assert!(
        matches!(&delivered[..], [Fact::Milestone(reached)] if reached.shipment.as_ref().unwrap().as_str() == "s1")
    );
    let instead = facts(&["--substitute", "tms-b"]).unwrap();
    let partner = PartnerId::new("tms-b").unwrap();
    assert!(
        matches!(&instead[..], [Fact::Substituted(wanted)] if wanted.partner == partner && wanted.ask.as_str() == book)
    );
    let other = facts(&["--retry", "--ask", "SO 1/7.*/allocate/s1"]).unwrap_err();
    assert!(other.contains("was accepted"), "{other}");
    let allocation = facts(&["--substitute", "wms-2", "--ask", "SO 1/7.*/allocate/s1"]).unwrap_err();
    assert!(allocation.contains("only a carrier"), "{allocation}");
}

#[test]
fn what_is_not_open_is_told_and_what_is_wanted_twice_is_entered_once() {
    let (mut target, cancel) = remedy(&["--cancel"]);
    target.exceptions = ["booking_refused s1", "late s1", "booking_refused s1"].map(str::to_owned).to_vec();
    let (facts, resolved) = intended(&target, &cancel, "why", &state()).unwrap();
    assert_eq!(facts.len(), 1);
    assert_eq!(resolved.cannot.len(), 1);
    assert_eq!(resolved.cannot[0].exception, "late s1");
    target.exceptions.clear();
    let (_, all) = intended(&target, &cancel, "why", &state()).unwrap();
    assert_eq!(all.exceptions, ["booking_refused s1"], "all of the order's, when none is named");
}

#[test]
fn a_report_says_what_would_be_entered_and_what_cannot_be() {
    let (mut target, retry) = remedy(&["--retry"]);
    target.exceptions.push("late s1".to_owned());
    let (_, resolved) = intended(&target, &retry, "why", &state()).unwrap();
    let text = |done, entry| {
        let (_, resolved) = intended(&target, &retry, "why", &state()).unwrap();
        let orders = vec![resolve::Resolved { entry, ..resolved }];
        let report = resolve::Report { done, orders, more: false };
        anstream::adapter::strip_str(&resolve::render(&report)).to_string()
    };
    assert_eq!(resolved.says.len(), 1);
    let dry = "\
would enter in 1 order
SO 1/7.*, booking_refused s1: wants SO 1/7.*/book/s1 asked again
1 exception cannot be resolved so
SO 1/7.*, late s1: no exception `late s1` is open; open are: `booking_refused s1`
Nothing was entered; --yes --why TEXT does it.
";
    assert_eq!(text(false, None), dry);
    assert!(
        text(true, Some(31)).contains(
            "entered in 1 order\nSO 1/7.*, booking_refused s1: wants SO 1/7.*/book/s1 asked again (entry 31)\n"
        )
    );
}

#[test]
fn an_exception_is_shown_with_what_was_tried_and_what_can_be() {
    let entries = sample::entries();
    let shown = shown(&sample::order_id(), Some("booking_refused s1"), &entries, at(sample::START)).unwrap();
    let tried: Vec<&str> = shown.exceptions[0].tried.iter().map(|tried| tried.what.as_str()).collect();
    assert_eq!(tried.len(), 3, "{tried:?}");
    assert!(tried[0].starts_with("asks tms tms-main to book s1"), "{tried:?}");
    assert!(tried[1].starts_with("answers SO 1/7.*/book/s1: refused"), "{tried:?}");
    assert!(tried[2].starts_with("raises booking_refused s1"), "{tried:?}");
    let begin = "waybill exception resolve 'SO 1/7.*' 'booking_refused s1'";
    let commands = &shown.exceptions[0].commands;
    for flag in ["--retry", "--override", "--accepted", "--refused", "--substitute PARTNER", "--cancel"] {
        assert!(commands.contains(&format!("{begin} {flag} --yes --why TEXT")), "{flag} is not in {commands:#?}");
    }
    assert_eq!(commands.len(), 8, "and two to give it away and to put it off");
    // Each is a command line as it stands.
    for command in commands {
        let words = command.replace("'SO 1/7.*'", "ORDER").replace("'booking_refused s1'", "KIND");
        let words: Vec<&str> = words.split(' ').skip(2).chain(["--as", "ada"]).collect();
        parsed(&words).unwrap();
    }
    let text = super::show::render(&shown);
    assert!(text.contains("38.00 EUR") && text.contains("tms-main"), "{text}");
    let closed = super::show::shown(&sample::order_id(), Some("late s1"), &entries, at(0)).unwrap_err();
    assert!(closed.to_string().contains("`booking_refused s1`"), "{closed}");
}

#[test]
fn a_command_line_that_makes_no_sense_is_refused() {
    for wrong in [
        &["resolve", "--retry"][..],
        &["resolve", "--all"],
        &["resolve", "--all", "--retry", "--cancel"],
        &["resolve", "SO 1", "--all", "--retry"],
        &["resolve", "SO 1", "--kind", "late", "--retry"],
        &["resolve", "--all", "--retry", "--ask", "SO 1/book/s1"],
        &["resolve", "--all", "--retry", "--yes", "--as", "ada"],
        &["list", "--kind", "nonsense"],
        &["list", "--assigned", "ada", "--unassigned"],
        &["list", "--older-than", "yesterday"],
        &["snooze", "SO 1", "late s1", "--why", "x", "--as", "ada"],
        &["assign", "SO 1", "late s1", "--why", "x", "--as", "ada"],
    ] {
        assert!(parsed(wrong).is_err(), "{wrong:?}");
    }
    for right in [
        &["resolve", "--all", "--retry"][..],
        &["resolve", "--older-than", "2h", "--unassigned", "--override"],
        &["resolve", "SO 1/7.*", "overdue book-s1", "--substitute", "tms-b"],
        &["list", "--kind", "no_stock s1", "--sort", "value"],
        &["list", "--kind", "ask_refused SO 1/7.*/bill"],
        &["snooze", "SO 1", "late s1", "--until", "2026-03-01T14:00Z", "--why", "x", "--as", "ada"],
    ] {
        parsed(right).unwrap();
    }
}
