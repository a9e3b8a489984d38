//! Formats: raw bytes to a tree. What the tree means is the mapping's business.
//!
//! | `format` | reads |
//! |---|---|
//! | `"json"` | JSON |
//! | `"xml"` | [XML](xml) |
//! | `"csv"`, `{ csv = { … } }` | [separated values](mod@csv), one row a line |
//! | `{ fixed = { … } }` | [fixed width](fixed): lines whose columns have positions |
//!
//! Where only rows or lines are broken, the rest is read all the same, and each of the broken ones is told as
//! [`Told::Rejected`](crate::Told::Rejected).

pub mod csv;
pub mod fixed;
pub mod rows;
pub mod xml;

use serde_json::Value;
use serde_json::error::Category;

use self::csv::Csv;
use self::fixed::Fixed;
use crate::source::{Node, ProfileError};
use crate::unreadable::{Unreadable, UnreadableKind};

/// The longest raw message that is read, in bytes. JSON may nest 128 levels deep (the limit of `serde_json`).
pub const MAX_MESSAGE: usize = 8 * 1024 * 1024;

/// How a partner's messages are written.
#[derive(Debug)]
pub(crate) enum Format {
    Json,
    Xml,
    Csv(Box<Csv>),
    Fixed(Box<Fixed>),
}

/// A message as a tree.
#[derive(Debug)]
pub(crate) struct Tree {
    /// What of it is sound.
    pub(crate) root: Value,
    /// The parts that are not.
    pub(crate) faults: Vec<Unreadable>,
}

impl From<Value> for Tree {
    fn from(root: Value) -> Self {
        Self { root, faults: Vec::new() }
    }
}

impl Format {
    pub(crate) fn compile(node: Node<'_>) -> Result<Self, ProfileError> {
        const EXPECTED: &str = "expected the format `json`, `xml` or `csv`, or a table with `csv` or `fixed`";
        if !node.is_table() {
            return match node.as_text() {
                Some("json") => Ok(Self::Json),
                Some("xml") => Ok(Self::Xml),
                Some("csv") => Ok(Self::Csv(Box::default())),
                Some("fixed") => Err(node.error("expected `{ fixed = { columns = […] } }`: it needs its columns")),
                Some(_) | None => Err(node.error(EXPECTED)),
            };
        }
        let mut section = node.section()?;
        let format = match (section.optional("csv"), section.optional("fixed")) {
            (Some(options), None) => Self::Csv(Box::new(Csv::compile(options)?)),
            (None, Some(options)) => Self::Fixed(Box::new(Fixed::compile(options)?)),
            _ => return Err(node.error(EXPECTED)),
        };
        section.finish()?;
        Ok(format)
    }

    /// The message as a tree.
    ///
    /// # Errors
    /// When it is too long, not UTF-8, or not in the format.
    pub(crate) fn read(&self, raw: &[u8]) -> Result<Tree, Unreadable> {
        if raw.len() > MAX_MESSAGE {
            let detail = format!("has {} bytes; the limit is {MAX_MESSAGE}", raw.len());
            return Err(Unreadable::new(UnreadableKind::TooLarge, "$", detail));
        }
        let text = std::str::from_utf8(raw).map_err(|error| {
            let detail = format!("is not UTF-8 at byte {}", error.valid_up_to());
            Unreadable::new(UnreadableKind::Malformed, "$", detail)
        })?;
        // A byte order mark is part of no format here, but many a Windows exporter writes one.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match self {
            Self::Json => json(text).map(Tree::from),
            Self::Xml => xml::read(text).map(Tree::from),
            Self::Csv(csv) => csv.read(text),
            Self::Fixed(fixed) => fixed.read(text),
        }
    }
}

fn json(text: &str) -> Result<Value, Unreadable> {
    serde_json::from_str(text).map_err(|error| {
        let what = match error.classify() {
            Category::Eof => "ends too early for JSON",
            Category::Syntax | Category::Data | Category::Io => "is no JSON",
        };
        Unreadable::new(UnreadableKind::Malformed, "$", format!("{what}: {error}"))
    })
}

#[cfg(test)]
mod tests;
