//! What compiling a part of a profile needs to know of the rest.

use std::collections::{BTreeMap, HashSet};

use jiff::tz::TimeZone;
use model::System;

use crate::field::Field;
use crate::guard::Guards;
use crate::path::{Lists, Path};
use crate::scope::Each;
use crate::source::{Node, ProfileError, Section};
use crate::words::Readable;

/// The most paths one field or `each` may try.
pub const MAX_ALTERNATIVES: usize = 16;

/// What compiling a part of a profile needs to know of the rest.
pub(crate) struct Compiler<'t> {
    /// The kind of system whose profile it is.
    pub(crate) system: System,
    /// The zone of times that state none.
    pub(crate) zone: Option<TimeZone>,
    pub(crate) tables: BTreeMap<Box<str>, Node<'t>>,
    /// What the paths take for a list.
    pub(crate) lists: Lists,
    /// What the guards of the rule leave open: where a value stands, and what it may be.
    choices: Vec<(Path, HashSet<Box<str>>)>,
}

impl<'t> Compiler<'t> {
    pub(crate) const fn new(system: System, zone: Option<TimeZone>, tables: BTreeMap<Box<str>, Node<'t>>) -> Self {
        Self { system, zone, tables, lists: Lists::Kept, choices: Vec::new() }
    }

    /// The same for messages in a format of its own.
    pub(crate) fn with_lists(&self, lists: Lists) -> Self {
        let (zone, tables) = (self.zone.clone(), self.tables.clone());
        Self { system: self.system, zone, tables, lists, choices: Vec::new() }
    }

    /// The same for what is read only where these guards hold.
    pub(crate) fn where_held(&self, guards: &Guards) -> Self {
        let choices = guards.choices().map(|(path, wanted)| (path.clone(), wanted.clone())).collect();
        Self { choices, ..self.with_lists(self.lists) }
    }

    /// The same for the elements of a list further in.
    pub(crate) fn inside(&self) -> Self {
        self.with_lists(self.lists)
    }

    /// What the value that these paths lead to can only be, if the guards say it.
    pub(crate) fn choice(&self, paths: &[Path]) -> Option<&HashSet<Box<str>>> {
        let [path] = paths else { return None };
        self.choices.iter().find(|(guarded, _)| guarded == path).map(|(_, wanted)| wanted)
    }

    /// The code tables that are named: one, or a list of which the first that has a code counts.
    pub(crate) fn code_tables(&self, names: Node<'_>) -> Result<Vec<Section<'t>>, ProfileError> {
        let named = names.one_or_more();
        if named.is_empty() || named.len() > MAX_ALTERNATIVES {
            return Err(names.error(format!("expected a table's name or a list of 1 to {MAX_ALTERNATIVES}")));
        }
        named.into_iter().map(|name| self.table(name)).collect()
    }

    fn table(&self, name: Node<'_>) -> Result<Section<'t>, ProfileError> {
        let wanted = name.text()?;
        let table = self.tables.get(wanted).ok_or_else(|| {
            let known = self.tables.keys().map(AsRef::as_ref).collect::<Vec<_>>().join("`, `");
            let expected = if known.is_empty() {
                "there is none here; expected a section `[table.<name>]`".to_owned()
            } else {
                format!("expected one of `{known}`, each a section `[table.<name>]`")
            };
            name.error(format!("no table `{wanted}`; {expected}, or one that comes with Waybill"))
        })?;
        table.section()
    }

    /// A path that leads to one value.
    pub(crate) fn path(&self, node: Node<'_>) -> Result<Path, ProfileError> {
        let path = Path::parse(node.text()?, self.lists).map_err(|problem| node.error(problem))?;
        if path.fans_out {
            return Err(node.error("`[*]` belongs into `each` only; expected a path to one value"));
        }
        Ok(path)
    }

    /// A path that leads to one value, or to a list of them.
    pub(crate) fn path_to_any(&self, node: Node<'_>) -> Result<Path, ProfileError> {
        let path = Path::parse(node.text()?, self.lists).map_err(|problem| node.error(problem))?;
        if path.inner.is_some() {
            return Err(node.error("`[*]` may only end this path; what lies further in is there for the expression"));
        }
        Ok(path)
    }

    /// A path, or a list of them.
    pub(crate) fn paths(&self, node: Node<'_>) -> Result<Box<[Path]>, ProfileError> {
        Self::alternatives(node)?.into_iter().map(|path| self.path(path)).collect()
    }

    /// Paths that may end in `[*]`.
    pub(crate) fn each(&self, node: Node<'_>) -> Result<Each, ProfileError> {
        let parse = |node: Node<'_>| Path::parse(node.text()?, self.lists).map_err(|problem| node.error(problem));
        Self::alternatives(node)?.into_iter().map(parse).collect::<Result<_, _>>().map(Each)
    }

    fn alternatives(node: Node<'_>) -> Result<Vec<Node<'_>>, ProfileError> {
        let paths = node.one_or_more();
        if paths.is_empty() || paths.len() > MAX_ALTERNATIVES {
            return Err(node.error(format!("expected a path or a list of 1 to {MAX_ALTERNATIVES} paths")));
        }
        Ok(paths)
    }

    /// The field that must stand under `key`.
    pub(crate) fn field<T: Readable>(
        &self,
        section: &mut Section<'_>,
        key: &'static str,
    ) -> Result<Field<T>, ProfileError> {
        Field::compile(section.required(key)?, self)
    }

    /// The field that may stand under `key`.
    pub(crate) fn optional<T: Readable>(
        &self,
        section: &mut Section<'_>,
        key: &'static str,
    ) -> Result<Option<Field<T>>, ProfileError> {
        section.optional(key).map(|node| Field::compile(node, self)).transpose()
    }
}
