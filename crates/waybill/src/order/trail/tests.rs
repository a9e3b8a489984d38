use broker::Options;
use engine::{Journal, Layout};
use fulfilment::{LAYOUT, Stage};
use model::{ExceptionKind, Milestone, ShipmentId};
use service::streams::{Durability, declare};

use super::*;
use crate::sample;

fn trail() -> Trail {
    let (entries, composite) = steps(&sample::entries(), &mut Folded::new(&sample::key()));
    Trail { order: sample::order_id(), composite, archive: None, is_cut: false, entries }
}

fn shown(trail: &Trail) -> String {
    anstream::adapter::strip_str(&render(trail)).to_string()
}

#[test]
fn every_entry_says_why_it_is_there_what_it_says_and_what_it_changed() {
    assert_eq!(shown(&trail()), include_str!("expected.txt"));
}

#[test]
fn changes_are_those_of_the_composite_and_the_asks() {
    let Trail { entries, composite, .. } = trail();
    let [released, asked, allocated, _, refused, raised, due] = &entries[..] else { panic!("{}", entries.len()) };
    let stage = released.changed.stage.unwrap();
    assert_eq!((stage.from, stage.to), (Stage::Unreleased, Stage::Released));
    assert_eq!(asked.changed.asked.iter().map(ToString::to_string).collect::<Vec<_>>(), ["SO 1/7.*/allocate/s1"]);
    assert_eq!(asked.cause, Cause::Decision { seen: released.sequence, now: released.recorded });
    assert_eq!(allocated.changed.milestone.unwrap().to, Some(Milestone::FulfilmentAllocated));
    assert!(allocated.changed.settled[0].accepted);
    assert!(!refused.changed.settled[0].accepted);
    assert_eq!(raised.changed.raised[0].kind, ExceptionKind::BookingRefused(ShipmentId::new("s1").unwrap()));
    assert_eq!(due.changed, Changed::default());
    assert_eq!(composite.stage, Stage::Warehouse);
}

#[test]
fn latency_is_measured_from_the_cause() {
    let entries = trail().entries;
    assert_eq!(entries.iter().map(|step| step.latency_ms).collect::<Vec<_>>(), [4, 3, 4, 2, 4, 1, 6].map(Some));
    assert_eq!(entries[0].since_previous_ms, None);
    assert_eq!(entries[4].since_previous_ms, Some(65_000));
}

#[test]
fn programs_get_the_entry_beside_the_words() {
    let json = serde_json::to_value(trail()).unwrap();
    let first = &json["entries"][0];
    assert_eq!(json["order"], sample::ORDER);
    assert_eq!((first["lane"].as_str(), first["sequence"].as_u64()), (Some("erp"), Some(10)));
    assert_eq!(first["cause"]["message"]["inbox"], 100);
    assert_eq!(first["content"]["facts"]["facts"][0]["fact"]["released"]["customer"], "C-1");
    assert_eq!(first["changed"]["stage"], serde_json::json!({ "from": "unreleased", "to": "released" }));
}

#[tokio::test]
async fn a_trail_is_read_back_from_the_stream() {
    let broker = broker::start(Options::default()).await.unwrap();
    let settings = NatsSettings::url(broker.url());
    let connection = reach::connect(&settings).await.unwrap();
    declare(&connection.js, Durability::Demo).await.unwrap();
    let journal = Journal::<Fulfilment>::new(connection.js.clone(), LAYOUT);
    let other = Key::of("SO 1/7");
    let mut decided = 0;
    for (lane, entry) in sample::to_append() {
        if lane == Layout::FLOW {
            decided = journal.decide(&sample::key(), decided, &entry).await.unwrap();
        } else {
            journal.append(&sample::key(), lane, &entry).await.unwrap();
            journal.append(&other, lane, &entry).await.unwrap();
        }
    }

    let read = read(&connection, &sample::order_id()).await.unwrap();
    let expected = trail();
    assert_eq!(read.composite, expected.composite);
    assert_eq!(read.entries.len(), expected.entries.len());
    assert!(read.entries.is_sorted_by(|left, right| left.sequence < right.sequence));
    for (step, expected) in read.entries.iter().zip(&expected.entries) {
        assert_eq!((step.lane, &step.says, &step.changed), (expected.lane, &expected.says, &expected.changed));
    }
    assert!(
        shown(&read).starts_with("Order SO 1/7.*\nwarehouse, fulfilment.allocated, 1 open exception; 7 entries in ")
    );

    let missing = super::read(&connection, &OrderId::new("SO 1/8.*").unwrap()).await.unwrap_err();
    assert!(matches!(&missing, Failure::NotFound(words) if words.contains("SO 1/8.*")), "{missing}");
}

#[tokio::test]
async fn a_broker_without_the_stream_is_said_to_be_one() {
    let broker = broker::start(Options::default()).await.unwrap();
    let connection = reach::connect(&NatsSettings::url(broker.url())).await.unwrap();
    let failure = read(&connection, &sample::order_id()).await.unwrap_err();
    let says = |words: &str| words.starts_with("this NATS server has no stream ORDERS; start a service");
    assert!(matches!(&failure, Failure::Unreachable(words) if says(words)), "{failure}");
}
