//! Profiles that people add, change and take away while the adapters run.

use adapter::{Action, Added, Kept, Origin, Settings};
use engine::{Content, Operator, Source};
use model::{Decision, PartnerId, System, Timestamp};

use crate::inbox::{STATUS, packed};
use crate::world::{World, eventually, facts};

const SERVICE: &str = "wms-adapter";

/// The profile of a warehouse whose word for a packed shipment is `code`.
pub fn dock(version: u32, code: &str) -> String {
    format!(
        r#"
        partner = "dock"
        system = "wms"
        version = {version}
        [table.status]
        {code} = "fulfilment.packed"
        else = {{ reject = true }}
        [in.status]
        format = "json"
        order = "order_no"
        event_id = "event"
        [[in.status.facts]]
        kind = "milestone"
        milestone = {{ path = "code", table = "status" }}
        occurred = {{ path = "at", as = "epoch_millis" }}
        [out.allocate]
        message = "release"
        body = "canonical"
        "#
    )
}

/// What is said of a partner that was given this profile.
pub fn given(partner: &str, text: &str, version: u32) -> Kept {
    Kept {
        action: Action::Add,
        by: Operator { who: "ann".to_owned(), why: "onboarding".to_owned() },
        at: Timestamp::from_millis(1),
        partner: PartnerId::new(partner).unwrap(),
        system: System::Wms,
        profile: Some(Added { name: "dock".to_owned(), version, text: text.to_owned() }),
        disabled: false,
        replay: None,
    }
}

/// A message of the warehouse.
pub fn told(event: &str, order: &str, code: &str) -> String {
    format!(r#"{{"event": "{event}", "order_no": "{order}", "code": "{code}", "at": 1772373909120}}"#)
}

pub fn source(entry: &engine::WorkflowRecord<fulfilment::Fulfilment>) -> &Source {
    let Content::Facts { source, .. } = &entry.entry.content else { panic!("no facts") };
    source
}

#[tokio::test]
async fn a_profile_serves_as_soon_as_it_is_added_and_after_a_restart() {
    let world = World::start().await;
    let adapter = world.adapter(System::Wms, Settings::default()).await;
    let revision = world.say(&given("dock", &dock(4, "PKD"), 4)).await;
    let served = world.serves(SERVICE, "dock", revision).await;
    assert_eq!((served.version, served.from, served.reads), (Some(4), Some(Origin::Bucket), vec!["status".to_owned()]));
    world.publish("in.wms.dock.status", &told("E1", "SO-1", "PKD")).await;
    let entries = world.entries("SO-1", 1).await;
    assert_eq!((source(&entries[0]).profile, source(&entries[0]).profile_name.as_deref()), (Some(4), Some("dock")));
    adapter.stop().await;
    let again = world.adapter(System::Wms, Settings::default()).await;
    world.publish("in.wms.dock.status", &told("E2", "SO-2", "PKD")).await;
    world.entries("SO-2", 1).await;
    assert_eq!(world.held("QUARANTINE").await, 0);
    again.stop().await;
}

#[tokio::test]
async fn an_added_profile_goes_before_the_shipped_one_until_it_is_removed() {
    let world = World::start().await;
    let adapter = world.adapter(System::Wms, Settings::default()).await;
    let revision = world.say(&given("wms-east", &dock(9, "PKD"), 9)).await;
    assert_eq!(world.serves(SERVICE, "wms-east", revision).await.profile.as_deref(), Some("dock"));
    world.publish(STATUS, &told("E1", "SO-1", "PKD")).await;
    assert_eq!(source(&world.entries("SO-1", 1).await[0]).profile, Some(9));
    let removed = Kept { action: Action::Remove, profile: None, ..given("wms-east", "", 0) };
    let revision = world.say(&removed).await;
    let served = world.serves(SERVICE, "wms-east", revision).await;
    assert_eq!((served.profile.as_deref(), served.from), (Some("sim-wms"), Some(Origin::Shipped)));
    world.publish(STATUS, &packed("E2", "SO-2")).await;
    assert_eq!(source(&world.entries("SO-2", 1).await[0]).profile_name.as_deref(), Some("sim-wms"));
    adapter.stop().await;
}

#[tokio::test]
async fn a_profile_is_changed_under_load_and_no_message_is_lost_or_told_twice() {
    const MESSAGES: usize = 600;
    let world = World::start().await;
    let adapter = world.adapter(System::Wms, Settings { in_flight: 16, ..Settings::default() }).await;
    let revision = world.say(&given("dock", &dock(1, "PKD"), 1)).await;
    world.serves(SERVICE, "dock", revision).await;
    for n in 0..MESSAGES {
        world.publish("in.wms.dock.status", &told(&format!("E{n}"), &format!("SO-{n}"), "PKD")).await;
        if n % 200 == 100 {
            world.say(&given("dock", &dock(2 + u32::try_from(n).unwrap(), "PKD"), 1)).await;
        }
    }
    world.idle("INBOX", "wms-adapter_dock").await;
    assert_eq!((world.held("ORDERS").await, world.held("QUARANTINE").await), (MESSAGES as u64, 0));
    let (first, last) = (world.entries("SO-0", 1).await, world.entries(&format!("SO-{}", MESSAGES - 1), 1).await);
    assert_eq!((source(&first[0]).profile, source(&last[0]).profile), (Some(1), Some(502)));
    adapter.stop().await;
}

#[tokio::test]
async fn a_profile_that_does_not_compile_leaves_the_last_good_one_in_force() {
    let world = World::start().await;
    let adapter = world.adapter(System::Wms, Settings::default()).await;
    world.say(&given("dock", &dock(1, "PKD"), 1)).await;
    let revision = world.say(&given("dock", "version = \"new\"", 2)).await;
    let served = world.serves(SERVICE, "dock", revision).await;
    assert_eq!(served.version, Some(1));
    assert!(served.wrong.unwrap().contains("profile dock of partner dock:1:"));
    eventually("it is said why", || async {
        let why = adapter.readiness.state().latches["inbox"].clone()?;
        why.starts_with("profile of partner dock: ").then_some(())
    })
    .await;
    world.publish("in.wms.dock.status", &told("E1", "SO-1", "PKD")).await;
    world.entries("SO-1", 1).await;
    adapter.stop().await;
    // One that starts does not know what was in force, but the bucket does.
    let about_to = world.adapter_in_trouble(System::Wms).await;
    world.publish("in.wms.dock.status", &told("E2", "SO-2", "PKD")).await;
    assert_eq!(source(&world.entries("SO-2", 1).await[0]).profile, Some(1));
    world.say(&given("dock", &dock(3, "PKD"), 3)).await;
    eventually("all is well", || async { about_to.readiness.state().ready.then_some(()) }).await;
    about_to.stop().await;
}

#[tokio::test]
async fn a_partner_that_is_switched_off_waits_and_goes_on_where_it_stopped() {
    let world = World::start().await;
    let adapter = world.adapter(System::Wms, Settings::default()).await;
    let on = given("dock", &dock(1, "PKD"), 1);
    let revision = world.say(&on).await;
    world.serves(SERVICE, "dock", revision).await;
    world.publish("in.wms.dock.status", &told("E1", "SO-1", "PKD")).await;
    world.entries("SO-1", 1).await;
    let off = Kept { action: Action::Disable, disabled: true, ..on.clone() };
    let revision = world.say(&off).await;
    assert!(world.serves(SERVICE, "dock", revision).await.disabled);
    // What was asked of the broker before may still come; then nothing does.
    tokio::time::sleep(std::time::Duration::from_millis(600)).await;
    for n in 2..12 {
        world.publish("in.wms.dock.status", &told(&format!("E{n}"), &format!("SO-{n}"), "PKD")).await;
    }
    world.decide("SO-1", vec![Decision::Ask(ask_to_allocate("dock", "allocate SO-1"))]).await;
    eventually("what it is asked is held", || async { (world.held("HELD").await == 1).then_some(()) }).await;
    world.publish(STATUS, &packed("E9", "SO-east")).await;
    world.entries("SO-east", 1).await;
    assert_eq!((world.held("OUTBOX").await, world.held("QUARANTINE").await), (0, 0));
    assert!(world.journal.read(&engine::Key::of("SO-11")).await.unwrap().is_empty());
    assert!(adapter.readiness.state().ready);
    assert_eq!(world.restrained(SERVICE).await[0].partner, "dock");
    world.say(&on).await;
    for n in 2..12 {
        let entries = world.entries(&format!("SO-{n}"), 1).await;
        assert_eq!(facts(&entries[0]).len(), 1);
    }
    world.messages("OUTBOX", 1).await;
    world.idle("INBOX", "wms-adapter_dock").await;
    // Eleven of this one, one of the other, and one ask.
    assert_eq!(world.held("ORDERS").await, 13);
    adapter.stop().await;
}

#[tokio::test]
async fn codes_that_nobody_mapped_are_counted() {
    let world = World::start().await;
    let adapter = world.adapter(System::Wms, Settings::default()).await;
    let revision = world.say(&given("dock", &dock(1, "PKD"), 1)).await;
    world.serves(SERVICE, "dock", revision).await;
    for event in ["E1", "E2"] {
        world.publish("in.wms.dock.status", &told(event, "SO-1", "LOST")).await;
    }
    world.quarantine(2).await;
    let text = adapter.metrics.encode().unwrap();
    let counted = r#"waybill_unmapped_codes_total{service="wms-adapter",partner="dock"} 2"#;
    assert!(text.contains(counted), "{text}");
    adapter.stop().await;
}

fn ask_to_allocate(partner: &str, id: &str) -> model::Ask {
    model::Ask {
        id: model::AskId::new(id).unwrap(),
        system: System::Wms,
        partner: PartnerId::new(partner).unwrap(),
        request: serde_json::from_value(serde_json::json!({ "allocate": {
            "shipment": "s1", "location": "EAST", "ship_to": {}, "lines": []
        } }))
        .unwrap(),
    }
}
