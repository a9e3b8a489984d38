//! XML as a tree.
//!
//! | in the message | in the tree |
//! |---|---|
//! | the root | an object whose only key is the root's name |
//! | child elements | a list of those of one name, in their order, under that name: `IDOC[0].E1EDK01[0].BELNR[0]` |
//! | an element with nothing but text | the text, without the blanks around it; an empty one is an empty text |
//! | an element with attributes or children | an object |
//! | an attribute | a text under `@` and its name |
//! | text beside attributes or children | a text under `#text`; an element with attributes and no children has one always |
//!
//! A name is the local one, without its prefix; declarations of namespaces are dropped, and prefixes are not looked up. Where
//! children of one element (or its attributes) share a local name under different prefixes, each is found under its name as
//! written: `["a:item"]`, `["b:item"]`, and `item` for one without a prefix.
//!
//! CDATA is text; comments and processing instructions are dropped. A DOCTYPE is refused, and so is any entity but the five of
//! XML itself: nothing is expanded or fetched. The encoding a declaration states is not looked at: by then the bytes are text.

use std::collections::BTreeMap;

use quick_xml::errors::{IllFormedError, SyntaxError};
use quick_xml::escape::{EscapeError, resolve_predefined_entity};
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Error, Reader, XmlVersion};
use serde_json::{Map, Value};

use crate::field::shown;
use crate::unreadable::{Unreadable, UnreadableKind};

/// How deep elements may nest.
pub const MAX_DEPTH: usize = 64;

/// The most elements and attributes of one message, together.
pub const MAX_NODES: usize = 500_000;

/// The most attributes of one element.
pub const MAX_ATTRIBUTES: usize = 256;

/// The message as a tree.
///
/// # Errors
/// When it is no XML, has a DOCTYPE or an entity of its own, or is beyond a limit.
pub(super) fn read(text: &str) -> Result<Value, Unreadable> {
    let mut reader = Reader::from_str(text);
    let mut document = Document { text, at: 0, nodes: 0, open: Vec::new(), root: None };
    loop {
        document.at = usize::try_from(reader.buffer_position()).unwrap_or(text.len());
        let event = reader.read_event().map_err(|error| {
            document.at = usize::try_from(reader.error_position()).unwrap_or(text.len());
            document.refused(&error)
        })?;
        match event {
            Event::Start(start) => document.open(&start)?,
            Event::Empty(start) => {
                document.open(&start)?;
                document.close();
            }
            Event::End(_) => document.close(),
            Event::Text(text) => document.write(&text.xml10_content())?,
            Event::CData(text) => document.write(&text.xml10_content())?,
            Event::GeneralRef(entity) => document.entity(&entity)?,
            Event::Decl(_) if document.is_begun() => {
                return Err(document.malformed("has a second XML declaration; expected one document a message"));
            }
            Event::DocType(_) => return Err(document.doctype()),
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
            Event::Eof => return document.end(),
        }
    }
}

/// A name as written: by its local part first, so that those that clash stand side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Name<'t> {
    local: &'t str,
    prefix: &'t str,
}

impl<'t> Name<'t> {
    /// The parts of a name; nothing when it is none.
    fn parse(written: &'t str) -> Option<Self> {
        let (prefix, local) = written.split_once(':').unwrap_or(("", written));
        let is_sound = |part: &str| {
            let starts =
                part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_' || !first.is_ascii());
            let goes_on = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter) || !letter.is_ascii();
            starts && part.chars().all(goes_on)
        };
        let has_prefix = written.len() > local.len();
        (is_sound(local) && (is_sound(prefix) || !has_prefix)).then_some(Self { local, prefix })
    }

    fn written(&self) -> String {
        if self.prefix.is_empty() { self.local.to_owned() } else { format!("{}:{}", self.prefix, self.local) }
    }
}

/// Whether a text is a name, perhaps with a prefix.
pub(crate) fn is_name(text: &str) -> bool {
    Name::parse(text).is_some()
}

/// An element whose end has not come.
#[derive(Debug)]
struct Element<'t> {
    name: Name<'t>,
    attributes: Map<String, Value>,
    children: BTreeMap<Name<'t>, Vec<Value>>,
    text: String,
}

impl Element<'_> {
    fn into_value(self) -> Value {
        let text = self.text.trim();
        let is_leaf = self.children.is_empty();
        if is_leaf && self.attributes.is_empty() {
            return Value::from(text);
        }
        let mut object = self.attributes;
        settle(self.children.into_iter().map(|(name, list)| (name, Value::from(list))), "", &mut object);
        if is_leaf || !text.is_empty() {
            object.insert("#text".to_owned(), Value::from(text));
        }
        Value::from(object)
    }
}

/// Puts what is named into an object, under the local name where no other has it. Names come in their order.
fn settle<'n>(named: impl Iterator<Item = (Name<'n>, Value)>, mark: &str, object: &mut Map<String, Value>) {
    let mut named = named.peekable();
    let mut before = None;
    while let Some((name, value)) = named.next() {
        let clashes =
            before == Some(name.local) || named.peek().is_some_and(|(following, _)| following.local == name.local);
        before = Some(name.local);
        let key = if clashes { name.written() } else { name.local.to_owned() };
        object.insert(format!("{mark}{key}"), value);
    }
}

/// A message being read.
struct Document<'t> {
    text: &'t str,
    /// Where the event begins that is being read, in bytes.
    at: usize,
    nodes: usize,
    open: Vec<Element<'t>>,
    root: Option<(Name<'t>, Value)>,
}

impl<'t> Document<'t> {
    fn is_begun(&self) -> bool {
        !self.open.is_empty() || self.root.is_some()
    }

    fn open(&mut self, start: &BytesStart<'_>) -> Result<(), Unreadable> {
        if let (Some((root, _)), true) = (&self.root, self.open.is_empty()) {
            let first = shown(root.local);
            return Err(self.malformed(&format!("has a second root, after `{first}`; expected one document a message")));
        }
        if self.open.len() == MAX_DEPTH {
            return Err(self.too_large(&format!("nests more than {MAX_DEPTH} elements")));
        }
        self.count()?;
        // The tag stands in the text where the event begins, behind its `<`.
        let begin = self.at + 1;
        let written = self.text.get(begin..begin + start.name().0.len()).unwrap_or_default();
        let name = self.name(written)?;
        let attributes = self.attributes(start)?;
        self.open.push(Element { name, attributes, children: BTreeMap::new(), text: String::new() });
        Ok(())
    }

    fn attributes(&mut self, start: &BytesStart<'_>) -> Result<Map<String, Value>, Unreadable> {
        let mut named = BTreeMap::new();
        for (nth, attribute) in start.attributes().enumerate() {
            if nth == MAX_ATTRIBUTES {
                return Err(self.too_large(&format!("has more than {MAX_ATTRIBUTES} attributes in one tag")));
            }
            self.count()?;
            let attribute = attribute.map_err(|error| self.refused(&Error::InvalidAttr(error)))?;
            let name = self.name(attribute.key.0)?;
            if attribute.value.contains('<') {
                let detail = format!(
                    "has a `<` in the attribute `{}`; expected `&lt;`, or a quote before it",
                    shown(name.local)
                );
                return Err(self.malformed(&detail));
            }
            if name.prefix == "xmlns" || (name.prefix.is_empty() && name.local == "xmlns") {
                continue;
            }
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| self.refused(&error))?;
            named.insert(name, Value::from(value));
        }
        let mut attributes = Map::new();
        settle(named.into_iter(), "@", &mut attributes);
        Ok(attributes)
    }

    fn name<'n>(&self, written: &'n str) -> Result<Name<'n>, Unreadable> {
        Name::parse(written).ok_or_else(|| {
            let detail = format!("has `{}` where a name is expected; write `&lt;` for a `<` in a text", shown(written));
            self.malformed(&detail)
        })
    }

    fn count(&mut self) -> Result<(), Unreadable> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(self.too_large(&format!("has more than {MAX_NODES} elements and attributes")));
        }
        Ok(())
    }

    /// Ends the innermost element; the reader has seen to it that the tag is its own.
    fn close(&mut self) {
        let Some(element) = self.open.pop() else { return };
        let name = element.name;
        let value = element.into_value();
        match self.open.last_mut() {
            Some(parent) => parent.children.entry(name).or_default().push(value),
            None => self.root = Some((name, value)),
        }
    }

    fn write(&mut self, text: &str) -> Result<(), Unreadable> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => {
                let rest = self.text.get(self.at..).unwrap_or_default();
                self.at += rest.len() - rest.trim_start().len();
                let detail = format!("has the text `{}` outside of its root; expected one element", shown(text.trim()));
                return Err(self.malformed(&detail));
            }
        }
        Ok(())
    }

    fn entity(&mut self, entity: &BytesRef<'_>) -> Result<(), Unreadable> {
        if let Some(letter) = entity.resolve_char_ref().map_err(|error| self.refused(&error))? {
            return self.write(letter.encode_utf8(&mut [0; 4]));
        }
        match resolve_predefined_entity(entity) {
            Some(text) => self.write(text),
            None => Err(self.undefined(entity)),
        }
    }

    fn end(mut self) -> Result<Value, Unreadable> {
        if let Some(element) = self.open.pop() {
            let name = shown(&element.name.written());
            return Err(
                self.malformed(&format!("ends within `<{name}>`; expected `</{name}>`: it was cut off, send it whole"))
            );
        }
        match self.root.take() {
            Some((name, value)) => Ok(Value::from(Map::from_iter([(name.local.to_owned(), value)]))),
            None => Err(self.malformed("has no element; expected a root")),
        }
    }
}

/// What is wrong with a message, and where.
impl Document<'_> {
    fn refused(&self, error: &Error) -> Unreadable {
        let detail = match error {
            Error::IllFormed(IllFormedError::MismatchedEndTag { expected, found }) => {
                let (expected, found) = (shown(expected), shown(found));
                format!(
                    "has `</{found}>` where `</{expected}>` is expected; close each element within the one around it"
                )
            }
            Error::IllFormed(IllFormedError::UnmatchedEndTag(name)) => {
                format!("has `</{}>`, which closes nothing; drop it, or open its element", shown(name))
            }
            Error::IllFormed(IllFormedError::UnclosedReference) => {
                "has a `&` that begins no entity; write `&amp;`".to_owned()
            }
            Error::Syntax(SyntaxError::UnclosedDoctype) => return self.doctype(),
            Error::Escape(EscapeError::UnrecognizedEntity(_, name)) => return self.undefined(name),
            Error::Escape(EscapeError::UnterminatedEntity(_)) => {
                "has a `&` that begins no entity in an attribute; write `&amp;`".to_owned()
            }
            Error::Syntax(error) => format!("is cut off or has a stray `<`: {error}"),
            Error::IllFormed(error) => error.to_string(),
            Error::InvalidAttr(error) => format!("has a tag that is wrong: {error}"),
            Error::Io(_) | Error::Encoding(_) | Error::Escape(_) | Error::Namespace(_) => error.to_string(),
        };
        self.malformed(&detail)
    }

    fn undefined(&self, entity: &str) -> Unreadable {
        let name = shown(entity);
        self.malformed(&format!(
            "has the entity `&{name};`, which XML does not define; write the character or its number"
        ))
    }

    fn doctype(&self) -> Unreadable {
        self.malformed("has a DOCTYPE; send it without: no entities are expanded, and no other document is read")
    }

    fn malformed(&self, detail: &str) -> Unreadable {
        Unreadable::new(UnreadableKind::Malformed, "$", format!("is no sound XML: {} it {detail}", self.place()))
    }

    fn too_large(&self, detail: &str) -> Unreadable {
        Unreadable::new(UnreadableKind::TooLarge, "$", format!("{detail}, {}", self.place()))
    }

    fn place(&self) -> String {
        let before = self.text.get(..self.at).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|letter| *letter != '\n').count() + 1;
        format!("at line {line} column {column}")
    }
}

#[cfg(test)]
mod tests;
