//! A projection built beside the one in use, from the streams' beginning, until it has come as far.

use std::path::Path;
use std::time::Duration;

use service::metrics::Metrics;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{Life, PAUSE};
use crate::follow::{Followed, Follower};
use crate::projection::{Applied, Links, Owner, Projection, Switch};
use crate::queries::Rebuilding;
use crate::store::{Folder, Meta, Store, StoreError};

/// So close to the one in use it may take the place: what is left is folded while nothing new is.
const NEAR: u64 = 1_000;
/// How often it is looked how far it has come.
const EVERY: Duration = Duration::from_millis(50);

/// A projection beside the one in use. Dropped, it stops; its files stay until they are cleared.
pub(super) struct Beside {
    pub store: Store,
    owner: Owner,
    tails: JoinSet<()>,
    applied: watch::Receiver<Applied>,
}

impl Beside {
    /// Begins one in an empty folder. It puts no status, and what it has to tell customers waits until it takes the place.
    async fn begin(life: &Life, path: &Path) -> anyhow::Result<Self> {
        let opened = path.to_path_buf();
        let (store, meta) = tokio::task::spawn_blocking(move || Store::open(&opened)).await??;
        let (applied, seen) = watch::channel(Applied::default());
        let links = Links {
            live: Switch::default(),
            board: Default::default(),
            applied: applied.into(),
            published: life.links.published.clone(),
        };
        let projection = Projection::new(store.clone(), meta, life.cache, life.updates.told_to());
        let owner = Owner::start(projection, links);
        let mut tails = JoinSet::new();
        for which in [Followed::Orders, Followed::Stock] {
            // What is received a second time is not counted again.
            let follower = Follower::open(&life.js, which, None, Metrics::new("rebuild")).await?;
            tails.spawn(follower.run(owner.bursts()));
        }
        Ok(Self { store, owner, tails, applied: seen })
    }

    /// Waits until it is within `near` messages of what is reached, stream by stream.
    pub async fn comes_near(
        &mut self,
        reached: impl Fn() -> Applied,
        near: u64,
        note: impl Fn(Rebuilding),
    ) -> Result<(), StoreError> {
        loop {
            let (own, all) = (*self.applied.borrow(), reached());
            note(Rebuilding { folded: own.orders + own.stock, of: all.orders + all.stock });
            if own.orders + near >= all.orders && own.stock + near >= all.stock {
                return Ok(());
            }
            tokio::select! {
                failed = self.owner.failed() => return failed,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    /// Stops it with everything on disk; returns the rows and how far they reach.
    pub async fn finish(mut self) -> Result<(Store, Meta), StoreError> {
        self.tails.shutdown().await;
        self.owner.finish().await?;
        let meta = self.store.meta()?;
        Ok((self.store, meta))
    }
}

impl Life {
    /// Waits until a rebuild is wanted, and builds beside the projection in use until it is close to it. What goes wrong is
    /// noted, and the projection in use stays what it is.
    pub(super) async fn build(&self, folder: &Folder) -> Beside {
        loop {
            self.rebuilds.wanted().await;
            tracing::info!(path = %folder.beside().display(), "the projection is built anew beside the one in use");
            match self.build_once(folder).await {
                Ok(beside) => return beside,
                Err(error) => {
                    let error = format!("{error:#}");
                    tracing::error!(error, "the rebuild failed; the projection in use stays");
                    self.clear(folder).await;
                    self.rebuilds.ended(Some(error));
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn build_once(&self, folder: &Folder) -> anyhow::Result<Beside> {
        let beside = folder.beside();
        tokio::task::spawn_blocking(folder.clearing()).await??;
        let mut built = Beside::begin(self, &beside).await?;
        let applied = self.links.applied.subscribe();
        built.comes_near(|| *applied.borrow(), NEAR, |running| self.rebuilds.note(running)).await?;
        Ok(built)
    }

    /// Removes what is beside the projection in use. What stays is removed before the next rebuild.
    pub(super) async fn clear(&self, folder: &Folder) {
        let cleared = tokio::task::spawn_blocking(folder.clearing()).await;
        if let Ok(Err(error)) = cleared {
            tracing::warn!(%error, "what is beside the projection is not removed");
        }
    }
}
