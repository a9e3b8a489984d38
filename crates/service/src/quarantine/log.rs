//! The record of what was taken out of quarantine: by whom, why, when and what.

use super::{Meta, ROOM};
use crate::streams;
use async_nats::HeaderMap;
use async_nats::jetstream::{self, message::PublishMessage};
use bytes::Bytes;
use engine::Operator;

/// Header with the whole record. The body is the raw message, where that is nowhere else any more.
pub const LOG_HEADER: &str = "Waybill-Quarantine-Log";

/// What was done with a message in quarantine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It was published again as it came.
    Release,
    /// It was taken out, and nothing was published.
    Discard,
    /// Other bytes were published in its place.
    Edit,
}

/// That a message was taken out of quarantine.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Record {
    /// What was done with it.
    pub action: Action,
    /// Who did it, and why.
    #[serde(flatten)]
    pub by: Operator,
    /// When.
    pub at: jiff::Timestamp,
    /// Its place in the quarantine.
    pub sequence: u64,
    /// What was known about it.
    pub about: Meta,
    /// How many bytes it had; nothing when they were no longer anywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<usize>,
    /// The SHA-256 of its bytes, in hex; nothing when they were no longer anywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The place in the inbox of what was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox: Option<u64>,
    /// The SHA-256 of what was published in its place, in hex; nothing when nothing was, or the bytes as they came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_sha256: Option<String>,
}

/// A record could not be written, or is none.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// It cannot be written as JSON.
    #[error("the record cannot be described: {0}")]
    Describe(serde_json::Error),
    /// Record and bytes do not fit into one message.
    #[error(
        "its {size} bytes and the record of it are more than the broker takes in one message ({most}); raise the broker's \
         max_payload"
    )]
    TooLarge {
        /// Bytes of the message.
        size: usize,
        /// What the broker takes.
        most: usize,
    },
    /// The broker did not take it.
    #[error("cannot record it in stream QUARANTINE_LOG: {0}; is the stream there and has room?")]
    Publish(#[from] jetstream::context::PublishError),
    /// A message of the stream does not say what it is.
    #[error("a message without a readable {LOG_HEADER} header: {reason}; it was not written by Waybill")]
    NotRecord {
        /// What is wrong with it.
        reason: String,
    },
}

impl Action {
    /// The name, as in subjects.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Discard => "discard",
            Self::Edit => "edit",
        }
    }
}

impl Record {
    /// Writes the record and waits until the broker has it. `raw` is kept with it.
    ///
    /// # Errors
    /// [`RecordError`] when it does not fit into a message, or the broker does not take it.
    pub(super) async fn write(&self, js: &jetstream::Context, raw: Bytes) -> Result<(), RecordError> {
        let header = self.header(js, raw.len())?;
        let about = &self.about;
        let publish = PublishMessage::build().payload(raw).header(LOG_HEADER, header).message_id(self.id());
        let publish = publish.outbound_message(streams::quarantine_log(self.action.as_str(), &about.partner));
        jetstream::context::traits::Publisher::publish_message(js, publish).await?.await?;
        Ok(())
    }

    /// Whether it can be written with so many bytes, whatever is yet to be known of it.
    ///
    /// # Errors
    /// [`RecordError`] when it does not fit into a message.
    pub(super) fn fits(&self, js: &jetstream::Context, size: usize) -> Result<(), RecordError> {
        Self { inbox: Some(u64::MAX), ..self.clone() }.header(js, size).map(drop)
    }

    /// It as a header beside so many bytes.
    fn header(&self, js: &jetstream::Context, size: usize) -> Result<String, RecordError> {
        let most = js.client().max_payload();
        let written = |record: &Self| serde_json::to_string(record).map_err(RecordError::Describe);
        let fits = |header: &String| header.len() + size + ROOM <= most;
        let header = Some(written(self)?).filter(fits);
        let header = header.map_or_else(|| written(&self.without_headers()), Ok)?;
        if fits(&header) { Ok(header) } else { Err(RecordError::TooLarge { size, most }) }
    }

    /// The message's own headers may be as large as itself.
    fn without_headers(&self) -> Self {
        let about = Meta { headers: std::collections::BTreeMap::new(), ..self.about.clone() };
        Self { about, ..self.clone() }
    }

    /// One message can be published more than once, if removing it fails, and each time is a record.
    fn id(&self) -> String {
        let Meta { service, stream, sequence, .. } = &self.about;
        let inbox = self.inbox.unwrap_or_default();
        format!("{}.{}.{service}.{stream}.{sequence}.{inbox}", self.action.as_str(), self.sequence)
    }

    /// Reads a record back, from the headers of a message in stream QUARANTINE_LOG.
    ///
    /// # Errors
    /// When it is none.
    pub fn from_headers(headers: Option<&HeaderMap>) -> Result<Self, RecordError> {
        let not = |reason: String| RecordError::NotRecord { reason };
        let header =
            headers.and_then(|headers| headers.get(LOG_HEADER)).ok_or_else(|| not("it is missing".to_owned()))?;
        serde_json::from_str(header.as_str()).map_err(|error| not(error.to_string()))
    }
}
