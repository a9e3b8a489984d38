//! What runs side by side: reading back, appending, setting deadlines.

use async_nats::jetstream;
use futures::FutureExt;
use futures::future::BoxFuture;
use model::Timestamp;

use super::feed;
use crate::entry::{Content, Entry, EntryId};
use crate::journal::{AppendError, Journal, ReadError};
use crate::layout::{Key, Layout};
use crate::timers::{self, Held};
use crate::workflow::{Workflow, WorkflowEntry, WorkflowRecord};

/// Something under way.
pub(super) type Work<W> = BoxFuture<'static, Done<W>>;

/// Something that is done.
pub(super) enum Done<W: Workflow> {
    /// An instance was read back.
    Loaded { key: Key, entries: Result<Vec<WorkflowRecord<W>>, ReadError> },
    /// Decisions were appended, or not.
    Appended { key: Key, entry: WorkflowEntry<W>, sequence: Result<u64, AppendError> },
    /// A timer was set, or not, as the decisions in these messages ask for.
    TimerSet { key: Key, messages: Vec<jetstream::Message>, result: Result<Held, AppendError> },
    /// The deadlines that passed were appended as far as anybody waited for them, and the timer set for the next, or not.
    Passed { key: Key, passing: Passing, messages: Vec<jetstream::Message>, result: Result<Option<Held>, AppendError> },
    /// The broker was asked which process it serves; these messages say that timers fired before that.
    Served { pin: Option<String>, due: Vec<(Key, jetstream::Message)> },
    /// The broker was told to send again what another process left unacknowledged.
    Redelivering,
}

/// What a fired timer comes to.
pub(super) struct Passing {
    /// Deadlines up to this time passed.
    pub until: Timestamp,
    /// Those of them that somebody waits for.
    pub awaited: Vec<(String, Timestamp)>,
    /// When the timer has to fire next.
    pub next: Option<Timestamp>,
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

pub(super) fn set_timer<W: Workflow>(
    journal: &Journal<W>,
    key: Key,
    at: Timestamp,
    known: u64,
    messages: Vec<jetstream::Message>,
) -> Work<W> {
    let journal = journal.clone();
    async move {
        let result = timers::set(journal.jetstream(), journal.layout(), &key, at, known, None).await;
        Done::TimerSet { key, messages, result }
    }
    .boxed()
}

pub(super) fn pass<W: Workflow>(
    journal: &Journal<W>,
    key: Key,
    passing: Passing,
    messages: Vec<jetstream::Message>,
) -> Work<W> {
    let journal = journal.clone();
    async move {
        let result = append_due(&journal, &key, &passing).await;
        Done::Passed { key, passing, messages, result }
    }
    .boxed()
}

async fn append_due<W: Workflow>(
    journal: &Journal<W>,
    key: &Key,
    passing: &Passing,
) -> Result<Option<Held>, AppendError> {
    for (name, at) in &passing.awaited {
        let id = EntryId::of(&[key.token().as_bytes(), name.as_bytes(), &at.as_millis().to_be_bytes()]);
        let entry = Entry { id, content: Content::Due { name: name.clone(), at: *at } };
        journal.append(key, Layout::CLOCK, &entry).await?;
    }
    match passing.next {
        Some(next) => {
            // The timer that fired is gone; one that is there was set since.
            let set = timers::set(journal.jetstream(), journal.layout(), key, next, 0, Some(passing.until));
            set.await.map(Some)
        }
        None => Ok(None),
    }
}

/// Asks which process is the one served, once for all these messages.
pub(super) fn ask_who_is_served<W: Workflow>(journal: &Journal<W>, due: Vec<(Key, jetstream::Message)>) -> Work<W> {
    let (js, layout) = (journal.jetstream().clone(), *journal.layout());
    async move { Done::Served { pin: feed::served(&js, &layout).await, due } }.boxed()
}

pub(super) fn redeliver<W: Workflow>(journal: &Journal<W>) -> Work<W> {
    let (js, layout) = (journal.jetstream().clone(), *journal.layout());
    async move {
        feed::redeliver(&js, &layout).await;
        Done::Redelivering
    }
    .boxed()
}
