//! Where a message stands in its stream, and how often it has been delivered.

use async_nats::jetstream;
use model::Timestamp;

/// One delivery of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivery {
    /// The message's place in its stream.
    pub sequence: u64,
    /// When the broker took it in.
    pub received: Timestamp,
    /// The number of this delivery, from 1.
    pub tries: u64,
}

impl Delivery {
    /// The delivery of a message; `None` for one that no consumer delivered.
    pub fn of(message: &jetstream::Message) -> Option<Self> {
        let info = message.info().ok()?;
        Some(Self {
            sequence: info.stream_sequence,
            received: Timestamp::from_nanos(info.published.unix_timestamp_nanos()),
            tries: u64::try_from(info.delivered).unwrap_or(1),
        })
    }

    /// Seconds from the message's arrival until now.
    pub fn age(&self) -> f64 {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let millis = i64::try_from(now.as_millis()).unwrap_or(i64::MAX).saturating_sub(self.received.as_millis());
        millis.max(0) as f64 / 1_000.0
    }
}
