//! Lists: the rows of a message, gathered into snapshots of what the partner's books held.
//!
//! Where rules read [rows](crate::listed), `[in.<message>]` has these keys too:
//!
//! | key | means |
//! |---|---|
//! | `taken` | a field, from the message's top: the moment at which the books were read; the message's receipt where it is absent. More than a day after the receipt it is a slip |
//! | `complete` | whether all there is is listed, so that what is not there is missing; `true` when not given. `false` of a page of a longer list |
//!
//! A row that cannot be read is rejected alone, and no list of its message is then complete: what could not be read is not missing.
//! A rule's `each` that leads to an empty list makes a list of nothing; where it leads nowhere, nothing is listed.

use std::collections::HashMap;

use model::{
    Listed, ListedOrder, ListedShipment, ListedStock, LocationId, OrderId, PartnerId, Sku, Snapshot, System, Timestamp,
    Unit, When,
};

use super::{Reads, Rule};
use crate::compiler::Compiler;
use crate::field::Field;
use crate::listed::{Row, RowRule};
use crate::place::read;
use crate::scope::Scope;
use crate::source::{ProfileError, Section};
use crate::unreadable::{Unreadable, UnreadableKind};

/// The most rows the lists of one message may have. More belong into several messages, none of which is complete.
pub const MAX_ROWS: usize = 100_000;

/// How far ahead of its receipt a list may be taken, in milliseconds: a day, as clocks differ and zones are not stated.
const MOST_AHEAD: i64 = 86_400_000;

/// What a message's section says of its lists.
#[derive(Debug)]
pub(super) struct List {
    system: System,
    taken: Option<Field<When>>,
    complete: bool,
}

impl List {
    /// Reads the keys of lists, where there are rules for rows.
    pub fn compile(
        section: &mut Section<'_>,
        rules: &[Rule],
        compiler: &Compiler<'_>,
    ) -> Result<Option<Self>, ProfileError> {
        if !rules.iter().any(|rule| matches!(rule.reads, Reads::Row(_))) {
            return Ok(None);
        }
        Ok(Some(Self {
            system: compiler.system,
            taken: compiler.optional(section, "taken")?,
            complete: section.optional("complete").map_or(Ok(true), |node| node.flag())?,
        }))
    }

    fn taken(&self, message: &Scope<'_>, received: Timestamp) -> Result<When, Unreadable> {
        let stated = read(self.taken.as_ref(), message)?;
        match (&self.taken, stated) {
            (Some(field), Some(when)) if when.at > received.plus_millis(MOST_AHEAD) => {
                let detail =
                    format!("holds `{when}`; expected when the books were read, which is not after the list's receipt");
                Err(field.unreadable(message, UnreadableKind::WrongValue, &detail))
            }
            (_, Some(when)) => Ok(when),
            (_, None) => Ok(When::exact(received)),
        }
    }
}

/// The rows of a message as far as they are read.
pub(super) struct Gathered<'m> {
    list: &'m List,
    taken: When,
    /// Nothing where there is no such list, which is not the same as one of nothing.
    orders: Option<Vec<ListedOrder>>,
    stock: Option<Vec<ListedStock>>,
    shipments: Option<Vec<ListedShipment>>,
    order_at: HashMap<OrderId, usize>,
    stock_at: HashMap<(LocationId, Sku, Unit), usize>,
    rows: usize,
}

impl<'m> Gathered<'m> {
    /// Nothing yet, of the moment that the message states.
    pub fn begin(list: &'m List, message: &Scope<'_>, received: Timestamp) -> Result<Self, Unreadable> {
        Ok(Self {
            list,
            taken: list.taken(message, received)?,
            orders: None,
            stock: None,
            shipments: None,
            order_at: HashMap::new(),
            stock_at: HashMap::new(),
            rows: 0,
        })
    }

    /// Whether there is room for no more.
    pub const fn is_full(&self) -> bool {
        self.rows >= MAX_ROWS
    }

    /// There is a list of what this rule reads, even if there is nothing in it.
    pub fn is_there(&mut self, rule: &RowRule) {
        match rule {
            RowRule::Order(_) => drop(self.orders.get_or_insert_default()),
            RowRule::Stock(_) => drop(self.stock.get_or_insert_default()),
            RowRule::Shipment(_) => drop(self.shipments.get_or_insert_default()),
        }
    }

    pub fn add(&mut self, row: Row) {
        self.rows += 1;
        match row {
            Row::Order(row) => self.add_order(row),
            Row::Stock(row) => self.add_stock(row),
            Row::Shipment(row) => self.shipments.get_or_insert_default().push(row),
        }
    }

    fn add_order(&mut self, row: ListedOrder) {
        let orders = self.orders.get_or_insert_default();
        let place = *self.order_at.entry(row.order.clone()).or_insert(orders.len());
        match orders.get_mut(place) {
            Some(own) => own.lines.extend(row.lines),
            None => orders.push(row),
        }
    }

    fn add_stock(&mut self, row: ListedStock) {
        let stock = self.stock.get_or_insert_default();
        let of = (row.location.clone(), row.sku.clone(), row.on_hand.unit.clone());
        let place = *self.stock_at.entry(of).or_insert(stock.len());
        match stock.get_mut(place) {
            Some(own) => own.on_hand.amount = own.on_hand.amount.saturating_add(row.on_hand.amount),
            None => stock.push(row),
        }
    }

    /// A snapshot of each kind that is listed. One that is not complete and lists nothing says nothing.
    pub fn into_snapshots(self, by: &PartnerId, is_whole: bool) -> impl Iterator<Item = Snapshot> {
        let (List { system, complete, .. }, taken) = (self.list, self.taken);
        let complete = *complete && is_whole;
        let listed =
            [self.orders.map(Listed::Orders), self.stock.map(Listed::Stock), self.shipments.map(Listed::Shipments)];
        let told = listed.into_iter().flatten().filter(move |listed| complete || listed.rows() > 0);
        told.map(move |listed| Snapshot { system: *system, partner: by.clone(), taken, complete, listed })
    }
}
