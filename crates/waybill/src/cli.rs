//! The commands and their flags.

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use service::settings::NatsSettings;

use crate::{bench, completions, demo, order, quarantine, schema, status, stock};

const EXIT_CODES: &str = "\
Exit codes:
  0  fine
  1  something is wrong, or what was asked for is not there
  2  the command line is wrong
  3  NATS or the service that answers cannot be reached";

/// Shows what Waybill knows of orders, stock and itself
#[derive(Debug, Parser)]
#[command(name = "waybill", version, after_help = EXIT_CODES)]
pub struct Cli {
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
    /// Which NATS server, and as whom.
    #[command(flatten)]
    pub nats: NatsSettings,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Orders: one, many, or the whole trail of one
    #[command(subcommand)]
    Order(order::Command),
    /// Stock: on hand, reserved, available to promise
    #[command(subcommand)]
    Stock(stock::Command),
    /// The whole installation: streams, consumers, services, quarantine
    Status(status::Args),
    /// Messages that could not become facts
    #[command(subcommand)]
    Quarantine(quarantine::Command),
    /// A whole installation at work on this machine, with simulated partners
    Demo(demo::Args),
    /// How fast it is here, beside what the broker alone can do
    #[command(subcommand)]
    Bench(bench::Command),
    /// A completion script for a shell
    Completions(completions::Args),
    /// The JSON Schemas of everything that goes over the wire
    Schema(schema::Args),
}

/// The command line, with the flags that every command takes allowed after it too.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command().mut_args(|arg| arg.global(true))
}

/// Parses the command line; on a mistake says which and ends the process with status 2.
#[must_use]
pub fn parse() -> Cli {
    let parsed = Cli::from_arg_matches(&command().get_matches());
    parsed.unwrap_or_else(|error| error.format(&mut command()).exit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &[&str]) -> Cli {
        Cli::from_arg_matches(&command().try_get_matches_from(line).unwrap()).unwrap()
    }

    #[test]
    fn the_command_line_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn connection_flags_and_json_may_stand_before_or_after_the_command() {
        for line in [
            ["waybill", "--nats-url", "nats://a:1", "--json", "order", "show", "SO 1/7.*"],
            ["waybill", "order", "show", "SO 1/7.*", "--json", "--nats-url", "nats://a:1"],
        ] {
            let cli = parsed(&line);
            assert!(cli.json);
            assert_eq!(cli.nats.nats_url.as_deref(), Some("nats://a:1"));
            assert!(
                matches!(cli.command, Command::Order(order::Command::Show(args)) if args.order.as_str() == "SO 1/7.*")
            );
        }
    }

    #[test]
    fn odd_order_numbers_are_taken_as_given_and_impossible_ones_are_refused() {
        for odd in ["SO 1/7.*", "Bestellung-ü>", "注文 42", "=20"] {
            let cli = parsed(&["waybill", "order", "trail", odd]);
            assert!(matches!(cli.command, Command::Order(order::Command::Trail(args)) if args.order.as_str() == odd));
        }
        let long = "x".repeat(121);
        for wrong in ["", long.as_str()] {
            let error = command().try_get_matches_from(["waybill", "order", "show", wrong]).unwrap_err();
            assert_eq!(error.exit_code(), 2);
        }
    }

    #[test]
    fn the_help_says_what_the_exit_codes_mean() {
        let help = command().render_long_help().to_string();
        for code in ["0  fine", "1  something is wrong", "2  the command line", "3  NATS"] {
            assert!(help.contains(code), "{help}");
        }
    }
}
