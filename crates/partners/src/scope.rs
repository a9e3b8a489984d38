//! Where in a message a rule is reading.

use std::fmt::Write as _;

use serde_json::Value;

use crate::path::{Lists, Path};
use crate::unreadable::{Unreadable, UnreadableKind};

/// An element of a message and the elements around it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) node: &'a Value,
    outer: Option<(&'a Scope<'a>, &'a Path, usize)>,
}

impl<'a> Scope<'a> {
    pub(crate) const fn of_message(tree: &'a Value) -> Self {
        Self { node: tree, outer: None }
    }

    /// The scope this many `each` further out.
    pub(crate) fn outward(&self, levels: usize) -> Option<&Self> {
        let mut scope = self;
        for _ in 0..levels {
            scope = scope.outer?.0;
        }
        Some(scope)
    }

    /// Which element of its list it is, counted from 0.
    pub(crate) fn nth(&self) -> usize {
        self.outer.map_or(0, |(.., nth)| nth)
    }

    /// The scope of the whole message.
    pub(crate) fn message(&self) -> &Self {
        let mut scope = self;
        while let Some((outer, ..)) = scope.outer {
            scope = outer;
        }
        scope
    }

    /// Where the element is, as a path from the message's top.
    pub(crate) fn locate(&self) -> String {
        let Some((outer, path, nth)) = self.outer else { return String::new() };
        let mut place = path.locate(outer);
        if path.fans_out {
            let _ = write!(place, "[{nth}]");
        }
        place
    }

    /// A reason that names where `path` leads.
    pub(crate) fn unreadable(&self, kind: UnreadableKind, path: &Path, detail: impl Into<String>) -> Unreadable {
        let place = path.locate(self);
        Unreadable::new(kind, if place.is_empty() { "$".to_owned() } else { place }, detail)
    }

    /// A reason that names the element itself.
    pub(crate) fn unreadable_here(&self, kind: UnreadableKind, detail: impl Into<String>) -> Unreadable {
        let place = self.locate();
        Unreadable::new(kind, if place.is_empty() { "$".to_owned() } else { place }, detail)
    }
}

/// How many of the elements that an `each` may have are left.
struct Left {
    limit: usize,
    most: usize,
}

impl Left {
    fn take(&mut self, elements: usize) -> Result<(), String> {
        let all = self.most - self.limit + elements;
        let too_many = || format!("has {all} elements; the limit is {}", self.most);
        self.limit = self.limit.checked_sub(elements).ok_or_else(too_many)?;
        Ok(())
    }
}

/// Where the elements of an `each` are: the first of the paths that leads anywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Each(pub(crate) Box<[Path]>);

impl Each {
    /// Visits every element in turn; says whether there was a place for any.
    ///
    /// # Errors
    /// What `visit` fails with; when there are more than `limit` elements; and when a path with `[*]` leads to something
    /// other than a list, and no other path leads anywhere.
    pub(crate) fn visit(
        &self,
        scope: &Scope<'_>,
        limit: usize,
        mut visit: impl FnMut(&Scope<'_>) -> Result<(), Unreadable>,
    ) -> Result<bool, Unreadable> {
        self.visit_all(scope, limit, |element| match element {
            Ok(element) => visit(element),
            Err(_) => Ok(()),
        })
    }

    /// The same, and visits every element too from which the path leads no further inwards, with that path.
    ///
    /// # Errors
    /// As [`Each::visit`].
    pub(crate) fn visit_all(
        &self,
        scope: &Scope<'_>,
        limit: usize,
        mut visit: impl FnMut(Result<&Scope<'_>, (&Scope<'_>, &Path)>) -> Result<(), Unreadable>,
    ) -> Result<bool, Unreadable> {
        Self::visit_within(&self.0, scope, &mut Left { limit, most: limit }, &mut visit)
    }

    fn visit_within(
        paths: &[Path],
        scope: &Scope<'_>,
        left: &mut Left,
        visit: &mut impl FnMut(Result<&Scope<'_>, (&Scope<'_>, &Path)>) -> Result<(), Unreadable>,
    ) -> Result<bool, Unreadable> {
        let Some((path, elements)) = Self::elements(paths, scope)? else { return Ok(false) };
        left.take(elements.len()).map_err(|detail| scope.unreadable(UnreadableKind::TooLarge, path, detail))?;
        for (nth, node) in elements.iter().enumerate() {
            let element = Scope { node, outer: Some((scope, path, nth)) };
            match &path.inner {
                None => visit(Ok(&element))?,
                Some(inner) => {
                    if !Self::visit_within(std::slice::from_ref(inner), &element, left, visit)? {
                        visit(Err((&element, inner)))?;
                    }
                }
            }
        }
        Ok(true)
    }

    /// A reason that names where the elements should have been.
    pub(crate) fn unreadable(&self, scope: &Scope<'_>, kind: UnreadableKind, detail: &str) -> Unreadable {
        match self.0.first() {
            Some(path) => scope.unreadable(kind, path, detail),
            None => scope.unreadable_here(kind, detail),
        }
    }

    fn elements<'p, 'a>(paths: &'p [Path], scope: &Scope<'a>) -> Result<Option<(&'p Path, &'a [Value])>, Unreadable> {
        let mut wrong = None;
        for path in paths {
            match path.follow(scope) {
                None => {}
                Some(node) if path.fans_out => match path.lists.elements(node) {
                    Some(elements) => return Ok(Some((path, elements))),
                    None => wrong = wrong.or(Some((path, "is not a list"))),
                },
                Some(Value::Array(elements)) if path.lists == Lists::WalkedThrough && elements.len() == 1 => {
                    return Ok(Some((path, elements)));
                }
                Some(Value::Array(_)) => wrong = wrong.or(Some((path, "is a list; expected one element"))),
                Some(element) => return Ok(Some((path, std::slice::from_ref(element)))),
            }
        }
        match wrong {
            Some((path, detail)) => Err(scope.unreadable(UnreadableKind::WrongValue, path, detail)),
            None => Ok(None),
        }
    }
}
