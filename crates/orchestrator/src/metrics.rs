//! The decide loop's numbers as metrics. They are read when somebody asks for them.

use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use service::metrics::Metrics;

use crate::Tally;

/// Shows the tally with the service's metrics.
pub(crate) fn register(metrics: &Metrics, tally: &Tally) {
    metrics.collect(Box::new(Shown(Tally::clone(tally))));
}

#[derive(Debug)]
struct Shown(Tally);

impl Collector for Shown {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let tally = &self.0;
        let counters: [(&str, &str, &AtomicU64); 7] = [
            ("entries_taken_in", "Entries taken in", &tally.received),
            ("decisions_appended", "Entries of decisions appended", &tally.decided),
            ("decisions_conflicted", "Appends that another decision beat", &tally.conflicts),
            ("orders_read_back", "Orders read back from the stream", &tally.loaded),
            ("deadlines_set", "Deadlines set", &tally.deadlines),
            ("deadlines_passed", "Deadlines that passed while somebody waited", &tally.due),
            ("broker_failures", "Loads and appends the broker did not answer", &tally.failed),
        ];
        for (name, help, counter) in counters {
            let counter = ConstCounter::new(counter.load(Ordering::Relaxed));
            let shown = encoder.encode_descriptor(name, help, None, counter.metric_type())?;
            counter.encode(shown)?;
        }
        Ok(())
    }
}
