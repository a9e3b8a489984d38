//! The settings of the visibility service.

use std::path::PathBuf;

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
}

/// Enough for what is under way at a few hundred orders a second; closed orders do not stay.
const DEFAULT_CACHE: u32 = 4_096;

impl Settings {
    /// The defaults, in this folder.
    #[must_use]
    pub fn in_folder(data_dir: impl Into<PathBuf>) -> Self {
        Self { data_dir: data_dir.into(), cache: DEFAULT_CACHE }
    }
}
