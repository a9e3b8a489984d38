//! A whole installation for a while: a broker, the streams and the five services, taken down with this process.

mod in_process;
mod processes;
mod settled;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use service::settings::NatsSettings;
use service::streams::{self, Durability};
use service::{Connection, Shutdown};
use tempfile::TempDir;
use tokio::sync::Mutex;

use crate::exit::Failure;

/// How long the services may take until all of them answer.
const START_LIMIT: Duration = Duration::from_secs(60);
/// How often they are looked for meanwhile.
const POLL: Duration = Duration::from_millis(50);
/// The five services.
pub const SERVICES: [&str; 5] = ["erp-adapter", "wms-adapter", "tms-adapter", "orchestrator", "visibility"];

/// How to build it.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The broker's, when there is one already.
    pub nats: NatsSettings,
    /// When the broker's acknowledged messages reach the disk; of an own broker only.
    pub fsync: broker::Fsync,
    /// Each service as a process of its own.
    pub processes: bool,
    /// How many of each service run at once; one when 0.
    pub instances: u8,
}

/// A running installation. Dropping it takes everything down that it started.
pub struct House {
    /// A connection for whoever runs it.
    pub connection: Connection,
    /// Where the broker is.
    pub nats: NatsSettings,
    // Held by whoever watches for one that breaks down.
    services: Mutex<Services>,
    processes: Vec<(String, u32)>,
    broker: Option<broker::Broker>,
    // Dropped last: what the services keep on disk.
    _data: TempDir,
}

enum Services {
    InProcess(in_process::InProcess),
    Processes(processes::Processes),
}

impl House {
    /// Starts a broker unless one is named, declares the streams and starts the five services.
    ///
    /// # Errors
    /// When something needed is not there, with what to do about it.
    pub async fn open(plan: &Plan) -> Result<Self, Failure> {
        let data = tempfile::Builder::new().prefix("waybill-demo-").tempdir().context("cannot create a data folder")?;
        let (broker, nats) = find_broker(plan).await?;
        let connection = crate::reach::connect(&nats).await?;
        let drifts = streams::declare(&connection.js, Durability::Demo).await.map_err(anyhow::Error::new)?;
        for drift in drifts {
            anstream::eprintln!("{}: {drift}", crate::text::bad("drift"));
        }
        refuse_used(&connection).await?;
        let folder = data.path().to_path_buf();
        let services = if plan.processes {
            Services::Processes(processes::Processes::start(&nats, &folder, plan.instances.max(1))?)
        } else {
            Services::InProcess(in_process::InProcess::start(&nats, &folder, plan.instances.max(1)).await?)
        };
        let mut processes = match &services {
            Services::InProcess(_) => vec![("waybill".to_owned(), std::process::id())],
            Services::Processes(processes) => processes.pids(),
        };
        let own = broker.as_ref().and_then(broker::Broker::pid);
        processes.extend(own.map(|pid| ("nats-server".to_owned(), pid)));
        let house = Self { connection, nats, services: Mutex::new(services), processes, broker, _data: data };
        house.wait_until_all_answer().await?;
        Ok(house)
    }

    /// The broker's address.
    #[must_use]
    pub fn url(&self) -> String {
        self.nats.nats_url.clone().or_else(|| self.broker.as_ref().map(broker::Broker::url)).unwrap_or_default()
    }

    /// The processes it is made of, by name: this one, or the five services, and an own broker.
    #[must_use]
    pub fn processes(&self) -> &[(String, u32)] {
        &self.processes
    }

    /// Waits for a service that ends before it is told to, and says so in words.
    pub async fn broken(&self) -> String {
        match &mut *self.services.lock().await {
            Services::InProcess(services) => services.broken().await,
            Services::Processes(processes) => processes.broken().await,
        }
    }

    /// Drains the services, then stops an own broker.
    ///
    /// # Errors
    /// When something did not end by itself.
    pub async fn close(self) -> Result<(), Failure> {
        match self.services.into_inner() {
            Services::InProcess(services) => services.stop().await?,
            Services::Processes(processes) => processes.stop().await?,
        }
        if let Some(broker) = self.broker {
            broker.stop().await.map_err(anyhow::Error::new)?;
        }
        Ok(())
    }

    /// Each service announces itself when it is up.
    async fn wait_until_all_answer(&self) -> Result<(), Failure> {
        let begun = Instant::now();
        for name in SERVICES {
            while self.connection.client.request(format!("$SRV.PING.{name}"), "".into()).await.is_err() {
                if begun.elapsed() > START_LIMIT {
                    return Err(Failure::Unreachable(format!("{name} did not answer within {START_LIMIT:?}")));
                }
                tokio::time::sleep(POLL).await;
            }
        }
        Ok(())
    }
}

async fn find_broker(plan: &Plan) -> Result<(Option<broker::Broker>, NatsSettings), Failure> {
    let named = plan.nats.nats_url.is_some() || plan.nats.nats_context.is_some();
    if named {
        return Ok((None, plan.nats.clone()));
    }
    let options = broker::Options { fsync: plan.fsync, ..broker::Options::default() };
    let broker = broker::start(options).await.map_err(anyhow::Error::new)?;
    let nats = NatsSettings::url(broker.url());
    Ok((Some(broker), nats))
}

/// The run is judged by all that is in the streams, so they must be empty.
async fn refuse_used(connection: &Connection) -> Result<(), Failure> {
    let stream = connection.js.get_stream(streams::ORDERS).await;
    let stream = stream.map_err(|error| crate::reach::broker("look at stream ORDERS", error))?;
    if stream.cached_info().state.messages == 0 {
        return Ok(());
    }
    let message = "stream ORDERS holds entries already, and this run is judged by all that is in it; use another \
                   NATS account, or unset NATS_URL for a broker of its own";
    Err(Failure::Usage(message.to_owned()))
}

/// The folder of one instance of visibility below the installation's.
fn projection_folder(data: &std::path::Path, instance: u8) -> PathBuf {
    data.join(format!("{}-{instance}", visibility::ABOUT.name))
}

/// Everything is told to end by this.
fn shutdown() -> Shutdown {
    Shutdown::new()
}
