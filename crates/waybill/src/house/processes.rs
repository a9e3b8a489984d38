//! The five services as processes of their own, from the binaries beside this one.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use service::settings::NatsSettings;
use tokio::process::{Child, Command};

use super::{SERVICES, projection_folder};

/// How long a service may take to finish what it has begun before it is killed.
const DRAIN_LIMIT: Duration = Duration::from_secs(25);

/// The five services as children. Dropping them kills them.
pub(super) struct Processes {
    children: Vec<(&'static str, Child)>,
}

impl Processes {
    pub fn start(nats: &NatsSettings, data: &Path, instances: u8) -> anyhow::Result<Self> {
        let mut children = Vec::new();
        for instance in 0..instances {
            for name in SERVICES {
                children.push((name, start(name, nats, &projection_folder(data, instance))?));
            }
        }
        Ok(Self { children })
    }

    pub fn pids(&self) -> Vec<(String, u32)> {
        let pids = self.children.iter().filter_map(|(name, child)| Some(((*name).to_owned(), child.id()?)));
        pids.collect()
    }

    pub async fn broken(&mut self) -> String {
        let waits = self.children.iter_mut().map(|(name, child)| {
            Box::pin(async move {
                match child.wait().await {
                    Ok(status) => format!("{name} ended with {status}"),
                    Err(error) => format!("{name} is lost: {error}"),
                }
            })
        });
        futures::future::select_all(waits).await.0
    }

    pub async fn stop(mut self) -> anyhow::Result<()> {
        for (name, child) in &self.children {
            let Some(pid) = child.id() else { bail!("{name} ended before it was told to") };
            let pid = rustix::process::Pid::from_raw(pid.cast_signed()).context("a process has a number above 0")?;
            rustix::process::kill_process(pid, rustix::process::Signal::TERM)
                .with_context(|| format!("cannot tell {name} to end"))?;
        }
        for (name, child) in &mut self.children {
            let status = tokio::time::timeout(DRAIN_LIMIT, child.wait()).await;
            let status = status.with_context(|| format!("{name} did not end within {DRAIN_LIMIT:?}"))??;
            if !status.success() {
                bail!("{name} ended with {status}");
            }
        }
        Ok(())
    }
}

fn start(name: &str, nats: &NatsSettings, projection: &Path) -> anyhow::Result<Child> {
    let program = beside_this(name)?;
    let mut command = Command::new(&program);
    name_broker(&mut command, nats);
    if name == visibility::ABOUT.name {
        command.arg("--data-dir").arg(projection);
    }
    command.args(["--log", "error"]).stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
    // A Ctrl-C in the terminal is for this process, which drains them in order.
    command.process_group(0);
    command.spawn().with_context(|| format!("cannot start {}", program.display()))
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
