//! Separated values: one row a line, its cells in columns.
//!
//! `format = "csv"` is all that a file with commas, double quotes and a line of headings needs. Other files have a table,
//! `format = { csv = { … } }` or a section `[in.<message>.format.csv]`, with these keys, all optional:
//!
//! | key | means |
//! |---|---|
//! | `separator` | the character between cells, such as `";"` or `"\t"`; a comma when not given |
//! | `quote` | the character around a cell that holds separators or line ends, doubled where it is part of the cell; `"` when not given, and `""` where nothing is quoted |
//! | `header` | whether the first line names the columns; `true` when not given |
//! | `columns` | the names of the columns in their order, instead of those in the first line; needed where there are none |
//! | `group_by` | a column, or a list of columns: rows in which they are the same make a group, such as the lines of one order |
//!
//! The tree is `{"rows": [{"order": "1", "qty": "2"}]}`, or with `group_by = "order"`
//! `{"groups": [{"order": "1", "rows": [{"order": "1", "qty": "2"}]}]}`: groups in the order of their first rows, whose rows
//! need not follow each other. Cells lose the blanks around them, and those that are empty are left out. So are rows of
//! nothing but empty cells. A line may end in CR, LF or both.
//!
//! A row with more or fewer cells than there are columns is broken. It takes its group with it, as far as that can be told: an
//! order that lacks a line must not be taken for the whole. A reason names it by its line, and by its place among all rows of
//! the file, sound or not, from 0. A quote that is never closed makes the message unreadable.

use std::collections::HashMap;
use std::io::Read as _;

use csv::{ReaderBuilder, StringRecord};
use serde_json::{Map, Value};

use super::Tree;
use super::rows::{LineCount, ROWS, Tally, before_end_mark, cells, check_names, names};
use crate::field::shown;
use crate::source::{Node, ProfileError, Section};
use crate::unreadable::{Unreadable, UnreadableKind};

/// A last row put behind the message: when it does not come out as a row, a quote was open before it.
const END: &str = "\n\u{1}";

/// How a file of separated values is written.
#[derive(Debug, Default)]
pub(crate) struct Csv {
    marks: Marks,
    columns: Box<[Box<str>]>,
    group_by: Box<[Box<str>]>,
}

/// What sets values apart, and whether a line says what they are: the same for what is read and what is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Marks {
    pub(crate) separator: u8,
    pub(crate) quote: Option<u8>,
    pub(crate) header: bool,
}

impl Default for Marks {
    fn default() -> Self {
        Self { separator: b',', quote: Some(b'"'), header: true }
    }
}

impl Marks {
    /// Reads the keys `separator`, `quote` and `header`.
    pub(crate) fn compile(section: &mut Section<'_>) -> Result<Self, ProfileError> {
        let mut marks = Self::default();
        if let Some(separator) = section.optional("separator") {
            marks.separator = letter(separator)?;
        }
        if let Some(quote) = section.optional("quote") {
            marks.quote = if quote.text()?.is_empty() { None } else { Some(letter(quote)?) };
        }
        if marks.quote == Some(marks.separator) {
            return Err(section.error("expected a `separator` that is not the `quote`"));
        }
        if let Some(header) = section.optional("header") {
            marks.header = header.flag()?;
        }
        Ok(marks)
    }
}

impl Csv {
    pub(super) fn compile(node: Node<'_>) -> Result<Self, ProfileError> {
        let mut section = node.section()?;
        let mut csv = Self { marks: Marks::compile(&mut section)?, ..Self::default() };
        match section.optional("columns") {
            Some(columns) => {
                csv.columns = names(&columns.list()?)?;
                if csv.columns.is_empty() {
                    return Err(columns.error("expected at least one column"));
                }
            }
            None if csv.marks.header => {}
            None => return Err(section.error("expected the key `columns`: without a header line they have no names")),
        }
        if let Some(group_by) = section.optional("group_by") {
            csv.group_by = Self::group_by(group_by, &csv.columns)?;
        }
        section.finish()?;
        Ok(csv)
    }

    fn group_by(node: Node<'_>, columns: &[Box<str>]) -> Result<Box<[Box<str>]>, ProfileError> {
        let nodes = node.one_or_more();
        let group_by = names(&nodes)?;
        if group_by.is_empty() {
            return Err(node.error("expected a column, or a list of columns"));
        }
        for (node, name) in nodes.iter().zip(&group_by) {
            if &**name == ROWS {
                return Err(node.error("expected another name than `rows`, under which a group has its rows"));
            }
            if !columns.is_empty() && !columns.contains(name) {
                return Err(node.error(format!("no column `{name}` in `columns`")));
            }
        }
        Ok(group_by)
    }

    /// The message as a tree.
    ///
    /// # Errors
    /// When its header line is not as the profile says, a quote is left open, or it is beyond a limit.
    pub(super) fn read(&self, text: &str) -> Result<Tree, Unreadable> {
        let text = before_end_mark(text);
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.marks.separator)
            .quoting(self.marks.quote.is_some())
            .quote(self.marks.quote.unwrap_or(b'"'))
            .from_reader(text.as_bytes().chain(END.as_bytes()));
        let mut rows = Rows::new(self, text);
        let mut record = StringRecord::new();
        while reader.read_record(&mut record).map_err(|error| malformed(format!("is no CSV: {error}")))? {
            let at = begin(&record, text);
            if at >= text.len() {
                return rows.end();
            }
            rows.at = at;
            if record.iter().any(|cell| !cell.trim().is_empty()) {
                rows.record(&record)?;
            }
        }
        let line = rows.lines.of(rows.at);
        let detail = "close it, or double a quote that is part of a cell";
        Err(malformed(format!("has a quote that is never closed, in the row from line {line} on; {detail}")))
    }
}

/// A separator or quote: a character of one byte that ends no line.
fn letter(node: Node<'_>) -> Result<u8, ProfileError> {
    match node.text()?.as_bytes() {
        [letter] if *letter == b'\t' || letter.is_ascii_graphic() || *letter == b' ' => Ok(*letter),
        _ => Err(node.error("expected one ASCII character, or `\\t`")),
    }
}

/// The byte of the text that a record begins at. The reader counts the line ends before it in.
fn begin(record: &StringRecord, text: &str) -> usize {
    let at = record.position().map_or(0, |position| usize::try_from(position.byte()).unwrap_or(usize::MAX));
    let rest = text.as_bytes().get(at..).unwrap_or_default();
    at + rest.iter().take_while(|letter| matches!(letter, b'\n' | b'\r')).count()
}

fn malformed(detail: String) -> Unreadable {
    Unreadable::new(UnreadableKind::Malformed, "$", detail)
}

/// The rows of a message being read.
struct Rows<'c, 't> {
    csv: &'c Csv,
    lines: LineCount<'t>,
    /// Where the record begins that is being read, in bytes.
    at: usize,
    /// The names of the columns, once they are known.
    columns: Option<Box<[Box<str>]>>,
    /// Which columns tell the group of a row.
    keys: Vec<usize>,
    tally: Tally,
    rows: Vec<Value>,
    groups: Vec<Group>,
    places: HashMap<Vec<Box<str>>, usize>,
}

struct Group {
    fields: Map<String, Value>,
    rows: Vec<Value>,
    is_broken: bool,
}

impl<'c, 't> Rows<'c, 't> {
    fn new(csv: &'c Csv, text: &'t str) -> Self {
        Self {
            csv,
            lines: LineCount::new(text),
            at: 0,
            columns: None,
            keys: Vec::new(),
            tally: Tally::default(),
            rows: Vec::new(),
            groups: Vec::new(),
            places: HashMap::new(),
        }
    }

    fn record(&mut self, record: &StringRecord) -> Result<(), Unreadable> {
        let Some(columns) = &self.columns else {
            let is_header = self.csv.marks.header;
            let columns = if is_header { self.header(record)? } else { self.csv.columns.clone() };
            self.keys = self.keys(&columns)?;
            self.columns = Some(columns);
            return if is_header { Ok(()) } else { self.record(record) };
        };
        let nth = self.tally.row()?;
        if record.len() != columns.len() {
            let cells = if record.len() == 1 { "cell" } else { "cells" };
            let detail = format!("has {} {cells}; expected {}, one for each column", record.len(), columns.len());
            return self.broken(nth, &detail, record);
        }
        let row = cells(columns.iter().map(|name| &**name).zip(record));
        self.tally.keep(&row)?;
        if self.keys.is_empty() {
            self.rows.push(Value::from(row));
            return Ok(());
        }
        match self.group(record) {
            Ok(group) => group.rows.push(Value::from(row)),
            Err(absent) => return self.broken(nth, &format!("has no `{absent}`, which tells its group"), record),
        }
        Ok(())
    }

    /// The columns as the first line names them, or the profile instead of it.
    fn header(&mut self, record: &StringRecord) -> Result<Box<[Box<str>]>, Unreadable> {
        let line = self.lines.of(self.at);
        let expected = self.csv.columns.len();
        if expected > 0 && expected != record.len() {
            let detail = format!("has {} columns on line {line}; the profile names {expected}", record.len());
            return Err(malformed(detail));
        }
        if expected > 0 {
            return Ok(self.csv.columns.clone());
        }
        check_names(record.iter().map(str::trim)).map_err(|(nth, wrong)| {
            let which = nth + 1;
            malformed(format!(
                "has as heading {which} on line {line} {wrong}; mend it, or name the `columns` in the profile"
            ))
        })?;
        Ok(record.iter().map(|name| name.trim().into()).collect())
    }

    fn keys(&self, columns: &[Box<str>]) -> Result<Vec<usize>, Unreadable> {
        let place = |key: &str| {
            columns.iter().position(|name| &**name == key).ok_or_else(|| {
                malformed(format!("has no column `{key}` among its headings, by which the profile groups the rows"))
            })
        };
        self.csv.group_by.iter().map(|key| place(key)).collect()
    }

    /// The group of a row, which may be a new one; where it cannot be told, the column that is absent.
    fn group(&mut self, record: &StringRecord) -> Result<&mut Group, &'c str> {
        let mut key = Vec::with_capacity(self.keys.len());
        for (name, place) in self.csv.group_by.iter().zip(&self.keys) {
            let cell = record.get(*place).map(str::trim).filter(|cell| !cell.is_empty());
            key.push(Box::from(cell.ok_or(&**name)?));
        }
        let groups = &mut self.groups;
        let place = *self.places.entry(key).or_insert_with_key(|key| {
            let fields = cells(self.csv.group_by.iter().map(|name| &**name).zip(key.iter().map(|cell| &**cell)));
            groups.push(Group { fields, rows: Vec::new(), is_broken: false });
            groups.len() - 1
        });
        Ok(&mut groups[place])
    }

    fn broken(&mut self, nth: usize, wrong: &str, record: &StringRecord) -> Result<(), Unreadable> {
        let line = self.lines.of(self.at);
        let mut detail = format!("on line {line} {wrong}");
        if !self.keys.is_empty()
            && let Ok(group) = self.group(record)
        {
            group.is_broken = true;
            let key: Vec<_> =
                self.keys.iter().filter_map(|place| record.get(*place)).map(|cell| shown(cell.trim())).collect();
            detail.push_str(&format!("; the other rows of `{}` are left out with it", key.join("`, `")));
        }
        self.tally.broken(format!("{ROWS}[{nth}]"), detail)
    }

    fn end(self) -> Result<Tree, Unreadable> {
        if self.columns.is_none() && self.csv.marks.header {
            return Err(malformed("is empty; expected a line that names the columns".to_owned()));
        }
        let (name, list) = if self.csv.group_by.is_empty() {
            (ROWS, self.rows)
        } else {
            let sound = self.groups.into_iter().filter(|group| !group.is_broken).map(|group| {
                let mut fields = group.fields;
                fields.insert(ROWS.to_owned(), Value::from(group.rows));
                Value::from(fields)
            });
            ("groups", sound.collect())
        };
        let root = Value::from(Map::from_iter([(name.to_owned(), Value::from(list))]));
        Ok(Tree::of_rows(root, self.tally.into_faults()))
    }
}

#[cfg(test)]
mod tests;
