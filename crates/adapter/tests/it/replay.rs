//! Messages that are read again because somebody asked for it.

use std::collections::BTreeSet;
use std::time::Duration;

use adapter::{Action, Kept, Replay, Settings};
use async_nats::jetstream::stream::Config;
use model::{System, Timestamp};
use service::streams;

use crate::inbox::packed;
use crate::profiles::{dock, given, source, told};
use crate::receipts;
use crate::world::{World, facts, kinds};

const SERVICE: &str = "wms-adapter";

/// Has all of a partner's messages read again, as `waybill partner replay` does.
pub async fn replay(world: &World, kept: &Kept) -> Kept {
    let upto = world.last("INBOX").await;
    let replay = Replay { since: Timestamp::from_millis(0), from: 1, upto };
    let kept = Kept { action: Action::Replay, replay: Some(replay), ..kept.clone() };
    let revision = world.say(&kept).await;
    let token = kept.partner.token().into_owned();
    world.serves(SERVICE, &token, revision).await;
    let durable = adapter::durable(SERVICE, &token);
    let inbox = world.connection.js.get_stream("INBOX").await.unwrap();
    inbox.reset_consumer(&durable, Some(1)).await.unwrap();
    world.idle("INBOX", &durable).await;
    kept
}

#[tokio::test]
async fn reading_again_adds_nothing_that_is_there() {
    let world = World::start().await;
    let east = Kept { profile: None, ..given("wms-east", "", 0) };
    let adapter = world.adapter(System::Wms, Settings::default()).await;
    for (event, order) in [("E1", "SO-1"), ("E2", "SO-1"), ("E3", "SO-2")] {
        world.publish("in.wms.wms-east.status", &packed(event, order)).await;
    }
    let movement =
        r#"{"id": "M1", "site": "EAST 1", "article": "BOLT.8", "type": "GR", "qty": 40, "uom": "PC", "at": 1}"#;
    world.publish("in.wms.wms-east.stock", &format!(r#"{{"movements": [{movement}]}}"#)).await;
    world.publish("in.wms.wms-east.status", "no JSON").await;
    world.idle("INBOX", "wms-adapter_wms-east").await;
    let held = async || [world.held("ORDERS").await, world.held("STOCK").await, world.held("QUARANTINE").await];
    assert_eq!(held().await, [3, 1, 1]);
    // Within the broker's windows it would drop repeats by itself.
    forget_repeats(&world).await;
    replay(&world, &east).await;
    assert_eq!(held().await, [3, 1, 1]);
    assert_eq!(adapter.metrics.received.get(), 10);
    // What came in since is told as ever.
    world.publish("in.wms.wms-east.status", &packed("E4", "SO-1")).await;
    world.entries("SO-1", 3).await;
    adapter.stop().await;
}

#[tokio::test]
async fn what_is_read_again_is_not_acknowledged_again() {
    let world = World::start().await;
    let own = given("acme", &receipts::PROFILE.replace("\"erp\"", "\"wms\""), 1);
    let revision = world.say(&own).await;
    let adapter = world.adapter(System::Wms, Settings::default()).await;
    world.serves(SERVICE, "acme", revision).await;
    world.publish("in.wms.acme.cancel", &receipts::interchange("SO-1", 3)).await;
    world.messages("OUTBOX", 1).await;
    world.idle("INBOX", "wms-adapter_acme").await;
    // Neither the broker nor a process that was there knows of it.
    adapter.stop().await;
    forget_repeats(&world).await;
    let adapter = world.adapter(System::Wms, Settings::default()).await;
    replay(&world, &own).await;
    assert_eq!((adapter.metrics.acked.get(), world.held("OUTBOX").await), (1, 1));
    adapter.stop().await;
}

#[tokio::test]
async fn a_mended_profile_tells_exactly_what_was_missing() {
    let world = World::start().await;
    let adapter = world.adapter(System::Wms, Settings::default()).await;
    // Its `PKD` alone is known; of a message of several it tells what it can.
    let several = dock(1, "PKD").replace("order = ", "each = \"events[*]\"\n        order = ");
    let first = given("dock", &several, 1);
    let revision = world.say(&first).await;
    world.serves(SERVICE, "dock", revision).await;
    let events = |events: &[String]| format!(r#"{{"events": [{}]}}"#, events.join(","));
    let (known, unknown) = (told("E1", "SO-1", "PKD"), told("E2", "SO-1", "DONE"));
    world.publish("in.wms.dock.status", &events(&[known.clone(), unknown.clone()])).await;
    // Another message tells the same again, as carriers do.
    world.publish("in.wms.dock.status", &events(&[known, unknown, told("E3", "SO-2", "PKD")])).await;
    world.idle("INBOX", "wms-adapter_dock").await;
    let before = world.entries("SO-1", 2).await;
    assert_eq!(world.quarantine(2).await.len(), 2);
    forget_repeats(&world).await;
    let mended =
        several.replace("PKD = ", "DONE = \"fulfilment.picked\"\n        PKD = ").replace("version = 1", "version = 2");
    let mended = given("dock", &mended, 2);
    let mended = replay(&world, &mended).await;
    let entries = world.entries("SO-1", 3).await;
    assert_eq!((entries.len(), kinds(&entries[2])), (3, vec!["milestone"]));
    assert_eq!(entries[..2], before[..]);
    assert_eq!((source(&entries[2]).profile, source(&entries[2]).inbox.is_some()), (Some(2), true));
    assert!(!facts(&entries[0]).iter().any(|told| told.id == facts(&entries[2])[0].id));
    assert_eq!(world.entries("SO-2", 1).await.len(), 1);
    replay(&world, &mended).await;
    assert_eq!((world.entries("SO-1", 3).await.len(), world.held("QUARANTINE").await), (3, 2));
    adapter.stop().await;
}

#[tokio::test]
async fn what_a_person_took_out_of_quarantine_is_not_put_there_again() {
    let world = World::start().await;
    let adapter = world.adapter(System::Wms, Settings::default()).await;
    world.publish("in.wms.wms-east.status", "no JSON").await;
    let held = world.quarantine(1).await.remove(0);
    let stream = world.connection.js.get_stream(streams::QUARANTINE).await.unwrap();
    let kept = service::quarantine::Kept { sequence: 1, about: held.about, raw: Some(held.raw) };
    let by = engine::Operator { who: "ann".to_owned(), why: "of no use".to_owned() };
    let at = "2026-03-01T10:00:00Z".parse().unwrap();
    kept.settle(&world.connection.js, &stream, &service::quarantine::Settle::Discard, &by, at).await.unwrap();
    assert_eq!(world.held("QUARANTINE").await, 0);
    forget_repeats(&world).await;
    replay(&world, &Kept { profile: None, ..given("wms-east", "", 0) }).await;
    assert_eq!(world.held("QUARANTINE").await, 0);
    adapter.stop().await;
}

#[tokio::test]
async fn master_data_that_are_read_again_take_nobodys_place() {
    let world = World::start().await;
    let adapter = world.adapter(System::Erp, Settings::default()).await;
    let item = |name: &str| format!(r#"{{"materials": [{{"matnr": "BOLT", "maktx": "{name}"}}]}}"#);
    world.publish("in.erp.erp-main.master", &item("old")).await;
    world.idle("INBOX", "erp-adapter_erp-main").await;
    let master = world.connection.js.get_key_value("MASTER").await.unwrap();
    master.put("item.BOLT", r#"{"description": "newer"}"#.into()).await.unwrap();
    let mut erp = Kept { profile: None, ..given("erp-main", "", 0) };
    erp.system = System::Erp;
    let replay = Replay { since: Timestamp::from_millis(0), from: 1, upto: 1 };
    let revision = world.say(&Kept { replay: Some(replay), ..erp }).await;
    world.serves("erp-adapter", "erp-main", revision).await;
    let inbox = world.connection.js.get_stream("INBOX").await.unwrap();
    inbox.reset_consumer("erp-adapter_erp-main", Some(1)).await.unwrap();
    world.idle("INBOX", "erp-adapter_erp-main").await;
    assert_eq!(adapter.metrics.received.get(), 2);
    assert_eq!(master.get("item.BOLT").await.unwrap().unwrap(), r#"{"description": "newer"}"#);
    adapter.stop().await;
}

#[tokio::test]
async fn what_comes_in_while_messages_are_read_again_is_told_once_too() {
    const MESSAGES: usize = 900;
    let world = World::start().await;
    let first = world.adapter(System::Wms, Settings { in_flight: 16, ..Settings::default() }).await;
    let second = world.adapter(System::Wms, Settings { in_flight: 16, ..Settings::default() }).await;
    let east = Kept { profile: None, ..given("wms-east", "", 0) };
    let publish = async |numbers: std::ops::Range<usize>| {
        for n in numbers {
            world.publish("in.wms.wms-east.status", &packed(&format!("E{n}"), &format!("SO-{}", n % 300))).await;
        }
    };
    publish(0..MESSAGES / 3).await;
    forget_repeats(&world).await;
    let (_, _) = tokio::join!(publish(MESSAGES / 3..MESSAGES), async {
        for _ in 0..3 {
            replay(&world, &east).await;
        }
    });
    world.idle("INBOX", "wms-adapter_wms-east").await;
    let mut told = BTreeSet::new();
    for n in 0..MESSAGES / 3 {
        for entry in world.entries(&format!("SO-{n}"), 3).await {
            told.extend(facts(&entry).iter().map(|told| told.id));
        }
    }
    assert_eq!((told.len(), world.held("ORDERS").await), (MESSAGES, MESSAGES as u64), "each once");
    first.stop().await;
    second.stop().await;
}

/// Has the broker forget the ids of what was published so far: what a replay reads is older than that.
pub async fn forget_repeats(world: &World) {
    let windows = async |window: Duration| {
        for name in [streams::ORDERS, streams::STOCK, streams::SNAPSHOTS, streams::QUARANTINE, streams::OUTBOX] {
            let stream = world.connection.js.get_stream(name).await.unwrap();
            let config = Config { duplicate_window: window, ..stream.cached_info().config.clone() };
            world.connection.js.update_stream(config).await.unwrap();
        }
    };
    windows(Duration::from_millis(100)).await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    windows(Duration::from_secs(15)).await;
}
