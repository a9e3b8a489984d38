//! Separated values, written: one line a row.
//!
//! `format = "csv"` writes commas, double quotes where a cell needs them, and a line of headings. Others have a table,
//! `format = { csv = { … } }`, with these keys, all optional:
//!
//! | key | means |
//! |---|---|
//! | `separator` | the character between cells, such as `";"` or `"\t"`; a comma when not given |
//! | `quote` | the character around a cell that needs it, doubled within; `"` when not given, and `""` where nothing is quoted |
//! | `header` | whether the first line names the columns; `true` when not given |
//! | `columns` | the columns in their order; those of the first row of the template, in the order of the file, when not given |
//! | `line_end` | `"lf"`, or `"crlf"` |
//!
//! A row is a table of cells by the names of their columns; a cell that is absent is empty. Where nothing is quoted, a cell that
//! would need it is an error, or has the text of `replace` in place of the character.

use csv::{QuoteStyle, Terminator, WriterBuilder};

use super::letters::Letters;
use super::rows::{LineEnd, visit};
use super::{parts, within};
use crate::format::csv::Marks;
use crate::format::rows::names;
use crate::out::{Template, Word, Written, in_order};
use crate::source::{Node, ProfileError, Section};
use crate::unreadable::{Unreadable, UnreadableKind};

/// How a message of separated values is written.
#[derive(Debug)]
pub(crate) struct Csv {
    marks: Marks,
    columns: Box<[Box<str>]>,
    line_end: LineEnd,
}

impl Csv {
    pub(super) fn compile(options: Option<Node<'_>>, body: Node<'_>) -> Result<Self, ProfileError> {
        let mut csv = Self { marks: Marks::default(), columns: Box::default(), line_end: LineEnd::Lf };
        let mut columns = None;
        if let Some(options) = options {
            let mut section = options.section()?;
            columns = csv.options(&mut section)?;
            section.finish()?;
        }
        csv.columns = match columns {
            Some(columns) => columns,
            None => first_row(body)?,
        };
        let known = &csv.columns;
        parts(body, is_row, &mut |row| {
            if !is_row(row) {
                return Err(row.error("expected a row: a table of cells by the names of their columns"));
            }
            for (cell, name, at) in row.section()?.entries() {
                if !known.iter().any(|column| **column == *name) {
                    return Err(at.error(format!("no column `{name}`; expected one of `{}`", known.join("`, `"))));
                }
                check_cell(cell)?;
            }
            Ok(())
        })?;
        Ok(csv)
    }

    fn options(&mut self, section: &mut Section<'_>) -> Result<Option<Box<[Box<str>]>>, ProfileError> {
        self.marks = Marks::compile(section)?;
        self.line_end = LineEnd::compile(section)?;
        let Some(columns) = section.optional("columns") else { return Ok(None) };
        let named = names(&columns.list()?)?;
        if named.is_empty() {
            return Err(columns.error("expected at least one column"));
        }
        Ok(Some(named))
    }

    /// Why a letter cannot stand in a cell.
    pub(super) fn refuses(&self, letter: char) -> Option<&'static str> {
        let is_line_end = matches!(letter, '\n' | '\r');
        if letter.is_control() && !is_line_end && letter != '\t' {
            Some("cannot be printed")
        } else if self.marks.quote.is_none() && (is_line_end || letter == char::from(self.marks.separator)) {
            Some("separates cells, and nothing is quoted")
        } else {
            None
        }
    }

    /// The message.
    ///
    /// # Errors
    /// When a cell cannot be written.
    pub(super) fn write(&self, body: &Written<'_>, letters: &Letters) -> Result<String, Unreadable> {
        let mut writer = WriterBuilder::new()
            .delimiter(self.marks.separator)
            .quote(self.marks.quote.unwrap_or(b'"'))
            .quote_style(if self.marks.quote.is_some() { QuoteStyle::Necessary } else { QuoteStyle::Never })
            .terminator(match self.line_end {
                LineEnd::Lf => Terminator::Any(b'\n'),
                LineEnd::CrLf => Terminator::CRLF,
            })
            .from_writer(Vec::new());
        if self.marks.header {
            let headings = self.columns.iter().map(|name| letters.fit(name, name, |letter| self.refuses(letter)));
            let headings = headings.collect::<Result<Vec<_>, _>>()?;
            writer.write_record(headings.iter().map(|name| name.as_bytes())).map_err(unwritten)?;
        }
        let mut nth = 0_usize;
        visit(body, &mut |_, cells| {
            let mut row = Vec::with_capacity(self.columns.len());
            for column in &self.columns {
                let cell = cells.iter().find(|(name, _)| *name == &**column);
                let place = format!("rows[{nth}].{column}");
                row.push(match cell {
                    Some((_, cell)) => {
                        let text = cell.text(&place)?;
                        letters.fit(&text, cell.origin(&place), |letter| self.refuses(letter))?.into_owned()
                    }
                    None => String::new(),
                });
            }
            nth += 1;
            writer.write_record(&row).map_err(unwritten)?;
            within(writer.get_ref().len())
        })?;
        let bytes = writer.into_inner().map_err(unwritten)?;
        String::from_utf8(bytes).map_err(unwritten)
    }
}

fn is_row(node: Node<'_>) -> bool {
    node.is_table() && Word::of(node).is_none()
}

/// The columns of the first row of a template.
fn first_row(body: Node<'_>) -> Result<Box<[Box<str>]>, ProfileError> {
    let mut first = None;
    parts(body, is_row, &mut |row| {
        if is_row(row) && first.is_none() {
            first = Some(in_order(&row.section()?).into_iter().map(|(_, name)| name.into()).collect::<Box<[_]>>());
        }
        Ok(())
    })?;
    first.filter(|columns| !columns.is_empty()).ok_or_else(|| {
        body.error("expected rows, such as `{ each = \"lines[*]\", item = { sku = { field = \"sku\" } } }`")
    })
}

/// A cell is one value, which may hang on a guard.
pub(super) fn check_cell(node: Node<'_>) -> Result<(), ProfileError> {
    if Template::is_single(node) {
        return Ok(());
    }
    if matches!(Word::of(node), Some(Word::When)) {
        let mut section = node.section()?;
        return ["item", "else"].into_iter().filter_map(|key| section.optional(key)).try_for_each(check_cell);
    }
    Err(node.error("expected a single value here"))
}

/// Writing texts to memory does not fail.
fn unwritten(error: impl std::fmt::Display) -> Unreadable {
    Unreadable::new(UnreadableKind::WrongValue, "$", format!("cannot be written as CSV: {error}"))
}
