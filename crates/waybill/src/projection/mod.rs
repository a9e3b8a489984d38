//! `waybill projection`: the visibility service's own picture of the log, held against the log, and built anew.

mod diff;
mod instances;
mod rebuild;
mod sides;
mod stock;
#[cfg(test)]
mod tests;
mod tree;
pub(crate) mod verify;

use service::settings::NatsSettings;

use crate::exit::{Failure, Verdict};
use crate::output::Output;

/// What to do with projections.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Build it anew beside the one in use, which goes on answering until the other takes its place
    #[command(after_help = rebuild::HELP)]
    Rebuild(rebuild::Args),
    /// Hold it against a fold of the streams that owes nothing to it; name the first order and field that differ
    #[command(after_help = verify::HELP)]
    Verify(verify::Args),
    /// What it holds of one order, beside what the order's entries say
    Diff(diff::Args),
}

pub(crate) async fn run(command: Command, nats: &NatsSettings, output: Output) -> Result<Verdict, Failure> {
    match command {
        Command::Rebuild(args) => rebuild::run(&args, nats, output).await,
        Command::Verify(args) => verify::run(&args, nats, output).await,
        Command::Diff(args) => diff::run(&args, nats, output).await,
    }
}
