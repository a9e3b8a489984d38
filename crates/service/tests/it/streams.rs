use crate::broker;
use async_nats::jetstream::{object_store, stream};
use service::streams::{self, Durability, declare};
use std::time::Duration;

#[tokio::test]
async fn what_is_missing_is_created_once_and_then_as_it_should_be() {
    let (_broker, connection) = broker().await;
    let first = declare(&connection.js, Durability::Demo);
    let other = declare(&connection.js, Durability::Demo);
    let (first, other) = tokio::join!(first, other);
    assert_eq!(first.unwrap(), [], "created as stated");
    assert_eq!(other.unwrap(), [], "two at once");
    assert_eq!(declare(&connection.js, Durability::Demo).await.unwrap(), [], "again");

    let orders = connection.js.get_stream(streams::ORDERS).await.unwrap();
    let config = &orders.cached_info().config;
    assert!(config.deny_delete && config.deny_purge && config.allow_direct);
    let timers = connection.js.get_stream(streams::TIMERS).await.unwrap();
    assert!(timers.cached_info().config.allow_message_schedules);
}

#[tokio::test]
async fn buckets_and_the_object_store_work_through_the_client_library() {
    let (_broker, connection) = broker().await;
    declare(&connection.js, Durability::Demo).await.unwrap();
    for bucket in
        [streams::MASTER, streams::XREF, streams::PROFILES, streams::INTERCHANGES, streams::KEYS, streams::STATUS]
    {
        let store = connection.js.get_key_value(bucket).await.unwrap();
        store.put("item.A-1", "first".into()).await.unwrap();
        store.put("item.A-1", "second".into()).await.unwrap();
        assert_eq!(store.get("item.A-1").await.unwrap().unwrap(), "second");
        store.purge("item.A-1").await.unwrap();
        assert_eq!(store.get("item.A-1").await.unwrap(), None);
    }
    let archive: object_store::ObjectStore = connection.js.get_object_store(streams::ARCHIVE).await.unwrap();
    let trail = vec![7_u8; 300_000];
    archive.put("order-1", &mut trail.as_slice()).await.unwrap();
    let mut read = Vec::new();
    tokio::io::AsyncReadExt::read_to_end(&mut archive.get("order-1").await.unwrap(), &mut read).await.unwrap();
    assert_eq!(read, trail);
}

#[tokio::test]
async fn drift_is_reported_field_by_field_and_not_changed() {
    let (_broker, connection) = broker().await;
    let strange = stream::Config {
        name: streams::ORDERS.to_owned(),
        subjects: vec![streams::ORDERS_SUBJECTS.to_owned()],
        max_age: Duration::from_secs(60),
        duplicate_window: Duration::from_secs(15),
        allow_direct: true,
        deny_delete: true,
        discard: stream::DiscardPolicy::New,
        ..stream::Config::default()
    };
    connection.js.create_stream(strange).await.unwrap();
    for _ in 0..2 {
        let drift = declare(&connection.js, Durability::Demo).await.unwrap();
        assert!(drift.iter().all(|drift| drift.stream == streams::ORDERS), "{drift:?}");
        let fields: Vec<&str> = drift.iter().map(|drift| drift.field.as_str()).collect();
        assert_eq!(fields, ["allow_atomic", "deny_purge", "max_age", "max_msg_size"]);
        assert_eq!(drift[2].is, 60_000_000_000_u64);
    }
}

#[tokio::test]
async fn production_says_that_it_needs_three_brokers() {
    let (_broker, connection) = broker().await;
    let error = declare(&connection.js, Durability::Production).await.unwrap_err().to_string();
    assert!(error.contains("3 replica(s)") && error.contains("three brokers"), "{error}");
}

#[tokio::test]
async fn a_deadline_fires_in_the_timers_stream_and_a_second_one_replaces_the_first() {
    use futures::StreamExt;
    let (_broker, connection) = broker().await;
    declare(&connection.js, Durability::Demo).await.unwrap();
    let at = (jiff::Timestamp::now() + Duration::from_secs(1)).strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    for body in ["first", "second"] {
        let mut headers = async_nats::HeaderMap::new();
        headers.insert("Nats-Schedule", format!("@at {at}"));
        headers.insert("Nats-Schedule-Target", "timer.due.7.SO-1.book");
        headers.insert("Nats-Schedule-TTL", "1h");
        let sent = connection.js.publish_with_headers("timer.set.7.SO-1.book", headers, body.into()).await;
        sent.unwrap().await.unwrap();
    }
    let stream = connection.js.get_stream(streams::TIMERS).await.unwrap();
    let config = async_nats::jetstream::consumer::pull::Config {
        filter_subject: streams::TIMERS_DUE_SUBJECTS.to_owned(),
        ..Default::default()
    };
    let mut due = stream.create_consumer(config).await.unwrap().messages().await.unwrap();
    let message = tokio::time::timeout(Duration::from_secs(10), due.next()).await.unwrap().unwrap().unwrap();
    assert_eq!((message.subject.as_str(), &message.payload[..]), ("timer.due.7.SO-1.book", &b"second"[..]));
}

#[tokio::test]
async fn what_no_adapter_would_read_is_refused_at_once() {
    use async_nats::jetstream::context::PublishErrorKind;
    let (_broker, connection) = broker().await;
    declare(&connection.js, Durability::Demo).await.unwrap();
    for subject in ["in.crm.acme.order", "in.ERP.acme.order", "in.erp.order", "in.erp.acme.order.7", "in.*.acme.order"]
    {
        let published = connection.js.publish(subject, "{}".into()).await.unwrap();
        let refused = tokio::time::timeout(Duration::from_secs(5), published).await.expect("at once").unwrap_err();
        assert_eq!(refused.kind(), PublishErrorKind::StreamNotFound, "{subject}");
    }
    for system in ["erp", "wms", "tms"] {
        connection.js.publish(streams::inbox(system, "acme", "order"), "{}".into()).await.unwrap().await.unwrap();
    }
    let inbox = connection.js.get_stream(streams::INBOX).await.unwrap();
    assert_eq!(inbox.cached_info().state.messages, 3);
}
