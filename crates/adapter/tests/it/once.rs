//! An ask is acted on once however often it is delivered: what is sent again has the same id.

use std::process::Command;

use adapter::{ASK_HEADER, Settings};
use model::{Decision, System};

use crate::restraint::{ask, profiles, sent};
use crate::world::{World, ask_to_bill, eventually, with_profiles};

const DURABLE: &str = "erp-adapter_asks";

#[tokio::test]
async fn what_was_sent_and_not_acknowledged_is_not_sent_twice() {
    let world = World::with_permissions("{ deny: [\"$JS.ACK.ORDERS.erp-adapter_asks.>\"] }").await;
    let killed = world.adapter(System::Erp, Settings::default()).await;
    for n in 0..3 {
        world.decide("SO-1", vec![Decision::Ask(ask_to_bill("erp-main", &format!("bill.{n}")))]).await;
    }
    let sent = world.messages("OUTBOX", 3).await;
    let ask = |n: usize| sent[n].headers.as_ref().unwrap().get(ASK_HEADER).unwrap().as_str();
    assert_eq!([ask(0), ask(1), ask(2)], ["bill=2E0", "bill=2E1", "bill=2E2"]);
    killed.crash().await;
    let orders = world.connection.js.get_stream("ORDERS").await.unwrap();
    assert_eq!(orders.consumer_info(DURABLE).await.unwrap().num_ack_pending, 3, "nothing was acknowledged");
    let next = world.adapter_of_another_user(System::Erp, Settings::default()).await;
    world.idle("ORDERS", DURABLE).await;
    assert!(next.metrics.acked.get() >= 3, "all came again");
    assert_eq!(world.held("OUTBOX").await, 3, "and the broker dropped them");
    next.stop().await;
}

#[tokio::test]
async fn what_was_released_and_not_acknowledged_is_not_sent_twice() {
    let world = World::with_permissions("{ deny: [\"$JS.ACK.HELD.>\"] }").await;
    let profiles = profiles("[delivery]\nrate = \"1/s\"");
    let killed = world.adapter(System::Erp, with_profiles(profiles.path())).await;
    ask(&world, "slow", 0..3).await;
    // What is not acknowledged is at the head of the line until it is, or its process is gone.
    sent(&world, "slow", 1).await;
    killed.crash().await;
    assert_eq!(world.held("HELD").await, 3, "nothing was acknowledged");
    let next = world.adapter_of_another_user(System::Erp, with_profiles(profiles.path())).await;
    let all = sent(&world, "slow", 3).await;
    eventually("nothing is held", || async { (world.held("HELD").await == 0).then_some(()) }).await;
    assert_eq!(world.held("OUTBOX").await, 3, "the broker dropped what came again");
    let ids: Vec<&str> =
        all.iter().map(|sent| sent.headers.as_ref().unwrap().get(ASK_HEADER).unwrap().as_str()).collect();
    assert_eq!(ids, ["slow-0", "slow-1", "slow-2"]);
    next.stop().await;
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_held_goes_once_though_the_broker_does_not_answer_when_its_turn_comes() {
    let world = World::start().await;
    let profiles = profiles("[delivery]\nrate = \"1/s\"");
    let adapter = world.adapter(System::Erp, with_profiles(profiles.path())).await;
    ask(&world, "slow", 0..3).await;
    sent(&world, "slow", 1).await;
    // The second ask is looked up, or leaves the adapter, while the broker does not listen.
    let signal = |name: &str| Command::new("kill").args([name, &world.broker_pid().to_string()]).status().unwrap();
    assert!(signal("-STOP").success());
    let why = eventually("it is missed", || async { adapter.readiness.state().latches["asks"].clone() }).await;
    assert!(signal("-CONT").success());
    assert!(why.starts_with("what is held for slow: cannot ") && why.contains("timed out"), "{why}");
    assert_eq!(sent(&world, "slow", 3).await.len(), 3);
    eventually("it is ready again", || async { adapter.readiness.state().ready.then_some(()) }).await;
    assert_eq!((world.held("HELD").await, world.held("OUTBOX").await), (0, 3), "each once");
    adapter.stop().await;
}
