//! Holds what a projection states of its orders against a fold of the log that owes nothing to it.
//!
//! What is stated comes first, then the log is read up to where the projection had folded it before: whatever stands there of
//! an order must be in what was stated. An order that has gone on meanwhile is looked at by itself, as is one that differs.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, RandomState};

use async_nats::jetstream;
use engine::{Journal, Key};
use sha2::{Digest, Sha256};

use crate::archive::hex;
use crate::look::{Independent, add};
use crate::queries::OrderDigest;
use crate::reconciling::{CutOff, Log, MOST_BYTES, Orders, Read, ReconcileError};

/// What was stated of orders, and what the log says.
pub struct Verifier {
    /// By a hash of the order's key. Two orders that share one are looked at by themselves.
    stated: HashMap<u64, Stated>,
    hashes: RandomState,
    total: Sha256,
    suspects: BTreeSet<Key>,
    beyond: u64,
    unreadable: Vec<u64>,
}

/// What is kept of a digest: enough to tell it from another.
struct Stated {
    sequence: u64,
    digest: [u8; 16],
    is_read: bool,
}

/// There are more orders than are held against the log at once.
#[derive(Debug, thiserror::Error)]
#[error(
    "the projection holds more than {} orders, the most that are verified at once; name the orders to look at",
    Verifier::MOST
)]
pub struct TooMany;

impl Default for Verifier {
    fn default() -> Self {
        Self {
            stated: HashMap::new(),
            hashes: RandomState::new(),
            total: Sha256::new(),
            suspects: BTreeSet::new(),
            beyond: 0,
            unreadable: Vec::new(),
        }
    }
}

impl Verifier {
    /// The most orders: some 50 bytes are kept of each.
    pub const MOST: usize = 2_000_000;
    /// The most orders that are looked at by themselves; those beyond are counted.
    pub const MOST_SUSPECTS: usize = 100_000;

    /// Takes in what the projection states of an order. In the order of their tokens, as it states them.
    ///
    /// # Errors
    /// [`TooMany`] beyond [`Verifier::MOST`].
    pub fn state(&mut self, order: &OrderDigest) -> Result<(), TooMany> {
        if self.stated.len() >= Self::MOST {
            return Err(TooMany);
        }
        let key = Key::of(&order.order);
        self.total = add(std::mem::take(&mut self.total), key.token(), &order.digest);
        let stated = Stated { sequence: order.sequence, digest: digest(&order.digest, &order.rows), is_read: false };
        if self.stated.insert(self.hashes.hash_one(&key), stated).is_some() {
            self.suspect(key);
        }
        Ok(())
    }

    /// The digest over all that was stated.
    #[must_use]
    pub fn total(&self) -> String {
        hex(&self.total.clone().finalize())
    }

    /// How many orders were stated.
    #[must_use]
    pub fn orders(&self) -> u64 {
        self.stated.len() as u64
    }

    /// Reads the log up to an entry that the projection had folded before it stated anything, in bounded memory. `progress` is
    /// told how many entries are read, of how many.
    ///
    /// # Errors
    /// [`ReconcileError`] when the log cannot be read.
    pub async fn read(
        &mut self,
        js: &jetstream::Context,
        until: u64,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<(), ReconcileError> {
        if until == 0 {
            return Ok(());
        }
        let log = Log::open(js, CutOff::Sequence(until)).await?;
        let mut orders = Orders::new(Journal::new(js.clone(), fulfilment::LAYOUT), MOST_BYTES);
        log.read(|message| orders.take(message, &mut |read| self.order(&read, until)), &mut progress).await?;
        orders.finish(until, &mut |read| self.order(&read, until)).await?;
        self.unreadable = orders.unreadable().to_vec();
        Ok(())
    }

    /// Holds an order against what was stated. One that is read to its end a second time counts as it is then.
    fn order(&mut self, read: &Read, until: u64) {
        let Read { key, entries, .. } = read;
        let fold = Independent::of(key, entries);
        let digests = fold.digests(key).ok().map(|(fold, rows)| digest(&fold, &rows));
        let stated = self.stated.get_mut(&self.hashes.hash_one(key));
        let is_as_stated = stated.is_some_and(|stated| {
            stated.is_read = true;
            stated.sequence <= until && stated.sequence == fold.sequence() && Some(stated.digest) == digests
        });
        if is_as_stated {
            self.suspects.remove(key);
        } else {
            self.suspect(key.clone());
        }
    }

    fn suspect(&mut self, key: Key) {
        if self.suspects.len() < Self::MOST_SUSPECTS {
            self.suspects.insert(key);
        } else {
            self.beyond += 1;
        }
    }

    /// Whether anything was stated that the log does not hold up to where it was read.
    #[must_use]
    pub fn lacks_any(&self) -> bool {
        self.stated.values().any(|stated| !stated.is_read)
    }

    /// Notes the order as one to be looked at by itself, when it was stated and the log does not hold it.
    pub fn note_if_lacking(&mut self, order: &OrderDigest) {
        let key = Key::of(&order.order);
        let is_lacking = |stated: &Stated| !stated.is_read;
        if self.stated.get(&self.hashes.hash_one(&key)).is_some_and(is_lacking) {
            self.suspect(key);
        }
    }

    /// The orders to be looked at by themselves, and how many more there are.
    #[must_use]
    pub const fn suspects(&self) -> (&BTreeSet<Key>, u64) {
        (&self.suspects, self.beyond)
    }

    /// Entries that nobody here can read; at most 1,000 are named.
    #[must_use]
    pub fn unreadable(&self) -> &[u64] {
        &self.unreadable
    }
}

fn digest(fold: &str, rows: &str) -> [u8; 16] {
    let digest = Sha256::new().chain_update(fold).chain_update(rows).finalize();
    std::array::from_fn(|at| digest[at])
}
