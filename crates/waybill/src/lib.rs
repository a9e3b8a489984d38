//! What the operator's command line does: shows orders, stock, quarantine and the state of the whole installation.
//!
//! Every command gathers what it shows, then prints it as a table for people or, with `--json`, as JSON for programs.

pub mod archive;
mod bar;
pub mod bench;
pub mod cli;
mod clock;
mod completions;
pub mod demo;
pub mod discrepancy;
pub mod exception;
pub mod exit;
pub mod forget;
pub mod house;
mod moment;
pub mod order;
mod output;
pub mod partner;
mod personal;
mod policy_file;
pub mod projection;
pub mod quarantine;
mod reach;
pub mod reconcile;
pub mod rehearse;
pub mod returns;
pub mod run;
#[cfg(test)]
mod sample;
pub mod schema;
pub mod schemas;
pub mod status;
pub mod stock;
mod table;
mod text;
mod words;

use cli::{Cli, Command};
use exit::{Failure, Verdict};
use output::Output;

/// Runs one command.
///
/// # Errors
/// [`Failure`] when it could not be done, in words and with the exit code it means.
pub async fn execute(cli: Cli) -> Result<Verdict, Failure> {
    let output = Output::new(cli.json);
    match cli.command {
        Command::Order(command) => order::run(command, &cli.nats, output).await,
        Command::Exception(command) => exception::run(command, &cli.nats, output).await,
        Command::Return(command) => returns::run(command, &cli.nats, output).await,
        Command::Archive(command) => archive::run(command, &cli.nats, output).await,
        Command::Stock(command) => stock::run(command, &cli.nats, output).await,
        Command::Status(args) => status::run(&args, &cli.nats, output).await,
        Command::Discrepancy(command) => discrepancy::run(command, &cli.nats, output).await,
        Command::Reconcile(args) => reconcile::run(args, &cli.nats, output).await,
        Command::Projection(command) => projection::run(command, &cli.nats, output).await,
        Command::Quarantine(command) => quarantine::run(command, &cli.nats, output).await,
        Command::Partner(command) => partner::run(command, &cli.nats, output).await,
        Command::Rehearse(args) => rehearse::run(&args, &cli.nats, output).await,
        Command::Forget(args) => forget::run(&args, &cli.nats, output).await,
        Command::Demo(args) => demo::run(&args, &cli.nats, output).await,
        Command::Bench(command) => bench::run(command, output).await,
        Command::Completions(args) => completions::run(&args, output),
        Command::Schema(args) => schema::run(&args, output),
    }
}
