//! What every service counts, in the Prometheus text format. Each service has its own registry, so several can share a
//! process.

use crate::process;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Metric, Registry, Unit};
use std::borrow::Cow;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

/// All metrics begin with this.
const PREFIX: &str = "waybill";

/// The instruments all services share. Clones count into the same ones.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Arc<Mutex<Registry>>,
    /// Messages received from a stream.
    pub received: Counter,
    /// Entries appended to an order.
    pub appended: Counter,
    /// Messages acknowledged.
    pub acked: Counter,
    /// Messages quarantined.
    pub quarantined: Counter,
    /// Appends that lost to another writer and were decided again.
    pub conflicts: Counter,
    /// Messages handled at once.
    pub burst: Histogram,
    /// Seconds from a message's arrival in its stream until its work was done.
    pub latency: Histogram,
    /// Messages that wait in a consumer.
    pub lag: Family<ConsumerLabel, Gauge>,
    resident: Gauge,
    cpu: Gauge<f64, AtomicU64>,
}

/// Which consumer a number is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ConsumerLabel {
    /// Its durable name.
    pub consumer: String,
}

impl Metrics {
    /// Fresh instruments, each labelled with the service's name.
    pub fn new(service: &str) -> Self {
        let label = (Cow::from("service"), Cow::from(service.to_owned()));
        let metrics = Self {
            registry: Arc::new(Mutex::new(Registry::with_prefix_and_labels(PREFIX, [label].into_iter()))),
            received: Counter::default(),
            appended: Counter::default(),
            acked: Counter::default(),
            quarantined: Counter::default(),
            conflicts: Counter::default(),
            // 1 to 2,048 messages.
            burst: Histogram::new(exponential_buckets(1.0, 2.0, 12)),
            // Half a millisecond to 16 seconds.
            latency: Histogram::new(exponential_buckets(0.0005, 2.0, 16)),
            lag: Family::default(),
            resident: Gauge::default(),
            cpu: Gauge::default(),
        };
        metrics.register("messages_received", "Messages received from a stream", metrics.received.clone());
        metrics.register("entries_appended", "Entries appended to an order", metrics.appended.clone());
        metrics.register("messages_acked", "Messages acknowledged", metrics.acked.clone());
        metrics.register("messages_quarantined", "Messages quarantined", metrics.quarantined.clone());
        metrics.register("append_conflicts", "Appends that lost to another writer", metrics.conflicts.clone());
        metrics.register("burst_messages", "Messages handled at once", metrics.burst.clone());
        metrics.register("lag_messages", "Messages that wait in a consumer", metrics.lag.clone());
        metrics.with_registry(|registry| {
            let latency = metrics.latency.clone();
            registry.register_with_unit("latency", "From arrival until the work was done", Unit::Seconds, latency);
            let resident = metrics.resident.clone();
            registry.register_with_unit("resident_memory", "Memory held in RAM", Unit::Bytes, resident);
            let cpu = metrics.cpu.clone();
            registry.register_with_unit("cpu", "Processor time used since the start", Unit::Seconds, cpu);
        });
        metrics
    }

    /// Adds an instrument of the service's own; counters get `_total` by themselves.
    pub fn register(&self, name: &str, help: &str, metric: impl Metric) {
        self.with_registry(|registry| registry.register(name, help, metric));
    }

    /// Adds instruments that are read when somebody asks for them.
    pub fn collect(&self, collector: Box<dyn Collector>) {
        self.with_registry(|registry| registry.register_collector(collector));
    }

    /// The number of messages that wait in a consumer.
    pub fn set_lag(&self, consumer: &str, messages: u64) {
        let label = ConsumerLabel { consumer: consumer.to_owned() };
        self.lag.get_or_create(&label).set(i64::try_from(messages).unwrap_or(i64::MAX));
    }

    /// Everything in the Prometheus (OpenMetrics) text format.
    ///
    /// # Errors
    /// When an instrument of the service's own cannot be written.
    pub fn encode(&self) -> Result<String, std::fmt::Error> {
        if let Some(usage) = process::usage() {
            self.resident.set(i64::try_from(usage.resident_bytes).unwrap_or(i64::MAX));
            self.cpu.set(usage.cpu_seconds);
        }
        let mut text = String::new();
        self.with_registry(|registry| prometheus_client::encoding::text::encode(&mut text, registry))?;
        Ok(text)
    }

    fn with_registry<R>(&self, act: impl FnOnce(&mut Registry) -> R) -> R {
        act(&mut self.registry.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_shown_with_the_service_name() {
        let metrics = Metrics::new("orchestrator");
        metrics.received.inc_by(3);
        metrics.latency.observe(0.004);
        metrics.set_lag("decide", 12);
        let own: Counter = Counter::default();
        metrics.register("deadlines_fired", "Deadlines fired", own.clone());
        own.inc();
        let text = metrics.encode().unwrap();
        for line in [
            r#"waybill_messages_received_total{service="orchestrator"} 3"#,
            r#"waybill_lag_messages{service="orchestrator",consumer="decide"} 12"#,
            r#"waybill_deadlines_fired_total{service="orchestrator"} 1"#,
            r#"waybill_latency_seconds_count{service="orchestrator"} 1"#,
        ] {
            assert!(text.contains(line), "{line} in\n{text}");
        }
        assert!(!Metrics::new("visibility").encode().unwrap().contains("orchestrator"), "a registry each");
    }
}
