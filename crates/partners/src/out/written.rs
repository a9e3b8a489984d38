//! What a template made of an ask, before a format writes it.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::field::text_of;
use crate::unreadable::{Unreadable, UnreadableKind};

/// A value of a message. Objects keep the order of the profile's file.
#[derive(Debug)]
pub(crate) enum Written<'t> {
    /// What the profile says itself.
    Constant(&'t Value),
    /// What a field of the ask holds, and which field that is.
    Field(Value, String),
    /// How many segments stand before it; known where segments are written.
    Segments,
    /// Nothing, where a list has a place for it.
    Absent,
    List(Vec<Written<'t>>),
    Object(Vec<(&'t str, Written<'t>)>),
}

impl Written<'_> {
    /// The value as JSON; nothing where it is absent.
    pub(crate) fn into_json(self) -> Option<Value> {
        Some(match self {
            Self::Constant(value) => value.clone(),
            Self::Field(value, _) => value,
            Self::Segments | Self::Absent => return None,
            Self::List(items) => Value::Array(items.into_iter().filter_map(Self::into_json).collect()),
            Self::Object(fields) => {
                let fields = fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value.into_json()?)));
                Value::Object(fields.collect::<Map<_, _>>())
            }
        })
    }

    /// The text of a single value, which stands at `place` of the message.
    ///
    /// # Errors
    /// When it is a list or an object, or a number that cannot be told exactly.
    pub(crate) fn text(&self, place: &str) -> Result<Cow<'_, str>, Unreadable> {
        let expected = || Unreadable::new(UnreadableKind::WrongValue, place, "is no single value; expected one");
        match self {
            Self::Constant(value) => text_of(value).ok_or_else(expected),
            Self::Field(value, _) => text_of(value).ok_or_else(expected),
            Self::Segments | Self::Absent => Ok(Cow::Borrowed("")),
            Self::List(_) | Self::Object(_) => Err(expected()),
        }
    }

    /// Where a mistake in the value is to be looked for: its field of the ask, or its place in the message.
    pub(crate) fn origin<'a>(&'a self, place: &'a str) -> &'a str {
        match self {
            Self::Field(_, field) => field,
            Self::Constant(_) | Self::Segments | Self::Absent | Self::List(_) | Self::Object(_) => place,
        }
    }
}
