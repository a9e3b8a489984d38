//! Wires the service together.

use anyhow::{Context as _, anyhow};
use async_nats::jetstream::{self, kv};
use engine::Layout;
use service::{Host, Shutdown};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};

use crate::answer::Answers;
use crate::archive::Keeper;
use crate::asks::Asks;
use crate::lag::{Gauges, Watcher};
use crate::life::{Ended, Life, links};
use crate::queries::Lag;
use crate::rebuilds::Rebuilds;
use crate::reconciling::Schedule;
use crate::retention::Retention;
use crate::settings::Settings;
use crate::status::Writer;
use crate::store::Folder;
use crate::updates::{Publisher, Updates};
use crate::view::View;

/// The workflows whose instances may ask this service something. Only orders are folded into the projection.
const WORKFLOWS: [Layout; 2] = [fulfilment::LAYOUT, returns::LAYOUT];
/// How often the projection is rebuilt before giving up: once is an accident, again and again is something else.
const MOST_REBUILDS: u32 = 3;

/// Keeps the projection, answers queries, tells customers and archives, until the host's shutdown is triggered.
///
/// # Errors
/// When the disk refuses, a stream or bucket is missing, or rebuilding does not help.
pub async fn serve(settings: Settings, host: Host) -> anyhow::Result<()> {
    let js = host.connection.js.clone();
    let mut folder = Folder::take(&settings.data_dir)?;
    let view = View::default();
    let start = host.start();
    let Some((publisher, updates)) = start.answered("stream UPDATES", || publisher(&js, &view)).await? else {
        return Ok(());
    };
    let Some(bucket) = start.answered("bucket STATUS", || bucket(&js)).await? else { return Ok(()) };
    let Some(keeper) = start.answered("object store ARCHIVE", || keeper(&js)).await? else { return Ok(()) };
    let (shown, lag) = watch::channel(Lag::default());
    let life = life(&settings, &host, &view, &updates, shown.clone());
    let links = &life.links;
    let live = links.live.clone();
    let retention =
        || Retention::open(&js, &settings, keeper.clone(), view.clone(), live.clone(), &host.metrics, shown.clone());
    let Some(retention) = start.answered("object store ARCHIVE", retention).await? else { return Ok(()) };
    let writer = Writer { board: links.board.clone(), view: view.clone(), live: links.live.clone(), bucket };
    let applied = links.applied.subscribe();
    let asks = |layout| {
        let (keeper, applied, metrics) = (keeper.clone(), applied.clone(), host.metrics.clone());
        Asks::new(&js, layout, keeper, updates.clone(), view.clone(), applied, metrics)
    };
    let asks = WORKFLOWS.map(asks);
    let (board, rebuilds) = (links.board.clone(), life.rebuilds.clone());
    let answers = Answers { view, lag, applied: applied.clone(), board, updates, rebuilds };

    // The projection ends first, and those who tell and answer last: work on asks needs them until it is done.
    let (first, last) = (Shutdown::new(), Shutdown::new());
    let mut others = JoinSet::new();
    others.spawn(publisher.run(applied, last.clone()));
    others.spawn(writer.run(last.clone()));
    let schedule = Schedule::new(js.clone(), settings.policy()?, settings.reconcile_every, &host.metrics);
    others.spawn(schedule.run(last.clone()));
    others.spawn(retention.run(last.clone()));
    others.spawn(answers.run(host.service, last.clone()));
    let asks = futures::future::try_join_all(asks.into_iter().map(|asks| asks.run(start.clone(), first.clone())));
    let mut asks = tokio::spawn(async move { asks.await.map(drop) });
    let outcome = tokio::select! {
        outcome = keep(&life, &mut folder) => outcome,
        failed = &mut asks => Err(stopped(failed)),
        Some(failed) = others.join_next() => Err(stopped(failed)),
    };
    first.trigger();
    if outcome.is_ok() && !asks.is_finished() {
        asks.await??;
    }
    last.trigger();
    while others.join_next().await.is_some() {}
    outcome
}

async fn publisher(js: &jetstream::Context, view: &View) -> anyhow::Result<(Publisher, Updates)> {
    let opened = Publisher::open(js, view.clone()).await;
    opened.map_err(anyhow::Error::from_boxed).context("cannot read stream UPDATES")
}

async fn bucket(js: &jetstream::Context) -> anyhow::Result<kv::Store> {
    Writer::bucket(js).await.map_err(anyhow::Error::from_boxed).context("cannot open bucket STATUS")
}

async fn keeper(js: &jetstream::Context) -> anyhow::Result<Keeper> {
    Keeper::open(js).await.map_err(anyhow::Error::from_boxed).context("cannot open object store ARCHIVE")
}

fn life(settings: &Settings, host: &Host, view: &View, updates: &Updates, shown: watch::Sender<Lag>) -> Life {
    let links = links(updates);
    let js = host.connection.js.clone();
    let watcher = Watcher {
        js: js.clone(),
        applied: links.applied.subscribe(),
        live: links.live.clone(),
        latch: host.readiness.latch("caught up"),
        metrics: host.metrics.clone(),
        gauges: Gauges::register(&host.metrics),
        shown,
    };
    Life {
        js,
        cache: settings.cache as usize,
        links,
        updates: updates.clone(),
        view: view.clone(),
        rebuilds: Rebuilds::default(),
        watcher,
        metrics: host.metrics.clone(),
        shutdown: host.shutdown.clone(),
    }
}

/// Keeps the projection up to date, and rebuilds it whenever it cannot be trusted.
async fn keep(life: &Life, folder: &mut Folder) -> anyhow::Result<()> {
    let mut rebuilds = 0;
    loop {
        let what = match life.run(folder).await? {
            Ended::Finished => return Ok(()),
            Ended::Doubt(what) => what,
        };
        if life.links.live.is_live() {
            rebuilds = 0;
        }
        rebuilds += 1;
        let aside = folder.set_aside()?;
        let aside = aside.as_deref().map(|path| path.display().to_string());
        tracing::error!(
            what,
            aside,
            "the projection cannot be trusted: what is left of it is moved aside, and it is rebuilt"
        );
        if rebuilds > MOST_REBUILDS {
            anyhow::bail!("the projection was rebuilt {MOST_REBUILDS} times and cannot be trusted yet: {what}");
        }
    }
}

/// A task that should run until the end has stopped.
fn stopped(outcome: Result<anyhow::Result<()>, JoinError>) -> anyhow::Error {
    match outcome {
        Ok(Ok(())) => anyhow!("a part of the service stopped by itself"),
        Ok(Err(error)) => error,
        Err(error) => anyhow!(error),
    }
}
