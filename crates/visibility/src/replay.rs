//! A replay of the streams into a fresh projection, and nothing else: to measure it, or to hold a projection against it.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use async_nats::jetstream;
use service::metrics::Metrics;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::follow::{Followed, Follower};
use crate::look;
use crate::projection::{Applied, Links, Owner, Projection};
use crate::queries::Digests;
use crate::store::{Folder, Store};

/// What a replay came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// Messages of ORDERS and STOCK that were folded.
    pub entries: u64,
    /// From the first message asked for until the last was on disk.
    pub elapsed: Duration,
    /// The digest over all orders.
    pub digests: Digests,
}

/// Folds both streams, as long as they are now, into a fresh projection in a folder. Statuses are not put, customers are
/// not told, nothing is quarantined twice. `cache` orders stay in memory.
///
/// # Errors
/// When the folder is not empty, the disk refuses or the broker does not answer.
pub async fn replay(js: &jetstream::Context, data_dir: &Path, cache: usize) -> anyhow::Result<Replayed> {
    let folder = Folder::take(data_dir)?;
    let (store, meta) = Store::open(&folder.path())?;
    anyhow::ensure!(meta.totals.orders == 0, "{} holds a projection; name an empty folder", data_dir.display());
    let (applied, mut progress) = watch::channel(Applied::default());
    let (_published, told) = watch::channel(None);
    let links = Links { live: Default::default(), board: Default::default(), applied: applied.into(), published: told };
    let begun = Instant::now();
    let mut owner = Owner::start(Projection::new(store.clone(), meta, cache, u64::MAX), links);
    let mut tails = JoinSet::new();
    let mut ends = [0, 0];
    for (which, end) in [Followed::Orders, Followed::Stock].into_iter().zip(&mut ends) {
        let name = which.stream();
        let stream = js.get_stream(name).await.with_context(|| format!("cannot read stream {name}"))?;
        *end = stream.cached_info().state.last_sequence;
        let follower = Follower::open(js, which, None, Metrics::new("replay")).await?;
        tails.spawn(follower.run(owner.bursts()));
    }
    let [orders, stock] = ends;
    tokio::select! {
        seen = progress.wait_for(|applied| applied.orders >= orders && applied.stock >= stock) => drop(seen),
        failed = owner.failed() => failed?,
    }
    tails.shutdown().await;
    owner.finish().await?;
    let elapsed = begun.elapsed();
    let digests = tokio::task::spawn_blocking(move || look::digests(&store, None, None)).await??;
    Ok(Replayed { entries: orders + stock, elapsed, digests })
}
