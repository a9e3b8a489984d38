//! An order's entries, kept as the log gave them: the fold is made from them when it is needed.

use bytes::Bytes;
use engine::{Key, Recorded, Workflow, WorkflowEntry, WorkflowRecord, codec};
use fulfilment::{Fulfilment, State};
use model::{Lane, Timestamp};
use serde::{Deserialize, Serialize};

use super::entries::Piece;
use super::keys::Kind;
use super::{Head, Store, StoreError, decode, encode};

/// An entry of an order, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The lane it was written in.
    pub lane: Lane,
    /// Its place in the stream.
    pub sequence: u64,
    /// When the broker took it in.
    pub recorded: Timestamp,
    /// Its body; empty when nobody here could read it, for then it is in quarantine too.
    #[serde(with = "serde_bytes")]
    pub body: Vec<u8>,
}

impl Kept {
    /// An entry that could be read.
    #[must_use]
    pub fn new(lane: Lane, sequence: u64, recorded: Timestamp, body: &Bytes) -> Self {
        Self { lane, sequence, recorded, body: body.to_vec() }
    }

    /// The entry; `None` when nobody could read it.
    ///
    /// # Errors
    /// [`StoreError::Doubt`] when it could be read once and now cannot.
    pub fn record(&self) -> Result<Option<WorkflowRecord<Fulfilment>>, StoreError> {
        if self.body.is_empty() {
            return Ok(None);
        }
        let entry: WorkflowEntry<Fulfilment> =
            codec::decode(&self.body).map_err(|error| StoreError::doubt(error.to_string()))?;
        let (sequence, recorded, lane) = (self.sequence, self.recorded, self.lane.as_str());
        Ok(Some(Recorded { sequence, recorded, lane, entry }))
    }
}

/// An order, folded from its rows.
#[derive(Debug)]
pub struct Folded {
    /// The head of its row.
    pub head: Head,
    /// Its fold.
    pub state: State,
}

impl Store {
    /// The head of an order's row; `None` when nothing is known of it.
    ///
    /// # Errors
    /// [`StoreError`] when the row cannot be read.
    pub fn head(&self, key: &Key) -> Result<Option<Head>, StoreError> {
        self.get(&Kind::Order.key(&[key.token()]))?.map(|row| decode(&row)).transpose()
    }

    /// The entries an order's row speaks of, in stream order.
    ///
    /// # Errors
    /// [`StoreError`] when a piece of them cannot be read.
    pub fn history(&self, head: &Head) -> Result<Vec<Kept>, StoreError> {
        let mut history = Vec::new();
        for piece in &head.history {
            history.append(&mut decode::<Vec<Kept>>(&self.entries.read(*piece)?)?);
        }
        Ok(history)
    }

    /// Keeps entries behind `end`, where those kept so far end, and moves it. They count from when a row speaks of them.
    /// For the owner alone.
    pub(crate) fn keep(&self, entries: &[Kept], end: &mut u64) -> Result<Piece, StoreError> {
        let piece = self.entries.write(*end, &encode(&entries)?)?;
        *end = piece.end();
        Ok(piece)
    }

    /// An order and its fold; `None` when nothing is known of it.
    ///
    /// # Errors
    /// [`StoreError`] when a row cannot be read.
    pub fn folded(&self, key: &Key) -> Result<Option<Folded>, StoreError> {
        let Some(head) = self.head(key)? else { return Ok(None) };
        let mut state = State::new(key);
        for kept in &self.history(&head)? {
            if let Some(record) = kept.record()? {
                Fulfilment::evolve(&mut state, &record);
            }
        }
        Ok(Some(Folded { head, state }))
    }
}
