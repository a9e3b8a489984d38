//! Reading one instance back.
//!
//! One `multi_last` tells the lanes that exist and where they end; then a literal batch get per lane, in parallel,
//! merged by sequence. A wildcard batch get would scan the stream, a consumer per instance would cost the broker more.

use std::time::Duration;

use futures::future::try_join_all;

use super::error::{ReadError, ReadErrorKind};
use super::{Journal, direct};
use crate::layout::Key;
use crate::workflow::{Workflow, WorkflowRecord};

/// How often a replica is asked for an entry that it has not heard of yet.
const TRIES: u32 = 20;
/// How long to wait before asking again.
const PAUSE: Duration = Duration::from_millis(50);

pub(super) async fn instance<W: Workflow>(
    journal: &Journal<W>,
    key: &Key,
    at_least: u64,
) -> Result<Vec<WorkflowRecord<W>>, ReadError> {
    let (js, stream) = (&journal.js, journal.layout.stream);
    let ends = lane_ends(journal, key, at_least).await?;
    // A lane whose last message was the first of it holds no other.
    let (mut messages, longer): (Vec<_>, Vec<_>) = ends.into_iter().partition(|end| end.is_first);
    let lanes = longer.iter().map(|end| direct::all(js, stream, &end.subject, end.sequence));
    messages.extend(try_join_all(lanes).await?.into_iter().flatten());
    messages.sort_by_key(|message| message.sequence);
    messages.iter().map(|message| decoded(journal, message).map(|(_, entry)| entry)).collect()
}

/// Reads one lane of an instance: its end, then all up to it.
pub(super) async fn lane<W: Workflow>(
    journal: &Journal<W>,
    key: &Key,
    lane: &str,
) -> Result<Vec<WorkflowRecord<W>>, ReadError> {
    let (js, stream) = (&journal.js, journal.layout.stream);
    let Some(end) = direct::last(js, stream, &journal.layout.subject(key, lane)).await?.pop() else {
        return Ok(Vec::new());
    };
    let messages = if end.is_first { vec![end] } else { direct::all(js, stream, &end.subject, end.sequence).await? };
    messages.iter().map(|message| decoded(journal, message).map(|(_, entry)| entry)).collect()
}

fn decoded<W: Workflow>(journal: &Journal<W>, message: &direct::Stored) -> Result<(Key, WorkflowRecord<W>), ReadError> {
    journal.decode(&message.subject, message.sequence, message.recorded, &message.payload)
}

/// The last message of each lane. A replica that knows an entry knows all before it, so it is enough to see that one.
async fn lane_ends<W: Workflow>(
    journal: &Journal<W>,
    key: &Key,
    at_least: u64,
) -> Result<Vec<direct::Stored>, ReadError> {
    let filter = journal.layout.subjects_of(key);
    for _ in 0..TRIES {
        let ends = direct::last(&journal.js, journal.layout.stream, &filter).await?;
        if ends.last().map_or(0, |end| end.sequence) >= at_least {
            return Ok(ends);
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(ReadError::new(format!("{filter} up to {at_least}"), ReadErrorKind::Unanswered, None))
}
