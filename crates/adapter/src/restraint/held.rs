//! Stream `HELD`: what partners are to receive as soon as they may.

use std::collections::HashMap;

use async_nats::HeaderMap;
use async_nats::jetstream::stream::LastRawMessageErrorKind;
use async_nats::jetstream::{self, message::PublishMessage};
use futures::TryStreamExt;
use model::System;
use service::streams;

use super::breaker::Why;
use crate::asks::{ASK_HEADER, ORDER_HEADER};
use crate::publish::{NotPublished, publish};

/// Header with the name of the message a partner is to receive.
const MESSAGE_HEADER: &str = "Waybill-Message";
/// Header with the workflow whose instance asks.
const WORKFLOW_HEADER: &str = "Waybill-Workflow";
/// Header with the place of the entry that asks in the workflow's stream.
const ENTRY_HEADER: &str = "Waybill-Entry";
/// Header with why the partner was not sent to just then; none when it only had to wait its turn.
const WHY_HEADER: &str = "Waybill-Why";

/// The broker does not say what is held.
#[derive(Debug, thiserror::Error)]
#[error("cannot look what is held in stream {held}: {source}; is it there?", held = streams::HELD)]
pub struct LookError {
    source: async_nats::Error,
}

/// Where an ask stands that is to be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The name of the workflow whose instance asks.
    pub workflow: &'a str,
    /// The sequence of the entry that asks, in the workflow's stream.
    pub sequence: u64,
}

/// What a message that is held says beside its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held<'a> {
    /// The name of the message the partner is to receive.
    pub message: &'a str,
    /// The id it is published under.
    pub id: &'a str,
    /// The order, as a subject token.
    pub order: &'a str,
    /// The ask, as a subject token.
    pub ask: &'a str,
    /// Where it was asked; an earlier version did not say.
    pub place: Option<Place<'a>>,
}

impl<'a> Held<'a> {
    /// What these headers say; `None` when no adapter wrote them.
    pub fn of(headers: Option<&'a HeaderMap>) -> Option<Self> {
        let text = |name: &str| Some(headers?.get(name)?.as_str());
        let sequence = text(ENTRY_HEADER).and_then(|sequence| sequence.parse().ok());
        Some(Self {
            message: text(MESSAGE_HEADER)?,
            id: text("Nats-Msg-Id")?,
            order: text(ORDER_HEADER)?,
            ask: text(ASK_HEADER)?,
            place: text(WORKFLOW_HEADER).zip(sequence).map(|(workflow, sequence)| Place { workflow, sequence }),
        })
    }
}

/// Puts a message for a partner behind those that are held for it. It may be put again, as any message may be published
/// again: the one that is released has the same id.
///
/// # Errors
/// [`NotPublished`] when the broker does not take it in time.
pub async fn put(
    js: &jetstream::Context,
    system: System,
    partner: &str,
    name: &str,
    place: Place<'_>,
    why: Option<Why>,
    message: PublishMessage,
) -> Result<(), NotPublished> {
    let mut message = message
        .header(MESSAGE_HEADER, name)
        .header(WORKFLOW_HEADER, place.workflow)
        .header(ENTRY_HEADER, place.sequence.to_string().as_str());
    if let Some(why) = why {
        message = message.header(WHY_HEADER, why.as_str());
    }
    publish(js, streams::held(system.as_str(), partner), message).await
}

/// Why a partner was not sent to when the last of what is held for it was put there; nothing when that only had to wait its
/// turn.
///
/// # Errors
/// [`LookError`] when the broker does not answer.
pub async fn why(js: &jetstream::Context, system: System, partner: &str) -> Result<Option<Why>, LookError> {
    let looked = async {
        let stream = js.get_stream_no_info(streams::HELD).await?;
        match stream.get_last_raw_message_by_subject(&streams::held(system.as_str(), partner)).await {
            Ok(last) => Ok(last.headers.get(WHY_HEADER).and_then(|why| Why::from_word(why.as_str()))),
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    };
    looked.await.map_err(|source| LookError { source })
}

/// How many are held, by the partner's token.
pub async fn count(js: &jetstream::Context, system: System) -> Result<HashMap<Box<str>, u64>, LookError> {
    let counted = async {
        let stream = js.get_stream_no_info(streams::HELD).await?;
        let mut subjects = stream.info_with_subjects(streams::held(system.as_str(), "*")).await?;
        let mut held = HashMap::new();
        while let Some((subject, messages)) = subjects.try_next().await? {
            if let Some(token) = subject.rsplit('.').next() {
                held.insert(token.into(), messages as u64);
            }
        }
        Ok::<_, async_nats::Error>(held)
    };
    counted.await.map_err(|source| LookError { source })
}
