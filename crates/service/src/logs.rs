//! Where log lines go: standard error, so that standard output is left to what a command prints.

use crate::settings::{LogFormat, LogSettings};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// The filter is not one.
#[derive(Debug, thiserror::Error)]
#[error("log filter {filter:?} is not valid: {why}; use a level such as info, or levels as in info,engine=debug")]
pub struct LogError {
    filter: String,
    why: String,
}

/// Starts logging for the whole process. A second call leaves what the first one set, so that many services can share
/// one process.
///
/// # Errors
/// When the filter cannot be read.
pub fn start(settings: &LogSettings) -> Result<(), LogError> {
    let filter = filter(&settings.log_filter);
    let filter = filter.map_err(|why| LogError { filter: settings.log_filter.clone(), why })?;
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

/// Reads a filter. What is neither a level nor a module with one would pass for a module that logs everything, while
/// nothing else is logged: so it is refused.
fn filter(text: &str) -> Result<EnvFilter, String> {
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty() && !part.contains('[')) {
        let known = match part.split_once('=') {
            Some((module, _)) => module.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-:".contains(&byte)),
            None => part.parse::<LevelFilter>().is_ok(),
        };
        if !known {
            return Err(format!("{part:?} is neither a level nor a module with its level"));
        }
    }
    EnvFilter::try_new(text).map_err(|error| error.to_string())
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
        for wrong in ["engine=loud", "nope!!", "verbose", "info,no pe=debug", "info,debug!"] {
            let error = start(&settings(wrong)).unwrap_err();
            assert!(error.to_string().contains(wrong), "{error}");
        }
        for sound in ["INFO", "off", "info,async_nats=warn", "warn,adapter::asks=trace", "info,[append]=debug"] {
            start(&settings(sound)).unwrap();
        }
    }
}
