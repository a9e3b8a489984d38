//! Discrepancies: two systems of record that disagree.

use std::fmt;

use model::{LineId, LocationId, Money, OrderId, ShipmentId, Sku, Timestamp, Unit};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::remedy::Remedy;

/// Two systems that disagree, what each says, and what can be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Discrepancy {
    /// What differs.
    pub kind: Kind,
    /// Of what.
    pub about: About,
    /// What the one side says: the side of record, or the earlier step.
    pub one: Side,
    /// What the other says.
    pub other: Side,
    /// Since when the two could be held against each other.
    pub since: Timestamp,
    /// What it is about in money, where a price is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stake: Option<Money>,
    /// What can be done.
    pub remedy: Remedy,
}

/// What differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The quantity of a line at one step, and at a later one.
    Quantity,
    /// What was delivered of a line, and what was billed.
    Invoiced,
    /// It is delivered, and not billed.
    NotBilled,
    /// It is billed, and nothing was shipped.
    BilledNotShipped,
    /// How far a shipment has come, by its own systems and by another of the order's.
    Status,
    /// A later milestone was told, and not one that goes before it.
    MilestoneMissing,
    /// It was promised by a day that is over, and is not delivered.
    Late,
    /// What the carrier bills, and what was booked.
    Freight,
    /// It is delivered, and the carrier has not sent its bill.
    FreightNotBilled,
    /// What a warehouse counted, and what its movements add up to.
    StockCounted,
    /// What a system lists as stock, and what the movements add up to.
    StockListed,
    /// An order is open, and not in its ERP's list.
    OrderNotListed,
    /// An order is in an ERP's list, and not known.
    OrderNotKnown,
    /// An order is over, and in its ERP's list all the same.
    OrderOver,
    /// What is ordered of a line, by its release and by its ERP's list.
    OrderQuantity,
    /// A shipment is under way, and not in its TMS's list.
    ShipmentNotListed,
    /// A shipment is in a TMS's list, and not known.
    ShipmentNotKnown,
    /// How far a shipment has come, by the events told and by its TMS's list.
    ShipmentStatus,
    /// What the projection holds of an order, and what a replay of its entries gives.
    Projection,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 19] = [
        Self::Quantity,
        Self::Invoiced,
        Self::NotBilled,
        Self::BilledNotShipped,
        Self::Status,
        Self::MilestoneMissing,
        Self::Late,
        Self::Freight,
        Self::FreightNotBilled,
        Self::StockCounted,
        Self::StockListed,
        Self::OrderNotListed,
        Self::OrderNotKnown,
        Self::OrderOver,
        Self::OrderQuantity,
        Self::ShipmentNotListed,
        Self::ShipmentNotKnown,
        Self::ShipmentStatus,
        Self::Projection,
    ];

    /// The word used in messages, in policies and on screens.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Quantity => "quantity",
            Self::Invoiced => "invoiced",
            Self::NotBilled => "not_billed",
            Self::BilledNotShipped => "billed_not_shipped",
            Self::Status => "status",
            Self::MilestoneMissing => "milestone_missing",
            Self::Late => "late",
            Self::Freight => "freight",
            Self::FreightNotBilled => "freight_not_billed",
            Self::StockCounted => "stock_counted",
            Self::StockListed => "stock_listed",
            Self::OrderNotListed => "order_not_listed",
            Self::OrderNotKnown => "order_not_known",
            Self::OrderOver => "order_over",
            Self::OrderQuantity => "order_quantity",
            Self::ShipmentNotListed => "shipment_not_listed",
            Self::ShipmentNotKnown => "shipment_not_known",
            Self::ShipmentStatus => "shipment_status",
            Self::Projection => "projection",
        }
    }

    /// The kind of this word.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Of what something differs. Two discrepancies of one kind about the same are one, at two times.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// An order, or a part of it.
    Order {
        /// The order.
        order: OrderId,
        /// The shipment.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shipment: Option<ShipmentId>,
        /// The line.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        line: Option<LineId>,
        /// What in particular: the later of two steps, a milestone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        what: Option<String>,
    },
    /// A balance of stock.
    Stock {
        /// Where.
        location: LocationId,
        /// Of what.
        sku: Sku,
        /// In which unit.
        unit: Unit,
        /// When it was counted, or who lists it.
        what: String,
    },
    /// A row of a partner's list that is of nothing known.
    Listed {
        /// Whose list.
        partner: String,
        /// What the row names.
        reference: String,
    },
}

impl About {
    /// The order it is about, if it is about one.
    #[must_use]
    pub const fn order(&self) -> Option<&OrderId> {
        match self {
            Self::Order { order, .. } => Some(order),
            Self::Stock { .. } | Self::Listed { .. } => None,
        }
    }
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Order { order, shipment, line, what } => {
                write!(f, "order {order}")?;
                shipment.iter().try_for_each(|shipment| write!(f, " {shipment}"))?;
                line.iter().try_for_each(|line| write!(f, " line {line}"))?;
                what.iter().try_for_each(|what| write!(f, " {what}"))
            }
            Self::Stock { location, sku, unit, what } => write!(f, "stock {location} {sku} {unit} {what}"),
            Self::Listed { partner, reference } => write!(f, "{partner} {reference}"),
        }
    }
}

/// What one side says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Side {
    /// The partner, or `waybill` where it is a sum over what several told.
    pub who: String,
    /// What it says, in words and figures.
    pub says: String,
    /// The entries that say so; at most [`Side::MOST`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<EntryRef>,
}

impl Side {
    /// The most entries that are named; a sum over more is told by its last ones.
    pub const MOST: usize = 8;

    /// A side that says this, by these entries.
    #[must_use]
    pub fn new(who: &str, says: impl Into<String>, entries: Vec<EntryRef>) -> Self {
        let mut entries = entries;
        entries.sort_unstable();
        entries.dedup();
        entries.drain(..entries.len().saturating_sub(Self::MOST));
        Self { who: who.to_owned(), says: says.into(), entries }
    }

    /// What several told together.
    pub(crate) fn waybill(says: impl Into<String>, entries: Vec<EntryRef>) -> Self {
        Self::new("waybill", says, entries)
    }
}

/// An entry that says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct EntryRef {
    /// Its stream.
    pub stream: Stream,
    /// Its place there.
    pub sequence: u64,
}

/// A stream that discrepancies are read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Stream {
    /// The event store of orders.
    Orders,
    /// Movements of stock.
    Stock,
    /// What partners' own books hold.
    Snapshots,
}

impl fmt::Display for EntryRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stream = match self.stream {
            Stream::Orders => "ORDERS",
            Stream::Stock => "STOCK",
            Stream::Snapshots => "SNAPSHOTS",
        };
        write!(f, "{stream} {}", self.sequence)
    }
}

impl Discrepancy {
    /// What tells it from every other: its kind and what it is about.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{} {}", self.kind, self.about)
    }

    /// Whether it says the same as it did at another time.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        (&self.one.says, &self.other.says) == (&other.one.says, &other.other.says)
    }
}
