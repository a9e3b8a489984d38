//! What is counted of retention.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use service::metrics::Metrics;
use service::streams;

use super::alert::{Cause, RetentionAlert};

/// Which stream a number is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfStream {
    stream: String,
}

/// Which stream, and what is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfCause {
    stream: String,
    cause: String,
}

/// What is counted.
#[derive(Debug, Clone, Default)]
pub(super) struct Gauges {
    near: Family<OfCause, Gauge>,
    limit: Family<OfStream, Gauge>,
    again: Counter,
}

impl Gauges {
    /// Registered with a service's metrics.
    pub fn register(metrics: &Metrics) -> Self {
        let gauges = Self::default();
        metrics.register("near_age_limit", "Orders and returns that would be lost", gauges.near.clone());
        metrics.register("age_limit_seconds", "How long an event store keeps its entries", gauges.limit.clone());
        metrics.register("archived_again", "Trails archived again with what came later", gauges.again.clone());
        gauges
    }

    /// How many would be lost, by stream and cause.
    pub fn count(&self, alerts: &[RetentionAlert]) {
        for stream in [streams::ORDERS, streams::RETURNS] {
            for cause in [Cause::Open, Cause::Unarchived] {
                let own = alerts.iter().find(|alert| alert.stream == stream && alert.cause == cause);
                let label = OfCause { stream: stream.to_owned(), cause: cause.as_str().to_owned() };
                let count = own.map_or(0, |alert| alert.count);
                self.near.get_or_create(&label).set(i64::try_from(count).unwrap_or(i64::MAX));
            }
        }
    }

    /// How long a stream keeps its entries.
    pub fn limit(&self, stream: &str, limit: Duration) {
        let label = OfStream { stream: stream.to_owned() };
        self.limit.get_or_create(&label).set(i64::try_from(limit.as_secs()).unwrap_or(i64::MAX));
    }

    /// A trail was archived again.
    pub fn again(&self) {
        self.again.inc();
    }
}
