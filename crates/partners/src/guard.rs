//! Guards: when a rule applies.
//!
//! A guard is a table with `path` and one of these keys; a list of guards holds when all of them do.
//!
//! | key | holds when the value |
//! |---|---|
//! | `equals = "A"` | is this one |
//! | `one_of = ["A", "B"]` | is one of these |
//! | `not = "A"`, `not = ["A", "B"]` | is none of these, or absent |
//! | `in_table = "name"`, `in_table = ["a", "b"]` | is listed in this code table, or in one of these |
//! | `present = true` | is there at all; `false`: is absent, `null` or blank |
//!
//! What takes more to say is a [condition](crate::condition), which may stand in place of a guard.
//!
//! Numbers and truth values are compared as text. A value that is a list or an object is there, and equals nothing.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::compiler::Compiler;
use crate::condition::Condition;
use crate::field::scalar;
use crate::path::Path;
use crate::scope::Scope;
use crate::source::{Node, ProfileError, Section};
use crate::table::ELSE;
use crate::unreadable::Unreadable;

/// Guards that hold when all of them do.
#[derive(Debug, Default)]
pub(crate) struct Guards(Box<[Guard]>);

#[derive(Debug)]
enum Guard {
    Value(Path, Test),
    Condition(Condition),
}

#[derive(Debug)]
enum Test {
    OneOf(HashSet<Box<str>>),
    NoneOf(HashSet<Box<str>>),
    Present(bool),
}

impl Guards {
    /// The guards under `key`; without them, what always holds.
    pub(crate) fn read(
        section: &mut Section<'_>,
        key: &'static str,
        compiler: &Compiler<'_>,
    ) -> Result<Self, ProfileError> {
        let Some(node) = section.optional(key) else { return Ok(Self::default()) };
        node.one_or_more().into_iter().map(|guard| Guard::compile(guard, compiler)).collect::<Result<_, _>>().map(Self)
    }

    /// Whether all of them hold.
    ///
    /// # Errors
    /// When a condition says neither yes nor no.
    pub(crate) fn hold(&self, scope: &Scope<'_>) -> Result<bool, Unreadable> {
        for guard in &self.0 {
            if !guard.holds(scope)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Where a value that is one of few can be, and of which: what a code table must list to miss none.
    pub(crate) fn choices(&self) -> impl Iterator<Item = (&Path, &HashSet<Box<str>>)> {
        self.0.iter().filter_map(|guard| match guard {
            Guard::Value(path, Test::OneOf(wanted)) => Some((path, wanted)),
            Guard::Value(_, Test::NoneOf(_) | Test::Present(_)) | Guard::Condition(_) => None,
        })
    }

    /// The path of the first guard and the text it leads to, for a reason that no rule applies.
    pub(crate) fn seen<'a>(&self, scope: &Scope<'a>) -> Option<(&Path, Cow<'a, str>)> {
        let path = self.0.iter().find_map(|guard| match guard {
            Guard::Value(path, _) => Some(path),
            Guard::Condition(condition) => condition.first(),
        })?;
        Some((path, scalar(path, scope, "").ok()??))
    }

    /// Whether there are any, and all of them hold: what is only true when a profile says when.
    ///
    /// # Errors
    /// As [`Guards::hold`].
    pub(crate) fn say_so(&self, scope: &Scope<'_>) -> Result<bool, Unreadable> {
        Ok(!self.0.is_empty() && self.hold(scope)?)
    }
}

impl Guard {
    fn compile(node: Node<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        let mut section = node.section()?;
        if section.has("cel") {
            let condition = Condition::compile(&mut section, compiler)?;
            section.finish()?;
            return Ok(Self::Condition(condition));
        }
        let path = compiler.path(section.required("path")?)?;
        let keys = ["equals", "one_of", "not", "in_table", "present"];
        let mut tests = keys.into_iter().filter_map(|key| section.optional(key).map(|node| (key, node)));
        let (Some((key, wanted)), None) = (tests.next(), tests.next()) else {
            return Err(
                section.error("expected exactly one of the keys `equals`, `one_of`, `not`, `in_table`, `present`")
            );
        };
        let test = match key {
            "equals" | "one_of" => Test::OneOf(texts(wanted)?),
            "not" => Test::NoneOf(texts(wanted)?),
            "present" => Test::Present(wanted.flag()?),
            _ => {
                let tables = compiler.code_tables(wanted)?;
                let codes = tables.iter().flat_map(Section::entries);
                Test::OneOf(codes.filter(|(_, code, _)| *code != ELSE).map(|(_, code, _)| code.into()).collect())
            }
        };
        section.finish()?;
        Ok(Self::Value(path, test))
    }

    fn holds(&self, scope: &Scope<'_>) -> Result<bool, Unreadable> {
        match self {
            Self::Value(path, test) => Ok(test.holds(path, scope)),
            Self::Condition(condition) => condition.holds(scope),
        }
    }
}

impl Test {
    fn holds(&self, path: &Path, scope: &Scope<'_>) -> bool {
        let value = scalar(path, scope, "");
        let text = value.as_ref().ok().and_then(Option::as_deref).map(str::trim);
        match self {
            Self::OneOf(wanted) => text.is_some_and(|text| wanted.contains(text)),
            Self::NoneOf(unwanted) => !text.is_some_and(|text| unwanted.contains(text)),
            Self::Present(there) => *there != matches!(value, Ok(None)),
        }
    }
}

fn texts(node: Node<'_>) -> Result<HashSet<Box<str>>, ProfileError> {
    node.one_or_more()
        .into_iter()
        .map(|wanted| {
            let value = wanted.constant()?;
            let text = value.as_str().map_or_else(|| Cow::Owned(value.to_string()), Cow::Borrowed);
            Ok(text.into())
        })
        .collect()
}
