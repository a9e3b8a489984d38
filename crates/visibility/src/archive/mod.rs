//! The archive of a closed order: its whole trail as JSON lines, each chained to the one before.
//!
//! A line is the entry as JSON, then `prev`, the link before it (64 zeros before the first), then `link`. The link is
//! SHA-256, in hex, of `prev` followed by the line as it stands without its link. So a line that was changed, dropped,
//! added or moved breaks the chain, and any tool with SHA-256 can tell. It is stored packed: `nats object get ARCHIVE <order>`, then `zcat`.

mod gzip;
mod keep;
mod read;
mod several;

use std::fmt::Write;

use engine::{Entry, Recorded};
use model::{Decision, Fact, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use gzip::{open, pack, unpack};
pub use keep::{KeepError, Keeper};
pub use read::{Listed, ReadError, Reader, Stored};
pub use several::{Heading, is_several, verify_several};

/// The link before the first line.
const START: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// What stands between a line without its link and the link.
const LINK: &str = ",\"link\":\"";
/// What stands after the link.
const END: &str = "\"}";

/// A trail as it is archived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trail {
    /// The lines, each ended by a newline.
    pub bytes: Vec<u8>,
    /// The last link.
    pub digest: String,
    /// How many entries there are.
    pub entries: u32,
}

/// What a sound archive holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The last link; it must equal the one in the order's `archived` fact, or lines are missing at the end.
    pub digest: String,
    /// The entries, in stream order.
    pub entries: Vec<ArchivedEntry>,
}

/// An entry read back from an archive.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ArchivedEntry {
    /// Its place in the stream.
    pub sequence: u64,
    /// When the broker took it in.
    pub recorded: Timestamp,
    /// The lane it was written in.
    pub lane: String,
    /// What was written.
    pub entry: Entry<Fact, Decision>,
    /// The link of the line before.
    prev: String,
}

/// Why an archive cannot be trusted, or a trail not be archived.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// A line is not as it was written.
    #[error("line {line} of the archive is not as it was written: {what}")]
    Broken {
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// It is sound in itself, and does not end where it should.
    #[error(
        "it ends with the link {digest}, and {stated} is stated beside it: lines are missing at its end, or it is another one"
    )]
    Cut {
        /// The last link.
        digest: String,
        /// The last link that is stated.
        stated: String,
    },
    /// It is not as it is stored, packed with gzip.
    #[error("the archive is no sound gzip: {source}")]
    Packed {
        /// What is wrong.
        source: std::io::Error,
    },
    /// An entry cannot be written as JSON.
    #[error("cannot archive entry {sequence}: {source}")]
    Entry {
        /// The entry.
        sequence: u64,
        /// Why.
        source: serde_json::Error,
    },
}

impl ArchiveError {
    /// The same of an archive that stands behind so many other lines.
    fn further_down(self, lines: usize) -> Self {
        match self {
            Self::Broken { line, what } => Self::Broken { line: line + lines, what },
            Self::Cut { .. } | Self::Packed { .. } | Self::Entry { .. } => self,
        }
    }
}

#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    entry: &'a Recorded<Fact, Decision>,
    prev: &'a str,
}

/// The archive of a trail. The same trail always gives the same bytes.
///
/// # Errors
/// [`ArchiveError::Entry`] when an entry cannot be written as JSON.
pub fn chain(trail: &[Recorded<Fact, Decision>]) -> Result<Trail, ArchiveError> {
    let mut bytes = Vec::new();
    let mut prev = START.to_owned();
    for entry in trail {
        let line = serde_json::to_string(&Line { entry, prev: &prev })
            .map_err(|source| ArchiveError::Entry { sequence: entry.sequence, source })?;
        let next = link(&prev, &line);
        bytes.extend_from_slice(line.strip_suffix('}').unwrap_or(&line).as_bytes());
        for part in [LINK, &next, END, "\n"] {
            bytes.extend_from_slice(part.as_bytes());
        }
        prev = next;
    }
    Ok(Trail { bytes, digest: prev, entries: u32::try_from(trail.len()).unwrap_or(u32::MAX) })
}

/// Holds an archive against its own chain.
///
/// # Errors
/// [`ArchiveError::Broken`] names the first line that is not as it was written.
pub fn verify(bytes: &[u8]) -> Result<Verified, ArchiveError> {
    let mut prev = START.to_owned();
    let mut entries: Vec<ArchivedEntry> = Vec::new();
    let text = std::str::from_utf8(bytes).map_err(|_| broken(1, "it is no UTF-8 text"))?;
    for (number, line) in (1..).zip(text.lines()) {
        let (unlinked, stated) = split(line).ok_or_else(|| broken(number, "it does not end with its link"))?;
        if stated != link(&prev, &unlinked) {
            return Err(broken(number, "its link does not fit; this line or the one before was changed"));
        }
        let entry: ArchivedEntry =
            serde_json::from_str(&unlinked).map_err(|error| broken(number, &error.to_string()))?;
        if entry.prev != prev {
            return Err(broken(number, "it names another line before it"));
        }
        if entries.last().is_some_and(|before| before.sequence >= entry.sequence) {
            return Err(broken(number, "it is out of order"));
        }
        entries.push(entry);
        prev = stated;
    }
    if entries.is_empty() {
        return Err(broken(1, "it holds no entry"));
    }
    Ok(Verified { digest: prev, entries })
}

/// A line without its link, and the link.
fn split(line: &str) -> Option<(String, String)> {
    let rest = line.strip_suffix(END)?;
    let (unlinked, link) = rest.split_at_checked(rest.len().checked_sub(START.len())?)?;
    let unlinked = unlinked.strip_suffix(LINK)?;
    Some((format!("{unlinked}}}"), link.to_owned()))
}

fn link(prev: &str, line: &str) -> String {
    let digest = Sha256::new().chain_update(prev).chain_update(line).finalize();
    hex(&digest)
}

/// Bytes in lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn broken(line: usize, what: &str) -> ArchiveError {
    ArchiveError::Broken { line, what: what.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::{Content, EntryId};

    pub(super) fn trail(entries: u64) -> Vec<Recorded<Fact, Decision>> {
        let due = |n: u64| Content::Due { name: format!("wait {n}"), at: Timestamp::from_millis(1) };
        let entry = |n: u64| Entry { id: EntryId([n as u8; 16]), content: due(n) };
        let recorded =
            |n: u64| Recorded { sequence: 10 * n, recorded: Timestamp::default(), lane: "clock", entry: entry(n) };
        (1..=entries).map(recorded).collect()
    }

    #[test]
    fn a_sound_archive_gives_the_trail_back() {
        let archived = chain(&trail(3)).unwrap();
        let verified = verify(&archived.bytes).unwrap();
        assert_eq!(verified.digest, archived.digest);
        assert_eq!(verified.entries.iter().map(|e| e.sequence).collect::<Vec<_>>(), [10, 20, 30]);
        assert_eq!(verified.entries[1].entry, trail(3)[1].entry);
        assert_eq!(chain(&trail(3)).unwrap(), archived, "archiving again gives the same bytes");
    }

    #[test]
    fn a_line_that_was_tampered_with_is_named() {
        let archived = String::from_utf8(chain(&trail(3)).unwrap().bytes).unwrap();
        let tampered = archived.replace("wait 2", "wait 9");
        assert_eq!(verify(tampered.as_bytes()).unwrap_err().to_string().split(" of").next(), Some("line 2"));
        let lines: Vec<&str> = archived.lines().collect();
        for damaged in [[lines[0], lines[2]], [lines[1], lines[0]], [lines[1], lines[2]], [lines[0], "{}"]] {
            assert!(verify(damaged.join("\n").as_bytes()).is_err(), "{damaged:?}");
        }
    }

    #[test]
    fn a_missing_end_shows_in_the_digest() {
        let whole = chain(&trail(3)).unwrap();
        let cut = chain(&trail(2)).unwrap();
        assert!(whole.bytes.starts_with(&cut.bytes));
        assert_ne!(verify(&cut.bytes).unwrap().digest, whole.digest);
    }
}
