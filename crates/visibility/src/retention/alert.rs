//! What is told of what nears a limit: on `alert.retention`, and to whoever asks how the projection is.

use async_nats::jetstream::{
    self, context::PublishErrorKind, message::PublishMessage, stream::LastRawMessageErrorKind,
};
use model::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use service::streams;
use std::time::Duration;

use super::check::Found;

/// The kind of these alerts, as in their subject.
const KIND: &str = "retention";

/// Why something that nears a stream's age limit would be lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// It has not ended.
    Open,
    /// It has ended, and not all of it is in the archive.
    Unarchived,
}

impl Cause {
    /// The word used in messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Unarchived => "unarchived",
        }
    }
}

/// Orders, or returns, that near their stream's age limit and would be lost with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RetentionAlert {
    /// When it was found.
    pub at: Timestamp,
    /// The stream: ORDERS or RETURNS.
    pub stream: String,
    /// What is wrong with them.
    pub cause: Cause,
    /// How many there are.
    pub count: u64,
    /// The numbers of those that began first; at most ten.
    pub first: Vec<String>,
    /// When the first of them began.
    pub oldest: Timestamp,
    /// How long the stream keeps entries when nothing needs them longer, in seconds.
    pub declared_seconds: u64,
    /// How long it keeps them now, in seconds.
    pub limit_seconds: u64,
}

/// The alerts of what was found, one for each cause.
pub(super) fn of(
    stream: &str,
    declared: Duration,
    limit: Duration,
    found: &Found,
    at: Timestamp,
) -> Vec<RetentionAlert> {
    let alert = |(cause, tally): (&Cause, &super::check::Tally)| RetentionAlert {
        at,
        stream: stream.to_owned(),
        cause: *cause,
        count: tally.count,
        first: tally.first.iter().map(|(_, number)| number.clone()).collect(),
        oldest: tally.first.first().map(|(began, _)| *began).unwrap_or_default(),
        declared_seconds: declared.as_secs(),
        limit_seconds: limit.as_secs(),
    };
    found.causes.iter().map(alert).collect()
}

/// Publishes the alerts, unless some were published on the same day (UTC), by whichever process.
pub(super) async fn publish(js: &jetstream::Context, alerts: &[RetentionAlert], now: Timestamp) -> anyhow::Result<()> {
    if alerts.is_empty() {
        return Ok(());
    }
    let subject = streams::alert(KIND);
    let stream = js.get_stream_no_info(streams::ALERTS).await?;
    let mut last = match stream.get_last_raw_message_by_subject(&subject).await {
        Ok(message) => {
            let told = Timestamp::from_nanos(message.time.unix_timestamp_nanos());
            if told.date() == now.date() {
                return Ok(());
            }
            message.sequence
        }
        Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => 0,
        Err(error) => return Err(error.into()),
    };
    for alert in alerts {
        tracing::warn!(
            stream = alert.stream,
            cause = alert.cause.as_str(),
            count = alert.count,
            first = alert.first.join(", "),
            "near the age limit"
        );
        let message =
            PublishMessage::build().payload(serde_json::to_vec(alert)?.into()).expected_last_subject_sequence(last);
        match js.send_publish(subject.clone(), message).await?.await {
            Ok(ack) => last = ack.sequence,
            // Another process tells of them.
            Err(error) if error.kind() == PublishErrorKind::WrongLastSequence => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
