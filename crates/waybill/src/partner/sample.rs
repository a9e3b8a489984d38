//! Messages in files.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use partners::Profile;

use crate::exit::Failure;

/// Which of the profile's messages a sample is.
pub(super) fn message(profile: &Profile, named: Option<&str>, file: &Path) -> Result<String, Failure> {
    let mut known: Vec<&str> = profile.messages().collect();
    known.sort_unstable();
    let all = || known.join("`, `");
    if let Some(named) = named {
        let is_known = known.contains(&named);
        return is_known
            .then(|| named.to_owned())
            .ok_or_else(|| Failure::Usage(format!("the profile reads no message `{named}`; it reads: `{}`", all())));
    }
    if let [only] = known.as_slice() {
        return Ok((*only).to_owned());
    }
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let begins = known.iter().filter(|message| name.starts_with(**message)).max_by_key(|message| message.len());
    begins.map(|message| (*message).to_owned()).ok_or_else(|| {
        let file = file.display();
        Failure::Usage(format!("which message is {file}? Say it with --message; the profile reads: `{}`", all()))
    })
}

/// The bytes of a file that has no more than `most`.
pub(crate) fn bytes(path: &Path, most: usize) -> Result<Vec<u8>, Failure> {
    let failed = |error: std::io::Error| Failure::Usage(format!("cannot read {}: {error}", path.display()));
    // One more than allowed tells that there is too much, however large the file is.
    let mut bytes = Vec::new();
    let most = u64::try_from(most).unwrap_or(u64::MAX);
    if fs::metadata(path).map_err(failed)?.is_dir() {
        return Err(Failure::Usage(format!("{} is a folder; expected a file", path.display())));
    }
    File::open(path).map_err(failed)?.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > most {
        return Err(Failure::Usage(format!("{} has more than {most} bytes, which is the limit", path.display())));
    }
    Ok(bytes)
}
