//! Stock movements that belong to no order: receipts, adjustments, counts.
//!
//! What an order takes from stock is told once, by its goods issue in the order's own stream.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{LocationId, Sku};
use crate::quantity::Quantity;
use crate::time::When;

/// One movement or count of a SKU at a location.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Movement {
    /// Where.
    pub location: LocationId,
    /// Of what.
    pub sku: Sku,
    /// What happened.
    pub kind: MovementKind,
    /// How much: added for a receipt, signed for an adjustment, the balance found for a count.
    pub quantity: Quantity,
    /// When it happened.
    pub occurred: When,
}

/// What happened to the stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MovementKind {
    /// Goods came in (X12 944).
    Received,
    /// The books were corrected by a signed quantity (X12 947).
    Adjusted,
    /// Goods are on their way here (X12 943); until they are received they are nobody's to promise.
    Announced,
    /// A count found this balance (X12 846); it replaces what the books said before it occurred.
    Counted,
}
