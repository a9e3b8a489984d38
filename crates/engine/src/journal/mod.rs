//! The journal: what was appended to an instance, and how to append and read it.

mod append;
mod direct;
mod error;
mod read;

pub use append::is_conflict;
pub(crate) use append::publish;
pub use error::{AppendError, AppendErrorKind, ReadError, ReadErrorKind};

use async_nats::jetstream;
use model::Timestamp;

use crate::codec;
use crate::entry::Entry;
use crate::layout::{Key, Layout};
use crate::workflow::{Workflow, WorkflowEntry, WorkflowRecord};

/// The entries of a workflow's instances. Cheap to clone.
pub struct Journal<W: Workflow> {
    js: jetstream::Context,
    layout: Layout,
    workflow: std::marker::PhantomData<fn() -> W>,
}

impl<W: Workflow> Clone for Journal<W> {
    fn clone(&self) -> Self {
        Self { js: self.js.clone(), layout: self.layout, workflow: std::marker::PhantomData }
    }
}

impl<W: Workflow> Journal<W> {
    /// The journal under this layout.
    #[must_use]
    pub const fn new(js: jetstream::Context, layout: Layout) -> Self {
        Self { js, layout, workflow: std::marker::PhantomData }
    }

    /// The layout.
    #[must_use]
    pub const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The connection's JetStream context.
    #[must_use]
    pub const fn jetstream(&self) -> &jetstream::Context {
        &self.js
    }

    /// The recorded entry a message holds, with the instance it belongs to.
    ///
    /// # Errors
    /// [`ReadErrorKind::Subject`] for a subject of another kind, [`ReadErrorKind::Entry`] for an entry of an unknown
    /// version.
    pub fn decode(
        &self,
        subject: &str,
        sequence: u64,
        recorded: Timestamp,
        payload: &[u8],
    ) -> Result<(Key, WorkflowRecord<W>), ReadError> {
        let (key, lane) = self.layout.parse(subject).ok_or_else(|| ReadError::subject(subject, sequence))?;
        let entry: Entry<W::Fact, W::Decision> =
            codec::decode(payload).map_err(|source| ReadError::entry(subject, sequence, source))?;
        Ok((key, crate::entry::Recorded { sequence, recorded, lane, entry }))
    }

    /// Appends an entry of facts, or a deadline that passed, without condition. Returns its sequence.
    ///
    /// # Errors
    /// [`AppendError`] when the broker did not take it within the time limit, after retries with the same id.
    pub async fn append(&self, key: &Key, lane: &str, entry: &WorkflowEntry<W>) -> Result<u64, AppendError> {
        append::unconditional(&self.js, self.layout.subject(key, lane), entry).await
    }

    /// As [`Journal::append`], for an entry that is likely the first of its lane, such as the one that starts an
    /// instance: readers are then spared looking for what came before.
    ///
    /// # Errors
    /// [`AppendError`] as [`Journal::append`].
    pub async fn append_first(&self, key: &Key, lane: &str, entry: &WorkflowEntry<W>) -> Result<u64, AppendError> {
        append::first(&self.js, self.layout.subject(key, lane), entry).await
    }

    /// Appends an entry of decisions if the last decision is still the one at `expected` (0 for none).
    ///
    /// # Errors
    /// [`AppendErrorKind::Conflict`] when another decision came first.
    pub async fn decide(&self, key: &Key, expected: u64, entry: &WorkflowEntry<W>) -> Result<u64, AppendError> {
        self.append_behind(key, Layout::FLOW, expected, entry).await
    }

    /// Appends an entry if the last one of its lane is still the one at `expected` (0 for none): what it says was concluded
    /// from that and what came before.
    ///
    /// # Errors
    /// [`AppendErrorKind::Conflict`] when another entry came into the lane first, and [`AppendError`] as
    /// [`Journal::append`]; but an entry that is not answered for is not sent again.
    pub async fn append_behind(
        &self,
        key: &Key,
        lane: &str,
        expected: u64,
        entry: &WorkflowEntry<W>,
    ) -> Result<u64, AppendError> {
        append::conditional(self, self.layout.subject(key, lane), expected, entry).await
    }

    /// Reads all entries of one instance, in stream order.
    ///
    /// # Errors
    /// [`ReadError`] when the broker does not answer or an entry is of an unknown version.
    pub async fn read(&self, key: &Key) -> Result<Vec<WorkflowRecord<W>>, ReadError> {
        self.read_at_least(key, 0).await
    }

    /// Reads the entries of one lane of an instance, in stream order.
    ///
    /// # Errors
    /// [`ReadError`] as [`Journal::read`].
    pub async fn read_lane(&self, key: &Key, lane: &str) -> Result<Vec<WorkflowRecord<W>>, ReadError> {
        read::lane(self, key, lane).await
    }

    /// Reads all entries of one instance, at least up to one that is known to be in the log: a replica that has not
    /// heard of it yet is asked again.
    ///
    /// # Errors
    /// [`ReadError`] as [`Journal::read`], and when no replica knows the entry within the time limit.
    pub async fn read_at_least(&self, key: &Key, sequence: u64) -> Result<Vec<WorkflowRecord<W>>, ReadError> {
        read::instance(self, key, sequence).await
    }
}
