//! What was known at a time in the past: what had been recorded by then, and of that, what had occurred by another time.

mod stock;

use engine::{Content, Entry, Recorded, Told};
use model::{Decision, Fact, Timestamp};

pub use stock::{PastStock, StockError, stock};

/// How much of the past counts. Without any bound all of it does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Past {
    /// What was recorded before this time.
    pub recorded_before: Option<Timestamp>,
    /// What stands in ORDERS up to and with this entry.
    pub up_to: Option<u64>,
    /// What occurred before this time.
    pub occurred_before: Option<Timestamp>,
}

impl Past {
    /// Whether an entry of ORDERS had been recorded.
    #[must_use]
    pub fn holds(&self, sequence: u64, recorded: Timestamp) -> bool {
        self.up_to.is_none_or(|last| sequence <= last) && self.has_recorded(recorded)
    }

    /// Whether what was recorded at this time counts.
    #[must_use]
    pub fn has_recorded(&self, recorded: Timestamp) -> bool {
        self.recorded_before.is_none_or(|before| recorded < before)
    }

    /// Whether what occurred at this time counts.
    #[must_use]
    pub fn has_occurred(&self, occurred: Timestamp) -> bool {
        self.occurred_before.is_none_or(|before| occurred < before)
    }

    /// The entries that count, each without the facts that do not.
    #[must_use]
    pub fn of(&self, entries: &[Recorded<Fact, Decision>]) -> Vec<Recorded<Fact, Decision>> {
        entries.iter().filter_map(|entry| self.entry(entry)).collect()
    }

    /// What counts of an entry, if anything does. A decision occurred when it was recorded, and a deadline when it passed.
    #[must_use]
    pub fn entry(&self, entry: &Recorded<Fact, Decision>) -> Option<Recorded<Fact, Decision>> {
        if !self.holds(entry.sequence, entry.recorded) {
            return None;
        }
        let content = match &entry.entry.content {
            Content::Facts { source, facts } => {
                let counts = |told: &&Told<Fact>| self.has_occurred(occurred(&told.fact, source.received));
                let facts: Vec<_> = facts.iter().filter(counts).cloned().collect();
                (!facts.is_empty()).then(|| Content::Facts { source: source.clone(), facts })?
            }
            Content::Decisions { .. } if self.has_occurred(entry.recorded) => entry.entry.content.clone(),
            Content::Due { at, .. } if self.has_occurred(*at) => entry.entry.content.clone(),
            Content::Decisions { .. } | Content::Due { .. } => return None,
        };
        Some(Recorded { entry: Entry { id: entry.entry.id, content }, ..*entry })
    }
}

/// When a fact occurred, as it states; when it was received, where it states nothing. An estimate states what is to come: what
/// has occurred is that somebody made it.
#[must_use]
pub fn occurred(fact: &Fact, received: Timestamp) -> Timestamp {
    fact.occurred().map_or(received, |occurred| occurred.at)
}

#[cfg(test)]
mod tests;
