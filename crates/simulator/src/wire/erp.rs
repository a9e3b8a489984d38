//! What the ERP says, in the field names of SAP documents, and what it is asked.

use std::borrow::Cow;

use model::master::MasterRecord;
use model::{OrderId, Personal, Place, System, When};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Compact, Message, Stated, bytes};
use crate::plan::{CURRENCY, ERP, Plan, PlannedLine};

/// One piece, in the ERP's units.
const PIECE: &str = "ST";

/// Asked: book this as shipped and delivered.
#[derive(Debug, Deserialize)]
pub struct ShipmentConfirmation<'a> {
    /// The ask.
    #[serde(borrow)]
    pub reference: Cow<'a, str>,
    /// The order.
    #[serde(borrow)]
    pub vbeln: Cow<'a, str>,
    /// What was delivered.
    #[serde(borrow, default)]
    pub items: Vec<DeliveredItem<'a>>,
}

/// A line and how much of it was delivered.
#[derive(Debug, Deserialize)]
pub struct DeliveredItem<'a> {
    /// The line.
    #[serde(borrow)]
    pub posnr: Cow<'a, str>,
    /// How much was delivered.
    pub lfimg: Decimal,
}

/// Asked: bill this.
#[derive(Debug, Deserialize)]
pub struct BillingRequest<'a> {
    /// The ask.
    #[serde(borrow)]
    pub reference: Cow<'a, str>,
    /// The order.
    #[serde(borrow)]
    pub vbeln: Cow<'a, str>,
    /// What to bill.
    #[serde(borrow, default)]
    pub items: Vec<BilledItem<'a>>,
}

/// Asked: close this order as cancelled.
#[derive(Debug, Deserialize)]
pub struct Rejection<'a> {
    /// The ask.
    #[serde(borrow)]
    pub reference: Cow<'a, str>,
    /// The order.
    #[serde(borrow)]
    pub vbeln: Cow<'a, str>,
}

/// A line and how much of it to bill.
#[derive(Debug, Deserialize)]
pub struct BilledItem<'a> {
    /// The line.
    #[serde(borrow)]
    pub posnr: Cow<'a, str>,
    /// How much.
    pub fkimg: Decimal,
}

#[derive(Serialize)]
struct Orders<'a> {
    documents: [Document<'a>; 1],
}

#[derive(Serialize)]
struct Document<'a> {
    vbeln: &'a str,
    kunnr: &'a str,
    waerk: &'static str,
    erdat: Compact,
    vsart: &'a str,
    partner_we: ShipTo<'a>,
    items: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct ShipTo<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name1: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stras: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ort01: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pstlz: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    land1: Option<String>,
}

#[derive(Serialize)]
struct Item<'a> {
    posnr: &'a str,
    matnr: &'a str,
    menge: Decimal,
    meins: &'static str,
    netpr: Decimal,
    werks: &'a str,
    wadat: Compact,
    edatu: Compact,
}

/// The order, released.
#[must_use]
pub fn order(plan: &Plan) -> Message {
    let document = Document {
        vbeln: plan.order.as_str(),
        kunnr: plan.customer.as_str(),
        waerk: CURRENCY,
        erdat: Compact(plan.ordered.local_date()),
        vsart: &plan.mode,
        partner_we: ship_to(&plan.ship_to),
        items: plan.lines.iter().map(item).collect(),
    };
    message("order", plan.order.token().into_owned(), bytes(&Orders { documents: [document] }))
}

/// The order, released again with other quantities.
#[must_use]
pub fn changed(plan: &Plan) -> Message {
    let released = order(plan);
    Message { id: format!("{}/changed", released.id), ..released }
}

#[derive(Serialize)]
struct Credit<'a> {
    docnum: &'a str,
    vbeln: &'a str,
    cmgst: &'static str,
    at: Stated,
}

/// The credit check holds the order back, or lets it go.
#[must_use]
pub fn credit(order: &OrderId, holds: bool, at: When) -> Message {
    let cmgst = if holds { "B" } else { "D" };
    let id = format!("{}/credit-{cmgst}", order.token());
    let body = bytes(&Credit { docnum: &id, vbeln: order.as_str(), cmgst, at: Stated(at) });
    message("credit", id, body)
}

#[derive(Serialize)]
struct GoodsMovement<'a> {
    docnum: &'a str,
    vbeln: &'a str,
    wbstk: &'static str,
    at: Stated,
}

/// The ERP says that the goods have left.
#[must_use]
pub fn shipped(order: &OrderId, at: When) -> Message {
    let id = format!("{}/shipped", order.token());
    let body = bytes(&GoodsMovement { docnum: &id, vbeln: order.as_str(), wbstk: "C", at: Stated(at) });
    message("goods_movement", id, body)
}

fn item(line: &PlannedLine) -> Item<'_> {
    Item {
        posnr: line.line.as_str(),
        matnr: line.sku.as_str(),
        menge: line.quantity,
        meins: PIECE,
        netpr: line.price,
        werks: line.ship_from.as_str(),
        wadat: Compact(line.ship_on),
        edatu: Compact(line.promised.local_date()),
    }
}

fn ship_to(place: &Place) -> ShipTo<'_> {
    ShipTo {
        name1: place.name.as_ref().and_then(Personal::as_clear),
        stras: place.street.as_ref().and_then(Personal::as_clear),
        ort01: place.city.as_deref(),
        pstlz: place.postal_code.as_ref().and_then(Personal::as_clear),
        land1: place.country.map(String::from),
    }
}

#[derive(Serialize)]
struct Confirmation<'a> {
    docnum: &'a str,
    vbeln: &'a str,
    reference: &'a str,
    status: &'static str,
}

#[derive(Serialize)]
struct Cancel<'a> {
    docnum: &'a str,
    vbeln: &'a str,
    abgru: &'static str,
    text: &'static str,
}

/// The order is not wanted any more.
#[must_use]
pub fn cancel(order: &OrderId) -> Message {
    let id = format!("{}/cancel", order.token());
    let body = bytes(&Cancel { docnum: &id, vbeln: order.as_str(), abgru: "CUST", text: "the customer called" });
    message("cancel", id, body)
}

/// The shipment, or the cancellation, is posted.
#[must_use]
pub fn confirmation(order: &OrderId, ask: &str, what: &str) -> Message {
    let id = format!("{}/{what}", order.token());
    let body = Confirmation { docnum: &id, vbeln: order.as_str(), reference: ask, status: "53" };
    let body = bytes(&body);
    message("confirmation", id, body)
}

/// What was asked could not be done; told in the message that would have told that it is.
#[must_use]
pub fn failed(order: &OrderId, ask: &str, name: &'static str) -> Message {
    let id = format!("{}/{name}-failed", order.token());
    let body = bytes(&Confirmation { docnum: &id, vbeln: order.as_str(), reference: ask, status: "56" });
    message(name, id, body)
}

#[derive(Serialize)]
struct Invoice<'a> {
    docnum: &'a str,
    vbeln: &'a str,
    reference: &'a str,
    status: &'static str,
    vbeln_vf: &'a str,
    netwr: Decimal,
    waerk: &'static str,
    items: Vec<InvoicedItem<'a>>,
}

#[derive(Serialize)]
struct InvoicedItem<'a> {
    posnr: &'a str,
    fkimg: Decimal,
    meins: &'static str,
}

/// The customer is billed for these lines.
#[must_use]
pub fn invoice(order: &OrderId, ask: &str, total: Decimal, lines: &[(&str, Decimal)]) -> Message {
    let id = format!("{}/invoice", order.token());
    let items = lines.iter().map(|(posnr, fkimg)| InvoicedItem { posnr, fkimg: *fkimg, meins: PIECE }).collect();
    let body = bytes(&Invoice {
        docnum: &id,
        vbeln: order.as_str(),
        reference: ask,
        status: "53",
        vbeln_vf: &format!("INV-{order}"),
        netwr: total,
        waerk: CURRENCY,
        items,
    });
    message("invoice", id, body)
}

#[derive(Default, Serialize)]
struct Master<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    materials: Vec<Material<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    customers: Vec<Customer<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    plants: Vec<Plant<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lanes: Vec<Lane<'a>>,
}

#[derive(Serialize)]
struct Material<'a> {
    matnr: &'a str,
    maktx: &'a str,
}

#[derive(Serialize)]
struct Customer<'a> {
    kunnr: &'a str,
    name1: &'a str,
}

#[derive(Serialize)]
struct Plant<'a> {
    werks: &'a str,
    name1: &'a str,
    land1: String,
    lgsystem: &'a str,
}

#[derive(Serialize)]
struct Lane<'a> {
    land_from: String,
    land_to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    block: Option<&'a str>,
}

/// Some master data, the `nth` message of it.
#[must_use]
pub fn master(nth: u64, records: &[MasterRecord]) -> Message {
    let mut master = Master::default();
    for record in records {
        match record {
            MasterRecord::Item(sku, item) => {
                master.materials.push(Material { matnr: sku.as_str(), maktx: &item.description });
            }
            MasterRecord::Customer(id, customer) => {
                master.customers.push(Customer { kunnr: id.as_str(), name1: &customer.name });
            }
            MasterRecord::Location(id, location) => master.plants.push(Plant {
                werks: id.as_str(),
                name1: &location.name,
                land1: location.country.to_string(),
                lgsystem: location.wms.as_str(),
            }),
            MasterRecord::Route(from, to, route) => master.lanes.push(Lane {
                land_from: from.to_string(),
                land_to: to.to_string(),
                block: route.restricted.as_deref(),
            }),
        }
    }
    message("master", format!("master/{nth}"), bytes(&master))
}

fn message(name: &'static str, id: String, body: Vec<u8>) -> Message {
    Message { system: System::Erp, partner: ERP, name, id, body }
}
