//! What partners are told of the syntax of their messages, and how their interchanges are numbered.

use std::time::Duration;

use adapter::Settings;
use async_nats::HeaderMap;
use model::{Decision, System};
use partners::format::{Known, Plain, plain};
use partners::{ControlNumbers, Numbered};
use serde_json::Value;
use service::quarantine::RELEASED_HEADER;

use crate::replay::forget_repeats;
use crate::world::{World, ask_to_bill, with_profiles};

pub const PROFILE: &str = r#"
partner = "acme"
system = "erp"
version = 1

[in.cancel]
format = "x12"
each = "transactions[*]"
order = "BEG.03"
acknowledge = { message = "997" }

[[in.cancel.facts]]
kind = "cancel_requested"
reason = { value = "recipient.refused" }

[in.later]
format = "x12"
each = "transactions[*]"
order = { reference = "BEG.03" }
acknowledge = { message = "997" }

[[in.later.facts]]
kind = "cancel_requested"
reason = { value = "recipient.refused" }

[out.bill]
message = "invoice"
format = "x12"
envelope = { sender = "WAYBILL", receiver = "ACME", functional = "IN", version = "005010", set = "810" }
body = [["BIG", { field = "asked_at", as = "%Y%m%d" }, { field = "ask" }]]
"#;

/// An interchange of one transaction, whose `SE` states this count.
pub fn interchange(order: &str, count: usize) -> String {
    format!(
        "ISA*00*          *00*          *ZZ*ACME           *ZZ*WAYBILL        *260301*0905*^*00501*000000041*0*P*>~\
         GS*PO*ACME*WAYBILL*20260301*0905*41*X*005010~ST*850*0001~BEG*00*NE*{order}~SE*{count}*0001~GE*1*41~IEA*1*000000041~"
    )
}

fn settings() -> (tempfile::TempDir, Settings) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("acme.toml"), PROFILE).unwrap();
    let settings = with_profiles(folder.path());
    (folder, settings)
}

/// The transactions of an interchange with which nothing is wrong.
fn transaction(raw: &[u8]) -> Value {
    let Plain { mut tree, wrong, .. } = plain(Known::X12, raw).unwrap();
    assert_eq!(wrong, []);
    tree["transactions"][0].take()
}

#[tokio::test]
async fn a_message_is_acknowledged_once_even_when_delivered_twice() {
    let world = World::start().await;
    let (_folder, settings) = settings();
    let adapter = world.adapter(System::Erp, settings.clone()).await;
    let sequence = world.publish("in.erp.acme.cancel", &interchange("SO-1", 3)).await;
    let sent = world.messages("OUTBOX", 1).await;
    assert_eq!(sent[0].subject.as_str(), "out.erp.acme.997");
    let told = transaction(&sent[0].payload);
    assert_eq!((&told["AK5"][0]["01"], &told["AK9"][0]["01"]), (&"A".into(), &"A".into()));
    let number = ControlNumbers::new(Numbered::Inbox, sequence).nth(0);
    assert_eq!(told["ISA"]["13"], format!("{:09}", number.get()));
    world.idle("INBOX", "erp-adapter_acme").await;
    adapter.stop().await;
    // A consumer that starts anew delivers the message again.
    world.connection.js.get_stream("INBOX").await.unwrap().delete_consumer("erp-adapter_acme").await.unwrap();
    let again = world.adapter(System::Erp, settings).await;
    world.idle("INBOX", "erp-adapter_acme").await;
    assert_eq!((again.metrics.acked.get(), world.held("OUTBOX").await), (1, 1));
    again.stop().await;
}

#[tokio::test]
async fn what_is_quarantined_is_told_of_and_not_again_when_it_is_released() {
    let world = World::start().await;
    let (_folder, settings) = settings();
    let adapter = world.adapter(System::Erp, settings).await;
    world.publish("in.erp.acme.cancel", &interchange("SO-1", 4)).await;
    let sent = world.messages("OUTBOX", 1).await;
    assert_eq!(transaction(&sent[0].payload)["AK5"][0]["02"], "4");
    assert_eq!(world.quarantine(1).await.len(), 1);
    let mut headers = HeaderMap::new();
    headers.insert(RELEASED_HEADER, "{}");
    let raw = interchange("SO-1", 3).into();
    let js = &world.connection.js;
    js.publish_with_headers("in.erp.acme.cancel", headers, raw).await.unwrap().await.unwrap();
    world.entries("SO-1", 1).await;
    world.idle("INBOX", "erp-adapter_acme").await;
    assert_eq!(world.held("OUTBOX").await, 1);
    adapter.stop().await;
}

#[tokio::test]
async fn a_message_that_waits_is_acknowledged_when_it_comes_in_and_not_again() {
    let world = World::start().await;
    let (_folder, settings) = settings();
    let settings = Settings { patience: Duration::from_secs(2), ..settings };
    let adapter = world.adapter(System::Erp, settings).await;
    let waits = world.publish("in.erp.acme.later", &interchange("SOMETHING", 3)).await;
    let sent = world.messages("OUTBOX", 1).await;
    forget_repeats(&world).await;
    assert_eq!(world.held("QUARANTINE").await, 0, "it waits for its reference");
    let told = transaction(&sent[0].payload);
    let number = ControlNumbers::new(Numbered::Inbox, waits).nth(0);
    assert_eq!(told["ISA"]["13"], format!("{:09}", number.get()));
    assert_eq!(told["AK9"][0]["01"], "A", "its syntax was sound");
    assert_eq!(world.quarantine(1).await.len(), 1);
    world.idle("INBOX", "erp-adapter_acme").await;
    assert_eq!(world.held("OUTBOX").await, 1);
    adapter.stop().await;
}

#[tokio::test]
async fn each_ask_of_an_entry_has_a_control_number_of_its_own() {
    let world = World::start().await;
    let (_folder, settings) = settings();
    let adapter = world.adapter(System::Erp, settings).await;
    let asks = ["bill.1", "bill.2"].map(|id| Decision::Ask(ask_to_bill("acme", id)));
    let sequence = world.decide("SO-1", asks.to_vec()).await;
    let sent = world.messages("OUTBOX", 2).await;
    let numbers = ControlNumbers::new(Numbered::Orders, sequence);
    for (nth, (message, ask)) in sent.iter().zip(["bill.1", "bill.2"]).enumerate() {
        let bill = transaction(&message.payload);
        assert_eq!(bill["BIG"][0]["02"], ask);
        assert_eq!(bill["ISA"]["13"], format!("{:09}", numbers.nth(nth).get()));
    }
    adapter.stop().await;
}
