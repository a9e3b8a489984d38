//! Following the two streams: what comes while the owner is busy joins the burst that is being gathered.

use std::time::Duration;

use async_nats::jetstream::{self, stream::LastRawMessageErrorKind};
use engine::{Checkpoint, Journal, Tail, TailError, Tailed};
use fulfilment::Fulfilment;
use service::quarantine::{Kind, Meta, Quarantined, Reason, quarantine};
use service::{metrics::Metrics, streams};
use tokio::sync::mpsc;

use crate::projection::{Applied, Burst, Unread};

/// The most messages folded in one burst.
pub const MOST: usize = 4_096;
/// How long to wait before trying again what the broker did not take.
const PAUSE: Duration = Duration::from_millis(500);

/// A stream that is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Followed {
    /// The event store.
    Orders,
    /// Movements that belong to no order.
    Stock,
}

impl Followed {
    /// The stream's name.
    #[must_use]
    pub const fn stream(self) -> &'static str {
        match self {
            Self::Orders => streams::ORDERS,
            Self::Stock => streams::STOCK,
        }
    }

    /// How far a projection has folded it.
    #[must_use]
    pub const fn folded(self, applied: &Applied) -> u64 {
        match self {
            Self::Orders => applied.orders,
            Self::Stock => applied.stock,
        }
    }

    const fn subjects(self) -> &'static str {
        match self {
            Self::Orders => streams::ORDERS_SUBJECTS,
            Self::Stock => streams::STOCK_SUBJECTS,
        }
    }
}

/// Reads a stream into bursts.
pub struct Follower {
    which: Followed,
    tail: Tail,
    journal: Journal<Fulfilment>,
    js: jetstream::Context,
    metrics: Metrics,
    /// The last message of this stream that is in quarantine already.
    quarantined_to: u64,
}

impl Follower {
    /// Follows a stream from a checkpoint.
    ///
    /// # Errors
    /// [`TailError::Changed`] when the stream is not the one the checkpoint was taken of.
    pub async fn open(
        js: &jetstream::Context,
        which: Followed,
        from: Option<&Checkpoint>,
        metrics: Metrics,
    ) -> Result<Self, TailError> {
        let tail = Tail::open(js, which.stream(), which.subjects(), from).await?;
        let quarantined_to = last_quarantined(js, which)
            .await
            .map_err(|source| TailError::Broker { stream: streams::QUARANTINE.to_owned(), source })?;
        let journal = Journal::new(js.clone(), fulfilment::LAYOUT);
        Ok(Self { which, tail, journal, js: js.clone(), metrics, quarantined_to })
    }

    /// Hands bursts to the owner until it takes no more.
    pub async fn run(mut self, owner: mpsc::Sender<Burst>) {
        let mut gathered = Burst::default();
        loop {
            let room = MOST.saturating_sub(gathered.messages);
            tokio::select! {
                biased;
                permit = owner.reserve(), if !gathered.is_empty() => match permit {
                    Ok(permit) => {
                        self.metrics.burst.observe(gathered.messages as f64);
                        permit.send(std::mem::take(&mut gathered));
                    }
                    Err(_) => return,
                },
                messages = self.tail.next_burst(room), if room > 0 => self.gather(messages, &mut gathered).await,
            }
        }
    }

    async fn gather(&mut self, messages: Vec<Tailed>, gathered: &mut Burst) {
        self.metrics.received.inc_by(messages.len() as u64);
        let to = self.tail.checkpoint();
        let unread = match self.which {
            Followed::Orders => gathered.add_orders(&self.journal, messages, to),
            Followed::Stock => gathered.add_stock(messages, to),
        };
        for unread in unread {
            self.quarantine(unread).await;
        }
    }

    /// Puts a message nobody here can read into quarantine before the projection goes on past it.
    async fn quarantine(&mut self, unread: Unread) {
        let Unread { message, why } = unread;
        if message.sequence <= self.quarantined_to {
            return;
        }
        let received = jiff::Timestamp::from_millisecond(message.recorded.as_millis());
        let about = Meta {
            service: crate::ABOUT.name.to_owned(),
            partner: self.which.stream().to_owned(),
            stream: self.which.stream().to_owned(),
            sequence: message.sequence,
            subject: message.subject,
            headers: std::collections::BTreeMap::new(),
            received: received.unwrap_or_default(),
            tries: 1,
            reason: Reason::new(Kind::UnknownEvent, why),
            left_in_stream: false,
        };
        let quarantined = Quarantined { about, raw: message.payload };
        while let Err(error) = quarantine(&self.js, &quarantined).await {
            tracing::warn!(%error, "trying again");
            tokio::time::sleep(PAUSE).await;
        }
        self.metrics.quarantined.inc();
        self.quarantined_to = message.sequence;
    }
}

/// The last message of a stream that this service put into quarantine; 0 when there is none. They go there in stream
/// order, so a rebuild need not put them there again.
async fn last_quarantined(js: &jetstream::Context, which: Followed) -> Result<u64, async_nats::Error> {
    let stream = js.get_stream_no_info(streams::QUARANTINE).await?;
    let subject = streams::quarantine(crate::ABOUT.name, which.stream());
    match stream.get_last_raw_message_by_subject(&subject).await {
        Ok(message) => {
            let last = Quarantined::from_message(Some(&message.headers), &message.payload)?;
            Ok(last.about.sequence)
        }
        Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(0),
        Err(error) => Err(error.into()),
    }
}
