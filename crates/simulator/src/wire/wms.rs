//! What a warehouse system says and is asked. Its times are milliseconds since 1970.

use std::borrow::Cow;

use model::{Movement, OrderId, System, When};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Message, bytes};
use crate::plan::{PlannedLine, PlannedShipment, Warehouse};

/// One piece, in the warehouse's units.
const PIECE: &str = "PC";

/// Asked: reserve, pick, pack and load this.
#[derive(Debug, Deserialize)]
pub struct Release<'a> {
    /// The ask.
    #[serde(borrow)]
    pub request: Cow<'a, str>,
    /// The order.
    #[serde(borrow)]
    pub order_no: Cow<'a, str>,
    /// The shipment.
    #[serde(borrow)]
    pub shipment_no: Cow<'a, str>,
    /// The location that ships.
    #[serde(borrow)]
    pub site: Cow<'a, str>,
    /// What it holds.
    #[serde(borrow)]
    pub items: Vec<ReleasedItem<'a>>,
}

/// Asked: give back what was reserved.
#[derive(Debug, Deserialize)]
pub struct Cancel<'a> {
    /// The ask.
    #[serde(borrow)]
    pub request: Cow<'a, str>,
    /// The order.
    #[serde(borrow)]
    pub order_no: Cow<'a, str>,
    /// The shipment.
    #[serde(borrow)]
    pub shipment_no: Cow<'a, str>,
}

/// A line to ship.
#[derive(Debug, Deserialize)]
pub struct ReleasedItem<'a> {
    /// The line.
    #[serde(borrow)]
    pub line: Cow<'a, str>,
    /// What.
    #[serde(borrow)]
    pub article: Cow<'a, str>,
    /// How much.
    pub qty: Decimal,
}

/// What a warehouse says of a shipment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The pick began.
    PickStart,
    /// All is picked.
    Picked,
    /// All is packed.
    Packed,
    /// The load is at the dock.
    Staged,
    /// The goods are written off.
    Shipped,
    /// Lines came back.
    Returned,
}

impl Code {
    const fn as_str(self) -> &'static str {
        match self {
            Self::PickStart => "PICKSTART",
            Self::Picked => "PICKED",
            Self::Packed => "PACKED",
            Self::Staged => "STAGED",
            Self::Shipped => "SHIPPED",
            Self::Returned => "RETURNED",
        }
    }
}

/// The word on an ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// All is reserved, at this time.
    Allocated(When),
    /// There is less than asked; nothing is reserved.
    Short,
    /// The warehouse will not.
    Rejected,
    /// The warehouse could not say.
    Error,
    /// What was reserved is given back.
    Cancelled,
    /// It cannot be given back any more.
    Gone,
}

#[derive(Serialize)]
struct Reply<'a> {
    event: &'a str,
    request: &'a str,
    order_no: &'a str,
    shipment_no: &'a str,
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    items: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Item<'a> {
    line: &'a str,
    qty: Decimal,
    uom: &'static str,
}

#[derive(Serialize)]
struct Status<'a> {
    event: &'a str,
    order_no: &'a str,
    shipment_no: &'a str,
    code: &'static str,
    at: i64,
    site: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    items: Vec<Item<'a>>,
}

/// A shipment of an order at one warehouse system.
#[derive(Debug, Clone, Copy)]
pub struct Job<'a> {
    /// Who runs the location.
    pub warehouse: Warehouse,
    /// The order.
    pub order: &'a OrderId,
    /// The shipment.
    pub shipment: &'a PlannedShipment,
}

impl<'a> Job<'a> {
    /// Answers an ask.
    pub fn reply(self, ask: &str, word: Word, lines: &[PlannedLine]) -> Message {
        let (result, reason, text, at) = match word {
            Word::Allocated(when) => ("ALLOC", None, None, Some(when.at.as_millis())),
            Word::Short => ("SHORT", None, Some("less on hand than asked for"), None),
            Word::Rejected => ("REJECT", Some("NOSTOCK"), Some("none on hand"), None),
            Word::Error => ("ERROR", None, Some("the system was down"), None),
            Word::Cancelled => ("CANCELLED", None, None, None),
            Word::Gone => ("REJECT", None, Some("it has left"), None),
        };
        // Another attempt has another answer.
        let attempt = ask.rsplit_once('#').map(|(_, number)| format!("-{number}")).unwrap_or_default();
        let id = match word {
            Word::Gone => self.id("GONE"),
            Word::Allocated(_) | Word::Short | Word::Rejected | Word::Error | Word::Cancelled => self.id(result),
        } + &attempt;
        let body = bytes(&Reply {
            event: &id,
            request: ask,
            order_no: self.order.as_str(),
            shipment_no: self.shipment.id.as_str(),
            result,
            reason,
            text,
            at,
            site: at.map(|_| self.shipment.location.as_str()),
            items: if at.is_some() { items(lines) } else { Vec::new() },
        });
        self.message("reply", id, body)
    }

    /// Tells a step. Without lines it is about all the shipment holds.
    pub fn status(self, code: Code, at: When, lines: &[PlannedLine]) -> Message {
        self.tell(self.id(code.as_str()), code, at, lines)
    }

    /// Tells that a line came back.
    pub fn returned(self, at: When, line: &PlannedLine) -> Message {
        let id = format!("{}/{}", self.id(Code::Returned.as_str()), line.line.token());
        self.tell(id, Code::Returned, at, std::slice::from_ref(line))
    }

    fn tell(self, id: String, code: Code, at: When, lines: &[PlannedLine]) -> Message {
        let body = bytes(&Status {
            event: &id,
            order_no: self.order.as_str(),
            shipment_no: self.shipment.id.as_str(),
            code: code.as_str(),
            at: at.at.as_millis(),
            site: self.shipment.location.as_str(),
            items: items(lines),
        });
        self.message("status", id, body)
    }

    fn id(self, code: &str) -> String {
        format!("{}/{}/{code}", self.order.token(), self.shipment.id)
    }

    fn message(self, name: &'static str, id: String, body: Vec<u8>) -> Message {
        Message { system: System::Wms, partner: self.warehouse.partner(), name, id, body }
    }
}

fn items(lines: &[PlannedLine]) -> Vec<Item<'_>> {
    lines.iter().map(|line| Item { line: line.line.as_str(), qty: line.quantity, uom: PIECE }).collect()
}

#[derive(Serialize)]
struct Stock<'a> {
    movements: Vec<Receipt<'a>>,
}

#[derive(Serialize)]
struct Receipt<'a> {
    id: String,
    site: &'a str,
    article: &'a str,
    r#type: &'static str,
    qty: Decimal,
    uom: &'static str,
    at: i64,
}

/// Goods came in; the `nth` such message of this warehouse system.
#[must_use]
pub fn receipts(warehouse: Warehouse, nth: u64, movements: &[Movement]) -> Message {
    let body = bytes(&Stock { movements: movements.iter().map(receipt).collect() });
    Message { system: System::Wms, partner: warehouse.partner(), name: "stock", id: format!("stock/{nth}"), body }
}

fn receipt(movement: &Movement) -> Receipt<'_> {
    Receipt {
        id: format!("GR-{}-{}", movement.location, movement.sku),
        site: movement.location.as_str(),
        article: movement.sku.as_str(),
        r#type: "GR",
        qty: movement.quantity.amount,
        uom: PIECE,
        at: movement.occurred.at.as_millis(),
    }
}
