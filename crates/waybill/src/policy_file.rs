//! Policies in files.

use std::path::Path;

use crate::exit::Failure;
use crate::partner::sample::bytes;

/// The largest policy that is read, in bytes.
const MAX_POLICY: usize = 1024 * 1024;

/// A policy in a file.
pub(crate) struct PolicyFile<P> {
    pub file: String,
    pub policy: P,
}

impl<P> PolicyFile<P> {
    /// Reads a policy with what reads its text.
    pub fn read<E: std::fmt::Display>(path: &Path, load: fn(&str, &str) -> Result<P, E>) -> Result<Self, Failure> {
        let file = path.display().to_string();
        let text = String::from_utf8(bytes(path, MAX_POLICY)?).map_err(|error| {
            let place = error.utf8_error().valid_up_to();
            Failure::Usage(format!("{file} is not UTF-8 at byte {place}; expected a policy, a TOML file"))
        })?;
        let policy = load(&file, &text).map_err(|error| Failure::Usage(error.to_string()))?;
        Ok(Self { file, policy })
    }
}
