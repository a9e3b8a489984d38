//! Decisions: what the orchestrator concluded from all that is known.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::exception::{Exception, ExceptionKind};
use crate::fact::Progress;
use crate::ids::{AskId, CustomerId, LineId, LocationId, OrderId, PartnerId, ShipmentId, Sku};
use crate::milestone::Milestone;
use crate::money::{Currency, Money};
use crate::order::Place;
use crate::quantity::Quantity;
use crate::reason::Reason;
use crate::returns::{ReturnLine, ReturnOutcome};
use crate::system::{Lane, System};
use crate::time::{Date, Timestamp};

/// What the orchestrator concluded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "most decisions are asks, the largest kind")]
pub enum Decision {
    /// Work with this release of the order from now on, whatever the ERP releases later.
    Commit(Commitment),
    /// What one shipment lacks travels as another one.
    Split(Split),
    /// Ask a system to do something.
    Ask(Ask),
    /// Wait no longer than this.
    Deadline(Deadline),
    /// A business problem, open until it is resolved.
    Raise(Exception),
    /// A business problem is over.
    Resolve(ExceptionKind),
    /// The order is done with.
    End(End),
}

/// The release of an order that its asks are about. A later release counts once what was asked for this one is undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Commitment {
    /// The id of the fact that released the order, in hex.
    pub release: String,
    /// The number of its first shipment. After a change it goes on where the undone shipments ended, so that what is still
    /// told of those is never taken for the new ones.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub first_shipment: u32,
}

const fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_one(number: &u32) -> bool {
    *number == 1
}

/// A further shipment of an order: it takes on what another one lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Split {
    /// The new shipment.
    pub shipment: ShipmentId,
    /// The shipment that lacks something; the new one leaves the same location.
    pub of: ShipmentId,
    /// Where on its way it was found to lack it.
    pub lacking: Lacking,
    /// What the new shipment holds.
    pub lines: Vec<Progress>,
}

/// Where on its way a shipment was found to lack something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Lacking {
    /// The warehouse could not reserve it: a back-order.
    Reserved,
    /// The warehouse had reserved it and did not ship it: a short pick, and a back-order.
    Shipped,
    /// It was shipped and did not arrive: lost, damaged, refused. It is sent again.
    Delivered,
}

impl Lacking {
    /// The word used in messages and on screens.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
        }
    }
}

/// A decision addressed to one system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ask {
    /// The idempotency key at the partner.
    pub id: AskId,
    /// The kind of system asked.
    pub system: System,
    /// The partner asked.
    pub partner: PartnerId,
    /// What is asked.
    pub request: Request,
}

impl Ask {
    /// Whether who says something in this lane is who was asked: this partner, or Waybill itself where no partner is named.
    #[must_use]
    pub fn is_put_to(&self, lane: Lane, partner: Option<&str>) -> bool {
        lane == self.system.lane() && partner.is_none_or(|partner| partner == self.partner.as_str())
    }
}

/// What a system is asked to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// A warehouse: reserve stock, then pick, pack and load (X12 940).
    Allocate {
        /// The shipment.
        shipment: ShipmentId,
        /// The location that ships.
        location: LocationId,
        /// The day it is to leave.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ship_on: Option<Date>,
        /// Where it goes.
        ship_to: Place,
        /// What it holds.
        lines: Vec<AskedLine>,
    },
    /// A TMS: have a carrier take it (X12 204).
    Book {
        /// The shipment.
        shipment: ShipmentId,
        /// Where it is.
        from: LocationId,
        /// Where it goes.
        ship_to: Place,
        /// The day it is to leave.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ship_on: Option<Date>,
        /// How it travels, in the ERP's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mode: Option<String>,
        /// What it holds.
        lines: Vec<AskedLine>,
    },
    /// The ERP: book the goods as shipped and delivered.
    ConfirmShipment {
        /// What was sold to whom, for an ERP that keeps no orders of its own; absent where an older entry asks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sale: Option<Box<Sale>>,
        /// What was delivered.
        lines: Vec<Progress>,
    },
    /// The ERP: bill the customer for what was delivered.
    Bill {
        /// What to bill.
        lines: Vec<Progress>,
        /// What was sold to whom, for an ERP that is to be handed an invoice; absent where an older entry asks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sale: Option<Box<Sale>>,
    },
    /// A warehouse: give back what was reserved, and neither pick nor pack it.
    CancelAllocation {
        /// The shipment.
        shipment: ShipmentId,
        /// The ask that is undone.
        undoes: AskId,
        /// The location that was to ship.
        location: LocationId,
    },
    /// A TMS: take the shipment from the carrier again, before it is picked up (X12 204 with purpose 01).
    CancelBooking {
        /// The shipment.
        shipment: ShipmentId,
        /// The ask that is undone.
        undoes: AskId,
        /// The number the carrier tracks it by, where it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tracking: Option<String>,
    },
    /// The ERP: close the order as cancelled; nothing of it left a warehouse.
    ConfirmCancellation {
        /// Why.
        reason: Reason,
    },
    /// Visibility: tell the customer.
    UpdateCustomer {
        /// Whom to tell.
        customer: CustomerId,
        /// What to tell.
        milestone: Milestone,
    },
    /// A warehouse: take these goods in when they come back (X12 180).
    ExpectReturn {
        /// The order they were sold in.
        original_order: OrderId,
        /// Where they come back to.
        location: LocationId,
        /// What comes back, and why.
        lines: Vec<ReturnLine>,
    },
    /// A TMS: have a carrier fetch goods from the customer.
    Collect {
        /// The shipment.
        shipment: ShipmentId,
        /// Where it is.
        from: Place,
        /// Where it goes.
        to: LocationId,
        /// What it holds.
        lines: Vec<AskedLine>,
    },
    /// A warehouse: expect these goods no longer.
    CancelReturn {
        /// The ask that is undone.
        undoes: AskId,
        /// Where they were to come back to.
        location: LocationId,
    },
    /// A TMS: leave with the customer what has not been fetched yet.
    CancelCollection {
        /// The shipment.
        shipment: ShipmentId,
        /// The ask that is undone.
        undoes: AskId,
        /// The number the carrier tracks it by, where it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tracking: Option<String>,
    },
    /// The ERP: give the customer credit for what was accepted of a return, and close it.
    Credit {
        /// The order the goods were sold in.
        original_order: OrderId,
        /// What to credit; where there is nothing the return is only closed.
        lines: Vec<Progress>,
    },
    /// Visibility: tell the customer how a return ended.
    UpdateReturn {
        /// Whom to tell.
        customer: CustomerId,
        /// The order the goods were sold in.
        original_order: OrderId,
        /// What to tell.
        outcome: ReturnOutcome,
    },
}

impl Request {
    /// The request's kind, as in ask ids and outgoing subjects.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Allocate { .. } => "allocate",
            Self::Book { .. } => "book",
            Self::ConfirmShipment { .. } => "confirm_shipment",
            Self::Bill { .. } => "bill",
            Self::CancelAllocation { .. } => "cancel_allocation",
            Self::CancelBooking { .. } => "cancel_booking",
            Self::ConfirmCancellation { .. } => "confirm_cancellation",
            Self::UpdateCustomer { .. } => "update_customer",
            Self::ExpectReturn { .. } => "expect_return",
            Self::Collect { .. } => "collect",
            Self::CancelReturn { .. } => "cancel_return",
            Self::CancelCollection { .. } => "cancel_collection",
            Self::Credit { .. } => "credit",
            Self::UpdateReturn { .. } => "update_return",
        }
    }

    /// The shipment it is about; `None` when it is about the order.
    #[must_use]
    pub const fn shipment(&self) -> Option<&ShipmentId> {
        match self {
            Self::Allocate { shipment, .. }
            | Self::Book { shipment, .. }
            | Self::CancelAllocation { shipment, .. }
            | Self::CancelBooking { shipment, .. }
            | Self::Collect { shipment, .. }
            | Self::CancelCollection { shipment, .. } => Some(shipment),
            Self::ConfirmShipment { .. }
            | Self::Bill { .. }
            | Self::ConfirmCancellation { .. }
            | Self::UpdateCustomer { .. }
            | Self::ExpectReturn { .. }
            | Self::CancelReturn { .. }
            | Self::Credit { .. }
            | Self::UpdateReturn { .. } => None,
        }
    }

    /// The place it names. No request names more than one beside our own locations.
    #[must_use]
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Allocate { ship_to: place, .. }
            | Self::Book { ship_to: place, .. }
            | Self::Collect { from: place, .. } => Some(place),
            Self::ConfirmShipment { sale: Some(sale), .. } | Self::Bill { sale: Some(sale), .. } => Some(&sale.ship_to),
            Self::ConfirmShipment { sale: None, .. }
            | Self::Bill { sale: None, .. }
            | Self::CancelAllocation { .. }
            | Self::CancelBooking { .. }
            | Self::ConfirmCancellation { .. }
            | Self::UpdateCustomer { .. }
            | Self::ExpectReturn { .. }
            | Self::CancelReturn { .. }
            | Self::CancelCollection { .. }
            | Self::Credit { .. }
            | Self::UpdateReturn { .. } => None,
        }
    }

    /// The same place, to be changed.
    #[must_use]
    pub fn place_mut(&mut self) -> Option<&mut Place> {
        match self {
            Self::Allocate { ship_to: place, .. }
            | Self::Book { ship_to: place, .. }
            | Self::Collect { from: place, .. } => Some(place),
            Self::ConfirmShipment { sale: Some(sale), .. } | Self::Bill { sale: Some(sale), .. } => {
                Some(&mut sale.ship_to)
            }
            Self::ConfirmShipment { sale: None, .. }
            | Self::Bill { sale: None, .. }
            | Self::CancelAllocation { .. }
            | Self::CancelBooking { .. }
            | Self::ConfirmCancellation { .. }
            | Self::UpdateCustomer { .. }
            | Self::ExpectReturn { .. }
            | Self::CancelReturn { .. }
            | Self::CancelCollection { .. }
            | Self::Credit { .. }
            | Self::UpdateReturn { .. } => None,
        }
    }

    /// What it wants credited, if it wants that.
    #[must_use]
    pub fn credits(&self) -> Option<&[Progress]> {
        match self {
            Self::Credit { lines, .. } => Some(lines),
            Self::Allocate { .. }
            | Self::Book { .. }
            | Self::ConfirmShipment { .. }
            | Self::Bill { .. }
            | Self::CancelAllocation { .. }
            | Self::CancelBooking { .. }
            | Self::ConfirmCancellation { .. }
            | Self::UpdateCustomer { .. }
            | Self::ExpectReturn { .. }
            | Self::Collect { .. }
            | Self::CancelReturn { .. }
            | Self::CancelCollection { .. }
            | Self::UpdateReturn { .. } => None,
        }
    }

    /// The ask that this one undoes, if it undoes one.
    #[must_use]
    pub const fn undoes(&self) -> Option<&AskId> {
        match self {
            Self::CancelAllocation { undoes, .. }
            | Self::CancelBooking { undoes, .. }
            | Self::CancelReturn { undoes, .. }
            | Self::CancelCollection { undoes, .. } => Some(undoes),
            Self::Allocate { .. }
            | Self::Book { .. }
            | Self::ConfirmShipment { .. }
            | Self::Bill { .. }
            | Self::ConfirmCancellation { .. }
            | Self::UpdateCustomer { .. }
            | Self::ExpectReturn { .. }
            | Self::Collect { .. }
            | Self::Credit { .. }
            | Self::UpdateReturn { .. } => None,
        }
    }
}

/// A line as a warehouse or carrier needs to know it; no prices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AskedLine {
    /// The line.
    pub line: LineId,
    /// What.
    pub sku: Sku,
    /// How much.
    pub quantity: Quantity,
}

/// What was sold, and to whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sale {
    /// Who pays.
    pub customer: CustomerId,
    /// In which currency.
    pub currency: Currency,
    /// Where it went.
    pub ship_to: Place,
    /// The lines that are billed.
    pub lines: Vec<SoldLine>,
}

/// A line as it was sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SoldLine {
    /// The line.
    pub line: LineId,
    /// What.
    pub sku: Sku,
    /// For how much each, where the ERP said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_price: Option<Money>,
}

/// The longest a wait may take.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Deadline {
    /// What is waited for; one name is one wait. Safe as one NATS token.
    pub name: String,
    /// Until when.
    pub at: Timestamp,
}

/// How an order ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Delivered, billed, audited; of a return: credited, or refused.
    Closed,
    /// Nothing of it was delivered, and nothing of it is still committed.
    Cancelled,
}
