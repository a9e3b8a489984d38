//! The policy: what a person may change about the decisions, as a TOML file with defaults.

use std::collections::BTreeMap;
use std::time::Duration;

use model::PartnerId;
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer};

/// The policy of the order-to-delivery workflow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Who transports.
    pub transport: Transport,
    /// How long each wait may take.
    pub deadlines: Deadlines,
    /// What may differ without being a problem.
    pub tolerance: Tolerance,
}

/// Who transports, and when they are asked.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Transport {
    /// The partner asked to book a shipment.
    pub tms: PartnerId,
    /// Another partner for some modes, such as `AIR`.
    pub by_mode: BTreeMap<String, PartnerId>,
    /// When it is asked.
    pub book_at: BookAt,
}

/// When a shipment is booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BookAt {
    /// As soon as the warehouse has reserved the stock.
    Allocation,
    /// Once the goods are picked.
    Pick,
}

/// How long each wait may take, such as `"4h"` or `"14d"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Deadlines {
    /// From asking a warehouse to its answer, with what it reserved.
    pub allocate: Wait,
    /// From asking a TMS to its answer.
    pub book: Wait,
    /// From asking to book, or from reserving where that comes first, to goods issue.
    pub ship: Wait,
    /// From the carrier's pick-up to a goods issue that is missing.
    pub goods_issue: Wait,
    /// From asking to book to delivery.
    pub deliver: Wait,
    /// From delivery to confirmed, billed and audited.
    pub close: Wait,
}

/// What may differ without being a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tolerance {
    /// How far a carrier's bill may lie above the booking, in percent.
    pub freight_percent: Decimal,
}

/// A span of time, at most ten years.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait(Duration);

impl Wait {
    const LONGEST: Duration = Duration::from_secs(10 * 365 * 86_400);

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
        let wrong = |why: &str| {
            serde::de::Error::custom(format!("`{text}` is no wait, such as \"90s\", \"4h\" or \"14d\": {why}"))
        };
        let span = humantime::parse_duration(&text).map_err(|error| wrong(&error.to_string()))?;
        if span.is_zero() || span > Self::LONGEST {
            return Err(wrong("expected more than nothing and at most 10 years"));
        }
        Ok(Self(span))
    }
}

impl Default for Transport {
    #[expect(clippy::expect_used, reason = "the literal is a sound id, and a test makes the default policy")]
    fn default() -> Self {
        let tms = PartnerId::new("tms-main").expect("a sound id");
        Self { tms, by_mode: BTreeMap::new(), book_at: BookAt::Allocation }
    }
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            allocate: Wait::hours(4),
            book: Wait::hours(4),
            ship: Wait::hours(72),
            goods_issue: Wait::hours(4),
            deliver: Wait::hours(14 * 24),
            close: Wait::hours(10 * 24),
        }
    }
}

impl Default for Tolerance {
    fn default() -> Self {
        Self { freight_percent: Decimal::TWO }
    }
}

/// Why a file is no policy.
#[derive(Debug, thiserror::Error)]
#[error("{file} is no policy: {source}")]
pub struct PolicyError {
    file: String,
    #[source]
    source: Box<toml::de::Error>,
}

impl Policy {
    /// Reads a policy; what it leaves out has its default.
    ///
    /// # Errors
    /// [`PolicyError`] with the file, the line and what was expected; an unknown setting is an error.
    pub fn load(file: &str, text: &str) -> Result<Self, PolicyError> {
        toml::from_str(text).map_err(|source| PolicyError { file: file.to_owned(), source: Box::new(source) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_the_default_policy() {
        assert_eq!(Policy::load("p.toml", "").unwrap(), Policy::default());
    }

    #[test]
    fn a_setting_replaces_its_default_only() {
        let policy = Policy::load("p.toml", "[deadlines]\nship = \"90m\"\n[transport]\nbook_at = \"pick\"").unwrap();
        assert_eq!(policy.deadlines.ship.millis(), 5_400_000);
        assert_eq!(policy.deadlines.book, Wait::hours(4));
        assert_eq!(policy.transport.book_at, BookAt::Pick);
    }

    #[test]
    fn a_wrong_policy_is_refused_with_its_line() {
        for (text, line, expected) in [
            ("[deadlines]\nship = \"soon\"", "line 2", "\"14d\""),
            ("[deadlines]\nshp = \"1h\"", "line 2", "expected one of"),
            ("\n\n[transport]\nbook_at = \"noon\"", "line 4", "`allocation` or `pick`"),
            ("[deadlines]\nship = \"0s\"", "line 2", "more than nothing"),
        ] {
            let error = Policy::load("p.toml", text).unwrap_err().to_string();
            assert!(error.contains("p.toml") && error.contains(line) && error.contains(expected), "{error}");
        }
    }
}
