//! What the rows hold.

use engine::Checkpoint;
use engine::codec;
use fulfilment::Stage;
use model::{Lane, Timestamp};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::StoreError;
use super::entries::Piece;
use super::summary::Summary;

/// The layout of the rows. A projection of another layout is moved aside and rebuilt when the service starts.
pub const SCHEMA: u32 = 7;

/// How far everything is folded. Written in the same batch as the rows it speaks of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// The layout of the rows, [`SCHEMA`].
    pub schema: u32,
    /// How far ORDERS is folded.
    pub orders: Option<Checkpoint>,
    /// How far STOCK is folded.
    pub stock: Option<Checkpoint>,
    /// Every order changed up to this entry has its status in the bucket.
    pub status: u64,
    /// Where the entries that rows speak of end, in bytes of their file.
    #[serde(default)]
    pub entries_end: u64,
    /// What the rows must add up to.
    pub totals: Totals,
}

/// Sums over all rows, by which a lost or outdated row is noticed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// How many orders there are.
    pub orders: u64,
    /// How many entries are folded into them.
    pub entries: u64,
    /// How many movements of stock there are.
    pub movements: u64,
    /// How often balances were changed.
    pub changes: u64,
    /// How many orders are in each stage, in the order of [`Stage::ALL`].
    pub stages: [u64; Stage::ALL.len()],
    /// How many orders have an open exception.
    pub exceptional: u64,
}

impl Totals {
    /// Counts an order where its summary says it stands.
    pub fn count(&mut self, stands: Standing) {
        self.stages[stands.stage as usize] += 1;
        self.exceptional += u64::from(stands.exceptional);
    }

    /// Counts an order no longer where it stood.
    pub fn discount(&mut self, stood: Standing) {
        self.stages[stood.stage as usize] -= 1;
        self.exceptional -= u64::from(stood.exceptional);
    }
}

/// Where an order stands, as far as it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Its stage.
    pub stage: Stage,
    /// It has an open exception.
    pub exceptional: bool,
}

/// How far one order is folded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The last sequence folded of each lane seen.
    pub lanes: Vec<(Lane, u64)>,
    /// How many entries are folded.
    pub entries: u64,
    /// When the oldest of them was recorded.
    pub began: Timestamp,
    /// When the newest of them was recorded.
    pub updated: Timestamp,
    /// The first entry nobody could read: what is shown of the order may miss something since.
    pub unreadable: Option<u64>,
}

impl Progress {
    /// Takes an entry in; false when it was folded before and must change nothing.
    pub fn admit(&mut self, lane: Lane, sequence: u64, recorded: Timestamp) -> bool {
        match self.lanes.iter_mut().find(|(known, _)| *known == lane) {
            Some((_, last)) if *last >= sequence => return false,
            Some((_, last)) => *last = sequence,
            None => self.lanes.push((lane, sequence)),
        }
        self.began = if self.entries == 0 { recorded } else { self.began.min(recorded) };
        self.entries += 1;
        self.updated = self.updated.max(recorded);
        true
    }

    /// The last sequence folded of any lane; 0 when there was none.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.lanes.iter().map(|(_, last)| *last).max().unwrap_or(0)
    }
}

/// An order's row: what its entries come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// How far it is folded.
    pub progress: Progress,
    /// Where those entries are kept.
    pub history: Vec<Piece>,
    /// How a list shows it.
    pub summary: Summary,
    /// A hash of the status last handed to the bucket; `None` when it was put off.
    pub status: Option<u64>,
}

/// What is known of one SKU at one location in one unit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// Reserved for orders and not yet issued.
    pub reserved: Decimal,
    /// The latest count: where it stands among the movements, and what was found.
    pub count: Option<Count>,
    /// The sum of the movements after the latest count, or of all.
    pub since: Decimal,
    /// How often this row was written.
    pub changes: u64,
}

impl Balance {
    /// What is there.
    #[must_use]
    pub fn on_hand(&self) -> Decimal {
        self.count.as_ref().map_or(Decimal::ZERO, |count| count.found).saturating_add(self.since)
    }

    /// What can still be promised.
    #[must_use]
    pub fn available(&self) -> Decimal {
        self.on_hand().saturating_sub(self.reserved)
    }
}

/// A count of stock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// Where it stands among the movements of its balance.
    #[serde(with = "serde_bytes")]
    pub place: Vec<u8>,
    /// When it was taken.
    pub occurred: Timestamp,
    /// What was found.
    pub found: Decimal,
}

/// A movement's row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// What is added, or what a count found.
    pub quantity: Decimal,
    /// True for a count.
    pub count: bool,
}

/// An update that is still to be published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    /// Where to.
    pub subject: String,
    /// The event's id.
    pub id: String,
    /// The event as JSON.
    pub body: String,
}

/// The bytes of a row.
///
/// # Errors
/// [`StoreError::Doubt`] when the value cannot be written; plain data always can.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, StoreError> {
    codec::encode(value).map_err(|error| StoreError::doubt(error.to_string()))
}

/// The value of a row.
///
/// # Errors
/// [`StoreError::Doubt`] when the bytes hold none.
pub fn decode<T: serde::de::DeserializeOwned>(row: &[u8]) -> Result<T, StoreError> {
    codec::decode(row).map_err(|error| StoreError::doubt(error.to_string()))
}

#[cfg(test)]
mod tests {
    use engine::EntryId;
    use sha2::{Digest as _, Sha256};

    use super::*;

    /// One row of each kind, with every field in it.
    fn rows() -> Vec<Vec<u8>> {
        let checkpoint = Checkpoint { created: Timestamp::from_millis(1), sequence: 2, digest: EntryId([3; 16]) };
        let meta = Meta {
            schema: 0,
            orders: Some(checkpoint.clone()),
            stock: Some(checkpoint),
            status: 4,
            entries_end: 5,
            totals: Totals::default(),
        };
        let progress = Progress {
            lanes: vec![(Lane::Erp, 6)],
            entries: 1,
            began: Timestamp::from_millis(16),
            updated: Timestamp::from_millis(7),
            unreadable: Some(8),
        };
        let state = fulfilment::State::new(&engine::Key::of("SO 1"));
        let summary = Summary::of(&engine::Key::of("SO 1"), &fulfilment::composite(&state), &progress);
        let history = vec![Piece { at: 9, length: 10, crc: 11 }];
        let head = Head { progress, history, summary, status: Some(12) };
        let count = Count { place: vec![13], occurred: Timestamp::from_millis(14), found: Decimal::ONE };
        let balance = Balance { reserved: Decimal::ONE, count: Some(count), since: Decimal::ONE, changes: 15 };
        let moved = Moved { quantity: Decimal::ONE, count: true };
        let outgoing = Outgoing { subject: "s".to_owned(), id: "i".to_owned(), body: "b".to_owned() };
        vec![
            encode(&meta).unwrap(),
            encode(&head).unwrap(),
            encode(&balance).unwrap(),
            encode(&moved).unwrap(),
            encode(&outgoing).unwrap(),
        ]
    }

    /// When this fails, raise [`SCHEMA`] and state both anew: what is on disk is then rebuilt by itself.
    #[test]
    fn rows_of_another_layout_have_another_number() {
        let digest = Sha256::digest(rows().concat());
        let short: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((SCHEMA, short.as_str()), (7, "337315c1f75d55a1"));
    }
}
