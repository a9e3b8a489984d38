//! Whether an order, or a return, may leave its stream.

use engine::{Content, WorkflowRecord};
use fulfilment::Fulfilment;
use model::{Archived, Decision, Fact};

/// An entry of either.
pub(super) type Record = WorkflowRecord<Fulfilment>;

/// Whether it ended, is in the archive, and nothing came after its end that the archive could lack. Where something did, the
/// archive says what it holds.
pub(super) fn is_settled(entries: &[Record]) -> bool {
    let Some(end) = entries.iter().position(ends) else { return false };
    let after = &entries[end + 1..];
    !after.is_empty() && after.iter().all(|entry| archived(entry).is_some())
}

/// Whether an entry ends it.
pub(super) fn ends(entry: &Record) -> bool {
    match &entry.entry.content {
        Content::Decisions { decisions, .. } => decisions.iter().any(|decision| matches!(decision, Decision::End(_))),
        Content::Facts { .. } | Content::Due { .. } => false,
    }
}

/// What an entry says of the archive.
pub(super) fn archived(entry: &Record) -> Option<&Archived> {
    let Content::Facts { facts, .. } = &entry.entry.content else { return None };
    facts.iter().find_map(|told| if let Fact::Archived(archived) = &told.fact { Some(archived) } else { None })
}
