//! Lists of what a partner's books hold become snapshots.

use adapter::{Kept, Settings};
use model::{Listed, ListedShipment, Milestone, Snapshot, System, Timestamp};
use service::quarantine::{Kind, Settle};
use service::snapshots::{Recorded, TAKEN_HEADER, Wanted};
use service::streams;

use crate::profiles::given;
use crate::replay::{forget_repeats, replay};
use crate::world::World;

/// All that is listed since the beginning, repeats left out.
async fn listed(world: &World) -> Vec<Recorded> {
    let mut listed = Vec::new();
    let (since, until) = (Timestamp::from_millis(0), "2100-01-01T00:00:00Z".parse().unwrap());
    let read = service::snapshots::read(&world.connection.js, Wanted::Since(since), until, |one| listed.push(one));
    read.await.unwrap();
    listed
}

#[tokio::test]
async fn a_list_with_a_broken_row_is_a_snapshot_that_is_not_complete() {
    let world = World::start().await;
    let adapter = world.adapter(System::Wms, Settings::default()).await;
    let row = |sku: &str, qty: &str| format!(r#"{{"site": "EAST", "article": "{sku}", "qty": {qty}, "uom": "PC"}}"#);
    let raw = format!(
        r#"{{"at": 1772373600000, "stock": [{}, {}, {}]}}"#,
        row("BOLT", "40"),
        row("NUT", "\"some\""),
        row("RING", "0")
    );
    let inbox = world.publish("in.wms.wms-east.stock_list", &raw).await;
    world.idle("INBOX", "wms-adapter_wms-east").await;
    let message = &world.messages(streams::SNAPSHOTS, 1).await[0];
    assert_eq!(message.subject.as_str(), "snapshot.wms.wms-east.stock");
    let header = |name: &str| message.headers.as_ref().unwrap().get(name).unwrap().as_str().to_owned();
    assert_eq!(header(TAKEN_HEADER), "1772373600000");
    let entry: service::snapshots::SnapshotEntry = engine::codec::decode(&message.payload).unwrap();
    assert_eq!(header("Nats-Msg-Id"), entry.id.to_string());
    let Recorded { source, snapshot, .. } = listed(&world).await.remove(0);
    let told = (source.service.as_str(), source.partner.as_deref(), source.message.as_deref(), source.inbox);
    assert_eq!(told, ("wms-adapter", Some("wms-east"), Some("stock_list"), Some(inbox)));
    let Snapshot { complete, listed: Listed::Stock(rows), .. } = &snapshot else { panic!("{snapshot:?}") };
    let rows: Vec<(&str, String)> = rows.iter().map(|row| (row.sku.as_str(), row.on_hand.to_string())).collect();
    assert_eq!((complete, &rows[..]), (&false, &[("BOLT", "40 EA".to_owned()), ("RING", "0 EA".to_owned())][..]));
    let held = world.quarantine(1).await;
    let why = &held[0].about.reason;
    assert_eq!((why.kind, why.field.as_deref(), held.len()), (Kind::Invalid, Some("stock[1].qty"), 1));
    assert_eq!(world.held("STOCK").await, 0, "a list moves nothing");
    // Read again, neither the list nor the row is told once more.
    forget_repeats(&world).await;
    replay(&world, &Kept { profile: None, ..given("wms-east", "", 0) }).await;
    assert_eq!((world.held(streams::SNAPSHOTS).await, world.held("QUARANTINE").await), (1, 1));
    // Sent again, it is a message of its own that lists the same.
    world.publish("in.wms.wms-east.stock_list", &raw).await;
    world.messages(streams::SNAPSHOTS, 2).await;
    assert_eq!(listed(&world).await.len(), 1);
    adapter.stop().await;
}

#[tokio::test]
async fn a_list_that_was_in_quarantine_is_still_of_when_it_came_in() {
    let world = World::start().await;
    let adapter = world.adapter(System::Erp, Settings::default()).await;
    let raw = r#"{"documents": [{"vbeln": "SO-1"}, {}]}"#;
    world.publish("in.erp.erp-main.open_orders", raw).await;
    for time in 1..=2 {
        let held = world.quarantine(1).await.remove(0);
        let stream = world.connection.js.get_stream(streams::QUARANTINE).await.unwrap();
        let kept = service::quarantine::Kept { sequence: time, about: held.about, raw: Some(held.raw) };
        let by = engine::Operator { who: "ann".to_owned(), why: "the profile is mended".to_owned() };
        let at = "2026-03-01T10:00:00Z".parse().unwrap();
        kept.settle(&world.connection.js, &stream, &Settle::Release, &by, at).await.unwrap();
        world.messages(streams::SNAPSHOTS, time + 1).await;
    }
    assert_eq!(listed(&world).await.len(), 1, "as of the same moment, it lists the same");
    adapter.stop().await;
}

#[tokio::test]
async fn a_listed_shipment_is_known_by_what_its_carrier_called_it() {
    let world = World::start().await;
    let adapter = world.adapter(System::Tms, Settings::default()).await;
    let booking = |order: &str, pro: &str| {
        format!(
            r#"{{"tender": "{order}/book", "shipper_ref": {{"order": "{order}", "shipment": "s1"}}, "answer": "A",
                "scac": "SPDY", "pro": "{pro}", "load": "L1", "answered_at": "2026-03-01T10:00:00Z"}}"#
        )
    };
    world.publish("in.tms.tms-main.booking", &booking("SO-1", "PRO1")).await;
    world.publish("in.tms.tms-main.booking", &booking("SO-2", "PRO2")).await;
    world.publish("in.tms.tms-main.collection", &booking("RMA-1", "PRO3").replace("L1", "L2")).await;
    world.idle("INBOX", "tms-adapter_tms-main").await;
    let raw = r#"{"shipments": [{"pro": "PRO1", "code": "OFD"}, {"pro": "L1"}, {"pro": "PRO3"}, {"pro": "PRO9"}]}"#;
    world.publish("in.tms.tms-main.shipments", raw).await;
    world.messages(streams::SNAPSHOTS, 1).await;
    let Recorded { snapshot, .. } = listed(&world).await.remove(0);
    let row = |reference: &str, order: Option<&str>, milestone| ListedShipment {
        reference: reference.to_owned(),
        order: order.map(|order| model::OrderId::new(order).unwrap()),
        shipment: order.map(|_| model::ShipmentId::new("s1").unwrap()),
        milestone,
    };
    let expected = vec![
        row("PRO1", Some("SO-1"), Some(Milestone::TransportOutForDelivery)),
        row("L1", Some("SO-1"), None),
        row("L1", Some("SO-2"), None),
        // A return is no order, and what nobody knows is not waited for.
        row("PRO9", None, None),
    ];
    assert_eq!((snapshot.listed, snapshot.complete), (Listed::Shipments(expected), true));
    world.idle("INBOX", "tms-adapter_tms-main").await;
    assert_eq!(world.held("QUARANTINE").await, 0);
    adapter.stop().await;
}
