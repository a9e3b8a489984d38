//! The order-to-delivery workflow: from the ERP's release to billed, audited and closed.
//!
//! [`State`] is the set of facts known of an order and the decisions taken; [`decide()`] is the page a logistician can read;
//! [`composite()`] is the status everybody sees. All of it is pure: no clock, no I/O, no error.

pub mod decide;
pub mod exceptions;
pub mod policy;
pub mod rule;
pub mod state;
pub mod status;

use engine::{Key, Layout, Workflow, WorkflowRecord};
use model::{Decision, Fact, Timestamp};

pub use decide::decide;
pub use policy::{Policy, PolicyError};
pub use state::{Claim, Held, LineStatus, Shipment, State, StockEffect, StockEffectKind};
pub use status::{Composite, ShipmentStatus, Stage, composite};

/// Where orders live.
pub const LAYOUT: Layout = Layout {
    stream: "ORDERS",
    name: "order",
    lanes: &["erp", "wms", "tms", "view", "ops"],
    timers: "TIMERS",
    timer: "timer",
};

/// The order-to-delivery workflow.
pub struct Fulfilment;

impl Workflow for Fulfilment {
    type Fact = Fact;
    type Decision = Decision;
    type State = State;
    type Policy = Policy;

    fn start(key: &Key) -> State {
        State::new(key)
    }

    fn evolve(state: &mut State, entry: &WorkflowRecord<Self>) {
        state.evolve(entry);
    }

    fn decide(state: &State, policy: &Policy, now: Timestamp) -> Vec<Decision> {
        decide(state, policy, now)
    }

    fn deadline(decision: &Decision) -> Option<(&str, Timestamp)> {
        match decision {
            Decision::Deadline(deadline) => Some((&deadline.name, deadline.at)),
            Decision::Commit(_)
            | Decision::Split(_)
            | Decision::Ask(_)
            | Decision::Raise(_)
            | Decision::Resolve(_)
            | Decision::End(_) => None,
        }
    }

    fn awaits(state: &State, policy: &Policy, deadline: &str) -> bool {
        decide::awaits(state, policy, deadline)
    }

    fn is_over(state: &State) -> bool {
        let is_archived = || state.facts().any(|(_, held)| matches!(held.fact, Fact::Archived(_)));
        state.ended().is_some() && is_archived()
    }
}
