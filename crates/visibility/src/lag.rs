//! How far the projection is behind its streams, and whether they are still the same.

use std::time::Duration;

use async_nats::jetstream;
use engine::Checkpoint;
use model::Timestamp;
use prometheus_client::metrics::gauge::Gauge;
use service::metrics::Metrics;
use service::readiness::Latch;
use tokio::sync::watch;

use crate::follow::Followed;
use crate::projection::{Applied, Switch};
use crate::queries::{Lag, StreamLag};

/// How often the streams are asked how long they are.
const EVERY: Duration = Duration::from_secs(1);
/// The same until it has caught up for the first time, for which others may wait.
const EVERY_AT_FIRST: Duration = Duration::from_millis(50);
/// Closer than this the projection has caught up, once it has folded all there was when it was opened.
const NEAR: u64 = 1_000;
/// Further than this it no longer has; in between it stays as it was.
const FAR: u64 = 20_000;

/// Watches how far the projection is behind.
pub struct Watcher {
    /// To ask the streams.
    pub js: jetstream::Context,
    /// How far the projection has come.
    pub applied: watch::Receiver<Applied>,
    /// What it switches when it has caught up.
    pub live: Switch,
    /// The same for the outside.
    pub latch: Latch,
    /// Where the lag is counted.
    pub metrics: Metrics,
    /// Where the rows are counted.
    pub gauges: Gauges,
    /// Where the lag is asked for.
    pub shown: watch::Sender<Lag>,
}

/// What is counted of the projection itself.
#[derive(Debug, Clone, Default)]
pub struct Gauges {
    folded: Gauge,
    orders: Gauge,
    movements: Gauge,
}

impl Gauges {
    /// Registered with a service's metrics.
    #[must_use]
    pub fn register(metrics: &Metrics) -> Self {
        let gauges = Self::default();
        metrics.register("entries_folded", "Entries folded since the start", gauges.folded.clone());
        metrics.register("orders", "Orders in the projection", gauges.orders.clone());
        metrics.register("stock_movements", "Movements of stock in the projection", gauges.movements.clone());
        gauges
    }

    fn show(&self, applied: &Applied) {
        let shown = [(&self.folded, applied.folded), (&self.orders, applied.totals.orders)];
        for (gauge, value) in shown.into_iter().chain([(&self.movements, applied.totals.movements)]) {
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        }
    }
}

/// A stream's end, and when it was created.
struct End {
    created: Timestamp,
    last: u64,
}

impl Watcher {
    /// Looks at the streams again and again. Returns when one of them is no longer the one that was followed, with how
    /// it differs.
    pub async fn run(&self, orders: Option<Checkpoint>, stock: Option<Checkpoint>) -> String {
        let followed = [(Followed::Orders, orders), (Followed::Stock, stock)];
        let mut followed = followed.map(|(which, checkpoint)| (which, checkpoint.map(|c| c.created), None));
        self.shown.send_modify(|shown| shown.streams.clear());
        loop {
            for (which, created, goal) in &mut followed {
                // Before the stream is asked: what comes in meanwhile is folded meanwhile, and lies behind the end it tells.
                let folded = which.folded(&self.applied.borrow());
                match self.end_of(*which).await {
                    Ok(end) => {
                        goal.get_or_insert(end.last);
                        if let Some(what) = self.note(*which, folded, &end, created) {
                            return what;
                        }
                    }
                    Err(error) => tracing::debug!(stream = which.stream(), %error, "cannot ask how long it is"),
                }
            }
            let applied = *self.applied.borrow();
            let reached =
                followed.iter().all(|(which, _, goal)| goal.is_some_and(|goal| which.folded(&applied) >= goal));
            self.judge(reached);
            self.gauges.show(&applied);
            tokio::time::sleep(if reached { EVERY } else { EVERY_AT_FIRST }).await;
        }
    }

    async fn end_of(&self, which: Followed) -> Result<End, async_nats::Error> {
        let stream = self.js.get_stream(which.stream()).await?;
        let info = stream.cached_info();
        let created = Timestamp::from_nanos(info.created.unix_timestamp_nanos());
        Ok(End { created, last: info.state.last_sequence })
    }

    /// Keeps what was seen of a stream; says how it differs from what was followed, if it does.
    fn note(&self, which: Followed, folded: u64, end: &End, created: &mut Option<Timestamp>) -> Option<String> {
        let name = which.stream();
        if *created.get_or_insert(end.created) != end.created {
            return Some(format!("stream {name} was deleted and created anew at {}", end.created));
        }
        if end.last < folded {
            return Some(format!("stream {name} ends at {}, before {folded}", end.last));
        }
        let lag = StreamLag { stream: name.to_owned(), folded, end: end.last, lag: end.last - folded };
        self.metrics.set_lag(name, lag.lag);
        self.shown.send_modify(|shown| {
            shown.streams.retain(|other| other.stream != name);
            shown.streams.push(lag);
            shown.streams.sort_by(|one, other| one.stream.cmp(&other.stream));
        });
        None
    }

    /// Says whether it has caught up. It has not before it `reached` what was there when it was opened.
    fn judge(&self, reached: bool) {
        let behind = self.shown.borrow().streams.iter().map(|stream| stream.lag).max();
        let caught_up = match behind {
            Some(..NEAR) => reached,
            Some(NEAR..=FAR) => reached && self.live.is_live(),
            Some(_) | None => false,
        };
        self.live.set_live(caught_up);
        self.shown.send_modify(|shown| shown.caught_up = caught_up);
        if caught_up {
            self.latch.set_ready();
        } else {
            self.latch.set_not_ready(format!("{} entries behind", behind.unwrap_or_default()));
        }
    }
}
