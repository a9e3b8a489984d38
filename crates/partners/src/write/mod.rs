//! Formats, written: what a template made of an ask, to the bytes a partner receives. The counterpart of
//! [reading](mod@crate::format): what is written here is read there as the same tree.
//!
//! | key of `[out.<request>]` | means |
//! |---|---|
//! | `format` | how the message is written; see below; JSON when not given |
//! | `encoding` | how its letters are written, by a name such as `"windows-1252"`; UTF-8 when not given, or for EDIFACT what its syntax identifier says |
//! | `replace` | a text that stands for every letter that cannot be written; without it such a letter is an error that names its field |
//! | `envelope` | for [X12](x12) and [EDIFACT](edifact): what stands around the segments |
//!
//! | `format` | its `body` |
//! |---|---|
//! | `"json"` | any template |
//! | `"x12"`, `"edifact"` | a list of [segments] |
//! | `"xml"` | [a table with one key](xml), the root |
//! | `"csv"`, `{ csv = { … } }` | [a list of rows](mod@csv), each a table of cells |
//! | `{ fixed = { … } }` | [a list of lines](fixed), each a table of columns |
//!
//! In a list of segments, rows or lines, what is itself a list of them is taken apart, so that an `each` stands among others.

mod charset;
pub mod csv;
pub mod edifact;
pub mod fixed;
pub(crate) mod letters;
mod rows;
pub mod segments;
pub mod x12;
pub mod xml;

use serde_json::Value;

use self::csv::Csv;
use self::edifact::Edifact;
use self::fixed::Fixed;
use self::x12::X12;
use crate::compiler::Compiler;
use crate::out::{Sending, Template, Written};
use crate::source::{Node, ProfileError, Section};
use crate::unreadable::{Unreadable, UnreadableKind};
use letters::Letters;

/// The longest message, in bytes: what the stream OUTBOX takes. A broker takes 1 MiB unless it is told otherwise.
pub const MAX_BODY: usize = 7 * 1024 * 1024;

/// How a message to a partner is written.
#[derive(Debug)]
pub(crate) struct Format {
    syntax: Syntax,
    letters: Letters,
}

#[derive(Debug)]
enum Syntax {
    Json,
    X12(Box<X12>),
    Edifact(Box<Edifact>),
    Xml,
    Csv(Box<Csv>),
    Fixed(Box<Fixed>),
}

impl Format {
    /// Reads the keys of the format, and sees to it that the body is one that it can write.
    pub(crate) fn compile(
        section: &mut Section<'_>,
        body: Node<'_>,
        compiler: &Compiler<'_>,
    ) -> Result<Self, ProfileError> {
        let named = section.optional("format");
        let syntax = match named.map(|node| (node, node.as_text())) {
            None | Some((_, Some("json"))) => Syntax::Json,
            Some((_, Some("x12"))) => Syntax::X12(Box::new(X12::compile(section, body, compiler)?)),
            Some((_, Some("edifact"))) => Syntax::Edifact(Box::new(Edifact::compile(section, body, compiler)?)),
            Some((_, Some("xml"))) => {
                xml::check(body)?;
                Syntax::Xml
            }
            Some((node, name)) => Syntax::of_rows(node, name, body)?,
        };
        let own = match &syntax {
            Syntax::Edifact(edifact) => edifact.encoding(),
            Syntax::Json | Syntax::X12(_) | Syntax::Xml | Syntax::Csv(_) | Syntax::Fixed(_) => encoding_rs::UTF_8,
        };
        let replaced = section.optional("replace");
        let replacement = replaced.map(|node| node.text()).transpose()?;
        let format = Self { letters: Letters::compile(section, own, replacement)?, syntax };
        if let (Some(node), Some(text)) = (replaced, replacement) {
            let letters = format.letters.without_replacement();
            format.fit_alone(&letters, text).map_err(|why| node.error(format!("it {}", why.detail)))?;
        }
        Ok(format)
    }

    /// Whether its messages are made of segments.
    pub(crate) const fn has_segments(&self) -> bool {
        match self.syntax {
            Syntax::X12(_) | Syntax::Edifact(_) => true,
            Syntax::Json | Syntax::Xml | Syntax::Csv(_) | Syntax::Fixed(_) => false,
        }
    }

    /// Whether a template need not be an object or a list of them.
    pub(crate) const fn is_json(&self) -> bool {
        matches!(self.syntax, Syntax::Json)
    }

    /// The bytes of a message; `ask` is what the envelope is filled from.
    ///
    /// # Errors
    /// When a value cannot be written, named by its field, and when the message is longer than [`MAX_BODY`].
    pub(crate) fn write(&self, body: Written<'_>, ask: &Value, sending: Sending) -> Result<Vec<u8>, Unreadable> {
        let letters = &self.letters;
        let text = match &self.syntax {
            Syntax::Json => body.into_json().unwrap_or_default().to_string(),
            Syntax::X12(x12) => x12.write(&body, ask, sending, letters)?,
            Syntax::Edifact(edifact) => edifact.write(&body, ask, sending, letters)?,
            Syntax::Xml => xml::write(&body, letters)?,
            Syntax::Csv(csv) => csv.write(&body, letters)?,
            Syntax::Fixed(fixed) => fixed.write(&body, letters)?,
        };
        let bytes = letters.encode(text)?;
        within(bytes.len())?;
        Ok(bytes)
    }

    /// Whether a text can be written as it is, wherever it stands.
    fn fit_alone(&self, letters: &Letters, text: &str) -> Result<(), Unreadable> {
        let fitted = match &self.syntax {
            Syntax::Json => return Ok(()),
            Syntax::X12(x12) => letters.fit(text, "replace", |letter| x12.refusal().of(letter)),
            Syntax::Edifact(edifact) => letters.fit(text, "replace", |letter| edifact.refusal().of(letter)),
            Syntax::Xml => letters.fit(text, "replace", xml::refuses),
            Syntax::Csv(csv) => letters.fit(text, "replace", |letter| csv.refuses(letter)),
            Syntax::Fixed(_) => letters.fit(text, "replace", fixed::refuses),
        };
        fitted.map(drop)
    }
}

impl Syntax {
    /// A format of rows, with what has to be known of them.
    fn of_rows(node: Node<'_>, name: Option<&str>, body: Node<'_>) -> Result<Self, ProfileError> {
        const EXPECTED: &str =
            "expected the format `json`, `x12`, `edifact`, `xml` or `csv`, or a table with `csv` or `fixed`";
        match name {
            Some("csv") => return Ok(Self::Csv(Box::new(Csv::compile(None, body)?))),
            Some("fixed") => return Err(node.error("expected `{ fixed = { columns = […] } }`: it needs its columns")),
            Some(_) => return Err(node.error(EXPECTED)),
            None if !node.is_table() => return Err(node.error(EXPECTED)),
            None => {}
        }
        let mut section = node.section()?;
        let syntax = match (section.optional("csv"), section.optional("fixed")) {
            (Some(options), None) => Self::Csv(Box::new(Csv::compile(Some(options), body)?)),
            (None, Some(options)) => Self::Fixed(Box::new(Fixed::compile(options, body)?)),
            _ => return Err(node.error(EXPECTED)),
        };
        section.finish()?;
        Ok(syntax)
    }
}

/// # Errors
/// When a message is longer than it may be.
pub(crate) fn within(bytes: usize) -> Result<(), Unreadable> {
    if bytes <= MAX_BODY {
        return Ok(());
    }
    Err(Unreadable::new(UnreadableKind::TooLarge, "$", format!("has more than {MAX_BODY} bytes, which is the limit")))
}

/// Calls for each part of a body: of its lists, also those inside, and of what `each` and `when` stand for.
pub(crate) fn parts(
    node: Node<'_>,
    is_part: impl Fn(Node<'_>) -> bool + Copy,
    visit: &mut impl FnMut(Node<'_>) -> Result<(), ProfileError>,
) -> Result<(), ProfileError> {
    if is_part(node) {
        return visit(node);
    }
    if node.is_list() {
        return node.list()?.into_iter().try_for_each(|item| parts(item, is_part, visit));
    }
    if Template::is_table_of_others(node) {
        let mut section = node.section()?;
        for inside in ["item", "else"].into_iter().filter_map(|key| section.optional(key)) {
            parts(inside, is_part, visit)?;
        }
        return Ok(());
    }
    visit(node)
}
