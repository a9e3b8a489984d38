//! Publishing what is no entry of an order: stock movements, lists and messages to partners.

use std::error::Error;

use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use async_nats::jetstream::{self, message::PublishMessage};

/// JetStream's code for a message larger than the stream takes.
const STREAM_MESSAGE_TOO_LARGE: u64 = 10_054;

/// The broker did not take a message.
#[derive(Debug, thiserror::Error)]
#[error("cannot publish to {subject}: {source}")]
pub struct NotPublished {
    subject: String,
    source: PublishError,
}

impl NotPublished {
    /// Whether it is too large, so that trying again is in vain.
    pub fn too_large(&self) -> bool {
        is_too_large(&self.source)
    }
}

/// Publishes, and waits until the broker has it.
///
/// # Errors
/// [`NotPublished`] when it does not take it in time. The message may be there all the same: publish it again under the
/// same id.
pub async fn publish(js: &jetstream::Context, subject: String, message: PublishMessage) -> Result<(), NotPublished> {
    let published = async {
        let ack = js.send_publish(subject.clone(), message).await?;
        ack.await
    };
    match published.await {
        Ok(_) => Ok(()),
        Err(source) => Err(NotPublished { subject, source }),
    }
}

/// Whether a failed append was too large for the stream or the broker, so that trying again is in vain.
pub fn append_too_large(error: &engine::AppendError) -> bool {
    error.source().and_then(|source| source.downcast_ref::<PublishError>()).is_some_and(is_too_large)
}

fn is_too_large(error: &PublishError) -> bool {
    error.kind() == PublishErrorKind::MaxPayloadExceeded
        || error
            .source()
            .and_then(|source| source.downcast_ref::<jetstream::Error>())
            .is_some_and(|error| error.error_code().0 == STREAM_MESSAGE_TOO_LARGE)
}
