//! `orders.csv` and `lineitem.csv` as ERP orders: both are sorted by order key, so they are merged as they are read.

use std::path::Path;

use model::{CustomerId, LineId, OrderId, Personal, Place, When};
use rust_decimal::Decimal;

use super::nations::Nations;
use super::table::{Table, TpchError};
use super::{PREFIX, customer_id, location_id, sku, warehouse_of_location};
use crate::plan::{Fate, Group, Plan, PlannedLine, PlannedShipment, Steps, Warehouse, groups, shipment_id};
use crate::times::days_after;
use crate::world::sound;

/// The most lines of one order; TPC-H has at most 7.
const MAX_LINES: usize = 1_000;
/// What comes back does so a fortnight after it was delivered; the file has no date for it.
const RETURNED_AFTER_DAYS: u32 = 14;

/// The columns of `orders` that are read, in this order.
const ORDER_COLUMNS: [&str; 3] = ["o_orderkey", "o_custkey", "o_orderdate"];
/// The columns of `lineitem` that are read, in this order.
const LINE_COLUMNS: [&str; 11] = [
    "l_orderkey",
    "l_partkey",
    "l_suppkey",
    "l_linenumber",
    "l_quantity",
    "l_extendedprice",
    "l_returnflag",
    "l_shipdate",
    "l_commitdate",
    "l_receiptdate",
    "l_shipmode",
];

/// The orders of a folder, as an iterator that keeps one order in memory.
pub struct Orders {
    orders: Table<3>,
    lines: Table<11>,
    nations: Nations,
    /// The order key of the line that was read and not used yet.
    waiting: Option<u64>,
    last_order: u64,
    last_line: u64,
    left: u64,
    failed: bool,
}

impl Orders {
    /// Opens the folder; at most `limit` orders will be read.
    pub(super) fn open(dir: &Path, limit: Option<u64>) -> Result<Self, TpchError> {
        let mut orders = Self {
            orders: Table::open(dir, "orders", ORDER_COLUMNS)?,
            lines: Table::open(dir, "lineitem", LINE_COLUMNS)?,
            nations: Nations::of_customers(dir)?,
            waiting: None,
            last_order: 0,
            last_line: 0,
            left: limit.unwrap_or(u64::MAX),
            failed: false,
        };
        orders.next_line()?;
        Ok(orders)
    }

    fn next_line(&mut self) -> Result<(), TpchError> {
        self.waiting = None;
        if self.lines.advance()? {
            let key = self.lines.number(0)?;
            self.lines.after(self.last_line, key)?;
            self.last_line = key;
            self.waiting = Some(key);
        }
        Ok(())
    }

    fn next_order(&mut self) -> Result<Option<Plan>, TpchError> {
        if !self.orders.advance()? {
            return match self.waiting {
                Some(key) => Err(self.lines.wrong(format!("order {key} is not in orders.csv"))),
                None if self.last_order == 0 => Err(self.orders.wrong("there are no orders".to_owned())),
                None => Ok(None),
            };
        }
        let key: u64 = self.orders.number(0)?;
        self.orders.after(self.last_order, key)?;
        self.last_order = key;
        let mut lines = Vec::new();
        let mut mode = String::new();
        while let Some(waiting) = self.waiting.filter(|waiting| *waiting <= key) {
            if waiting < key {
                return Err(self.lines.wrong(format!("order {waiting} is not in orders.csv")));
            }
            if lines.is_empty() {
                self.lines.text(10).clone_into(&mut mode);
            }
            if lines.len() == MAX_LINES {
                return Err(self.lines.wrong(format!("order {key} has more than {MAX_LINES} lines")));
            }
            lines.push(self.line()?);
            self.next_line()?;
        }
        if lines.is_empty() {
            return Err(self.orders.wrong(format!("order {key} has no lines in lineitem.csv")));
        }
        self.plan(key, mode, lines).map(Some)
    }

    fn line(&self) -> Result<PlannedLine, TpchError> {
        let row = &self.lines;
        let quantity = row.decimal(4)?;
        if quantity <= Decimal::ZERO {
            return Err(row.wrong(format!("l_quantity is {quantity}; expected more than 0")));
        }
        let price = row.decimal(5)?.checked_div(quantity);
        let price = price.ok_or_else(|| row.wrong(format!("l_quantity is {quantity}; expected a whole number")))?;
        let delivered = row.date(9)?;
        let returned = row.text(6) == "R";
        Ok(PlannedLine {
            line: sound(LineId::new(&row.number::<u32>(3)?.to_string())),
            sku: sku(row.number(1)?),
            quantity,
            price: price.round_dp(2),
            ship_from: location_id(row.number(2)?),
            ship_on: row.date(7)?,
            promised: When::day(row.date(8)?),
            delivered: When::day(delivered),
            returned: returned.then(|| When::day(days_after(delivered, RETURNED_AFTER_DAYS))),
        })
    }

    fn plan(&self, key: u64, mode: String, lines: Vec<PlannedLine>) -> Result<Plan, TpchError> {
        let customer_key: u64 = self.orders.number(1)?;
        let country = self.nations.country_of(customer_key);
        let country =
            country.ok_or_else(|| self.orders.wrong(format!("customer {customer_key} is not in customer.csv")))?;
        let customer: CustomerId = customer_id(customer_key);
        let ship_to =
            Place { name: Some(Personal::clear(customer.as_str())), country: Some(country), ..Place::default() };
        let ordered = When::day(self.orders.date(2)?);
        let shipments = groups(&lines).into_iter().enumerate().map(|group| shipment(group, ordered, &lines)).collect();
        let order = sound(OrderId::new(&format!("{PREFIX}{key}")));
        Ok(Plan { order, customer, ship_to, ordered, mode, lines, shipments, fate: Fate::Closed, load: None })
    }
}

/// Allocated on the day of the order, through the warehouse and onto the road on the ship date, out for delivery when the
/// first line arrives.
fn shipment(
    (nth, (location, ship_on, members)): (usize, Group),
    ordered: When,
    lines: &[PlannedLine],
) -> PlannedShipment {
    let arrives = members.iter().map(|index| lines[*index].delivered).min();
    let steps = Steps {
        allocated: ordered,
        booked: ordered,
        out_for_delivery: arrives.unwrap_or_else(|| When::day(ship_on)),
        ..Steps::all_at(When::day(ship_on))
    };
    // Every location of a folder is one of its suppliers.
    let warehouse = warehouse_of_location(location.as_str()).unwrap_or(Warehouse::East);
    PlannedShipment { id: shipment_id(nth), location, warehouse, ship_on, lines: members, steps }
}

impl Iterator for Orders {
    type Item = Result<Plan, TpchError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed || self.left == 0 {
            return None;
        }
        self.left -= 1;
        let next = self.next_order().transpose();
        self.failed = matches!(next, Some(Err(_)));
        next
    }
}
