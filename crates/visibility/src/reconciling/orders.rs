//! Orders read from the stream one by one, whole, in bounded memory.
//!
//! The stream interleaves all orders. Entries are kept as they are until an order is archived and room is wanted, or the end is
//! reached; only then is the order folded. One that is told of again after that, or that is open for so long that there is no room
//! to keep it, is read by itself at the end. So memory holds what is under way and not what there ever was.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, RandomState};

use bytes::Bytes;
use engine::{Content, Journal, Key, Layout, ReadError, Tailed, WorkflowRecord};
use fulfilment::Fulfilment;
use futures::StreamExt;
use model::{Fact, Lane, Timestamp};

/// The most bytes of entries that are kept before orders that are over make room, where nobody says otherwise.
pub const MOST_BYTES: usize = 48 * 1024 * 1024;
/// What an entry costs beside its bytes.
const ENTRY_BYTES: usize = 96;
/// How many orders are read by themselves at once.
const AT_ONCE: usize = 16;

/// An entry of an order.
pub type Record = WorkflowRecord<Fulfilment>;

/// Orders as they are read.
pub struct Orders {
    journal: Journal<Fulfilment>,
    resident: HashMap<Key, Resident>,
    bytes: usize,
    most_bytes: usize,
    /// Orders that were handed over already, by a hash of their key, and the last entry they had then. That two of a million orders
    /// share one of 64 bits happens once in tens of millions of logs.
    left: HashMap<u64, u64>,
    hashes: RandomState,
    /// Orders that are to be read by themselves.
    again: BTreeSet<Key>,
    /// Entries that nobody here can read.
    unreadable: Vec<u64>,
}

/// The entries of one order, as they were read.
#[derive(Default)]
struct Resident {
    entries: Vec<Kept>,
    bytes: usize,
    is_over: bool,
}

struct Kept {
    subject: Box<str>,
    sequence: u64,
    recorded: Timestamp,
    payload: Bytes,
}

/// An order that was read.
pub struct Read {
    /// The order.
    pub key: Key,
    /// Its entries up to the cut-off, in order.
    pub entries: Vec<Record>,
    /// How many of its entries were handed over before, if it was.
    pub before: Option<usize>,
}

impl Orders {
    /// The most unreadable entries that are named.
    const MOST_UNREADABLE: usize = 1_000;

    /// None read yet; no more than so many bytes of entries are kept.
    #[must_use]
    pub fn new(journal: Journal<Fulfilment>, most_bytes: usize) -> Self {
        Self {
            journal,
            resident: HashMap::new(),
            bytes: 0,
            most_bytes,
            left: HashMap::new(),
            hashes: RandomState::new(),
            again: BTreeSet::new(),
            unreadable: Vec::new(),
        }
    }

    /// Takes in a message; hands over orders that make room for it.
    pub fn take(&mut self, message: Tailed, visit: &mut impl FnMut(Read)) {
        let Some((key, lane)) = self.journal.layout().parse(&message.subject) else {
            self.note_unreadable(message.sequence);
            return;
        };
        if self.left.contains_key(&self.hashes.hash_one(&key)) || self.again.contains(&key) {
            self.again.insert(key);
            return;
        }
        let Tailed { subject, sequence, recorded, payload } = message;
        let archived = lane == Lane::View.as_str() && self.is_archived(&subject, sequence, recorded, &payload);
        let resident = self.resident.entry(key).or_default();
        let bytes = payload.len() + subject.len() + ENTRY_BYTES;
        // The body is a part of the buffer that it was received in, which is many times larger.
        let payload = Bytes::copy_from_slice(&payload);
        resident.entries.push(Kept { subject: subject.into(), sequence, recorded, payload });
        resident.bytes += bytes;
        resident.is_over |= archived;
        self.bytes += bytes;
        if self.bytes > self.most_bytes {
            self.make_room(visit);
        }
    }

    /// Hands over what is left, once the cut-off is reached; `until` is the last sequence that counts.
    ///
    /// # Errors
    /// [`ReadError`] when an order cannot be read by itself.
    pub async fn finish(&mut self, until: u64, visit: &mut impl FnMut(Read)) -> Result<(), ReadError> {
        for (key, resident) in std::mem::take(&mut self.resident) {
            self.hand_over(key, resident, visit);
        }
        self.bytes = 0;
        let journal = self.journal.clone();
        let reads = std::mem::take(&mut self.again).into_iter().map(|key| {
            let journal = journal.clone();
            async move { journal.read(&key).await.map(|entries| (key, entries)) }
        });
        let mut reads = futures::stream::iter(reads).buffered(AT_ONCE);
        while let Some(read) = reads.next().await {
            let (key, mut entries) = read?;
            entries.retain(|entry| entry.sequence <= until);
            let left = self.left.get(&self.hashes.hash_one(&key));
            let before = left.map(|last| entries.partition_point(|entry| entry.sequence <= *last));
            visit(Read { key, entries, before });
        }
        Ok(())
    }

    /// Entries that nobody here can read; at most 1,000 are named.
    #[must_use]
    pub fn unreadable(&self) -> &[u64] {
        &self.unreadable
    }

    /// Hands over orders that are over, oldest first; when there are too few, those that are open for longest are put off.
    fn make_room(&mut self, visit: &mut impl FnMut(Read)) {
        let last = |resident: &Resident| resident.entries.last().map_or(0, |kept| kept.sequence);
        let mut order: Vec<(bool, u64, Key)> =
            self.resident.iter().map(|(key, resident)| (!resident.is_over, last(resident), key.clone())).collect();
        order.sort_unstable();
        for (is_open, _, key) in order {
            if self.bytes <= self.most_bytes / 2 {
                break;
            }
            let Some(resident) = self.resident.remove(&key) else { continue };
            self.bytes -= resident.bytes;
            if is_open {
                self.again.insert(key);
            } else {
                let last = last(&resident);
                self.left.insert(self.hashes.hash_one(&key), last);
                self.hand_over(key, resident, visit);
            }
        }
    }

    fn hand_over(&mut self, key: Key, resident: Resident, visit: &mut impl FnMut(Read)) {
        let mut entries = Vec::with_capacity(resident.entries.len());
        for Kept { subject, sequence, recorded, payload } in resident.entries {
            match self.journal.decode(&subject, sequence, recorded, &payload) {
                Ok((_, entry)) => entries.push(entry),
                Err(_) => self.note_unreadable(sequence),
            }
        }
        visit(Read { key, entries, before: None });
    }

    fn is_archived(&self, subject: &str, sequence: u64, recorded: Timestamp, payload: &[u8]) -> bool {
        let Ok((_, entry)) = self.journal.decode(subject, sequence, recorded, payload) else { return false };
        let Content::Facts { facts, .. } = entry.entry.content else { return false };
        facts.iter().any(|told| matches!(told.fact, Fact::Archived(_)))
    }

    fn note_unreadable(&mut self, sequence: u64) {
        if self.unreadable.len() < Self::MOST_UNREADABLE {
            self.unreadable.push(sequence);
        }
    }
}

/// The layout that orders are read by.
pub const LAYOUT: Layout = fulfilment::LAYOUT;
