//! What formats of rows have in common: their limits, the names of their columns, and the rows that are broken.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::Fault;
use crate::source::{Node, ProfileError};
use crate::unreadable::{Unreadable, UnreadableKind};

/// The most rows or lines of one message.
pub const MAX_ROWS: usize = 200_000;

/// The most cells of one message that hold anything.
pub const MAX_CELLS: usize = 2_000_000;

/// The most columns of one row or line.
pub const MAX_COLUMNS: usize = 1_000;

/// The longest name of a column, in bytes.
pub const MAX_NAME: usize = 128;

/// The most broken rows or lines of a message of which the others are read.
pub const MAX_FAULTS: usize = 1_000;

/// What holds the rows that belong to nothing else.
pub(super) const ROWS: &str = "rows";

/// A text without the mark that DOS puts behind its end.
pub(super) fn before_end_mark(text: &str) -> &str {
    text.trim_end_matches('\u{1a}')
}

/// Refuses a list of names that cannot all name columns: says which, and why.
pub(super) fn check_names<'n>(names: impl Iterator<Item = &'n str>) -> Result<(), (usize, String)> {
    let mut seen = HashSet::new();
    for (nth, name) in names.enumerate() {
        if nth == MAX_COLUMNS {
            return Err((nth, format!("one of more than {MAX_COLUMNS} columns")));
        }
        if name.trim().is_empty() || name.len() > MAX_NAME {
            return Err((nth, format!("no name of 1 to {MAX_NAME} bytes")));
        }
        if !seen.insert(name) {
            return Err((nth, format!("`{name}`, the name of another column too")));
        }
    }
    Ok(())
}

/// The names of columns that a profile lists.
pub(crate) fn names(nodes: &[Node<'_>]) -> Result<Box<[Box<str>]>, ProfileError> {
    let names: Vec<_> = nodes.iter().map(Node::text).collect::<Result<_, _>>()?;
    check_names(names.iter().copied())
        .map_err(|(nth, wrong)| nodes[nth].error(format!("expected a column's name, found {wrong}")))?;
    Ok(names.into_iter().map(Box::from).collect())
}

/// The cells of a row that hold anything, without the blanks around them.
pub(super) fn cells<'r>(columns: impl Iterator<Item = (&'r str, &'r str)>) -> Map<String, Value> {
    columns
        .map(|(name, cell)| (name, cell.trim()))
        .filter(|(_, cell)| !cell.is_empty())
        .map(|(name, cell)| (name.to_owned(), Value::from(cell)))
        .collect()
}

/// What a message has used up of the limits, and what of it is broken.
#[derive(Debug, Default)]
pub(super) struct Tally {
    rows: usize,
    cells: usize,
    faults: Vec<Unreadable>,
}

impl Tally {
    /// Counts one more row; says which it is, from 0.
    pub(super) fn row(&mut self) -> Result<usize, Unreadable> {
        if self.rows == MAX_ROWS {
            return Err(too_large(format!("has more than {MAX_ROWS} rows; send it in parts")));
        }
        self.rows += 1;
        Ok(self.rows - 1)
    }

    /// Counts the cells of a row that is kept.
    pub(super) fn keep(&mut self, row: &Map<String, Value>) -> Result<(), Unreadable> {
        self.cells += row.len();
        if self.cells > MAX_CELLS {
            return Err(too_large(format!("has more than {MAX_CELLS} cells; send it in parts")));
        }
        Ok(())
    }

    /// Notes a broken part. A message that is broken all over is unreadable as a whole, for the first reason.
    pub(super) fn broken(&mut self, field: String, detail: String) -> Result<(), Unreadable> {
        if self.faults.len() == MAX_FAULTS {
            let first = self.faults.swap_remove(0);
            let detail = format!("{}; more than {MAX_FAULTS} others are broken, so none of it is read", first.detail);
            return Err(Unreadable { detail, ..first });
        }
        self.faults.push(Unreadable::new(UnreadableKind::Malformed, field, detail));
        Ok(())
    }

    /// What is left out of the tree.
    pub(super) fn into_faults(self) -> Vec<Fault> {
        self.faults.into_iter().map(|why| Fault { part: None, why }).collect()
    }
}

fn too_large(detail: String) -> Unreadable {
    Unreadable::new(UnreadableKind::TooLarge, "$", detail)
}

/// Numbers the lines of a text, asked for in their order.
#[derive(Debug)]
pub(super) struct LineCount<'t> {
    text: &'t [u8],
    at: usize,
    line: usize,
}

impl<'t> LineCount<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text: text.as_bytes(), at: 0, line: 1 }
    }

    /// The line, from 1, of the first letter at or after this byte that ends no line.
    pub(super) fn of(&mut self, byte: usize) -> usize {
        while let Some(letter) = self.text.get(self.at) {
            if self.at >= byte && !matches!(letter, b'\n' | b'\r') {
                break;
            }
            self.at += 1;
            let ends_here = *letter == b'\n' || (*letter == b'\r' && self.text.get(self.at) != Some(&b'\n'));
            self.line += usize::from(ends_here);
        }
        self.line
    }
}
