//! A profile's TOML text, read so that every mistake has a line and a column.

use std::ops::Range;

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Why a profile cannot be used, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {problem}")]
pub struct ProfileError {
    /// The profile's file or name.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// What is wrong and what was expected.
    pub problem: String,
}

/// A profile's file and text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'t> {
    pub(crate) file: &'t str,
    pub(crate) text: &'t str,
}

impl Source<'_> {
    pub(crate) fn error(&self, at: usize, problem: impl Into<String>) -> ProfileError {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        ProfileError {
            file: self.file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            problem: problem.into(),
        }
    }
}

/// One value of a profile.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node<'t> {
    source: Source<'t>,
    value: &'t Spanned<DeValue<'t>>,
}

impl<'t> Node<'t> {
    /// A mistake here.
    pub(crate) fn error(&self, problem: impl Into<String>) -> ProfileError {
        self.source.error(self.value.span().start, problem)
    }

    fn expected(&self, what: &str) -> ProfileError {
        self.error(format!("expected {what}, found {}", self.value.get_ref().type_str()))
    }

    pub(crate) fn as_text(&self) -> Option<&'t str> {
        self.value.get_ref().as_str()
    }

    pub(crate) fn text(&self) -> Result<&'t str, ProfileError> {
        self.as_text().ok_or_else(|| self.expected("a text"))
    }

    pub(crate) fn flag(&self) -> Result<bool, ProfileError> {
        self.value.get_ref().as_bool().ok_or_else(|| self.expected("true or false"))
    }

    pub(crate) fn number(&self) -> Result<u32, ProfileError> {
        let integer = self.value.get_ref().as_integer().ok_or_else(|| self.expected("a whole number"))?;
        u32::from_str_radix(&integer.as_str().replace('_', ""), integer.radix())
            .map_err(|_| self.error("expected a whole number from 0 to 4294967295"))
    }

    pub(crate) fn list(&self) -> Result<Vec<Self>, ProfileError> {
        let list = self.value.get_ref().as_array().ok_or_else(|| self.expected("a list"))?;
        Ok(list.iter().map(|value| Self { source: self.source, value }).collect())
    }

    /// The elements of a list, or the value itself where it is none.
    pub(crate) fn one_or_more(&self) -> Vec<Self> {
        self.list().unwrap_or_else(|_| vec![*self])
    }

    pub(crate) fn is_table(&self) -> bool {
        matches!(self.value.get_ref(), DeValue::Table(_))
    }

    pub(crate) fn is_list(&self) -> bool {
        matches!(self.value.get_ref(), DeValue::Array(_))
    }

    pub(crate) fn section(&self) -> Result<Section<'t>, ProfileError> {
        let entries = self.value.get_ref().as_table().ok_or_else(|| self.expected("a table"))?;
        Ok(Section { source: self.source, span: self.value.span(), entries, known: Vec::new() })
    }

    /// A constant: text, number or truth value.
    pub(crate) fn constant(&self) -> Result<Value, ProfileError> {
        match self.value.get_ref() {
            DeValue::String(text) => Ok(Value::from(text.as_ref())),
            DeValue::Boolean(flag) => Ok(Value::from(*flag)),
            DeValue::Integer(number) => i64::from_str_radix(&number.as_str().replace('_', ""), number.radix())
                .map(Value::from)
                .map_err(|_| self.error("expected a whole number of at most 64 bits")),
            DeValue::Float(number) => number
                .as_str()
                .replace('_', "")
                .parse::<f64>()
                .ok()
                .and_then(serde_json::Number::from_f64)
                .map(Value::Number)
                .ok_or_else(|| self.error("expected a finite number")),
            DeValue::Datetime(time) => Ok(Value::from(time.to_string())),
            DeValue::Array(_) | DeValue::Table(_) => Err(self.expected("a text, a number, true or false")),
        }
    }
}

/// A table of a profile. It remembers the keys it was asked for, so that any other is refused.
#[derive(Debug)]
pub(crate) struct Section<'t> {
    source: Source<'t>,
    span: Range<usize>,
    entries: &'t DeTable<'t>,
    known: Vec<&'static str>,
}

impl<'t> Section<'t> {
    pub(crate) fn of_file(source: Source<'t>, file: &'t Spanned<DeTable<'t>>) -> Self {
        Self { source, span: 0..0, entries: file.get_ref(), known: Vec::new() }
    }

    /// A mistake in the table as a whole.
    pub(crate) fn error(&self, problem: impl Into<String>) -> ProfileError {
        self.source.error(self.span.start, problem)
    }

    pub(crate) fn optional(&mut self, key: &'static str) -> Option<Node<'t>> {
        self.known.push(key);
        let value = self.entries.get(key)?;
        Some(Node { source: self.source, value })
    }

    pub(crate) fn required(&mut self, key: &'static str) -> Result<Node<'t>, ProfileError> {
        self.optional(key).ok_or_else(|| self.error(format!("expected the key `{key}` in this table")))
    }

    /// Whether the table has the key, without making it a known one.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// Every entry of a table whose keys are free.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (Node<'t>, &'t str, KeyPlace<'t>)> + use<'t> {
        let source = self.source;
        self.entries.iter().map(move |(key, value)| {
            let at = KeyPlace { source, at: key.span().start };
            (Node { source, value }, key.get_ref().as_ref(), at)
        })
    }

    /// Refuses keys nobody asked for.
    pub(crate) fn finish(self) -> Result<(), ProfileError> {
        for (key, _) in self.entries {
            if !self.known.iter().any(|known| *known == key.get_ref().as_ref()) {
                let known = self.known.join("`, `");
                let problem = format!("unknown key `{}`; expected `{known}`", key.get_ref());
                return Err(self.source.error(key.span().start, problem));
            }
        }
        Ok(())
    }
}

/// The place of a key, for mistakes in the key itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyPlace<'t> {
    source: Source<'t>,
    at: usize,
}

impl KeyPlace<'_> {
    /// Where the key begins in the file, in bytes.
    pub(crate) const fn start(&self) -> usize {
        self.at
    }

    pub(crate) fn error(&self, problem: impl Into<String>) -> ProfileError {
        self.source.error(self.at, problem)
    }
}
