//! The five services as processes of their own, from the binaries beside this one. One that dies is started again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use broker::Watchdog;
use futures::future::select_all;
use service::settings::NatsSettings;
use tokio::process::{Child, Command};

use super::last_words::LastWords;
use super::{MAX_RESTARTS, PAUSE, SERVICES, projection_folder};
use crate::exit::in_full;

/// How long a service may take to finish what it has begun before it is killed.
const DRAIN_LIMIT: Duration = Duration::from_secs(25);
/// The five services as children. Dropping them kills them.
pub(super) struct Processes {
    nats: NatsSettings,
    policy: Option<PathBuf>,
    watchdog: Arc<Watchdog>,
    services: Vec<Service>,
}

/// One of them.
struct Service {
    name: &'static str,
    projection: PathBuf,
    child: Child,
    log: LastWords,
    restarts: u32,
}

impl Processes {
    pub fn start(
        nats: &NatsSettings,
        data: &Path,
        policy: Option<PathBuf>,
        instances: u8,
        watchdog: &Arc<Watchdog>,
    ) -> anyhow::Result<Self> {
        let mut services = Vec::new();
        for instance in 0..instances {
            for name in SERVICES {
                let projection = projection_folder(data, instance);
                let (child, log) = spawn(name, nats, &projection, policy.as_deref(), watchdog)?;
                services.push(Service { name, projection, child, log, restarts: 0 });
            }
        }
        Ok(Self { nats: nats.clone(), policy, watchdog: Arc::clone(watchdog), services })
    }

    pub fn pids(&self) -> Vec<(String, u32)> {
        let pids = self.services.iter().filter_map(|service| Some((service.name.to_owned(), service.child.id()?)));
        pids.collect()
    }

    /// How often each service was started again, of those that were.
    pub fn restarts(&self) -> BTreeMap<String, u32> {
        let mut restarts = BTreeMap::new();
        for service in self.services.iter().filter(|service| service.restarts > 0) {
            *restarts.entry(service.name.to_owned()).or_default() += service.restarts;
        }
        restarts
    }

    /// Waits for one that dies, and says so in words.
    pub async fn death(&mut self) -> String {
        let (nth, how) = self.next_end().await;
        self.services[nth].obituary(&how)
    }

    /// Starts again what dies, until one dies too often; says so in words. May be dropped and called again.
    pub async fn broken(&mut self) -> String {
        loop {
            let (nth, how) = self.next_end().await;
            let service = &mut self.services[nth];
            let words = service.obituary(&how);
            if service.restarts == MAX_RESTARTS {
                return format!("started again {MAX_RESTARTS} times, {words}");
            }
            match spawn(service.name, &self.nats, &service.projection, self.policy.as_deref(), &self.watchdog) {
                Ok((child, log)) => (service.child, service.log) = (child, log),
                Err(error) => return format!("{words}\n{}", in_full(&error)),
            }
            service.restarts += 1;
            let again = format!("is started again ({} of {MAX_RESTARTS})", service.restarts);
            anstream::eprintln!("{}: {words}\n{} {again}", crate::text::bad("died"), service.name);
        }
    }

    /// The next one that ends, and how. Asked again before it is started again, the same one.
    async fn next_end(&mut self) -> (usize, String) {
        let waits = self.services.iter_mut().map(|service| Box::pin(ended(service, &self.watchdog)));
        let (how, nth, _) = select_all(waits).await;
        tokio::time::sleep(PAUSE).await;
        (nth, how)
    }

    pub async fn stop(mut self) -> anyhow::Result<()> {
        for Service { name, child, .. } in &self.services {
            let Some(pid) = child.id() else { bail!("{name} ended before it was told to") };
            let pid = rustix::process::Pid::from_raw(pid.cast_signed()).context("a process has a number above 0")?;
            rustix::process::kill_process(pid, rustix::process::Signal::TERM)
                .with_context(|| format!("cannot tell {name} to end"))?;
        }
        for service in &mut self.services {
            let pid = service.child.id();
            let status = tokio::time::timeout(DRAIN_LIMIT, service.child.wait()).await;
            self.watchdog.forget(pid);
            let status = status.with_context(|| format!("{} did not end within {DRAIN_LIMIT:?}", service.name))??;
            if !status.success() {
                bail!("told to end, {}", service.obituary(&status.to_string()));
            }
        }
        Ok(())
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        for service in &mut self.services {
            let pid = service.child.id();
            // It may have ended already.
            let _ = service.child.start_kill();
            self.watchdog.forget(pid);
        }
    }
}

impl Service {
    /// Its name, how it ended, and the end of its log.
    fn obituary(&self, how: &str) -> String {
        let (name, log) = (self.name, self.log.text());
        if log.is_empty() {
            return format!("{name} ended with {how} and without a word in its log");
        }
        format!("{name} ended with {how}; the end of its log:\n{log}")
    }
}

async fn ended(service: &mut Service, watchdog: &Watchdog) -> String {
    let pid = service.child.id();
    let status: std::io::Result<ExitStatus> = service.child.wait().await;
    watchdog.forget(pid);
    status.map_or_else(|error| format!("an unknown status ({error})"), |status| status.to_string())
}

fn spawn(
    name: &str,
    nats: &NatsSettings,
    projection: &Path,
    policy: Option<&Path>,
    watchdog: &Watchdog,
) -> anyhow::Result<(Child, LastWords)> {
    let program = beside_this(name)?;
    let mut command = Command::new(&program);
    name_broker(&mut command, nats);
    if name == visibility::ABOUT.name {
        command.arg("--data-dir").arg(projection);
    }
    if let Some(policy) = policy.filter(|_| name == orchestrator::ABOUT.name) {
        command.arg("--policy").arg(policy);
    }
    command.args(["--log", "error"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    // A Ctrl-C in the terminal is for this process, which drains them in order.
    command.process_group(0).kill_on_drop(true);
    let mut child = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
    watchdog.watch(child.id());
    let log = child.stderr.take().context("the log of a service is read through a pipe")?;
    Ok((child, LastWords::of(log)))
}

fn beside_this(name: &str) -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("cannot find out where this program is")?;
    let program = own.with_file_name(name);
    if program.is_file() {
        return Ok(program);
    }
    bail!("{} is not there; build the services with `cargo build --release --workspace`", program.display())
}

/// The services reach the broker as this process does.
fn name_broker(command: &mut Command, nats: &NatsSettings) {
    let mut flag = |name: &str, value: Option<&std::ffi::OsStr>| {
        if let Some(value) = value {
            command.arg(name).arg(value);
        }
    };
    flag("--nats-url", nats.nats_url.as_deref().map(AsRef::as_ref));
    flag("--nats-context", nats.nats_context.as_deref().map(AsRef::as_ref));
    flag("--nats-creds", nats.nats_creds.as_deref().map(AsRef::as_ref));
    flag("--nats-nkey", nats.nats_nkey.as_deref().map(AsRef::as_ref));
    flag("--tls-ca", nats.tls_ca.as_deref().map(AsRef::as_ref));
    flag("--tls-cert", nats.tls_cert.as_deref().map(AsRef::as_ref));
    flag("--tls-key", nats.tls_key.as_deref().map(AsRef::as_ref));
}
