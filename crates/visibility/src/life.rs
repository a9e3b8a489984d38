//! One life of the projection: from opening its folder until the service ends or the folder cannot be trusted.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_nats::jetstream;
use engine::{Checkpoint, TailError};
use service::Shutdown;
use service::metrics::Metrics;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::follow::{Followed, Follower};
use crate::lag::Watcher;
use crate::projection::{Applied, LONGEST_LIVE, Links, Owner, Projection};
use crate::rebuilds::Rebuilds;
use crate::store::{Folder, Meta, Place, Store, StoreError};
use crate::updates::Updates;
use crate::view::View;

mod beside;

use beside::Beside;

/// How long to wait before trying again to follow a stream, and before looking again for the projection's files.
const PAUSE: Duration = Duration::from_secs(1);

/// What a life works with.
pub struct Life {
    /// The connection's JetStream context.
    pub js: jetstream::Context,
    /// How many orders stay in memory.
    pub cache: usize,
    /// What the owner tells others.
    pub links: Links,
    /// How far updates are told.
    pub updates: Updates,
    /// Where others read the projection.
    pub view: View,
    /// Where rebuilds are asked for.
    pub rebuilds: Rebuilds,
    /// Watches the lag.
    pub watcher: Watcher,
    /// What is counted.
    pub metrics: Metrics,
    /// When to end.
    pub shutdown: Shutdown,
}

/// How a life ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Ended {
    /// The service was told to end; everything is on disk.
    Finished,
    /// What is on disk cannot be trusted.
    Doubt(String),
}

impl Life {
    /// Opens the projection and keeps it up to date.
    ///
    /// # Errors
    /// When the disk refuses.
    pub async fn run(&self, folder: &mut Folder) -> anyhow::Result<Ended> {
        if folder.begin()? {
            return Ok(Ended::Doubt("opening it did not come to an end the last time".to_owned()));
        }
        let path = folder.path();
        if !path.exists() {
            tracing::info!(path = %path.display(), "there is no projection: it is built from the streams' beginning");
        }
        let opened = tokio::task::spawn_blocking(move || Store::open(&path)).await?;
        let (store, meta) = match opened {
            Ok(opened) => opened,
            Err(StoreError::Doubt { what }) => return Ok(Ended::Doubt(what)),
            Err(error) => return Err(error).with_context(|| format!("in {}", folder.path().display())),
        };
        folder.opened()?;
        let followers = tokio::select! {
            () = self.shutdown.triggered() => return Ok(Ended::Finished),
            followers = self.followers(&meta) => followers,
        };
        let followers = match followers {
            Ok(followers) => followers,
            Err(error) => return Ok(Ended::Doubt(error.to_string())),
        };
        let ended = self.keep_up(folder, store, meta, followers).await;
        // Whoever reads keeps the files open, and they must be closed before the folder is moved.
        self.view.hide();
        self.rebuilds.ended(Some("the projection in use ended before this one could take its place".to_owned()));
        ended
    }

    async fn keep_up(
        &self,
        folder: &mut Folder,
        store: Store,
        meta: Meta,
        followers: [Follower; 2],
    ) -> anyhow::Result<Ended> {
        self.links.live.set_live(false);
        let watching = self.watcher.run(meta.orders.clone(), meta.stock.clone());
        tokio::pin!(watching);
        let mut kept = self.follow(store, meta, followers);
        let (ended, place) = loop {
            let built = tokio::select! {
                () = self.shutdown.triggered() => break kept.end(None).await,
                failed = kept.owner.failed() => break kept.end(Some(failed)).await,
                what = &mut watching => break kept.end(Some(Err(StoreError::doubt(what)))).await,
                what = left(&kept.place) => break kept.end(Some(Err(StoreError::doubt(what)))).await,
                built = self.build(folder) => built,
            };
            kept = match self.swap(folder, kept, built).await? {
                Swapped::Followed(kept) => kept,
                Swapped::Ended(ended) => return Ok(ended),
            };
        };
        match ended {
            Ok(()) => Ok(Ended::Finished),
            Err(StoreError::Doubt { what }) => Ok(Ended::Doubt(what)),
            // What the file system refuses in a folder that is gone, it takes in a new one.
            Err(error) => place.left().map_or_else(|| Err(error.into()), |what| Ok(Ended::Doubt(what))),
        }
    }

    /// Shows a projection to all who read it, and keeps it up to date.
    fn follow(&self, store: Store, meta: Meta, followers: [Follower; 2]) -> Kept {
        let sequence = |checkpoint: &Option<Checkpoint>| checkpoint.as_ref().map_or(0, |c| c.sequence);
        let (orders, stock) = (sequence(&meta.orders), sequence(&meta.stock));
        tracing::info!(orders, stock, rows = meta.totals.orders, "the projection is open");
        let place = store.place();
        self.links.board.reset(meta.status, orders);
        self.view.show(store.clone());
        self.links.applied.send_modify(|applied| *applied = Applied { orders, stock, totals: meta.totals, ..*applied });
        let projection = Projection::new(store, meta, self.cache, self.updates.told_to()).gathering(LONGEST_LIVE);
        let owner = Owner::start(projection, self.links.clone());
        let mut tails = JoinSet::new();
        for follower in followers {
            tails.spawn(follower.run(owner.bursts()));
        }
        Kept { owner, tails, place }
    }

    /// Lets a projection that was built beside take the place of the one in use: that one stops where it is and goes on
    /// answering until the other has come as far.
    async fn swap(&self, folder: &mut Folder, kept: Kept, mut built: Beside) -> anyhow::Result<Swapped> {
        if let (Err(error), _) = kept.end(None).await {
            match error {
                StoreError::Doubt { what } => tracing::warn!(what, "the projection that is replaced is in doubt"),
                StoreError::Io { .. } => return Err(error.into()),
            }
        }
        let reached = *self.links.applied.borrow();
        tokio::select! {
            () = self.shutdown.triggered() => return Ok(Swapped::Ended(Ended::Finished)),
            near = built.comes_near(|| reached, 0, |running| self.rebuilds.note(running)) => near?,
        }
        let (store, meta) = built.finish().await?;
        folder.swap()?;
        let followers = tokio::select! {
            () = self.shutdown.triggered() => return Ok(Swapped::Ended(Ended::Finished)),
            followers = self.followers(&meta) => followers,
        };
        let followers = match followers {
            Ok(followers) => followers,
            Err(error) => return Ok(Swapped::Ended(Ended::Doubt(error.to_string()))),
        };
        let kept = self.follow(store, meta, followers);
        self.clear(folder).await;
        self.rebuilds.ended(None);
        tracing::info!(path = %folder.path().display(), "the projection that was built beside is the one in use");
        Ok(Swapped::Followed(kept))
    }

    /// Follows both streams from where the projection is, however long it takes to reach them.
    async fn followers(&self, meta: &Meta) -> Result<[Follower; 2], TailError> {
        let orders = self.follower(Followed::Orders, meta.orders.as_ref()).await?;
        let stock = self.follower(Followed::Stock, meta.stock.as_ref()).await?;
        Ok([orders, stock])
    }

    async fn follower(&self, which: Followed, from: Option<&Checkpoint>) -> Result<Follower, TailError> {
        loop {
            match Follower::open(&self.js, which, from, self.metrics.clone()).await {
                Err(error @ TailError::Broker { .. }) => {
                    let error = format!("{:#}", anyhow::Error::from(error));
                    tracing::warn!(error, "trying again");
                    tokio::time::sleep(PAUSE).await;
                }
                settled => return settled,
            }
        }
    }
}

/// A projection that is kept up to date.
struct Kept {
    owner: Owner,
    tails: JoinSet<()>,
    place: Arc<Place>,
}

/// What a swap came to.
enum Swapped {
    /// The other one is in use.
    Followed(Kept),
    /// The life is at its end.
    Ended(Ended),
}

impl Kept {
    /// Stops it: with everything on disk, or with what it `ended` by already. Says where its files are, too.
    async fn end(mut self, ended: Option<Result<(), StoreError>>) -> (Result<(), StoreError>, Arc<Place>) {
        self.tails.shutdown().await;
        let Self { owner, place, .. } = self;
        let outcome = match ended {
            None => owner.finish().await,
            Some(outcome @ Err(StoreError::Doubt { .. })) if !owner.has_stopped() => {
                // The stream is another one, or the files are; what the owner still writes is worth nothing either way.
                let _ = owner.finish().await;
                outcome
            }
            Some(outcome) => outcome,
        };
        (outcome, place)
    }
}

/// Waits until the files are no longer the ones that were opened, and says so in words.
async fn left(place: &Place) -> String {
    loop {
        tokio::time::sleep(PAUSE).await;
        if let Some(what) = place.left() {
            return what;
        }
    }
}

/// Links for a new service.
#[must_use]
pub fn links(updates: &Updates) -> Links {
    Links {
        live: crate::projection::Switch::default(),
        board: Arc::default(),
        applied: Arc::new(watch::Sender::new(Applied::default())),
        published: updates.told(),
    }
}
