//! Asking the broker and the services.

use std::collections::BTreeMap;
use std::time::Duration;

use adapter::Restrained;
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

/// Who sends asks to partners.
const ADAPTERS: [&str; 3] = [erp_adapter::ABOUT.name, wms_adapter::ABOUT.name, tms_adapter::ABOUT.name];

/// The most subjects of one consumer that are looked at for its oldest message.
const MOST_SUBJECTS: usize = 16;

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
        last_recorded: (state.messages > 0).then(|| Timestamp::from_nanos(state.last_timestamp.unix_timestamp_nanos())),
        deleted: state.deleted_count.unwrap_or(0),
        // A bucket keeps one message a subject, so it has gaps by design.
        append_only: deny_delete && info.config.max_messages_per_subject <= 0,
    }
}

async fn consumers_of(js: &jetstream::Context, stream: &str) -> Result<Vec<Consumer>, Failure> {
    let what = format!("list the consumers of {stream}");
    let handle = js.get_stream_no_info(stream).await.map_err(|error| broker(&what, error))?;
    let found: Vec<consumer::Info> = handle.consumers().try_collect().await.map_err(|error| broker(&what, error))?;
    let mut consumers = Vec::new();
    for info in found {
        let oldest = if info.num_redelivered > 0 { oldest_unacknowledged(&handle, &info).await } else { None };
        consumers.push(consumer(info, oldest));
    }
    Ok(consumers)
}

fn consumer(info: consumer::Info, oldest_redelivered: Option<Timestamp>) -> Consumer {
    Consumer {
        durable: info.config.durable_name.is_some(),
        lag: info.num_pending,
        ack_pending: wide(info.num_ack_pending),
        max_ack_pending: u64::try_from(info.config.max_ack_pending).ok().filter(|limit| *limit > 0),
        redelivered: wide(info.num_redelivered),
        waiting: wide(info.num_waiting),
        deliveries: info.delivered.consumer_sequence,
        acknowledged: info.ack_floor.consumer_sequence,
        last_delivered: info.delivered.last_active.map(|at| Timestamp::from_nanos(at.unix_timestamp_nanos())),
        oldest_redelivered,
        stream: info.stream_name,
        name: info.name,
    }
}

/// When the first message behind those that are acknowledged was stored; nothing when it is not known.
async fn oldest_unacknowledged<I>(stream: &stream::Stream<I>, info: &consumer::Info) -> Option<Timestamp> {
    let mut subjects = info.config.filter_subjects.clone();
    subjects.push(info.config.filter_subject.clone());
    subjects.retain(|subject| !subject.is_empty());
    if subjects.is_empty() {
        subjects.push(">".to_owned());
    }
    let after = info.ack_floor.stream_sequence + 1;
    let mut oldest: Option<Timestamp> = None;
    for subject in subjects.into_iter().take(MOST_SUBJECTS) {
        let Ok(message) = stream.direct_get_next_for_subject(subject, Some(after)).await else { continue };
        let stored = Timestamp::from_nanos(message.time.unix_timestamp_nanos());
        oldest = Some(oldest.map_or(stored, |oldest| oldest.min(stored)));
    }
    oldest
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

/// The partners that the adapters spare. One that does not answer is missing among the services.
pub(super) async fn restrained(connection: &Connection, services: &[Service]) -> Vec<Restrained> {
    let mut restrained: Vec<Restrained> = Vec::new();
    for name in ADAPTERS {
        if services.iter().any(|service| service.name == name && !service.versions.is_empty()) {
            let subject = adapter::restrained_subject(name);
            restrained.extend(reach::ask::<_, Vec<_>>(connection, &subject, &()).await.unwrap_or_default());
        }
    }
    restrained
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
