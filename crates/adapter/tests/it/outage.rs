//! A broker that does not do its part loses nothing, and is named.

use adapter::Settings;
use async_nats::jetstream::stream::DiscardPolicy;
use model::System;

use crate::inbox::{STATUS, packed, release};
use crate::world::{World, eventually};

#[tokio::test]
async fn a_full_event_store_is_waited_out() {
    let world = World::start().await;
    let adapter = world.adapter(System::Wms, Settings::default()).await;
    let mut orders = world.connection.js.get_stream("ORDERS").await.unwrap().cached_info().config.clone();
    orders.max_messages = 1;
    assert_eq!(orders.discard, DiscardPolicy::New);
    world.connection.js.update_stream(&orders).await.unwrap();
    for n in 1..=3 {
        world.publish(STATUS, &packed(&format!("E{n}"), &format!("SO-{n}"))).await;
    }
    let why = eventually("the service says so", || async { adapter.readiness.state().latches["inbox"].clone() }).await;
    assert!(why.contains("of wms-east: cannot append to order.") && why.contains("maximum messages"), "{why}");
    orders.max_messages = -1;
    world.connection.js.update_stream(&orders).await.unwrap();
    for n in 1..=3 {
        world.entries(&format!("SO-{n}"), 1).await;
    }
    eventually("it is ready again", || async { adapter.readiness.state().ready.then_some(()) }).await;
    assert_eq!((world.held("ORDERS").await, world.held("QUARANTINE").await), (3, 0));
    adapter.stop().await;
}

#[tokio::test]
async fn a_lane_it_may_not_write_is_named_and_makes_it_not_ready() {
    let world = World::with_permissions("{ deny: [\"order.*.*.erp\"] }").await;
    let adapter = world.adapter(System::Erp, Settings::default()).await;
    world.publish("in.erp.erp-main.order", &release("SO-1")).await;
    let why = eventually("the service says so", || async { adapter.readiness.state().latches["nats"].clone() }).await;
    assert!(
        why.contains("NATS does not permit this") && why.contains("Publish to") && why.contains(".SO-1.erp"),
        "{why}"
    );
    assert!(!adapter.readiness.state().ready);
    assert_eq!((world.held("ORDERS").await, world.held("QUARANTINE").await), (0, 0), "the message waits");
}
