//! The whole service against a real broker.

use std::time::Duration;

use fulfilment::LAYOUT;
use futures::StreamExt;
use model::{Fact, Lane, Outcome};
use service::streams::{self, Durability};
use tokio::io::AsyncReadExt;
use visibility::archive;
use visibility::queries::{self, Digests, OrderPage, OrderView, StockPage};
use visibility::store::Folder;
use visibility::updates::CloudEvent;

use crate::given::{key, number_of};
use crate::world::{PATIENCE, World, facts_of, independent, stream};

fn kinds_of(events: &[CloudEvent], order: &str) -> Vec<String> {
    events.iter().filter(|event| event.subject == order).map(|event| event.kind.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_shown_told_and_archived_and_a_rebuild_tells_nobody_again() {
    let world = World::begin().await;
    let running = world.serve().await;
    world.receive(1, 100).await;
    world.receive(1, 100).await;
    let orders = 6;
    futures::future::join_all((0..orders).map(|number| world.live(number))).await;
    world.settled(orders).await;

    shown(&world, orders).await;
    let events = world.updates().await;
    told(&events, orders);
    archived(&world, orders).await;

    let before: Digests = world.ask(queries::DIGEST, serde_json::json!({})).await;
    assert_eq!(before, independent(&world, orders).await);
    running.end().await;

    // The last process was killed while it opened the projection, and left it damaged.
    let mut folder = Folder::take(world.data.path()).unwrap();
    folder.begin().unwrap();
    std::fs::write(folder.path().join("entries"), "not what was written").unwrap();
    drop(folder);
    let running = world.serve().await;
    world.settled(orders).await;
    let rebuilt: Digests = world.ask(queries::DIGEST, serde_json::json!({})).await;
    assert_eq!(rebuilt, before);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(world.updates().await, events, "a rebuild tells nobody again");
    running.end().await;
}

async fn shown(world: &World, orders: usize) {
    let view: OrderView = world.ask(queries::ORDER_GET, serde_json::json!({ "order": "SO 2" })).await;
    assert_eq!(view.composite.stage, fulfilment::Stage::Closed);
    let page: OrderPage = world.ask(queries::ORDER_LIST, serde_json::json!({ "stage": "closed" })).await;
    assert_eq!(page.orders.len(), orders);
    let stock: StockPage = world.ask(queries::STOCK, serde_json::json!({ "location": "W1" })).await;
    let left = 100 - 5 * orders as i64;
    assert_eq!(stock.balances[0].available, left.into());
    let bucket = world.connection.js.get_key_value(streams::STATUS).await.unwrap();
    let status: serde_json::Value =
        serde_json::from_slice(&bucket.get(key(2).token()).await.unwrap().unwrap()).unwrap();
    assert_eq!((status["order"].as_str(), status["stage"].as_str()), (Some("SO 2"), Some("closed")));

    for (subject, question, code) in [
        (queries::ORDER_GET, r#"{"order":"no\nsuch"}"#, "404"),
        (queries::ORDER_GET, "{}", "400"),
        (queries::ORDER_LIST, r#"{"limit":5000}"#, "400"),
        (queries::STOCK, "nonsense", "400"),
    ] {
        let answer = world.connection.client.request(subject, question.into()).await.unwrap();
        let headers = answer.headers.unwrap();
        assert_eq!(headers.get("Nats-Service-Error-Code").unwrap().as_str(), code, "{subject} {question}");
    }
}

pub fn told(events: &[CloudEvent], orders: usize) {
    for number in 0..orders {
        let kinds = kinds_of(events, &number_of(number));
        let milestones: Vec<&str> = kinds.iter().map(|kind| kind.trim_start_matches("waybill.order.")).collect();
        let mut asked = milestones.clone();
        // What was asked for comes beside what was seen, at any place after the delivery was decided on.
        let told = asked.iter().position(|kind| *kind == "delivered").map(|at| asked.remove(at));
        assert_eq!(told, Some("delivered"));
        assert_eq!(asked, ["received", "shipped", "out_for_delivery", "delivered"], "{number}");
    }
    let mut ids: Vec<&str> = events.iter().map(|event| event.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), events.len(), "every event once");
}

async fn archived(world: &World, orders: usize) {
    let store = world.connection.js.get_object_store(streams::ARCHIVE).await.unwrap();
    for number in 0..orders {
        let trail = world.journal().read(&key(number)).await.unwrap();
        let stated: Vec<_> =
            facts_of(&trail).filter_map(|fact| if let Fact::Archived(a) = fact { Some(a) } else { None }).collect();
        let answers =
            facts_of(&trail).filter(|fact| matches!(fact, Fact::Answered(a) if a.outcome == Outcome::Accepted));
        assert_eq!((stated.len(), answers.count()), (1, 1));
        let mut bytes = Vec::new();
        store.get(key(number).token()).await.unwrap().read_to_end(&mut bytes).await.unwrap();
        let verified = archive::verify(&archive::unpack(&bytes).unwrap()).unwrap();
        assert_eq!((&verified.digest, verified.entries.len()), (&stated[0].digest, stated[0].entries as usize));
        for (kept, record) in verified.entries.iter().zip(&trail) {
            assert_eq!((kept.sequence, &kept.entry), (record.sequence, &record.entry));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_tell_every_customer_once() {
    let world = World::begin().await;
    let (one, other) = (world.serve().await, world.serve().await);
    let orders = 60;
    futures::future::join_all((0..orders).map(|number| world.live(number))).await;
    world.settled(orders).await;
    let complete = async {
        while world.updates().await.len() < orders * 5 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, complete).await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    told(&world.updates().await, orders);
    one.end().await;
    other.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_another_one_means_to_rebuild() {
    let world = World::begin().await;
    let running = world.serve().await;
    world.live(0).await;
    world.settled(1).await;
    running.end().await;

    world.connection.js.delete_stream(streams::ORDERS).await.unwrap();
    streams::declare(&world.connection.js, Durability::Demo).await.unwrap();
    world.live(1).await;
    let running = world.serve().await;
    let page: OrderPage = world.ask(queries::ORDER_LIST, serde_json::json!({})).await;
    assert_eq!(page.orders.iter().map(|order| order.order.as_str()).collect::<Vec<_>>(), ["SO 1"]);

    // And once more while it runs.
    world.connection.js.delete_stream(streams::ORDERS).await.unwrap();
    streams::declare(&world.connection.js, Durability::Demo).await.unwrap();
    world.live(2).await;
    let rebuilt = async {
        loop {
            let subject = queries::ORDER_LIST;
            let answer = world.connection.client.request(subject, "{}".into()).await.unwrap();
            if let Ok(page) = serde_json::from_slice::<OrderPage>(&answer.payload)
                && page.orders.iter().map(|order| order.order.as_str()).eq(["SO 2"])
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(PATIENCE, rebuilt).await.unwrap();
    let asides = std::fs::read_dir(world.data.path()).unwrap();
    let asides = asides.filter(|item| item.as_ref().unwrap().file_name().to_string_lossy().contains(".aside-")).count();
    assert_eq!(asides, 2);
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_nobody_can_read_is_quarantined_once_and_the_rest_goes_on() {
    let world = World::begin().await;
    let subject = LAYOUT.subject(&key(0), Lane::Tms.as_str());
    world.live(0).await;
    world.publish(subject, b"\x81\xa7unknown\x01".to_vec()).await;
    world.publish(streams::stock("W1", "A-1"), b"junk".to_vec()).await;
    let running = world.serve().await;
    let view: OrderView = world.ask(queries::ORDER_GET, serde_json::json!({ "order": "SO 0" })).await;
    assert!(view.unreadable.is_some());
    running.end().await;
    std::fs::remove_dir_all(world.data.path().join("projection-1")).unwrap();
    world.serve().await.end().await;

    let held = stream(&world, streams::QUARANTINE).await;
    let mut info = held.info_with_subjects("quarantine.visibility.*").await.unwrap();
    let mut counts = Vec::new();
    while let Some(subject) = info.next().await {
        counts.push(subject.unwrap());
    }
    counts.sort();
    let expected = [("quarantine.visibility.ORDERS".to_owned(), 1), ("quarantine.visibility.STOCK".to_owned(), 1)];
    assert_eq!(counts, expected);
}
