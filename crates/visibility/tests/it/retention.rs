//! What nears the age limit of its stream, on a real broker whose limits are seconds.

use std::time::Duration;

use model::{Currency, Fact, FreightInvoice, Lane, Money, ShipmentId};
use service::streams;
use tokio::time::{Instant, sleep, sleep_until};
use visibility::archive::{Reader, Stored};
use visibility::queries::{self, Lag, OrderView};
use visibility::{Cause, RetentionAlert, RetentionSettings, Settings};

use crate::given::{facts, key, life};
use crate::world::{PATIENCE, World, facts_of, stream};

/// How long the stream keeps its entries.
const LIMIT: Duration = Duration::from_secs(6);
/// How long before that an order has to be over.
const WINDOW: Duration = Duration::from_secs(3);
/// How much later than the first the second order begins: more than the window, by which it stretches the limit.
const LATER: Duration = Duration::from_secs(4);

fn settings(world: &World, window: Duration) -> Settings {
    let retention = RetentionSettings { every: Duration::from_millis(100), window };
    Settings { retention, ..Settings::in_folder(world.data.path()) }
}

async fn max_age(world: &World) -> Duration {
    stream(world, streams::ORDERS).await.cached_info().config.max_age
}

async fn keep_for(world: &World, limit: Duration) {
    let mut config = stream(world, streams::ORDERS).await.cached_info().config.clone();
    config.max_age = limit;
    config.duplicate_window = Duration::from_secs(1);
    world.connection.js.update_stream(config).await.unwrap();
}

async fn alarms(world: &World) -> Vec<RetentionAlert> {
    let lag: Lag = world.ask(queries::LAG, serde_json::json!({})).await;
    lag.retention
}

async fn stored(world: &World, number: usize) -> Stored {
    Reader::open(&world.connection.js).await.unwrap().get(&key(number)).await.unwrap().unwrap()
}

async fn eventually<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    let waited = async {
        while !is_so().await {
            sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waited).await.unwrap_or_else(|_| panic!("never came true: {what}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_order_keeps_its_entries_beyond_the_declared_age_and_those_of_an_archived_one_leave() {
    let world = World::begin().await;
    keep_for(&world, LIMIT).await;
    let running = world.serve_with(settings(&world, WINDOW)).await;
    world.live(0).await;
    world.settled(1).await;
    sleep(LATER).await;
    let (told, decided): (Vec<_>, Vec<_>) = life(1).into_iter().partition(|(lane, _)| *lane != Lane::Flow);
    for (lane, entry) in &told {
        world.journal().append(&key(1), lane.as_str(), entry).await.unwrap();
    }
    let begun = Instant::now();

    sleep_until(begun + LIMIT + WINDOW).await;
    assert_eq!(world.journal().read(&key(1)).await.unwrap().len(), told.len(), "all of it is there");
    let left = world.journal().read(&key(0)).await.unwrap();
    assert!(left.iter().all(|entry| entry.sequence > life(0).len() as u64), "what is archived has left");
    assert!(max_age(&world).await > LIMIT);
    let [alarm] = &alarms(&world).await[..] else { panic!("one is open") };
    assert_eq!((alarm.cause, alarm.count, &alarm.first[..]), (Cause::Open, 1, &["SO 1".to_owned()][..]));
    let info = stream(&world, streams::ALERTS).await;
    let published = info.get_last_raw_message_by_subject("alert.retention").await.unwrap();
    let published: RetentionAlert = serde_json::from_slice(&published.payload).unwrap();
    assert_eq!(
        (published.cause, published.first, published.declared_seconds),
        (Cause::Open, vec!["SO 1".to_owned()], 6)
    );
    // Two where the day ends meanwhile.
    assert!((1..=2).contains(&info.cached_info().state.messages), "once a day");

    let mut flow = 0;
    for (_, entry) in &decided {
        flow = world.journal().decide(&key(1), flow, entry).await.unwrap();
    }
    eventually("the limit goes back", || async { max_age(&world).await == LIMIT }).await;
    assert_eq!(alarms(&world).await, []);
    eventually("it leaves", || async { world.journal().read(&key(1)).await.unwrap().is_empty() }).await;
    for number in [0, 1] {
        let kept = stored(&world, number).await.verify().unwrap();
        assert!(kept.entries.len() >= life(number).len(), "the archive has all of it");
    }
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_after_an_order_was_archived_is_archived_too() {
    let world = World::begin().await;
    let declared = streams::EVENT_STORE_MAX_AGE;
    // The window is all the age there is, so every order nears the limit.
    let running = world.serve_with(settings(&world, declared)).await;
    world.live(0).await;
    world.settled(1).await;
    let total = Money { amount: "41.20".parse().unwrap(), currency: Currency::new("EUR").unwrap() };
    let bill = FreightInvoice { shipment: ShipmentId::new("s1").ok(), number: "F 7".to_owned(), total };
    let late = facts(0, Lane::Tms, 5_000, vec![Fact::FreightInvoiced(bill)]);
    let sequence = world.journal().append(&key(0), Lane::Tms.as_str(), &late).await.unwrap();

    let holds = || async { stored(&world, 0).await.verify().unwrap().entries.last().unwrap().sequence == sequence };
    eventually("the archive holds the late bill", holds).await;
    let stated = || async {
        let trail = world.journal().read(&key(0)).await.unwrap();
        let digest = stored(&world, 0).await.digest.unwrap();
        facts_of(&trail).any(|fact| matches!(fact, Fact::Archived(archived) if archived.digest == digest))
    };
    eventually("its last link is stated", stated).await;

    let settled = world.journal().read(&key(0)).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(world.journal().read(&key(0)).await.unwrap(), settled, "once, however often it is looked at");
    let view: OrderView = world.ask(queries::ORDER_GET, serde_json::json!({ "order": "SO 0" })).await;
    assert_eq!(view.composite.stage, fulfilment::Stage::Closed);
    assert_eq!(alarms(&world).await, []);
    assert_eq!(max_age(&world).await, declared);
    running.end().await;
}
