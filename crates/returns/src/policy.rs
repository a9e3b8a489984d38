//! The policy: what a person may change about the decisions, as a TOML file with defaults.

use engine::policy::{Wait, times};
use serde::Deserialize;

pub use engine::policy::PolicyError;

/// The policy of the returns workflow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// What is credited.
    pub credit: Credit,
    /// How often what failed is asked again.
    pub retries: Retries,
    /// How long each wait may take.
    pub deadlines: Deadlines,
}

/// What is credited. Sound goods always are, refused ones never.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Credit {
    /// Who pays for goods that come back damaged.
    pub damaged: Damaged,
}

/// Who pays for goods that come back damaged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Damaged {
    /// We do where they were returned as damaged (`goods.damaged`), the customer where they were not.
    #[default]
    AsStated,
    /// We do: they are credited.
    Credit,
    /// The customer does: they are not credited.
    Refuse,
}

/// How often something is asked again by itself that a partner could not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retries {
    /// How often, as a new ask; at most 100 times.
    #[serde(deserialize_with = "times")]
    pub failed: usize,
    /// How long after it failed.
    pub pause: Wait,
}

/// How long each wait may take, such as `"4h"` or `"14d"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Deadlines {
    /// From the first that is told of a return to its authorisation.
    pub authorise: Wait,
    /// From asking a partner to its answer.
    pub answer: Wait,
    /// From the authorisation until the goods are on their way.
    pub transit: Wait,
    /// From there until the warehouse has them.
    pub receive: Wait,
    /// From there until they are inspected.
    pub inspect: Wait,
    /// From there, or from calling it off, to its end.
    pub close: Wait,
}

impl Default for Retries {
    fn default() -> Self {
        Self { failed: 2, pause: Wait::minutes(15) }
    }
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            authorise: Wait::hours(24),
            answer: Wait::hours(4),
            transit: Wait::hours(14 * 24),
            receive: Wait::hours(14 * 24),
            inspect: Wait::hours(3 * 24),
            close: Wait::hours(5 * 24),
        }
    }
}

impl Policy {
    /// Reads a policy; what it leaves out has its default.
    ///
    /// # Errors
    /// [`PolicyError`] with the file, the line and what was expected; an unknown setting is an error.
    pub fn load(file: &str, text: &str) -> Result<Self, PolicyError> {
        engine::policy::load(file, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_replaces_its_default_only() {
        assert_eq!(Policy::load("r.toml", "").unwrap(), Policy::default());
        let policy = Policy::load("r.toml", "[credit]\ndamaged = \"refuse\"\n[deadlines]\ninspect = \"1h\"").unwrap();
        assert_eq!(policy.credit.damaged, Damaged::Refuse);
        assert_eq!((policy.deadlines.inspect, policy.deadlines.answer), (Wait::hours(1), Wait::hours(4)));
    }

    #[test]
    fn a_wrong_policy_is_refused_with_its_line() {
        for (text, place, expected) in [
            ("[deadlines]\ntransit = \"soon\"", "r.toml:2:", "\"14d\""),
            ("[deadlines]\ntransit = \"0s\"", "r.toml:2:", "1ms"),
            ("[credit]\ndamaged = \"maybe\"", "r.toml:2:", "`as_stated`"),
            ("[retries]\nfailed = 101", "r.toml:2:", "from 0 to 100"),
            ("[retries]\nfailed = -1", "r.toml:2:", "from 0 to 100"),
            ("[crdit]", "r.toml:1:", "expected one of"),
        ] {
            let error = Policy::load("r.toml", text).unwrap_err().to_string();
            assert!(error.starts_with(place) && error.contains(expected) && !error.contains('\n'), "{error}");
        }
    }
}
