//! What is measured of partners that are spared.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use service::metrics::Metrics;

use super::breaker::Stand;

/// The instruments of all partners.
pub struct Gauges {
    held: Family<PartnerLabel, Gauge>,
    breaker: Family<PartnerLabel, Gauge>,
    waits: Family<PartnerLabel, Counter>,
    dropped: Family<PartnerLabel, Counter>,
}

/// Which partner a number is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PartnerLabel {
    partner: String,
}

/// The instruments of one partner.
pub struct PartnerGauges {
    held: Gauge,
    breaker: Gauge,
    waits: Counter,
    dropped: Counter,
}

impl Gauges {
    pub fn register(metrics: &Metrics) -> Self {
        let (held, breaker) = (Family::default(), Family::default());
        let gauges = Self { held, breaker, waits: Family::default(), dropped: Family::default() };
        metrics.register("held_asks", "Asks that are held for a partner", gauges.held.clone());
        let help = "Whether a partner is sent to: 0 closed (it is), 1 open (it is not), 2 trying";
        metrics.register("breaker_state", help, gauges.breaker.clone());
        metrics.register("rate_waits", "Asks that had to wait for a partner's rate", gauges.waits.clone());
        let help = "Held asks that were dropped: answered or replaced meanwhile, or held twice";
        metrics.register("dropped_asks", help, gauges.dropped.clone());
        gauges
    }

    pub fn of(&self, partner: &str) -> PartnerGauges {
        let label = PartnerLabel { partner: partner.to_owned() };
        PartnerGauges {
            held: self.held.get_or_create_owned(&label),
            breaker: self.breaker.get_or_create_owned(&label),
            waits: self.waits.get_or_create_owned(&label),
            dropped: self.dropped.get_or_create_owned(&label),
        }
    }
}

impl PartnerGauges {
    pub fn held(&self, asks: u64) {
        self.held.set(i64::try_from(asks).unwrap_or(i64::MAX));
    }

    pub fn breaker(&self, stand: Stand) {
        self.breaker.set(match stand {
            Stand::Closed => 0,
            Stand::Open { .. } => 1,
            Stand::Trying { .. } => 2,
        });
    }

    pub fn waits(&self) {
        self.waits.inc();
    }
    pub fn dropped(&self) {
        self.dropped.inc();
    }
}
