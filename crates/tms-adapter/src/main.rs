//! The TMS adapter as a process of its own.

use clap::Parser;
use std::process::ExitCode;

/// Messages are many small allocations made in one thread and freed in another, which this one does best.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Turns carrier and TMS messages into facts of orders, and asks to book into their messages
#[derive(Parser)]
#[command(name = "tms-adapter", version, after_help = service::EXIT_CODES)]
struct Line {
    #[command(flatten)]
    common: service::Common,
    #[command(flatten)]
    adapter: adapter::Settings,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Line { common, adapter } = service::settings::parse();
    let checked = tms_adapter::check(&adapter);
    service::main(tms_adapter::ABOUT, &common, checked, |host| tms_adapter::serve(adapter, host)).await
}
