//! Fixed width, written: lines whose columns have positions.
//!
//! `format = { fixed = { … } }`, with `columns` where all lines are alike, or with `code` and `records` where each line says
//! what it is; as for [reading](mod@crate::format::fixed), and with more to say of a column:
//!
//! | key | means |
//! |---|---|
//! | `columns` | a list of `{ name = "sku", from = 1, length = 10, align = "left", pad = " " }`: positions count characters, from 1; values stand to the left, or with `align = "right"` to the right, and `pad` fills the rest |
//! | `code` | `{ from = 1, length = 2 }`: where a line has the code of its record |
//! | `records` | a table: for each code its `columns` |
//! | `line_end` | `"lf"`, or `"crlf"` |
//!
//! A line is a table of values by the names of their columns; with `records` it is a list of its code and that table:
//! `["H", { order = { field = "order" } }]`. Every line reaches to the end of its last column. A value that is longer than its
//! column is an error: say `cut` where the rest may be lost. A column of which nothing is said holds blanks, and one whose value is
//! absent its `pad`.

use std::collections::HashMap;

use super::csv::check_cell;
use super::letters::Letters;
use super::rows::{Cells, LineEnd, visit};
use super::{parts, within};
use crate::field::shown;
use crate::format::fixed::{MAX_RECORDS, Span};
use crate::format::rows::names;
use crate::out::{Word, Written};
use crate::source::{Node, ProfileError};
use crate::unreadable::{Unreadable, UnreadableKind};

/// How a message of fixed width is written.
#[derive(Debug)]
pub(crate) struct Fixed {
    code: Option<Span>,
    /// By their codes; under an empty one where lines have none.
    records: HashMap<Box<str>, Box<[Column]>>,
    line_end: LineEnd,
}

#[derive(Debug)]
struct Column {
    name: Box<str>,
    span: Span,
    is_right: bool,
    pad: char,
}

impl Fixed {
    pub(super) fn compile(node: Node<'_>, body: Node<'_>) -> Result<Self, ProfileError> {
        let mut section = node.section()?;
        let line_end = LineEnd::compile(&mut section)?;
        let mut fixed = Self { code: None, records: HashMap::new(), line_end };
        match (section.optional("columns"), section.optional("records")) {
            (Some(columns), None) => {
                fixed.records.insert(Box::default(), Column::list(columns, None)?);
            }
            (None, Some(records)) => {
                let at = section.required("code")?;
                let mut code = at.section()?;
                let span = Span::compile(&mut code)?;
                code.finish()?;
                fixed.code = Some(span);
                for (record, code, at) in records.section()?.entries() {
                    if code.is_empty() || code.chars().count() > span.length || fixed.records.len() == MAX_RECORDS {
                        let problem =
                            format!("expected at most {MAX_RECORDS} codes of 1 to {} characters", span.length);
                        return Err(at.error(problem));
                    }
                    let mut record = record.section()?;
                    let columns = record.optional("columns").map(|node| Column::list(node, Some(span))).transpose()?;
                    record.finish()?;
                    fixed.records.insert(code.into(), columns.unwrap_or_default());
                }
            }
            _ => return Err(section.error("expected either `columns`, or `code` and `records`")),
        }
        section.finish()?;
        parts(body, |node| fixed.is_line(node), &mut |node| fixed.check(node))?;
        Ok(fixed)
    }

    /// Whether a part of a body is a line.
    fn is_line(&self, node: Node<'_>) -> bool {
        match self.code {
            None => node.is_table() && Word::of(node).is_none(),
            Some(_) => node.list().is_ok_and(|items| items.first().is_some_and(|code| code.as_text().is_some())),
        }
    }

    fn check(&self, node: Node<'_>) -> Result<(), ProfileError> {
        const EXPECTED: &str = "expected a line: a table of values by the names of their columns, with `records` after its \
                                code in a list, such as `[\"H\", { order = { field = \"order\" } }]`";
        let items = if self.code.is_some() { node.list().unwrap_or_default() } else { vec![node] };
        let (code, cells) = match (&items[..], self.code) {
            ([cells], None) => ("", *cells),
            ([code, cells], Some(_)) => (code.text()?, *cells),
            _ => return Err(node.error(EXPECTED)),
        };
        if !cells.is_table() || Word::of(cells).is_some() {
            return Err(cells.error(EXPECTED));
        }
        let Some(columns) = self.records.get(code) else {
            return Err(node.error(format!("no record `{code}` in `records`")));
        };
        for (cell, name, at) in cells.section()?.entries() {
            if !columns.iter().any(|column| *column.name == *name) {
                return Err(at.error(format!("no column `{name}` in `columns`")));
            }
            check_cell(cell)?;
        }
        Ok(())
    }

    /// The message.
    ///
    /// # Errors
    /// When a value cannot be written, or is longer than its column.
    pub(super) fn write(&self, body: &Written<'_>, letters: &Letters) -> Result<String, Unreadable> {
        let mut text = String::new();
        visit(body, &mut |code, cells| {
            let code = code.unwrap_or_default();
            let columns = self.records.get(code).map(|columns| &columns[..]).unwrap_or_default();
            let end = columns.iter().map(|column| column.span).chain(self.code).map(Span::end).max().unwrap_or(0);
            let mut line = vec![' '; end];
            if let Some(span) = self.code {
                place(&mut line, span, code, (false, ' '));
            }
            for column in columns {
                let value = column.value(code, cells, letters)?;
                place(&mut line, column.span, &value, (column.is_right, column.pad));
            }
            text.extend(line);
            text.push_str(self.line_end.as_str());
            within(text.len())
        })?;
        Ok(text)
    }
}

impl Column {
    /// Columns no two of which overlap, or have one name.
    fn list(node: Node<'_>, code: Option<Span>) -> Result<Box<[Self]>, ProfileError> {
        let mut named = Vec::new();
        let mut columns: Vec<Self> = Vec::new();
        for node in node.list()? {
            let mut section = node.section()?;
            let name = section.required("name")?;
            let is_right = match section.optional("align").map(|node| (node, node.as_text())) {
                None | Some((_, Some("left"))) => false,
                Some((_, Some("right"))) => true,
                Some((node, _)) => return Err(node.error("expected `left` or `right`")),
            };
            let pad = section.optional("pad").map_or(Ok(' '), pad)?;
            let column = Self { name: name.text()?.into(), span: Span::compile(&mut section)?, is_right, pad };
            section.finish()?;
            let overlaps = |span: Span| span.from < column.span.end() && column.span.from < span.end();
            if columns.iter().map(|other| other.span).chain(code).any(overlaps) {
                return Err(node.error(format!("`{}` overlaps with another; expected columns apart", column.name)));
            }
            named.push(name);
            columns.push(column);
        }
        names(&named)?;
        Ok(columns.into())
    }

    /// What stands in the column.
    fn value(&self, code: &str, cells: Cells<'_, '_>, letters: &Letters) -> Result<String, Unreadable> {
        let Some((_, cell)) = cells.iter().find(|(name, _)| *name == &*self.name) else { return Ok(String::new()) };
        let place = if code.is_empty() { self.name.to_string() } else { format!("{code}.{}", self.name) };
        let text = cell.text(&place)?;
        let origin = cell.origin(&place);
        let text = letters.fit(&text, origin, refuses)?;
        let length = text.chars().count();
        if length > self.span.length {
            let detail = format!(
                "holds `{}`, {length} characters; the column `{}` has {}; say `cut` where the rest may be lost",
                shown(&text),
                self.name,
                self.span.length
            );
            return Err(Unreadable::new(UnreadableKind::WrongValue, origin, detail));
        }
        Ok(text.into_owned())
    }
}

/// Why a letter cannot stand in a line.
pub(super) fn refuses(letter: char) -> Option<&'static str> {
    if letter.is_control() { Some("cannot be printed") } else { None }
}

/// Puts a value into a line, with what fills the rest.
fn place(line: &mut [char], span: Span, value: &str, (is_right, pad): (bool, char)) {
    let cells = &mut line[span.from..span.end()];
    cells.fill(pad);
    let begin = if is_right { span.length - value.chars().count() } else { 0 };
    cells[begin..].iter_mut().zip(value.chars()).for_each(|(cell, letter)| *cell = letter);
}

fn pad(node: Node<'_>) -> Result<char, ProfileError> {
    let mut letters = node.text()?.chars();
    match (letters.next(), letters.next()) {
        (Some(letter), None) if !letter.is_control() => Ok(letter),
        _ => Err(node.error("expected one character")),
    }
}
