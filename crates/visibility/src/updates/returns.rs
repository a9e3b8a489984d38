//! What a customer is told of a return: how it ended.

use engine::Key;
use model::{CustomerId, OrderId, ReturnOutcome, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::event::CloudEvent;

/// A return as its customer may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReturnUpdate {
    /// The return.
    #[serde(rename = "return")]
    pub rma: String,
    /// The order the goods were sold in.
    pub order: OrderId,
    /// Who sent them back.
    pub customer: CustomerId,
    /// How it ended.
    pub outcome: ReturnOutcome,
}

impl ReturnUpdate {
    /// How a return ended.
    #[must_use]
    pub fn new(rma: &Key, customer: &CustomerId, order: &OrderId, outcome: ReturnOutcome) -> Self {
        Self { rma: rma.text(), order: order.clone(), customer: customer.clone(), outcome }
    }

    /// The event that tells it.
    #[must_use]
    pub fn event(self, id: String, time: Timestamp) -> CloudEvent<Self> {
        let kind = format!("waybill.return.{}", self.outcome);
        CloudEvent::new(id, kind, self.rma.clone(), time, self)
    }
}
