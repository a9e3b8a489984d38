//! One CSV file of a TPC-H folder, read row by row.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use model::Date;
use rust_decimal::Decimal;

/// Why a TPC-H folder cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TpchError {
    /// A file is not there or cannot be opened.
    #[error("cannot open {file}: {source}; expected the CSV files of `tpchgen-cli csv -s SCALE -o DIR`")]
    Open {
        /// The file.
        file: PathBuf,
        /// The system's answer.
        source: csv::Error,
    },
    /// A file has no header with the columns that are needed.
    #[error("{file} has no column `{column}`; its first line must name the columns of TPC-H")]
    Column {
        /// The file.
        file: PathBuf,
        /// The first column that is missing.
        column: &'static str,
    },
    /// A row cannot be read.
    #[error("{file}, line {line}: {problem}")]
    Row {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// A file is not in the order of its keys.
    #[error("{file}, line {line}: order key {key} comes after {previous}; sort the file by its order key")]
    Unsorted {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The key found.
        key: u64,
        /// The key before it.
        previous: u64,
    },
}

/// A file being read. One row is in memory at a time.
pub(super) struct Table<const N: usize> {
    path: PathBuf,
    reader: csv::Reader<File>,
    row: csv::StringRecord,
    names: [&'static str; N],
    places: [usize; N],
}

impl<const N: usize> Table<N> {
    /// Opens `<dir>/<name>.csv` and finds the columns.
    pub(super) fn open(dir: &Path, name: &str, columns: [&'static str; N]) -> Result<Self, TpchError> {
        let path = dir.join(name).with_extension("csv");
        let open = |source| TpchError::Open { file: path.clone(), source };
        let mut reader = csv::ReaderBuilder::new().buffer_capacity(BUFFER).from_path(&path).map_err(open)?;
        let header = reader.headers().map_err(open)?.clone();
        let mut places = [0; N];
        for (place, column) in places.iter_mut().zip(columns) {
            let found = header.iter().position(|title| title.trim() == column);
            *place = found.ok_or_else(|| TpchError::Column { file: path.clone(), column })?;
        }
        Ok(Self { path, reader, row: csv::StringRecord::new(), names: columns, places })
    }

    /// Goes to the next row; false at the end of the file.
    pub(super) fn advance(&mut self) -> Result<bool, TpchError> {
        let line = self.reader.position().line();
        self.reader.read_record(&mut self.row).map_err(|error| TpchError::Row {
            file: self.path.clone(),
            line: error.position().map_or(line, csv::Position::line),
            problem: unreadable(&error),
        })
    }

    /// The text in the nth of the columns asked for.
    pub(super) fn text(&self, column: usize) -> &str {
        self.row.get(self.places[column]).unwrap_or_default()
    }

    /// The whole number in the nth of the columns asked for.
    pub(super) fn number<T: FromStr>(&self, column: usize) -> Result<T, TpchError> {
        self.read(column, "a whole number")
    }

    /// The decimal in the nth of the columns asked for.
    pub(super) fn decimal(&self, column: usize) -> Result<Decimal, TpchError> {
        let number: Decimal = self.read(column, "a decimal")?;
        if number.abs() > Decimal::from(MAX_DECIMAL) {
            return Err(self.wrong(format!("{} is {number}; expected at most {MAX_DECIMAL}", self.names[column])));
        }
        Ok(number)
    }

    /// The date in the nth of the columns asked for.
    pub(super) fn date(&self, column: usize) -> Result<Date, TpchError> {
        self.read(column, "a date such as 1996-03-13")
    }

    fn read<T: FromStr>(&self, column: usize, expected: &str) -> Result<T, TpchError> {
        let text = self.text(column);
        text.trim().parse().map_err(|_| self.wrong(format!("{} is `{text}`; expected {expected}", self.names[column])))
    }

    /// Something is wrong with this row.
    pub(super) fn wrong(&self, problem: String) -> TpchError {
        TpchError::Row { file: self.path.clone(), line: self.line(), problem }
    }

    /// Refuses a key that is smaller than the one before it.
    pub(super) fn after(&self, previous: u64, key: u64) -> Result<(), TpchError> {
        if key >= previous {
            return Ok(());
        }
        Err(TpchError::Unsorted { file: self.path.clone(), line: self.line(), key, previous })
    }

    fn line(&self) -> u64 {
        self.row.position().map_or(0, csv::Position::line)
    }
}

/// What is wrong with a row that is no row of this file, without the place, which is said beside it.
fn unreadable(error: &csv::Error) -> String {
    if let csv::ErrorKind::UnequalLengths { expected_len, len, .. } = error.kind() {
        return format!("it has {len} columns; expected {expected_len} as in the first line");
    }
    if let csv::ErrorKind::Utf8 { err, .. } = error.kind() {
        return format!("column {} is not UTF-8", err.field() + 1);
    }
    error.to_string()
}

/// How much of a file is read at once.
const BUFFER: usize = 64 * 1024;
/// The largest amount; far above any of TPC-H, and sums over all lines of a file stay far below what a decimal holds.
const MAX_DECIMAL: u64 = 10_000_000_000;
