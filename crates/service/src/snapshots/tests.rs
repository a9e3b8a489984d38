use broker::Options;
use model::{Listed, ListedOrder, OrderId, PartnerId, System, When};

use super::*;
use crate::connect::connect;
use crate::settings::NatsSettings;
use crate::streams::{Durability, declare};

/// Long after everything.
fn ever() -> Timestamp {
    Timestamp::from_millis(i64::MAX / 2_000_000)
}

fn source(inbox: u64) -> Source {
    Source {
        service: "erp-adapter".to_owned(),
        partner: Some("acme".to_owned()),
        message: Some("open".to_owned()),
        profile: Some(1),
        profile_name: Some("acme".to_owned()),
        inbox: Some(inbox),
        received: Timestamp::from_millis(7),
        operator: None,
    }
}

fn orders(partner: &str, taken: i64, orders: &[&str]) -> Snapshot {
    let row = |number: &&str| ListedOrder { order: OrderId::new(number).unwrap(), lines: Vec::new() };
    Snapshot {
        system: System::Erp,
        partner: PartnerId::new(partner).unwrap(),
        taken: When::exact(Timestamp::from_millis(taken)),
        complete: true,
        listed: Listed::Orders(orders.iter().map(row).collect()),
    }
}

async fn publish(js: &jetstream::Context, inbox: u64, snapshot: Snapshot) -> u64 {
    let id = EntryId::of(&[&inbox.to_be_bytes()]);
    let (subject, message) = message(id, source(inbox), snapshot).unwrap();
    js.send_publish(subject, message).await.unwrap().await.unwrap().sequence
}

/// The places and partners of what is read.
async fn places(js: &jetstream::Context, wanted: Wanted, until: Timestamp) -> Vec<(u64, String)> {
    let mut places = Vec::new();
    read(js, wanted, until, |one| places.push((one.sequence, one.snapshot.partner.to_string()))).await.unwrap();
    places
}

#[tokio::test]
async fn the_newest_of_each_list_is_the_one_that_was_taken_last() {
    let broker = broker::start(Options::default()).await.unwrap();
    let js = connect(&NatsSettings::url(broker.url()), "test").await.unwrap().js;
    declare(&js, Durability::Demo).await.unwrap();
    assert_eq!(places(&js, Wanted::Newest, ever()).await, []);
    publish(&js, 1, orders("acme", 1_000, &["SO-1"])).await;
    publish(&js, 2, orders("a.b", 1_000, &["SO-9"])).await;
    publish(&js, 3, orders("acme", 3_000, &["SO-2"])).await;
    // It came late, and says nothing of now.
    publish(&js, 4, orders("acme", 2_000, &["SO-3"])).await;
    let both = vec![(2, "a.b".to_owned()), (3, "acme".to_owned())];
    assert_eq!(places(&js, Wanted::Newest, ever()).await, both);
    let mut read_back = Vec::new();
    read(&js, Wanted::Newest, ever(), |one| read_back.push(one)).await.unwrap();
    assert_eq!((&read_back[1].snapshot, &read_back[1].source), (&orders("acme", 3_000, &["SO-2"]), &source(3)));
    let first = Timestamp::from_millis(0);
    assert_eq!(places(&js, Wanted::Since(first), ever()).await.len(), 4);
    // Told again, it is the same list.
    publish(&js, 5, orders("acme", 3_000, &["SO-2"])).await;
    assert_eq!(places(&js, Wanted::Since(first), ever()).await.len(), 4);
    assert_eq!(places(&js, Wanted::Newest, ever()).await[1], (5, "acme".to_owned()));
    // As of a moment before, or since one after, there was nothing.
    let recorded = read_back[0].recorded;
    assert_eq!(places(&js, Wanted::Newest, recorded.plus_millis(-60_000)).await, []);
    assert_eq!(places(&js, Wanted::Since(recorded.plus_millis(60_000)), ever()).await, []);
    assert_eq!(places(&js, Wanted::Since(recorded.plus_millis(-60_000)), recorded.plus_millis(60_000)).await.len(), 4);
}

#[tokio::test]
async fn what_this_version_cannot_read_is_named_and_never_left_out() {
    let broker = broker::start(Options::default()).await.unwrap();
    let js = connect(&NatsSettings::url(broker.url()), "test").await.unwrap().js;
    let missing = read(&js, Wanted::Newest, ever(), |_| {}).await.unwrap_err().to_string();
    assert!(missing.starts_with("cannot look up stream SNAPSHOTS"), "{missing}");
    declare(&js, Durability::Demo).await.unwrap();
    publish(&js, 1, orders("acme", 1_000, &["SO-1"])).await;
    js.publish(streams::snapshot("erp", "acme", "orders"), "odd".into()).await.unwrap().await.unwrap();
    for wanted in [Wanted::Newest, Wanted::Since(Timestamp::from_millis(0))] {
        let why = read(&js, wanted, ever(), |_| {}).await.unwrap_err().to_string();
        assert!(why.starts_with("message 2 of stream SNAPSHOTS is no snapshot"), "{why}");
    }
}
