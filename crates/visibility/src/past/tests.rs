use engine::{EntryId, FactId, Source};
use model::{Classifier, Condition, ConditionKind, Milestone, MilestoneReached, Note, Reason, When};

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn milestone(classifier: Classifier, occurred: &str) -> Fact {
    Fact::Milestone(MilestoneReached {
        milestone: Milestone::TransportDelivered,
        classifier,
        occurred: When::parse(occurred).unwrap(),
        shipment: None,
        parcel: None,
        place: None,
        lines: Vec::new(),
        code: None,
    })
}

fn noted() -> Fact {
    Fact::Noted(Note { text: "called".to_owned(), opens: None })
}

/// Received on Tuesday, the third.
fn told(facts: Vec<Fact>) -> Recorded<Fact, Decision> {
    let source = Source {
        service: "tms-adapter".to_owned(),
        partner: None,
        message: None,
        profile: None,
        profile_name: None,
        inbox: None,
        received: at("2026-03-03T10:00:00Z"),
        operator: None,
    };
    let facts = facts.into_iter().map(|fact| Told { id: FactId([0; 16]), fact }).collect();
    recorded(Content::Facts { source, facts })
}

fn recorded(content: Content<Fact, Decision>) -> Recorded<Fact, Decision> {
    let entry = Entry { id: EntryId([0; 16]), content };
    Recorded { sequence: 7, recorded: at("2026-03-03T10:00:01Z"), lane: "tms", entry }
}

fn facts_left(past: &Past, facts: Vec<Fact>) -> usize {
    let Some(entry) = past.entry(&told(facts)) else { return 0 };
    let Content::Facts { facts, .. } = entry.entry.content else { panic!("{entry:?}") };
    facts.len()
}

fn occurred_before(text: &str) -> Past {
    Past { occurred_before: Some(at(text)), ..Past::default() }
}

#[test]
fn without_a_bound_all_of_it_counts() {
    let entry = told(vec![milestone(Classifier::Actual, "2999-01-01"), noted()]);
    assert_eq!(Past::default().of(std::slice::from_ref(&entry)), [entry]);
}

#[test]
fn what_is_recorded_or_stands_later_does_not_count() {
    let entry = told(vec![noted()]);
    let before = |text| Past { recorded_before: Some(at(text)), ..Past::default() };
    assert!(before("2026-03-03T10:00:01Z").entry(&entry).is_none(), "the time itself is not before it");
    assert!(before("2026-03-03T10:00:01.001Z").entry(&entry).is_some());
    let up_to = |last| Past { up_to: Some(last), ..Past::default() };
    assert!(up_to(6).entry(&entry).is_none() && up_to(7).entry(&entry).is_some());
}

#[test]
fn a_fact_counts_by_the_time_it_states_and_otherwise_by_its_receipt() {
    let monday = occurred_before("2026-03-03T00:00:00Z");
    let delivered = |occurred| milestone(Classifier::Actual, occurred);
    assert_eq!(facts_left(&monday, vec![delivered("2026-03-02T23:59"), delivered("2026-03-03"), noted()]), 1);
    assert_eq!(facts_left(&monday, vec![noted()]), 0, "an entry of which nothing is left is none");
    assert_eq!(facts_left(&occurred_before("2026-03-03T10:00:00.001Z"), vec![noted()]), 1);
    let condition = Fact::Condition(Condition {
        kind: ConditionKind::Delayed,
        reason: Reason::Weather,
        resolved: false,
        occurred: When::parse("2026-03-02").unwrap(),
        shipment: None,
        place: None,
        code: None,
    });
    assert_eq!(facts_left(&monday, vec![condition]), 1);
}

#[test]
fn an_estimate_of_what_is_to_come_has_been_made() {
    let tuesday = occurred_before("2026-03-04T00:00:00Z");
    let friday = "2026-03-06";
    assert_eq!(facts_left(&tuesday, vec![milestone(Classifier::Estimated, friday)]), 1);
    assert_eq!(facts_left(&tuesday, vec![milestone(Classifier::Actual, friday)]), 0);
}

#[test]
fn a_decision_occurs_when_it_is_recorded_and_a_deadline_when_it_passes() {
    let decided = recorded(Content::Decisions { seen: 6, now: at("2026-03-01T00:00:00Z"), decisions: Vec::new() });
    let due = recorded(Content::Due { name: "book-s1".to_owned(), at: at("2026-03-01T00:00:00Z") });
    let monday = occurred_before("2026-03-03T00:00:00Z");
    assert!(monday.entry(&decided).is_none() && monday.entry(&due).is_some());
    assert!(occurred_before("2026-03-03T10:00:02Z").entry(&decided).is_some());
}
