//! Fixed width: lines whose columns have positions.
//!
//! `format = { fixed = { … } }`, or a section `[in.<message>.format.fixed]`, with `columns` where all lines are alike, or with
//! `code` and `records` where each line says what it is:
//!
//! | key | means |
//! |---|---|
//! | `columns` | a list of `{ name = "sku", from = 1, length = 10 }`: positions count characters, from 1 |
//! | `code` | `{ from = 1, length = 2 }`: where a line has the code of its record |
//! | `records` | a table: for each code `columns`, and `under` where it belongs to the record of another code before it |
//!
//! ```toml
//! [in.orders.format.fixed]
//! code = { from = 1, length = 1 }
//! records.H = { columns = [{ name = "order", from = 2, length = 8 }] }
//! records.D = { columns = [{ name = "sku", from = 2, length = 10 }], under = "H" }
//! records.T = {}
//! ```
//!
//! The tree is `{"rows": [{"sku": "A"}]}`, or with records `{"H": [{"order": "1", "D": [{"sku": "A"}]}], "T": [{}]}`. Values lose
//! the blanks around them, and those that are empty or past the end of a line are left out; so are blank lines. What a line
//! holds outside of its columns is not looked at.
//!
//! A line with a code that is not in `records` is broken, and so is one whose `under` does not stand before it. If it may have
//! belonged to the record of several lines that was open, all of that is left out, up to the next such record: an order that
//! lacks a line must not be taken for the whole, and the lines of the next one must not be taken for its own.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

use super::Tree;
use super::rows::{LineCount, ROWS, Tally, before_end_mark, cells, names};
use crate::field::shown;
use crate::source::{Node, ProfileError, Section};
use crate::unreadable::Unreadable;

/// The most kinds of records a profile may list.
pub const MAX_RECORDS: usize = 64;

/// The most characters of a line that columns may reach over.
pub const MAX_WIDTH: usize = 65_536;

/// How a file of fixed width is written.
#[derive(Debug)]
pub(crate) enum Fixed {
    Rows(Box<[Column]>),
    Records(Records),
}

/// How lines that say what they are are written.
#[derive(Debug)]
pub(crate) struct Records {
    code: Span,
    records: Vec<Record>,
    by_code: HashMap<Box<str>, usize>,
}

#[derive(Debug)]
struct Record {
    code: Box<str>,
    /// In the order of their positions.
    columns: Box<[Column]>,
    under: Option<usize>,
    /// Whether others may stand under it.
    holds_others: bool,
}

/// Characters of a line, counted from 0.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub(crate) from: usize,
    pub(crate) length: usize,
}

#[derive(Debug)]
pub(crate) struct Column {
    name: Box<str>,
    span: Span,
}

impl Fixed {
    pub(super) fn compile(node: Node<'_>) -> Result<Self, ProfileError> {
        let mut section = node.section()?;
        let format = match (section.optional("columns"), section.optional("records")) {
            (Some(columns), None) => {
                let list = columns_of(columns)?;
                if list.is_empty() {
                    return Err(columns.error("expected at least one column"));
                }
                Self::Rows(list)
            }
            (None, Some(records)) => {
                let at = section.required("code")?;
                let mut code = at.section()?;
                let span = Span::compile(&mut code)?;
                code.finish()?;
                Self::Records(Records::compile(records, span)?)
            }
            _ => return Err(section.error("expected either `columns`, or `code` and `records`")),
        };
        section.finish()?;
        Ok(format)
    }

    /// The message as a tree.
    ///
    /// # Errors
    /// When it is beyond a limit, or broken all over.
    pub(super) fn read(&self, text: &str) -> Result<Tree, Unreadable> {
        let text = before_end_mark(text);
        match self {
            Self::Rows(columns) => rows(columns, text),
            Self::Records(records) => records.read(text),
        }
    }
}

impl Span {
    /// The character behind the last.
    pub(crate) const fn end(self) -> usize {
        self.from + self.length
    }

    /// Reads the keys `from` and `length`.
    pub(crate) fn compile(section: &mut Section<'_>) -> Result<Self, ProfileError> {
        let from = section.required("from")?;
        let length = section.required("length")?;
        let expected = |node: Node<'_>, most: usize| {
            let number = node.number()? as usize;
            if (1..=most).contains(&number) {
                return Ok(number);
            }
            Err(node.error(format!("expected a number from 1; a line is read up to character {MAX_WIDTH}")))
        };
        let from = expected(from, MAX_WIDTH)? - 1;
        Ok(Self { from, length: expected(length, MAX_WIDTH - from)? })
    }
}

/// Columns by their positions, no two of which overlap or have one name.
fn columns_of(node: Node<'_>) -> Result<Box<[Column]>, ProfileError> {
    let mut named = Vec::new();
    let mut columns = Vec::new();
    for node in node.list()? {
        let mut section = node.section()?;
        named.push(section.required("name")?);
        columns.push((Span::compile(&mut section)?, node));
        section.finish()?;
    }
    let mut columns: Vec<_> =
        names(&named)?.into_iter().zip(columns).map(|(name, (span, node))| (Column { name, span }, node)).collect();
    columns.sort_by_key(|(column, _)| column.span.from);
    for pair in columns.windows(2) {
        let [(first, _), (second, node)] = pair else { continue };
        if first.span.from + first.span.length > second.span.from {
            return Err(node.error(format!("`{}` overlaps with `{}`; expected columns apart", second.name, first.name)));
        }
    }
    Ok(columns.into_iter().map(|(column, _)| column).collect())
}

/// The columns of a line; they come in the order of their positions, so that it is gone through once.
fn read_columns(line: &str, columns: &[Column]) -> Map<String, Value> {
    let (mut rest, mut at) = (line, 0);
    cells(columns.iter().map(|column| {
        rest = after(rest, column.span.from - at);
        let following = after(rest, column.span.length);
        at = column.span.from + column.span.length;
        let cell = &rest[..rest.len() - following.len()];
        rest = following;
        (&*column.name, cell)
    }))
}

/// What follows this many characters.
fn after(text: &str, characters: usize) -> &str {
    text.char_indices().nth(characters).map_or("", |(at, _)| &text[at..])
}

/// The lines that are not blank, each with the byte it begins at.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut next = 0;
    text.split(['\n', '\r'])
        .map(move |line| {
            let at = next;
            next += line.len() + 1;
            (at, line)
        })
        .filter(|(_, line)| !line.trim().is_empty())
}

fn rows(columns: &[Column], text: &str) -> Result<Tree, Unreadable> {
    let mut tally = Tally::default();
    let mut rows = Vec::new();
    for (_, line) in lines(text) {
        tally.row()?;
        let row = read_columns(line, columns);
        tally.keep(&row)?;
        rows.push(Value::from(row));
    }
    Ok(Tree::from(Value::from(Map::from_iter([(ROWS.to_owned(), Value::from(rows))]))))
}

impl Records {
    fn compile(node: Node<'_>, code: Span) -> Result<Self, ProfileError> {
        let mut records = Vec::new();
        let mut by_code = HashMap::new();
        let mut belongings = Vec::new();
        for (node, name, at) in node.section()?.entries() {
            if name.trim() != name || name.is_empty() || name.chars().count() > code.length {
                let length = code.length;
                return Err(at.error(format!("expected a code of 1 to {length} characters, without blanks around it")));
            }
            if records.len() == MAX_RECORDS {
                return Err(at.error(format!("expected at most {MAX_RECORDS} records")));
            }
            let mut section = node.section()?;
            let columns = section.optional("columns").map_or_else(|| Ok(Box::default()), columns_of)?;
            if let Some(under) = section.optional("under") {
                belongings.push((records.len(), under));
            }
            section.finish()?;
            by_code.insert(Box::from(name), records.len());
            records.push(Record { code: name.into(), columns, under: None, holds_others: false });
        }
        if records.is_empty() {
            return Err(node.error("expected at least one record"));
        }
        let mut format = Self { code, records, by_code };
        for (nth, under) in belongings {
            format.put_under(nth, under)?;
        }
        Ok(format)
    }

    fn put_under(&mut self, nth: usize, node: Node<'_>) -> Result<(), ProfileError> {
        let name = node.text()?;
        let Some(&parent) = self.by_code.get(name) else {
            return Err(node.error(format!("no record `{name}` in `records`")));
        };
        let code = self.records[nth].code.clone();
        if self.records[parent].columns.iter().any(|column| column.name == code) {
            return Err(
                node.error(format!("`{name}` has a column `{code}`, so that no record can have that name there"))
            );
        }
        let mut above = Some(parent);
        while let Some(record) = above {
            if record == nth {
                return Err(node.error(format!("`{code}` would stand under itself")));
            }
            above = self.records[record].under;
        }
        self.records[nth].under = Some(parent);
        self.records[parent].holds_others = true;
        Ok(())
    }

    fn read(&self, text: &str) -> Result<Tree, Unreadable> {
        let mut reading = Reading {
            format: self,
            lines: LineCount::new(text),
            tally: Tally::default(),
            open: Vec::new(),
            lost: false,
            counts: vec![0; self.records.len()],
            root: Map::new(),
        };
        for (at, line) in lines(text) {
            reading.tally.row()?;
            let code = after(line, self.code.from);
            let code = code[..code.len() - after(code, self.code.length).len()].trim();
            match self.by_code.get(code) {
                Some(record) => reading.line(*record, line, at)?,
                None => reading.unknown(code, at)?,
            }
        }
        reading.close(0);
        Ok(Tree::of_rows(Value::from(reading.root), reading.tally.into_faults()))
    }

    fn codes(&self) -> String {
        let codes: BTreeMap<_, _> = self.by_code.iter().collect();
        codes.into_keys().map(|code| format!("`{code}`")).collect::<Vec<_>>().join(", ")
    }
}

/// A message being read.
struct Reading<'f, 't> {
    format: &'f Records,
    lines: LineCount<'t>,
    tally: Tally,
    /// The records that others may still stand under, the outermost first.
    open: Vec<Open>,
    /// Whether what could stand under another goes with a record that was left out.
    lost: bool,
    /// How many there were of each record that stands under none.
    counts: Vec<usize>,
    root: Map<String, Value>,
}

struct Open {
    record: usize,
    /// The line it stands on.
    line: usize,
    fields: Map<String, Value>,
}

impl Reading<'_, '_> {
    fn line(&mut self, record: usize, line: &str, at: usize) -> Result<(), Unreadable> {
        let known = &self.format.records[record];
        let depth = match known.under {
            None => {
                self.lost = false;
                self.counts[record] += 1;
                0
            }
            Some(_) if self.lost => return Ok(()),
            Some(under) => match self.open.iter().rposition(|open| open.record == under) {
                Some(parent) => parent + 1,
                None => return self.orphan(known, under, at),
            },
        };
        let fields = read_columns(line, &known.columns);
        self.tally.keep(&fields)?;
        self.close(depth);
        self.open.push(Open { record, line: self.lines.of(at), fields });
        Ok(())
    }

    /// Puts the open records from this depth on where they belong.
    fn close(&mut self, depth: usize) {
        while self.open.len() > depth {
            let Some(closed) = self.open.pop() else { return };
            let holder = self.open.last_mut().map_or(&mut self.root, |open| &mut open.fields);
            let code = &*self.format.records[closed.record].code;
            // No column has the name of a record that stands under it, so what is there is a list.
            if let Value::Array(list) = holder.entry(code).or_insert_with(|| Value::Array(Vec::new())) {
                list.push(Value::from(closed.fields));
            }
        }
    }

    fn orphan(&mut self, record: &Record, under: usize, at: usize) -> Result<(), Unreadable> {
        let line = self.lines.of(at);
        let under = &self.format.records[under].code;
        let code = &record.code;
        self.broken(format!("has on line {line} a record `{code}` without the `{under}` that it stands under"))
    }

    fn unknown(&mut self, code: &str, at: usize) -> Result<(), Unreadable> {
        let line = self.lines.of(at);
        let known = self.format.codes();
        self.broken(format!("has on line {line} the code `{}`; expected {known}", shown(code)))
    }

    /// Leaves out a line, and with it the record of several lines that it may have belonged to.
    fn broken(&mut self, wrong: String) -> Result<(), Unreadable> {
        let Some(outermost) = self.open.first() else { return self.tally.broken("$".to_owned(), wrong) };
        let record = &self.format.records[outermost.record];
        if !record.holds_others {
            return self.tally.broken("$".to_owned(), wrong);
        }
        let field = format!("{}[{}]", record.code, self.counts[outermost.record].saturating_sub(1));
        let detail = format!("{wrong}; all of it is left out, from line {} on", outermost.line);
        self.open.clear();
        self.lost = true;
        self.tally.broken(field, detail)
    }
}

#[cfg(test)]
mod tests;
