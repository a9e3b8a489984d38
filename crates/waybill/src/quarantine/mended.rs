//! A message that an adapter could not read becomes an entry when it is released after its profile was mended.

use std::path::Path;
use std::time::Duration;

use engine::Operator;
use model::System;
use service::quarantine::Settle;
use service::settings::NatsSettings;
use service::streams::{self, Durability, ORDERS, QUARANTINE, declare};
use service::{Connection, Host, Shutdown};

use super::show::kept;
use crate::reach;

/// How long an adapter may take.
const TIME_LIMIT: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A carrier's profile that knows this code.
fn profile(code: &str) -> String {
    format!(
        r#"
        partner = "acme"
        system = "tms"
        version = 1
        [table.status]
        {code} = "transport.delivered"
        else = {{ reject = true }}
        [in.status]
        format = "json"
        order = "order"
        event_id = "id"
        [[in.status.facts]]
        kind = "milestone"
        milestone = {{ path = "code", table = "status" }}
        occurred = "at"
    "#
    )
}

/// Runs an adapter with the profiles of a folder until a stream holds so many messages.
async fn serve_until(settings: &NatsSettings, folder: &Path, stream: &str, messages: u64) {
    let connection = reach::connect(settings).await.unwrap();
    let shutdown = Shutdown::new();
    let host = Host::in_process(tms_adapter::ABOUT, connection.clone(), shutdown.clone()).await.unwrap();
    let settings = adapter::Settings { profiles: Some(folder.to_path_buf()), ..adapter::Settings::default() };
    let serving = tokio::spawn(adapter::serve(System::Tms, settings, host));
    let enough = async {
        while held(&connection, stream).await < messages {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    tokio::time::timeout(TIME_LIMIT, enough).await.unwrap();
    shutdown.trigger();
    tokio::time::timeout(TIME_LIMIT, serving).await.unwrap().unwrap().unwrap();
}

async fn held(connection: &Connection, stream: &str) -> u64 {
    reach::stream(&connection.js, stream).await.unwrap().cached_info().state.messages
}

#[tokio::test]
async fn what_was_released_is_read_through_the_mended_profile() {
    let broker = broker::start(broker::Options::default()).await.unwrap();
    let settings = NatsSettings::url(broker.url());
    let connection = reach::connect(&settings).await.unwrap();
    declare(&connection.js, Durability::Demo).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("acme.toml");
    std::fs::write(&file, profile("D1")).unwrap();
    let raw = r#"{"id": 1, "order": "SO-1", "code": "D2", "at": "2026-03-01T12:00:00Z"}"#;
    connection.js.publish(streams::inbox("tms", "acme", "status"), raw.into()).await.unwrap().await.unwrap();
    serve_until(&settings, folder.path(), QUARANTINE, 1).await;
    assert_eq!(held(&connection, ORDERS).await, 0);

    std::fs::write(&file, profile("D2")).unwrap();
    let stream = reach::stream(&connection.js, QUARANTINE).await.unwrap();
    let kept = kept(1, &connection, &stream).await.unwrap();
    assert!(super::cause::words(&kept.about.reason).contains("holds `D2`, which is not in the table `status`"));
    let by = Operator { who: "ada".to_owned(), why: "D2 is delivered too".to_owned() };
    kept.settle(&connection.js, &stream, &Settle::Release, &by, jiff::Timestamp::now()).await.unwrap();
    serve_until(&settings, folder.path(), ORDERS, 1).await;
    assert_eq!((held(&connection, ORDERS).await, held(&connection, QUARANTINE).await), (1, 0));
}
