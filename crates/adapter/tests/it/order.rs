//! The asks of one order reach a partner in the order in which they were decided.

use std::collections::{HashMap, HashSet};

use adapter::{ASK_HEADER, ORDER_HEADER, Settings};
use async_nats::jetstream;
use model::{Decision, System};

use crate::world::{World, ask_to_bill, eventually};

const ORDERS: usize = 20;
const ASKS: usize = 5;

/// Decides asks one after another, those of many orders among each other.
async fn ask(world: &World, from: usize, to: usize) {
    for n in from..to {
        for order in 0..ORDERS {
            let ask = ask_to_bill("erp-main", &format!("bill.{order}.{n}"));
            world.decide(&format!("SO-{order}"), vec![Decision::Ask(ask)]).await;
        }
    }
}

fn header<'a>(message: &'a jetstream::Message, name: &str) -> &'a str {
    message.headers.as_ref().unwrap().get(name).unwrap().as_str()
}

/// The asks as a partner acts on them: a repeat is dropped by its id.
pub fn acted_on(messages: &[jetstream::Message]) -> HashMap<String, Vec<String>> {
    let (mut seen, mut orders) = (HashSet::new(), HashMap::<String, Vec<String>>::new());
    for message in messages {
        if seen.insert(header(message, ASK_HEADER)) {
            let order = orders.entry(header(message, ORDER_HEADER).to_owned()).or_default();
            order.push(header(message, ASK_HEADER).to_owned());
        }
    }
    orders
}

fn assert_in_order(messages: &[jetstream::Message]) {
    let orders = acted_on(messages);
    assert_eq!(orders.len(), ORDERS);
    for order in 0..ORDERS {
        let expected: Vec<String> = (0..ASKS).map(|n| format!("bill=2E{order}=2E{n}")).collect();
        assert_eq!(orders[&format!("SO-{order}")], expected);
    }
}

#[tokio::test]
async fn one_orders_asks_keep_their_order_while_the_first_cannot_be_sent() {
    let world = World::start().await;
    let mut outbox = world.connection.js.get_stream("OUTBOX").await.unwrap().cached_info().config.clone();
    outbox.max_messages = 1;
    world.connection.js.update_stream(&outbox).await.unwrap();
    world.publish("out.erp.erp-main.old", "the last there is room for").await;
    let adapter = world.adapter(System::Erp, Settings::default()).await;
    ask(&world, 0, ASKS).await;
    let why = eventually("the service says so", || async { adapter.readiness.state().latches["asks"].clone() }).await;
    assert!(why.contains("cannot publish to out.erp.erp-main.billing") && why.contains("maximum messages"), "{why}");
    outbox.max_messages = -1;
    world.connection.js.update_stream(&outbox).await.unwrap();
    let messages = world.messages("OUTBOX", (1 + ORDERS * ASKS) as u64).await;
    assert_in_order(&messages[1..]);
    world.idle("ORDERS", "erp-adapter_asks").await;
    eventually("it is ready again", || async { adapter.readiness.state().ready.then_some(()) }).await;
    adapter.stop().await;
}

#[tokio::test]
async fn one_process_sends_and_another_takes_over_in_order_when_it_dies() {
    let world = World::start().await;
    let first = world.adapter(System::Erp, Settings { in_flight: 8, ..Settings::default() }).await;
    let second = world.adapter(System::Erp, Settings { in_flight: 8, ..Settings::default() }).await;
    ask(&world, 0, 1).await;
    world.messages("OUTBOX", ORDERS as u64).await;
    let served = [&first, &second].map(|adapter| adapter.metrics.received.get());
    assert!(served.contains(&0), "one is served: {served:?}");
    let (serves, waits) = if served[0] > 0 { (first, second) } else { (second, first) };
    let (_, ()) = tokio::join!(serves.crash(), ask(&world, 1, ASKS));
    assert_in_order(&world.messages("OUTBOX", (ORDERS * ASKS) as u64).await);
    world.idle("ORDERS", "erp-adapter_asks").await;
    waits.stop().await;
}

#[tokio::test]
async fn who_ends_hands_over_at_once() {
    let world = World::start().await;
    let first = world.adapter(System::Erp, Settings::default()).await;
    ask(&world, 0, 1).await;
    world.messages("OUTBOX", ORDERS as u64).await;
    let second = world.adapter(System::Erp, Settings::default()).await;
    let stopped = std::time::Instant::now();
    first.stop().await;
    ask(&world, 1, ASKS).await;
    let messages = world.messages("OUTBOX", (ORDERS * ASKS) as u64).await;
    assert!(stopped.elapsed().as_secs() < 5, "sooner than who is served is given up: {:?}", stopped.elapsed());
    assert_in_order(&messages);
    second.stop().await;
}
