//! A consumer of which the broker serves one process at a time, so that what it reads is worked on in order.
//!
//! When another process is served than before, it would get what is new first, and what the one before left
//! unacknowledged when its time is up. So it has the broker start over behind what is acknowledged, and drops what came
//! ahead of that: all of it comes again. To be the one served is no exclusivity: the other process may not know yet that
//! it is not, and finish what it has begun.

use super::Consume;
use async_nats::jetstream::{self, consumer::PriorityPolicy, consumer::pull};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// The one group of processes of which the broker serves one.
const GROUP: &str = "one";
/// How long a process that stopped asking stays the one served.
const PIN_WAIT: Duration = Duration::from_secs(6);
/// How long one pull request of it stands; well below PIN_WAIT, so that an idle process keeps its place.
pub(super) const EXPIRES: Duration = Duration::from_secs(2);
/// How long after the broker started over a message may come that was sent before.
const STALE: Duration = Duration::from_secs(2);
/// Starting over delivers again what is acknowledged behind something that is not. More than this is not delivered
/// again; then what the other process left comes when its time is up.
const MOST_AGAIN: u64 = 1_000;

/// Whether this process is the one served, as far as it has been told.
#[derive(Default)]
pub(super) struct Pin {
    /// The broker's word for it, another one each time.
    word: Option<String>,
    change: Option<Change>,
    /// Before this message was dropped, none behind it is taken, but not for longer than until then.
    awaited: Option<(u64, Instant)>,
}

/// This process is served and was not before.
struct Change {
    /// The first message it got.
    first: jetstream::Message,
    /// Has the broker start over; false when it did not, or need not. A task of its own, so that who waits for it may stop.
    starting_over: JoinHandle<bool>,
}

impl Pin {
    pub(super) fn configure(config: &mut pull::Config) {
        config.priority_policy = PriorityPolicy::PinnedClient;
        config.priority_groups = vec![GROUP.to_owned()];
        config.priority_timeout = PIN_WAIT;
    }

    /// The message, unless it has to wait for [`Pin::changed`] or is dropped because it will come again.
    pub(super) fn admit(
        &mut self,
        message: jetstream::Message,
        js: &jetstream::Context,
        consume: &Consume,
    ) -> Option<jetstream::Message> {
        let word = message.headers.as_ref().and_then(|headers| headers.get(async_nats::header::NATS_PIN_ID));
        let Some(word) = word.map(async_nats::HeaderValue::as_str) else { return Some(message) };
        let (sequence, delivery) = place(&message)?;
        if self.word.as_deref() != Some(word) {
            self.word = Some(word.to_owned());
            let starting_over = start_over(js.clone(), consume.stream.clone(), consume.durable.clone(), delivery);
            self.change = Some(Change { first: message, starting_over: tokio::spawn(starting_over) });
            return None;
        }
        match self.awaited {
            Some((awaited, until)) if sequence > awaited && Instant::now() < until => None,
            Some(_) | None => {
                self.awaited = None;
                Some(message)
            }
        }
    }

    /// Waits until the broker has started over, if it has to; returns the first message, if that does not come again.
    pub(super) async fn changed(&mut self) -> Option<jetstream::Message> {
        let started_over = (&mut self.change.as_mut()?.starting_over).await.unwrap_or(false);
        let Change { first, .. } = self.change.take()?;
        if !started_over {
            return Some(first);
        }
        self.awaited = place(&first).map(|(sequence, _)| (sequence, Instant::now() + STALE));
        None
    }

    /// Has the broker serve another process at once.
    pub(super) async fn let_go(&mut self, js: &jetstream::Context, consume: &Consume) {
        if self.word.take().is_none() {
            return;
        }
        let Ok(stream) = js.get_stream_no_info(&consume.stream).await else { return };
        if let Err(error) = stream.unpin_consumer(&consume.durable, GROUP).await {
            tracing::debug!(durable = consume.durable, %error, "another process is served in a moment");
        }
    }
}

/// A message's place in its stream, and the number of its delivery.
fn place(message: &jetstream::Message) -> Option<(u64, u64)> {
    message.info().ok().map(|info| (info.stream_sequence, info.consumer_sequence))
}

/// Has the broker deliver again what another process left unacknowledged before the delivery with this number (ADR-60;
/// servers before 2.14 deliver it when its time is up). Returns whether it does.
async fn start_over(js: jetstream::Context, stream: String, durable: String, first: u64) -> bool {
    let asked = async {
        let stream = js.get_stream_no_info(&stream).await.ok()?;
        let info = stream.consumer_info(&durable).await.ok()?;
        let before = (first - 1).saturating_sub(info.ack_floor.consumer_sequence);
        let since = (info.delivered.consumer_sequence + 1).saturating_sub(first);
        let left = (info.num_ack_pending as u64).saturating_sub(since);
        if before == 0 || left == 0 || before.saturating_sub(left) > MOST_AGAIN {
            tracing::info!(durable, left, before, "this process is served; nothing is delivered again for it");
            return Some(false);
        }
        tracing::info!(durable, left, before, "this process is served; what another left is delivered again");
        Some(stream.reset_consumer(&durable, None).await.is_ok())
    };
    asked.await.unwrap_or(false)
}
