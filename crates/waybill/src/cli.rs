//! The commands and their flags.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use service::settings::NatsSettings;

use crate::exit::Failure;
use crate::{
    archive, bench, completions, demo, discrepancy, exception, forget, order, partner, projection, quarantine,
    reconcile, rehearse, returns, schema, status, stock,
};

const EXIT_CODES: &str = "\
Exit codes:
  0  fine
  1  something is wrong, what was asked for is not there, or it cannot be done as things stand
  2  the command line, or a file it names, is wrong
  3  NATS, Waybill's streams there, or the service that answers cannot be reached

With --json every error is an object on standard error: its kind in `error`, `message` and `exit_code`.";

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
    /// Exceptions: the work list of what is wrong, who sees to it, and resolving it
    #[command(subcommand)]
    Exception(exception::Command),
    /// Returns: open one, show, settle what is wrong
    #[command(subcommand)]
    Return(returns::Command),
    /// The trails of orders that ended: verify, get, list
    #[command(subcommand)]
    Archive(archive::Command),
    /// Stock: on hand, reserved, available to promise
    #[command(subcommand)]
    Stock(stock::Command),
    /// The whole installation: streams, consumers, services, quarantine
    Status(status::Args),
    /// Hold the systems against each other: what does not agree, and what can be done
    Reconcile(reconcile::Args),
    /// Discrepancies that stand since they were found, and what became of each
    #[command(subcommand)]
    Discrepancy(discrepancy::Command),
    /// The projection that queries are answered from: verify it against the log, build it anew
    #[command(subcommand)]
    Projection(projection::Command),
    /// Messages that could not become facts
    #[command(subcommand)]
    Quarantine(quarantine::Command),
    /// Partners: add a profile, see what it makes of their messages, switch them off and on
    #[command(subcommand)]
    Partner(partner::Command),
    /// What a changed policy or profile would have decided of the past; writes nothing
    #[command(after_help = rehearse::HELP)]
    Rehearse(rehearse::Args),
    /// Have what is about a customer's persons erased: keys destroyed, raw messages overwritten
    #[command(after_help = forget::HELP)]
    Forget(forget::Args),
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

/// Parses the command line.
///
/// # Errors
/// What ends the process at once, with its status: a mistake, in the form that was asked for, or the help.
pub fn parse(line: impl IntoIterator<Item = OsString>) -> Result<Cli, ExitCode> {
    let line: Vec<OsString> = line.into_iter().collect();
    let parsed = command().try_get_matches_from(&line).and_then(|matches| Cli::from_arg_matches(&matches));
    parsed.map_err(|error| {
        let error = error.format(&mut command());
        if error.use_stderr() && wants_json(&line) {
            return Failure::Usage(mistake(&error)).report(true);
        }
        // There is nobody to tell that there is nobody to tell.
        let _ = error.print();
        ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
    })
}

/// Whether `--json` is among the flags; a line that cannot be parsed is not known better.
fn wants_json(line: &[OsString]) -> bool {
    line.iter().skip(1).take_while(|word| *word != "--").any(|word| word == "--json")
}

/// What is wrong with the command line, without the usage that follows it on a screen.
fn mistake(error: &clap::Error) -> String {
    if matches!(error.kind(), ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand) {
        return "a command is missing; `--help` lists them".to_owned();
    }
    let text = error.to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let end = ["\n\nUsage:", "\n\nFor more information"].iter().filter_map(|mark| text.find(mark)).min();
    text[..end.unwrap_or(text.len())].trim_end().to_owned()
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

    #[test]
    fn programs_are_told_a_mistake_without_the_usage() {
        let told = |line: &[&str]| mistake(&command().try_get_matches_from(line).unwrap_err());
        assert_eq!(
            told(&["waybill", "--json", "demo", "--in-flight", "x"]),
            "invalid value 'x' for '--in-flight <N>': invalid digit found in string"
        );
        assert!(told(&["waybill", "order", "show"]).starts_with("the following required arguments were not provided:"));
        assert_eq!(told(&["waybill", "--json"]), "a command is missing; `--help` lists them");
        let words = |line: &[&str]| line.iter().map(OsString::from).collect::<Vec<_>>();
        assert!(wants_json(&words(&["waybill", "stock", "show", "--jsno", "--json"])));
        assert!(!wants_json(&words(&["waybill", "order", "show", "--", "--json"])));
    }
}
