//! What a syntax calls its envelopes, and what a partner may get wrong about them.

use serde_json::{Map, Value};

use super::heard::Wrong;
use super::loops::Loops;
use crate::source::{ProfileError, Section};

/// What a syntax calls its envelopes.
#[derive(Debug)]
pub(crate) struct Names {
    /// The list of the transactions in the tree.
    pub(crate) list: &'static str,
    pub(crate) interchange: Level,
    pub(crate) group: Level,
    /// Whether transactions stand in groups only.
    pub(crate) is_group_needed: bool,
    pub(crate) transaction: Level,
    /// Segments that may stand between the envelopes, and say nothing of a transaction.
    pub(crate) between: &'static [&'static str],
    /// The elements of every closing segment that hold the count and the control number.
    pub(crate) count: &'static str,
    pub(crate) control: &'static str,
}

impl Names {
    /// Whether a segment opens or closes an envelope.
    pub(crate) fn are_of(&self, id: &str) -> bool {
        [&self.interchange, &self.group, &self.transaction]
            .iter()
            .any(|level| [level.opens, level.closes].contains(&id))
    }
}

impl Names {
    /// What a closing segment says otherwise than what it closes, which holds so many of something.
    pub(crate) fn mismatches(
        &self,
        level: &Level,
        closing: &Map<String, Value>,
        control: &str,
        (count, what): (usize, &str),
    ) -> Vec<(Wrong, String)> {
        let (opens, closes) = (level.opens, level.closes);
        let mut wrong = Vec::new();
        let stated = text_of(closing, self.count);
        if stated.parse() != Ok(count) {
            let what = if count == 1 { what.trim_end_matches('s') } else { what };
            wrong.push((Wrong::Count, format!("has {count} {what}, and `{closes}.{}` says `{stated}`", self.count)));
        }
        let closed = text_of(closing, self.control);
        let is_same = closed.trim_start_matches('0') == control.trim_start_matches('0');
        if control.is_empty() || !is_same {
            let (opened, closed_at) = (level.control, self.control);
            let detail = format!(
                "opens with the control number `{opens}.{opened}` `{control}` and closes with `{closes}.{closed_at}` `{closed}`"
            );
            wrong.push((Wrong::Control, detail));
        }
        wrong
    }
}

/// The segments around one kind of envelope.
#[derive(Debug)]
pub(crate) struct Level {
    pub(crate) opens: &'static str,
    pub(crate) closes: &'static str,
    /// The element of the opening segment that holds the control number.
    pub(crate) control: &'static str,
    /// The elements that, with the control number, no other envelope around it may have.
    pub(crate) with: &'static [&'static str],
}

impl Level {
    /// What tells an envelope from the others around it.
    pub(crate) fn identity(&self, elements: &Map<String, Value>) -> String {
        let with = self.with.iter().map(|nth| elements.get(*nth).map(ToString::to_string).unwrap_or_default());
        with.chain([text_of(elements, self.control)]).collect::<Vec<_>>().join("\n")
    }
}

/// What has to be known of a partner's segments.
#[derive(Debug, Default)]
pub(crate) struct Guide {
    pub(crate) loops: Loops,
    pub(crate) counts: Counts,
}

/// What a count or a control number does that is wrong in a closing segment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Counts {
    /// It breaks what is closed.
    #[default]
    Strict,
    /// It is noted.
    Forgiven,
}

impl Guide {
    /// Reads the keys `loops` and `counts`.
    pub(crate) fn compile(section: &mut Section<'_>) -> Result<Self, ProfileError> {
        let loops = Loops::compile(section.optional("loops"))?;
        let counts = match section.optional("counts") {
            None => Counts::Strict,
            Some(node) => match node.text()? {
                "strict" => Counts::Strict,
                "forgiven" => Counts::Forgiven,
                _ => return Err(node.error("expected `strict` or `forgiven`")),
            },
        };
        Ok(Self { loops, counts })
    }
}

/// An element as text, without padding; its first component where it has several.
pub(crate) fn text_of(elements: &Map<String, Value>, nth: &str) -> String {
    let value = elements.get(nth);
    let first = value.and_then(|value| value.get("1")).or(value);
    first.and_then(Value::as_str).unwrap_or_default().trim().to_owned()
}

/// A value without padding.
pub(crate) fn trimmed(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.trim().to_owned()),
        Value::Object(fields) => Value::Object(fields.into_iter().map(|(nth, value)| (nth, trimmed(value))).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => value,
    }
}
