//! Working through a consumer's messages, many at once, in one task.

use std::future::Future;
use std::time::Duration;

use async_nats::jetstream::{self, AckKind};
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use service::consume::Bursts;
use service::metrics::Metrics;

use crate::delivery::Delivery;
use crate::patience;

/// What becomes of a message once it has been worked on.
#[derive(Debug, PartialEq, Eq)]
pub enum Settled {
    /// Its work is done.
    Done,
    /// It waits, and is delivered again after the patience of its try.
    Parked,
    /// It waits for another, and is delivered again after this time.
    Behind(Duration),
    /// The broker did not do its part; it is delivered again after a while, however often that takes.
    Failed,
}

/// How many bytes of messages are worked on at once: what becomes of them in memory is a multiple of it. One burst may
/// go beyond.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// How much is being worked on.
#[derive(Debug, Default)]
struct Load {
    messages: usize,
    bytes: usize,
}

impl Load {
    /// How many more messages may be taken on.
    fn room(&self, in_flight: usize) -> usize {
        if self.bytes < MOST_BYTES { in_flight.saturating_sub(self.messages) } else { 0 }
    }

    fn takes_on(&mut self, bytes: usize) {
        self.messages += 1;
        self.bytes += bytes;
    }

    fn is_rid_of(&mut self, bytes: usize) {
        self.messages -= 1;
        self.bytes -= bytes;
    }
}

/// Hands each message to `work`, `in_flight` at once at the most and no more than some 16 MiB of them, and acknowledges it
/// as its work turned out. Returns when shutting down, with everything in flight finished.
pub async fn pump<'a, F>(
    bursts: &mut Bursts,
    durable: &str,
    in_flight: usize,
    metrics: &Metrics,
    work: impl Fn(jetstream::Message) -> F + 'a,
) where
    F: Future<Output = ()> + 'a,
{
    let mut working = FuturesUnordered::new();
    let mut load = Load::default();
    loop {
        let room = load.room(in_flight);
        tokio::select! {
            biased;
            Some(bytes) = working.next() => load.is_rid_of(bytes),
            burst = bursts.next_burst(room), if room > 0 => match burst {
                Some(burst) => {
                    note(durable, metrics, &burst);
                    for message in burst {
                        let bytes = message.length;
                        load.takes_on(bytes);
                        // An async block would hold the future twice, before and while it is awaited.
                        working.push(work(message).map(move |()| bytes));
                    }
                }
                None => break,
            },
        }
    }
    while working.next().await.is_some() {}
}

fn note(durable: &str, metrics: &Metrics, burst: &[jetstream::Message]) {
    metrics.received.inc_by(burst.len() as u64);
    metrics.burst.observe(burst.len() as f64);
    if let Some(info) = burst.last().and_then(|message| message.info().ok()) {
        metrics.set_lag(durable, info.pending);
    }
}

/// Tells the broker what became of a message. A lost word means one more delivery, which changes nothing.
pub async fn acknowledge(message: &jetstream::Message, delivery: Delivery, settled: Settled, metrics: &Metrics) {
    let Delivery { sequence, tries, .. } = delivery;
    let told = match settled {
        Settled::Done => {
            metrics.acked.inc();
            message.ack().await
        }
        Settled::Behind(pause) => message.ack_with(AckKind::Nak(Some(pause))).await,
        Settled::Parked => message.ack_with(AckKind::Nak(Some(patience::pause(sequence, tries)))).await,
        Settled::Failed => message.ack_with(AckKind::Nak(Some(patience::pause_of_failure(sequence, tries)))).await,
    };
    if let Err(error) = told {
        tracing::debug!(subject = %message.subject, %error, "an acknowledgement was lost");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_messages_are_few_at_once() {
        const LARGE: usize = 7 * 1024 * 1024;
        let mut load = Load::default();
        assert_eq!(load.room(256), 256);
        (0..3).for_each(|_| load.takes_on(LARGE));
        assert_eq!(load.room(256), 0, "three of 7 MiB");
        load.is_rid_of(LARGE);
        assert_eq!(load.room(256), 254);
        assert_eq!(load.room(1), 0);
    }
}
