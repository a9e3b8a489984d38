//! A rebuild that nobody notices: the projection in use goes on answering and following until another takes its place.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use service::streams;
use visibility::queries::{self, Digests, RebuildReply};

use crate::given::{key, number_of};
use crate::rebuild::{DOUBT, Process, projected};
use crate::service_run::told;
use crate::world::{PATIENCE, World, independent};

/// Asks one thing after another until told to stop; any answer that is an error ends it.
async fn asking(world: &World, stop: &AtomicBool, answered: &AtomicU64) {
    let questions = [
        (queries::ORDER_GET, serde_json::json!({ "order": "SO 2" })),
        (queries::ORDER_LIST, serde_json::json!({ "limit": 1000 })),
        (queries::STOCK, serde_json::json!({})),
        (queries::DIGEST, serde_json::json!({})),
        (queries::LAG, serde_json::json!({})),
    ];
    for (subject, question) in questions.iter().cycle() {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let _: serde_json::Value = world.ask(subject, question.clone()).await;
        answered.fetch_add(1, Ordering::Relaxed);
    }
}

async fn revisions(world: &World, orders: usize) -> Vec<u64> {
    let bucket = world.connection.js.get_key_value(streams::STATUS).await.unwrap();
    let mut revisions = Vec::new();
    for number in 0..orders {
        revisions.push(bucket.entry(key(number).token()).await.unwrap().unwrap().revision);
    }
    revisions
}

#[tokio::test(flavor = "multi_thread")]
async fn while_orders_come_in_and_somebody_asks_no_answer_fails_and_nobody_is_told_twice() {
    let world = Arc::new(World::begin().await);
    let running = world.serve().await;
    let (first, all) = (30, 60);
    world.receive(1, 1_000).await;
    futures::future::join_all((0..first).map(|number| world.live(number))).await;
    world.settled(first).await;
    let put = revisions(&world, first).await;
    let instance = world.instance().await;

    let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let asks = {
        let (world, stop, answered) = (Arc::clone(&world), Arc::clone(&stop), Arc::clone(&answered));
        tokio::spawn(async move { asking(&world, &stop, &answered).await })
    };
    let comes_in = {
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            for number in first..all {
                world.live(number).await;
            }
        })
    };
    // Twice, there and back again.
    for number in 1..=2 {
        let rebuilt = world.rebuild(&instance).await;
        assert_eq!((rebuilt.number, rebuilt.failed), (number, None));
        assert!(rebuilt.entries > 0);
    }
    comes_in.await.unwrap();
    world.settled(all).await;
    stop.store(true, Ordering::Relaxed);
    asks.await.unwrap();
    assert!(answered.load(Ordering::Relaxed) > 20, "{answered:?}");

    let digests: Digests = world.ask(queries::DIGEST, serde_json::json!({})).await;
    assert_eq!(digests, independent(&world, all).await);
    let complete = async {
        while world.updates().await.len() < all * 5 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, complete).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    told(&world.updates().await, all);
    assert_eq!(revisions(&world, first).await, put, "no status is put that is there");
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_took_the_place_is_the_projection_after_a_restart_too() {
    let world = World::begin().await;
    let running = world.serve().await;
    futures::future::join_all((0..4).map(|number| world.live(number))).await;
    world.settled(4).await;
    let instance = world.instance().await;
    assert_eq!(world.rebuild(&instance).await.failed, None);
    let (plain, beside) = (world.data.path().join("projection-1"), world.data.path().join("projection-1.beside"));
    assert!(!plain.exists() && beside.exists(), "the one that was replaced is gone");
    world.live(4).await;
    world.settled(5).await;
    running.end().await;

    let running = world.serve().await;
    assert!(plain.exists() && !beside.exists());
    let digests: Digests = world.ask(queries::DIGEST, serde_json::json!({})).await;
    assert_eq!(digests, independent(&world, 5).await);
    let state: RebuildReply =
        world.ask_instance(queries::REBUILD, &world.instance().await, serde_json::json!({})).await.unwrap();
    assert_eq!((state.orders, state.begun, state.running, state.last), (5, 0, None, None));
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_that_was_wrong_in_the_bucket_is_put_right() {
    let world = World::begin().await;
    let running = world.serve().await;
    world.live(0).await;
    world.settled(1).await;
    let bucket = world.connection.js.get_key_value(streams::STATUS).await.unwrap();
    let stage = async || {
        let held = bucket.get(key(0).token()).await.unwrap().unwrap();
        serde_json::from_slice::<serde_json::Value>(&held).unwrap()["stage"].as_str().map(str::to_owned)
    };
    let right = stage().await;
    bucket.put(key(0).token(), r#"{"order":"SO 0","stage":"new"}"#.into()).await.unwrap();
    world.rebuild(&world.instance().await).await;
    let put = async {
        while stage().await != right {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, put).await.unwrap();
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_the_one_in_use_is_there_and_the_other_is_removed() {
    let orders = 150;
    let world = projected(orders).await;
    let process = Process::start(&world);
    world.is_the_replay(orders, &process).await;
    let instance = world.instance().await;
    let _: RebuildReply =
        world.ask_instance(queries::REBUILD, &instance, serde_json::json!({ "begin": true })).await.unwrap();
    let (beside, mark) =
        (world.data.path().join("projection-1.beside"), world.data.path().join("projection-1.swapped"));
    let begun = Instant::now();
    while !beside.join("db").exists() {
        assert!(begun.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(!process.ended("-KILL").0.success());
    assert!(!mark.exists() && world.projection().exists(), "it was killed before it had taken the place");

    let process = Process::start(&world);
    world.is_the_replay(orders, &process).await;
    assert!(!beside.exists());
    process.says("a rebuild never ended").await;
    assert!(!process.said().contains(DOUBT), "{}", process.said());
    // And what was asked for can be asked for again.
    assert_eq!(world.rebuild(&world.instance().await).await.failed, None);
    let shown: serde_json::Value = world.ask(queries::ORDER_GET, serde_json::json!({ "order": number_of(7) })).await;
    assert_eq!(shown["composite"]["stage"], "closed");
    assert!(process.ended("-TERM").0.success());
}
