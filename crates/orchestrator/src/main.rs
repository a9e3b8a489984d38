//! The orchestrator as a process of its own.

use clap::Parser;

/// Messages are many small allocations made in one thread and freed in another, which this one does best.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Folds every order's entries and decides what happens next
#[derive(Parser)]
#[command(name = "orchestrator", version)]
struct Line {
    #[command(flatten)]
    common: service::Common,
    #[command(flatten)]
    orchestrator: orchestrator::Settings,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Line { common, orchestrator } = service::settings::parse();
    service::run(orchestrator::ABOUT, &common, |host| orchestrator::serve(orchestrator, host)).await
}
