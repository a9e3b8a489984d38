//! Reading a partner's raw messages, one by one and in order, with bounded memory.

use std::ops::ControlFlow;
use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::stream::DirectGetErrorKind;
use bytes::Bytes;
use futures::StreamExt;
use jiff::Timestamp;
use model::System;
use service::{Connection, streams};

use crate::bar::bar;
use crate::exit::Failure;
use crate::reach::{self, broker};

/// Messages, and bytes of them, that are asked for ahead; a message is at most 7 MiB.
const AHEAD: usize = 256;
const AHEAD_BYTES: usize = 16 * 1024 * 1024;
/// How long the broker may take to send the next message.
const PAUSE_LIMIT: Duration = Duration::from_secs(10);
/// How long the broker keeps the place of a reader that is gone.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(60);

/// A raw message.
#[derive(Debug)]
pub(super) struct Raw {
    /// Its place in the inbox.
    pub sequence: u64,
    /// When it came in.
    pub received: model::Timestamp,
    /// The last token of its subject.
    pub message: String,
    pub body: Bytes,
}

/// Where to begin.
pub(super) fn since(since: Timestamp) -> Result<DeliverPolicy, Failure> {
    let start_time = async_nats::datetime::from_nanos(since.as_nanosecond());
    let wrong = |error: async_nats::Error| Failure::Usage(format!("{since} is no time that NATS knows: {error}"));
    Ok(DeliverPolicy::ByStartTime { start_time: start_time.map_err(wrong)? })
}

/// How many messages of a partner came in since then, and the place and time of the first.
pub(super) async fn since_then(
    connection: &Connection,
    system: System,
    token: &str,
    from: Timestamp,
) -> Result<(u64, Option<(u64, model::Timestamp)>), Failure> {
    let mut first = None;
    let stream = reach::stream(&connection.js, streams::INBOX).await?;
    let consumer = stream.create_consumer(config(system, token, since(from)?)).await;
    let info = consumer.map_err(|error| broker("read the inbox", error))?.cached_info().clone();
    let _ = stream.delete_consumer(&info.name).await;
    if info.num_pending > 0 {
        each(connection, system, token, since(from)?, |raw| {
            first = Some((raw.sequence, raw.received));
            ControlFlow::Break(())
        })
        .await?;
    }
    Ok((info.num_pending, first))
}

/// How many messages of a partner, of these names, came in since then.
pub(super) async fn count_of(
    connection: &Connection,
    system: System,
    token: &str,
    from: Timestamp,
    names: impl Iterator<Item = &str>,
) -> Result<u64, Failure> {
    let filter_subjects: Vec<String> = names.map(|name| streams::inbox(system.as_str(), token, name)).collect();
    // A consumer that names no subject reads all of them.
    if filter_subjects.is_empty() {
        return Ok(0);
    }
    let stream = reach::stream(&connection.js, streams::INBOX).await?;
    let filter = pull::Config { filter_subject: String::new(), filter_subjects, ..config(system, token, since(from)?) };
    let consumer = stream.create_consumer(filter).await.map_err(|error| broker("read the inbox", error))?;
    let info = consumer.cached_info();
    let _ = stream.delete_consumer(&info.name).await;
    Ok(info.num_pending)
}

/// Whether the inbox holds any message of a partner.
pub(super) async fn holds_any(connection: &Connection, system: System, token: &str) -> Result<bool, Failure> {
    let stream = reach::stream(&connection.js, streams::INBOX).await?;
    match stream.direct_get_next_for_subject(subjects(system, token), Some(1)).await {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == DirectGetErrorKind::NotFound => Ok(false),
        Err(error) => Err(broker("read the inbox", error)),
    }
}

/// The subjects of a partner's messages, as its adapter reads them.
pub(super) fn subjects(system: System, token: &str) -> String {
    format!("in.{system}.{token}.>")
}

fn config(system: System, token: &str, from: DeliverPolicy) -> pull::Config {
    pull::Config {
        filter_subject: subjects(system, token),
        deliver_policy: from,
        ack_policy: AckPolicy::None,
        inactive_threshold: FORGOTTEN_AFTER,
        memory_storage: true,
        num_replicas: 1,
        ..pull::Config::default()
    }
}

/// Gives each message of a partner to `each`, oldest first, up to what there is at the beginning. Returns how many.
pub(super) async fn each(
    connection: &Connection,
    system: System,
    token: &str,
    from: DeliverPolicy,
    mut each: impl FnMut(Raw) -> ControlFlow<()>,
) -> Result<u64, Failure> {
    let failed = |error: async_nats::Error| broker("read the inbox", error);
    let stream = reach::stream(&connection.js, streams::INBOX).await?;
    let consumer = stream.create_consumer(config(system, token, from)).await.map_err(|error| failed(error.into()))?;
    let name = consumer.cached_info().name.clone();
    let mut waiting = consumer.cached_info().num_pending;
    let bar = bar(waiting);
    let ahead = consumer.stream().max_messages_per_batch(AHEAD).max_bytes_per_batch(AHEAD_BYTES);
    let mut messages = ahead.messages().await.map_err(|error| failed(error.into()))?;
    let mut read = 0;
    while waiting > 0 {
        let next = tokio::time::timeout(PAUSE_LIMIT, messages.next()).await.map_err(|slow| failed(slow.into()))?;
        let Some(message) = next else { break };
        let message = message.map_err(|error| failed(error.into()))?;
        let info = message.info().map_err(failed)?;
        read += 1;
        if info.consumer_sequence != read {
            return Err(Failure::Unreachable(
                "the connection was lost while the inbox was read; do it again".to_owned(),
            ));
        }
        // What comes in meanwhile is not waited for.
        waiting = info.pending.min(waiting - 1);
        bar.inc(1);
        let nanos = info.published.unix_timestamp_nanos();
        let received = model::Timestamp::from_nanos(nanos);
        let name = message.subject.rsplit('.').next().unwrap_or_default().to_owned();
        let raw = Raw { sequence: info.stream_sequence, received, message: name, body: message.payload.clone() };
        if each(raw).is_break() {
            break;
        }
    }
    bar.finish_and_clear();
    // Nobody waits for it: the broker forgets it by itself.
    let _ = stream.delete_consumer(&name).await;
    Ok(read)
}
