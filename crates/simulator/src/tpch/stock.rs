//! Opening stock that covers the demand, in bounded memory at any scale.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use model::{Movement, MovementKind, Quantity, Unit, When};
use rust_decimal::Decimal;

use super::table::{Table, TpchError};
use super::{location_id, sku};

/// How many pairs of part and supplier are counted in one pass over the lines: about 30 MB of memory. Scale 1 has 800,000
/// pairs and takes one pass; a larger scale takes more passes and no more memory.
const PAIRS_A_PASS: usize = 1_000_000;

/// What a supplier has of a part, and what the orders want of it.
struct Pair {
    available: Decimal,
    wanted: Decimal,
}

/// One receipt for each pair of part and supplier that an order wants: what the supplier has, or what is wanted if that is
/// more.
pub struct OpeningStock {
    dir: PathBuf,
    limit: u64,
    pairs: Table<3>,
    received: When,
    counted: std::vec::IntoIter<((u64, u64), Pair)>,
    /// Lines that found their pair so far, and how many there are.
    lines_found: u64,
    lines: u64,
    done: bool,
}

impl OpeningStock {
    /// Opens the folder; only the first `limit` orders count.
    pub(super) fn open(dir: &Path, limit: Option<u64>, received: When) -> Result<Self, TpchError> {
        Ok(Self {
            dir: dir.to_owned(),
            limit: limit.unwrap_or(u64::MAX),
            pairs: Table::open(dir, "partsupp", ["ps_partkey", "ps_suppkey", "ps_availqty"])?,
            received,
            counted: Vec::new().into_iter(),
            lines_found: 0,
            lines: 0,
            done: false,
        })
    }

    /// Reads the next pairs and what the orders want of them.
    fn count(&mut self) -> Result<(), TpchError> {
        let mut pairs = HashMap::new();
        while pairs.len() < PAIRS_A_PASS && self.pairs.advance()? {
            let available = self.pairs.decimal(2)?;
            pairs.insert((self.pairs.number(0)?, self.pairs.number(1)?), Pair { available, wanted: Decimal::ZERO });
        }
        self.done = pairs.is_empty();
        // A file without pairs is still held against the lines.
        if self.done && self.lines > 0 {
            return self.check();
        }
        let mut lines = Table::open(&self.dir, "lineitem", ["l_orderkey", "l_partkey", "l_suppkey", "l_quantity"])?;
        let (mut orders, mut last, mut seen) = (0, None, 0);
        while lines.advance()? {
            let order: u64 = lines.number(0)?;
            orders += u64::from(last.replace(order) != Some(order));
            if orders > self.limit {
                break;
            }
            seen += 1;
            if let Some(pair) = pairs.get_mut(&(lines.number(1)?, lines.number(2)?)) {
                pair.wanted += lines.decimal(3)?;
                self.lines_found += 1;
            }
        }
        self.lines = seen;
        let mut counted: Vec<_> = pairs.into_iter().filter(|(_, pair)| !pair.wanted.is_zero()).collect();
        counted.sort_unstable_by_key(|(pair, _)| *pair);
        self.counted = counted.into_iter();
        if self.done { self.check() } else { Ok(()) }
    }

    fn check(&self) -> Result<(), TpchError> {
        let lost = self.lines - self.lines_found.min(self.lines);
        if lost == 0 {
            return Ok(());
        }
        Err(self.pairs.wrong(format!("{lost} lines of lineitem.csv want a part from a supplier that has none of it")))
    }

    fn receipt(&self, (part, supplier): (u64, u64), pair: &Pair) -> Movement {
        Movement {
            location: location_id(supplier),
            sku: sku(part),
            kind: MovementKind::Received,
            quantity: Quantity::new(pair.available.max(pair.wanted), Unit::each()),
            occurred: self.received,
        }
    }
}

impl Iterator for OpeningStock {
    type Item = Result<Movement, TpchError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((key, pair)) = self.counted.next() {
                return Some(Ok(self.receipt(key, &pair)));
            }
            if self.done {
                return None;
            }
            if let Err(error) = self.count() {
                self.done = true;
                return Some(Err(error));
            }
        }
    }
}
