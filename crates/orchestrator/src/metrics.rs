//! The decide loops' numbers as metrics, each with its workflow. They are read when somebody asks for them.

use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use service::metrics::Metrics;

use crate::Tally;

/// Shows the tallies, by the name of their workflow, with the service's metrics.
pub(crate) fn register(metrics: &Metrics, tallies: Vec<(&'static str, Tally)>) {
    metrics.collect(Box::new(Shown(tallies)));
}

/// One of a tally's numbers.
type Count = fn(&engine::Tally) -> &AtomicU64;

#[derive(Debug)]
struct Shown(Vec<(&'static str, Tally)>);

impl Collector for Shown {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let counters: [(&str, &str, Count); 7] = [
            ("entries_taken_in", "Entries taken in", |tally| &tally.received),
            ("decisions_appended", "Entries of decisions appended", |tally| &tally.decided),
            ("decisions_conflicted", "Appends that another decision beat", |tally| &tally.conflicts),
            ("orders_read_back", "Orders and returns read back from their streams", |tally| &tally.loaded),
            ("deadlines_set", "Deadlines set", |tally| &tally.deadlines),
            ("deadlines_passed", "Deadlines that passed while somebody waited", |tally| &tally.due),
            ("broker_failures", "Loads and appends the broker did not answer", |tally| &tally.failed),
        ];
        for (name, help, of) in counters {
            let kind = ConstCounter::new(0_u64).metric_type();
            let mut family = encoder.encode_descriptor(name, help, None, kind)?;
            for (workflow, tally) in &self.0 {
                let counter = ConstCounter::new(of(tally).load(Ordering::Relaxed));
                counter.encode(family.encode_family(&[("workflow", *workflow)])?)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_workflow_has_its_own_numbers_in_one_family() {
        let metrics = Metrics::new("orchestrator");
        let (orders, returns) = (Tally::default(), Tally::default());
        returns.decided.fetch_add(2, Ordering::Relaxed);
        register(&metrics, vec![("order", orders), ("return", returns)]);
        let text = metrics.encode().unwrap();
        let is_own = |line: &&str| line.starts_with("waybill_decisions_appended_total");
        let shown: Vec<&str> = text.lines().filter(is_own).collect();
        assert_eq!(
            shown,
            [
                r#"waybill_decisions_appended_total{service="orchestrator",workflow="order"} 0"#,
                r#"waybill_decisions_appended_total{service="orchestrator",workflow="return"} 2"#,
            ]
        );
        assert_eq!(text.matches("# TYPE waybill_decisions_appended ").count(), 1);
    }
}
