//! An ask that is held more than once: the workflow repeats, under the same id, what is not answered in time, and knows nothing
//! of what is held. When the first goes, the others need not, and whichever process comes to them has to know.
//!
//! So a mark is left in stream `HELD`, beside what is held and as long as that: which of them went, and up to which it
//! stands for the others. An ask that is held once leaves none.

use async_nats::jetstream::stream::{LastRawMessageErrorKind, Stream};
use async_nats::jetstream::{self, message::PublishMessage};
use bytes::Bytes;
use engine::EntryId;
use serde::{Deserialize, Serialize};
use service::streams;

use super::held::{Held, Place};
use crate::publish::{NotPublished, publish};

/// What stands for the system in the subjects of marks.
const MARKS: &str = "gone";

/// One of several of the same ask went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gone {
    /// The sequence of the entry whose ask went.
    pub went: u64,
    /// The sequence of the last entry, when it went, that asked the same.
    pub through: u64,
}

impl Gone {
    /// Whether the ask of the entry at this sequence was already decided when another went, and so is not to go too.
    pub const fn covers(self, sequence: u64) -> bool {
        self.went < sequence && sequence <= self.through
    }
}

/// The broker does not say which of several went.
#[derive(Debug, thiserror::Error)]
#[error("cannot look in stream {held} which asks went: {source}; is it there?", held = streams::HELD)]
pub struct MarkError {
    source: async_nats::Error,
}

/// Leaves the mark that one went for others.
///
/// # Errors
/// [`NotPublished`] when the broker does not take it in time.
pub async fn note(js: &jetstream::Context, held: Held<'_>, gone: Gone) -> Result<(), NotPublished> {
    let Some(subject) = subject(held) else { return Ok(()) };
    // Plain numbers always have a JSON form.
    let mark = Bytes::from(serde_json::to_vec(&gone).unwrap_or_default());
    publish(js, subject, PublishMessage::build().payload(mark)).await
}

/// Which went for others of the same ask, if one did.
///
/// # Errors
/// [`MarkError`] when the broker does not answer.
pub async fn gone(js: &jetstream::Context, held: Held<'_>) -> Result<Option<Gone>, MarkError> {
    let Some(subject) = subject(held) else { return Ok(None) };
    let looked = async {
        // Of the leader: a replica may not have heard yet of what went a moment ago.
        match stream(js).await?.get_last_raw_message_by_subject(&subject).await {
            Ok(mark) => Ok(Some(serde_json::from_slice(&mark.payload)?)),
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    };
    looked.await.map_err(|source| MarkError { source })
}

/// Takes a mark away that has served for the last one.
///
/// # Errors
/// [`MarkError`] when the broker does not answer.
pub async fn forget(js: &jetstream::Context, held: Held<'_>) -> Result<(), MarkError> {
    let Some(subject) = subject(held) else { return Ok(()) };
    let forgotten = async {
        stream(js).await?.purge().filter(subject).await?;
        Ok(())
    };
    forgotten.await.map_err(|source| MarkError { source })
}

async fn stream(js: &jetstream::Context) -> Result<Stream<()>, async_nats::Error> {
    Ok(js.get_stream_no_info(streams::HELD).await?)
}

fn subject(held: Held<'_>) -> Option<String> {
    let Place { workflow, .. } = held.place?;
    let id = EntryId::of(&[workflow.as_bytes(), held.order.as_bytes(), held.ask.as_bytes()]);
    Some(streams::held(MARKS, &id.to_string()))
}
