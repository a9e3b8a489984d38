//! What a service's `main` does: connect, declare, serve, drain.

use crate::connect::{Connection, connect};
use crate::metrics::Metrics;
use crate::ping::announce;
use crate::readiness::{Latch, Readiness};
use crate::settings::{HttpSettings, LogSettings, NatsSettings, StreamSettings};
use crate::shutdown::Shutdown;
use crate::{http, logs, streams};
use anyhow::Context as _;
use async_nats::service::Service;
use std::time::Duration;
use tokio::sync::watch;

/// How long a service may take to finish what it has begun once it is told to end.
const DRAIN_LIMIT: Duration = Duration::from_secs(20);
/// How long the last acknowledgements may take to leave.
const FLUSH_LIMIT: Duration = Duration::from_secs(5);

/// The settings every service has.
#[derive(Debug, Clone, clap::Args)]
pub struct Common {
    /// Which NATS server, and as whom.
    #[command(flatten)]
    pub nats: NatsSettings,
    /// How streams are created.
    #[command(flatten)]
    pub streams: StreamSettings,
    /// Where it answers over HTTP.
    #[command(flatten)]
    pub http: HttpSettings,
    /// How it logs.
    #[command(flatten)]
    pub log: LogSettings,
}

/// Who a service is.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// Its name: letters, digits, `-` and `_`.
    pub name: &'static str,
    /// Its version, as in `env!("CARGO_PKG_VERSION")`.
    pub version: &'static str,
    /// What it does, in one line.
    pub description: &'static str,
}

/// What a service is given to work with.
#[derive(Debug)]
pub struct Host {
    /// Who it is.
    pub about: About,
    /// The connection to NATS.
    pub connection: Connection,
    /// When to end.
    pub shutdown: Shutdown,
    /// Whether it can do its work; it has a latch `nats` already.
    pub readiness: Readiness,
    /// What it counts.
    pub metrics: Metrics,
    /// Its registration as a NATS micro service, to which it can add endpoints.
    pub service: Service,
}

impl Host {
    /// Announces a service on an existing connection, without signals, logs or HTTP of its own: for many services in
    /// one process, and for tests. Streams must have been declared.
    ///
    /// # Errors
    /// When the service cannot be announced.
    pub async fn in_process(about: About, connection: Connection, shutdown: Shutdown) -> anyhow::Result<Self> {
        let service = announce(&connection.client, &about).await?;
        let readiness = Readiness::new();
        let latch = readiness.latch("nats");
        latch.set_ready();
        tokio::spawn(watch_connection(latch, connection.clone(), shutdown.clone()));
        Ok(Self { about, connection, shutdown, readiness, metrics: Metrics::new(about.name), service })
    }
}

/// Runs a service: starts logging, connects, declares the streams, answers HTTP when asked to, and calls `serve`, which
/// is to return once its host's shutdown is triggered, with its work finished. Ends with the first of `serve`'s end and
/// a signal followed by the drain limit.
///
/// # Errors
/// When something needed is not there, `serve` fails, or it had to be cut off.
pub async fn run<S, F>(about: About, common: &Common, serve: S) -> anyhow::Result<()>
where
    S: FnOnce(Host) -> F,
    F: Future<Output = anyhow::Result<()>>,
{
    logs::start(&common.log)?;
    let shutdown = Shutdown::new();
    shutdown.install_signals().context("cannot listen for signals")?;
    let Some(prepared) = unless(&shutdown, prepare(about, common, &shutdown)).await else { return Ok(()) };
    let host = prepared?;
    let http = match common.http.http {
        Some(address) => Some(http::serve(address, host.readiness.clone(), host.metrics.clone(), &shutdown).await?),
        None => None,
    };
    tracing::info!(service = about.name, version = about.version, "started");
    let client = host.connection.client.clone();
    let served = shutdown.drain(serve(host), DRAIN_LIMIT).await;
    shutdown.trigger();
    // Acknowledgements wait in the client until they are written.
    if !matches!(tokio::time::timeout(FLUSH_LIMIT, client.flush()).await, Ok(Ok(()))) {
        tracing::warn!("the last acknowledgements may not have left; their messages will be delivered again");
    }
    if let Some(http) = http {
        let _ = tokio::time::timeout(FLUSH_LIMIT, http.task).await;
    }
    tracing::info!(service = about.name, "ended");
    served.unwrap_or_else(|| anyhow::bail!("{} was still busy {DRAIN_LIMIT:?} after it was told to end", about.name))
}

async fn prepare(about: About, common: &Common, shutdown: &Shutdown) -> anyhow::Result<Host> {
    let connection = connect(&common.nats, about.name).await?;
    for drift in streams::declare(&connection.js, common.streams.durability).await? {
        tracing::warn!(%drift, "this stream is not as it should be");
    }
    Host::in_process(about, connection, shutdown.clone()).await
}

/// The work's output, or None when told to end before it is done.
async fn unless<W: Future>(shutdown: &Shutdown, work: W) -> Option<W::Output> {
    tokio::select! {
        biased;
        () = shutdown.triggered() => None,
        output = work => Some(output),
    }
}

/// Keeps the latch as the connection is: a violation or an outage makes the service not ready, in words.
async fn watch_connection(latch: Latch, connection: Connection, shutdown: Shutdown) {
    let Connection { mut violations, mut outage, .. } = connection;
    loop {
        let current = |channel: &mut watch::Receiver<Option<String>>| channel.borrow_and_update().clone();
        match current(&mut outage).or_else(|| current(&mut violations)) {
            None => latch.set_ready(),
            Some(why) => latch.set_not_ready(why),
        }
        let changed = tokio::select! {
            () = shutdown.triggered() => return,
            changed = outage.changed() => changed,
            changed = violations.changed() => changed,
        };
        if changed.is_err() {
            latch.set_not_ready("the connection to NATS is gone");
            return;
        }
    }
}
