//! Attributes and their values. The standard's JSON schema has every value as a text; its declared type says how to read it.

use std::fmt;

use model::{Money, Quantity, Timestamp};
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};

/// An attribute of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Attribute {
    pub name: &'static str,
    pub value: Value,
}

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Time(Timestamp),
    Integer(u64),
    Float(Decimal),
    Boolean(bool),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Time(time) => time.fmt(f),
            Self::Integer(number) => number.fmt(f),
            Self::Float(number) => number.normalize().fmt(f),
            Self::Boolean(is) => is.fmt(f),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The type of a value, by its name in the standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Type {
    String,
    Time,
    Integer,
    Float,
    Boolean,
}

impl Value {
    pub const fn kind(&self) -> Type {
        match self {
            Self::Text(_) => Type::String,
            Self::Time(_) => Type::Time,
            Self::Integer(_) => Type::Integer,
            Self::Float(_) => Type::Float,
            Self::Boolean(_) => Type::Boolean,
        }
    }

    pub fn text(text: impl ToString) -> Self {
        Self::Text(text.to_string())
    }

    pub const fn amount(quantity: &Quantity) -> Self {
        Self::Float(quantity.amount)
    }

    pub const fn money(money: &Money) -> Self {
        Self::Float(money.amount)
    }
}

impl Attribute {
    pub const fn new(name: &'static str, value: Value) -> Self {
        Self { name, value }
    }
}
