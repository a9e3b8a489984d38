//! Durable workflows on JetStream: append, fold, decide, wait.
//!
//! A workflow is three pure functions ([`Workflow`]); this crate makes them durable. Each instance is an append-only
//! stream of entries under `<name>.<slot>.<key>.<lane>`. Facts are appended without condition, decisions on condition
//! that no other decision came first, and everything else is a fold. Nothing here knows what the facts mean.

pub mod codec;
pub mod decider;
pub mod entry;
pub mod fold;
mod jitter;
pub mod journal;
pub mod layout;
pub mod policy;
pub mod rehearse;
pub mod tail;
pub mod timers;
mod unanswered;
pub mod workflow;

pub use decider::{Decider, DeciderError, Limits, Parked, Tally};
pub use entry::{Content, Entry, EntryId, FactId, Operator, Recorded, Source, Told};
pub use fold::Folded;
pub use jitter::jittered;
pub use journal::{AppendError, AppendErrorKind, Journal, ReadError, ReadErrorKind, is_conflict};
pub use layout::{Key, Layout, SLOTS, slot};
pub use tail::{Checkpoint, Tail, TailError, Tailed};
pub use unanswered::is_unanswered;
pub use workflow::{Workflow, WorkflowEntry, WorkflowRecord};
