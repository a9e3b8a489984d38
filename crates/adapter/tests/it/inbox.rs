//! Raw messages become entries, and what cannot is quarantined.

use engine::Content;
use model::{Fact, Finding, Milestone, Outcome, System};
use service::quarantine::Kind;

use crate::world::{World, facts, kinds, with_profiles};
use adapter::Settings;

pub const STATUS: &str = "in.wms.wms-east.status";

/// A warehouse's word that a shipment of an order is packed.
pub fn packed(event: &str, order: &str) -> String {
    format!(
        r#"{{"event": "{event}", "order_no": "{order}", "shipment_no": "s1", "code": "PACKED", "at": 1772373909120}}"#
    )
}

/// A release as the simulated ERP words it.
pub fn release(order: &str) -> String {
    format!(
        r#"{{"documents": [{{"vbeln": "{order}", "kunnr": "C-1", "waerk": "EUR", "partner_we": {{"land1": "DE"}},
            "items": [{{"posnr": "10", "matnr": "BOLT", "menge": 5, "meins": "ST", "werks": "EAST"}}]}}]}}"#
    )
}

#[tokio::test]
async fn a_message_becomes_an_entry_that_says_where_it_came_from() {
    let world = World::start().await;
    let adapter = world.adapter(System::Wms, Settings::default()).await;
    let sequence = world.publish(STATUS, &packed("E1", "SO 1/7.*>")).await;
    let entries = world.entries("SO 1/7.*>", 1).await;
    let entry = &entries[0];
    assert_eq!((entry.lane, kinds(entry)), ("wms", vec!["milestone"]));
    let Fact::Milestone(reached) = &facts(entry)[0].fact else { panic!("no milestone") };
    assert_eq!(reached.milestone, Milestone::FulfilmentPacked);
    let Content::Facts { source, .. } = &entry.entry.content else { panic!("no facts") };
    let told = (source.service.as_str(), source.partner.as_deref(), source.message.as_deref(), source.profile);
    assert_eq!(told, ("wms-adapter", Some("wms-east"), Some("status"), Some(2)));
    assert_eq!(source.inbox, Some(sequence));
    let raw = world.connection.js.get_stream("INBOX").await.unwrap().direct_get(sequence).await.unwrap();
    let taken_in = i64::try_from(raw.time.unix_timestamp_nanos() / 1_000_000).unwrap();
    assert_eq!(source.received.as_millis(), taken_in);
    world.idle("INBOX", "wms-adapter_wms-east").await;
    assert_eq!(
        (adapter.metrics.received.get(), adapter.metrics.appended.get(), adapter.metrics.acked.get()),
        (1, 1, 1)
    );
    adapter.stop().await;
}

#[tokio::test]
async fn a_message_told_twice_is_two_entries_of_the_same_facts() {
    let world = World::start().await;
    let adapter = world.adapter(System::Wms, Settings::default()).await;
    world.publish(STATUS, &packed("E1", "SO-1")).await;
    world.publish(STATUS, &packed("E1", "SO-1")).await;
    let entries = world.entries("SO-1", 2).await;
    assert_ne!(entries[0].entry.id, entries[1].entry.id);
    assert_eq!(facts(&entries[0]), facts(&entries[1]), "the fold drops the repeat by the fact's id");
    adapter.stop().await;
}

#[tokio::test]
async fn a_message_about_several_orders_is_an_entry_for_each() {
    let world = World::start().await;
    let adapter = world.adapter(System::Wms, Settings::default()).await;
    let events: Vec<String> =
        ["SO-1", "SO-2", "SO-1"].iter().zip(["E1", "E2", "E3"]).map(|(o, e)| packed(e, o)).collect();
    world.publish(STATUS, &format!(r#"{{"events": [{}]}}"#, events.join(","))).await;
    let (first, second) = (world.entries("SO-1", 1).await, world.entries("SO-2", 1).await);
    assert_eq!((kinds(&first[0]).len(), kinds(&second[0]).len()), (2, 1));
    assert_eq!(world.held("ORDERS").await, 2);
    adapter.stop().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_quarantined_and_stops_nothing() {
    let world = World::start().await;
    let adapter = world.adapter(System::Wms, Settings::default()).await;
    let broken = "{\"event\": \u{fffd}";
    world.publish(STATUS, broken).await;
    world.publish("in.wms.wms-east.poem", "roses are red").await;
    let half =
        format!(r#"{{"events": [{}, {{"event": "E9", "order_no": "SO-2", "code": "LOST"}}]}}"#, packed("E1", "SO-1"));
    world.publish(STATUS, &half).await;
    world.publish(STATUS, &packed("E2", "SO-3")).await;
    world.entries("SO-3", 1).await;
    assert_eq!(kinds(&world.entries("SO-1", 1).await[0]), ["milestone"], "the sound part of a message counts");
    let mut held = world.quarantine(3).await;
    held.sort_by_key(|quarantined| quarantined.about.sequence);
    assert_eq!(held[0].raw.as_ref(), broken.as_bytes());
    assert_eq!((held[0].about.reason.kind, held[0].about.subject.as_str()), (Kind::Malformed, STATUS));
    assert_eq!(held[1].about.reason.kind, Kind::UnknownMessage);
    assert_eq!((held[2].about.reason.kind, held[2].raw.as_ref()), (Kind::Invalid, half.as_bytes()));
    let why = &held[2].about.reason;
    assert!(why.text.starts_with("`events[1]."), "{}", why.text);
    world.idle("INBOX", "wms-adapter_wms-east").await;
    assert_eq!((world.held("QUARANTINE").await, adapter.metrics.quarantined.get()), (3, 3));
    assert!(adapter.readiness.state().ready);
    adapter.stop().await;
}

#[tokio::test]
async fn partners_nobody_knows_are_found_and_quarantined() {
    let world = World::start().await;
    let adapter = world.adapter(System::Wms, Settings::default()).await;
    for partner in ["stranger", "odd=zz", "a$b/c", "m\u{fc}ller"] {
        world.publish(&format!("in.wms.{partner}.status"), "{}").await;
    }
    let mut reasons: Vec<String> =
        world.quarantine(4).await.into_iter().map(|quarantined| quarantined.about.reason.text).collect();
    reasons.sort_unstable();
    assert!(reasons[0].starts_with("no profile for partner a$b/c"), "{reasons:?}");
    assert!(reasons[3].starts_with("no profile for partner stranger"), "{reasons:?}");
    assert_eq!(world.held("ORDERS").await, 0);
    adapter.stop().await;
}

#[tokio::test]
async fn names_that_look_like_wildcards_are_only_names() {
    let world = World::start().await;
    world.publish(STATUS, &packed("E1", "SO-1")).await;
    for odd in ["*.status", ">.status", "wms-east.*", "wms-east.>"] {
        world.publish(&format!("in.wms.{odd}"), &packed("E2", "SO-2")).await;
    }
    let adapter = world.adapter(System::Wms, Settings::default()).await;
    let held = world.quarantine(4).await;
    let mut from: Vec<&str> = held.iter().map(|quarantined| quarantined.about.subject.as_str()).collect();
    from.sort_unstable();
    assert_eq!(from, ["in.wms.*.status", "in.wms.>.status", "in.wms.wms-east.*", "in.wms.wms-east.>"]);
    world.entries("SO-1", 1).await;
    world.publish(STATUS, &packed("E3", "SO-3")).await;
    world.entries("SO-3", 1).await;
    world.idle("INBOX", "wms-adapter_wms-east").await;
    assert_eq!(world.held("QUARANTINE").await, 4);
    assert!(adapter.readiness.state().ready);
    adapter.stop().await;
}

#[tokio::test]
async fn nobody_tells_what_another_system_owns() {
    let folder = tempfile::tempdir().unwrap();
    let bold = r#"
        partner = "bold"
        system = "wms"
        version = 3
        [in.bill]
        format = "json"
        order = "order"
        event_id = "id"
        [[in.bill.facts]]
        kind = "answered"
        ask = "ask"
        outcome = { value = "accepted" }
        [[in.bill.facts]]
        kind = "billed"
        number = "number"
        total = { amount = "total", currency = { value = "EUR" } }
        [in.items]
        format = "json"
        [[in.items.facts]]
        kind = "item"
        sku = "sku"
        description = "name"
    "#;
    std::fs::write(folder.path().join("bold.toml"), bold).unwrap();
    let world = World::start().await;
    let adapter = world.adapter(System::Wms, with_profiles(folder.path())).await;
    let raw = r#"{"id": 1, "order": "SO-1", "ask": "a1", "number": "I-1", "total": "5.00"}"#;
    world.publish("in.wms.bold.bill", raw).await;
    world.publish("in.wms.bold.items", r#"{"sku": "A", "name": "a"}"#).await;
    assert_eq!(kinds(&world.entries("SO-1", 1).await[0]), ["answered"]);
    let held = world.quarantine(2).await;
    assert!(held.iter().all(|quarantined| quarantined.about.reason.kind == Kind::NotOwner), "{held:?}");
    let mut reasons: Vec<String> = held.into_iter().map(|quarantined| quarantined.about.reason.text).collect();
    reasons.sort_unstable();
    assert_eq!(reasons[0], "wms may not tell `billed`; its system of record is the erp");
    assert_eq!(reasons[1], "wms may not tell `master data`; its system of record is the erp");
    assert_eq!(world.held("KV_MASTER").await, 0);
    adapter.stop().await;
}

#[tokio::test]
async fn stock_moves_under_its_location_and_item() {
    let world = World::start().await;
    let adapter = world.adapter(System::Wms, Settings::default()).await;
    let movement =
        r#"{"id": "M1", "site": "EAST 1", "article": "BOLT.8", "type": "GR", "qty": 40, "uom": "PC", "at": 1}"#;
    world.publish("in.wms.wms-east.stock", &format!(r#"{{"movements": [{movement}]}}"#)).await;
    let moved = world.messages("STOCK", 1).await;
    assert_eq!(moved[0].subject.as_str(), "stock.EAST=201.BOLT=2E8");
    let entry: engine::Entry<model::Movement, model::Decision> = engine::codec::decode(&moved[0].payload).unwrap();
    let Content::Facts { facts, source } = entry.content else { panic!("no facts") };
    assert_eq!((facts[0].fact.quantity.clone(), source.inbox), (model::Quantity::each(40), Some(1)));
    let id = moved[0].headers.as_ref().unwrap().get("Nats-Msg-Id").unwrap();
    assert_eq!(id.as_str(), entry.id.to_string());
    adapter.stop().await;
}

#[tokio::test]
async fn stock_is_moved_by_the_warehouse_that_runs_the_location() {
    let world = World::start().await;
    let master = world.connection.js.get_key_value("MASTER").await.unwrap();
    master.put("location.EAST", r#"{"name":"East","country":"DE","wms":"wms-east"}"#.into()).await.unwrap();
    let adapter = world.adapter(System::Wms, Settings::default()).await;
    let count = |id: &str, site: &str| {
        format!(r#"{{"id": "{id}", "site": "{site}", "article": "A", "type": "CNT", "qty": 0, "uom": "PC", "at": 1}}"#)
    };
    // A location that nobody has told of is taken on trust.
    let body = format!(r#"{{"movements": [{}, {}]}}"#, count("M1", "EAST"), count("M2", "ANNEX"));
    world.publish("in.wms.wms-west.stock", &body).await;
    let moved = world.messages("STOCK", 1).await;
    assert_eq!(moved[0].subject.as_str(), "stock.ANNEX.A");
    let held = world.quarantine(1).await;
    assert_eq!(held[0].about.reason.text, "wms-west may not move stock at EAST; it is run by wms-east");
    world.publish("in.wms.wms-east.stock", &format!(r#"{{"movements": [{}]}}"#, count("M3", "EAST"))).await;
    assert_eq!(world.messages("STOCK", 2).await[1].subject.as_str(), "stock.EAST.A");
    adapter.stop().await;
}

#[tokio::test]
async fn two_adapters_share_the_work() {
    const MESSAGES: usize = 400;
    let world = World::start().await;
    let first = world.adapter(System::Wms, Settings::default()).await;
    let second = world.adapter(System::Wms, Settings { in_flight: 8, ..Settings::default() }).await;
    for n in 0..MESSAGES {
        world.publish(STATUS, &packed(&format!("E{n}"), &format!("SO-{n}"))).await;
    }
    world.idle("INBOX", "wms-adapter_wms-east").await;
    assert_eq!(world.held("ORDERS").await, MESSAGES as u64, "each message once");
    let (one, other) = (first.metrics.appended.get(), second.metrics.appended.get());
    assert_eq!(one + other, MESSAGES as u64);
    assert!(one > 0 && other > 0, "{one} and {other}");
    first.stop().await;
    // The other goes on alone.
    world.publish(STATUS, &packed("last", "SO-last")).await;
    world.entries("SO-last", 1).await;
    second.stop().await;
}

#[tokio::test]
async fn a_release_is_validated_in_the_same_entry() {
    let world = World::start().await;
    let adapter = world.adapter(System::Erp, Settings::default()).await;
    world.publish("in.erp.erp-main.order", &release("SO-1")).await;
    let entries = world.entries("SO-1", 1).await;
    assert_eq!((entries[0].lane, kinds(&entries[0])), ("erp", vec!["released", "validated"]));
    let Fact::Validated(validation) = &facts(&entries[0])[1].fact else { panic!("not validated") };
    assert!(matches!(
        &validation.findings[..],
        [Finding::UnknownCustomer(_), Finding::UnknownItem { .. }, Finding::UnknownLocation { .. }]
    ));
    let confirmed = r#"{"docnum": "1", "vbeln": "SO-1", "reference": "bill", "status": "53"}"#;
    world.publish("in.erp.erp-main.confirmation", confirmed).await;
    let entries = world.entries("SO-1", 2).await;
    let Fact::Answered(answer) = &facts(&entries[1])[0].fact else { panic!("no answer") };
    assert_eq!(answer.outcome, Outcome::Accepted);
    adapter.stop().await;
}
