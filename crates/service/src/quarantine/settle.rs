//! Taking a message out of quarantine: publish, record, remove, in this order and each acknowledged. Where it breaks off,
//! the message is still in quarantine, and doing it again is safe.

use super::{Action, Meta, NoWayBack, Record, RecordError};
use crate::streams;
use async_nats::HeaderMap;
use async_nats::header::{HeaderName, HeaderValue};
use async_nats::jetstream::context::{PublishError, PublishErrorKind, RequestError};
use async_nats::jetstream::response::Response;
use async_nats::jetstream::stream::{RawMessageErrorKind, Stream};
use async_nats::jetstream::{self, ErrorCode, message::PublishMessage};
use bytes::Bytes;
use data_encoding::HEXLOWER;
use engine::Operator;
use sha2::{Digest, Sha256};
use std::error::Error;

/// Header of a raw message that was in quarantine before: who let it go, and why.
pub const RELEASED_HEADER: &str = "Waybill-Released";
/// The broker's own headers, which are about one publish.
const BROKERS_OWN: &str = "Nats-";

/// A message in quarantine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its place in the quarantine.
    pub sequence: u64,
    /// What is known about it.
    pub about: Meta,
    /// Its bytes, wherever they are; nothing when they are no longer anywhere.
    pub raw: Option<Bytes>,
}

/// What is to become of a message in quarantine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settle {
    /// It is published again as it came.
    Release,
    /// It is thrown away.
    Discard,
    /// These bytes are published in its place.
    Edit(Bytes),
}

/// What a raw message says that was in quarantine before.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Again {
    /// Whether it is as it came.
    pub action: Action,
    /// Who let it go, and why.
    #[serde(flatten)]
    pub by: Operator,
    /// The place in the quarantine of the message as it came.
    pub quarantine: u64,
    /// The SHA-256 of the message as it came, in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// When it first came in: what it leaves unsaid is as of then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<jiff::Timestamp>,
}

/// A message was not taken out of quarantine. It is still there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettleError {
    /// It cannot go back the way it came.
    #[error(transparent)]
    NoWayBack(#[from] NoWayBack),
    /// There is nothing to publish.
    #[error("its bytes were too many for the quarantine, and {stream} no longer has them; discard it")]
    Gone {
        /// The stream it came in.
        stream: String,
    },
    /// It was edited into what it was.
    #[error("the new bytes are those that are in quarantine; change them, or release the message as it is")]
    Unchanged,
    /// What says who lets it go cannot be written.
    #[error("the message cannot be described: {0}")]
    Describe(serde_json::Error),
    /// The broker did not take it.
    #[error("cannot publish to {subject}: {source}; is stream INBOX there and has room?")]
    Publish {
        /// Its subject.
        subject: String,
        /// The client's words.
        source: PublishError,
    },
    /// It could not be recorded.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// It is done and recorded, and whether it is still in quarantine is not known.
    #[error("cannot remove message {sequence} from stream QUARANTINE: {source}; it is done, and may be done again")]
    Remove {
        /// Its place there.
        sequence: u64,
        /// The client's words.
        source: RequestError,
    },
    /// It is done and recorded, and the broker does not remove it.
    #[error(
        "stream QUARANTINE does not let go of message {sequence}: {source}; it is done, and done again when it is let go"
    )]
    Stays {
        /// Its place there.
        sequence: u64,
        /// The broker's words.
        source: jetstream::Error,
    },
}

impl Settle {
    /// What it is called.
    #[must_use]
    pub const fn action(&self) -> Action {
        match self {
            Self::Release => Action::Release,
            Self::Discard => Action::Discard,
            Self::Edit(_) => Action::Edit,
        }
    }
}

impl SettleError {
    /// Whether it is about this message alone: others may fare better.
    #[must_use]
    pub fn is_of_the_message(&self) -> bool {
        match self {
            Self::NoWayBack(_) | Self::Gone { .. } | Self::Unchanged | Self::Describe(_) => true,
            Self::Publish { source, .. } | Self::Record(RecordError::Publish(source)) => is_too_large(source),
            Self::Record(_) => true,
            Self::Remove { .. } | Self::Stays { .. } => false,
        }
    }

    /// Whether the broker said no, and not nothing: a stream is full, or does not allow it.
    #[must_use]
    pub fn is_a_no(&self) -> bool {
        match self {
            Self::Publish { source, .. } | Self::Record(RecordError::Publish(source)) => said(source).is_some(),
            Self::Stays { .. } => true,
            Self::NoWayBack(_)
            | Self::Gone { .. }
            | Self::Unchanged
            | Self::Describe(_)
            | Self::Record(_)
            | Self::Remove { .. } => false,
        }
    }
}

impl Kept {
    /// Whether this can become of it.
    ///
    /// # Errors
    /// [`SettleError`] says why not.
    pub fn allows(&self, settle: &Settle) -> Result<(), SettleError> {
        match settle {
            Settle::Discard => return Ok(()),
            Settle::Release if self.raw.is_none() => {
                return Err(SettleError::Gone { stream: self.about.stream.clone() });
            }
            Settle::Edit(edited) if self.raw.as_ref() == Some(edited) => return Err(SettleError::Unchanged),
            Settle::Release | Settle::Edit(_) => {}
        }
        Ok(self.about.way_back()?)
    }

    /// Takes it out of `quarantine`, the stream it is in, and returns what was recorded of it. What is published goes to the
    /// subject it came in by, with its own headers, under an id made of its place in quarantine and its bytes: the
    /// broker drops a repeat within the inbox's duplicate window.
    ///
    /// # Errors
    /// [`SettleError`] when it is still in quarantine.
    pub async fn settle(
        &self,
        js: &jetstream::Context,
        quarantine: &Stream,
        settle: &Settle,
        by: &Operator,
        at: jiff::Timestamp,
    ) -> Result<Record, SettleError> {
        self.allows(settle)?;
        let mut record = Record {
            action: settle.action(),
            by: by.clone(),
            at,
            sequence: self.sequence,
            about: self.about.clone(),
            size: self.raw.as_ref().map(Bytes::len),
            sha256: self.raw.as_ref().map(|raw| digest(raw)),
            inbox: None,
            edited_sha256: None,
        };
        let raw = self.raw.clone().unwrap_or_default();
        let (publish, kept_with_it) = match settle {
            Settle::Release => (Some(raw), Bytes::new()),
            Settle::Discard => (None, raw),
            Settle::Edit(edited) => {
                record.edited_sha256 = Some(digest(edited));
                (Some(edited.clone()), raw)
            }
        };
        // Nothing is published that cannot be recorded.
        record.fits(js, kept_with_it.len())?;
        if let Some(publish) = publish {
            record.inbox = Some(self.publish(js, &record, publish).await?);
        }
        record.write(js, kept_with_it).await?;
        self.remove(js, quarantine).await?;
        Ok(record)
    }

    /// Publishes it, or other bytes in its place; returns the place in the inbox.
    async fn publish(&self, js: &jetstream::Context, record: &Record, raw: Bytes) -> Result<u64, SettleError> {
        let Record { action, by, sequence, sha256, .. } = record;
        let received = Some(first_received(&self.about));
        let again = Again { action: *action, by: by.clone(), quarantine: *sequence, sha256: sha256.clone(), received };
        let again = serde_json::to_string(&again).map_err(SettleError::Describe)?;
        let id = format!("quarantine.{sequence}.{}", digest(&raw));
        let publish = PublishMessage::build().payload(raw).headers(own_headers(&self.about));
        let publish = publish.header(RELEASED_HEADER, again).message_id(id).expected_stream(streams::INBOX);
        let failed = |source| SettleError::Publish { subject: self.about.subject.clone(), source };
        let ack = js.send_publish(self.about.subject.clone(), publish).await.map_err(failed)?;
        Ok(ack.await.map_err(failed)?.sequence)
    }

    /// Removes it; somebody else may have done so meanwhile. The broker need not overwrite its bytes on disk, as it does
    /// when the client's own call asks: that rewrites a whole block of the stream for each message, 11 ms and more.
    async fn remove(&self, js: &jetstream::Context, quarantine: &Stream) -> Result<(), SettleError> {
        let sequence = self.sequence;
        let subject = format!("STREAM.MSG.DELETE.{}", streams::QUARANTINE);
        let which = serde_json::json!({ "seq": sequence, "no_erase": true });
        let answer: Response<serde_json::Value> =
            js.request(subject, &which).await.map_err(|source| SettleError::Remove { sequence, source })?;
        let Response::Err { error: source } = answer else { return Ok(()) };
        match quarantine.get_raw_message(sequence).await {
            Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => Ok(()),
            Ok(_) | Err(_) => Err(SettleError::Stays { sequence, source }),
        }
    }
}

/// The headers it came with, but for the broker's and for who let it go before.
fn own_headers(about: &Meta) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, values) in &about.headers {
        if name.starts_with(BROKERS_OWN) || name == RELEASED_HEADER {
            continue;
        }
        // They came in as headers, so they can go out as headers.
        let Ok(name) = name.parse::<HeaderName>() else { continue };
        values
            .iter()
            .filter_map(|value| value.parse::<HeaderValue>().ok())
            .for_each(|value| headers.append(name.clone(), value));
    }
    headers
}

/// When a message first came in, however often it was let out of quarantine since.
fn first_received(about: &Meta) -> jiff::Timestamp {
    let before = about.headers.get(RELEASED_HEADER).and_then(|values| values.first());
    let before = before.and_then(|again| serde_json::from_str::<Again>(again).ok());
    before.and_then(|again| again.received).unwrap_or(about.received)
}

fn digest(raw: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(raw))
}

/// Whether what was published is too large for the stream or the broker.
fn is_too_large(error: &PublishError) -> bool {
    error.kind() == PublishErrorKind::MaxPayloadExceeded
        || said(error).is_some_and(|error| error.error_code() == ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM)
}

/// What the broker says of a publish.
fn said(error: &PublishError) -> Option<&jetstream::Error> {
    error.source()?.downcast_ref()
}
