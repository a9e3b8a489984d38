//! The orchestrator as a process of its own.

use clap::Parser;
use std::process::ExitCode;

/// Messages are many small allocations made in one thread and freed in another, which this one does best.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Folds every order's entries and decides what happens next
#[derive(Parser)]
#[command(name = "orchestrator", version, after_help = service::EXIT_CODES)]
struct Line {
    #[command(flatten)]
    common: service::Common,
    #[command(flatten)]
    orchestrator: orchestrator::Settings,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Line { common, orchestrator } = service::settings::parse();
    let checked = orchestrator.check();
    service::main(orchestrator::ABOUT, &common, checked, |host| orchestrator::serve(orchestrator, host)).await
}
