//! How far a run is, for whoever watches it.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::books::Books;

/// How far a run is. All numbers only grow.
#[derive(Debug, Default)]
pub struct Progress {
    released: AtomicU64,
    asks: AtomicU64,
    delivered: AtomicU64,
    finished: AtomicU64,
    published: AtomicU64,
}

/// How far a run was at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Orders released.
    pub released: u64,
    /// Asks that partners acted on.
    pub asks: u64,
    /// Shipments delivered.
    pub delivered: u64,
    /// Orders the partners are done with.
    pub finished: u64,
    /// Messages the broker has taken.
    pub published: u64,
}

impl Progress {
    /// The numbers now; each by itself, not all at one instant.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            released: self.released.load(Ordering::Relaxed),
            asks: self.asks.load(Ordering::Relaxed),
            delivered: self.delivered.load(Ordering::Relaxed),
            finished: self.finished.load(Ordering::Relaxed),
            published: self.published.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn note(&self, books: &Books) {
        let asks = &books.asks;
        self.released.store(books.released, Ordering::Relaxed);
        self.asks.store(asks.acted(), Ordering::Relaxed);
        self.delivered.store(books.shipments_delivered, Ordering::Relaxed);
        self.finished.store(books.finished, Ordering::Relaxed);
    }

    pub(crate) fn published(&self) {
        self.published.fetch_add(1, Ordering::Relaxed);
    }
}
