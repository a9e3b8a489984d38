//! The returns workflow (RMA): from goods that may come back to credited, refused or called off.
//!
//! A return is an instance of its own with a stream of its own, in the words of the model: so adapters carry its asks and
//! answers as they are. [`State`] is the set of facts known of a return and the decisions taken; [`decide()`] is the page a
//! logistician can read; [`status()`] is what is shown of it. All of it is pure: no clock, no I/O, no error.

pub mod decide;
mod known;
pub mod policy;
pub mod state;
pub mod status;

use engine::{Key, Layout, Workflow, WorkflowRecord};
use model::{Decision, Fact, Timestamp};

pub use decide::decide;
pub use policy::{Policy, PolicyError};
pub use state::State;
pub use status::{LineStatus, Stage, Status, status};

/// Where returns live.
pub const LAYOUT: Layout = Layout {
    stream: "RETURNS",
    name: "return",
    lanes: &["erp", "wms", "tms", "view", "ops"],
    timers: "RETURN_TIMERS",
    timer: "return_timer",
};

/// The returns workflow.
pub struct Returns;

impl Workflow for Returns {
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
        let is_archived = || state.facts().any(|held| matches!(held.fact, Fact::Archived(_)));
        state.ended().is_some() && is_archived()
    }
}
