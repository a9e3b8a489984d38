//! An order as a list shows it, and the indexes a list is found by.

use engine::Key;
use fulfilment::{Composite, Stage};
use model::{CustomerId, End, Milestone, Timestamp, When};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::keys::Kind;
use super::{Progress, Standing};

/// An order as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// The order, as its ERP writes it.
    pub order: String,
    /// Where it stands in the workflow.
    pub stage: Stage,
    /// The milestone the whole order has reached.
    pub milestone: Option<Milestone>,
    /// Some of it is further than the milestone says.
    pub partial: bool,
    /// Who ordered.
    pub customer: Option<CustomerId>,
    /// The date promised.
    pub promised: Option<When>,
    /// When it is expected.
    pub eta: Option<When>,
    /// How many business problems are open.
    pub exceptions: usize,
    /// How many conditions are open.
    pub conditions: usize,
    /// How it ended, if it did.
    pub ended: Option<End>,
    /// The last entry folded.
    pub sequence: u64,
    /// When it was recorded.
    pub updated: Timestamp,
    /// The first entry nobody could read: the order may miss something since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<u64>,
}

impl Summary {
    /// Where the order stands, as far as it is counted.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        Standing { stage: self.stage, exceptional: self.exceptions > 0 }
    }

    /// The summary of an order.
    #[must_use]
    pub fn of(key: &Key, composite: &Composite, progress: &Progress) -> Self {
        Self {
            order: key.text(),
            stage: composite.stage,
            milestone: composite.milestone,
            partial: composite.partial,
            customer: composite.customer.clone(),
            promised: composite.promised,
            eta: composite.eta,
            exceptions: composite.exceptions.len(),
            conditions: composite.conditions.len(),
            ended: composite.ended,
            sequence: progress.sequence(),
            updated: progress.updated,
            unreadable: progress.unreadable,
        }
    }

    /// The keys of the indexes an order of this summary stands in.
    #[must_use]
    pub fn index_keys(&self, order: &str) -> Vec<Vec<u8>> {
        let stage = Kind::Stage.key(&[self.stage.as_str(), order]);
        let customer = self.customer.as_ref().map(|customer| Kind::Customer.key(&[&customer.token(), order]));
        let exceptional = (self.exceptions > 0).then(|| Kind::Exceptional.key(&[order]));
        [Some(stage), customer, exceptional].into_iter().flatten().collect()
    }
}
