//! `waybill archive`: the trails of orders that ended, as they are kept for ten years.

mod export;
mod get;
pub(crate) mod held;
mod list;
mod verify;

use service::settings::NatsSettings;

use crate::exit::{Failure, Verdict};
use crate::output::Output;

/// What to do with archived trails.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Hold archives in files against their own hash chains, without a connection
    #[command(after_help = verify::HELP)]
    Verify(verify::Args),
    /// The archive of an order: its entries as JSON lines, chained
    Get(get::Args),
    /// Many orders in one file: as chained lines, as OCEL 2.0 for process mining, or as EPCIS 2.0
    #[command(after_help = export::HELP)]
    Export(export::Args),
    /// Which archives there are, in the order in which they were stored
    List(list::Args),
}

pub(crate) async fn run(command: Command, nats: &NatsSettings, output: Output) -> Result<Verdict, Failure> {
    match command {
        Command::Verify(args) => verify::run(&args, nats, output).await,
        Command::Get(args) => get::run(&args, nats, output).await,
        Command::Export(args) => export::run(&args, nats, output).await,
        Command::List(args) => list::run(&args, nats, output).await,
    }
}

#[cfg(test)]
mod tests;
