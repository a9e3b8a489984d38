//! Stream `HELD`: what partners are to receive as soon as they may.

use std::collections::HashMap;

use async_nats::jetstream::{self, message::PublishMessage};
use futures::TryStreamExt;
use model::System;
use service::streams;

use crate::publish::{NotPublished, publish};

/// Header with the name of the message a partner is to receive.
pub const MESSAGE_HEADER: &str = "Waybill-Message";

/// The broker does not say what is held.
#[derive(Debug, thiserror::Error)]
#[error("cannot look what is held in stream {held}: {source}; is it there?", held = streams::HELD)]
pub struct LookError {
    source: async_nats::Error,
}

/// Puts a message for a partner behind those that are held for it. It may be put again, as any message may be published
/// again: the one that is released has the same id.
///
/// # Errors
/// [`NotPublished`] when the broker does not take it in time.
pub async fn put(
    js: &jetstream::Context,
    system: System,
    partner: &str,
    name: &str,
    message: PublishMessage,
) -> Result<(), NotPublished> {
    publish(js, streams::held(system.as_str(), partner), message.header(MESSAGE_HEADER, name)).await
}

/// How many are held, by the partner's token.
pub async fn count(js: &jetstream::Context, system: System) -> Result<HashMap<Box<str>, u64>, LookError> {
    let counted = async {
        let stream = js.get_stream_no_info(streams::HELD).await?;
        let mut subjects = stream.info_with_subjects(streams::held(system.as_str(), "*")).await?;
        let mut held = HashMap::new();
        while let Some((subject, messages)) = subjects.try_next().await? {
            if let Some(token) = subject.rsplit('.').next() {
                held.insert(token.into(), messages as u64);
            }
        }
        Ok::<_, async_nats::Error>(held)
    };
    counted.await.map_err(|source| LookError { source })
}
