//! Publishing many messages, many at once.

use async_nats::HeaderMap;
use async_nats::jetstream::{self, message::PublishMessage};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};

/// A message to publish.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub subject: String,
    pub headers: HeaderMap,
    pub payload: Bytes,
}

/// Publishes messages in their order, `at_once` under way at the same time, and waits until the broker has them all.
pub(super) async fn publish_all(
    js: jetstream::Context,
    messages: impl IntoIterator<Item = Message>,
    at_once: usize,
) -> anyhow::Result<()> {
    let publish = |message: Message| {
        let js = js.clone();
        async move {
            let body = PublishMessage::build().payload(message.payload).headers(message.headers);
            js.send_publish(message.subject, body).await?.await?;
            Ok(())
        }
    };
    futures::stream::iter(messages).map(publish).buffer_unordered(at_once).try_collect().await
}
