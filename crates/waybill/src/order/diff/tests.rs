use super::*;
use crate::sample;

fn args(from: &str, to: &str) -> Args {
    let (from, to) = (from.parse().unwrap(), to.parse().unwrap());
    Args { order: sample::order_id(), from, to, occurred: OccurredArgs::default() }
}

fn whole() -> Whole {
    Whole { entries: sample::entries(), archive: None, is_cut: false }
}

fn between(from: &str, to: &str) -> Diff {
    diff(&args(from, to), whole()).unwrap()
}

fn change<'a>(diff: &'a Diff, about: &str, what: &str) -> (Option<&'a str>, Option<&'a str>) {
    let change = diff.changes.iter().find(|change| change.about == about && change.what == what).unwrap();
    (change.from.as_deref(), change.to.as_deref())
}

#[test]
fn what_became_of_an_order_is_shown_with_what_came_between() {
    let text = anstream::adapter::strip_str(&render(&between("13", "25"))).to_string();
    assert_eq!(text, include_str!("expected.txt"));
}

#[test]
fn whichever_moment_is_given_first_the_earlier_one_is_before() {
    let (forth, back) = (between("10", "22"), between("22", "10"));
    assert_eq!((forth.from, forth.to), (back.from, back.to));
    assert_eq!(forth.changes, back.changes);
    let ask = "SO 1/7.*/book/s1";
    assert_eq!(change(&forth, "ask", ask), (None, Some("refused, carrier.capacity: no \u{1b}[31mtruck")));
    assert_eq!(change(&between("19", "22"), "ask", ask).0, Some("not answered"));
    assert_eq!(change(&forth, "line 1", "allocated"), (None, Some("3 EA")));
}

#[test]
fn a_time_and_a_place_can_be_held_against_each_other() {
    let diff = between("2026-03-01T09:00:00.100Z", "2026-03-01");
    assert_eq!((diff.from.entry, diff.to.entry), (13, 28));
    assert_eq!(diff.entries.iter().map(|step| step.sequence).collect::<Vec<_>>(), [16, 19, 22, 25, 28]);
    assert_eq!(between("13", "2026-03-01").changes, diff.changes);
}

#[test]
fn between_two_moments_without_an_entry_nothing_differs() {
    let diff = between("13", "15");
    assert!(diff.changes.is_empty() && diff.entries.is_empty());
    assert!(render(&diff).ends_with("nothing came between\n"));
}

#[test]
fn what_had_not_occurred_is_on_neither_side() {
    let occurred = Some("2026-03-01T09:00:00.500Z".parse().unwrap());
    let args = Args { occurred: OccurredArgs { occurred }, ..args("10", "28") };
    let diff = diff(&args, whole()).unwrap();
    assert_eq!(change(&diff, "order", "milestone").1, Some("fulfilment.allocated"), "it states an earlier time");
    assert!(!diff.changes.iter().any(|change| change.about == "exception"), "it was raised later: {:?}", diff.changes);
}

#[test]
fn a_moment_before_the_first_entry_is_none_of_the_orders() {
    for (from, to) in [("9", "28"), ("28", "2026-02-28")] {
        let failure = diff(&args(from, to), whole()).unwrap_err();
        assert!(failure.to_string().contains("its first entry is 10"), "{failure}");
        assert_eq!(failure.status(), 1);
    }
}

#[test]
fn programs_get_both_sides_of_each_change() {
    let json = serde_json::to_value(between("13", "16")).unwrap();
    assert_eq!((&json["from"]["as_of"]["sequence"], &json["to"]["entry"]), (&13.into(), &16.into()));
    let stage = serde_json::json!({ "about": "order", "what": "stage", "from": "released", "to": "warehouse" });
    assert_eq!(json["changes"][0], stage);
    assert_eq!(json["entries"][0]["sequence"], 16);
}
