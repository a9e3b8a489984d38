//! Replaying an instance's trail under another policy, in a shadow: what would have been decided otherwise.
//!
//! Pure, and writes nothing. The shadow gets the facts as they came and decides where the decide loop did: at each recorded
//! entry of decisions, with what that entry had seen. Its state holds its own decisions in place of the recorded ones, and
//! the deadlines that it sets itself pass at their time. Under the policy that was in force it decides what is recorded.
//!
//! What partners answered is what they answered to the recorded asks: what follows from the first decision that differs is as
//! far as the facts of the past can tell, and no further.

mod difference;
mod shadow;

use model::Timestamp;

use crate::entry::Content;
use crate::layout::{Key, Layout};
use crate::workflow::{Workflow, WorkflowRecord};
pub use difference::{Difference, Name, What, differences};
use shadow::Shadow;

/// How long after an entry it is certain that the decide loop looked at it, in milliseconds: twice what the broker waits before
/// it delivers again what a process took with it when it died.
pub const QUIET: i64 = 60_000;

/// A decision, and where it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made<D> {
    /// The last sequence that was known when it was concluded.
    pub after: u64,
    /// The time it was concluded for.
    pub now: Timestamp,
    /// What was concluded.
    pub decision: D,
}

/// Which part of a trail is decided anew.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// What was recorded before this time stands as it is.
    pub since: Timestamp,
    /// When the trail was read: deadlines up to then have passed.
    pub until: Timestamp,
}

/// The decisions of a trail in this span, as they are recorded.
#[must_use]
pub fn recorded<W: Workflow>(trail: &[WorkflowRecord<W>], span: Span) -> Vec<Made<W::Decision>> {
    let decided = trail.iter().filter(|entry| entry.lane == Layout::FLOW && entry.recorded >= span.since);
    let made = decided.flat_map(|entry| match &entry.entry.content {
        Content::Decisions { seen, now, decisions } => {
            decisions.iter().map(|decision| Made { after: *seen, now: *now, decision: decision.clone() }).collect()
        }
        Content::Facts { .. } | Content::Due { .. } => Vec::new(),
    });
    made.collect()
}

/// The decisions that this policy takes on a trail in this span. The trail is in stream order and whole.
#[must_use]
pub fn rehearsed<W: Workflow>(
    key: &Key,
    trail: &[WorkflowRecord<W>],
    policy: &W::Policy,
    span: Span,
) -> Vec<Made<W::Decision>>
where
    W::Decision: PartialEq,
{
    Shadow::<W>::new(key, trail, policy, span).play()
}
