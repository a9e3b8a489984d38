//! Acknowledgements: what the sender of a message is told of its syntax, where its profile says so.

use async_nats::jetstream::{self, message::PublishMessage};
use engine::EntryId;
use model::Timestamp;
use partners::{ControlNumbers, Numbered};
use service::quarantine::{Again, RELEASED_HEADER};
use service::streams;

use super::entry::Origin;
use super::route::RouteError;
use crate::adapter::Adapter;
use crate::delivery::Delivery;
use crate::publish::publish;

/// Whether a message was let out of quarantine, and so came in before.
pub fn is_released(message: &jetstream::Message) -> bool {
    message.headers.as_ref().is_some_and(|headers| headers.get(RELEASED_HEADER).is_some())
}

/// When a message came in; one that was let out of quarantine, when it first did.
pub fn first_received(message: &jetstream::Message, delivery: Delivery) -> Timestamp {
    let again = message.headers.as_ref().and_then(|headers| headers.get(RELEASED_HEADER));
    let again = again.and_then(|again| serde_json::from_str::<Again>(again.as_str()).ok());
    let first = again.and_then(|again| again.received);
    first.map_or(delivery.received, |first| Timestamp::from_millis(first.as_millisecond()))
}

/// Tells the sender of a message what its syntax is like, at its first delivery: whatever becomes of what it says, and however
/// long that takes. One that is delivered again is told of only where this process does not know that it was, and one that is read
/// again because somebody asked for it where stream OUTBOX does not hold that it was. So a message whose process died, or that
/// another process is given to try again, may be told of twice: under the same id and number, byte for byte alike. One that was
/// released from quarantine was told of when it came in.
///
/// # Errors
/// [`RouteError`] when the broker did not do its part. Doing it again is safe.
pub async fn acknowledge(
    adapter: &Adapter,
    origin: &Origin<'_>,
    message: &jetstream::Message,
) -> Result<(), RouteError> {
    if is_released(message) {
        return Ok(());
    }
    let Origin { profile, message: name, delivery, .. } = origin;
    let token = profile.partner.token();
    let id = EntryId::of(&[b"acknowledged", token.as_bytes(), &delivery.sequence.to_be_bytes()]);
    if adapter.has_taken(id) {
        return Ok(());
    }
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
    let subject = streams::outbox(adapter.system.as_str(), &token, &outgoing.message);
    if let Some(replay) = origin.replay
        && adapter.replays.has_acknowledged(adapter, &token, replay, id).await?
    {
        return Ok(());
    }
    let answer = PublishMessage::build().payload(outgoing.body.into()).message_id(id.to_string());
    match publish(&adapter.js, subject, answer).await {
        Err(error) if error.too_large() => {
            tracing::warn!(partner = %profile.partner, sequence = delivery.sequence, %error, "a message is not acknowledged");
            Ok(())
        }
        Err(error) => Err(error.into()),
        Ok(()) => {
            adapter.remember_taken([id]);
            Ok(())
        }
    }
}
