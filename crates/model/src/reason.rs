//! Why something is as it is: the normalised reasons, drawn up against X12 1651, EDIFACT 9013 and the aggregators' details.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a condition holds or an ask was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Reason {
    /// The address is wrong.
    #[serde(rename = "address.incorrect")]
    AddressIncorrect,
    /// The address cannot be found.
    #[serde(rename = "address.not_found")]
    AddressNotFound,
    /// Nobody was there.
    #[serde(rename = "recipient.unavailable")]
    RecipientUnavailable,
    /// The business was closed.
    #[serde(rename = "recipient.closed")]
    RecipientClosed,
    /// The consignee refused the goods.
    #[serde(rename = "recipient.refused")]
    RecipientRefused,
    /// The consignee wants another day.
    #[serde(rename = "recipient.reschedule_requested")]
    RecipientRescheduleRequested,
    /// The consignee cancelled.
    #[serde(rename = "recipient.cancelled")]
    RecipientCancelled,
    /// The consignee could not be verified.
    #[serde(rename = "recipient.verification_failed")]
    RecipientVerificationFailed,
    /// There was no way in.
    #[serde(rename = "recipient.access_restricted")]
    RecipientAccessRestricted,
    /// Nobody collected the goods.
    #[serde(rename = "recipient.uncollected")]
    RecipientUncollected,
    /// Duties or cash are owed.
    #[serde(rename = "payment.required")]
    PaymentRequired,
    /// The shipper holds it back.
    #[serde(rename = "account.hold")]
    AccountHold,
    /// Weather.
    #[serde(rename = "weather")]
    Weather,
    /// Force majeure.
    #[serde(rename = "force_majeure")]
    ForceMajeure,
    /// A strike.
    #[serde(rename = "labour_dispute")]
    LabourDispute,
    /// A vehicle broke down.
    #[serde(rename = "carrier.mechanical")]
    CarrierMechanical,
    /// An accident.
    #[serde(rename = "carrier.accident")]
    CarrierAccident,
    /// The carrier has no capacity.
    #[serde(rename = "carrier.capacity")]
    CarrierCapacity,
    /// The carrier sorted it wrongly.
    #[serde(rename = "carrier.missort")]
    CarrierMissort,
    /// The carrier is late.
    #[serde(rename = "carrier.delay")]
    CarrierDelay,
    /// The carrier missed the pick-up.
    #[serde(rename = "carrier.missed_pickup")]
    CarrierMissedPickup,
    /// The carrier rejected the goods.
    #[serde(rename = "carrier.rejected")]
    CarrierRejected,
    /// The shipper was not ready.
    #[serde(rename = "shipper.not_ready")]
    ShipperNotReady,
    /// The shipper's data are wrong.
    #[serde(rename = "shipper.data_error")]
    ShipperDataError,
    /// The shipper cancelled.
    #[serde(rename = "shipper.cancelled")]
    ShipperCancelled,
    /// Documents are missing.
    #[serde(rename = "documents.missing")]
    DocumentsMissing,
    /// Customs holds it.
    #[serde(rename = "customs.hold")]
    CustomsHold,
    /// It may not be shipped.
    #[serde(rename = "regulatory.prohibited")]
    RegulatoryProhibited,
    /// Damaged.
    #[serde(rename = "goods.damaged")]
    GoodsDamaged,
    /// Lost.
    #[serde(rename = "goods.lost")]
    GoodsLost,
    /// Stolen.
    #[serde(rename = "goods.stolen")]
    GoodsStolen,
    /// Less than asked.
    #[serde(rename = "quantity.short")]
    QuantityShort,
    /// More than asked.
    #[serde(rename = "quantity.over")]
    QuantityOver,
    /// The wrong item.
    #[serde(rename = "goods.wrong_item")]
    GoodsWrongItem,
    /// Nobody said, or the code is not known.
    #[serde(rename = "unknown")]
    Unknown,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 35] = [
        Self::AddressIncorrect,
        Self::AddressNotFound,
        Self::RecipientUnavailable,
        Self::RecipientClosed,
        Self::RecipientRefused,
        Self::RecipientRescheduleRequested,
        Self::RecipientCancelled,
        Self::RecipientVerificationFailed,
        Self::RecipientAccessRestricted,
        Self::RecipientUncollected,
        Self::PaymentRequired,
        Self::AccountHold,
        Self::Weather,
        Self::ForceMajeure,
        Self::LabourDispute,
        Self::CarrierMechanical,
        Self::CarrierAccident,
        Self::CarrierCapacity,
        Self::CarrierMissort,
        Self::CarrierDelay,
        Self::CarrierMissedPickup,
        Self::CarrierRejected,
        Self::ShipperNotReady,
        Self::ShipperDataError,
        Self::ShipperCancelled,
        Self::DocumentsMissing,
        Self::CustomsHold,
        Self::RegulatoryProhibited,
        Self::GoodsDamaged,
        Self::GoodsLost,
        Self::GoodsStolen,
        Self::QuantityShort,
        Self::QuantityOver,
        Self::GoodsWrongItem,
        Self::Unknown,
    ];

    /// The name used in messages and on screens.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AddressIncorrect => "address.incorrect",
            Self::AddressNotFound => "address.not_found",
            Self::RecipientUnavailable => "recipient.unavailable",
            Self::RecipientClosed => "recipient.closed",
            Self::RecipientRefused => "recipient.refused",
            Self::RecipientRescheduleRequested => "recipient.reschedule_requested",
            Self::RecipientCancelled => "recipient.cancelled",
            Self::RecipientVerificationFailed => "recipient.verification_failed",
            Self::RecipientAccessRestricted => "recipient.access_restricted",
            Self::RecipientUncollected => "recipient.uncollected",
            Self::PaymentRequired => "payment.required",
            Self::AccountHold => "account.hold",
            Self::Weather => "weather",
            Self::ForceMajeure => "force_majeure",
            Self::LabourDispute => "labour_dispute",
            Self::CarrierMechanical => "carrier.mechanical",
            Self::CarrierAccident => "carrier.accident",
            Self::CarrierCapacity => "carrier.capacity",
            Self::CarrierMissort => "carrier.missort",
            Self::CarrierDelay => "carrier.delay",
            Self::CarrierMissedPickup => "carrier.missed_pickup",
            Self::CarrierRejected => "carrier.rejected",
            Self::ShipperNotReady => "shipper.not_ready",
            Self::ShipperDataError => "shipper.data_error",
            Self::ShipperCancelled => "shipper.cancelled",
            Self::DocumentsMissing => "documents.missing",
            Self::CustomsHold => "customs.hold",
            Self::RegulatoryProhibited => "regulatory.prohibited",
            Self::GoodsDamaged => "goods.damaged",
            Self::GoodsLost => "goods.lost",
            Self::GoodsStolen => "goods.stolen",
            Self::QuantityShort => "quantity.short",
            Self::QuantityOver => "quantity.over",
            Self::GoodsWrongItem => "goods.wrong_item",
            Self::Unknown => "unknown",
        }
    }

    /// The reason of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_found_by_its_name() {
        for reason in Reason::ALL {
            assert_eq!(Reason::from_name(reason.as_str()), Some(reason));
            assert_eq!(serde_json::to_string(&reason).unwrap(), format!("\"{reason}\""));
        }
    }
}
