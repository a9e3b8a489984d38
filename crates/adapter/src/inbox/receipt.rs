//! Acknowledgements: what the sender of a message is told of its syntax, where its profile says so.

use async_nats::jetstream::{self, message::PublishMessage};
use engine::EntryId;
use partners::{ControlNumbers, Numbered};
use service::quarantine::RELEASED_HEADER;
use service::streams;

use super::entry::Origin;
use crate::adapter::Adapter;
use crate::publish::{NotPublished, publish};

/// Whether a message was let out of quarantine, and so came in before.
pub fn is_released(message: &jetstream::Message) -> bool {
    message.headers.as_ref().is_some_and(|headers| headers.get(RELEASED_HEADER).is_some())
}

/// Tells the sender of a message that is settled what its syntax is like. A message that comes again is told of under the same
/// id, byte for byte alike, and the broker drops that; one that was released from quarantine was told of when it came in.
///
/// # Errors
/// [`NotPublished`] when the broker did not take it. Doing it again is safe.
pub async fn acknowledge(
    adapter: &Adapter,
    origin: &Origin<'_>,
    message: &jetstream::Message,
) -> Result<(), NotPublished> {
    if is_released(message) {
        return Ok(());
    }
    let Origin { profile, message: name, delivery, .. } = origin;
    let numbers = ControlNumbers::new(Numbered::Inbox, delivery.sequence);
    let outgoing = match profile.acknowledge(name, &message.payload, delivery.received, numbers) {
        Ok(None) => return Ok(()),
        Ok(Some(outgoing)) => outgoing,
        Err(error) => {
            // Nobody can be told, and what the message says counts all the same.
            let (partner, sequence) = (&profile.partner, delivery.sequence);
            tracing::warn!(%partner, sequence, %error, "a message is not acknowledged");
            return Ok(());
        }
    };
    let token = profile.partner.token();
    let subject = streams::outbox(adapter.system.as_str(), &token, &outgoing.message);
    let id = EntryId::of(&[b"acknowledged", token.as_bytes(), &delivery.sequence.to_be_bytes()]);
    let answer = PublishMessage::build().payload(outgoing.body.into()).message_id(id.to_string());
    match publish(&adapter.js, subject, answer).await {
        Err(error) if error.too_large() => {
            tracing::warn!(partner = %profile.partner, sequence = delivery.sequence, %error, "a message is not acknowledged");
            Ok(())
        }
        published => published,
    }
}
