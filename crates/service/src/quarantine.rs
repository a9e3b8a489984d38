//! Raw messages that could not become facts: kept byte for byte, with the reason, until someone releases them.
//!
//! The body of a quarantined message is the raw message. What is known about it is JSON in one header, so that a reason
//! may hold any text. What is taken out is recorded in stream QUARANTINE_LOG.

mod log;
mod settle;
mod way_back;

pub use log::{Action, LOG_HEADER, Record, RecordError};
pub use settle::{Again, Kept, RELEASED_HEADER, Settle, SettleError};
pub use way_back::NoWayBack;

use crate::streams;
use async_nats::HeaderMap;
use async_nats::jetstream::{self, message::PublishMessage};
use bytes::Bytes;
use std::collections::BTreeMap;

/// Header with all that is known about the raw message.
pub const HEADER: &str = "Waybill-Quarantined";
/// The broker counts headers into its payload limit, and adds none itself; this is for the protocol around them.
const ROOM: usize = 1024;
/// A longer text of a reason is cut: it names the place, it does not repeat the message.
const MAX_TEXT: usize = 4 * 1024;

/// A raw message and why it is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// All that is known about it.
    pub about: Meta,
    /// The message as it came, byte for byte. Empty when [`Meta::left_in_stream`] is set.
    pub raw: Bytes,
}

/// What is known about a quarantined message.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Meta {
    /// The service that could not read it.
    pub service: String,
    /// The partner it came from.
    pub partner: String,
    /// The stream it came in.
    pub stream: String,
    /// Its place there.
    pub sequence: u64,
    /// Its subject.
    pub subject: String,
    /// Its own headers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Vec<String>>,
    /// When the broker received it.
    pub received: jiff::Timestamp,
    /// How often it was tried.
    pub tries: u32,
    /// Why it is here.
    pub reason: Reason,
    /// True when message and reason together are too large for the broker: the raw bytes are then where they came from,
    /// at `stream` and `sequence`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub left_in_stream: bool,
}

/// Why a message could not become a fact.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Reason {
    /// The kind, for counting.
    pub kind: Kind,
    /// What is wrong and what was expected, for people.
    pub text: String,
    /// The field it is about, as a path in the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// Kinds of reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Not in the format the profile reads.
    Malformed,
    /// Larger than is read.
    Oversized,
    /// No profile has a message of this name.
    UnknownMessage,
    /// A value is missing, or not one of those expected.
    Invalid,
    /// It contradicts itself.
    Contradictory,
    /// It tells what another system or partner is the system of record of.
    NotOwner,
    /// It names something that stayed unknown however long it was tried, such as an order.
    UnknownReference,
    /// An entry that this version cannot read.
    UnknownEvent,
    /// It failed again and again for a reason of our own.
    Failed,
}

/// The message could not be quarantined; it must not be acknowledged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QuarantineError {
    /// What is known about it cannot be written.
    #[error("cannot describe the message from {subject}: {source}")]
    Describe {
        /// Its subject.
        subject: String,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// The broker did not take it.
    #[error("cannot quarantine the message from {subject}: {source}; is stream QUARANTINE there and has room?")]
    Publish {
        /// Its subject.
        subject: String,
        /// The client's words.
        source: jetstream::context::PublishError,
    },
    /// A message in quarantine does not say what it is.
    #[error("a message without a readable {HEADER} header: {reason}; it was not written by Waybill")]
    NotQuarantined {
        /// What is wrong with it.
        reason: String,
    },
}

impl Reason {
    /// A reason of this kind.
    pub fn new(kind: Kind, text: impl Into<String>) -> Self {
        let mut text = text.into();
        if text.len() > MAX_TEXT {
            text.truncate(text.floor_char_boundary(MAX_TEXT));
        }
        Self { kind, text, field: None }
    }

    /// Names the field it is about.
    #[must_use]
    pub fn at(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }
}

impl Quarantined {
    /// Takes a message as a consumer delivered it. `service` and `partner` must each be one subject token.
    ///
    /// # Errors
    /// When the message did not come from a consumer.
    pub fn of(
        message: &jetstream::Message,
        service: &str,
        partner: &str,
        reason: Reason,
    ) -> Result<Self, async_nats::Error> {
        let info = message.info()?;
        let about = Meta {
            service: service.to_owned(),
            partner: partner.to_owned(),
            stream: info.stream.to_owned(),
            sequence: info.stream_sequence,
            subject: message.subject.to_string(),
            headers: message.headers.as_ref().map(kept_headers).unwrap_or_default(),
            received: jiff::Timestamp::from_nanosecond(info.published.unix_timestamp_nanos())?,
            tries: u32::try_from(info.delivered).unwrap_or(u32::MAX),
            reason,
            left_in_stream: false,
        };
        Ok(Self { about, raw: message.payload.clone() })
    }

    /// Reads back what was quarantined, from the headers and the body of a message in stream QUARANTINE.
    ///
    /// # Errors
    /// When it was not written by [`quarantine`].
    pub fn from_message(headers: Option<&HeaderMap>, body: &Bytes) -> Result<Self, QuarantineError> {
        let not = |reason: String| QuarantineError::NotQuarantined { reason };
        let header = headers.and_then(|headers| headers.get(HEADER)).ok_or_else(|| not("it is missing".to_owned()))?;
        let about = serde_json::from_str(header.as_str()).map_err(|error| not(error.to_string()))?;
        Ok(Self { about, raw: body.clone() })
    }
}

/// Puts a message into quarantine and waits until the broker has it; returns its sequence there. Only then may the
/// original be acknowledged. Doing it again for the same message adds nothing within two hours.
///
/// # Errors
/// When the broker does not take it.
pub async fn quarantine(js: &jetstream::Context, message: &Quarantined) -> Result<u64, QuarantineError> {
    let about = &message.about;
    let describe = |about: &Meta| {
        serde_json::to_string(about)
            .map_err(|source| QuarantineError::Describe { subject: about.subject.clone(), source })
    };
    let (mut header, mut body) = (describe(about)?, message.raw.clone());
    if header.len() + body.len() + ROOM > js.client().max_payload() {
        header = describe(&Meta { left_in_stream: true, headers: BTreeMap::new(), ..about.clone() })?;
        body = Bytes::new();
    }
    // The stream's name and sequence are the message's for ever; the number of tries is not.
    let id = format!("{}.{}.{}", about.service, about.stream, about.sequence);
    let publish = PublishMessage::build().message_id(id).header(HEADER, header).payload(body);
    let publish = publish.outbound_message(streams::quarantine(&about.service, &about.partner));
    let failed = |source| QuarantineError::Publish { subject: about.subject.clone(), source };
    let ack = jetstream::context::traits::Publisher::publish_message(js, publish).await.map_err(failed)?;
    let ack = ack.await.map_err(failed)?;
    tracing::warn!(
        service = about.service,
        partner = about.partner,
        subject = about.subject,
        reason = about.reason.text,
        "quarantined"
    );
    Ok(ack.sequence)
}

/// The headers of a message as they are kept.
#[must_use]
pub fn kept_headers(headers: &HeaderMap) -> BTreeMap<String, Vec<String>> {
    let text = |values: &Vec<async_nats::HeaderValue>| values.iter().map(|value| value.as_str().to_owned()).collect();
    headers.iter().map(|(name, values)| (name.to_string(), text(values))).collect()
}
