//! The normalised milestones: what can be said of an order's progress, whoever says it.
//!
//! The list and its ranks are one scale from order entry to payment, drawn up against X12 1650, UN/ECE Recommendation 24
//! (EDIFACT 9011), GS1 CBV business steps and the parcel aggregators' statuses.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::system::System;

/// What happened. The order of the variants is the order of the ranks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Milestone {
    /// Something that no table of the partner's profile translates: its own code says what. It moves nothing.
    #[serde(rename = "unknown")]
    Unknown,
    /// Goods came into stock.
    #[serde(rename = "stock.received")]
    StockReceived,
    /// Stock was counted.
    #[serde(rename = "stock.counted")]
    StockCounted,
    /// The stock books were corrected.
    #[serde(rename = "stock.adjusted")]
    StockAdjusted,
    /// The ERP has the order.
    #[serde(rename = "order.received")]
    OrderReceived,
    /// The ERP confirmed the order to the customer.
    #[serde(rename = "order.confirmed")]
    OrderConfirmed,
    /// The warehouse was told to ship.
    #[serde(rename = "fulfilment.released")]
    FulfilmentReleased,
    /// Stock is reserved.
    #[serde(rename = "fulfilment.allocated")]
    FulfilmentAllocated,
    /// The goods are picked.
    #[serde(rename = "fulfilment.picked")]
    FulfilmentPicked,
    /// The goods are packed.
    #[serde(rename = "fulfilment.packed")]
    FulfilmentPacked,
    /// The load is ready at the dock.
    #[serde(rename = "fulfilment.staged")]
    FulfilmentStaged,
    /// A carrier was asked.
    #[serde(rename = "transport.tendered")]
    TransportTendered,
    /// A carrier accepted.
    #[serde(rename = "transport.accepted")]
    TransportAccepted,
    /// The carrier has the data, not yet the goods.
    #[serde(rename = "transport.label_created")]
    TransportLabelCreated,
    /// The truck is at the warehouse.
    #[serde(rename = "transport.arrived_pickup")]
    TransportArrivedPickup,
    /// The carrier has the goods.
    #[serde(rename = "transport.picked_up")]
    TransportPickedUp,
    /// The warehouse has written the goods off.
    #[serde(rename = "fulfilment.goods_issued")]
    FulfilmentGoodsIssued,
    /// Left a terminal.
    #[serde(rename = "transport.departed_facility")]
    TransportDepartedFacility,
    /// Reached a terminal.
    #[serde(rename = "transport.arrived_facility")]
    TransportArrivedFacility,
    /// On the way.
    #[serde(rename = "transport.in_transit")]
    TransportInTransit,
    /// Passed to another carrier.
    #[serde(rename = "transport.handed_over")]
    TransportHandedOver,
    /// At customs.
    #[serde(rename = "transport.customs_started")]
    TransportCustomsStarted,
    /// Cleared by customs.
    #[serde(rename = "transport.customs_released")]
    TransportCustomsReleased,
    /// At the terminal that delivers.
    #[serde(rename = "transport.at_destination_facility")]
    TransportAtDestinationFacility,
    /// On the delivery vehicle.
    #[serde(rename = "transport.out_for_delivery")]
    TransportOutForDelivery,
    /// Waiting for the consignee to collect.
    #[serde(rename = "transport.available_for_pickup")]
    TransportAvailableForPickup,
    /// The truck is at the consignee.
    #[serde(rename = "transport.arrived_consignee")]
    TransportArrivedConsignee,
    /// A delivery was tried and did not succeed.
    #[serde(rename = "transport.delivery_attempted")]
    TransportDeliveryAttempted,
    /// Some of it is delivered.
    #[serde(rename = "transport.partially_delivered")]
    TransportPartiallyDelivered,
    /// Delivered.
    #[serde(rename = "transport.delivered")]
    TransportDelivered,
    /// The proof of delivery is in.
    #[serde(rename = "transport.pod_received")]
    TransportPodReceived,
    /// On the way back.
    #[serde(rename = "transport.returning")]
    TransportReturning,
    /// Back at the warehouse.
    #[serde(rename = "transport.returned")]
    TransportReturned,
    /// The customer was billed.
    #[serde(rename = "finance.invoiced")]
    FinanceInvoiced,
    /// The carrier sent its bill.
    #[serde(rename = "finance.freight_invoiced")]
    FinanceFreightInvoiced,
    /// The customer paid.
    #[serde(rename = "finance.paid")]
    FinancePaid,
    /// The shipment was cancelled.
    #[serde(rename = "transport.cancelled")]
    TransportCancelled,
    /// The order was cancelled.
    #[serde(rename = "order.cancelled")]
    OrderCancelled,
}

impl Milestone {
    /// Every milestone, by rank.
    pub const ALL: [Self; 38] = [
        Self::Unknown,
        Self::StockReceived,
        Self::StockCounted,
        Self::StockAdjusted,
        Self::OrderReceived,
        Self::OrderConfirmed,
        Self::FulfilmentReleased,
        Self::FulfilmentAllocated,
        Self::FulfilmentPicked,
        Self::FulfilmentPacked,
        Self::FulfilmentStaged,
        Self::TransportTendered,
        Self::TransportAccepted,
        Self::TransportLabelCreated,
        Self::TransportArrivedPickup,
        Self::TransportPickedUp,
        Self::FulfilmentGoodsIssued,
        Self::TransportDepartedFacility,
        Self::TransportArrivedFacility,
        Self::TransportInTransit,
        Self::TransportHandedOver,
        Self::TransportCustomsStarted,
        Self::TransportCustomsReleased,
        Self::TransportAtDestinationFacility,
        Self::TransportOutForDelivery,
        Self::TransportAvailableForPickup,
        Self::TransportArrivedConsignee,
        Self::TransportDeliveryAttempted,
        Self::TransportPartiallyDelivered,
        Self::TransportDelivered,
        Self::TransportPodReceived,
        Self::TransportReturning,
        Self::TransportReturned,
        Self::FinanceInvoiced,
        Self::FinanceFreightInvoiced,
        Self::FinancePaid,
        Self::TransportCancelled,
        Self::OrderCancelled,
    ];

    /// The name used in messages and on screens.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::StockReceived => "stock.received",
            Self::StockCounted => "stock.counted",
            Self::StockAdjusted => "stock.adjusted",
            Self::OrderReceived => "order.received",
            Self::OrderConfirmed => "order.confirmed",
            Self::FulfilmentReleased => "fulfilment.released",
            Self::FulfilmentAllocated => "fulfilment.allocated",
            Self::FulfilmentPicked => "fulfilment.picked",
            Self::FulfilmentPacked => "fulfilment.packed",
            Self::FulfilmentStaged => "fulfilment.staged",
            Self::TransportTendered => "transport.tendered",
            Self::TransportAccepted => "transport.accepted",
            Self::TransportLabelCreated => "transport.label_created",
            Self::TransportArrivedPickup => "transport.arrived_pickup",
            Self::TransportPickedUp => "transport.picked_up",
            Self::FulfilmentGoodsIssued => "fulfilment.goods_issued",
            Self::TransportDepartedFacility => "transport.departed_facility",
            Self::TransportArrivedFacility => "transport.arrived_facility",
            Self::TransportInTransit => "transport.in_transit",
            Self::TransportHandedOver => "transport.handed_over",
            Self::TransportCustomsStarted => "transport.customs_started",
            Self::TransportCustomsReleased => "transport.customs_released",
            Self::TransportAtDestinationFacility => "transport.at_destination_facility",
            Self::TransportOutForDelivery => "transport.out_for_delivery",
            Self::TransportAvailableForPickup => "transport.available_for_pickup",
            Self::TransportArrivedConsignee => "transport.arrived_consignee",
            Self::TransportDeliveryAttempted => "transport.delivery_attempted",
            Self::TransportPartiallyDelivered => "transport.partially_delivered",
            Self::TransportDelivered => "transport.delivered",
            Self::TransportPodReceived => "transport.pod_received",
            Self::TransportReturning => "transport.returning",
            Self::TransportReturned => "transport.returned",
            Self::FinanceInvoiced => "finance.invoiced",
            Self::FinanceFreightInvoiced => "finance.freight_invoiced",
            Self::FinancePaid => "finance.paid",
            Self::TransportCancelled => "transport.cancelled",
            Self::OrderCancelled => "order.cancelled",
        }
    }

    /// The milestone of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|milestone| milestone.as_str() == name)
    }

    /// How far along it is: 10 (order received) to 220 (paid), 900 for a cancellation, 0 for stock and the unknown.
    #[must_use]
    pub const fn rank(self) -> u16 {
        match self {
            Self::Unknown | Self::StockReceived | Self::StockCounted | Self::StockAdjusted => 0,
            Self::OrderReceived => 10,
            Self::OrderConfirmed => 20,
            Self::FulfilmentReleased => 30,
            Self::FulfilmentAllocated => 40,
            Self::FulfilmentPicked => 50,
            Self::FulfilmentPacked => 60,
            Self::FulfilmentStaged => 65,
            Self::TransportTendered => 70,
            Self::TransportAccepted => 75,
            Self::TransportLabelCreated => 80,
            Self::TransportArrivedPickup => 85,
            Self::TransportPickedUp => 90,
            Self::FulfilmentGoodsIssued => 91,
            Self::TransportDepartedFacility
            | Self::TransportArrivedFacility
            | Self::TransportInTransit
            | Self::TransportHandedOver => 100,
            Self::TransportCustomsStarted => 110,
            Self::TransportCustomsReleased => 115,
            Self::TransportAtDestinationFacility => 120,
            Self::TransportOutForDelivery | Self::TransportAvailableForPickup => 130,
            Self::TransportArrivedConsignee => 135,
            Self::TransportDeliveryAttempted => 140,
            Self::TransportPartiallyDelivered => 145,
            Self::TransportDelivered => 150,
            Self::TransportPodReceived => 155,
            Self::TransportReturning => 160,
            Self::TransportReturned => 165,
            Self::FinanceInvoiced => 200,
            Self::FinanceFreightInvoiced => 210,
            Self::FinancePaid => 220,
            Self::TransportCancelled | Self::OrderCancelled => 900,
        }
    }

    /// The part of the operation it belongs to.
    #[must_use]
    pub const fn phase(self) -> Phase {
        match self {
            Self::Unknown => Phase::Unknown,
            Self::StockReceived | Self::StockCounted | Self::StockAdjusted => Phase::Inventory,
            Self::OrderReceived | Self::OrderConfirmed => Phase::Order,
            Self::FulfilmentReleased
            | Self::FulfilmentAllocated
            | Self::FulfilmentPicked
            | Self::FulfilmentPacked
            | Self::FulfilmentStaged
            | Self::FulfilmentGoodsIssued => Phase::Warehouse,
            Self::TransportTendered
            | Self::TransportAccepted
            | Self::TransportLabelCreated
            | Self::TransportArrivedPickup
            | Self::TransportPickedUp
            | Self::TransportDepartedFacility
            | Self::TransportArrivedFacility
            | Self::TransportInTransit
            | Self::TransportHandedOver
            | Self::TransportCustomsStarted
            | Self::TransportCustomsReleased
            | Self::TransportAtDestinationFacility => Phase::Transport,
            Self::TransportOutForDelivery
            | Self::TransportAvailableForPickup
            | Self::TransportArrivedConsignee
            | Self::TransportDeliveryAttempted
            | Self::TransportPartiallyDelivered
            | Self::TransportDelivered
            | Self::TransportPodReceived => Phase::Delivery,
            Self::TransportReturning | Self::TransportReturned => Phase::Return,
            Self::FinanceInvoiced | Self::FinanceFreightInvoiced | Self::FinancePaid => Phase::Finance,
            Self::TransportCancelled | Self::OrderCancelled => Phase::Terminal,
        }
    }

    /// The system of record: only its word moves the status. Nobody's does for what is unknown.
    #[must_use]
    pub const fn authority(self) -> Option<System> {
        match self {
            Self::Unknown => None,
            Self::StockReceived
            | Self::StockCounted
            | Self::StockAdjusted
            | Self::FulfilmentReleased
            | Self::FulfilmentAllocated
            | Self::FulfilmentPicked
            | Self::FulfilmentPacked
            | Self::FulfilmentStaged
            | Self::FulfilmentGoodsIssued
            | Self::TransportReturned => Some(System::Wms),
            Self::OrderReceived
            | Self::OrderConfirmed
            | Self::FinanceInvoiced
            | Self::FinancePaid
            | Self::OrderCancelled => Some(System::Erp),
            Self::TransportTendered
            | Self::TransportAccepted
            | Self::TransportLabelCreated
            | Self::TransportArrivedPickup
            | Self::TransportPickedUp
            | Self::TransportDepartedFacility
            | Self::TransportArrivedFacility
            | Self::TransportInTransit
            | Self::TransportHandedOver
            | Self::TransportCustomsStarted
            | Self::TransportCustomsReleased
            | Self::TransportAtDestinationFacility
            | Self::TransportOutForDelivery
            | Self::TransportAvailableForPickup
            | Self::TransportArrivedConsignee
            | Self::TransportDeliveryAttempted
            | Self::TransportPartiallyDelivered
            | Self::TransportDelivered
            | Self::TransportPodReceived
            | Self::TransportReturning
            | Self::FinanceFreightInvoiced
            | Self::TransportCancelled => Some(System::Tms),
        }
    }
}

impl fmt::Display for Milestone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A part of the operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Order entry.
    Order,
    /// In the warehouse.
    Warehouse,
    /// On the road.
    Transport,
    /// The last mile.
    Delivery,
    /// On the way back.
    Return,
    /// It will not go on.
    Terminal,
    /// Billing and payment.
    Finance,
    /// Stock that belongs to no order.
    Inventory,
    /// Nobody knows.
    Unknown,
}

/// In which sense a milestone is stated (EDIFACT 2005, X12 AT7 with its estimates).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Classifier {
    /// It happened.
    Actual,
    /// It is expected to happen then.
    Estimated,
    /// It was planned for then.
    Planned,
    /// Somebody asked for it to happen then.
    Requested,
}

impl Classifier {
    /// The word used in messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Actual => "actual",
            Self::Estimated => "estimated",
            Self::Planned => "planned",
            Self::Requested => "requested",
        }
    }
}

impl fmt::Display for Classifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_milestone_is_found_by_its_name_and_ranks_rise() {
        for milestone in Milestone::ALL {
            assert_eq!(Milestone::from_name(milestone.as_str()), Some(milestone));
            let json = serde_json::to_string(&milestone).unwrap();
            assert_eq!(json, format!("\"{milestone}\""));
        }
        assert!(Milestone::ALL.windows(2).all(|pair| pair[0].rank() <= pair[1].rank()));
    }

    #[test]
    fn each_system_is_the_authority_of_its_own_ranks() {
        assert_eq!(Milestone::Unknown.authority(), None);
        for milestone in Milestone::ALL.into_iter().filter(|milestone| *milestone != Milestone::Unknown) {
            let rank = milestone.rank();
            let authority = match rank {
                10..=20 | 200 | 220 => System::Erp,
                30..=65 | 91 | 165 | 0 => System::Wms,
                70..=90 | 100..=160 | 210 => System::Tms,
                900 if milestone == Milestone::OrderCancelled => System::Erp,
                900 => System::Tms,
                _ => panic!("{milestone} has an odd rank {rank}"),
            };
            assert_eq!(milestone.authority(), Some(authority), "{milestone}");
        }
    }
}
