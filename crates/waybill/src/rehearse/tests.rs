//! What a change board reads of a few orders.

use engine::rehearse::{Made, differences};
use fulfilment::rule;
use model::{Deadline, Decision, End, Exception, ExceptionKind, ShipmentId, Timestamp};

use super::report::Report;
use super::tally::{Counting, Looked};
use super::worth::Worth;
use crate::words::Subject;

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn waits(day: u32) -> Decision {
    Decision::Deadline(Deadline { name: "ship-s1".to_owned(), at: time(&format!("2026-03-{day:02}T08:00:00Z")) })
}

fn mismatch() -> Decision {
    let kind = ExceptionKind::FreightMismatch(ShipmentId::new("s1").unwrap());
    Decision::Raise(Exception { kind, detail: "billed 101 EUR, booked 100 EUR".to_owned() })
}

fn made(course: &[(u64, Decision)]) -> Vec<Made<Decision>> {
    let now = time("2026-03-01T08:00:00Z");
    course.iter().map(|(after, decision)| Made { after: *after, now, decision: decision.clone() }).collect()
}

fn looked(order: &str, euros: i64, before: &[(u64, Decision)], then: &[(u64, Decision)]) -> Looked {
    let mut worth = Worth::default();
    worth.0.insert("EUR".to_owned(), euros.into());
    let differences = differences(made(before), made(then), rule::name);
    Looked { order: order.to_owned(), entries: 4, decisions: before.len() as u64, worth, differences }
}

fn report(threshold: &str, unread: bool) -> Report {
    let mut counting = Counting::of(Subject::Order, 1);
    let closed = || (7, Decision::End(End::Closed));
    counting.add(&looked("SO-1", 100, &[(2, waits(4)), closed()], &[(2, waits(4)), closed()]));
    counting.add(&looked("SO-2", 250, &[(2, waits(4)), closed()], &[(2, waits(4)), (7, mismatch())]));
    counting.add(&looked("SO-3", 50, &[(3, waits(4)), closed()], &[(3, waits(2)), (5, mismatch()), closed()]));
    if unread {
        counting.unread("SO-4", "an entry of a later version");
    }
    let until = time("2026-04-01T00:00:00Z");
    let change = ("policy strict.toml".to_owned(), "what was decided".to_owned());
    Report::new(change, "order", (None, until), counting.done(), threshold.parse().unwrap())
}

#[test]
fn a_change_board_reads_how_many_why_and_whether_that_may_be() {
    let expected = "\
policy strict.toml beside what was decided
3 orders looked at: 12 entries, 6 decisions
2 (66.7 %) would have been decided otherwise, worth 300 EUR

RULE                        ORDERS  PART HERE  FEWER  MORE  OTHER    WORTH
exception freight_mismatch       2          1      0     2      0  300 EUR
close                            1          1      1     0      0  250 EUR
deadline ship                    1          1      0     0      1   50 EUR

exception freight_mismatch
  order SO-2, after entry 7, at 2026-03-01T08:00:00.000Z
    was   closes the order
    would raises freight_mismatch s1: billed 101 EUR, booked 100 EUR

close
  order SO-2, after entry 7, at 2026-03-01T08:00:00.000Z
    was   closes the order
    would raises freight_mismatch s1: billed 101 EUR, booked 100 EUR

deadline ship
  order SO-3, after entry 3, at 2026-03-01T08:00:00.000Z
    was   waits for ship-s1 until 2026-03-04T08:00:00.000Z
    would waits for ship-s1 until 2026-03-02T08:00:00.000Z
    and then 1 more difference

does not pass: 2 of 3 orders would have been decided otherwise, and 1 may be
";
    assert_eq!(anstream::adapter::strip_str(&report("1", false).text()).to_string(), expected);
}

#[test]
fn a_rehearsal_passes_within_the_threshold_when_every_order_was_read() {
    let passes = |threshold: &str, unread: bool| report(threshold, unread).passes;
    assert!(passes("2", false) && passes("67%", false));
    assert!(!passes("66%", false) && !passes("2", true));
    let text = report("2", true).text();
    assert!(text.contains("1 order not looked at") && text.contains("  SO-4: an entry of a later version"), "{text}");
}

#[test]
fn programs_get_the_counts_and_the_verdict() {
    let json = serde_json::to_value(report("50%", false)).unwrap();
    assert_eq!((&json["orders"], &json["otherwise"], &json["passes"]), (&3.into(), &2.into(), &false.into()));
    assert_eq!((&json["threshold"], &json["percent"]), (&"50 %".into(), &"66.7".into()));
    assert_eq!(
        (&json["rules"][0]["rule"], &json["rules"][0]["worth"]["EUR"]),
        (&"exception freight_mismatch".into(), &"300".into())
    );
    assert_eq!(json["rules"][1]["examples"][0]["before"], serde_json::json!(["closes the order"]));
}
