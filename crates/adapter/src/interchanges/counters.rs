//! Counting what is wrong with control numbers; `waybill partner show` says which they are.

use model::PartnerId;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use service::metrics::Metrics;

/// How many interchanges turned out to be missing or came twice, by partner.
pub struct Counters {
    missing: Family<PartnerLabel, Counter>,
    repeated: Family<PartnerLabel, Counter>,
}

/// Which partner a number is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PartnerLabel {
    partner: String,
}

impl Counters {
    /// Instruments among a service's.
    pub fn register(metrics: &Metrics) -> Self {
        let counters = Self { missing: Family::default(), repeated: Family::default() };
        let help = "Control numbers of interchanges that were skipped when a later one came";
        metrics.register("interchanges_missing", help, counters.missing.clone());
        let help = "Interchanges whose control number came before";
        metrics.register("interchanges_repeated", help, counters.repeated.clone());
        counters
    }

    /// So many of a partner's are missing.
    pub fn missing(&self, partner: &PartnerId, many: u64) {
        self.missing.get_or_create_owned(&label(partner)).inc_by(many);
    }

    /// One of a partner's came twice.
    pub fn repeated(&self, partner: &PartnerId) {
        self.repeated.get_or_create_owned(&label(partner)).inc();
    }
}

fn label(partner: &PartnerId) -> PartnerLabel {
    PartnerLabel { partner: partner.to_string() }
}
