//! Policies in files.

use std::path::Path;

use anyhow::Context as _;

/// The largest policy that is read, in bytes.
const MAX_POLICY: u64 = 1024 * 1024;

/// The text of the policy file that a flag names.
///
/// # Errors
/// When it cannot be read, or is larger than a policy can be.
pub fn policy_text(path: &Path, flag: &str) -> anyhow::Result<String> {
    let shown = path.display();
    let cannot = || format!("cannot read policy {shown}; {flag} names a TOML file");
    let bytes = std::fs::metadata(path).with_context(cannot)?.len();
    anyhow::ensure!(bytes <= MAX_POLICY, "{shown} has {bytes} bytes; a policy has at most {MAX_POLICY}");
    std::fs::read_to_string(path).with_context(cannot)
}
