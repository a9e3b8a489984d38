//! Deadlines: messages the broker delivers later (`Nats-Schedule`, ADR-51).
//!
//! Setting one again replaces it; one in the past fires at once; they survive the broker's death and fire late.

use async_nats::HeaderMap;
use async_nats::jetstream::{self, message::PublishMessage};
use model::Timestamp;

use crate::entry::EntryId;
use crate::journal::{AppendError, publish};
use crate::layout::{Key, Layout};

/// Has the broker send `timer.due.…` at `at`. The payload is the time it was set for, as RFC 3339.
///
/// # Errors
/// [`AppendError`] when the broker does not take it.
pub async fn set(
    js: &jetstream::Context,
    layout: &Layout,
    key: &Key,
    name: &str,
    at: Timestamp,
) -> Result<(), AppendError> {
    let subject = layout.timer_subject("set", key, name);
    let id = EntryId::of(&[subject.as_bytes(), &at.as_millis().to_be_bytes()]);
    let mut headers = HeaderMap::new();
    headers.insert("Nats-Schedule", format!("@at {at}"));
    headers.insert("Nats-Schedule-Target", layout.timer_subject("due", key, name));
    headers.insert(async_nats::header::NATS_MESSAGE_ID, id.to_string());
    let message = PublishMessage::build().payload(at.to_string().into()).headers(headers);
    publish(js, subject, message).await.map(drop)
}
