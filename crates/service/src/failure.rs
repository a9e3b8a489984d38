//! How a service says that it ended badly: one line, and an exit status that tells what sort of mistake it was.

use crate::connect::ConnectError;
use std::error::Error;
use std::process::ExitCode;

/// What the exit status of a service means, for its `--help`.
pub const EXIT_CODES: &str = "\
Exit codes:
  0    it was told to end, and did
  1    something it needs broke down
  2    a flag, variable, policy, profile or credentials file is wrong; nothing was started
  3    NATS cannot be reached, or refuses this user or its certificate
  130  it was told to end twice and did not wait";

/// Why a service ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// What it was told is wrong; it has not connected.
    #[error("{}", in_one_line(.0.as_ref()))]
    Settings(anyhow::Error),
    /// There is no NATS for it.
    #[error("{}", in_one_line(.0))]
    Unreachable(ConnectError),
    /// Something it needs broke down, at the start or later.
    #[error("{}", in_one_line(.0.as_ref()))]
    Broken(anyhow::Error),
}

impl Failure {
    /// The status the process ends with.
    pub fn status(&self) -> u8 {
        match self {
            Self::Broken(_) => 1,
            Self::Settings(_) => 2,
            Self::Unreachable(_) => 3,
        }
    }

    /// Says on standard error what went wrong; returns what the process ends with.
    pub fn report(&self) -> ExitCode {
        eprintln!("error: {self}");
        ExitCode::from(self.status())
    }
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Settings(_)
            | ConnectError::NoServer
            | ConnectError::Url { .. }
            | ConnectError::File { .. }
            | ConnectError::Content { .. } => Self::Settings(error.into()),
            ConnectError::Refused { .. } | ConnectError::Tls { .. } | ConnectError::Unreachable { .. } => {
                Self::Unreachable(error)
            }
        }
    }
}

/// An error and what is behind it, in one line. What an error has said of its source already is not said again.
pub fn in_one_line(error: &dyn Error) -> String {
    let mut text = joined(&error.to_string());
    let mut behind = error.source();
    while let Some(source) = behind {
        let words = joined(&source.to_string());
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        behind = source.source();
    }
    text
}

/// A text of several lines as one.
fn joined(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn a_cause_is_said_once_and_all_is_one_line() {
        let missing = || std::fs::read("/no/such/file").unwrap_err();
        let said = "No such file or directory (os error 2)";
        let context = ConnectError::File { what: "NKey seed", path: "/no/such/file".into(), source: missing() };
        let failure = Failure::from(context);
        assert_eq!(failure.to_string().matches("os error 2").count(), 1, "{failure}");
        assert_eq!(failure.status(), 2);
        let chained = Err::<(), _>(missing()).context("line one:\n  line two").context("cannot start").unwrap_err();
        assert_eq!(Failure::Broken(chained).to_string(), format!("cannot start: line one: line two: {said}"));
    }
}
