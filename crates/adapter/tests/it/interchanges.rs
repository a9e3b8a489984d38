//! Control numbers: what is missing and what came twice is noted, and holds nothing up.

use adapter::{Numbering, Settings, Twice};
use async_nats::HeaderMap;
use futures::TryStreamExt;
use model::System;
use service::quarantine::RELEASED_HEADER;
use service::streams::{self, Durability};

use crate::world::{World, eventually, with_profiles};

const PROFILE: &str = r#"
partner = "acme"
system = "erp"
version = 1

[in.cancel]
format = "x12"
each = "transactions[*]"
order = "BEG.03"

[[in.cancel.facts]]
kind = "cancel_requested"
reason = { value = "recipient.refused" }
"#;

const CONSUMER: &str = "erp-adapter_acme";

/// An interchange of one transaction about an order.
fn interchange(number: u64, order: &str) -> String {
    format!(
        "ISA*00*          *00*          *ZZ*ACME           *ZZ*WAYBILL        *260301*0905*^*00501*{number:09}*0*P*>~\
         GS*PO*ACME*WAYBILL*20260301*0905*{number}*X*005010~ST*850*0001~BEG*00*NE*{order}~SE*3*0001~GE*1*{number}~IEA*1*{number:09}~"
    )
}

fn settings() -> (tempfile::TempDir, Settings) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("acme.toml"), PROFILE).unwrap();
    let settings = with_profiles(folder.path());
    (folder, settings)
}

impl World {
    /// An interchange of the partner about an order of its own; returns its place in the inbox.
    async fn sends(&self, number: u64) -> u64 {
        self.publish("in.erp.acme.cancel", &interchange(number, &format!("SO-{number}"))).await
    }

    /// What is noted of the one sender and receiver.
    async fn noted(&self) -> Option<Numbering> {
        let bucket = self.connection.js.get_key_value(streams::INTERCHANGES).await.unwrap();
        let keys: Vec<String> = bucket.keys().await.unwrap().try_collect().await.unwrap();
        assert!(keys.len() <= 1 && keys.iter().all(|key| key.starts_with("erp.acme.")), "{keys:?}");
        let value = bucket.get(keys.first()?).await.unwrap()?;
        Some(serde_json::from_slice(&value).unwrap())
    }

    /// What is noted once everything is read.
    async fn noted_when_idle(&self) -> Numbering {
        self.idle("INBOX", CONSUMER).await;
        self.noted().await.unwrap()
    }
}

#[tokio::test]
async fn a_gap_is_noted_until_a_late_interchange_fills_it() {
    let world = World::start().await;
    let (_folder, settings) = settings();
    let adapter = world.adapter(System::Erp, settings).await;
    for number in [37, 41, 39] {
        world.sends(number).await;
    }
    let noted = world.noted_when_idle().await;
    assert_eq!((noted.sender.as_str(), noted.receiver.as_str()), ("ZZ:ACME", "ZZ:WAYBILL"));
    assert_eq!((noted.last().as_deref(), &noted.series[0].missing[..]), (Some("41"), &[(38, 38), (40, 40)][..]));
    let counted = adapter.metrics.encode().unwrap();
    assert!(counted.contains(r#"interchanges_missing_total{service="erp-adapter",partner="acme"} 3"#), "{counted}");
    world.sends(40).await;
    world.sends(38).await;
    assert_eq!(world.noted_when_idle().await.missing(), 0);
    adapter.stop().await;
}

#[tokio::test]
async fn an_interchange_that_comes_twice_is_noted_and_one_with_other_content_is_read_too() {
    let world = World::start().await;
    let (_folder, settings) = settings();
    let adapter = world.adapter(System::Erp, settings).await;
    world.sends(38).await;
    let before = world.sends(39).await;
    world.sends(38).await;
    let inbox = world.publish("in.erp.acme.cancel", &interchange(39, "SO-OTHER")).await;
    world.entries("SO-OTHER", 1).await;
    let noted = world.noted_when_idle().await;
    assert_eq!((noted.repeated, noted.differing, noted.missing()), (1, 1, 0));
    assert_eq!(noted.differed, [Twice { number: "39".into(), inbox, before }]);
    let counted = adapter.metrics.encode().unwrap();
    assert!(counted.contains(r#"interchanges_repeated_total{service="erp-adapter",partner="acme"} 2"#), "{counted}");
    // Let out of quarantine, it is what came before.
    let mut headers = HeaderMap::new();
    headers.insert(RELEASED_HEADER, "{}");
    let js = &world.connection.js;
    let raw = interchange(38, "SO-MENDED").into();
    js.publish_with_headers("in.erp.acme.cancel", headers, raw).await.unwrap().await.unwrap();
    world.entries("SO-MENDED", 1).await;
    assert_eq!(world.noted_when_idle().await, noted);
    adapter.stop().await;
}

#[tokio::test]
async fn what_is_delivered_again_after_a_crash_is_no_duplicate_and_two_processes_agree() {
    let world = World::start().await;
    let (_folder, settings) = settings();
    let (one, other) =
        tokio::join!(world.adapter(System::Erp, settings.clone()), world.adapter(System::Erp, settings.clone()));
    for number in (1..=60).filter(|number| number % 20 != 0) {
        world.sends(number).await;
    }
    world.sends(61).await;
    // One of the two may note a moment later what the other's numbers lack.
    let noted = eventually("both have noted what they read", async || {
        let noted = world.noted().await?;
        let is_all = noted.last()? == "61" && noted.series[0].missing == [(20, 20), (40, 40), (60, 60)];
        is_all.then_some(noted)
    })
    .await;
    one.crash().await;
    other.stop().await;
    // A consumer that starts anew delivers everything again.
    world.connection.js.get_stream("INBOX").await.unwrap().delete_consumer(CONSUMER).await.unwrap();
    let again = world.adapter(System::Erp, settings).await;
    world.sends(62).await;
    world.sends(61).await;
    eventually("62 is noted", async || (world.noted().await?.last()? == "62").then_some(())).await;
    let then = world.noted_when_idle().await;
    assert_eq!((then.repeated, then.differing, &then.series[0].missing), (1, 0, &noted.series[0].missing));
    again.stop().await;
}

#[tokio::test]
async fn messages_go_on_while_nothing_can_be_noted_and_it_is_noted_later() {
    let world = World::start().await;
    let (_folder, settings) = settings();
    let adapter = world.adapter(System::Erp, settings).await;
    world.sends(1).await;
    world.entries("SO-1", 1).await;
    let js = &world.connection.js;
    js.delete_stream("KV_INTERCHANGES").await.unwrap();
    world.sends(2).await;
    world.entries("SO-2", 1).await;
    let says = eventually("the trouble is shown", || async {
        adapter.readiness.state().latches.get("inbox").cloned().flatten()
    })
    .await;
    assert!(says.starts_with("noting the interchanges of acme: cannot "), "{says}");
    world.sends(4).await;
    world.entries("SO-4", 1).await;
    streams::declare(js, Durability::Demo).await.unwrap();
    let noted = eventually("what came meanwhile is noted", || async { world.noted().await }).await;
    assert_eq!((noted.series[0].lowest, &noted.series[0].missing[..]), (2, &[(3, 3)][..]));
    eventually("the trouble is over", || async { adapter.readiness.state().ready.then_some(()) }).await;
    adapter.stop().await;
}
