//! Formats: raw bytes to a tree. What the tree means is the mapping's business.
//!
//! | key of `[in.<message>]` | means |
//! |---|---|
//! | `format` | how the message is written; see below |
//! | `encoding` | how its letters are written, by a name such as `"windows-1252"`; UTF-8 when not given |
//! | `loops` | for X12 and EDIFACT: which segments stand [inside which](loops) |
//! | `counts` | for X12 and EDIFACT: `"forgiven"` where the partner sends wrong counts or control numbers at the end of transactions, groups and interchanges; `"strict"` when not given |
//!
//! | `format` | reads |
//! |---|---|
//! | `"json"` | JSON |
//! | `"x12"`, `"edifact"` | [X12](x12) and [EDIFACT](edifact): segments, in loops |
//! | `"xml"` | [XML](xml) |
//! | `"csv"`, `{ csv = { … } }` | [separated values](mod@csv), one row a line |
//! | `{ fixed = { … } }` | [fixed width](fixed): lines whose columns have positions |
//!
//! The parts of an X12 message are at `transactions[*]`, those of an EDIFACT message at `messages[*]`. A part that is broken leaves
//! a `null` in the tree and is told as rejected; the others are read all the same. Where a profile has no `each`, the message is
//! one part, and a part that is broken breaks all of it. Rows and lines that are broken are left out and told as rejected. What
//! is forgiven breaks nothing; it is shown where a message is [looked at](fn@plain), and told in
//! its [acknowledgement](crate::acknowledge).

pub mod csv;
pub mod edifact;
mod envelope;
pub mod fixed;
pub(crate) mod heard;
pub(crate) mod level;
pub mod loops;
mod plain;
pub mod rows;
pub(crate) mod segment;
pub mod x12;
pub mod xml;

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};
use serde_json::Value;
use serde_json::error::Category;

use self::csv::Csv;
use self::fixed::Fixed;
use crate::interchange::Interchange;
use crate::path::Lists;
use crate::source::{Node, ProfileError, Section};
use crate::unreadable::{Unreadable, UnreadableKind};
use crate::write::letters::Letters;
use heard::Heard;
use level::Guide;

pub use envelope::MAX_OPENING;
pub use plain::{Known, Plain, plain};
pub use segment::{MAX_COMPONENTS, MAX_ELEMENTS, MAX_REPEATS, MAX_SEGMENTS, MAX_VALUES};

/// The longest raw message that is read, in bytes. JSON may nest 128 levels deep (the limit of `serde_json`).
pub const MAX_MESSAGE: usize = 8 * 1024 * 1024;

/// How a partner's messages are written.
#[derive(Debug)]
pub(crate) struct Format {
    syntax: Syntax,
    encoding: &'static Encoding,
}

#[derive(Debug)]
enum Syntax {
    Json,
    X12(Guide),
    Edifact(Guide),
    Xml,
    Csv(Box<Csv>),
    Fixed(Box<Fixed>),
}

/// The formats of segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Segments {
    X12,
    Edifact,
}

/// A message as a tree, and what of it is broken.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) root: Value,
    pub(crate) faults: Vec<Fault>,
    /// What is wrong and breaks nothing, as the profile says.
    pub(crate) forgiven: Vec<Unreadable>,
    /// The envelopes of X12 and EDIFACT.
    pub(crate) heard: Vec<Heard>,
    /// The numbers of its interchanges.
    pub(crate) interchanges: Vec<Interchange>,
}

impl From<Value> for Tree {
    fn from(root: Value) -> Self {
        Self::of_rows(root, Vec::new())
    }
}

impl Tree {
    /// A tree of what has no envelopes.
    pub(crate) const fn of_rows(root: Value, faults: Vec<Fault>) -> Self {
        Self { root, faults, forgiven: Vec::new(), heard: Vec::new(), interchanges: Vec::new() }
    }

    /// With the numbers of the interchanges of this text.
    fn numbered(mut self, segments: Segments, text: &str) -> Self {
        self.interchanges = Interchange::all(&self.heard, segments, text);
        self
    }
}

/// What breaks one part of a message, or what is left out of it.
#[derive(Debug)]
pub(crate) struct Fault {
    /// The place of the broken part among the parts, where the tree holds a `null`; nothing where the tree has no place for it.
    pub(crate) part: Option<usize>,
    pub(crate) why: Unreadable,
}

impl Format {
    /// Reads the keys `format`, `encoding` and, where the format has segments, `loops` and `counts`.
    pub(crate) fn compile(section: &mut Section<'_>) -> Result<Self, ProfileError> {
        let node = section.required("format")?;
        let mut guide = || Guide::compile(section);
        let syntax = match node.as_text() {
            Some("json") => Syntax::Json,
            Some("x12") => Syntax::X12(guide()?),
            Some("edifact") => Syntax::Edifact(guide()?),
            Some("xml") => Syntax::Xml,
            Some("csv") => Syntax::Csv(Box::default()),
            Some("fixed") => return Err(node.error("expected `{ fixed = { columns = […] } }`: it needs its columns")),
            Some(_) | None => Syntax::of_rows(node)?,
        };
        Ok(Self { syntax, encoding: section.optional("encoding").map_or(Ok(UTF_8), encoding)? })
    }

    /// What the paths of the message take for a list.
    pub(crate) const fn lists(&self) -> Lists {
        match self.syntax {
            Syntax::Json => Lists::Kept,
            Syntax::X12(_) | Syntax::Edifact(_) | Syntax::Xml | Syntax::Csv(_) | Syntax::Fixed(_) => {
                Lists::WalkedThrough
            }
        }
    }

    /// Which segments a message is made of, if any.
    pub(crate) const fn segments(&self) -> Option<Segments> {
        match self.syntax {
            Syntax::X12(_) => Some(Segments::X12),
            Syntax::Edifact(_) => Some(Segments::Edifact),
            Syntax::Json | Syntax::Xml | Syntax::Csv(_) | Syntax::Fixed(_) => None,
        }
    }

    /// How its letters are written in a reply.
    pub(crate) fn letters_of_replies(&self) -> Letters {
        Letters::new(self.encoding.output_encoding(), Some(" "))
    }

    /// The message as a tree.
    ///
    /// # Errors
    /// When it is too long, not in its encoding, or not in the format.
    pub(crate) fn read(&self, raw: &[u8]) -> Result<Tree, Unreadable> {
        if raw.len() > MAX_MESSAGE {
            let detail = format!("has {} bytes; the limit is {MAX_MESSAGE}", raw.len());
            return Err(Unreadable::new(UnreadableKind::TooLarge, "$", detail));
        }
        let text = self.text(raw)?;
        // A byte order mark is part of no format here, but many a Windows exporter writes one.
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        match &self.syntax {
            Syntax::Json => json(text).map(Tree::from),
            Syntax::X12(guide) => x12::read(text, guide).map(|tree| tree.numbered(Segments::X12, text)),
            Syntax::Edifact(guide) => edifact::read(text, guide).map(|tree| tree.numbered(Segments::Edifact, text)),
            Syntax::Xml => xml::read(text).map(Tree::from),
            Syntax::Csv(csv) => csv.read(text),
            Syntax::Fixed(fixed) => fixed.read(text),
        }
    }

    fn text<'r>(&self, raw: &'r [u8]) -> Result<Cow<'r, str>, Unreadable> {
        let malformed = |detail: String| Unreadable::new(UnreadableKind::Malformed, "$", detail);
        if self.encoding == UTF_8 {
            return std::str::from_utf8(raw)
                .map(Cow::Borrowed)
                .map_err(|error| malformed(format!("is not UTF-8 at byte {}", error.valid_up_to())));
        }
        let (text, is_malformed) = self.encoding.decode_without_bom_handling(raw);
        if is_malformed {
            let detail = format!("is not {}; the profile's key `encoding` says it is", self.encoding.name());
            return Err(malformed(detail));
        }
        Ok(text)
    }
}

impl Syntax {
    /// A format of rows, with what has to be known of them.
    fn of_rows(node: Node<'_>) -> Result<Self, ProfileError> {
        const EXPECTED: &str =
            "expected the format `json`, `x12`, `edifact`, `xml` or `csv`, or a table with `csv` or `fixed`";
        if !node.is_table() {
            return Err(node.error(EXPECTED));
        }
        let mut section = node.section()?;
        let syntax = match (section.optional("csv"), section.optional("fixed")) {
            (Some(options), None) => Self::Csv(Box::new(Csv::compile(options)?)),
            (None, Some(options)) => Self::Fixed(Box::new(Fixed::compile(options)?)),
            _ => return Err(node.error(EXPECTED)),
        };
        section.finish()?;
        Ok(syntax)
    }
}

pub(crate) fn encoding(node: Node<'_>) -> Result<&'static Encoding, ProfileError> {
    Encoding::for_label_no_replacement(node.text()?.as_bytes())
        .ok_or_else(|| node.error("expected the name of an encoding, such as `utf-8`, `windows-1252` or `utf-16le`"))
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
