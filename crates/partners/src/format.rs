//! Formats: raw bytes to a tree. What the tree means is the mapping's business.

use serde_json::Value;
use serde_json::error::Category;

use crate::source::{Node, ProfileError};
use crate::unreadable::{Unreadable, UnreadableKind};

/// The longest raw message that is read, in bytes. JSON may nest 128 levels deep (the limit of `serde_json`).
pub const MAX_MESSAGE: usize = 8 * 1024 * 1024;

/// How a partner's messages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
}

impl Format {
    pub(crate) fn compile(node: Node<'_>) -> Result<Self, ProfileError> {
        match node.text()? {
            "json" => Ok(Self::Json),
            _ => Err(node.error("expected the format `json`")),
        }
    }

    /// The message as a tree.
    ///
    /// # Errors
    /// When it is too long, not UTF-8, or not in the format.
    pub(crate) fn read(self, raw: &[u8]) -> Result<Value, Unreadable> {
        if raw.len() > MAX_MESSAGE {
            let detail = format!("has {} bytes; the limit is {MAX_MESSAGE}", raw.len());
            return Err(Unreadable::new(UnreadableKind::TooLarge, "$", detail));
        }
        let text = std::str::from_utf8(raw).map_err(|error| {
            let detail = format!("is not UTF-8 at byte {}", error.valid_up_to());
            Unreadable::new(UnreadableKind::Malformed, "$", detail)
        })?;
        match self {
            Self::Json => json(text),
        }
    }
}

fn json(text: &str) -> Result<Value, Unreadable> {
    // A byte order mark is no JSON, but many a Windows exporter writes one.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    serde_json::from_str(text).map_err(|error| {
        let what = match error.classify() {
            Category::Eof => "ends too early for JSON",
            Category::Syntax | Category::Data | Category::Io => "is no JSON",
        };
        Unreadable::new(UnreadableKind::Malformed, "$", format!("{what}: {error}"))
    })
}
