//! A `WAYBILL_…` variable that no setting reads is a typing error, and is refused as an unknown flag is.

use clap::Parser;
use std::ffi::OsString;

/// Variables with this prefix are Waybill's.
const PREFIX: &str = "WAYBILL_";
/// How alike two names must be, from 0 to 1, for one to be offered in place of the other.
const ALIKE: f64 = 0.7;

/// An environment variable that looks like a setting and is none.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("unknown environment variable {name}{}; unset it or correct its name", hint(.nearest.as_ref()))]
pub struct UnknownVariable {
    /// The variable as it is set.
    pub name: String,
    /// The known variable that is most like it.
    pub nearest: Option<String>,
}

fn hint(nearest: Option<&String>) -> String {
    nearest.map(|known| format!(", did you mean {known}?")).unwrap_or_default()
}

/// Parses flags and environment and refuses what it does not know; on a mistake it says which and ends the process with
/// status 2, as clap does.
pub fn parse<C: Parser>() -> C {
    let command = C::command();
    let known = variables_of(&command);
    if let Err(error) = refuse_unknown_env(&known.iter().map(String::as_str).collect::<Vec<_>>()) {
        C::command().error(clap::error::ErrorKind::UnknownArgument, error).exit();
    }
    C::parse()
}

/// Refuses a `WAYBILL_…` variable that is not in `known`.
///
/// # Errors
/// Names the first such variable, in alphabetical order, and the known one that is most like it.
pub fn refuse_unknown_env(known: &[&str]) -> Result<(), UnknownVariable> {
    refuse_unknown(std::env::vars_os().map(|(name, _)| name), known)
}

fn refuse_unknown(set: impl Iterator<Item = OsString>, known: &[&str]) -> Result<(), UnknownVariable> {
    let mut unknown: Vec<String> = set
        .map(|name| name.to_string_lossy().into_owned())
        .filter(|name| name.starts_with(PREFIX) && !known.contains(&name.as_str()))
        .collect();
    unknown.sort_unstable();
    match unknown.into_iter().next() {
        None => Ok(()),
        Some(name) => Err(UnknownVariable { nearest: nearest(&name, known), name }),
    }
}

fn nearest(name: &str, known: &[&str]) -> Option<String> {
    known
        .iter()
        .map(|candidate| (strsim::jaro(name, candidate), candidate))
        .filter(|(alike, _)| *alike >= ALIKE)
        .max_by(|(left, _), (right, _)| left.total_cmp(right))
        .map(|(_, candidate)| (*candidate).to_owned())
}

/// Every variable a command or one of its subcommands reads.
fn variables_of(command: &clap::Command) -> Vec<String> {
    let own = command.get_arguments().filter_map(|argument| argument.get_env());
    let own = own.map(|name| name.to_string_lossy().into_owned());
    own.chain(command.get_subcommands().flat_map(variables_of)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        common: crate::Common,
    }

    fn check(set: &[&str]) -> Result<(), UnknownVariable> {
        let known = variables_of(&Cli::command());
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        refuse_unknown(set.iter().map(OsString::from), &known)
    }

    #[test]
    fn what_a_setting_reads_is_known() {
        check(&["WAYBILL_LOG", "WAYBILL_HTTP", "WAYBILL_LOG_FORMAT", "WAYBILL_DURABILITY", "PATH", "WAYBIL_LOG"])
            .unwrap();
    }

    #[test]
    fn an_unknown_variable_is_named_with_the_nearest_known() {
        let error = check(&["WAYBILL_LOGS"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown environment variable WAYBILL_LOGS, did you mean WAYBILL_LOG?; unset it or correct its name"
        );
        let error = check(&["WAYBILL_XYZZYQQKJJ"]).unwrap_err();
        assert_eq!(error.name, "WAYBILL_XYZZYQQKJJ");
    }

    #[test]
    fn unknown_flags_are_refused() {
        let error = Cli::try_parse_from(["x", "--nats-uri", "nats://h"]).unwrap_err();
        assert_eq!(error.kind(), clap::error::ErrorKind::UnknownArgument);
    }
}
