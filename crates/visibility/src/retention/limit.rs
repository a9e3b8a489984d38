//! How long a stream keeps its entries. The rest of its settings stays as it is, also what this client does not know of.

use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use async_nats::jetstream;
use model::Timestamp;
use serde_json::{Map, Value, json};

/// Where a stream whose limit is stretched says what it was before, in nanoseconds. What somebody else made longer is left alone.
const UNSTRETCHED: &str = "waybill-age-limit";

/// What a stream keeps.
pub(super) struct Kept {
    /// How long; zero is for ever.
    pub limit: Duration,
    /// How long when nothing stretches it.
    pub unstretched: Duration,
    /// When its oldest entry was recorded; none when it is empty.
    pub begins: Option<Timestamp>,
    /// Its newest entry.
    pub last: u64,
}

/// How long a stream keeps its entries, and since when it has some.
pub(super) async fn read(js: &jetstream::Context, stream: &str) -> anyhow::Result<Kept> {
    let handle = js.get_stream(stream).await.with_context(|| format!("cannot look up stream {stream}"))?;
    let info = handle.cached_info();
    let begins = Timestamp::from_nanos(info.state.first_timestamp.unix_timestamp_nanos());
    let begins = (info.state.messages > 0).then_some(begins);
    let limit = info.config.max_age;
    let unstretched = info.config.metadata.get(UNSTRETCHED).and_then(|nanos| nanos.parse().ok());
    let unstretched = unstretched.map_or(limit, Duration::from_nanos);
    Ok(Kept { limit, unstretched, begins, last: info.state.last_sequence })
}

/// Has a stream keep its entries for so long, and note how long it would otherwise.
pub(super) async fn set(
    js: &jetstream::Context,
    stream: &str,
    limit: Duration,
    unstretched: Duration,
) -> anyhow::Result<()> {
    let nanos = |span: Duration| u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
    let mut config = ask(js, &format!("STREAM.INFO.{stream}"), &json!({})).await?;
    config.insert("max_age".to_owned(), json!(nanos(limit)));
    let metadata = config.entry("metadata").or_insert_with(|| json!({}));
    if let Value::Object(metadata) = metadata {
        metadata.remove(UNSTRETCHED);
        if limit != unstretched {
            metadata.insert(UNSTRETCHED.to_owned(), nanos(unstretched).to_string().into());
        }
    }
    ask(js, &format!("STREAM.UPDATE.{stream}"), &Value::Object(config)).await?;
    Ok(())
}

/// Asks JetStream something whose answer holds a stream's settings.
async fn ask(js: &jetstream::Context, what: &str, body: &Value) -> anyhow::Result<Map<String, Value>> {
    let answer: Value = js
        .request(what.to_owned(), body)
        .await
        .map_err(|error| anyhow!("no answer to $JS.API.{what}: {error}; may this user call it?"))?;
    if let Some(error) = answer.get("error") {
        bail!("$JS.API.{what} is refused: {error}");
    }
    match answer.get("config") {
        Some(Value::Object(config)) => Ok(config.clone()),
        Some(_) | None => bail!("the answer to $JS.API.{what} holds no settings"),
    }
}

/// A span in words, to the day where it is of days.
pub(super) fn words(span: Duration) -> String {
    const DAY: u64 = 86_400;
    let seconds = span.as_secs();
    if seconds >= DAY { format!("{} days", seconds / DAY) } else { format!("{seconds} s") }
}
