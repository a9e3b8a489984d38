//! Asks become their partners' messages.

use std::time::Duration;

use adapter::Settings;
use async_nats::jetstream;
use model::{AskId, Deadline, Decision, Fact, Outcome, System, Timestamp};
use service::quarantine::Kind;

use crate::world::{World, ask_to_bill, eventually, facts, kinds};

const DURABLE: &str = "erp-adapter_asks";

#[tokio::test]
async fn an_ask_is_published_once_even_when_delivered_twice() {
    let world = World::start().await;
    let adapter = world.adapter(System::Erp, Settings::default()).await;
    let decisions = vec![
        Decision::Deadline(Deadline { name: "bill".to_owned(), at: Timestamp::from_millis(5) }),
        Decision::Ask(ask_to_bill("erp-main", "bill SO 1")),
    ];
    world.decide("SO 1", decisions).await;
    let sent = world.messages("OUTBOX", 1).await;
    assert_eq!(sent[0].subject.as_str(), "out.erp.erp-main.billing");
    let body: serde_json::Value = serde_json::from_slice(&sent[0].payload).unwrap();
    assert_eq!((&body["reference"], &body["vbeln"]), (&"bill SO 1".into(), &"SO 1".into()));
    let headers = sent[0].headers.as_ref().unwrap();
    let header = |name| headers.get(name).map(async_nats::HeaderValue::as_str);
    assert_eq!(header(adapter::ORDER_HEADER), Some("SO=201"));
    assert_eq!(header(adapter::ASK_HEADER), Some("bill=20SO=201"));
    world.idle("ORDERS", DURABLE).await;
    adapter.stop().await;
    // A consumer that starts anew delivers the entry again.
    world.connection.js.get_stream("ORDERS").await.unwrap().delete_consumer(DURABLE).await.unwrap();
    let again = world.adapter(System::Erp, Settings::default()).await;
    world.idle("ORDERS", DURABLE).await;
    assert_eq!(again.metrics.acked.get(), 1);
    assert_eq!(world.held("OUTBOX").await, 1);
    again.stop().await;
}

#[tokio::test]
async fn asks_for_others_are_passed_over() {
    let world = World::start().await;
    let adapter = world.adapter(System::Tms, Settings::default()).await;
    world.decide("SO-1", vec![Decision::Ask(ask_to_bill("erp-main", "bill"))]).await;
    world.idle("ORDERS", "tms-adapter_asks").await;
    assert_eq!((world.held("OUTBOX").await, world.held("ORDERS").await), (0, 1));
    adapter.stop().await;
}

#[tokio::test]
async fn an_ask_that_cannot_be_sent_is_answered_as_refused() {
    let world = World::start().await;
    let adapter = world.adapter(System::Erp, Settings::default()).await;
    world.decide("SO-1", vec![Decision::Ask(ask_to_bill("nobody", "bill.1"))]).await;
    world.decide("SO-2", vec![Decision::Ask(ask_to_bill("shopify", "bill.2"))]).await;
    for (order, ask, why) in [("SO-1", "bill.1", "no profile for partner nobody"), ("SO-2", "bill.2", "bill")] {
        let entries = world.entries(order, 2).await;
        assert_eq!((entries[1].lane, kinds(&entries[1])), ("erp", vec!["answered"]));
        let Fact::Answered(answer) = &facts(&entries[1])[0].fact else { panic!("no answer") };
        assert_eq!(answer.ask, AskId::new(ask).unwrap());
        let Outcome::Refused { detail: Some(detail), .. } = &answer.outcome else { panic!("{:?}", answer.outcome) };
        assert!(detail.contains(why), "{detail}");
    }
    world.idle("ORDERS", DURABLE).await;
    assert_eq!(world.held("OUTBOX").await, 0);
    adapter.stop().await;
}

#[tokio::test]
async fn an_entry_of_another_version_is_shown_and_kept() {
    let world = World::start().await;
    let adapter = world.adapter(System::Erp, Settings::default()).await;
    let subject = fulfilment::LAYOUT.subject(&engine::Key::of("SO-1"), "flow");
    let publish = jetstream::message::PublishMessage::build().payload("of a later version".into());
    world.connection.js.send_publish(subject, publish).await.unwrap().await.unwrap();
    world.decide("SO-2", vec![Decision::Ask(ask_to_bill("erp-main", "bill.2"))]).await;
    assert_eq!(world.messages("OUTBOX", 1).await.len(), 1, "the order behind it goes on");
    let held = world.quarantine(1).await;
    assert_eq!((held[0].about.reason.kind, held[0].raw.as_ref()), (Kind::UnknownEvent, &b"of a later version"[..]));
    let why = eventually("the service says so", || async { adapter.readiness.state().latches["asks"].clone() }).await;
    assert!(why.starts_with("entry 1 of ORDERS: "), "{why}");
    tokio::time::sleep(Duration::from_millis(300)).await;
    let orders = world.connection.js.get_stream("ORDERS").await.unwrap();
    assert_eq!(orders.consumer_info(DURABLE).await.unwrap().num_ack_pending, 1, "it stays pending");
    adapter.stop().await;
}
