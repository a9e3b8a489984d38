//! `waybill order`

mod list;
mod show;
mod step;
pub mod trail;

use model::OrderId;
use model::token::TokenError;
use service::settings::NatsSettings;

use crate::exit::{Failure, Verdict};
use crate::output::Output;

/// What to show of orders.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// One order: status, lines, shipments, exceptions, conditions, claims
    Show(OrderArgs),
    /// Orders with their status
    List(list::Args),
    /// Everything that was ever appended to an order, read straight from its stream
    #[command(after_help = trail::HELP)]
    Trail(OrderArgs),
}

/// Which order.
#[derive(Debug, clap::Args)]
pub struct OrderArgs {
    /// The order's number as its ERP writes it; quote spaces and `*` for the shell
    #[arg(value_name = "ORDER", value_parser = order_id)]
    pub order: OrderId,
}

fn order_id(text: &str) -> Result<OrderId, TokenError> {
    OrderId::new(text)
}

pub(crate) async fn run(command: Command, nats: &NatsSettings, output: Output) -> Result<Verdict, Failure> {
    match command {
        Command::Show(args) => show::run(&args.order, nats, output).await,
        Command::List(args) => list::run(args, nats, output).await,
        Command::Trail(args) => trail::run(&args.order, nats, output).await,
    }
}
