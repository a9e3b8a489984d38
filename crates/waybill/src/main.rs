//! The operator's command line.

use std::process::ExitCode;

/// Messages are many small allocations made in one thread and freed in another, which this one does best.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use waybill::cli;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = match cli::parse(std::env::args_os()) {
        Ok(cli) => cli,
        Err(ends) => return ends,
    };
    let json = cli.json;
    match waybill::execute(cli).await {
        Ok(verdict) => verdict.exit_code(),
        Err(failure) => failure.report(json),
    }
}
