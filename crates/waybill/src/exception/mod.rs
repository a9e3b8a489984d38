//! `waybill exception`: the operators' work list. An exception is a business problem on an order, open until a rule or a person
//! resolves it.

mod filter;
mod list;
mod remedy;
mod resolve;
mod see_to;
mod show;
#[cfg(test)]
mod tests;

use service::settings::NatsSettings;

use crate::exit::{Failure, Verdict};
use crate::output::Output;
use crate::reach;

/// What to show of the work list, and what to do about it.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// What is wrong, with which order, since when, what is at stake, and who sees to it
    #[command(after_help = list::HELP)]
    List(list::Args),
    /// One order's exceptions: what was tried, and the commands that can be tried
    Show(show::Args),
    /// Give an exception to somebody to see to
    Assign(see_to::AssignArgs),
    /// Put an exception off: it is not listed until its time
    Snooze(see_to::SnoozeArgs),
    /// Ask again, take as it is, say what happened, ask another carrier, or cancel; a dry run without --yes
    #[command(after_help = resolve::HELP)]
    Resolve(resolve::Args),
}

pub(crate) async fn run(command: Command, nats: &NatsSettings, output: Output) -> Result<Verdict, Failure> {
    let connection = reach::connect(nats).await?;
    match command {
        Command::List(args) => list::run(&args, &connection, output).await,
        Command::Show(args) => show::run(&args, &connection, output).await,
        Command::Assign(args) => see_to::assign(&args, &connection, output).await,
        Command::Snooze(args) => see_to::snooze(&args, &connection, output).await,
        Command::Resolve(args) => resolve::run(&args, &connection, output).await,
    }
}

/// The command that begins so for one exception, as a shell takes it.
fn command(verb: &str, order: &str, kind: &str) -> String {
    format!("waybill exception {verb} {} {}", crate::order::quoted(order), crate::order::quoted(kind))
}
