//! The policy of reconciliation: how long systems may disagree, how far, and what is healed by itself. A TOML file with defaults.

use std::collections::{BTreeMap, BTreeSet};

use engine::policy::Wait;
use fulfilment::policy::percent;
use model::PartnerId;
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer};

pub use engine::policy::PolicyError;

use crate::discrepancy::Kind;

/// The policy of reconciliation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// How long systems may disagree before it is a discrepancy.
    pub grace: Grace,
    /// What may differ without being a discrepancy.
    pub tolerance: Tolerance,
    /// What may differ with one partner, where it is not as with all.
    pub partner: BTreeMap<PartnerId, PartnerTolerance>,
    /// What is healed by itself.
    pub heal: Heal,
}

/// How long systems may disagree before it is a discrepancy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Grace {
    /// From the last word on a step until its quantity has to fit the steps before.
    pub quantities: Wait,
    /// From the delivery to the invoice, and from an invoice to the goods.
    pub billing: Wait,
    /// Until a system's own word has come as far as what others claim.
    pub status: Wait,
    /// From a milestone until what goes before it is told.
    pub milestones: Wait,
    /// From the end of the promised day until it is delivered.
    pub late: Wait,
    /// From the delivery to the carrier's bill.
    pub freight: Wait,
    /// Around the moment of a count or list, what happens is in flight: it may be in it or not.
    pub in_flight: Wait,
}

impl Default for Grace {
    fn default() -> Self {
        Self {
            quantities: Wait::hours(4),
            billing: Wait::hours(24),
            status: Wait::hours(8),
            milestones: Wait::hours(8),
            late: Wait::hours(24),
            freight: Wait::hours(10 * 24),
            in_flight: Wait::minutes(15),
        }
    }
}

/// What may differ without being a discrepancy, in percent of what the side of record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tolerance {
    /// A quantity.
    #[serde(deserialize_with = "percent")]
    pub quantity_percent: Decimal,
    /// A balance of stock.
    #[serde(deserialize_with = "percent")]
    pub stock_percent: Decimal,
    /// A carrier's bill above the booking.
    #[serde(deserialize_with = "percent")]
    pub freight_percent: Decimal,
}

impl Default for Tolerance {
    fn default() -> Self {
        Self { quantity_percent: Decimal::ZERO, stock_percent: Decimal::ZERO, freight_percent: Decimal::TWO }
    }
}

/// What may differ with one partner; what is absent is as with all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PartnerTolerance {
    /// A quantity.
    #[serde(deserialize_with = "some_percent")]
    pub quantity_percent: Option<Decimal>,
    /// A balance of stock.
    #[serde(deserialize_with = "some_percent")]
    pub stock_percent: Option<Decimal>,
    /// A carrier's bill above the booking.
    #[serde(deserialize_with = "some_percent")]
    pub freight_percent: Option<Decimal>,
    /// Around the moment of its counts and lists.
    pub in_flight: Option<Wait>,
}

/// What is healed by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Heal {
    /// The kinds of discrepancy that are, as far as their remedy is safe: asking again, and milestones that follow.
    pub auto: BTreeSet<Kind>,
}

impl Policy {
    /// Reads a policy; what it leaves out has its default.
    ///
    /// # Errors
    /// [`PolicyError`] with the file, the line and what was expected; an unknown setting is an error.
    pub fn load(file: &str, text: &str) -> Result<Self, PolicyError> {
        engine::policy::load(file, text)
    }

    pub(crate) fn quantity_percent(&self, partner: &str) -> Decimal {
        self.of(partner).and_then(|own| own.quantity_percent).unwrap_or(self.tolerance.quantity_percent)
    }

    pub(crate) fn stock_percent(&self, partner: &str) -> Decimal {
        self.of(partner).and_then(|own| own.stock_percent).unwrap_or(self.tolerance.stock_percent)
    }

    pub(crate) fn freight_percent(&self, partner: &str) -> Decimal {
        self.of(partner).and_then(|own| own.freight_percent).unwrap_or(self.tolerance.freight_percent)
    }

    pub(crate) fn in_flight(&self, partner: &str) -> i64 {
        self.of(partner).and_then(|own| own.in_flight).unwrap_or(self.grace.in_flight).millis()
    }

    fn of(&self, partner: &str) -> Option<&PartnerTolerance> {
        self.partner.iter().find(|(known, _)| known.as_str() == partner).map(|(_, own)| own)
    }
}

/// Whether an amount lies within so many percent of what it should be.
pub(crate) fn is_near(is: Decimal, should_be: Decimal, percent: Decimal) -> bool {
    let allowed = should_be.abs().saturating_mul(percent) / Decimal::ONE_HUNDRED;
    is.saturating_sub(should_be).abs() <= allowed
}

fn some_percent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
    percent(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_the_default_policy() {
        assert_eq!(Policy::load("r.toml", "").unwrap(), Policy::default());
    }

    #[test]
    fn a_partner_may_differ_from_all() {
        let text = "[tolerance]\nstock_percent = 1\n[partner.wms-1]\nstock_percent = 2.5\nin_flight = \"1h\"";
        let policy = Policy::load("r.toml", text).unwrap();
        assert_eq!(policy.stock_percent("wms-1"), Decimal::new(25, 1));
        assert_eq!(policy.stock_percent("wms-2"), Decimal::ONE);
        assert_eq!((policy.in_flight("wms-1"), policy.in_flight("wms-2")), (3_600_000, 900_000));
    }

    #[test]
    fn a_wrong_policy_is_refused_with_its_line() {
        for (text, place, expected) in [
            ("[grace]\nbilling = \"soon\"", "r.toml:2:11: ", "is no wait"),
            ("[tolerance]\nstock_percent = -1", "r.toml:2:17: ", "from 0 to 1000"),
            ("[partner.wms-1]\nstock_percent = 2000", "r.toml:2:17: ", "from 0 to 1000"),
            ("[heal]\nauto = [\"all\"]", "r.toml:2:", "`not_billed`"),
            ("[heal]\nautomatic = true", "r.toml:2:1: ", "`auto`"),
        ] {
            let error = Policy::load("r.toml", text).unwrap_err().to_string();
            assert!(error.starts_with(place) && error.contains(expected), "{error}");
        }
    }
}
