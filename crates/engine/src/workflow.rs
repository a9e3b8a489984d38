//! What a workflow is: a fold and a decision, both pure.

use model::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

use crate::entry::{Entry, Recorded};
use crate::layout::Key;

/// The entry type of a workflow.
pub type WorkflowEntry<W> = Entry<<W as Workflow>::Fact, <W as Workflow>::Decision>;
/// The recorded entry type of a workflow.
pub type WorkflowRecord<W> = Recorded<<W as Workflow>::Fact, <W as Workflow>::Decision>;

/// A durable workflow.
///
/// All its functions are total, synchronous and free of clocks and I/O, so that a replay gives the same answer.
pub trait Workflow: Send + Sync + 'static {
    /// What others say has happened.
    type Fact: Serialize + DeserializeOwned + Clone + Send + Sync + 'static;
    /// What was concluded.
    type Decision: Serialize + DeserializeOwned + Clone + Send + Sync + 'static;
    /// What is known of one instance.
    type State: Clone + Send + Sync + 'static;
    /// What a person may change about the decisions.
    type Policy: Send + Sync + 'static;

    /// What is known of an instance before its first entry.
    fn start(key: &Key) -> Self::State;

    /// Folds one entry into the state. The result must not depend on the order or the repetition of facts.
    fn evolve(state: &mut Self::State, entry: &WorkflowRecord<Self>)
    where
        Self: Sized;

    /// Given all that is known, what has not been concluded yet. Deciding on the state that one's own decisions
    /// produce must return nothing.
    ///
    /// `now` is the newest time any entry of the instance was recorded, or the deadline that fired.
    fn decide(state: &Self::State, policy: &Self::Policy, now: Timestamp) -> Vec<Self::Decision>;

    /// The name and time of the deadline a decision sets, if it sets one. The name must be safe as a subject token.
    fn deadline(decision: &Self::Decision) -> Option<(&str, Timestamp)>;

    /// Whether the instance still waits for this deadline; one that nobody waits for passes without an entry.
    fn awaits(state: &Self::State, policy: &Self::Policy, deadline: &str) -> bool;

    /// Whether nothing more is expected of the instance, so that it need not stay in memory. What comes all the same is
    /// folded and decided on as ever.
    fn is_over(state: &Self::State) -> bool;
}
