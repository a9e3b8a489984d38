//! Where the messages come from: two durable consumers, each followed by a task that never gives up.

use std::time::Duration;

use async_nats::jetstream::consumer::pull::MessagesErrorKind;
use async_nats::jetstream::consumer::{self, PriorityPolicy, PullConsumer};
use async_nats::jetstream::{self, Message};
use futures::StreamExt;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{DeciderError, Limits};
use crate::layout::Layout;

/// The durable consumer of the entries.
const ENTRIES: &str = "decider";
/// The one group of processes of which the broker serves one at a time.
const GROUP: &str = "deciders";
/// How long a message may be unacknowledged before the broker sends it again.
const ACK_WAIT: Duration = Duration::from_secs(30);
/// How long a process that stopped asking stays the one served.
const PIN_WAIT: Duration = Duration::from_secs(6);
/// How long one request for messages stands; well below PIN_WAIT, so that an idle process keeps its place.
const EXPIRES: Duration = Duration::from_secs(2);
/// How long to wait before following again after an error.
const PAUSE: Duration = Duration::from_millis(500);
/// How many messages one request asks for,
const BATCH: usize = 1_000;
/// and how many bytes of them. An entry larger than that would never come, so it is well above the largest a stream takes.
const BATCH_BYTES: usize = 16 * 1024 * 1024;

/// The entries of all instances. One process is served at a time, so that what it has folded stays complete.
pub(super) async fn entries(
    js: &jetstream::Context,
    layout: &Layout,
    limits: Limits,
    shutdown: &CancellationToken,
) -> Result<mpsc::Receiver<Message>, DeciderError> {
    let config = consumer::pull::Config {
        durable_name: Some(ENTRIES.to_owned()),
        description: Some("decides on every entry".to_owned()),
        filter_subject: layout.all(),
        ack_wait: ACK_WAIT,
        max_ack_pending: limits.unacknowledged,
        priority_policy: PriorityPolicy::PinnedClient,
        priority_groups: vec![GROUP.to_owned()],
        priority_timeout: PIN_WAIT,
        ..Default::default()
    };
    follow(js, layout.stream, config, limits, shutdown).await
}

/// The deadlines that passed.
pub(super) async fn due(
    js: &jetstream::Context,
    layout: &Layout,
    limits: Limits,
    shutdown: &CancellationToken,
) -> Result<mpsc::Receiver<Message>, DeciderError> {
    let config = consumer::pull::Config {
        durable_name: Some(format!("decider_{}_due", layout.name)),
        description: Some("notes every deadline that passes".to_owned()),
        filter_subject: format!("{}.due.>", layout.timer),
        ack_wait: ACK_WAIT,
        max_ack_pending: limits.unacknowledged,
        ..Default::default()
    };
    follow(js, layout.timers, config, limits, shutdown).await
}

/// Has the broker send again at once what another process left unacknowledged (ADR-60; servers before 2.14 send it
/// again when its time is up).
pub(super) async fn redeliver(js: &jetstream::Context, layout: &Layout) {
    let reset = async { js.get_stream(layout.stream).await.ok()?.reset_consumer(ENTRIES, None).await.ok() };
    if reset.await.is_none() {
        tracing::debug!(
            consumer = ENTRIES,
            "could not be reset; unacknowledged messages come again when their time is up"
        );
    }
}

async fn follow(
    js: &jetstream::Context,
    stream: &str,
    config: consumer::pull::Config,
    limits: Limits,
    shutdown: &CancellationToken,
) -> Result<mpsc::Receiver<Message>, DeciderError> {
    let consumer = declare(js, stream, &config).await;
    let consumer = consumer.map_err(|source| DeciderError { stream: stream.to_owned(), source })?;
    let (sender, receiver) = mpsc::channel(limits.burst);
    let feed = Feed { js: js.clone(), stream: stream.to_owned(), config, sender };
    let shutdown = shutdown.clone();
    tokio::spawn(async move {
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = feed.run(consumer) => {}
        }
    });
    Ok(receiver)
}

async fn declare(
    js: &jetstream::Context,
    stream: &str,
    config: &consumer::pull::Config,
) -> Result<PullConsumer, async_nats::Error> {
    let name = config.durable_name.clone().unwrap_or_default();
    Ok(js.get_stream(stream).await?.get_or_create_consumer(&name, config.clone()).await?)
}

struct Feed {
    js: jetstream::Context,
    stream: String,
    config: consumer::pull::Config,
    sender: mpsc::Sender<Message>,
}

impl Feed {
    async fn run(self, mut consumer: PullConsumer) {
        loop {
            if let Err(error) = self.pass_on(&consumer).await {
                tracing::warn!(stream = self.stream, %error, "lost the consumer; following again");
            }
            if self.sender.is_closed() {
                return;
            }
            tokio::time::sleep(PAUSE).await;
            match declare(&self.js, &self.stream, &self.config).await {
                Ok(declared) => consumer = declared,
                Err(error) => tracing::warn!(stream = self.stream, %error, "cannot follow; trying again"),
            }
        }
    }

    /// Passes messages on until the consumer ends or nobody takes them.
    async fn pass_on(&self, consumer: &PullConsumer) -> Result<(), async_nats::Error> {
        let mut builder = consumer
            .stream()
            .max_messages_per_batch(BATCH)
            .max_bytes_per_batch(BATCH_BYTES)
            .expires(EXPIRES)
            .heartbeat(EXPIRES / 2);
        if let Some(group) = self.config.priority_groups.first() {
            builder = builder.group(group);
        }
        let mut messages = builder.messages().await?;
        while let Some(message) = messages.next().await {
            match message {
                Ok(message) => {
                    if self.sender.send(message).await.is_err() {
                        return Ok(());
                    }
                }
                Err(error) if error.kind() == MessagesErrorKind::MissingHeartbeat => {
                    tracing::warn!(stream = self.stream, "the broker was silent for longer than agreed");
                }
                Err(error) => return Err(Box::new(error)),
            }
        }
        Ok(())
    }
}
