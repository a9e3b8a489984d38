//! Plain tables: a heading, rows, columns as wide as they need to be.

use std::fmt;

use comfy_table::{CellAlignment, Table as Grid, presets};

use crate::text::{harmless, line};

/// Blanks before and after each cell.
const PADDING: (u16, u16) = (0, 2);

/// A plain table.
pub(crate) struct Table {
    grid: Grid,
}

impl Table {
    /// A table with these headings; those that begin with `>` are of columns of numbers.
    pub fn new(headings: &[&str]) -> Self {
        let mut grid = Grid::new();
        grid.load_style(presets::NOTHING);
        grid.set_header(headings.iter().map(|heading| heading.trim_start_matches('>')));
        for (column, heading) in grid.column_iter_mut().zip(headings) {
            column.set_padding(PADDING);
            if heading.starts_with('>') {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        Self { grid }
    }

    /// A table without headings: names and what they mean.
    pub fn of_pairs<N: AsRef<str>>(pairs: &[(N, String)]) -> Self {
        let mut grid = Grid::new();
        grid.load_style(presets::NOTHING);
        grid.add_rows(
            pairs.iter().map(|(name, value)| [harmless(name.as_ref()).into_owned(), harmless(value).into_owned()]),
        );
        grid.column_iter_mut().for_each(|column| {
            column.set_padding(PADDING);
        });
        Self { grid }
    }

    /// Adds a row, one text a column.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.grid.add_row(cells.map(|cell| harmless(&cell).into_owned()));
    }

    /// Adds a row whose last column has a line for each of `lines`.
    pub fn tall_row<const N: usize>(&mut self, cells: [String; N], lines: &[String]) {
        let lines: Vec<_> = lines.iter().map(|line| harmless(line)).collect();
        let cells = cells.iter().map(|cell| harmless(cell).into_owned());
        self.grid.add_row(cells.chain([lines.join("\n")]));
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.grid.is_empty()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.grid.lines().for_each(|row| line(&mut text, row.trim_end()));
        f.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_whatever_the_script() {
        let mut table = Table::new(&["ORDER", ">LINES", "CITY"]);
        table.row(["SO 1".to_owned(), "7".to_owned(), "Köln".to_owned()]);
        table.row(["注文".to_owned(), "1200".to_owned(), "a\u{7}\nb".to_owned()]);
        table.tall_row(["x".to_owned(), String::new()], &["one".to_owned(), "two".to_owned()]);
        let expected = "\
ORDER  LINES  CITY
SO 1       7  Köln
注文    1200  a\\u{7}\\nb
x             one
              two
";
        assert_eq!(table.to_string(), expected);
    }

    #[test]
    fn pairs_need_no_headings() {
        let table = Table::of_pairs(&[("stage", "closed".to_owned()), ("customer", "C-1".to_owned())]);
        assert_eq!(table.to_string(), "stage     closed\ncustomer  C-1\n");
    }
}
