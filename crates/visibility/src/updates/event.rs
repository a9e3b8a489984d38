//! What a customer is told: changes of an order's composite status, as CloudEvents 1.0 in JSON.

use fulfilment::status::OpenCondition;
use fulfilment::{Composite, ShipmentStatus};
use model::{CustomerId, Milestone, Phase, Timestamp, When};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The largest event that is published in full, in bytes; the stream takes a MiB.
const LARGEST: usize = 1_000_000;
/// Who the events come from.
const SOURCE: &str = "/waybill/visibility";

/// How far an order is, as a customer sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notch {
    /// The order was received.
    Received,
    /// The order was confirmed.
    Confirmed,
    /// It is in the warehouse; customers are not told.
    Warehouse,
    /// It left the warehouse.
    Shipped,
    /// It is on the delivery vehicle, or waits to be collected.
    OutForDelivery,
    /// A delivery was tried and did not succeed.
    DeliveryAttempted,
    /// Some of it is delivered.
    PartiallyDelivered,
    /// It is delivered.
    Delivered,
    /// It is on the way back; customers are not told.
    Returning,
    /// It came back.
    Returned,
    /// It will not go on.
    Cancelled,
}

impl Notch {
    /// How far a milestone is for a customer; nothing for those of stock and money, and the unknown.
    #[must_use]
    pub fn of(milestone: Milestone) -> Option<Self> {
        match milestone.phase() {
            Phase::Inventory | Phase::Finance | Phase::Unknown => None,
            Phase::Terminal => Some(Self::Cancelled),
            Phase::Order | Phase::Warehouse | Phase::Transport | Phase::Delivery | Phase::Return => {
                Some(match milestone.rank() {
                    ..20 => Self::Received,
                    20..30 => Self::Confirmed,
                    30..90 => Self::Warehouse,
                    90..130 => Self::Shipped,
                    130..140 => Self::OutForDelivery,
                    140..145 => Self::DeliveryAttempted,
                    145..150 => Self::PartiallyDelivered,
                    150..160 => Self::Delivered,
                    160..165 => Self::Returning,
                    165.. => Self::Returned,
                })
            }
        }
    }

    /// The event's type; nothing where customers are not told.
    const fn event(self) -> Option<&'static str> {
        match self {
            Self::Warehouse | Self::Returning => None,
            Self::Received => Some("waybill.order.received"),
            Self::Confirmed => Some("waybill.order.confirmed"),
            Self::Shipped => Some("waybill.order.shipped"),
            Self::OutForDelivery => Some("waybill.order.out_for_delivery"),
            Self::DeliveryAttempted => Some("waybill.order.delivery_attempted"),
            Self::PartiallyDelivered => Some("waybill.order.partially_delivered"),
            Self::Delivered => Some("waybill.order.delivered"),
            Self::Returned => Some("waybill.order.returned"),
            Self::Cancelled => Some("waybill.order.cancelled"),
        }
    }
}

/// What a customer has been shown of an order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    notch: Option<Notch>,
    conditions: Vec<OpenCondition>,
}

impl Shown {
    /// What a status shows; nothing as long as nobody knows the customer.
    #[must_use]
    pub fn of(composite: &Composite) -> Self {
        if composite.customer.is_none() {
            return Self::default();
        }
        // A bill does not hide how far the goods are.
        let goods = || composite.shipments.iter().filter_map(|shipment| shipment.milestone).min();
        let notch = composite.milestone.and_then(Notch::of).or_else(|| goods().and_then(Notch::of));
        Self { notch, conditions: composite.conditions.clone() }
    }

    /// The types of the events that lead from one to the other, in the order they are told.
    #[must_use]
    pub fn changes_to(&self, now: &Self) -> Vec<&'static str> {
        let moved = now.notch.filter(|notch| self.notch != Some(*notch)).and_then(Notch::event);
        let raised = now.conditions.iter().any(|condition| !self.conditions.contains(condition));
        let cleared = self.conditions.iter().any(|condition| !now.conditions.contains(condition));
        let raised = raised.then_some("waybill.order.condition_raised");
        let cleared = cleared.then_some("waybill.order.condition_cleared");
        moved.into_iter().chain(raised).chain(cleared).collect()
    }
}

/// A CloudEvent 1.0 in structured mode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CloudEvent<T = Update> {
    /// Always `1.0`.
    pub specversion: String,
    /// The same however often the event is sent.
    pub id: String,
    /// Who says it.
    pub source: String,
    /// What happened, such as `waybill.order.shipped`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The order, as its ERP writes it; or the return.
    pub subject: String,
    /// When it came to be known.
    pub time: Timestamp,
    /// Always `application/json`.
    pub datacontenttype: String,
    /// The order, or return, as the customer may see it.
    pub data: T,
}

/// An order as its customer may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Update {
    /// The order.
    pub order: String,
    /// Who ordered.
    pub customer: CustomerId,
    /// The milestone the whole order has reached.
    pub milestone: Option<Milestone>,
    /// Some of it is further than the milestone says.
    pub partial: bool,
    /// The date promised.
    pub promised: Option<When>,
    /// When it is expected.
    pub eta: Option<When>,
    /// The shipments.
    pub shipments: Vec<ShipmentStatus>,
    /// What is the matter.
    pub conditions: Vec<OpenCondition>,
}

impl Update {
    /// One milestone of an order, and nothing else of it.
    #[must_use]
    pub fn of_milestone(order: &str, customer: &CustomerId, milestone: Milestone) -> Self {
        Self {
            order: order.to_owned(),
            customer: customer.clone(),
            milestone: Some(milestone),
            partial: false,
            promised: None,
            eta: None,
            shipments: Vec::new(),
            conditions: Vec::new(),
        }
    }

    /// The order as its customer may see it; nothing as long as nobody knows the customer.
    #[must_use]
    pub fn of(order: &str, composite: &Composite) -> Option<Self> {
        Some(Self {
            order: order.to_owned(),
            customer: composite.customer.clone()?,
            milestone: composite.milestone,
            partial: composite.partial,
            promised: composite.promised,
            eta: composite.eta,
            shipments: composite.shipments.clone(),
            conditions: composite.conditions.clone(),
        })
    }

    /// The event that tells it.
    #[must_use]
    pub fn event(self, id: String, kind: &str, time: Timestamp) -> CloudEvent {
        CloudEvent::new(id, kind.to_owned(), self.order.clone(), time, self)
    }
}

impl<T> CloudEvent<T> {
    /// An event of this service.
    pub(super) fn new(id: String, kind: String, subject: String, time: Timestamp, data: T) -> Self {
        Self {
            specversion: "1.0".to_owned(),
            id,
            source: SOURCE.to_owned(),
            kind,
            subject,
            time,
            datacontenttype: "application/json".to_owned(),
            data,
        }
    }
}

impl CloudEvent {
    /// The event as JSON. One too large for its stream goes without the details of shipments and conditions.
    #[must_use]
    pub fn body(mut self) -> String {
        let json = |event: &Self| serde_json::json!(event).to_string();
        let body = json(&self);
        if body.len() <= LARGEST {
            return body;
        }
        self.data.shipments.clear();
        self.data.conditions.clear();
        json(&self)
    }
}

/// The type of the event that tells a customer of a milestone.
#[must_use]
pub fn kind_of(milestone: Milestone) -> &'static str {
    Notch::of(milestone).and_then(Notch::event).unwrap_or("waybill.order.updated")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(notch: Option<Notch>) -> Shown {
        Shown { notch, conditions: Vec::new() }
    }

    #[test]
    fn customers_are_told_once_that_it_shipped_and_nothing_of_the_warehouse() {
        let warehouse = shown(Notch::of(Milestone::FulfilmentPacked));
        assert!(shown(Some(Notch::Confirmed)).changes_to(&warehouse).is_empty());
        let picked_up = shown(Notch::of(Milestone::TransportPickedUp));
        assert_eq!(warehouse.changes_to(&picked_up), ["waybill.order.shipped"]);
        let issued = shown(Notch::of(Milestone::FulfilmentGoodsIssued));
        assert!(picked_up.changes_to(&issued).is_empty());
    }

    #[test]
    fn every_milestone_has_an_event_or_a_reason_to_have_none() {
        for milestone in Milestone::ALL {
            let silent = matches!(milestone.phase(), Phase::Inventory | Phase::Finance | Phase::Unknown);
            assert_eq!(Notch::of(milestone).is_none(), silent, "{milestone}");
        }
        assert_eq!(kind_of(Milestone::TransportDelivered), "waybill.order.delivered");
        assert_eq!(kind_of(Milestone::OrderCancelled), "waybill.order.cancelled");
    }
}
