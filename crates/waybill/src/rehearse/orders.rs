//! Which instances have entries since a time.
//!
//! Their subjects are read, and nothing else, so that of ten million entries no more than the numbers are held. What the
//! entries say is read for each instance by itself afterwards: what is decided about it depends on its whole trail, which
//! began before that time, and by sequence the trails of all that are open would have to be held at once.

use std::collections::HashSet;
use std::time::Duration;

use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use engine::{Key, Layout};
use futures::StreamExt;
use jiff::Timestamp;
use service::Connection;

use crate::bar::bar;
use crate::exit::Failure;
use crate::reach::{self, broker};

/// The most instances that are looked at; their numbers take some hundred bytes each.
const MOST: usize = 2_000_000;
/// How long the broker may take to send the next message.
const PAUSE_LIMIT: Duration = Duration::from_secs(10);

/// The instances that have entries since then, or any; in no order.
pub(super) async fn since(
    connection: &Connection,
    layout: &Layout,
    since: Option<Timestamp>,
) -> Result<HashSet<Key>, Failure> {
    let failed = |error: async_nats::Error| broker(&format!("read stream {}", layout.stream), error);
    let stream = reach::stream(&connection.js, layout.stream).await?;
    let deliver_policy = match since {
        None => DeliverPolicy::All,
        Some(since) => {
            let start_time = async_nats::datetime::from_nanos(since.as_nanosecond());
            let wrong =
                |error: async_nats::Error| Failure::Usage(format!("{since} is no time that NATS knows: {error}"));
            DeliverPolicy::ByStartTime { start_time: start_time.map_err(wrong)? }
        }
    };
    let config = pull::OrderedConfig {
        filter_subject: layout.all(),
        deliver_policy,
        headers_only: true,
        ..pull::OrderedConfig::default()
    };
    let consumer = stream.create_consumer(config).await.map_err(|error| failed(error.into()))?;
    let mut waiting = consumer.cached_info().num_pending;
    let bar = bar(waiting);
    let mut messages = consumer.messages().await.map_err(|error| failed(error.into()))?;
    let mut keys = HashSet::new();
    while waiting > 0 {
        let next = tokio::time::timeout(PAUSE_LIMIT, messages.next()).await.map_err(|slow| failed(slow.into()))?;
        let Some(message) = next else { break };
        let message = message.map_err(|error| failed(error.into()))?;
        // What comes in meanwhile is not waited for.
        waiting = message.info().map_err(failed)?.pending.min(waiting - 1);
        bar.inc(1);
        // A subject of another kind is none of a service's; nobody decides on it.
        keys.extend(layout.parse(&message.subject).map(|(key, _)| key));
        if keys.len() > MOST {
            bar.finish_and_clear();
            return Err(Failure::Refused(format!(
                "more than {MOST} of stream {} have entries in this time; say a later --since, or name some with --order",
                layout.stream
            )));
        }
    }
    bar.finish_and_clear();
    Ok(keys)
}
