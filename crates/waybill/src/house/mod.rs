//! A whole installation for a while: a broker, the streams and the five services, taken down with this process.

mod in_process;
mod last_words;
mod own_broker;
mod processes;
mod settled;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use broker::Watchdog;
use own_broker::OwnBroker;
use service::Connection;
use service::settings::NatsSettings;
use service::streams::{self, Durability};
use tempfile::TempDir;
use tokio::sync::Mutex;

use crate::exit::Failure;

/// How long the services may take until all of them answer.
const START_LIMIT: Duration = Duration::from_secs(60);
/// How often they are looked for meanwhile.
const POLL: Duration = Duration::from_millis(50);
/// How often each service and an own broker is started again; one that dies more often will not get well by itself.
const MAX_RESTARTS: u32 = 5;
/// How long after its end it is started again; its last words have arrived by then.
const PAUSE: Duration = Duration::from_millis(200);
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
    /// The policy, as the text of its file; the default one when absent.
    pub policy: Option<&'static str>,
}

/// A running installation. Dropping it takes everything down that it started; so does the end of this process, however
/// it comes.
pub struct House {
    /// A connection for whoever runs it.
    pub connection: Connection,
    /// Where the broker is.
    pub nats: NatsSettings,
    // Both are held by whoever watches for one that breaks down.
    services: Mutex<Services>,
    broker: Mutex<Option<OwnBroker>>,
    processes: Vec<(String, u32)>,
    // Dropped after the services: what they keep on disk, and the watch over both.
    _data: TempDir,
    _watchdog: Arc<Watchdog>,
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
        let data = tempfile::Builder::new().prefix("waybill-demo-").tempdir().map_err(|error| {
            anyhow::anyhow!("cannot create a temporary folder: {error}; set TMPDIR to a folder that can be written")
        })?;
        let watchdog = Arc::new(Watchdog::over(Some(data.path())));
        let (broker, nats) = find_broker(plan).await?;
        let connection = crate::reach::connect(&nats).await?;
        let drifts = streams::declare(&connection.js, Durability::Demo).await;
        let drifts = drifts.map_err(|error| Failure::Unreachable(error.to_string()))?;
        for drift in drifts {
            anstream::eprintln!("{}: {drift}", crate::text::bad("drift"));
        }
        refuse_used(&connection).await?;
        let folder = data.path().to_path_buf();
        let policy = plan.policy.map(|text| write_policy(&folder, text)).transpose()?;
        let instances = plan.instances.max(1);
        let services = if plan.processes {
            Services::Processes(processes::Processes::start(&nats, &folder, policy, instances, &watchdog)?)
        } else {
            Services::InProcess(in_process::InProcess::start(&nats, &folder, policy, instances).await?)
        };
        let mut processes = match &services {
            Services::InProcess(_) => vec![("waybill".to_owned(), std::process::id())],
            Services::Processes(processes) => processes.pids(),
        };
        let own = broker.as_ref().and_then(broker::Broker::pid);
        processes.extend(own.map(|pid| (own_broker::NAME.to_owned(), pid)));
        let (services, broker) = (Mutex::new(services), Mutex::new(broker.map(OwnBroker::new)));
        let house = Self { connection, nats, services, broker, processes, _data: data, _watchdog: watchdog };
        tokio::select! {
            answered = house.wait_until_all_answer() => answered?,
            words = house.death() => return Err(Failure::Broken(anyhow::anyhow!("at the start, {words}"))),
        }
        Ok(house)
    }

    /// The broker's address.
    #[must_use]
    pub fn url(&self) -> String {
        self.nats.nats_url.clone().unwrap_or_default()
    }

    /// The processes it was made of at the start, by name: this one, or the five services, and an own broker.
    #[must_use]
    pub fn processes(&self) -> &[(String, u32)] {
        &self.processes
    }

    /// How often each service and an own broker was started again after it had died, of those that were.
    pub async fn restarts(&self) -> BTreeMap<String, u32> {
        let mut restarts = match &*self.services.lock().await {
            Services::InProcess(_) => BTreeMap::new(),
            Services::Processes(processes) => processes.restarts(),
        };
        let broker = self.broker.lock().await.as_ref().map_or(0, OwnBroker::restarts);
        if broker > 0 {
            restarts.insert(own_broker::NAME.to_owned(), broker);
        }
        restarts
    }

    /// Waits for a service or an own broker that ends before it is told to, and says so in words.
    async fn death(&self) -> String {
        let service = async {
            match &mut *self.services.lock().await {
                Services::InProcess(services) => services.broken().await,
                Services::Processes(processes) => processes.death().await,
            }
        };
        let broker = async {
            match &mut *self.broker.lock().await {
                Some(broker) => broker.death().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            words = service => words,
            words = broker => words,
        }
    }

    /// Starts a process again that dies, an own broker too, and waits until the installation is beyond help: one has died
    /// too often, or a service within this process has ended. Says in words what happened.
    pub async fn broken(&self) -> String {
        let service = async {
            match &mut *self.services.lock().await {
                Services::InProcess(services) => services.broken().await,
                Services::Processes(processes) => processes.broken().await,
            }
        };
        let broker = async {
            match &mut *self.broker.lock().await {
                Some(broker) => broker.broken().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            words = service => words,
            words = broker => words,
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
        if let Some(broker) = self.broker.into_inner() {
            broker.stop().await?;
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
    // As everywhere, an empty variable is one that is not set.
    let named = [&plan.nats.nats_url, &plan.nats.nats_context];
    if named.into_iter().flatten().any(|name| !name.is_empty()) {
        return Ok((None, plan.nats.clone()));
    }
    let options = broker::Options { fsync: plan.fsync, ..broker::Options::default() };
    let broker = broker::start(options).await.map_err(|error| Failure::Unreachable(error.to_string()))?;
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
    Err(Failure::Refused(message.to_owned()))
}

/// The file the orchestrator reads its policy from.
fn write_policy(data: &Path, text: &str) -> anyhow::Result<PathBuf> {
    let file = data.join("policy.toml");
    std::fs::write(&file, text).map_err(|error| anyhow::anyhow!("cannot write {}: {error}", file.display()))?;
    Ok(file)
}

/// The folder of one instance of visibility below the installation's.
fn projection_folder(data: &std::path::Path, instance: u8) -> PathBuf {
    data.join(format!("{}-{instance}", visibility::ABOUT.name))
}
