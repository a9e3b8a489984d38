//! `waybill bench`: how fast it is here, beside what the broker alone can do in the same run.

mod captured;
mod lifecycle;
mod null;
mod publish;
mod reconcile;
mod replay;
mod usage;

use clap::Subcommand;
use service::Shutdown;

use crate::exit::{Failure, Verdict};
use crate::output::Output;

/// What to measure.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Orders a second from release to closed, beside the same messages with no decoding and no logic
    Lifecycle(lifecycle::Args),
    /// Entries a second into a fresh projection, beside a raw ordered read
    Replay(replay::Args),
    /// Entries a second through `waybill reconcile`, and the most memory it needs
    Reconcile(reconcile::Args),
}

/// Measures.
pub(crate) async fn run(command: Command, output: Output) -> Result<Verdict, Failure> {
    service::logs::start(&service::settings::LogSettings {
        log_format: service::settings::LogFormat::Text,
        log_filter: "error".to_owned(),
    })
    .map_err(anyhow::Error::new)?;
    let shutdown = Shutdown::new();
    shutdown.install_signals().map_err(anyhow::Error::new)?;
    let measured = async {
        match command {
            Command::Lifecycle(args) => lifecycle::run(&args, &shutdown, output).await,
            Command::Replay(args) => replay::run(&args, &shutdown, output).await,
            Command::Reconcile(args) => reconcile::run(&args, &shutdown, output).await,
        }
    };
    tokio::select! {
        verdict = measured => verdict,
        () = shutdown.triggered() => Err(Failure::Broken(anyhow::anyhow!("stopped before the end"))),
    }
}
