//! What can be set.

use std::path::PathBuf;

use anyhow::Context as _;
use engine::Limits;
use fulfilment::Policy;

/// The orchestrator's own settings.
#[derive(Debug, Clone, clap::Args)]
pub struct Settings {
    /// The policy, a TOML file; what it leaves out has its default
    #[arg(long, env = "WAYBILL_POLICY", value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// How many folded orders are kept in memory; any other is read back when something comes in for it
    #[arg(long, env = "WAYBILL_CACHE", value_name = "ORDERS", default_value_t = Limits::default().cases)]
    pub cache: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { policy: None, cache: Limits::default().cases }
    }
}

impl Settings {
    pub(crate) fn limits(&self) -> Limits {
        Limits { cases: self.cache, ..Limits::default() }
    }

    pub(crate) fn policy(&self) -> anyhow::Result<Policy> {
        let Some(path) = &self.policy else { return Ok(Policy::default()) };
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read policy {}", path.display()))?;
        Ok(Policy::load(&path.display().to_string(), &text)?)
    }
}
