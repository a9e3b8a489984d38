//! The settings of the visibility service.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use reconcile::Policy;
use service::settings::policy_text;
use service::streams;

/// Where the projection is and how much of it stays in memory.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Projection")]
pub struct Settings {
    /// Folder of the projection; it can be deleted, and is then rebuilt from the streams
    #[arg(long, env = "WAYBILL_VISIBILITY_DATA_DIR", value_name = "DIR", default_value = "waybill-data/visibility")]
    pub data_dir: PathBuf,
    /// How many folded orders stay in memory; some 30 kilobytes each
    #[arg(long, env = "WAYBILL_VISIBILITY_CACHE", value_name = "ORDERS", default_value_t = DEFAULT_CACHE,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub cache: u32,
    /// How often all systems are held against each other, such as `6h`; `waybill reconcile` does it at any time
    #[arg(long, env = "WAYBILL_RECONCILE_EVERY", value_name = "SPAN", default_value = "1day",
        value_parser = humantime::parse_duration, help_heading = "Reconciliation")]
    pub reconcile_every: Duration,
    /// How long and how far systems may disagree, and what is healed by itself: a TOML file; the default where there is none
    #[arg(long, env = "WAYBILL_RECONCILE_POLICY", value_name = "FILE", help_heading = "Reconciliation")]
    pub reconcile_policy: Option<PathBuf>,
    /// What nears the streams' age limits.
    #[command(flatten)]
    pub retention: RetentionSettings,
}

/// How it is watched over what nears the age limits of ORDERS and RETURNS.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Retention")]
pub struct RetentionSettings {
    /// How often it is looked which orders near the age limit and are open or not archived
    #[arg(id = "retention_every", long = "retention-every", env = "WAYBILL_VISIBILITY_RETENTION_EVERY", value_name = "TIME",
        default_value = "1day", value_parser = span)]
    pub every: Duration,
    /// How long before the age limit an order has to be over and archived
    #[arg(id = "retention_window", long = "retention-window", env = "WAYBILL_VISIBILITY_RETENTION_WINDOW",
        value_name = "TIME", default_value = "30days", value_parser = span)]
    pub window: Duration,
}

const DAY: Duration = Duration::from_secs(86_400);

impl Default for RetentionSettings {
    fn default() -> Self {
        Self { every: DAY, window: DAY * 30 }
    }
}

/// A span of time, longer than nothing and no longer than entries are kept.
fn span(text: &str) -> Result<Duration, String> {
    let span = humantime::parse_duration(text).map_err(|error| format!("{error}; expected a time such as 30days"))?;
    match span {
        Duration::ZERO => Err("expected a time longer than nothing".to_owned()),
        longer if longer > streams::EVENT_STORE_MAX_AGE => Err("entries are not kept for so long".to_owned()),
        span => Ok(span),
    }
}

/// Enough for what is under way at a few hundred orders a second; closed orders do not stay.
const DEFAULT_CACHE: u32 = 4_096;

/// A day: reading the whole log takes minutes where it is long.
const DEFAULT_EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// More often than this nothing but reading would be done.
const OFTEN: Duration = Duration::from_secs(1);

impl Settings {
    /// The defaults, in this folder.
    #[must_use]
    pub fn in_folder(data_dir: impl Into<PathBuf>) -> Self {
        let reconcile_every = DEFAULT_EVERY;
        let retention = RetentionSettings::default();
        Self { data_dir: data_dir.into(), cache: DEFAULT_CACHE, reconcile_every, reconcile_policy: None, retention }
    }

    /// Makes the folder and reads the policy, so that what is wrong with them is refused before anything is started.
    ///
    /// # Errors
    /// When the system does not let the folder be made, or the policy is none.
    pub fn check(&self) -> anyhow::Result<()> {
        self.policy()?;
        anyhow::ensure!(self.reconcile_every >= OFTEN, "--reconcile-every must be at least 1s");
        let folder = self.data_dir.display();
        std::fs::create_dir_all(&self.data_dir)
            .with_context(|| format!("cannot create the folder {folder}; --data-dir names one this user may write"))
    }
}

impl Settings {
    /// The policy of reconciliation.
    ///
    /// # Errors
    /// When its file cannot be read or is none.
    pub fn policy(&self) -> anyhow::Result<Policy> {
        let Some(file) = &self.reconcile_policy else { return Ok(Policy::default()) };
        Ok(Policy::load(&file.display().to_string(), &policy_text(file, "--reconcile-policy")?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_cannot_be_made_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let error = Settings::in_folder(file.join("below")).check().unwrap_err().to_string();
        assert!(error.starts_with("cannot create the folder ") && error.contains("below"), "{error}");
        Settings::in_folder(folder.path().join("a/b")).check().unwrap();
    }
}
