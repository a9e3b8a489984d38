//! What can be set.

use std::path::PathBuf;

use engine::Limits;
use fulfilment::Policy;
use service::settings::policy_text;

/// The orchestrator's own settings.
#[derive(Debug, Clone, clap::Args)]
pub struct Settings {
    /// The policy, a TOML file; what it leaves out has its default
    #[arg(long, env = "WAYBILL_POLICY", value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// The policy for returns, a TOML file; what it leaves out has its default
    #[arg(long, env = "WAYBILL_RETURNS_POLICY", value_name = "FILE")]
    pub returns_policy: Option<PathBuf>,
    /// How many folded orders, and returns, are kept in memory; any other is read back when something comes in for it
    #[arg(long, env = "WAYBILL_CACHE", value_name = "ORDERS", default_value_t = DEFAULT_CACHE,
          value_parser = clap::value_parser!(u32).range(1..=MOST_CACHED))]
    pub cache: u32,
}

/// Enough for what is under way at a few hundred orders a second.
const DEFAULT_CACHE: u32 = 4_096;
/// The most folded orders kept; some ten gigabytes.
const MOST_CACHED: i64 = 1_000_000;
impl Default for Settings {
    fn default() -> Self {
        Self { policy: None, returns_policy: None, cache: DEFAULT_CACHE }
    }
}

impl Settings {
    /// Reads the policies the settings name, so that a mistake in one is found before anything is started.
    ///
    /// # Errors
    /// Names the file, the line and what was expected.
    pub fn check(&self) -> anyhow::Result<()> {
        self.policy()?;
        self.returns_policy().map(drop)
    }

    pub(crate) fn limits(&self) -> Limits {
        Limits { cases: self.cache as usize, ..Limits::default() }
    }

    pub(crate) fn policy(&self) -> anyhow::Result<Policy> {
        let Some(path) = &self.policy else { return Ok(Policy::default()) };
        Ok(Policy::load(&path.display().to_string(), &policy_text(path, "--policy")?)?)
    }

    pub(crate) fn returns_policy(&self) -> anyhow::Result<returns::Policy> {
        let Some(path) = &self.returns_policy else { return Ok(returns::Policy::default()) };
        Ok(returns::Policy::load(&path.display().to_string(), &policy_text(path, "--returns-policy")?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        settings: Settings,
    }

    #[test]
    fn the_defaults_are_those_of_the_command_line_and_of_the_engine() {
        let parsed = Line::parse_from(["x"]).settings;
        assert_eq!((parsed.policy, parsed.cache), (None, Settings::default().cache));
        assert_eq!(Settings::default().limits().cases, Limits::default().cases);
    }

    #[test]
    fn a_cache_of_nothing_or_of_everything_is_refused() {
        for wrong in ["0", "-1", "1000001", "many"] {
            let error = Line::try_parse_from(["x", &format!("--cache={wrong}")]).unwrap_err().to_string();
            assert!(error.contains(wrong), "{error}");
        }
    }

    #[test]
    fn a_policy_is_checked_before_anything_starts() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("p.toml");
        let checked = || {
            let settings = Settings { policy: Some(file.clone()), ..Settings::default() };
            settings.check().map_err(|error| service::failure::in_one_line(error.as_ref()))
        };
        let missing = checked().unwrap_err();
        assert!(missing.starts_with("cannot read policy ") && missing.matches("os error 2").count() == 1, "{missing}");
        for (text, place, expected) in [
            ("[tolerance]\nfreight_percent = -5", "p.toml:2:19: ", "0 to 1000"),
            ("[tolerance]\nfreight_percent = 1e9", "p.toml:2:19: ", "0 to 1000"),
            ("[transport]\ntms = \"no one.*\"", "p.toml:2:7: ", "no one.*"),
            ("[deadlines]\nship = \"-1h\"", "p.toml:2:8: ", "4h"),
            ("[deadlines]\nship = \"11y\"", "p.toml:2:8: ", "10 years"),
            ("[deadlines]\nship = \"1us\"", "p.toml:2:8: ", "1ms"),
            ("[deadlines", "p.toml:1:", "]"),
        ] {
            std::fs::write(&file, text).unwrap();
            let error = checked().unwrap_err();
            assert!(error.contains(place) && error.contains(expected) && !error.contains('\n'), "{error}");
        }
        std::fs::write(&file, "[deadlines]\nship = \"1h\"").unwrap();
        let settings = Settings { returns_policy: Some(file.clone()), ..Settings::default() };
        let error = settings.check().unwrap_err().to_string();
        assert!(error.contains("p.toml:2:1: ") && error.contains("transit"), "{error}");
    }
}
