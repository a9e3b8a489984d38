//! Segments, written: what X12 and EDIFACT have in common.
//!
//! A segment is a list whose first text is its id, and whose others are its elements in their order:
//!
//! ```toml
//! body = [
//!   ["B2", "", "SPDY", "", { field = "shipment" }, "", "PP"],
//!   { when = { path = "ship_on", present = true }, item = ["G62", "10", { field = "ship_on", as = "%Y%m%d" }] },
//!   { each = "lines[*]", item = [
//!     ["LX", { nth = true }],
//!     ["L5", { nth = true }, { field = "sku" }],
//!   ] },
//! ]
//! ```
//!
//! An element that is a list is a composite of its components, and one whose components are lists is repeated, a composite each
//! time: `["REF", "CR", [["A", "B"], ["C"]]]`. What is absent is left empty; what is empty at the end of a composite or a
//! segment is left out, as are blanks at the end of a value, and a segment that has elements of which all are empty. The
//! segments around transactions are written by the format, with their counts and control numbers.

use crate::format::level::Names;
use crate::format::segment::{MAX_COMPONENTS, MAX_ELEMENTS, MAX_REPEATS, MAX_SEGMENTS, Separators, Style, is_id};
use crate::out::{Template, Written};
use crate::source::{Node, ProfileError};
use crate::unreadable::{Unreadable, UnreadableKind};

use super::charset::Charset;
use super::letters::Letters;
use super::{parts, within};

/// Sees to it that a body is made of segments.
pub(super) fn check(body: Node<'_>, names: &Names, style: Style) -> Result<(), ProfileError> {
    let is_segment = |node: Node<'_>| {
        node.list().is_ok_and(|items| items.first().is_some_and(|first| !first.is_list() && !first.is_table()))
    };
    parts(body, is_segment, &mut |node| {
        let Ok(items) = node.list() else {
            return Err(node.error("expected a segment: a list that begins with its id, such as `[\"N1\", \"ST\"]`"));
        };
        let Some((id, elements)) = items.split_first() else { return Ok(()) };
        let text = id.text()?;
        if !is_id(text) || (style == Style::Edifact && text.len() != 3) {
            return Err(
                id.error("expected the id of a segment: two or three capitals or digits, such as `N1` or `NAD`")
            );
        }
        if names.are_of(text) || text == "UNA" {
            return Err(id.error(format!("expected no `{text}` here: the format writes it, from the key `envelope`")));
        }
        if elements.len() > MAX_ELEMENTS {
            return Err(id.error(format!("expected at most {MAX_ELEMENTS} elements")));
        }
        elements.iter().try_for_each(|element| check_element(*element, 0))
    })
}

/// An element is a value, a composite of values, or a list of such composites.
fn check_element(node: Node<'_>, depth: usize) -> Result<(), ProfileError> {
    if node.is_list() {
        if depth == 2 {
            return Err(node.error("expected a value: a component holds no others"));
        }
        return node.list()?.into_iter().try_for_each(|inside| check_element(inside, depth + 1));
    }
    if Template::is_single(node) {
        return Ok(());
    }
    if Template::is_table_of_others(node) {
        let mut section = node.section()?;
        // The elements of an `each` are its components or repetitions.
        let inside = if section.has("each") { depth + 1 } else { depth };
        let mut items = ["item", "else"].into_iter().filter_map(|key| section.optional(key));
        return items.try_for_each(|item| check_element(item, inside));
    }
    Err(node.error("expected an element: a value, or a list of its components"))
}

/// Which letters cannot stand in a value, besides those that the encoding lacks.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Refusal {
    /// X12 has no way to write a separator within a value.
    Separators(Separators),
    /// EDIFACT has, and says which letters there are.
    Charset(Charset),
    /// What came in had its letters; it is not for a reply to find fault with them.
    Unprintable,
}

impl Refusal {
    /// Why a letter cannot stand in a value.
    pub(crate) fn of(self, letter: char) -> Option<&'static str> {
        if letter.is_control() {
            return Some("cannot be printed");
        }
        match self {
            Self::Separators(separators) => separators.divide(letter).then_some("separates what X12 writes"),
            Self::Charset(charset) => {
                (!charset.holds(letter)).then_some("is not in the character set of the key `syntax`")
            }
            Self::Unprintable => None,
        }
    }
}

/// Segments on their way into an interchange.
#[derive(Debug)]
pub(crate) struct Sheet<'a> {
    style: Style,
    separators: Separators,
    /// What follows the end of a segment.
    between: &'static str,
    letters: &'a Letters,
    refusal: Refusal,
    text: String,
    /// All segments, and those since the transaction was opened.
    segments: usize,
    inside: usize,
}

impl<'a> Sheet<'a> {
    pub(crate) fn new(
        style: Style,
        separators: Separators,
        lines: bool,
        letters: &'a Letters,
        refusal: Refusal,
    ) -> Self {
        let between = if lines && separators.terminator != '\n' { "\n" } else { "" };
        Self { style, separators, between, letters, refusal, text: String::new(), segments: 0, inside: 0 }
    }

    /// A segment that stands as it is, without its end.
    pub(crate) fn raw(&mut self, segment: &str) {
        self.text.push_str(segment);
        self.end();
    }

    /// A segment of texts, each of which is an element, or of elements that are lists of components.
    ///
    /// # Errors
    /// When one of them cannot be written.
    pub(crate) fn plain(&mut self, id: &str, elements: &[&[&str]]) -> Result<(), Unreadable> {
        let mut written = Vec::with_capacity(elements.len());
        for (nth, components) in (1..).zip(elements) {
            let place = self.place(id, nth);
            let texts = components.iter().map(|component| self.fit(component, &place));
            written.push(self.join(texts.collect::<Result<_, _>>()?, self.separators.component));
        }
        self.segment(id, written)
    }

    /// Begins to count: the next segment opens a transaction.
    pub(crate) const fn begin(&mut self) {
        self.inside = 0;
    }

    /// How many segments there are since.
    pub(crate) const fn inside(&self) -> usize {
        self.inside
    }

    /// All segments of a body.
    ///
    /// # Errors
    /// When a value cannot be written, and when there are more segments or bytes than a message may have.
    pub(crate) fn body(&mut self, written: &Written<'_>) -> Result<(), Unreadable> {
        let Written::List(items) = written else {
            let is_absent = matches!(written, Written::Absent);
            let wrong = || Unreadable::new(UnreadableKind::WrongValue, "$", "has a value where a segment is expected");
            return if is_absent { Ok(()) } else { Err(wrong()) };
        };
        match items.split_first() {
            Some((Written::Constant(id), elements)) => {
                let id = id.as_str().unwrap_or_default();
                self.made(id, elements)
            }
            Some(_) | None => items.iter().try_for_each(|item| self.body(item)),
        }
    }

    /// The interchange.
    pub(crate) fn into_text(self) -> String {
        self.text
    }

    /// A segment that a template has made.
    fn made(&mut self, id: &str, elements: &[Written<'_>]) -> Result<(), Unreadable> {
        let mut written = Vec::with_capacity(elements.len());
        for (nth, element) in (1..).zip(elements) {
            written.push(self.element(element, &self.place(id, nth))?);
        }
        if !written.is_empty() && written.iter().all(String::is_empty) {
            return Ok(());
        }
        self.segment(id, written)
    }

    fn segment(&mut self, id: &str, elements: Vec<String>) -> Result<(), Unreadable> {
        let mut elements = elements;
        elements.truncate(elements.iter().rposition(|element| !element.is_empty()).map_or(0, |last| last + 1));
        self.text.push_str(id);
        for element in elements {
            self.text.push(self.separators.element);
            self.text.push_str(&element);
        }
        self.end();
        if self.segments > MAX_SEGMENTS {
            let detail = format!("has more than {MAX_SEGMENTS} segments, which is the limit");
            return Err(Unreadable::new(UnreadableKind::TooLarge, "$", detail));
        }
        within(self.text.len())
    }

    fn end(&mut self) {
        self.text.push(self.separators.terminator);
        self.text.push_str(self.between);
        self.segments += 1;
        self.inside += 1;
    }

    fn place(&self, id: &str, nth: usize) -> String {
        format!("{id}.{}", self.style.key(nth))
    }

    fn element(&self, element: &Written<'_>, place: &str) -> Result<String, Unreadable> {
        let Written::List(items) = element else { return self.single(element, place) };
        if !items.iter().any(|item| matches!(item, Written::List(_))) {
            return self.composite(items, place);
        }
        let Some(repetition) = self.separators.repetition else {
            let detail = "is repeated, which this version does not know; expected a later one, or a segment each";
            return Err(Unreadable::new(UnreadableKind::WrongValue, place, detail));
        };
        if items.len() > MAX_REPEATS {
            return Err(too_many(place, items.len(), MAX_REPEATS, "repetitions"));
        }
        let repeats = items.iter().map(|item| match item {
            Written::List(components) => self.composite(components, place),
            Written::Constant(_) | Written::Field(..) | Written::Segments | Written::Absent | Written::Object(_) => {
                self.single(item, place)
            }
        });
        Ok(self.join(repeats.collect::<Result<_, _>>()?, repetition))
    }

    fn composite(&self, components: &[Written<'_>], place: &str) -> Result<String, Unreadable> {
        if components.len() > MAX_COMPONENTS {
            return Err(too_many(place, components.len(), MAX_COMPONENTS, "components"));
        }
        let texts = (1..).zip(components).map(|(nth, component)| self.single(component, &format!("{place}.{nth}")));
        Ok(self.join(texts.collect::<Result<_, _>>()?, self.separators.component))
    }

    /// Texts with separators between them, but none behind the last that is not empty.
    fn join(&self, mut texts: Vec<String>, separator: char) -> String {
        texts.truncate(texts.iter().rposition(|text| !text.is_empty()).map_or(0, |last| last + 1));
        texts.join(separator.encode_utf8(&mut [0; 4]))
    }

    fn single(&self, value: &Written<'_>, place: &str) -> Result<String, Unreadable> {
        if matches!(value, Written::Segments) {
            return Ok(self.inside.to_string());
        }
        self.fit(&value.text(place)?, value.origin(place))
    }

    /// A text as it is written: without what cannot be, and with what must be released.
    fn fit(&self, text: &str, origin: &str) -> Result<String, Unreadable> {
        let fitted = self.letters.fit(text, origin, |letter| self.refusal.of(letter))?;
        let fitted = fitted.trim_end_matches(' ');
        let Some(release) = self.separators.release else { return Ok(fitted.to_owned()) };
        let mut released = String::with_capacity(fitted.len());
        for letter in fitted.chars() {
            if self.separators.divide(letter) || letter == release {
                released.push(release);
            }
            released.push(letter);
        }
        Ok(released)
    }
}

fn too_many(place: &str, count: usize, most: usize, what: &str) -> Unreadable {
    Unreadable::new(UnreadableKind::TooLarge, place, format!("has {count} {what}; the limit is {most}"))
}
