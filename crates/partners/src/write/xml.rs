//! XML, written: a declaration and one root.
//!
//! | in the template | in the message |
//! |---|---|
//! | the body, a table with one key | the root, called as the key |
//! | a table | an element of these children, in the order of the file |
//! | a list, or an `each` | an element for each value |
//! | a single value | an element with this text |
//! | the key `@name` | an attribute |
//! | the key `#text` | the text of an element that has attributes or children too |
//!
//! What is absent is left out. A name may have a prefix; `"@xmlns:x"` declares it. Markup is escaped, and a character that XML
//! 1.0 does not know, such as most control characters, is an error or has the text of `replace` in its place.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::letters::Letters;
use super::within;
use crate::format::xml::{MAX_DEPTH, is_name};
use crate::out::{Template, Word, Written, in_order};
use crate::source::{Node, ProfileError};
use crate::unreadable::{Unreadable, UnreadableKind};

/// The key of an element's own text.
const TEXT: &str = "#text";

/// Sees to it that a body is a document.
pub(super) fn check(body: Node<'_>) -> Result<(), ProfileError> {
    let is_table = body.is_table() && Word::of(body).is_none();
    let entries = if is_table { in_order(&body.section()?) } else { Vec::new() };
    let [(root, name)] = entries[..] else {
        return Err(body.error("expected a table with one key, which names the root, such as `[out.book.body.ORDER]`"));
    };
    if !is_name(name) || root.is_list() || Template::is_table_of_others(root) {
        return Err(root.error("expected a root: one element, called by a name of XML"));
    }
    check_content(root, 1)
}

fn check_content(node: Node<'_>, depth: usize) -> Result<(), ProfileError> {
    if depth > MAX_DEPTH {
        return Err(node.error(format!("expected at most {MAX_DEPTH} elements inside each other")));
    }
    if node.is_list() {
        return node.list()?.into_iter().try_for_each(|item| check_content(item, depth));
    }
    if Template::is_single(node) {
        return Ok(());
    }
    let mut section = node.section()?;
    if Template::is_table_of_others(node) {
        let mut inside = ["item", "else"].into_iter().filter_map(|key| section.optional(key));
        return inside.try_for_each(|item| check_content(item, depth));
    }
    for (value, name, at) in section.entries() {
        let attribute = name.strip_prefix('@');
        if name != TEXT && !is_name(attribute.unwrap_or(name)) {
            return Err(at.error("expected the name of an element, `@` and the name of an attribute, or `#text`"));
        }
        if name == TEXT || attribute.is_some() {
            let is_single = Template::is_single(value) || matches!(Word::of(value), Some(Word::When));
            if !is_single {
                return Err(value.error("expected a single value here"));
            }
        }
        check_content(value, depth + 1)?;
    }
    Ok(())
}

/// Why a letter cannot stand in XML 1.0.
pub(super) const fn refuses(letter: char) -> Option<&'static str> {
    match letter {
        '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'.. => None,
        '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => Some("is no character of XML 1.0"),
    }
}

/// The document.
///
/// # Errors
/// When a value cannot be written, or there is no root.
pub(super) fn write(body: &Written<'_>, letters: &Letters) -> Result<String, Unreadable> {
    let mut document = Document { writer: Writer::new(Vec::new()), letters, open: Vec::new() };
    document.event(Event::Decl(BytesDecl::new("1.0", Some(letters.name()), None)))?;
    let root = if let Written::Object(fields) = body { fields.first() } else { None };
    let missing = || Unreadable::new(UnreadableKind::Missing, "$", "has no root, whose value is absent from the ask");
    let (name, root) = root.ok_or_else(missing)?;
    document.element(name, root)?;
    // What is written is made of texts.
    String::from_utf8(document.writer.into_inner()).map_err(|_| unwritten())
}

struct Document<'a> {
    writer: Writer<Vec<u8>>,
    letters: &'a Letters,
    /// The names of the open elements, outermost first.
    open: Vec<&'a str>,
}

impl<'a> Document<'a> {
    /// An element, or one for each value of a list.
    fn element(&mut self, name: &'a str, content: &'a Written<'_>) -> Result<(), Unreadable> {
        match content {
            Written::Absent | Written::Segments => return Ok(()),
            Written::List(items) => return items.iter().try_for_each(|item| self.element(name, item)),
            Written::Constant(_) | Written::Field(..) | Written::Object(_) => {}
        }
        self.open.push(name);
        let mut start = BytesStart::new(name);
        let (text, children) = match content {
            Written::Object(fields) => {
                for (key, value) in fields {
                    if let Some(attribute) = key.strip_prefix('@') {
                        start.push_attribute((attribute, &*self.text(value, key)?));
                    }
                }
                let own = fields.iter().find(|(key, _)| *key == TEXT);
                (own.map(|(key, value)| self.text(value, key)).transpose()?, &fields[..])
            }
            Written::Constant(_) | Written::Field(..) | Written::Segments | Written::Absent | Written::List(_) => {
                (Some(self.text(content, TEXT)?), &[][..])
            }
        };
        let text = text.filter(|text| !text.is_empty());
        let mut inside = children.iter().filter(|(key, _)| !key.starts_with('@') && *key != TEXT).peekable();
        if text.is_none() && inside.peek().is_none() {
            self.open.pop();
            return self.event(Event::Empty(start));
        }
        self.event(Event::Start(start))?;
        if let Some(text) = text {
            self.event(Event::Text(BytesText::new(&text)))?;
        }
        for (key, value) in inside {
            self.element(key, value)?;
        }
        self.open.pop();
        self.event(Event::End(BytesEnd::new(name)))
    }

    fn text(&self, value: &Written<'_>, key: &str) -> Result<String, Unreadable> {
        let place = || format!("{}.{key}", self.open.join("."));
        let place = place();
        let text = value.text(&place)?;
        Ok(self.letters.fit(&text, value.origin(&place), refuses)?.into_owned())
    }

    fn event(&mut self, event: Event<'_>) -> Result<(), Unreadable> {
        self.writer.write_event(event).map_err(|_| unwritten())?;
        within(self.writer.get_mut().len())
    }
}

/// Writing to memory does not fail.
fn unwritten() -> Unreadable {
    Unreadable::new(UnreadableKind::WrongValue, "$", "cannot be written as XML")
}
