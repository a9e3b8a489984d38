//! Reconciliation over the streams: reads them up to a cut-off, hands each order to the checks, and says what was found.
//!
//! It reads the log itself and not the projection, so that what it finds is found independently of that.

mod checks;
mod history;
mod inputs;
mod log;
mod orders;
mod schedule;

use std::collections::BTreeSet;

use async_nats::jetstream;
use engine::{Journal, Key, ReadError, TailError};
use fulfilment::Fulfilment;
use futures::StreamExt;
use model::{OrderId, Timestamp};
use reconcile::{Discrepancy, Policy};
use serde::Serialize;
use service::snapshots::SnapshotsError;

pub use checks::{Checks, Filter, is_of_all};
pub use history::{History, HistoryError, Recorded, entries};
pub use log::Gap;
pub use orders::{MOST_BYTES, Orders, Read};

pub(crate) use log::Log;
pub use schedule::Alert;
pub(crate) use schedule::Schedule;

/// How many orders that are named are read at once.
const AT_ONCE: usize = 16;

/// Up to where the streams are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CutOff {
    /// To their ends, at this time.
    End(Timestamp),
    /// To this entry of ORDERS.
    Sequence(u64),
    /// To what was recorded by then.
    Time(Timestamp),
}

/// What to reconcile.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How long and how far systems may disagree.
    pub policy: Policy,
    /// Which orders.
    pub filter: Filter,
    /// Up to where.
    pub cut_off: CutOff,
    /// How many bytes of entries are kept in memory; [`MOST_BYTES`] is enough for any log.
    pub most_bytes: usize,
}

/// What was found.
#[derive(Debug, Clone, Serialize)]
pub struct Reconciled {
    /// The time of the cut-off.
    pub as_of: Timestamp,
    /// The last entry of ORDERS that counts.
    pub sequence: u64,
    /// How many orders were looked at.
    pub orders: u64,
    /// How many entries of ORDERS were read.
    pub entries: u64,
    /// What was found.
    pub discrepancies: Vec<Discrepancy>,
    /// How many more there are than are named.
    pub beyond: u64,
    /// Entries that the log lacks.
    pub gaps: Vec<Gap>,
    /// Entries that nobody here can read; what is found of their orders may be wrong.
    pub unreadable: Vec<u64>,
}

/// Why the streams cannot be reconciled.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// A stream cannot be followed.
    #[error(transparent)]
    Tail(#[from] TailError),
    /// An order cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The broker does not answer, or the stream is not there.
    #[error("cannot read stream {stream}: {source}; is it there, and may this user read it?")]
    Broker {
        /// The stream.
        stream: &'static str,
        /// The client's words.
        source: async_nats::Error,
    },
    /// What partners list cannot be read.
    #[error(transparent)]
    Snapshots(#[from] SnapshotsError),
    /// The cut-off is not in the log.
    #[error("the log holds entries {first} to {last}; {wanted} is none of them")]
    CutOff {
        /// The first there is.
        first: u64,
        /// The last there is.
        last: u64,
        /// The one that was wanted.
        wanted: u64,
    },
}

/// Reads the streams up to the cut-off, and says what does not agree. `progress` is told how many entries are read, of how many.
///
/// # Errors
/// [`ReconcileError`] when a stream cannot be read.
pub async fn reconcile(
    js: &jetstream::Context,
    plan: &Plan,
    mut progress: impl FnMut(u64, u64),
) -> Result<Reconciled, ReconcileError> {
    let log = Log::open(js, plan.cut_off).await?;
    let as_of = log.as_of();
    let (stock, snapshots) = inputs::read(js, as_of, &plan.policy).await?;
    let mut checks = Checks::new(&plan.policy, &plan.filter, as_of, stock, snapshots);
    let journal = Journal::new(js.clone(), orders::LAYOUT);
    let (mut gaps, mut unreadable) = (Vec::new(), Vec::new());
    let until = log.until();
    let entries = if plan.filter.orders.is_empty() {
        let mut orders = Orders::new(journal, plan.most_bytes);
        let read = log.read(|message| orders.take(message, &mut |read| checks.order(&read)), &mut progress).await?;
        orders.finish(until, &mut |read| checks.order(&read)).await?;
        unreadable.extend_from_slice(orders.unreadable());
        gaps = read.gaps;
        read.entries
    } else {
        named(&journal, &plan.filter.orders, until, &mut checks, &mut progress).await?
    };
    let (discrepancies, beyond, orders) = checks.finish();
    Ok(Reconciled { as_of, sequence: until, orders, entries, discrepancies, beyond, gaps, unreadable })
}

/// Looks at the orders that are named, and at no other; returns how many entries they have.
async fn named(
    journal: &Journal<Fulfilment>,
    orders: &BTreeSet<OrderId>,
    until: u64,
    checks: &mut Checks<'_>,
    progress: &mut impl FnMut(u64, u64),
) -> Result<u64, ReadError> {
    let reads = orders.iter().map(|order| Key::of(order.as_str())).map(|key| {
        let journal = journal.clone();
        async move { journal.read(&key).await.map(|entries| (key, entries)) }
    });
    let reads: Vec<_> = reads.collect();
    let (total, mut done, mut entries) = (reads.len() as u64, 0, 0);
    let mut reads = futures::stream::iter(reads).buffered(AT_ONCE);
    while let Some(read) = reads.next().await {
        let (key, mut read) = read?;
        read.retain(|entry| entry.sequence <= until);
        entries += read.len() as u64;
        done += 1;
        progress(done, total);
        if !read.is_empty() {
            checks.order(&Read { key, entries: read, before: None });
        }
    }
    Ok(entries)
}
