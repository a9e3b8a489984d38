//! What the policies of all workflows have in common: waits, limits, and how their files are read.

use std::fmt;
use std::time::Duration;

use serde::de::{self, DeserializeOwned, Expected, Visitor};
use serde::{Deserialize, Deserializer};

/// A span of time, from a millisecond to ten years.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait(Duration);

impl Wait {
    const SHORTEST: Duration = Duration::from_millis(1);
    const LONGEST: Duration = Duration::from_secs(10 * 365 * 86_400);

    /// The span in whole minutes.
    #[must_use]
    pub const fn minutes(minutes: u64) -> Self {
        Self(Duration::from_secs(minutes * 60))
    }

    /// The span in whole hours.
    #[must_use]
    pub const fn hours(hours: u64) -> Self {
        Self(Duration::from_secs(hours * 3_600))
    }

    /// The span in milliseconds.
    #[must_use]
    pub fn millis(self) -> i64 {
        // LONGEST fits an i64 many times over.
        i64::try_from(self.0.as_millis()).unwrap_or(i64::MAX)
    }
}

impl<'de> Deserialize<'de> for Wait {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong =
            |why: &str| de::Error::custom(format!("`{text}` is no wait, such as \"90s\", \"4h\" or \"14d\": {why}"));
        let span = humantime::parse_duration(&text).map_err(|error| wrong(&error.to_string()))?;
        if !(Self::SHORTEST..=Self::LONGEST).contains(&span) {
            return Err(wrong("expected from 1ms to 10 years"));
        }
        Ok(Self(span))
    }
}

/// The most often that something is done by itself.
const MOST_TIMES: u8 = 100;

/// How often something may be done again; for `deserialize_with`.
///
/// # Errors
/// When it is no whole number from 0 to 100.
pub fn times<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    deserializer.deserialize_i64(Times { least: 0 })
}

/// How often something has to happen, at least once; for `deserialize_with`.
///
/// # Errors
/// When it is no whole number from 1 to 100.
pub fn times_at_least_once<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    deserializer.deserialize_i64(Times { least: 1 })
}

/// Reads a number of times. serde's own words for what is none are those of the programming language.
struct Times {
    least: u8,
}

impl Visitor<'_> for Times {
    type Value = usize;

    fn expecting(&self, words: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(words, "a whole number from {} to {MOST_TIMES}", self.least)
    }

    fn visit_i64<E: de::Error>(self, times: i64) -> Result<usize, E> {
        let sound = u8::try_from(times).ok().filter(|times| (self.least..=MOST_TIMES).contains(times));
        sound.map(usize::from).ok_or_else(|| E::custom(format!("`{times}` times; expected {}", &self as &dyn Expected)))
    }
}

/// Why a file is no policy, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {problem}")]
pub struct PolicyError {
    /// The file.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// What is wrong and what was expected.
    pub problem: String,
}

/// Reads a policy; what it leaves out has its default.
///
/// # Errors
/// [`PolicyError`] with the file, the line and what was expected; an unknown setting is an error.
pub fn load<P: DeserializeOwned>(file: &str, text: &str) -> Result<P, PolicyError> {
    toml::from_str(text).map_err(|error: toml::de::Error| {
        let before = text.get(..error.span().map_or(0, |span| span.start)).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        PolicyError {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            problem: error.message().lines().collect::<Vec<_>>().join("; "),
        }
    })
}
