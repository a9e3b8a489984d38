//! What a partner told before, read again: trails say which messages told it, and the inbox holds them.

use std::collections::BTreeSet;

use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::{DirectGetErrorKind, Stream};
use engine::WorkflowRecord;
use fulfilment::Fulfilment;
use model::{Fact, PartnerId, Timestamp};
use service::streams;

use super::entry::Origin;
use super::read::{Reading, read};
use super::route::RouteError;
use crate::adapter::Adapter;
use crate::asked::facts;

/// A message that was in the inbox before.
pub struct Again {
    pub message: StreamMessage,
    pub received: Timestamp,
    /// What it says by the partner's profile.
    pub reading: Reading,
}

impl Again {
    /// The last token of its subject.
    pub fn name(&self) -> &str {
        name_of(&self.message)
    }
}

/// The places in the inbox of the messages by which a partner told such a fact.
pub fn places(
    trail: &[WorkflowRecord<Fulfilment>],
    partner: &PartnerId,
    such: impl Fn(&Fact) -> bool,
) -> BTreeSet<u64> {
    let told = trail.iter().flat_map(facts);
    let told = told.filter(|(source, fact)| source.partner.as_deref() == Some(partner.as_str()) && such(fact));
    told.filter_map(|(source, _)| source.inbox).collect()
}

/// Stream INBOX.
///
/// # Errors
/// [`RouteError`] when the broker did not do its part.
pub async fn inbox(adapter: &Adapter) -> Result<Stream<()>, RouteError> {
    adapter.js.get_stream_no_info(streams::INBOX).await.map_err(RouteError::inbox)
}

/// Reads the message at a place in the inbox, as long as it is there.
///
/// # Errors
/// [`RouteError`] when the broker did not do its part.
pub async fn reread(
    adapter: &Adapter,
    origin: &Origin<'_>,
    inbox: &Stream<()>,
    sequence: u64,
) -> Result<Option<Again>, RouteError> {
    let message = match inbox.direct_get(sequence).await {
        Ok(message) => message,
        Err(error) if error.kind() == DirectGetErrorKind::NotFound => {
            tracing::error!(sequence, "a message about a load is no longer in the inbox");
            return Ok(None);
        }
        Err(error) => return Err(RouteError::inbox(error)),
    };
    let received = Timestamp::from_nanos(message.time.unix_timestamp_nanos());
    let reading = read(adapter.system, origin.profile, name_of(&message), &message.payload, received);
    Ok(Some(Again { message, received, reading }))
}

fn name_of(message: &StreamMessage) -> &str {
    let subject = message.subject.as_str();
    subject.rsplit('.').next().unwrap_or(subject)
}
