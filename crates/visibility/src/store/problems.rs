//! What is wrong with an order, as a work list shows it: kept with the index of such orders, so that nobody folds them all to
//! answer for it.

use fulfilment::exceptions::{self, OpenException};
use fulfilment::{Policy, State};
use model::{CustomerId, Deadline};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Summary;

/// An open exception, and the order it is one of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Listed {
    /// The order, as its ERP writes it.
    pub order: String,
    /// Who ordered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
    /// The next deadline of the order that passes, of those it waits for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Deadline>,
    /// What is wrong.
    #[serde(flatten)]
    pub open: OpenException,
}

/// The row of an order with open exceptions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problems {
    order: String,
    customer: Option<CustomerId>,
    deadline: Option<Deadline>,
    open: Vec<OpenException>,
}

impl Problems {
    /// What is wrong with an order; `None` when nothing is.
    #[must_use]
    pub fn of(state: &State, summary: &Summary) -> Option<Self> {
        let open = exceptions::open(state);
        // What an order waits for does not hang on how long a policy lets it.
        let next = || fulfilment::decide::next_deadline(state, &Policy::default());
        (!open.is_empty()).then(|| Self {
            order: summary.order.clone(),
            customer: summary.customer.clone(),
            deadline: next().map(|(name, at)| Deadline { name, at }),
            open,
        })
    }

    /// The order.
    #[must_use]
    pub fn order(&self) -> &str {
        &self.order
    }

    /// Each of them, for a list.
    pub fn listed(&self) -> impl Iterator<Item = Listed> {
        self.open.iter().map(|open| Listed {
            order: self.order.clone(),
            customer: self.customer.clone(),
            deadline: self.deadline.clone(),
            open: open.clone(),
        })
    }
}
