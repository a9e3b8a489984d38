//! Snapshots: what a partner's own books hold at one moment, to be held against what Waybill knows of that moment.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::fact::Progress;
use crate::ids::{LocationId, OrderId, PartnerId, ShipmentId, Sku};
use crate::milestone::Milestone;
use crate::quantity::Quantity;
use crate::system::System;
use crate::time::When;

/// What a partner's own books hold at one moment. It moves nothing; reconciliation holds it against the fold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Snapshot {
    /// The kind of system.
    pub system: System,
    /// Whose books.
    pub partner: PartnerId,
    /// The moment they were read.
    pub taken: When,
    /// Whether all there is is listed, so that what is not there is missing.
    pub complete: bool,
    /// What they hold.
    pub listed: Listed,
}

/// What a snapshot lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Listed {
    /// The orders an ERP has open: released, and neither billed nor cancelled.
    Orders(Vec<ListedOrder>),
    /// The stock a system believes in, by location and SKU.
    Stock(Vec<ListedStock>),
    /// The shipments a TMS or carrier has under way: booked and not delivered.
    Shipments(Vec<ListedShipment>),
}

impl Listed {
    /// The kind of list, as in subjects.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Orders(_) => "orders",
            Self::Stock(_) => "stock",
            Self::Shipments(_) => "shipments",
        }
    }

    /// How many rows it has.
    #[must_use]
    pub const fn rows(&self) -> usize {
        match self {
            Self::Orders(rows) => rows.len(),
            Self::Stock(rows) => rows.len(),
            Self::Shipments(rows) => rows.len(),
        }
    }
}

/// An order in an ERP's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListedOrder {
    /// The order.
    pub order: OrderId,
    /// What is ordered of its lines, where the list says so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Progress>,
}

/// A balance in a list of stock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListedStock {
    /// Where.
    pub location: LocationId,
    /// Of what.
    pub sku: Sku,
    /// How much is there.
    pub on_hand: Quantity,
}

/// A shipment in a list of a TMS or carrier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListedShipment {
    /// What the partner calls it: its tracking number or its own reference.
    pub reference: String,
    /// The order it belongs to; none when nobody told that reference before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderId>,
    /// The shipment of that order; when absent, the one that is tracked by the reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipment: Option<ShipmentId>,
    /// How far it has come, where the list says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub milestone: Option<Milestone>,
}
