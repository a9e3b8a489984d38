//! The five services in this process, each with a connection of its own.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use service::settings::NatsSettings;
use service::{About, Host, Shutdown};
use tokio::task::JoinSet;

use super::projection_folder;
use crate::exit::in_full;

/// How long the services may take to finish what they have begun.
const DRAIN_LIMIT: Duration = Duration::from_secs(20);

/// The five services as tasks.
pub(super) struct InProcess {
    shutdown: Shutdown,
    tasks: JoinSet<(&'static str, anyhow::Result<()>)>,
}

impl InProcess {
    pub async fn start(
        nats: &NatsSettings,
        data: &Path,
        policy: Option<PathBuf>,
        instances: u8,
    ) -> anyhow::Result<Self> {
        let mut services = Self { shutdown: Shutdown::new(), tasks: JoinSet::new() };
        for instance in 0..instances {
            services.start_each(nats, projection_folder(data, instance), policy.clone()).await?;
        }
        Ok(services)
    }

    async fn start_each(
        &mut self,
        nats: &NatsSettings,
        projection: PathBuf,
        policy: Option<PathBuf>,
    ) -> anyhow::Result<()> {
        let adapter = adapter::Settings::default;
        self.spawn(erp_adapter::ABOUT, nats, |host| erp_adapter::serve(adapter(), host)).await?;
        self.spawn(wms_adapter::ABOUT, nats, |host| wms_adapter::serve(adapter(), host)).await?;
        self.spawn(tms_adapter::ABOUT, nats, |host| tms_adapter::serve(adapter(), host)).await?;
        let settings = orchestrator::Settings { policy, ..orchestrator::Settings::default() };
        self.spawn(orchestrator::ABOUT, nats, |host| orchestrator::serve(settings, host)).await?;
        let settings = visibility::Settings::in_folder(projection);
        self.spawn(visibility::ABOUT, nats, |host| visibility::serve(settings, host)).await
    }

    async fn spawn<F>(&mut self, about: About, nats: &NatsSettings, serve: impl FnOnce(Host) -> F) -> anyhow::Result<()>
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let connection = service::connect::connect(nats, about.name).await?;
        let host = Host::in_process(about, connection, self.shutdown.clone()).await?;
        let serving = serve(host);
        self.tasks.spawn(async move { (about.name, serving.await) });
        Ok(())
    }

    pub async fn broken(&mut self) -> String {
        match self.tasks.join_next().await {
            Some(Ok((name, Ok(())))) => format!("{name} ended by itself"),
            Some(Ok((name, Err(error)))) => format!("{name} ended: {}", in_full(&error)),
            Some(Err(error)) => format!("a service broke off: {error}"),
            None => std::future::pending().await,
        }
    }

    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.shutdown.trigger();
        let all = async {
            while let Some(ended) = self.tasks.join_next().await {
                let (name, served) = ended.context("a service broke off")?;
                served.with_context(|| format!("{name} did not end well"))?;
            }
            Ok(())
        };
        tokio::time::timeout(DRAIN_LIMIT, all).await.context("the services did not end in time")?
    }
}
