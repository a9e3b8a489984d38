//! `waybill order`

mod as_of;
mod diff;
pub(crate) mod enter;
pub(crate) mod epcis;
mod lineage;
mod list;
mod show;
mod step;
pub mod trail;

pub(crate) use list::{customer_id, stages};
pub(crate) use show::quoted;

use model::OrderId;
use model::token::TokenError;
use service::settings::NatsSettings;

use crate::exit::{Failure, Verdict};
use crate::output::Output;

/// What to show of orders, and what to enter.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// One order: status, lines, shipments, exceptions, conditions, claims
    #[command(after_help = crate::moment::HELP)]
    Show(show::Args),
    /// What became of an order between two moments: what differs, and the entries that came between
    #[command(after_help = format!("{}\n\n{}", crate::moment::HELP, diff::HELP))]
    Diff(diff::Args),
    /// Orders with their status
    List(list::Args),
    /// Everything that was ever appended to an order, read straight from its stream, and from the archive
    #[command(after_help = format!("{}\n\n{}", trail::HELP, lineage::HELP))]
    Trail(trail::Args),
    /// What happened to an order's goods, as an EPCIS 2.0 document (GS1), straight from its stream
    Epcis(epcis::Args),
    /// Have an order undone as far as it can be
    Cancel(enter::ByArgs),
    /// Have something asked again that was refused or not answered
    Retry(enter::RetryArgs),
    /// Hold an order back: nobody is asked for anything more
    Hold(enter::ByArgs),
    /// Let go an order that an operator held back
    Release(enter::ByArgs),
    /// Answer in a partner's place, take an exception as it is, or say that something happened
    Override(enter::OverrideArgs),
    /// Hand an order over to another ERP: it is asked from now on, and its word counts; warehouses and carriers notice nothing
    Move(enter::MoveArgs),
    /// Leave a remark in an order's trail
    Note(enter::ByArgs),
}

/// Which order.
#[derive(Debug, Clone, clap::Args)]
pub struct OrderArgs {
    /// The order's number as its ERP writes it; quote spaces and `*` for the shell
    #[arg(value_name = "ORDER", value_parser = order_id)]
    pub order: OrderId,
}

pub(crate) fn order_id(text: &str) -> Result<OrderId, TokenError> {
    OrderId::new(text)
}

pub(crate) async fn run(command: Command, nats: &NatsSettings, output: Output) -> Result<Verdict, Failure> {
    match command {
        Command::Show(args) => show::run(&args, nats, output).await,
        Command::Diff(args) => diff::run(&args, nats, output).await,
        Command::List(args) => list::run(args, nats, output).await,
        Command::Trail(args) => trail::run(&args, nats, output).await,
        Command::Epcis(args) => epcis::run(&args, nats, output).await,
        Command::Cancel(by) => enter::cancel(&by, nats, output).await,
        Command::Retry(args) => enter::retry(&args, nats, output).await,
        Command::Hold(by) => enter::hold(&by, nats, output).await,
        Command::Release(by) => enter::release(&by, nats, output).await,
        Command::Override(args) => enter::settle(&args, nats, output).await,
        Command::Move(args) => enter::hand_over(&args, nats, output).await,
        Command::Note(by) => enter::note(&by, nats, output).await,
    }
}
