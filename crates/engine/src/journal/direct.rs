//! Direct gets: messages read straight from the stream's store, without a consumer (ADR-31).

use std::time::Duration;

use async_nats::jetstream;
use async_nats::{HeaderMap, Message, StatusCode};
use bytes::Bytes;
use futures::StreamExt;
use model::Timestamp;
use serde_json::json;

use super::error::{ReadError, ReadErrorKind};

/// How long to wait for the next message of an answer.
const TIME_LIMIT: Duration = Duration::from_secs(5);
/// How many messages one request asks for.
const BATCH: usize = 512;

/// The status of the empty message that ends a batch.
const END_OF_BATCH: u16 = 204;

/// A message as the stream holds it.
pub(super) struct Stored {
    pub subject: String,
    pub sequence: u64,
    pub recorded: Timestamp,
    pub payload: Bytes,
    /// It was appended on condition that nothing of its subject was there.
    pub is_first: bool,
}

/// The last message of each subject that `filter` matches, in stream order.
pub(super) async fn last(js: &jetstream::Context, stream: &str, filter: &str) -> Result<Vec<Stored>, ReadError> {
    let mut found = request(js, stream, &json!({ "multi_last": [filter] })).await?;
    found.sort_by_key(|message| message.sequence);
    Ok(found)
}

/// All messages of one literal subject up to and with `last`. A wildcard here would make the server scan.
pub(super) async fn all(
    js: &jetstream::Context,
    stream: &str,
    subject: &str,
    last: u64,
) -> Result<Vec<Stored>, ReadError> {
    let mut found: Vec<Stored> = Vec::new();
    let mut from = 1;
    loop {
        let part = request(js, stream, &json!({ "batch": BATCH, "seq": from, "next_by_subj": subject })).await?;
        let Some(end) = part.last().map(|message| message.sequence) else { break };
        found.extend(part.into_iter().filter(|message| message.sequence <= last));
        if end >= last {
            break;
        }
        from = end + 1;
    }
    Ok(found)
}

async fn request(js: &jetstream::Context, stream: &str, body: &serde_json::Value) -> Result<Vec<Stored>, ReadError> {
    let failed = |source: Box<dyn std::error::Error + Send + Sync>| {
        ReadError::new(format!("{stream} ({body})"), ReadErrorKind::Unanswered, source)
    };
    let client = js.client();
    let inbox = client.new_inbox();
    let mut answers = client.subscribe(inbox.clone()).await.map_err(|error| failed(Box::new(error)))?;
    let request = async_nats::Request::new().payload(body.to_string().into()).inbox(inbox);
    js.send_request(format!("DIRECT.GET.{stream}"), request).await.map_err(|error| failed(Box::new(error)))?;
    let mut found = Vec::new();
    loop {
        let next = tokio::time::timeout(TIME_LIMIT, answers.next()).await.map_err(|error| failed(Box::new(error)))?;
        let Some(message) = next else { return Err(ReadError::new(stream, ReadErrorKind::Unanswered, None)) };
        match message.status {
            None => found.push(stored(message)?),
            // The batch is complete, or there was nothing to send.
            Some(code) if [END_OF_BATCH, StatusCode::NOT_FOUND.as_u16()].contains(&code.as_u16()) => return Ok(found),
            Some(_) => {
                let words = message.description.unwrap_or_default();
                return Err(ReadError::new(format!("{stream} ({body}): {words}"), ReadErrorKind::Answer, None));
            }
        }
    }
}

fn stored(message: Message) -> Result<Stored, ReadError> {
    let wrong = || ReadError::new(message.subject.as_str(), ReadErrorKind::Answer, None);
    let headers = message.headers.as_ref().ok_or_else(wrong)?;
    let text = |name: &str| headers.get(name).map(async_nats::HeaderValue::as_str);
    Ok(Stored {
        subject: text("Nats-Subject").ok_or_else(wrong)?.to_owned(),
        sequence: text("Nats-Sequence").and_then(|n| n.parse().ok()).ok_or_else(wrong)?,
        recorded: recorded(headers).ok_or_else(wrong)?,
        is_first: is_first(headers),
        payload: message.payload,
    })
}

fn recorded(headers: &HeaderMap) -> Option<Timestamp> {
    headers.get("Nats-Time-Stamp")?.as_str().parse().ok()
}

fn is_first(headers: &HeaderMap) -> bool {
    let expected = headers.get(async_nats::header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE);
    expected.is_some_and(|expected| expected.as_str() == "0")
}
