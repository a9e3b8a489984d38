//! Where log lines go: standard error, so that standard output is left to what a command prints.

use crate::settings::{LogFormat, LogSettings};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// The filter is not one.
#[derive(Debug, thiserror::Error)]
#[error("log filter {filter:?} is not valid: {source}; use a level such as info, or levels as in info,engine=debug")]
pub struct LogError {
    filter: String,
    source: tracing_subscriber::filter::ParseError,
}

/// Starts logging for the whole process. A second call leaves what the first one set, so that many services can share
/// one process.
///
/// # Errors
/// When the filter cannot be read.
pub fn start(settings: &LogSettings) -> Result<(), LogError> {
    let filter = EnvFilter::try_new(&settings.log_filter)
        .map_err(|source| LogError { filter: settings.log_filter.clone(), source })?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colours())
        // Whoever read the log may have gone. Saying so on the same channel would panic.
        .log_internal_errors(false);
    let already_started = match settings.log_format {
        LogFormat::Text => subscriber.try_init(),
        LogFormat::Json => subscriber.json().flatten_event(true).try_init(),
    };
    if already_started.is_err() {
        tracing::debug!("logging has been started before; its settings stay");
    }
    Ok(())
}

/// Colours are for a terminal, and for who has not asked to be spared them (<https://no-color.org>).
fn colours() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_start_is_fine_and_a_bad_filter_is_not() {
        let settings = |filter: &str| LogSettings { log_format: LogFormat::Json, log_filter: filter.to_owned() };
        start(&settings("warn")).unwrap();
        start(&settings("info,engine=debug")).unwrap();
        let error = start(&settings("engine=loud")).unwrap_err();
        assert!(error.to_string().contains("engine=loud"), "{error}");
    }
}
