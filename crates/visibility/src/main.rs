//! The visibility service as a process of its own.

use clap::Parser;

/// Folds orders and stock into a projection, answers queries, tells customers and archives closed orders.
#[derive(Debug, Parser)]
#[command(name = "visibility", version)]
struct Command {
    #[command(flatten)]
    common: service::Common,
    #[command(flatten)]
    settings: visibility::Settings,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Command { common, settings } = service::settings::parse();
    service::run(visibility::ABOUT, &common, |host| visibility::serve(settings, host)).await
}
