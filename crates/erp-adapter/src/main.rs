//! The ERP adapter as a process of its own.

use clap::Parser;
use std::process::ExitCode;

/// Messages are many small allocations made in one thread and freed in another, which this one does best.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Turns ERP messages into facts of orders and master data, and asks to confirm and to bill into ERP messages
#[derive(Parser)]
#[command(name = "erp-adapter", version, after_help = service::EXIT_CODES)]
struct Line {
    #[command(flatten)]
    common: service::Common,
    #[command(flatten)]
    adapter: adapter::Settings,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Line { common, adapter } = service::settings::parse();
    let checked = erp_adapter::check(&adapter);
    service::main(erp_adapter::ABOUT, &common, checked, |host| erp_adapter::serve(adapter, host)).await
}
