//! Reading a stream through a durable consumer, in bursts, for as long as the process runs.

mod pin;

use crate::shutdown::Shutdown;
use crate::streams::{Drift, differences};
use async_nats::jetstream::consumer::pull::{self, MessagesErrorKind};
use async_nats::jetstream::consumer::{AckPolicy, Consumer, DeliverPolicy, IntoConsumerConfig};
use async_nats::jetstream::stream::ConsumerError;
use async_nats::jetstream::{self, AckKind};
use engine::jittered;
use futures::{FutureExt, StreamExt};
use pin::Pin;
use std::time::Duration;

/// How long the broker holds one pull request open.
const PULL_EXPIRES: Duration = Duration::from_secs(30);
/// How often the broker says that it is still there while there is nothing to deliver.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// Heartbeats missed in a row before the consumer is looked up anew: it may be gone, or a new leader may not know of
/// the pull request.
const HEARTBEATS_MISSED: u32 = 3;
/// Pauses between attempts to reach a consumer that cannot be reached.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Giving back what was fetched ahead ends when nothing more has come for this long, or after the limit.
const QUIET: Duration = Duration::from_millis(30);
const GIVE_BACK_LIMIT: Duration = Duration::from_millis(300);
/// How long the broker holds what was given back: until it has noticed that this process asks no more.
const GIVEN_BACK_AFTER: Duration = Duration::from_millis(400);

/// Pull requests that may wait at the broker, one or two for each process; the server's own default, stated.
const MAX_WAITING: i64 = 512;

/// Messages that may be out for work at once, per consumer.
pub const DEFAULT_MAX_ACK_PENDING: u32 = 2_000;
/// How long one may be out before it is delivered again.
pub const DEFAULT_ACK_WAIT: Duration = Duration::from_secs(30);
/// Messages asked for ahead of the work; they wait in this process.
pub const DEFAULT_PREFETCH: usize = 512;
/// Bytes of messages asked for ahead of the work, and bytes in one burst, whatever their number. A message larger than
/// that would never be delivered, so it is well above the largest that a stream takes.
pub const DEFAULT_PREFETCH_BYTES: usize = 16 * 1024 * 1024;

/// A durable consumer as it should be. Messages are acknowledged one by one.
#[derive(Debug, Clone)]
pub struct Consume {
    /// The stream it reads.
    pub stream: String,
    /// Its name; processes that use the same one share the messages between them.
    pub durable: String,
    /// What it reads of the stream; empty is all of it.
    pub filter_subjects: Vec<String>,
    /// Where a new one starts.
    pub deliver: DeliverPolicy,
    /// Messages that may be out for work at once.
    pub max_ack_pending: u32,
    /// How long one may be out before it is delivered again.
    pub ack_wait: Duration,
    /// How often one is delivered at most; None is without end. Who sets it must count deliveries and quarantine the
    /// last one: the broker only stops delivering.
    pub max_deliver: Option<u32>,
    /// Messages asked for ahead of the work.
    pub prefetch: usize,
    /// Bytes of messages asked for ahead of the work, and in one burst; above the largest message of the stream.
    pub prefetch_bytes: usize,
    /// How many brokers hold its state; 0 is as many as hold the stream.
    pub replicas: usize,
    /// Of the processes that use its name, one at a time is served; another when that one has not asked for some seconds.
    pub one_at_a_time: bool,
}

/// Why a stream cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot create consumer {durable} on stream {stream}: {source}; does the stream exist, and may this user?")]
pub struct ConsumeError {
    /// The stream.
    pub stream: String,
    /// The consumer's name.
    pub durable: String,
    /// The client's words.
    pub source: ConsumerError,
}

impl Consume {
    /// A consumer of a whole stream from its beginning, with default limits.
    pub fn new(stream: impl Into<String>, durable: impl Into<String>) -> Self {
        Self {
            stream: stream.into(),
            durable: durable.into(),
            filter_subjects: Vec::new(),
            deliver: DeliverPolicy::All,
            max_ack_pending: DEFAULT_MAX_ACK_PENDING,
            ack_wait: DEFAULT_ACK_WAIT,
            max_deliver: None,
            prefetch: DEFAULT_PREFETCH,
            prefetch_bytes: DEFAULT_PREFETCH_BYTES,
            replicas: 0,
            one_at_a_time: false,
        }
    }

    /// Reads only what matches one of these subjects.
    #[must_use]
    pub fn only<S: Into<String>>(mut self, subjects: impl IntoIterator<Item = S>) -> Self {
        self.filter_subjects = subjects.into_iter().map(Into::into).collect();
        self
    }

    /// Creates the consumer when it is missing; one that exists and differs is reported field by field and left alone.
    ///
    /// # Errors
    /// When the broker does not let it be looked up or created.
    pub async fn declare(&self, js: &jetstream::Context) -> Result<Vec<Drift>, ConsumeError> {
        let consumer = self.lookup(js).await?;
        let is = &consumer.cached_info().config;
        Ok(differences(&format!("{} > {}", self.stream, self.durable), is, &self.config().into_consumer_config()))
    }

    /// Declares the consumer, logs what differs, and starts to read.
    ///
    /// # Errors
    /// When the broker does not let it be looked up or created.
    pub async fn start(self, js: &jetstream::Context, shutdown: &Shutdown) -> Result<Bursts, ConsumeError> {
        for drift in self.declare(js).await? {
            tracing::warn!(%drift, "this consumer is not as it should be");
        }
        let (js, shutdown) = (js.clone(), shutdown.clone());
        Ok(Bursts { consume: self, js, shutdown, messages: None, pause: None, missed: 0, pin: Pin::default() })
    }

    async fn lookup(&self, js: &jetstream::Context) -> Result<Consumer<pull::Config>, ConsumeError> {
        let failed = |source| ConsumeError { stream: self.stream.clone(), durable: self.durable.clone(), source };
        let stream = js.get_stream_no_info(&self.stream).await.map_err(|error| {
            failed(ConsumerError::with_source(jetstream::stream::ConsumerErrorKind::InvalidName, error))
        })?;
        stream.get_or_create_consumer(&self.durable, self.config()).await.map_err(failed)
    }

    fn config(&self) -> pull::Config {
        let mut config = pull::Config {
            durable_name: Some(self.durable.clone()),
            name: Some(self.durable.clone()),
            filter_subjects: self.filter_subjects.clone(),
            deliver_policy: self.deliver,
            ack_policy: AckPolicy::Explicit,
            ack_wait: self.ack_wait,
            max_deliver: self.max_deliver.map_or(-1, i64::from),
            max_ack_pending: i64::from(self.max_ack_pending),
            max_waiting: MAX_WAITING,
            num_replicas: self.replicas,
            ..pull::Config::default()
        };
        if self.one_at_a_time {
            Pin::configure(&mut config);
        }
        config
    }
}

/// The messages of a consumer. It outlives outages, restarts and even the deletion of its consumer.
pub struct Bursts {
    consume: Consume,
    js: jetstream::Context,
    shutdown: Shutdown,
    messages: Option<pull::Stream>,
    /// Pause before the next attempt; None when all is well.
    pause: Option<Duration>,
    /// Heartbeats missed in a row.
    missed: u32,
    pin: Pin,
}

impl Bursts {
    /// Waits for a message, then takes all that have arrived with it, up to `cap` of them or until they hold
    /// [`Consume::prefetch_bytes`]. None when shutting down: what was
    /// fetched and not handed out is given back to the broker at once.
    ///
    /// May be dropped at any await and called again without losing a message.
    pub async fn next_burst(&mut self, cap: usize) -> Option<Vec<jetstream::Message>> {
        let shutdown = self.shutdown.clone();
        let first = tokio::select! {
            biased;
            () = shutdown.triggered() => None,
            first = self.next() => Some(first),
        };
        let Some(first) = first else {
            self.give_back().await;
            return None;
        };
        let mut bytes = first.length;
        let mut burst = vec![first];
        while burst.len() < cap && bytes < self.consume.prefetch_bytes {
            let Some(message) = self.ready() else { break };
            bytes += message.length;
            burst.push(message);
        }
        Some(burst)
    }

    /// Has the broker serve another process at once, where it serves one at a time: to be called when all work is
    /// finished.
    pub async fn let_go(&mut self) {
        self.pin.let_go(&self.js, &self.consume).await;
    }

    /// The next message, however long it takes and whatever happens meanwhile.
    async fn next(&mut self) -> jetstream::Message {
        loop {
            if let Some(first) = self.pin.changed().await {
                return first;
            }
            let Some(messages) = self.messages.as_mut() else {
                self.open().await;
                continue;
            };
            match messages.next().await {
                Some(Ok(message)) => {
                    self.missed = 0;
                    self.pause = None;
                    if let Some(message) = self.pin.admit(message, &self.js, &self.consume) {
                        return message;
                    }
                }
                Some(Err(error)) => self.note(&error),
                None => self.reopen("the broker ended the pull"),
            }
        }
    }

    /// A message that has arrived already. Tokio's budget would cut a burst off at some hundred messages.
    fn ready(&mut self) -> Option<jetstream::Message> {
        match tokio::task::coop::unconstrained(self.messages.as_mut()?.next()).now_or_never()?? {
            Ok(message) => self.pin.admit(message, &self.js, &self.consume),
            Err(error) => {
                self.note(&error);
                None
            }
        }
    }

    fn note(&mut self, error: &pull::MessagesError) {
        match error.kind() {
            MessagesErrorKind::MissingHeartbeat => {
                self.missed += 1;
                tracing::warn!(durable = self.consume.durable, missed = self.missed, "missed a heartbeat");
                if self.missed >= HEARTBEATS_MISSED {
                    self.reopen("too many heartbeats missed");
                }
            }
            MessagesErrorKind::ConsumerDeleted => self.reopen("the consumer was deleted"),
            MessagesErrorKind::Pull
            | MessagesErrorKind::PushBasedConsumer
            | MessagesErrorKind::NoResponders
            | MessagesErrorKind::RequestLimitExceeded
            | MessagesErrorKind::Other => self.reopen(&error.to_string()),
        }
    }

    fn reopen(&mut self, why: &str) {
        tracing::warn!(
            stream = self.consume.stream,
            durable = self.consume.durable,
            why,
            "looking the consumer up anew"
        );
        self.messages = None;
        self.missed = 0;
        self.pause.get_or_insert(FIRST_PAUSE);
    }

    /// One attempt to look the consumer up, create it when it is gone, and pull from it.
    async fn open(&mut self) {
        if let Some(pause) = self.pause {
            tokio::time::sleep(jittered(pause, (&self.consume.durable, std::process::id()))).await;
            self.pause = Some((pause * 2).min(LONGEST_PAUSE));
        }
        let opened = async {
            let consumer = self.consume.lookup(&self.js).await.map_err(|error| error.to_string())?;
            let pull = consumer.stream().max_messages_per_batch(self.consume.prefetch);
            let pull = pull.max_bytes_per_batch(self.consume.prefetch_bytes);
            // One that was created before it was to serve one process at a time knows no group.
            let pull = match consumer.cached_info().config.priority_groups.first() {
                Some(group) => pull.group(group).expires(pin::EXPIRES).heartbeat(pin::EXPIRES / 2),
                None => pull.expires(PULL_EXPIRES).heartbeat(HEARTBEAT),
            };
            pull.messages().await.map_err(|error| error.to_string())
        };
        match opened.await {
            Ok(messages) => self.messages = Some(messages),
            Err(why) => self.reopen(&why),
        }
    }

    /// Messages fetched and not handed out go to another process soon rather than after the ack wait. Those on their way
    /// are waited for; given back at once they would come back to this process, which is still being asked.
    async fn give_back(&mut self) {
        let mut returned = 0_u32;
        let all = async {
            while let Some(messages) = self.messages.as_mut() {
                let next = tokio::time::timeout(QUIET, messages.next()).await;
                let Ok(Some(Ok(message))) = next else { break };
                if message.ack_with(AckKind::Nak(Some(GIVEN_BACK_AFTER))).await.is_err() {
                    break;
                }
                returned += 1;
            }
        };
        // What has not arrived by then is delivered again after the ack wait.
        let _ = tokio::time::timeout(GIVE_BACK_LIMIT, all).await;
        if returned > 0 {
            tracing::debug!(durable = self.consume.durable, returned, "gave back what was fetched ahead");
        }
        self.messages = None;
    }
}
