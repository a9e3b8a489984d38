//! Working through a consumer's messages, many at once, in one task.

use std::future::Future;

use async_nats::jetstream::{self, AckKind};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use service::consume::Bursts;
use service::metrics::Metrics;

use crate::patience;

/// What becomes of a message once it has been worked on.
#[derive(Debug, PartialEq, Eq)]
pub enum Settled {
    /// Its work is done.
    Done,
    /// It waits, and is delivered again after the patience of its try.
    Parked,
    /// The broker did not do its part; it is delivered again after a while, however often that takes.
    Failed,
}

/// Hands each message to `work`, `in_flight` at once at the most, and acknowledges it as its work turned out. Returns
/// when shutting down, with everything in flight finished.
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
    loop {
        let room = in_flight.saturating_sub(working.len());
        tokio::select! {
            biased;
            Some(()) = working.next() => {}
            burst = bursts.next_burst(room), if room > 0 => match burst {
                Some(burst) => {
                    note(durable, metrics, &burst);
                    working.extend(burst.into_iter().map(&work));
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
pub async fn acknowledge(message: &jetstream::Message, tries: u64, settled: Settled, metrics: &Metrics) {
    let told = match settled {
        Settled::Done => {
            metrics.acked.inc();
            message.ack().await
        }
        Settled::Parked => message.ack_with(AckKind::Nak(Some(patience::pause(tries)))).await,
        Settled::Failed => message.ack_with(AckKind::Nak(Some(patience::pause_of_failure(tries)))).await,
    };
    if let Err(error) = told {
        tracing::debug!(subject = %message.subject, %error, "an acknowledgement was lost");
    }
}
