//! The visibility service as a process of its own.

use clap::Parser;
use std::process::ExitCode;

/// Folding and writing allocate much and briefly, on one thread for others to free.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Folds orders and stock into a projection, answers queries, tells customers and archives closed orders.
#[derive(Debug, Parser)]
#[command(name = "visibility", version, after_help = service::EXIT_CODES)]
struct Command {
    #[command(flatten)]
    common: service::Common,
    #[command(flatten)]
    settings: visibility::Settings,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Command { common, settings } = service::settings::parse();
    let checked = settings.check();
    service::main(visibility::ABOUT, &common, checked, |host| visibility::serve(settings, host)).await
}
