//! Every message of a run, as it was published, to be published again with nothing behind it.

use async_nats::HeaderMap;
use async_nats::jetstream;
use futures::StreamExt;
use service::streams;

use super::publish::Message;
use crate::exit::Failure;
use crate::reach::broker;

/// The streams a run writes to; a bucket or object store is a stream of a kind.
const WRITTEN: [&str; 8] = [
    streams::INBOX,
    streams::ORDERS,
    streams::OUTBOX,
    streams::TIMERS,
    streams::UPDATES,
    "KV_XREF",
    "KV_STATUS",
    "OBJ_ARCHIVE",
];
/// What a message says of the message before it; published again, it would be refused.
const CONDITIONS: [&str; 3] =
    ["Nats-Expected-Last-Subject-Sequence", "Nats-Expected-Last-Sequence", "Nats-Expected-Last-Msg-Id"];

/// What a run published to one stream.
#[derive(Debug, Clone)]
pub(super) struct Captured {
    pub stream: &'static str,
    pub messages: Vec<Message>,
    pub bytes: u64,
}

/// Reads back everything a run published. Where the broker keeps only the last value of a key, the values before it
/// stand in as copies of the last, so that number and size are those of the run.
pub(super) async fn capture(js: &jetstream::Context) -> Result<Vec<Captured>, Failure> {
    let mut all = Vec::new();
    for stream in WRITTEN {
        all.push(capture_stream(js, stream).await?);
    }
    Ok(all)
}

async fn capture_stream(js: &jetstream::Context, name: &'static str) -> Result<Captured, Failure> {
    let failed = |error: String| broker(&format!("read stream {name}"), error);
    let stream = js.get_stream(name).await.map_err(|error| failed(error.to_string()))?;
    let state = stream.cached_info().state.clone();
    let mut messages = Vec::new();
    if state.messages > 0 {
        let config = jetstream::consumer::pull::OrderedConfig::default();
        let consumer = stream.create_consumer(config).await.map_err(|error| failed(error.to_string()))?;
        let mut read = consumer.messages().await.map_err(|error| failed(error.to_string()))?;
        while (messages.len() as u64) < state.messages {
            let Some(message) = read.next().await else { break };
            let message = message.map_err(|error| failed(error.to_string()))?.message;
            messages.push(Message {
                subject: message.subject.to_string(),
                headers: unconditional(message.headers.unwrap_or_default()),
                payload: message.payload,
            });
        }
    }
    repeat(&mut messages, state.last_sequence);
    let bytes = messages.iter().map(|message| (message.subject.len() + message.payload.len()) as u64).sum();
    Ok(Captured { stream: name, messages, bytes })
}

fn unconditional(mut headers: HeaderMap) -> HeaderMap {
    if CONDITIONS.iter().any(|name| headers.get(*name).is_some()) {
        let mut kept = HeaderMap::new();
        for (name, values) in headers.iter().filter(|(name, _)| !CONDITIONS.contains(&name.as_ref())) {
            values.iter().for_each(|value| kept.append(name.clone(), value.clone()));
        }
        headers = kept;
    }
    headers
}

/// Fills up to how many were published, with copies under other message ids.
fn repeat(messages: &mut Vec<Message>, published: u64) {
    let kept = messages.len();
    let published = usize::try_from(published).unwrap_or(kept);
    for nth in kept..published.min(kept * 100) {
        let mut copy = messages[nth % kept].clone();
        if copy.headers.get(async_nats::header::NATS_MESSAGE_ID).is_some() {
            copy.headers.insert(async_nats::header::NATS_MESSAGE_ID, format!("copy-{nth}"));
        }
        messages.push(copy);
    }
}
