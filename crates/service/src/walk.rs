//! Reading a stream once, from one end to the other.

use std::ops::ControlFlow;

use async_nats::jetstream::{self, consumer::pull::OrderedConfig, stream::Stream};
use futures::StreamExt;
use model::Timestamp;

/// Where a message stands, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Its place in the stream.
    pub sequence: u64,
    /// When the broker took it in.
    pub recorded: Timestamp,
}

/// The broker did not do its part while a stream was read: read it again.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct WalkError(pub async_nats::Error);

/// Visits the messages that `config` asks for, oldest first, until `visit` has enough, and none that comes in meanwhile.
///
/// # Errors
/// [`WalkError`] as the caller's error when the stream cannot be read, or what `visit` says.
pub async fn walk<E: From<WalkError>>(
    stream: &Stream,
    config: OrderedConfig,
    mut visit: impl FnMut(Place, &jetstream::Message) -> Result<ControlFlow<()>, E>,
) -> Result<(), E> {
    let mut consumer = stream.create_consumer(config).await.map_err(|error| WalkError(error.into()))?;
    let mut waiting = consumer.info().await.map_err(|error| WalkError(error.into()))?.num_pending;
    let mut messages = consumer.messages().await.map_err(|error| WalkError(error.into()))?;
    while waiting > 0 {
        let Some(message) = messages.next().await else { break };
        let message = message.map_err(|error| WalkError(error.into()))?;
        let info = message.info().map_err(WalkError)?;
        waiting = info.pending.min(waiting - 1);
        let recorded = Timestamp::from_nanos(info.published.unix_timestamp_nanos());
        if visit(Place { sequence: info.stream_sequence, recorded }, &message)?.is_break() {
            break;
        }
    }
    Ok(())
}
