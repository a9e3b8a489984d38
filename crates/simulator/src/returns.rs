//! Returns, as the partners treat them: what is expected comes, at once and in full; the warehouse finds it as it was sold
//! unless it was returned as damaged; the ERP credits what it is asked to.
//!
//! The partners keep no books of returns: they are opened by hand, to try them out.

use std::borrow::Cow;

use model::token::escape;
use model::{System, Timestamp};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::plan::{CURRENCY, ERP, TMS, Warehouse};
use crate::wire::Message;

/// What a piece is credited with.
const CREDIT: Decimal = Decimal::TEN;

/// Asked: take this in when it comes back.
#[derive(Debug, Deserialize)]
pub struct Expected<'a> {
    #[serde(borrow)]
    request: Cow<'a, str>,
    #[serde(borrow)]
    rma_no: Cow<'a, str>,
    #[serde(borrow)]
    site: Cow<'a, str>,
    items: Vec<ExpectedItem>,
}

#[derive(Debug, Deserialize)]
struct ExpectedItem {
    line: String,
    qty: Decimal,
    uom: String,
    cause: String,
}

/// Asked: expect it no longer.
#[derive(Debug, Deserialize)]
pub struct NotExpected<'a> {
    #[serde(borrow)]
    request: Cow<'a, str>,
    #[serde(borrow)]
    rma_no: Cow<'a, str>,
}

/// Asked: credit this.
#[derive(Debug, Deserialize)]
pub struct Credit<'a> {
    #[serde(borrow)]
    reference: Cow<'a, str>,
    #[serde(borrow)]
    vbeln: Cow<'a, str>,
    #[serde(default)]
    items: Vec<CreditItem>,
}

#[derive(Debug, Deserialize)]
struct CreditItem {
    vgpos: String,
    fkimg: Decimal,
    meins: String,
}

/// Asked: fetch this, or fetch it no longer.
#[derive(Debug, Deserialize)]
pub struct Collection<'a> {
    #[serde(borrow)]
    tender: Cow<'a, str>,
    #[serde(borrow)]
    shipper_ref: ShipperRef<'a>,
}

#[derive(Debug, Deserialize)]
struct ShipperRef<'a> {
    #[serde(borrow)]
    order: Cow<'a, str>,
    #[serde(borrow)]
    shipment: Cow<'a, str>,
}

/// The warehouse expects the goods, has them, and looks at them.
#[must_use]
pub fn expected(warehouse: Warehouse, ask: &Expected<'_>, now: Timestamp) -> Vec<Message> {
    let partner = warehouse.partner();
    let rma = &*ask.rma_no;
    let received = |item: &ExpectedItem| json!({ "line": item.line, "qty": item.qty, "uom": item.uom });
    let inspected = |item: &ExpectedItem| {
        let grade = if item.cause == "DAMAGED" { "B" } else { "A" };
        json!({ "line": item.line, "qty": item.qty, "uom": item.uom, "grade": grade })
    };
    let reply = json!({ "request": ask.request, "rma_no": rma, "result": "EXPECTED" });
    let items: Vec<Value> = ask.items.iter().map(received).collect();
    let receipt = json!({ "rma_no": rma, "at": now.as_millis(), "site": ask.site, "items": items });
    let items: Vec<Value> = ask.items.iter().map(inspected).collect();
    let inspection = json!({ "rma_no": rma, "items": items });
    let of_wms = |name, event: String, body| message(System::Wms, partner, name, "event", event, body);
    vec![
        of_wms("return_reply", id(rma, &ask.request, "expected"), reply),
        of_wms("return_received", id(rma, "return", "received"), receipt),
        of_wms("return_inspected", id(rma, "return", "inspected"), inspection),
    ]
}

/// The warehouse expects the goods no longer.
#[must_use]
pub fn not_expected(warehouse: Warehouse, ask: &NotExpected<'_>) -> Vec<Message> {
    let body = json!({ "request": ask.request, "rma_no": ask.rma_no, "result": "CANCELLED" });
    let event = id(&ask.rma_no, &ask.request, "cancelled");
    vec![message(System::Wms, warehouse.partner(), "return_reply", "event", event, body)]
}

/// The ERP credits it, or closes the return where there is nothing to credit.
#[must_use]
pub fn credit(ask: &Credit<'_>) -> Vec<Message> {
    let mut body = json!({ "vbeln": ask.vbeln, "reference": ask.reference, "status": "53" });
    if !ask.items.is_empty() {
        let item = |item: &CreditItem| json!({ "vgpos": item.vgpos, "fkimg": item.fkimg, "meins": item.meins });
        let pieces: Decimal = ask.items.iter().map(|item| item.fkimg).sum();
        body["vbeln_vf"] = json!(format!("CM-{}", ask.vbeln));
        body["netwr"] = json!(pieces.saturating_mul(CREDIT));
        body["waerk"] = json!(CURRENCY);
        body["items"] = ask.items.iter().map(item).collect();
    }
    let docnum = id(&ask.vbeln, &ask.reference, "credit");
    vec![message(System::Erp, ERP, "credit_memo", "docnum", docnum, body)]
}

/// A carrier takes the goods on and fetches them.
#[must_use]
pub fn collection(ask: &Collection<'_>, now: Timestamp) -> Vec<Message> {
    let pro = format!("RET-{}", ask.shipper_ref.order);
    let mut answer = answer(ask, "A");
    answer["scac"] = json!("DHLX");
    answer["pro"] = json!(pro);
    answer["answered_at"] = json!(now);
    let event = json!({ "pro": pro, "code": "PU", "at": now });
    let of = |step: &str| id(&ask.shipper_ref.order, &ask.tender, step);
    vec![
        message(System::Tms, TMS, "collection", "answer_id", of("collection"), answer),
        message(System::Tms, TMS, "event", "id", of("picked-up"), event),
    ]
}

/// The carrier does not fetch them.
#[must_use]
pub fn not_collected(ask: &Collection<'_>) -> Vec<Message> {
    let answer_id = id(&ask.shipper_ref.order, &ask.tender, "withdrawn");
    vec![message(System::Tms, TMS, "collection", "answer_id", answer_id, answer(ask, "C"))]
}

fn answer(ask: &Collection<'_>, word: &str) -> Value {
    let reference = json!({ "order": ask.shipper_ref.order, "shipment": ask.shipper_ref.shipment });
    json!({ "tender": ask.tender, "shipper_ref": reference, "answer": word })
}

/// The same whenever the same ask is answered again; another ask has another answer.
fn id(rma: &str, ask: &str, step: &str) -> String {
    format!("return/{}/{}/{step}", escape(rma), escape(ask))
}

fn message(
    system: System,
    partner: &'static str,
    name: &'static str,
    event: &str,
    id: String,
    mut body: Value,
) -> Message {
    body[event] = json!(id);
    Message { system, partner, name, id, body: body.to_string().into_bytes() }
}
