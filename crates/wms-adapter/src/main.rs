//! The WMS adapter as a process of its own.

use clap::Parser;
use std::process::ExitCode;

/// Messages are many small allocations made in one thread and freed in another, which this one does best.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Turns warehouse messages into facts of orders and stock, and asks to allocate into warehouse messages
#[derive(Parser)]
#[command(name = "wms-adapter", version, after_help = service::EXIT_CODES)]
struct Line {
    #[command(flatten)]
    common: service::Common,
    #[command(flatten)]
    adapter: adapter::Settings,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Line { common, adapter } = service::settings::parse();
    let checked = wms_adapter::check(&adapter);
    service::main(wms_adapter::ABOUT, &common, checked, |host| wms_adapter::serve(adapter, host)).await
}
