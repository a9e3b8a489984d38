//! Reading a stream's messages, or only their headers, one by one.

use std::ops::ControlFlow;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::consumer::{DeliverPolicy, pull::OrderedConfig};
use async_nats::jetstream::{self, stream::Stream};
use futures::StreamExt;

use crate::exit::Failure;
use crate::reach::broker;

/// How long the broker may take to send the next message.
const PAUSE_LIMIT: Duration = Duration::from_secs(5);

/// How much of each message is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Read {
    /// The raw messages may be large, and all that is asked for is in the headers.
    Headers,
    /// All of it.
    Whole,
}

/// Gives the sequence and the headers of each message under these subjects to `each`, oldest first, from a place in the
/// stream on, up to what it holds at the beginning.
pub(crate) async fn headers(
    stream: &Stream,
    subject: String,
    from: u64,
    mut each: impl FnMut(u64, Option<&HeaderMap>) -> ControlFlow<()>,
) -> Result<(), Failure> {
    messages(stream, subject, from, Read::Headers, |sequence, message| each(sequence, message.headers.as_ref())).await
}

/// The same with as much of each message as is asked for.
pub(crate) async fn messages(
    stream: &Stream,
    subject: String,
    from: u64,
    read: Read,
    mut each: impl FnMut(u64, &jetstream::Message) -> ControlFlow<()>,
) -> Result<(), Failure> {
    let config = OrderedConfig {
        filter_subject: subject,
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: from.max(1) },
        headers_only: read == Read::Headers,
        ..OrderedConfig::default()
    };
    let name = stream.cached_info().config.name.clone();
    let failed = |error: async_nats::Error| broker(&format!("read stream {name}"), error);
    let mut consumer = stream.create_consumer(config).await.map_err(|error| failed(error.into()))?;
    let mut waiting = consumer.info().await.map_err(|error| failed(error.into()))?.num_pending;
    let mut messages = consumer.messages().await.map_err(|error| failed(error.into()))?;
    while waiting > 0 {
        let next = tokio::time::timeout(PAUSE_LIMIT, messages.next()).await.map_err(|slow| failed(slow.into()))?;
        let Some(message) = next else { break };
        let message = message.map_err(|error| failed(error.into()))?;
        let info = message.info().map_err(failed)?;
        // What others take out meanwhile is not waited for, nor what comes in.
        waiting = info.pending.min(waiting - 1);
        if each(info.stream_sequence, &message).is_break() {
            break;
        }
    }
    Ok(())
}
