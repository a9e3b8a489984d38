//! Deadlines: messages the broker delivers later (`Nats-Schedule`, ADR-51).
//!
//! Setting one again replaces it; one in the past fires at once; they survive the broker's death and fire late.
//!
//! An instance has one timer at most, set for the earliest of its deadlines; when it fires, it is set for the next one.
//! Most deadlines never pass, so most instances set one in their life.

use async_nats::HeaderMap;
use async_nats::jetstream::{self, message::PublishMessage};
use model::Timestamp;

use crate::entry::EntryId;
use crate::journal::{AppendError, publish};
use crate::layout::{Key, Layout};

/// The last token of a timer's subject.
const NEXT: &str = "next";

/// Has the broker send `timer.due.…` at `at`, instead of when it was told before. The payload is the time it was set for,
/// as RFC 3339. `cause` is the place of the message that makes it necessary: setting it again for the same cause is a
/// repeat, setting it back to a time it had before for another cause is not.
///
/// # Errors
/// [`AppendError`] when the broker does not take it.
pub async fn set(
    js: &jetstream::Context,
    layout: &Layout,
    key: &Key,
    at: Timestamp,
    cause: u64,
) -> Result<(), AppendError> {
    let subject = layout.timer_subject("set", key, NEXT);
    let id = EntryId::of(&[subject.as_bytes(), &at.as_millis().to_be_bytes(), &cause.to_be_bytes()]);
    let mut headers = HeaderMap::new();
    headers.insert("Nats-Schedule", format!("@at {at}"));
    headers.insert("Nats-Schedule-Target", layout.timer_subject("due", key, NEXT));
    headers.insert(async_nats::header::NATS_MESSAGE_ID, id.to_string());
    let message = PublishMessage::build().payload(at.to_string().into()).headers(headers);
    publish(js, subject, message).await.map(drop)
}
