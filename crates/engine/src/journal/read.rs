//! Reading one instance back.
//!
//! One `multi_last` tells the lanes that exist and where they end; then a literal batch get per lane, in parallel,
//! merged by sequence. A wildcard batch get would scan the stream, a consumer per instance would cost the broker more.

use futures::future::try_join_all;

use super::error::ReadError;
use super::{Journal, direct};
use crate::layout::Key;
use crate::workflow::{Workflow, WorkflowRecord};

pub(super) async fn instance<W: Workflow>(
    journal: &Journal<W>,
    key: &Key,
) -> Result<Vec<WorkflowRecord<W>>, ReadError> {
    let (js, stream) = (&journal.js, journal.layout.stream);
    let ends = direct::last(js, stream, &journal.layout.subjects_of(key)).await?;
    let lanes = ends.iter().map(|end| direct::all(js, stream, &end.subject, end.sequence));
    let mut messages: Vec<_> = try_join_all(lanes).await?.into_iter().flatten().collect();
    messages.sort_by_key(|message| message.sequence);
    let decoded = messages.iter().map(|message| {
        journal
            .decode(&message.subject, message.sequence, message.recorded, &message.payload)
            .map(|(_, recorded)| recorded)
    });
    decoded.collect()
}
