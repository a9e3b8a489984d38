//! Counting codes that nobody has mapped; `waybill partner unmapped` says which.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use service::metrics::Metrics;

/// How many codes nobody has mapped, by partner.
pub struct UnmappedCodes(Family<PartnerLabel, Counter>);

/// Which partner a number is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PartnerLabel {
    partner: String,
}

impl UnmappedCodes {
    /// An instrument among a service's.
    pub fn register(metrics: &Metrics) -> Self {
        let codes = Family::default();
        metrics.register("unmapped_codes", "Codes in partners' messages that nobody has mapped", codes.clone());
        Self(codes)
    }

    /// A message of a partner holds so many.
    pub fn note(&self, partner: &str, codes: usize) {
        if codes > 0 {
            self.0.get_or_create_owned(&PartnerLabel { partner: partner.to_owned() }).inc_by(codes as u64);
        }
    }
}
