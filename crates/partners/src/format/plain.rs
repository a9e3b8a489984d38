//! A message as the tree that a profile's paths walk, for people to look at.

use serde_json::Value;

use super::level::Guide;
use super::{Fault, Format, Syntax, Tree};
use crate::profile::Profile;
use crate::unreadable::{Unreadable, UnreadableKind};

/// The formats that need no profile to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// JSON.
    Json,
    /// X12, without loops.
    X12,
    /// EDIFACT, without loops.
    Edifact,
    /// XML.
    Xml,
    /// CSV with commas and a line of headings.
    Csv,
}

impl Known {
    /// Every one of them.
    pub const ALL: [Self; 5] = [Self::Json, Self::X12, Self::Edifact, Self::Xml, Self::Csv];

    /// Its name, as in profiles.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::X12 => "x12",
            Self::Edifact => "edifact",
            Self::Xml => "xml",
            Self::Csv => "csv",
        }
    }

    /// What a message looks like, by how it begins.
    #[must_use]
    pub fn of(raw: &[u8]) -> Self {
        let raw = raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(raw).trim_ascii_start();
        match raw {
            [b'I', b'S', b'A', ..] => Self::X12,
            [b'U', b'N', b'A' | b'B' | b'H', ..] => Self::Edifact,
            [b'<', ..] => Self::Xml,
            [b'{' | b'[', ..] => Self::Json,
            [..] => Self::Csv,
        }
    }
}

/// A message as a tree, and what of it is broken.
#[derive(Debug, Clone, PartialEq)]
pub struct Plain {
    /// The tree; a part that is broken is `null` or left out.
    pub tree: Value,
    /// What is broken, and where.
    pub wrong: Vec<Unreadable>,
    /// What is wrong, and where, and breaks nothing: the profile forgives it.
    pub forgiven: Vec<Unreadable>,
}

/// Reads a message in a format that needs no profile.
///
/// # Errors
/// When none of it can be read.
pub fn plain(format: Known, raw: &[u8]) -> Result<Plain, Unreadable> {
    let syntax = match format {
        Known::Json => Syntax::Json,
        Known::X12 => Syntax::X12(Guide::default()),
        Known::Edifact => Syntax::Edifact(Guide::default()),
        Known::Xml => Syntax::Xml,
        Known::Csv => Syntax::Csv(Box::default()),
    };
    Format { syntax, encoding: encoding_rs::UTF_8 }.read(raw).map(Plain::from)
}

impl From<Tree> for Plain {
    fn from(Tree { root, faults, forgiven, .. }: Tree) -> Self {
        Self { tree: root, wrong: faults.into_iter().map(|Fault { why, .. }| why).collect(), forgiven }
    }
}

impl Profile {
    /// A message as the tree that this profile's paths walk.
    ///
    /// # Errors
    /// When the profile knows no such message, or none of it can be read.
    pub fn plain(&self, message: &str, raw: &[u8]) -> Result<Plain, Unreadable> {
        match self.format(message) {
            Some(format) => format.read(raw).map(Plain::from),
            None => Err(Unreadable::new(UnreadableKind::UnknownMessage, "$", "is none that the profile reads")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_known_by_how_it_begins() {
        for (raw, format) in [
            ("\u{feff} {\"a\": 1}", Known::Json),
            ("ISA*00*", Known::X12),
            ("\r\nUNA:+.? '", Known::Edifact),
            ("UNH+1", Known::Edifact),
            ("<?xml version=\"1.0\"?><a/>", Known::Xml),
            ("order,qty\n1,2", Known::Csv),
            ("", Known::Csv),
        ] {
            assert_eq!(Known::of(raw.as_bytes()), format, "{raw}");
        }
    }

    #[test]
    fn what_is_broken_is_said_beside_the_rest() {
        let read = plain(Known::Csv, b"a,b\n1,2\n3\n").unwrap();
        assert_eq!(read.tree, serde_json::json!({ "rows": [{ "a": "1", "b": "2" }] }));
        assert_eq!(read.wrong.len(), 1);
        assert!(plain(Known::Xml, b"<a>").unwrap_err().detail.contains("line 1"));
    }
}
