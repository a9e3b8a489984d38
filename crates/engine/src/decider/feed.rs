//! Where the messages come from: two durable consumers, each followed by a task that never gives up.

use std::error::Error as _;
use std::time::Duration;

use async_nats::jetstream::consumer::pull::MessagesErrorKind;
use async_nats::jetstream::consumer::{self, PriorityPolicy, PullConsumer};
use async_nats::jetstream::{self, Message};
use futures::StreamExt;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{DeciderError, Limits};
use crate::layout::Layout;
use crate::unanswered::is_unanswered;

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

/// A durable consumer as it should be.
pub(super) struct Source {
    stream: &'static str,
    config: consumer::pull::Config,
}

/// The entries of all instances. One process is served at a time, so that what it has folded stays complete.
pub(super) fn entries(layout: &Layout, limits: Limits) -> Source {
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
    Source { stream: layout.stream, config }
}

/// The deadlines that passed.
pub(super) fn due(layout: &Layout, limits: Limits) -> Source {
    let config = consumer::pull::Config {
        durable_name: Some(format!("decider_{}_due", layout.name)),
        description: Some("notes every deadline that passes".to_owned()),
        filter_subject: format!("{}.due.>", layout.timer),
        ack_wait: ACK_WAIT,
        max_ack_pending: limits.unacknowledged,
        ..Default::default()
    };
    Source { stream: layout.timers, config }
}

/// The broker's word for the process it serves; None when it serves none or does not answer.
pub(super) async fn served(js: &jetstream::Context, layout: &Layout) -> Option<String> {
    let stream = js.get_stream_no_info(layout.stream).await.ok()?;
    let info = stream.consumer_info(ENTRIES).await.ok()?;
    info.priority_groups.into_iter().find(|group| group.group == GROUP)?.pinned_client_id
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

impl Source {
    /// Creates the consumer when it is missing.
    pub async fn declare(&self, js: &jetstream::Context) -> Result<PullConsumer, DeciderError> {
        let failed = |source| DeciderError { stream: self.stream.to_owned(), source };
        let name = self.config.durable_name.clone().unwrap_or_default();
        let stream = js.get_stream(self.stream).await.map_err(|error| failed(error.into()))?;
        stream.get_or_create_consumer(&name, self.config.clone()).await.map_err(|error| failed(error.into()))
    }

    /// Follows the consumer until shutdown. A broker that does not answer is waited for.
    pub async fn follow(
        self,
        js: &jetstream::Context,
        limits: Limits,
        shutdown: &CancellationToken,
    ) -> Result<mpsc::Receiver<Message>, DeciderError> {
        let consumer = match self.declare(js).await {
            Ok(consumer) => Some(consumer),
            Err(error) if is_unanswered(&error) => None,
            Err(error) => return Err(error),
        };
        let (sender, receiver) = mpsc::channel(limits.burst);
        let feed = Feed { js: js.clone(), source: self, sender };
        let shutdown = shutdown.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = feed.run(consumer) => {}
            }
        });
        Ok(receiver)
    }
}

struct Feed {
    js: jetstream::Context,
    source: Source,
    sender: mpsc::Sender<Message>,
}

impl Feed {
    async fn run(self, mut consumer: Option<PullConsumer>) {
        let stream = self.source.stream;
        loop {
            if let Some(consumer) = &consumer
                && let Err(error) = self.pass_on(consumer).await
            {
                tracing::warn!(stream, %error, "lost the consumer; following again");
            }
            if self.sender.is_closed() {
                return;
            }
            tokio::time::sleep(PAUSE).await;
            match self.source.declare(&self.js).await {
                Ok(declared) => consumer = Some(declared),
                Err(error) => {
                    let cause = error.source().map(ToString::to_string);
                    tracing::warn!(stream, cause, "cannot follow; trying again");
                }
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
        if let Some(group) = self.source.config.priority_groups.first() {
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
                    tracing::warn!(stream = self.source.stream, "the broker was silent for longer than agreed");
                }
                Err(error) => return Err(Box::new(error)),
            }
        }
        Ok(())
    }
}
