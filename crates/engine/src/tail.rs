//! Following a stream in order, from a checkpoint, for a projection.

use std::time::Duration;

use async_nats::jetstream::{self, consumer};
use bytes::Bytes;
use futures::{FutureExt, StreamExt};
use model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::entry::EntryId;

/// How long to wait before following again after an error.
const PAUSE: Duration = Duration::from_millis(500);

/// A message of the followed stream.
#[derive(Debug, Clone)]
pub struct Tailed {
    /// Its subject.
    pub subject: String,
    /// Its place in the stream.
    pub sequence: u64,
    /// When the broker took it in.
    pub recorded: Timestamp,
    /// Its body.
    pub payload: Bytes,
}

/// How far a projection has come, and what the log looked like there.
///
/// A log that is shorter than this, or differs here, has changed underneath: what was folded from it is worth nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// When the stream was created.
    pub created: Timestamp,
    /// The last sequence folded.
    pub sequence: u64,
    /// A digest of the message at that sequence.
    pub digest: EntryId,
}

/// Why a stream cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum TailError {
    /// The log is not the one the checkpoint was taken of: drop what was folded and start from nothing.
    #[error("stream {stream} changed underneath: {what}; rebuild from the start")]
    Changed {
        /// The stream.
        stream: String,
        /// How it differs.
        what: String,
    },
    /// The broker did not answer as expected: try again.
    #[error("cannot follow stream {stream}")]
    Broker {
        /// The stream.
        stream: String,
        /// Why.
        #[source]
        source: async_nats::Error,
    },
}

/// A stream followed in order.
pub struct Tail {
    stream: jetstream::stream::Stream,
    name: String,
    filter: String,
    created: Timestamp,
    messages: consumer::pull::Ordered,
    /// The last message handed out, or the checkpoint's when there was none yet.
    last: u64,
    last_digest: EntryId,
}

impl Tail {
    /// Follows `filter` of a stream, from the message after the checkpoint or from the first.
    ///
    /// # Errors
    /// [`TailError::Changed`] when the stream is not the one the checkpoint was taken of.
    pub async fn open(
        js: &jetstream::Context,
        stream: &str,
        filter: &str,
        from: Option<&Checkpoint>,
    ) -> Result<Self, TailError> {
        let broker = |source: async_nats::Error| TailError::Broker { stream: stream.to_owned(), source };
        let mut handle = js.get_stream(stream).await.map_err(|error| broker(Box::new(error)))?;
        let info = handle.info().await.map_err(|error| broker(Box::new(error)))?;
        let created = Timestamp::from_nanos(info.created.unix_timestamp_nanos());
        let (first, end) = (info.state.first_sequence, info.state.last_sequence);
        let (last, last_digest) = match from {
            None => (0, EntryId([0; 16])),
            Some(checkpoint) => {
                same_log(&handle, stream, checkpoint, created, first, end).await?;
                (checkpoint.sequence, checkpoint.digest)
            }
        };
        let messages = follow(&handle, filter, last).await.map_err(broker)?;
        Ok(Self {
            stream: handle,
            name: stream.to_owned(),
            filter: filter.to_owned(),
            created,
            messages,
            last,
            last_digest,
        })
    }

    /// Waits for a message, then takes all that are ready, `most` at the most. Never empty.
    pub async fn next_burst(&mut self, most: usize) -> Vec<Tailed> {
        let mut burst = Vec::new();
        while burst.is_empty() {
            match self.messages.next().await {
                Some(Ok(message)) => burst.extend(tailed(&message)),
                Some(Err(error)) => self.follow_again(&error.to_string()).await,
                None => self.follow_again("the consumer ended").await,
            }
        }
        while burst.len() < most {
            match self.messages.next().now_or_never() {
                Some(Some(Ok(message))) => burst.extend(tailed(&message)),
                // An error shows again at the next wait, which deals with it.
                Some(Some(Err(_)) | None) | None => break,
            }
        }
        if let Some(end) = burst.last() {
            self.last = end.sequence;
            self.last_digest = digest(&end.payload);
        }
        burst
    }

    /// How far it has come: the end of the last burst.
    #[must_use]
    pub fn checkpoint(&self) -> Option<Checkpoint> {
        (self.last > 0).then_some(Checkpoint { created: self.created, sequence: self.last, digest: self.last_digest })
    }

    /// The stream's last sequence now.
    ///
    /// # Errors
    /// [`TailError::Broker`] when the broker does not answer.
    pub async fn end(&self) -> Result<u64, TailError> {
        let info = self.stream.get_info().await;
        info.map(|info| info.state.last_sequence)
            .map_err(|error| TailError::Broker { stream: self.name.clone(), source: Box::new(error) })
    }

    async fn follow_again(&mut self, why: &str) {
        tracing::warn!(stream = self.name, why, "lost the tail; following again");
        loop {
            tokio::time::sleep(PAUSE).await;
            match follow(&self.stream, &self.filter, self.last).await {
                Ok(messages) => {
                    self.messages = messages;
                    return;
                }
                Err(error) => tracing::warn!(stream = self.name, %error, "cannot follow; trying again"),
            }
        }
    }
}

async fn follow(
    stream: &jetstream::stream::Stream,
    filter: &str,
    last: u64,
) -> Result<consumer::pull::Ordered, async_nats::Error> {
    let config = consumer::pull::OrderedConfig {
        filter_subject: filter.to_owned(),
        deliver_policy: consumer::DeliverPolicy::ByStartSequence { start_sequence: last + 1 },
        ..Default::default()
    };
    Ok(stream.create_consumer(config).await?.messages().await?)
}

async fn same_log(
    handle: &jetstream::stream::Stream,
    stream: &str,
    checkpoint: &Checkpoint,
    created: Timestamp,
    first: u64,
    end: u64,
) -> Result<(), TailError> {
    let changed = |what: String| Err(TailError::Changed { stream: stream.to_owned(), what });
    if created != checkpoint.created {
        return changed(format!("it was created at {created}, not at {}", checkpoint.created));
    }
    if end < checkpoint.sequence {
        return changed(format!("it ends at {end}, before {}", checkpoint.sequence));
    }
    if first > checkpoint.sequence {
        return changed(format!("it begins at {first}, after {}", checkpoint.sequence));
    }
    let message = handle
        .direct_get(checkpoint.sequence)
        .await
        .map_err(|error| TailError::Broker { stream: stream.to_owned(), source: Box::new(error) })?;
    if digest(&message.payload) != checkpoint.digest {
        return changed(format!("the message at {} is another", checkpoint.sequence));
    }
    Ok(())
}

fn tailed(message: &jetstream::Message) -> Option<Tailed> {
    // A message of a consumer always carries its place; one that does not is none of the stream's.
    let info = message.info().ok()?;
    Some(Tailed {
        subject: message.subject.to_string(),
        sequence: info.stream_sequence,
        recorded: Timestamp::from_nanos(info.published.unix_timestamp_nanos()),
        payload: message.payload.clone(),
    })
}

fn digest(payload: &[u8]) -> EntryId {
    EntryId::of(&[payload])
}
