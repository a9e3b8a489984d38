//! Templates: what a message is made of, with gaps for what the ask says.

use serde_json::Value;

use super::leaf::Leaf;
use super::written::Written;
use crate::compiler::Compiler;
use crate::guard::Guards;
use crate::lines::MAX_LINES;
use crate::scope::{Each, Scope};
use crate::source::{Node, ProfileError, Section};
use crate::unreadable::{Unreadable, UnreadableKind};

/// The most values of one message.
pub const MAX_WRITTEN: usize = 500_000;

/// What a message is made of.
#[derive(Debug)]
pub(crate) enum Template {
    Constant(Value),
    Leaf(Box<Leaf>),
    Segments,
    Each {
        each: Each,
        when: Guards,
        item: Box<Template>,
    },
    When {
        guards: Guards,
        item: Box<Template>,
        otherwise: Option<Box<Template>>,
    },
    /// In the order of the file.
    Object(Vec<(Box<str>, Template)>),
    List(Vec<Template>),
}

/// What a table in a template stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    Field,
    Each,
    When,
    Count,
    Sum,
    Nth,
    Segments,
}

impl Word {
    /// The word that a table stands for; nothing for one that is an object of the message. Keys of objects may be called like
    /// these words: but for `field` and `each`, a table is one only where all of it has the form.
    pub(crate) fn of(node: Node<'_>) -> Option<Self> {
        let section = node.section().ok()?;
        let is = |key: &str, sound: fn(Node<'_>) -> bool, with: &[&str]| {
            let own = section.entries().all(|(_, name, _)| name == key || with.contains(&name));
            own && section.entries().any(|(value, name, _)| name == key && sound(value))
        };
        let is_text = |node: Node<'_>| node.as_text().is_some() || node.is_list();
        let is_guard = |node: Node<'_>| node.is_table() || node.is_list();
        let is_true = |node: Node<'_>| node.flag().is_ok_and(|flag| flag);
        if section.has("field") {
            Some(Self::Field)
        } else if section.has("each") {
            Some(Self::Each)
        } else if section.has("item") && is("when", is_guard, &["item", "else"]) {
            Some(Self::When)
        } else if is("count", is_text, &["as", "digits"]) {
            Some(Self::Count)
        } else if is("sum", is_text, &["as", "digits"]) {
            Some(Self::Sum)
        } else if is("nth", is_true, &["as", "digits", "plus"]) {
            Some(Self::Nth)
        } else if is("segments", is_true, &[]) {
            Some(Self::Segments)
        } else {
            None
        }
    }
}

impl Template {
    pub(crate) fn compile(node: Node<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        Self::within(node, compiler, false)
    }

    /// Compiles a part of a template, which stands inside an `each` or not.
    fn within(node: Node<'_>, compiler: &Compiler<'_>, in_each: bool) -> Result<Self, ProfileError> {
        if node.is_list() {
            let items = node.list()?.into_iter().map(|item| Self::within(item, compiler, in_each));
            return items.collect::<Result<_, _>>().map(Self::List);
        }
        if !node.is_table() {
            return node.constant().map(Self::Constant);
        }
        let section = node.section()?;
        let leaf = |leaf: Result<Leaf, ProfileError>| leaf.map(|leaf| Self::Leaf(Box::new(leaf)));
        match Word::of(node) {
            Some(Word::Field) => leaf(Leaf::field(section, compiler)),
            Some(Word::Count) => leaf(Leaf::count(section, compiler)),
            Some(Word::Sum) => leaf(Leaf::sum(section, compiler)),
            Some(Word::Nth) if in_each => leaf(Leaf::nth(section, compiler)),
            Some(Word::Nth) => Err(node.error("expected `nth` inside of an `each`: it numbers its elements")),
            Some(Word::Segments) => Ok(Self::Segments),
            Some(Word::Each) => Self::each(section, compiler),
            Some(Word::When) => Self::when(section, compiler, in_each),
            None => {
                let mut fields = Vec::new();
                for (value, key) in in_order(&section) {
                    fields.push((key.into(), Self::within(value, compiler, in_each)?));
                }
                Ok(Self::Object(fields))
            }
        }
    }

    fn each(mut section: Section<'_>, compiler: &Compiler<'_>) -> Result<Self, ProfileError> {
        let each = compiler.each(section.required("each")?)?;
        let when = Guards::read(&mut section, "when", compiler)?;
        let item = Self::within(section.required("item")?, compiler, true)?;
        section.finish()?;
        Ok(Self::Each { each, when, item: Box::new(item) })
    }

    fn when(mut section: Section<'_>, compiler: &Compiler<'_>, in_each: bool) -> Result<Self, ProfileError> {
        let guards = Guards::read(&mut section, "when", compiler)?;
        let item = Self::within(section.required("item")?, compiler, in_each)?;
        let otherwise = section.optional("else").map(|node| Self::within(node, compiler, in_each)).transpose()?;
        section.finish()?;
        Ok(Self::When { guards, item: Box::new(item), otherwise: otherwise.map(Box::new) })
    }

    /// What it makes of an ask.
    ///
    /// # Errors
    /// When the ask lacks a field that must be there or holds what cannot be said, and when there is more of it than
    /// [`MAX_WRITTEN`].
    pub(crate) fn write(&self, scope: &Scope<'_>) -> Result<Written<'_>, Unreadable> {
        self.fill(scope, &mut 0)
    }

    fn fill(&self, scope: &Scope<'_>, filled: &mut usize) -> Result<Written<'_>, Unreadable> {
        *filled += 1;
        if *filled > MAX_WRITTEN {
            let detail = format!("makes a message of more than {MAX_WRITTEN} values; ask for less at once");
            return Err(scope.unreadable_here(UnreadableKind::TooLarge, detail));
        }
        Ok(match self {
            Self::Constant(value) => Written::Constant(value),
            Self::Leaf(leaf) => leaf.write(scope)?,
            Self::Segments => Written::Segments,
            Self::Each { each, when, item } => {
                let mut list = Vec::new();
                each.visit(scope, MAX_LINES, |element| {
                    if when.hold(element)? {
                        list.push(item.fill(element, filled)?);
                    }
                    Ok(())
                })?;
                Written::List(list)
            }
            Self::When { guards, item, otherwise } => match (guards.hold(scope)?, otherwise) {
                (true, _) => item.fill(scope, filled)?,
                (false, Some(otherwise)) => otherwise.fill(scope, filled)?,
                (false, None) => Written::Absent,
            },
            Self::Object(fields) => {
                let mut object = Vec::with_capacity(fields.len());
                for (key, template) in fields {
                    let written = template.fill(scope, filled)?;
                    if !matches!(written, Written::Absent) {
                        object.push((&**key, written));
                    }
                }
                Written::Object(object)
            }
            Self::List(items) => {
                let written = items.iter().map(|item| item.fill(scope, filled));
                Written::List(written.collect::<Result<_, _>>()?)
            }
        })
    }

    /// Whether a table of a template stands for what is inside of it.
    pub(crate) fn is_table_of_others(node: Node<'_>) -> bool {
        matches!(Word::of(node), Some(Word::Each | Word::When))
    }

    /// Whether a value of a template is one of a message, and no list or object.
    pub(crate) fn is_single(node: Node<'_>) -> bool {
        !node.is_list()
            && (!node.is_table() || matches!(Word::of(node), Some(word) if word != Word::Each && word != Word::When))
    }

    /// Whether any of it says how many segments stand before it.
    pub(crate) fn counts_segments(&self) -> bool {
        match self {
            Self::Segments => true,
            Self::Constant(_) | Self::Leaf(_) => false,
            Self::Each { item, .. } => item.counts_segments(),
            Self::When { item, otherwise, .. } => {
                item.counts_segments() || otherwise.as_ref().is_some_and(|otherwise| otherwise.counts_segments())
            }
            Self::Object(fields) => fields.iter().any(|(_, template)| template.counts_segments()),
            Self::List(items) => items.iter().any(Self::counts_segments),
        }
    }
}

/// The entries of a table in the order of the file.
pub(crate) fn in_order<'t>(section: &Section<'t>) -> Vec<(Node<'t>, &'t str)> {
    let mut entries: Vec<_> = section.entries().collect();
    entries.sort_by_key(|(.., at)| at.start());
    entries.into_iter().map(|(value, key, _)| (value, key)).collect()
}
