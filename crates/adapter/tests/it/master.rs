//! Master data is kept, and orders are held against it.

use std::time::Duration;

use adapter::Settings;
use model::{Fact, Finding, System, Validation};

use crate::inbox::release;
use crate::world::{World, facts};

const MASTER: &str = "in.erp.erp-main.master";
const ORDER: &str = "in.erp.erp-main.order";
const ALL: &str = r#"{"materials": [{"matnr": "BOLT", "maktx": "a bolt"}], "customers": [{"kunnr": "C-1", "name1": "Muster"}],
    "plants": [{"werks": "EAST", "name1": "East", "land1": "DE", "lgsystem": "wms-east"}],
    "lanes": [{"land_from": "DE", "land_to": "KP", "block": "embargo"}, {"land_from": "DE", "land_to": "FR"}]}"#;

async fn validation(world: &World, order: &str) -> Validation {
    let entries = world.entries(order, 1).await;
    let Fact::Validated(validation) = &facts(&entries[0])[1].fact else { panic!("{order} is not validated") };
    validation.clone()
}

#[tokio::test]
async fn an_order_right_behind_its_master_data_is_sound() {
    let world = World::start().await;
    let adapter = world.adapter(System::Erp, Settings::default()).await;
    world.publish(MASTER, ALL).await;
    world.publish(ORDER, &release("SO-1")).await;
    let found = validation(&world, "SO-1").await;
    assert_eq!(found.findings, []);
    let source = &found.sources[0];
    let source = (source.location.as_str(), source.wms.as_str(), source.country.to_string());
    assert_eq!(source, ("EAST", "wms-east", "DE".to_owned()));
    let master = world.connection.js.get_key_value("MASTER").await.unwrap();
    let value = master.get("location.EAST").await.unwrap().unwrap();
    assert_eq!(value.as_ref(), br#"{"name":"East","country":"DE","wms":"wms-east"}"#);
    assert_eq!(master.get("route.DE.FR").await.unwrap().unwrap().as_ref(), b"{}");
    world.publish(ORDER, &release("SO-2").replace("\"DE\"", "\"KP\"")).await;
    let restricted = validation(&world, "SO-2").await;
    assert!(matches!(&restricted.findings[..], [Finding::RestrictedRoute { why, .. }] if why == "embargo"));
    adapter.stop().await;
}

#[tokio::test]
async fn master_data_on_its_way_through_another_process_is_waited_for() {
    let world = World::start().await;
    let adapter = world.adapter(System::Erp, Settings::default()).await;
    let master = world.connection.js.get_key_value("MASTER").await.unwrap();
    master.put("customer.C-1", r#"{"name":"x"}"#.into()).await.unwrap();
    master.put("item.BOLT", r#"{"description":"x"}"#.into()).await.unwrap();
    world.publish(ORDER, &release("SO-1")).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    master.put("location.EAST", r#"{"name":"x","country":"DE","wms":"w"}"#.into()).await.unwrap();
    assert_eq!(validation(&world, "SO-1").await.findings, []);
    adapter.stop().await;
}
