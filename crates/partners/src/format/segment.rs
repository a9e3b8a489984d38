//! Segments: what X12 and EDIFACT are made of.

use std::fmt;

use serde_json::{Map, Value};

use crate::unreadable::{Unreadable, UnreadableKind};

/// The most segments one message may have.
pub const MAX_SEGMENTS: usize = 250_000;

/// The most elements, repetitions and components one message may have that are not empty.
pub const MAX_VALUES: usize = 2_000_000;

/// The most elements one segment may have; their places are two digits.
pub const MAX_ELEMENTS: usize = 99;

/// The most components one element may have.
pub const MAX_COMPONENTS: usize = 99;

/// The most times one element may be repeated.
pub const MAX_REPEATS: usize = 999;

/// What is wrong with a segment at the end of a message that was cut off.
pub(crate) const CUT_OFF: &str = "is cut off in a segment without end";

/// A segment and its elements by their place.
#[derive(Debug)]
pub(crate) struct Segment<'t> {
    pub(crate) id: &'t str,
    pub(crate) at: Place,
    /// Its length in bytes.
    pub(crate) length: usize,
    pub(crate) elements: Map<String, Value>,
}

/// Where in a message something stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// Which segment of the message, counted from 1.
    pub(crate) nth: usize,
    /// The byte of the message's text, counted from 0.
    pub(crate) byte: usize,
}

impl Place {
    /// Where something ends that this segment should have stood behind.
    pub(crate) fn before(self, id: &str) -> String {
        format!("`{id}` follows in {self}")
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "segment {}, at byte {}", self.nth, self.byte)
    }
}

/// What is wrong with one segment.
#[derive(Debug)]
pub(crate) struct Flaw {
    pub(crate) at: Place,
    /// To be read after what holds the segment.
    pub(crate) detail: String,
}

/// What a segment can turn out to be.
pub(crate) type Segmented<'t> = Result<Segment<'t>, Flaw>;

/// Counts what a message is made of, against the limits.
#[derive(Debug, Default)]
pub(crate) struct Size {
    pub(crate) segments: usize,
    values: usize,
}

impl Size {
    pub(crate) fn segment(&mut self) -> Result<(), Unreadable> {
        self.segments += 1;
        Self::limit(self.segments, MAX_SEGMENTS, "segments")
    }

    pub(crate) fn values(&mut self, values: usize) -> Result<(), Unreadable> {
        self.values += values;
        Self::limit(self.values, MAX_VALUES, "elements")
    }

    fn limit(count: usize, most: usize, what: &str) -> Result<(), Unreadable> {
        if count <= most {
            return Ok(());
        }
        Err(Unreadable::new(UnreadableKind::TooLarge, "$", format!("has more than {most} {what}; send it in parts")))
    }
}

/// The letters that divide an interchange.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Separators {
    pub(crate) element: char,
    pub(crate) component: char,
    pub(crate) repetition: Option<char>,
    /// Takes its meaning from the letter that follows.
    pub(crate) release: Option<char>,
    pub(crate) terminator: char,
}

impl Separators {
    /// Whether letters can divide segments, elements and components.
    pub(crate) fn are_sound(element: char, component: char, terminator: char) -> bool {
        let divides = |letter: char| !letter.is_alphanumeric() && letter != ' ';
        let differ = element != component && component != terminator && element != terminator;
        differ && divides(terminator) && [element, component].into_iter().all(|it| divides(it) && !is_between(it))
    }

    /// Whether a letter divides what it stands in.
    pub(crate) fn divide(self, letter: char) -> bool {
        [self.element, self.component, self.terminator].contains(&letter) || self.repetition == Some(letter)
    }

    /// The start of a text to the end of its first segment, and whether that end is there.
    pub(crate) fn first_segment(self, text: &str) -> (&str, bool) {
        let first = self.split(text, self.terminator).next().unwrap_or_default();
        (first, first.len() < text.len())
    }

    /// Splits at a separator, but not where it is released.
    fn split(self, text: &str, separator: char) -> impl Iterator<Item = &str> {
        let mut is_released = false;
        text.split(move |letter| {
            let was_released = std::mem::replace(&mut is_released, false);
            is_released = !was_released && Some(letter) == self.release;
            letter == separator && !was_released
        })
    }

    /// A text with each release character taken out.
    fn released(self, text: &str) -> String {
        let Some(release) = self.release.filter(|release| text.contains(*release)) else { return text.to_owned() };
        let mut letters = text.chars();
        std::iter::from_fn(|| {
            letters.next().and_then(|letter| if letter == release { letters.next() } else { Some(letter) })
        })
        .collect()
    }

    /// The value of an element, and how many texts are in it; nothing where all of it is empty. A first component alone is a
    /// plain text, and blanks at an end are padding.
    fn value(self, sent: &str) -> Result<Option<(Value, usize)>, String> {
        let mut values = 0;
        let mut repeats = Vec::new();
        let repetitions = self.repetition.map(|repetition| self.split(sent, repetition));
        let alone = repetitions.is_none().then_some(sent);
        for (nth, repeat) in repetitions.into_iter().flatten().chain(alone).enumerate() {
            if nth == MAX_REPEATS {
                return Err(format!("an element that comes more than {MAX_REPEATS} times"));
            }
            let mut components = Map::new();
            for (nth, component) in (1..).zip(self.split(repeat, self.component)) {
                if nth > MAX_COMPONENTS {
                    return Err(format!("an element of more than {MAX_COMPONENTS} components"));
                }
                let component = component.trim_end_matches(' ');
                if !component.is_empty() {
                    components.insert(nth.to_string(), Value::String(self.released(component)));
                }
            }
            values += components.len();
            match (components.len(), components.remove("1")) {
                (1, Some(plain)) => repeats.push(plain),
                (_, Some(first)) => {
                    components.insert("1".to_owned(), first);
                    repeats.push(Value::Object(components));
                }
                (0, None) => {}
                (_, None) => repeats.push(Value::Object(components)),
            }
        }
        let value = if repeats.len() > 1 { Some(Value::Array(repeats)) } else { repeats.pop() };
        Ok(value.map(|value| (value, values)))
    }
}

/// How a syntax names segments and the places of their elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    X12,
    Edifact,
}

impl Style {
    /// Reads one segment, given without its end.
    ///
    /// # Errors
    /// When the message is larger than the limits. What is wrong with the segment alone is its flaw.
    pub(crate) fn read<'t>(
        self,
        text: &'t str,
        at: Place,
        separators: Separators,
        size: &mut Size,
    ) -> Result<Segmented<'t>, Unreadable> {
        let flaw = |detail: String| Ok(Err(Flaw { at, detail }));
        let mut sent = separators.split(text, separators.element);
        let id = sent.next().unwrap_or_default();
        if !is_id(id) || (self == Self::Edifact && id.len() != 3) {
            let shown: String = id.chars().take(12).flat_map(char::escape_debug).collect();
            return flaw(format!("holds `{shown}`, which is no segment"));
        }
        let mut elements = Map::new();
        for (nth, sent) in (1..).zip(sent) {
            if nth > MAX_ELEMENTS {
                return flaw(format!("holds a `{id}` of more than {MAX_ELEMENTS} elements"));
            }
            match separators.value(sent) {
                Ok(Some((value, values))) => {
                    size.values(values)?;
                    elements.insert(self.key(nth), value);
                }
                Ok(None) => {}
                Err(detail) => return flaw(format!("holds a `{id}` with {detail}")),
            }
        }
        Ok(Ok(Segment { id, at, length: text.len(), elements }))
    }

    /// An element's place as it is written.
    pub(crate) fn key(self, nth: usize) -> String {
        match self {
            Self::X12 => format!("{nth:02}"),
            Self::Edifact => nth.to_string(),
        }
    }
}

/// Whether a text is a segment's id: a capital, then capitals or digits, two or three in all.
pub(crate) fn is_id(text: &str) -> bool {
    let mut letters = text.bytes();
    (2..=3).contains(&text.len())
        && letters.next().is_some_and(|first| first.is_ascii_uppercase())
        && letters.all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit())
}

/// Whether a letter may stand between segments: line ends and blanks, a byte order mark, and the mark that some systems put at
/// a file's end.
pub(crate) fn is_between(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '\u{feff}' | '\u{1a}')
}
