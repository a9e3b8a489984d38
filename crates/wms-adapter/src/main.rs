//! The WMS adapter as a process of its own.

use clap::Parser;

/// Messages are many small allocations made in one thread and freed in another, which this one does best.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Turns warehouse messages into facts of orders and stock, and asks to allocate into warehouse messages
#[derive(Parser)]
#[command(name = "wms-adapter", version)]
struct Line {
    #[command(flatten)]
    common: service::Common,
    #[command(flatten)]
    adapter: adapter::Settings,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Line { common, adapter } = service::settings::parse();
    let about = wms_adapter::ABOUT;
    service::run(about, &common, |host| wms_adapter::serve(adapter, host)).await
}
