//! Exceptions: what is wrong with an order, for a person.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{AskId, ShipmentId};

/// A business problem on an order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Exception {
    /// What is wrong; an order has at most one open exception of a kind.
    pub kind: ExceptionKind,
    /// What is wrong, in words for a person.
    pub detail: String,
}

/// What can be wrong with an order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExceptionKind {
    /// The master data do not allow the order.
    Invalid,
    /// A warehouse has not enough stock for a shipment.
    NoStock(ShipmentId),
    /// No carrier takes a shipment.
    BookingRefused(ShipmentId),
    /// A system refused or failed an ask that has no rule of its own.
    AskRefused(AskId),
    /// A wait took longer than the policy allows.
    Overdue(String),
    /// The carrier has a shipment that the warehouse has not issued.
    GoodsIssueMissing(ShipmentId),
    /// The quantities of a shipment differ along the way, or are more than was ordered.
    QuantityMismatch(ShipmentId),
    /// The carrier's bill is not what was booked.
    FreightMismatch(ShipmentId),
    /// The ERP changed the order after it was committed to.
    Changed,
    /// A partner said one thing on an ask, and later another.
    Contradicted(AskId),
    /// Something was told of goods that the order does not hold.
    Unmatched,
    /// More was told of the order than it keeps: what came beyond counts for nothing.
    Flooded,
    /// The order is not wanted any more, and this shipment of it had left already.
    CancelTooLate(ShipmentId),
    /// A shipment will not arrive: it is lost, or on its way back.
    Undeliverable(ShipmentId),
    /// A warehouse shipped less than it had reserved.
    ShippedShort(ShipmentId),
    /// The carrier tried to deliver a shipment as often as the policy allows.
    DeliveryFailing(ShipmentId),
    /// A shipment is expected later than it was promised.
    Late(ShipmentId),
    /// One of the order's systems says that a shipment is further than its system of record does.
    Disagreement(ShipmentId),
}

impl ExceptionKind {
    /// Every kind, as on the wire.
    pub const WORDS: [&'static str; 18] = [
        "invalid",
        "no_stock",
        "booking_refused",
        "ask_refused",
        "overdue",
        "goods_issue_missing",
        "quantity_mismatch",
        "freight_mismatch",
        "changed",
        "contradicted",
        "unmatched",
        "flooded",
        "cancel_too_late",
        "undeliverable",
        "shipped_short",
        "delivery_failing",
        "late",
        "disagreement",
    ];

    /// The kind, as on the wire.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::NoStock(_) => "no_stock",
            Self::BookingRefused(_) => "booking_refused",
            Self::AskRefused(_) => "ask_refused",
            Self::Overdue(_) => "overdue",
            Self::GoodsIssueMissing(_) => "goods_issue_missing",
            Self::QuantityMismatch(_) => "quantity_mismatch",
            Self::FreightMismatch(_) => "freight_mismatch",
            Self::Changed => "changed",
            Self::Contradicted(_) => "contradicted",
            Self::Unmatched => "unmatched",
            Self::Flooded => "flooded",
            Self::CancelTooLate(_) => "cancel_too_late",
            Self::Undeliverable(_) => "undeliverable",
            Self::ShippedShort(_) => "shipped_short",
            Self::DeliveryFailing(_) => "delivery_failing",
            Self::Late(_) => "late",
            Self::Disagreement(_) => "disagreement",
        }
    }

    /// The shipment it is about, if it is about one as a whole.
    #[must_use]
    pub const fn shipment(&self) -> Option<&ShipmentId> {
        match self {
            Self::NoStock(shipment)
            | Self::BookingRefused(shipment)
            | Self::GoodsIssueMissing(shipment)
            | Self::QuantityMismatch(shipment)
            | Self::FreightMismatch(shipment)
            | Self::CancelTooLate(shipment)
            | Self::Undeliverable(shipment)
            | Self::ShippedShort(shipment)
            | Self::DeliveryFailing(shipment)
            | Self::Late(shipment)
            | Self::Disagreement(shipment) => Some(shipment),
            Self::Invalid
            | Self::Changed
            | Self::Unmatched
            | Self::Flooded
            | Self::AskRefused(_)
            | Self::Contradicted(_)
            | Self::Overdue(_) => None,
        }
    }
}

impl fmt::Display for ExceptionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid | Self::Changed | Self::Unmatched | Self::Flooded => f.write_str(self.as_str()),
            Self::NoStock(shipment)
            | Self::BookingRefused(shipment)
            | Self::GoodsIssueMissing(shipment)
            | Self::QuantityMismatch(shipment)
            | Self::FreightMismatch(shipment)
            | Self::CancelTooLate(shipment)
            | Self::Undeliverable(shipment)
            | Self::ShippedShort(shipment)
            | Self::DeliveryFailing(shipment)
            | Self::Late(shipment)
            | Self::Disagreement(shipment) => write!(f, "{} {shipment}", self.as_str()),
            Self::AskRefused(ask) | Self::Contradicted(ask) => write!(f, "{} {ask}", self.as_str()),
            Self::Overdue(wait) => write!(f, "{} {wait}", self.as_str()),
        }
    }
}
