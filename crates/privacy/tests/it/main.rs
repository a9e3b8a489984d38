//! The keys against a real broker: made once, found by all, and gone for ever.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on may panic")]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use broker::{Broker, Options};
use model::{CustomerId, Personal};
use privacy::{Erased, Erasure, Keys, Owner, Unopened};
use service::settings::NatsSettings;
use service::streams::{self, Durability};
use service::{Connection, Shutdown};

async fn broker(options: Options) -> (Broker, Connection) {
    let broker = broker::start(options).await.unwrap();
    let connection = service::connect::connect(&NatsSettings::url(broker.url()), "test").await.unwrap();
    streams::declare(&connection.js, Durability::Demo).await.unwrap();
    (broker, connection)
}

fn owner(customer: &str) -> Owner {
    Owner::customer(&CustomerId::new(customer).unwrap())
}

fn erasure(why: &str) -> Erasure {
    let (who, why, at) = ("ada".to_owned(), why.to_owned(), "2026-03-01T00:00:00Z".parse().unwrap());
    Erasure { who, why, at, generation: 0, erased: Erased { orders: 3, ..Erased::default() } }
}

#[tokio::test]
async fn all_who_make_a_key_at_once_get_the_same() {
    let (_broker, connection) = broker(Options::default()).await;
    let all = futures::future::join_all((0..8).map(|_| Keys::open(&connection.js))).await;
    let all: Vec<Keys> = all.into_iter().map(Result::unwrap).collect();
    let made = futures::future::join_all(all.iter().map(|keys| async { keys.find_or_make(&owner("C 1")).await })).await;
    let sealed: BTreeSet<Personal> = made.iter().map(|key| key.as_ref().unwrap().seal_text("name", "Ada")).collect();
    assert_eq!(sealed.len(), 1, "{sealed:?}");
    let other = all[0].find_or_make(&owner("C 2")).await.unwrap().seal_text("name", "Ada");
    assert!(!sealed.contains(&other), "each customer has its own");
    assert!(all[0].find(&owner("C 3")).await.unwrap().is_none(), "looking makes none");
}

#[tokio::test]
async fn what_was_sealed_before_a_customer_was_forgotten_is_never_opened_again() {
    let (_broker, connection) = broker(Options::default()).await;
    let keys = Keys::open(&connection.js).await.unwrap();
    let before = keys.find_or_make(&owner("C1")).await.unwrap().seal_text("name", "Ada");
    keys.destroy(&owner("C1"), &erasure("she asked")).await.unwrap();
    assert!(keys.find(&owner("C1")).await.unwrap().is_none());

    let after = keys.find_or_make(&owner("C1")).await.unwrap();
    assert_eq!(after.generation(), 2);
    assert_ne!(after.seal_text("name", "Ada"), before);
    let ring = keys.ring(BTreeSet::from([owner("C1")])).await.unwrap();
    let sealed = before.as_sealed().unwrap();
    assert!(matches!(ring.open("name", sealed), Err(Unopened::Gone { generation: 1, .. })));

    keys.destroy(&owner("C1"), &erasure("again")).await.unwrap();
    let tombstone = keys.tombstone(&owner("C1")).await.unwrap().unwrap();
    let told: Vec<(&str, u32, u64)> =
        tombstone.erasures.iter().map(|own| (own.why.as_str(), own.generation, own.erased.orders)).collect();
    assert_eq!((tombstone.generation, told), (2, vec![("she asked", 1, 3), ("again", 2, 3)]));
    assert_eq!(keys.find_or_make(&owner("C1")).await.unwrap().generation(), 3);
}

#[tokio::test]
async fn a_process_that_holds_a_key_drops_it_when_another_destroys_it() {
    let (_broker, connection) = broker(Options::default()).await;
    let (keys, shutdown) = (Arc::new(Keys::open(&connection.js).await.unwrap()), Shutdown::new());
    let following = tokio::spawn({
        let (keys, shutdown) = (Arc::clone(&keys), shutdown.clone());
        async move { keys.follow(&shutdown).await }
    });
    keys.find_or_make(&owner("C1")).await.unwrap();
    // A watch that is not up yet empties the cache when it is, which is no less.
    Keys::open(&connection.js).await.unwrap().destroy(&owner("C1"), &erasure("she asked")).await.unwrap();
    let begun = Instant::now();
    while keys.find(&owner("C1")).await.unwrap().is_some() {
        assert!(begun.elapsed() < Duration::from_secs(10), "the key is still used");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    shutdown.trigger();
    following.await.unwrap();
}

#[tokio::test]
async fn a_record_that_came_without_its_key_being_erased_holds_all_the_same() {
    let (_broker, connection) = broker(Options::default()).await;
    let keys = Keys::open(&connection.js).await.unwrap();
    keys.find_or_make(&owner("C1")).await.unwrap();
    let bucket = connection.js.get_key_value(streams::KEYS).await.unwrap();
    let tombstone = serde_json::json!({ "generation": 1, "erasures": [] });
    bucket.create("forgotten.customer.C1", tombstone.to_string().into()).await.unwrap();
    let other = Keys::open(&connection.js).await.unwrap();
    assert!(other.find(&owner("C1")).await.unwrap().is_none());
    assert_eq!(other.find_or_make(&owner("C1")).await.unwrap().generation(), 2, "who needs a key finishes the work");
}

#[tokio::test]
async fn the_bytes_of_a_destroyed_key_are_on_no_disk() {
    let folder = tempfile::tempdir().unwrap();
    let (broker, connection) = broker(Options { data_dir: Some(folder.path().to_owned()), ..Options::default() }).await;
    let keys = Keys::open(&connection.js).await.unwrap();
    let bucket = connection.js.get_key_value(streams::KEYS).await.unwrap();
    let mut written = Vec::new();
    for customer in ["C1", "C2"] {
        keys.find_or_make(&owner(customer)).await.unwrap();
        let value = bucket.get(format!("customer.{customer}")).await.unwrap().unwrap();
        let value: serde_json::Value = serde_json::from_slice(&value).unwrap();
        written.push(value["key"].as_str().unwrap().to_owned());
    }
    keys.destroy(&owner("C1"), &erasure("she asked")).await.unwrap();
    broker.stop().await.unwrap();
    assert!(holds(folder.path(), &written[1]), "the other's is");
    assert!(!holds(folder.path(), &written[0]));
}

/// Whether any file below holds a text.
fn holds(folder: &Path, text: &str) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return holds(&path, text);
        }
        let bytes = std::fs::read(&path).unwrap_or_default();
        bytes.windows(text.len()).any(|part| part == text.as_bytes())
    })
}
