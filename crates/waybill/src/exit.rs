//! How a command ends.

use std::process::ExitCode;

use serde::Serialize;

/// How a command that could do its work ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is wrong.
    Fine,
    /// It found something wrong.
    Wrong,
}

impl Verdict {
    /// The status the process ends with.
    #[must_use]
    pub fn exit_code(self) -> ExitCode {
        match self {
            Self::Fine => ExitCode::SUCCESS,
            Self::Wrong => ExitCode::from(1),
        }
    }
}

/// Why a command could not do its work. The message says what, where, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// What was asked for is not there.
    #[error("{0}")]
    NotFound(String),
    /// What was given makes sense, and cannot be done as things stand.
    #[error("{0}")]
    Refused(String),
    /// What was given makes no sense, however things stand.
    #[error("{0}")]
    Usage(String),
    /// NATS, or the service that answers, cannot be reached.
    #[error("{0}")]
    Unreachable(String),
    /// Anything else.
    #[error("{}", in_full(.0))]
    Broken(#[from] anyhow::Error),
}

impl Failure {
    /// The kind, as in JSON.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "not_found",
            Self::Refused(_) => "refused",
            Self::Usage(_) => "usage",
            Self::Unreachable(_) => "unreachable",
            Self::Broken(_) => "broken",
        }
    }

    /// The status the process ends with.
    #[must_use]
    pub const fn status(&self) -> u8 {
        match self {
            Self::NotFound(_) | Self::Refused(_) | Self::Broken(_) => 1,
            Self::Usage(_) => 2,
            Self::Unreachable(_) => 3,
        }
    }

    /// Says on standard error what went wrong; returns what the process ends with.
    pub fn report(&self, json: bool) -> ExitCode {
        if json {
            eprintln!("{}", self.as_json());
        } else {
            anstream::eprintln!("{}: {self}", crate::text::bad("error"));
        }
        ExitCode::from(self.status())
    }

    fn as_json(&self) -> String {
        #[derive(Serialize)]
        struct Said<'a> {
            error: &'a str,
            message: String,
            exit_code: u8,
        }
        let said = Said { error: self.kind(), message: self.to_string(), exit_code: self.status() };
        // Texts and a number always have a JSON form.
        serde_json::to_string(&said).unwrap_or_default()
    }
}

/// An error and its causes, each once: many an error's words hold its cause's already.
pub(crate) fn in_full(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |said, cause| match said.as_str() {
        "" => cause,
        known if known.contains(&cause) => said,
        known => format!("{known}: {cause}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_has_the_status_that_the_help_documents() {
        let text = || "x".to_owned();
        let failures = [Failure::NotFound(text()), Failure::Usage(text()), Failure::Unreachable(text())];
        assert_eq!(failures.map(|failure| failure.status()), [1, 2, 3]);
        assert_eq!(Failure::Refused(text()).status(), 1);
        assert_eq!(Failure::from(anyhow::anyhow!("x")).status(), 1);
    }

    #[test]
    fn programs_get_the_kind_and_the_message() {
        let failure = Failure::NotFound("no order \"7\"".to_owned());
        assert_eq!(failure.as_json(), r#"{"error":"not_found","message":"no order \"7\"","exit_code":1}"#);
    }

    #[test]
    fn a_cause_is_said_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("cannot read x.toml: {source}; check the path")]
        struct Unread {
            source: std::io::Error,
        }
        let source = std::io::Error::other("no such file (os error 2)");
        let error = anyhow::Error::new(Unread { source }).context("cannot start");
        assert_eq!(
            Failure::from(error).to_string(),
            "cannot start: cannot read x.toml: no such file (os error 2); check the path"
        );
    }
}
