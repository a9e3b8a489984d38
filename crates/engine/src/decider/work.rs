//! What runs side by side: reading back, appending, setting deadlines.

use std::str::FromStr;

use async_nats::jetstream;
use futures::FutureExt;
use futures::future::{BoxFuture, try_join_all};
use model::Timestamp;

use super::feed;
use crate::entry::{Content, Entry, EntryId};
use crate::journal::{AppendError, Journal, ReadError};
use crate::layout::{Key, Layout};
use crate::timers;
use crate::workflow::{Workflow, WorkflowEntry, WorkflowRecord};

/// Something under way.
pub(super) type Work<W> = BoxFuture<'static, Done<W>>;

/// Something that is done.
pub(super) enum Done<W: Workflow> {
    /// An instance was read back.
    Loaded { key: Key, entries: Result<Vec<WorkflowRecord<W>>, ReadError> },
    /// Decisions were appended, or not.
    Appended { key: Key, entry: WorkflowEntry<W>, sequence: Result<u64, AppendError> },
    /// The deadlines of an entry were set, or not.
    DeadlinesSet { how_many: usize, message: jetstream::Message, result: Result<(), AppendError> },
    /// A deadline that passed was appended if anybody waited for it, or not.
    Passed { awaited: bool, message: jetstream::Message, result: Result<(), AppendError> },
    /// The broker was told to send again what another process left unacknowledged.
    Redelivering,
}

pub(super) fn load<W: Workflow>(journal: &Journal<W>, key: Key, at_least: u64) -> Work<W> {
    let journal = journal.clone();
    async move {
        let entries = journal.read_at_least(&key, at_least).await;
        Done::Loaded { key, entries }
    }
    .boxed()
}

pub(super) fn append<W: Workflow>(journal: &Journal<W>, key: Key, expected: u64, entry: WorkflowEntry<W>) -> Work<W> {
    let journal = journal.clone();
    async move {
        let sequence = journal.decide(&key, expected, &entry).await;
        Done::Appended { key, entry, sequence }
    }
    .boxed()
}

pub(super) fn set_deadlines<W: Workflow>(
    journal: &Journal<W>,
    key: Key,
    deadlines: Vec<(String, Timestamp)>,
    message: jetstream::Message,
) -> Work<W> {
    let journal = journal.clone();
    async move {
        let (js, layout) = (journal.jetstream(), journal.layout());
        let all = deadlines.iter().map(|(name, at)| timers::set(js, layout, &key, name, *at));
        let result = try_join_all(all).await.map(drop);
        Done::DeadlinesSet { how_many: deadlines.len(), message, result }
    }
    .boxed()
}

pub(super) fn pass<W: Workflow>(
    journal: &Journal<W>,
    key: Key,
    name: String,
    awaited: bool,
    message: jetstream::Message,
) -> Work<W> {
    let journal = journal.clone();
    async move {
        let result = if awaited { append_due(&journal, &key, name, &message).await } else { Ok(()) };
        Done::Passed { awaited, message, result }
    }
    .boxed()
}

async fn append_due<W: Workflow>(
    journal: &Journal<W>,
    key: &Key,
    name: String,
    message: &jetstream::Message,
) -> Result<(), AppendError> {
    let text = std::str::from_utf8(&message.payload).unwrap_or_default();
    // Written by `timers::set`; a due message somebody else published passes now.
    let at = Timestamp::from_str(text).unwrap_or_default();
    let id = EntryId::of(&[key.token().as_bytes(), name.as_bytes(), &at.as_millis().to_be_bytes()]);
    let entry = Entry { id, content: Content::Due { name, at } };
    journal.append(key, Layout::CLOCK, &entry).await.map(drop)
}

pub(super) fn redeliver<W: Workflow>(journal: &Journal<W>) -> Work<W> {
    let (js, layout) = (journal.jetstream().clone(), *journal.layout());
    async move {
        feed::redeliver(&js, &layout).await;
        Done::Redelivering
    }
    .boxed()
}
