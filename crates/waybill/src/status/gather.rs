//! Asking the broker and the services.

use std::collections::BTreeMap;
use std::time::Duration;

use async_nats::jetstream::consumer;
use async_nats::jetstream::{self, stream};
use async_nats::service::PingResponse;
use futures::{StreamExt, TryStreamExt};
use model::Timestamp;
use service::Connection;
use service::streams::{Durability, table};
use visibility::queries::{LAG, Lag};

use super::{Consumer, SERVICES, Service, State, Stream, Version};
use crate::exit::Failure;
use crate::reach::{self, broker};

/// The most answers to `$SRV.PING` that are counted.
const MOST_INSTANCES: usize = 1_000;

/// The streams that should be there, and the consumers of those that are.
pub(super) async fn streams(js: &jetstream::Context) -> Result<(Vec<Stream>, Vec<Consumer>), Failure> {
    let found: Vec<stream::Info> =
        js.streams().try_collect().await.map_err(|error| broker("list the streams", error))?;
    let mut streams = Vec::new();
    let mut consumers = Vec::new();
    for expected in table(Durability::Demo) {
        let info = found.iter().find(|info| info.config.name == expected.name);
        streams.push(Stream { name: expected.name.clone(), state: info.map(|info| state(info, expected.deny_delete)) });
        if info.is_some_and(|info| info.state.consumer_count > 0) {
            consumers.extend(consumers_of(js, &expected.name).await?);
        }
    }
    consumers.sort();
    Ok((streams, consumers))
}

fn state(info: &stream::Info, deny_delete: bool) -> State {
    let state = &info.state;
    State {
        messages: state.messages,
        bytes: state.bytes,
        first_sequence: state.first_sequence,
        last_sequence: state.last_sequence,
        last_recorded: (state.messages > 0).then(|| timestamp(state.last_timestamp.unix_timestamp_nanos())),
        deleted: state.deleted_count.unwrap_or(0),
        // A bucket keeps one message a subject, so it has gaps by design.
        append_only: deny_delete && info.config.max_messages_per_subject <= 0,
    }
}

fn timestamp(nanos: i128) -> Timestamp {
    Timestamp::from_millis(i64::try_from(nanos / 1_000_000).unwrap_or(i64::MAX))
}

async fn consumers_of(js: &jetstream::Context, stream: &str) -> Result<Vec<Consumer>, Failure> {
    let what = format!("list the consumers of {stream}");
    let handle = js.get_stream_no_info(stream).await.map_err(|error| broker(&what, error))?;
    let found: Vec<consumer::Info> = handle.consumers().try_collect().await.map_err(|error| broker(&what, error))?;
    let consumer = |info: consumer::Info| Consumer {
        stream: info.stream_name,
        name: info.name,
        durable: info.config.durable_name.is_some(),
        lag: info.num_pending,
        ack_pending: wide(info.num_ack_pending),
        redelivered: wide(info.num_redelivered),
    };
    Ok(found.into_iter().map(consumer).collect())
}

fn wide(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// Who answers `$SRV.PING` within the time.
pub(super) async fn services(client: &async_nats::Client, wait: Duration) -> Result<Vec<Service>, Failure> {
    let inbox = client.new_inbox();
    let asked = async {
        let answers = client.subscribe(inbox.clone()).await?;
        client.publish_with_reply("$SRV.PING", inbox, "".into()).await?;
        client.flush().await?;
        Ok::<_, async_nats::Error>(answers)
    };
    let answers = asked.await.map_err(|error| broker("ask who runs ($SRV.PING)", error))?;
    // Nobody says when all have answered, so the time is always waited for.
    let answers = answers.take_until(tokio::time::sleep(wait)).take(MOST_INSTANCES);
    let answers = answers.filter_map(|message| async move { serde_json::from_slice(&message.payload).ok() });
    Ok(by_name(answers.collect().await))
}

/// How far the projection is behind. Visibility may be busy building it; then it is not known.
pub(super) async fn projection(connection: &Connection, services: &[Service]) -> Option<Lag> {
    let runs = services.iter().any(|service| service.name == visibility::ABOUT.name && !service.versions.is_empty());
    let asked = async { reach::ask(connection, LAG, &serde_json::json!({})).await.ok() };
    if runs { asked.await } else { None }
}

/// The answers by service, with those that should be there first.
pub(super) fn by_name(answers: Vec<PingResponse>) -> Vec<Service> {
    let mut found: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    for answer in answers {
        *found.entry(answer.name).or_default().entry(answer.version).or_default() += 1;
    }
    let mut services: Vec<Service> = Vec::new();
    for name in SERVICES {
        services.push(service(name.to_owned(), found.remove(name).unwrap_or_default()));
    }
    services.extend(found.into_iter().map(|(name, versions)| service(name, versions)));
    services
}

fn service(name: String, versions: BTreeMap<String, u64>) -> Service {
    let versions = versions.into_iter().map(|(version, instances)| Version { version, instances });
    Service { name, versions: versions.collect() }
}
