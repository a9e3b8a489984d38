//! What a folder's lines add up to, read directly and by nothing that the simulation uses.

use std::path::Path;

use anyhow::Context;

/// What a folder's lines add up to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Expected {
    /// Orders.
    pub orders: u64,
    /// Lines.
    pub lines: u64,
    /// Lines with a receipt date.
    pub delivered: u64,
    /// Lines received after the date that was committed to.
    pub late: u64,
    /// Lines that came back.
    pub returned: u64,
}

/// Counts the lines of the first `limit` orders, or of all.
///
/// # Errors
/// When `lineitem.csv` cannot be read or lacks a column.
pub fn expected(dir: &Path, limit: Option<u64>) -> anyhow::Result<Expected> {
    let file = dir.join("lineitem.csv");
    let mut reader = csv::Reader::from_path(&file).with_context(|| format!("cannot open {}", file.display()))?;
    let header = reader.headers()?.clone();
    let column = |name: &str| {
        let place = header.iter().position(|title| title == name);
        place.with_context(|| format!("{} has no column `{name}`", file.display()))
    };
    let [order, commit, receipt, flag] =
        [column("l_orderkey")?, column("l_commitdate")?, column("l_receiptdate")?, column("l_returnflag")?];
    let mut expected = Expected::default();
    let mut last = String::new();
    for row in reader.records() {
        let row = row?;
        if row[order] != last {
            if limit.is_some_and(|limit| expected.orders >= limit) {
                break;
            }
            expected.orders += 1;
            row[order].clone_into(&mut last);
        }
        expected.lines += 1;
        expected.delivered += u64::from(!row[receipt].is_empty());
        // Dates of ISO 8601 sort as text.
        expected.late += u64::from(row[receipt] > row[commit]);
        expected.returned += u64::from(&row[flag] == "R");
    }
    Ok(expected)
}
