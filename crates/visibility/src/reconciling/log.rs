//! The log of orders up to a cut-off, from its first entry, with every gap noticed.

use async_nats::jetstream::{self, message::StreamMessage};
use engine::{Tail, TailError, Tailed};
use model::Timestamp;
use serde::Serialize;
use service::streams;

use super::{CutOff, ReconcileError};

/// Messages taken at once.
const BURST: usize = 4_096;
/// The most gaps that are named.
const MOST_GAPS: usize = 100;

/// Entries that the log lacks, although it has some before and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// The first that is not there.
    pub from: u64,
    /// The last that is not there.
    pub to: u64,
}

/// The log up to a cut-off.
pub(crate) struct Log {
    tail: Tail,
    first: u64,
    until: u64,
    as_of: Timestamp,
}

/// What was read.
pub(crate) struct Done {
    pub entries: u64,
    pub gaps: Vec<Gap>,
}

impl Log {
    /// Opens the log, and finds its cut-off.
    pub async fn open(js: &jetstream::Context, cut_off: CutOff) -> Result<Self, ReconcileError> {
        let broker = |source: async_nats::Error| ReconcileError::Broker { stream: streams::ORDERS, source };
        let stream = js.get_stream(streams::ORDERS).await.map_err(|error| broker(error.into()))?;
        let state = &stream.cached_info().state;
        // Of a stream that never held anything both are 0.
        let (first, last) = (state.first_sequence.max(1), state.last_sequence);
        let (until, as_of) = match cut_off {
            CutOff::End(now) => (last, now),
            CutOff::Time(at) => (last_by(&stream, first, last, at).await.map_err(broker)?, at),
            CutOff::Sequence(wanted) if (first..=last).contains(&wanted) => {
                let message = stream.direct_get(wanted).await.map_err(|error| broker(error.into()))?;
                (wanted, recorded(&message))
            }
            CutOff::Sequence(wanted) => return Err(ReconcileError::CutOff { first, last, wanted }),
        };
        let tail = Tail::open(js, streams::ORDERS, streams::ORDERS_SUBJECTS, None).await?;
        Ok(Self { tail, first, until, as_of })
    }

    /// The last entry that counts; 0 when none does.
    pub const fn until(&self) -> u64 {
        self.until
    }

    /// The time of the cut-off.
    pub const fn as_of(&self) -> Timestamp {
        self.as_of
    }

    /// Hands over every message up to the cut-off.
    pub async fn read(
        mut self,
        mut take: impl FnMut(Tailed),
        progress: &mut impl FnMut(u64, u64),
    ) -> Result<Done, TailError> {
        let mut done = Done { entries: 0, gaps: Vec::new() };
        let mut next = self.first;
        let total = (self.until + 1).saturating_sub(self.first);
        while next <= self.until {
            for message in self.tail.next_burst(BURST).await {
                if message.sequence > next && done.gaps.len() < MOST_GAPS {
                    done.gaps.push(Gap { from: next, to: (message.sequence - 1).min(self.until) });
                }
                next = message.sequence + 1;
                if message.sequence <= self.until {
                    done.entries += 1;
                    take(message);
                }
            }
            progress((next - self.first).min(total), total);
        }
        Ok(done)
    }
}

/// The last message that was recorded by then, found by halving: the broker takes messages in by the clock.
async fn last_by(
    stream: &jetstream::stream::Stream,
    first: u64,
    last: u64,
    by: Timestamp,
) -> Result<u64, async_nats::Error> {
    let (mut known, mut end) = (first.saturating_sub(1), last);
    while known < end {
        let middle = known + (end - known).div_ceil(2);
        // Where there is a gap, what comes after it.
        let message = stream.direct_get_next_for_subject(streams::ORDERS_SUBJECTS, Some(middle)).await?;
        if message.sequence <= end && recorded(&message) <= by {
            known = message.sequence;
        } else {
            end = middle - 1;
        }
    }
    Ok(known)
}

fn recorded(message: &StreamMessage) -> Timestamp {
    Timestamp::from_nanos(message.time.unix_timestamp_nanos())
}
