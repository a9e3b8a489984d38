//! The operator's command line.

use std::process::ExitCode;

use waybill::cli;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = cli::parse();
    let json = cli.json;
    match waybill::execute(cli).await {
        Ok(verdict) => verdict.exit_code(),
        Err(failure) => failure.report(json),
    }
}
