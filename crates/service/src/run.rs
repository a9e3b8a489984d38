//! What a service's `main` does: connect, declare, serve, drain.

use crate::connect::{self, Connection};
use crate::failure::Failure;
use crate::metrics::Metrics;
use crate::ping::{AnnounceError, announce};
use crate::readiness::{Latch, Readiness};
use crate::settings::{HttpSettings, LogSettings, NatsSettings, StreamSettings};
use crate::shutdown::Shutdown;
use crate::start::Start;
use crate::{http, logs, streams};
use anyhow::Context as _;
use async_nats::service::Service;
use std::process::ExitCode;
use std::time::Duration;
use tokio::sync::watch;

/// How long a service may take to finish what it has begun once it is told to end.
const DRAIN_LIMIT: Duration = Duration::from_secs(20);
/// How long the last acknowledgements may take to leave.
const FLUSH_LIMIT: Duration = Duration::from_secs(5);
/// How long NATS may be gone before a service that was told to end gives up on it.
const OUTAGE_LIMIT: Duration = Duration::from_millis(500);
/// The latch that tells of the connection.
const NATS_LATCH: &str = "nats";

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
        Ok(Self::new(about, connection, shutdown, Readiness::new(), Metrics::new(about.name)).await?)
    }

    async fn new(
        about: About,
        connection: Connection,
        shutdown: Shutdown,
        readiness: Readiness,
        metrics: Metrics,
    ) -> Result<Self, AnnounceError> {
        let service = announce(&connection.client, &about).await?;
        let latch = readiness.latch(NATS_LATCH);
        latch.set_ready();
        tokio::spawn(watch_connection(latch, connection.clone(), shutdown.clone()));
        Ok(Self { about, connection, shutdown, readiness, metrics, service })
    }

    /// For what the service needs of the broker before it can work.
    pub fn start(&self) -> Start {
        Start::new(&self.connection, &self.readiness, &self.shutdown)
    }
}

/// Runs a service as the whole of its process, and says in one line what it failed with. `checked` is what a look at its
/// own settings found, before anything is started.
pub async fn main<S, F>(about: About, common: &Common, checked: anyhow::Result<()>, serve: S) -> ExitCode
where
    S: FnOnce(Host) -> F,
    F: Future<Output = anyhow::Result<()>>,
{
    let ran = match checked {
        Ok(()) => run(about, common, serve).await,
        Err(wrong) => Err(Failure::Settings(wrong)),
    };
    ran.map_or_else(|failure| failure.report(), |()| ExitCode::SUCCESS)
}

/// Runs a service: starts logging, answers HTTP when asked to, connects, declares the streams, and calls `serve`, which
/// is to return once its host's shutdown is triggered, with its work finished. Ends with the first of `serve`'s end and
/// a signal followed by the drain limit.
///
/// # Errors
/// When something needed is not there, `serve` fails, or it had to be cut off.
pub async fn run<S, F>(about: About, common: &Common, serve: S) -> Result<(), Failure>
where
    S: FnOnce(Host) -> F,
    F: Future<Output = anyhow::Result<()>>,
{
    logs::start(&common.log).map_err(|wrong| Failure::Settings(wrong.into()))?;
    connect::check(&common.nats)?;
    let shutdown = Shutdown::new();
    shutdown.install_signals().context("cannot listen for signals").map_err(Failure::Broken)?;
    let (readiness, metrics) = (Readiness::new(), Metrics::new(about.name));
    readiness.latch_until(NATS_LATCH, "connecting to NATS");
    let http = match common.http.http {
        Some(address) => {
            let http = http::serve(address, readiness.clone(), metrics.clone(), &shutdown).await;
            Some(http.map_err(|error| Failure::Settings(error.into()))?)
        }
        None => None,
    };
    let prepared = prepare(about, common, &shutdown, readiness, metrics);
    let Some(prepared) = unless(&shutdown, prepared).await else { return Ok(()) };
    let Some(host) = prepared? else { return Ok(()) };
    tracing::info!(service = about.name, version = about.version, "started");
    let served = until_drained(about.name, host, serve).await;
    if let Some(http) = http {
        let _ = tokio::time::timeout(FLUSH_LIMIT, http.task).await;
    }
    tracing::info!(service = about.name, "ended");
    served.map_err(Failure::Broken)
}

/// Connects and declares the streams. None when told to end before.
async fn prepare(
    about: About,
    common: &Common,
    shutdown: &Shutdown,
    readiness: Readiness,
    metrics: Metrics,
) -> Result<Option<Host>, Failure> {
    let connection = connect::connect(&common.nats, about.name).await?;
    let start = Start::new(&connection, &readiness, shutdown);
    let declare = || async { Ok(streams::declare(&connection.js, common.streams.durability).await?) };
    let drifts = start.answered("the streams", declare).await.map_err(Failure::Broken)?;
    let Some(drifts) = drifts else { return Ok(None) };
    for drift in drifts {
        tracing::warn!(%drift, "this stream is not as it should be");
    }
    let host = Host::new(about, connection, shutdown.clone(), readiness, metrics).await;
    host.map(Some).map_err(|error| Failure::Broken(error.into()))
}

/// Serves until told to end, then until the work is finished. What cannot be finished because NATS is gone stays for the
/// next process: nothing is acknowledged before its work is done.
async fn until_drained<S, F>(name: &str, host: Host, serve: S) -> anyhow::Result<()>
where
    S: FnOnce(Host) -> F,
    F: Future<Output = anyhow::Result<()>>,
{
    let Connection { client, outage, .. } = host.connection.clone();
    let shutdown = host.shutdown.clone();
    let enough = async {
        tokio::select! {
            () = tokio::time::sleep(DRAIN_LIMIT) => Cut::Busy,
            () = gone(outage.clone(), OUTAGE_LIMIT) => Cut::NatsGone,
        }
    };
    let served = shutdown.drain(serve(host), enough).await;
    shutdown.trigger();
    // Acknowledgements wait in the client until they are written.
    let flushed = tokio::select! {
        flushed = tokio::time::timeout(FLUSH_LIMIT, client.flush()) => matches!(flushed, Ok(Ok(()))),
        () = gone(outage, Duration::ZERO) => false,
    };
    if !flushed {
        tracing::warn!("the last acknowledgements may not have left; their messages will be delivered again");
    }
    match served {
        Ok(served) => served,
        Err(Cut::Busy) => anyhow::bail!("{name} was still busy {DRAIN_LIMIT:?} after it was told to end"),
        Err(Cut::NatsGone) => {
            tracing::warn!("NATS is gone; what was under way is left to be delivered again");
            Ok(())
        }
    }
}

/// Why a service was not left to finish.
enum Cut {
    Busy,
    NatsGone,
}

/// Waits until there has been no connection for this long.
async fn gone(mut outage: watch::Receiver<Option<String>>, long: Duration) {
    loop {
        // An error means that the client itself has ended, and with it the connection.
        if outage.wait_for(Option::is_some).await.is_err() {
            return;
        }
        match tokio::time::timeout(long, outage.wait_for(Option::is_none)).await {
            Ok(Ok(_)) => {}
            Ok(Err(_)) | Err(_) => return,
        }
    }
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
