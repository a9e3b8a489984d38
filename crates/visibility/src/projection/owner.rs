//! The one thread that folds and writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{self, error::TryRecvError};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::{Burst, Projection};
use crate::status::Board;
use crate::store::{StoreError, Totals};

/// Bursts that wait while one is folded. One: whatever comes meanwhile joins the burst that is being gathered.
const WAITING: usize = 1;

/// When no burst comes for so long, what is folded is written.
const IDLE: Duration = Duration::from_millis(75);
/// How often it is looked meanwhile.
const POLL: Duration = Duration::from_millis(1);

/// Whether the projection is close to the streams' ends. While it is not, statuses are put off.
#[derive(Debug, Clone, Default)]
pub struct Switch(Arc<AtomicBool>);

impl Switch {
    /// True when it is close.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Says whether it is close.
    pub fn set_live(&self, live: bool) {
        self.0.store(live, Ordering::Relaxed);
    }
}

/// How far the projection has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Applied {
    /// The last sequence of ORDERS folded.
    pub orders: u64,
    /// The last sequence of STOCK folded.
    pub stock: u64,
    /// Entries folded since the start.
    pub folded: u64,
    /// What the rows add up to.
    pub totals: Totals,
}

/// What the owner tells others, and hears from them, without ever waiting for them.
#[derive(Debug, Clone)]
pub struct Links {
    /// Whether statuses are wanted.
    pub live: Switch,
    /// Where changed statuses go.
    pub board: Arc<Board>,
    /// Where it says how far it has come.
    pub applied: Arc<watch::Sender<Applied>>,
    /// How far updates are published.
    pub published: watch::Receiver<Option<(u64, u16)>>,
}

/// The owner of a projection.
#[derive(Debug)]
pub struct Owner {
    bursts: mpsc::Sender<Burst>,
    thread: JoinHandle<Result<(), StoreError>>,
}

impl Owner {
    /// Gives the projection a thread of its own.
    #[must_use]
    pub fn start(projection: Projection, links: Links) -> Self {
        let (bursts, taken) = mpsc::channel(WAITING);
        let thread = tokio::task::spawn_blocking(move || fold_all(projection, &links, taken));
        Self { bursts, thread }
    }

    /// Where bursts go.
    #[must_use]
    pub fn bursts(&self) -> mpsc::Sender<Burst> {
        self.bursts.clone()
    }

    /// Waits until the owner has stopped of its own: with an error, for it has no other reason to.
    ///
    /// # Errors
    /// [`StoreError`] as the projection met it.
    pub async fn failed(&mut self) -> Result<(), StoreError> {
        outcome((&mut self.thread).await)
    }

    /// True when it has stopped of its own.
    #[must_use]
    pub fn has_stopped(&self) -> bool {
        self.thread.is_finished()
    }

    /// Lets it finish what it was given, and waits until everything is on disk.
    ///
    /// # Errors
    /// [`StoreError`] as the projection met it.
    pub async fn finish(self) -> Result<(), StoreError> {
        let Self { bursts, thread } = self;
        drop(bursts);
        outcome(thread.await)
    }
}

fn outcome(ended: Result<Result<(), StoreError>, tokio::task::JoinError>) -> Result<(), StoreError> {
    // sled panics on some kinds of damage.
    ended.unwrap_or_else(|_| Err(StoreError::doubt("folding into it failed halfway")))
}

fn fold_all(mut projection: Projection, links: &Links, mut bursts: mpsc::Receiver<Burst>) -> Result<(), StoreError> {
    let mut folded = 0;
    let mut is_written = true;
    loop {
        let burst = if is_written { bursts.blocking_recv().map(Some) } else { soon(&mut bursts) };
        let Some(burst) = burst else { break };
        let live = links.live.is_live();
        let published = *links.published.borrow();
        projection.status_is_put_to(links.board.put_to());
        let statuses = if let Some(burst) = burst {
            let changes = projection.fold(&burst, live, published)?;
            folded += changes.folded as u64;
            is_written = changes.is_written;
            changes.statuses
        } else {
            is_written = true;
            projection.write(live, published)?
        };
        if is_written {
            let (orders, stock) = projection.reaches();
            let (new, totals) = (std::mem::take(&mut folded), projection.meta().totals);
            links.board.post(statuses, live, orders);
            links.applied.send_modify(|applied| {
                *applied = Applied { orders, stock, folded: applied.folded + new, totals };
            });
        }
    }
    projection.close()
}

/// The next burst, if it comes soon: `Some(None)` when none does, `None` when none will.
fn soon(bursts: &mut mpsc::Receiver<Burst>) -> Option<Option<Burst>> {
    let begun = Instant::now();
    loop {
        match bursts.try_recv() {
            Ok(burst) => return Some(Some(burst)),
            Err(TryRecvError::Disconnected) => return None,
            Err(TryRecvError::Empty) if begun.elapsed() > IDLE => return Some(None),
            Err(TryRecvError::Empty) => std::thread::sleep(POLL),
        }
    }
}
