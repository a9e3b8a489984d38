//! The record that somebody was forgotten. It is kept for ever.

use model::Timestamp;
use serde::{Deserialize, Serialize};

/// How much was erased.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    /// Orders whose texts nobody can read from then on.
    pub orders: u64,
    /// The same of returns.
    pub returns: u64,
    /// Keys that were destroyed.
    pub keys: u64,
    /// Raw messages of partners in stream INBOX.
    pub inbox: u64,
    /// Messages to partners in stream OUTBOX.
    pub outbox: u64,
    /// Messages to partners in stream HELD.
    pub held: u64,
    /// Raw messages in stream QUARANTINE.
    pub quarantine: u64,
}

impl Erased {
    /// How many messages there were in all streams.
    #[must_use]
    pub const fn messages(&self) -> u64 {
        self.inbox + self.outbox + self.held + self.quarantine
    }
}

/// Who had what erased, when and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// Who had it done.
    pub who: String,
    /// Why.
    pub why: String,
    /// When.
    pub at: Timestamp,
    /// The newest of the owner's keys that was destroyed; 0 when there was none.
    pub generation: u32,
    /// How much there was.
    pub erased: Erased,
}

/// That an owner's keys up to one were destroyed, and each time that it was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    /// No key up to this one counts, whether its bytes are still there or not.
    pub generation: u32,
    /// Each time, oldest first.
    pub erasures: Vec<Erasure>,
}
