use crate::broker;
use ::broker::{Options, Restart};
use futures::StreamExt;
use service::settings::NatsSettings;
use service::streams::{Durability, declare};
use service::{About, Host, Shutdown};
use std::time::Duration;

const ABOUT: About = About { name: "wms-adapter", version: "0.1.0", description: "a test" };
const PATIENCE: Duration = Duration::from_secs(30);

async fn becomes(host: &Host, ready: bool) -> Option<String> {
    let waiting = async {
        while host.readiness.state().ready != ready {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        host.readiness.state().latches["nats"].clone()
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("never ready: {ready}"))
}

#[tokio::test]
async fn a_violation_makes_it_not_ready_in_words() {
    // The user may use JetStream, but of the orders' subjects only those of its own lane.
    let permissions = "authorization { users: [ { user: wms, password: x, permissions: { publish: { \
                       allow: [\"$JS.>\", \"$SRV.>\", \"_INBOX.>\", \"order.*.*.wms\"] } } } ] }";
    let options = Options { extra_config: vec![permissions.to_owned()], ..Options::default() };
    let broker = ::broker::start(options).await.unwrap();
    let url = broker.url().replace("nats://", "nats://wms:x@");
    let connection = service::connect::connect(&NatsSettings::url(url), "test").await.unwrap();
    declare(&connection.js, Durability::Demo).await.unwrap();
    let host = Host::in_process(ABOUT, connection.clone(), Shutdown::new()).await.unwrap();
    connection.js.publish("order.1.SO-1.wms", "own".into()).await.unwrap().await.unwrap();
    assert_eq!(becomes(&host, true).await, None);
    connection.client.publish("order.1.SO-1.erp", "not its own".into()).await.unwrap();
    let why = becomes(&host, false).await.unwrap();
    assert!(why.contains("does not permit") && why.contains("order.1.SO-1.erp"), "{why}");

    let refused = service::connect::connect(&NatsSettings::url(broker.url()), "test").await.unwrap_err();
    assert!(refused.to_string().contains("refuses this user"), "{refused}");
}

#[tokio::test]
async fn an_outage_makes_it_not_ready_until_it_is_over() {
    let (mut broker, connection) = broker().await;
    let host = Host::in_process(ABOUT, connection, Shutdown::new()).await.unwrap();
    assert_eq!(becomes(&host, true).await, None);
    broker.down(Restart::Kill).await.unwrap();
    let why = becomes(&host, false).await.unwrap();
    assert!(why.contains("disconnected"), "{why}");
    broker.up().await.unwrap();
    becomes(&host, true).await;
}

#[tokio::test]
async fn services_in_one_process_are_found_by_ping() {
    let (_broker, connection) = broker().await;
    let shutdown = Shutdown::new();
    let mut hosts = Vec::new();
    for name in ["erp-adapter", "wms-adapter", "tms-adapter"] {
        let about = About { name, ..ABOUT };
        hosts.push(Host::in_process(about, connection.clone(), shutdown.clone()).await.unwrap());
    }
    let inbox = connection.client.new_inbox();
    let mut answers = connection.client.subscribe(inbox.clone()).await.unwrap();
    connection.client.publish_with_reply("$SRV.PING", inbox, "".into()).await.unwrap();
    let mut names = Vec::new();
    while names.len() < 3 {
        let answer = tokio::time::timeout(PATIENCE, answers.next()).await.unwrap().unwrap();
        let pong: serde_json::Value = serde_json::from_slice(&answer.payload).unwrap();
        names.push(pong["name"].as_str().unwrap().to_owned());
    }
    names.sort();
    assert_eq!(names, ["erp-adapter", "tms-adapter", "wms-adapter"]);
}
