//! Retention: an event store keeps its entries for so long, and loses its oldest end. What nears that limit and is open, or is not
//! wholly in the archive, would be lost: it is an alarm, and stretches the limit until it is archived.
//!
//! Once a day (a setting) every order of the projection, and every return at the old end of its stream, is looked at. What ended and
//! has entries that no archive holds, such as a late bill, is archived again. What is left is told as an alert, in the metrics and in
//! `waybill status`. The limit goes back to the declared one when nothing needs it to be longer.

mod again;
mod alert;
mod check;
mod limit;
mod look;
mod shown;
mod standing;

use std::time::Duration;

use async_nats::jetstream;
use engine::Journal;
use fulfilment::Fulfilment;
use model::Timestamp;
use service::metrics::Metrics;
use service::{Shutdown, streams};
use tokio::sync::watch;

use crate::archive::{Keeper, Reader};
use crate::projection::Switch;
use crate::queries::Lag;
use crate::settings::Settings;
use crate::view::View;

pub use alert::{Cause, RetentionAlert};
use check::{Rules, decide};
use shown::Gauges;

/// How often it is looked whether the projection has caught up, before which nothing is judged.
const POLL: Duration = Duration::from_millis(200);
/// A check that failed is made again after this time, or after the usual one if that is shorter.
const RETRY: Duration = Duration::from_secs(60);

/// Watches over what nears the age limits.
pub struct Retention {
    js: jetstream::Context,
    view: View,
    live: Switch,
    keeper: Keeper,
    reader: Reader,
    orders: Journal<Fulfilment>,
    returns: Journal<Fulfilment>,
    window: Duration,
    every: Duration,
    metrics: Metrics,
    gauges: Gauges,
    shown: watch::Sender<Lag>,
}

impl Retention {
    /// Ready to watch.
    ///
    /// # Errors
    /// When the object store ARCHIVE is not there.
    pub async fn open(
        js: &jetstream::Context,
        settings: &Settings,
        keeper: Keeper,
        view: View,
        live: Switch,
        metrics: &Metrics,
        shown: watch::Sender<Lag>,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            js: js.clone(),
            view,
            live,
            keeper,
            reader: Reader::open(js).await?,
            orders: Journal::new(js.clone(), fulfilment::LAYOUT),
            returns: Journal::new(js.clone(), returns::LAYOUT),
            window: settings.retention.window,
            every: settings.retention.every,
            metrics: metrics.clone(),
            gauges: Gauges::register(metrics),
            shown,
        })
    }

    /// Checks again and again until told to end.
    ///
    /// # Errors
    /// None: a check that fails is made again.
    pub async fn run(self, shutdown: Shutdown) -> anyhow::Result<()> {
        let work = async {
            loop {
                while !self.live.is_live() {
                    tokio::time::sleep(POLL).await;
                }
                let pause = match self.check().await {
                    Ok(()) => self.every,
                    Err(error) => {
                        let error = format!("{error:#}");
                        tracing::warn!(error, "cannot check what nears the streams' age limits; trying again");
                        self.every.min(RETRY)
                    }
                };
                tokio::time::sleep(pause).await;
            }
        };
        tokio::select! {
            () = shutdown.triggered() => {}
            () = work => {}
        }
        Ok(())
    }

    async fn check(&self) -> anyhow::Result<()> {
        let checked = [self.check_stream(&self.orders).await, self.check_stream(&self.returns).await];
        let (mut alerts, mut failed) = (Vec::new(), Ok(()));
        for checked in checked {
            match checked {
                Ok(found) => alerts.extend(found),
                Err(error) => failed = Err(error),
            }
        }
        // What is known is told, also where one stream could not be looked at.
        if failed.is_ok() || !alerts.is_empty() {
            self.gauges.count(&alerts);
            self.shown.send_modify(|shown| shown.retention.clone_from(&alerts));
        }
        alert::publish(&self.js, &alerts, now()).await?;
        failed
    }

    /// Looks at the instances of one workflow, and sees to its stream's limit. Nothing is taken from a limit before all were seen.
    async fn check_stream(&self, journal: &Journal<Fulfilment>) -> anyhow::Result<Vec<RetentionAlert>> {
        let stream = journal.layout().stream;
        let kept = limit::read(&self.js, stream).await?;
        self.gauges.limit(stream, kept.limit);
        if kept.limit.is_zero() {
            // It keeps all for ever: nothing nears anything.
            return Ok(Vec::new());
        }
        let rules = Rules { declared: kept.unstretched, window: self.window };
        let found = if stream == streams::ORDERS {
            self.look_at_orders(rules, kept.begins).await?
        } else {
            self.look_at_returns(journal, rules, &kept).await?
        };
        let wanted = decide(now(), rules, kept.limit, &found);
        if wanted != kept.limit {
            limit::set(&self.js, stream, wanted, rules.declared).await?;
            let (from, to) = (limit::words(kept.limit), limit::words(wanted));
            if wanted > kept.limit {
                tracing::warn!(stream, from, to, "the age limit is stretched: what is open or not archived nears it");
            } else {
                tracing::info!(stream, from, to, "the age limit is taken back: nothing needs it to be longer");
            }
        }
        self.gauges.limit(stream, wanted);
        Ok(alert::of(stream, rules.declared, wanted, &found, now()))
    }
}

fn now() -> Timestamp {
    Timestamp::from_millis(jiff::Timestamp::now().as_millisecond())
}
