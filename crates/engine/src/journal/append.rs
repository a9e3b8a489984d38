//! Appending: facts without condition; decisions, and what a person concludes from what is known, on condition.

use std::time::Duration;

use async_nats::jetstream::context::PublishErrorKind;
use async_nats::jetstream::{self, message::PublishMessage};
use bytes::Bytes;
use serde::Serialize;

use super::error::{AppendError, AppendErrorKind};
use super::{Journal, direct};
use crate::codec;
use crate::jitter::jittered;
use crate::workflow::{Workflow, WorkflowEntry};

/// How often an unanswered append is sent again, under the same id.
const RETRIES: u32 = 5;
/// How long to wait before the first retry; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// JetStream's code for a wrong last sequence on one replica, and on three, which async-nats has no kind for.
const WRONG_LAST_SEQUENCE: [u64; 2] = [10071, 10164];

pub(super) async fn unconditional<T: Serialize>(
    js: &jetstream::Context,
    subject: String,
    entry: &crate::entry::Entry<T, impl Serialize>,
) -> Result<u64, AppendError> {
    let payload = encode(&subject, entry)?;
    let message = PublishMessage::build().payload(payload).message_id(entry.id.to_string());
    publish(js, subject, message).await
}

/// As [`unconditional`], on condition that nothing is in the lane yet. The condition stays with the message and tells
/// readers that there is nothing before it; where it does not hold, the entry is appended without.
pub(super) async fn first<T: Serialize>(
    js: &jetstream::Context,
    subject: String,
    entry: &crate::entry::Entry<T, impl Serialize>,
) -> Result<u64, AppendError> {
    let payload = encode(&subject, entry)?;
    let message = PublishMessage::build().payload(payload).message_id(entry.id.to_string());
    match publish_once(js, &subject, message.clone().expected_last_subject_sequence(0)).await {
        Err(error) if [AppendErrorKind::Conflict, AppendErrorKind::Unanswered].contains(&error.kind()) => {
            publish(js, subject, message).await
        }
        settled => settled,
    }
}

pub(super) async fn conditional<W: Workflow>(
    journal: &Journal<W>,
    subject: String,
    expected: u64,
    entry: &WorkflowEntry<W>,
) -> Result<u64, AppendError> {
    let message = PublishMessage::build()
        .payload(encode(&subject, entry)?)
        .message_id(entry.id.to_string())
        .expected_last_subject_sequence(expected);
    let error = match publish_once(&journal.js, &subject, message).await {
        Ok(sequence) => return Ok(sequence),
        Err(error) => error,
    };
    match error.kind() {
        // The expected sequence is tested before duplicates: a retry of our own append may look like a conflict.
        AppendErrorKind::Conflict | AppendErrorKind::Unanswered => {
            own_append(journal, &subject, expected, entry).await.ok_or(error)
        }
        AppendErrorKind::Refused | AppendErrorKind::Encode => Err(error),
    }
}

/// The sequence of `entry` when it is the subject's last message after all.
async fn own_append<W: Workflow>(
    journal: &Journal<W>,
    subject: &str,
    expected: u64,
    entry: &WorkflowEntry<W>,
) -> Option<u64> {
    let last = direct::last(&journal.js, journal.layout.stream, subject).await.ok()?.pop()?;
    let found: WorkflowEntry<W> = codec::decode(&last.payload).ok()?;
    (last.sequence > expected && found.id == entry.id).then_some(last.sequence)
}

/// Publishes and waits for the broker's word, again under the same id while there is none.
pub(crate) async fn publish(
    js: &jetstream::Context,
    subject: String,
    message: PublishMessage,
) -> Result<u64, AppendError> {
    let mut pause = FIRST_PAUSE;
    let mut tries = 0;
    loop {
        match publish_once(js, &subject, message.clone()).await {
            Err(error) if error.kind() == AppendErrorKind::Unanswered && tries < RETRIES => {
                tries += 1;
                tokio::time::sleep(jittered(pause, (&subject, tries))).await;
                pause *= 2;
            }
            settled => return settled,
        }
    }
}

async fn publish_once(js: &jetstream::Context, subject: &str, message: PublishMessage) -> Result<u64, AppendError> {
    let failed = |error: jetstream::context::PublishError| {
        let kind = kind_of(&error);
        let source: Box<dyn std::error::Error + Send + Sync> = Box::new(error);
        AppendError::new(subject, kind, source)
    };
    let ack = js.send_publish(subject.to_owned(), message).await.map_err(failed)?;
    Ok(ack.await.map_err(failed)?.sequence)
}

fn kind_of(error: &jetstream::context::PublishError) -> AppendErrorKind {
    match error.kind() {
        PublishErrorKind::WrongLastSequence => AppendErrorKind::Conflict,
        PublishErrorKind::TimedOut | PublishErrorKind::BrokenPipe | PublishErrorKind::MaxAckPending => {
            AppendErrorKind::Unanswered
        }
        PublishErrorKind::StreamNotFound
        | PublishErrorKind::WrongLastMessageId
        | PublishErrorKind::MaxPayloadExceeded
        | PublishErrorKind::Other => {
            if is_wrong_last_sequence(error) {
                AppendErrorKind::Conflict
            } else {
                AppendErrorKind::Refused
            }
        }
    }
}

/// Whether a publish was refused because another message came first: the client knows only the code that a single replica gives.
#[must_use]
pub fn is_conflict(error: &jetstream::context::PublishError) -> bool {
    kind_of(error) == AppendErrorKind::Conflict
}

fn is_wrong_last_sequence(error: &jetstream::context::PublishError) -> bool {
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<jetstream::Error>());
    source.is_some_and(|error| WRONG_LAST_SEQUENCE.contains(&error.error_code().0))
}

fn encode<T: Serialize>(subject: &str, entry: &T) -> Result<Bytes, AppendError> {
    codec::encode(entry).map(Bytes::from).map_err(|source| {
        let source: Box<dyn std::error::Error + Send + Sync> = Box::new(source);
        AppendError::new(subject, AppendErrorKind::Encode, source)
    })
}
