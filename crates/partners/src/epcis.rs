//! EPCIS 2.0 (GS1, ISO/IEC 19987:2024): what happened to an order's goods, as events that anybody who reads the standard can read.
//!
//! A milestone that has a business step in the Core Business Vocabulary (CBV 2.0) is an `ObjectEvent`; packing into a parcel that
//! has a number of its own is an `AggregationEvent`. Estimates are no events. Items, parcels and places have identifiers of GS1's
//! where their own numbers are such (GTIN, SSCC, GLN, by their check digit), and else names below a [`Base`] of one's own.
//!
//! An event needs a time with an offset. Where a source stated less (a date, or no zone), UTC stands in, and what it stated is in
//! `waybill:stated`; Waybill's own word is in `waybill:milestone`.

use model::{
    Classifier, LineId, Milestone, MilestoneReached, OrderId, Personal, Quantity, ShipmentId, Sku, Timestamp, When,
    Zone,
};
use serde_json::{Map, Value, json};

/// Where the words `waybill:…` are explained.
const CONTEXT: &str = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld";

/// A URI under which things that have no number of GS1's get their names.
#[derive(Debug, Clone)]
pub struct Base(String);

/// Why a text is no base.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no base for names; expected a URI without blanks such as https://id.example.com or urn:example:goods"
)]
pub struct BaseError(String);

impl Base {
    /// A base such as `https://id.example.com`.
    ///
    /// # Errors
    /// [`BaseError`] when it cannot be the start of a URI.
    pub fn new(text: &str) -> Result<Self, BaseError> {
        let sound = |letter: char| letter.is_ascii_alphanumeric() || "-._~:/@".contains(letter);
        let scheme = text.split_once(':').filter(|(scheme, rest)| {
            !rest.is_empty() && scheme.starts_with(|first: char| first.is_ascii_alphabetic()) && text.chars().all(sound)
        });
        match scheme {
            Some(_) => Ok(Self(text.trim_end_matches(['/', ':']).to_owned())),
            None => Err(BaseError(text.to_owned())),
        }
    }

    fn name(&self, kind: &str, own: &str) -> String {
        let between = if self.0.starts_with("urn:") { ':' } else { '/' };
        let own: String = own.bytes().map(escaped).collect();
        format!("{}{between}{kind}{between}{own}", self.0)
    }

    fn sku(&self, sku: &Sku) -> String {
        match gtin(sku.as_str()) {
            Some(gtin) => format!("https://id.gs1.org/01/{gtin}"),
            None => self.name("sku", sku.as_str()),
        }
    }

    fn parcel(&self, parcel: &str) -> String {
        let digits = parcel.strip_prefix("00").filter(|rest| rest.len() == 18).unwrap_or(parcel);
        if digits.len() == 18 && is_checked(digits) {
            format!("https://id.gs1.org/00/{digits}")
        } else {
            self.name("parcel", parcel)
        }
    }

    fn location(&self, location: &str) -> String {
        if location.len() == 13 && is_checked(location) {
            format!("https://id.gs1.org/414/{location}")
        } else {
            self.name("location", location)
        }
    }
}

/// A line as a shipment holds it.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its number.
    pub line: LineId,
    /// What it is of.
    pub sku: Sku,
    /// How much the shipment is to hold.
    pub quantity: Quantity,
}

/// What is told of one milestone.
#[derive(Debug, Clone, Copy)]
pub struct Event<'a> {
    /// The fact's own id.
    pub id: [u8; 16],
    /// The milestone.
    pub reached: &'a MilestoneReached,
    /// When it was told.
    pub received: Timestamp,
    /// What its shipment holds; all that the order holds where it names none.
    pub holds: &'a [Line],
}

/// The events of an order, in the order they are given; what is no event of EPCIS's is left out.
#[must_use]
pub fn events<'a>(base: &Base, order: &OrderId, told: impl Iterator<Item = Event<'a>>) -> Vec<Value> {
    told.filter_map(|told| event(base, order, told)).collect()
}

/// Events, of one order or of many, as one `EPCISDocument`.
#[must_use]
pub fn document(base: &Base, events: Vec<Value>, created: Timestamp) -> Value {
    json!({
        "@context": [CONTEXT, { "waybill": format!("{}#", base.name("waybill", "terms")) }],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": created.to_string(),
        "epcisBody": { "eventList": events },
    })
}

/// The business step and the disposition of a milestone, as CBV 2.0 names them; nothing for what is no step of goods.
#[must_use]
pub const fn step(milestone: Milestone) -> Option<(&'static str, Option<&'static str>)> {
    Some(match milestone {
        Milestone::FulfilmentAllocated => ("reserving", Some("reserved")),
        Milestone::FulfilmentPicked => ("picking", Some("in_progress")),
        Milestone::FulfilmentPacked => ("packing", Some("container_closed")),
        Milestone::FulfilmentStaged => ("staging_outbound", Some("in_progress")),
        Milestone::TransportArrivedPickup => ("arriving", None),
        Milestone::TransportPickedUp
        | Milestone::FulfilmentGoodsIssued
        | Milestone::TransportHandedOver
        | Milestone::TransportReturning => ("shipping", Some("in_transit")),
        Milestone::TransportDepartedFacility => ("departing", Some("in_transit")),
        Milestone::TransportArrivedFacility
        | Milestone::TransportAtDestinationFacility
        | Milestone::TransportArrivedConsignee => ("arriving", Some("in_transit")),
        Milestone::TransportInTransit | Milestone::TransportOutForDelivery => ("transporting", Some("in_transit")),
        Milestone::TransportAvailableForPickup => ("storing", Some("sellable_not_accessible")),
        Milestone::TransportPartiallyDelivered | Milestone::TransportDelivered => ("receiving", Some("in_progress")),
        Milestone::TransportPodReceived => ("accepting", Some("completeness_verified")),
        Milestone::TransportReturned => ("receiving", Some("returned")),
        Milestone::TransportCancelled => ("void_shipping", None),
        Milestone::Unknown
        | Milestone::StockReceived
        | Milestone::StockCounted
        | Milestone::StockAdjusted
        | Milestone::OrderReceived
        | Milestone::OrderConfirmed
        | Milestone::FulfilmentReleased
        | Milestone::TransportTendered
        | Milestone::TransportAccepted
        | Milestone::TransportLabelCreated
        | Milestone::TransportCustomsStarted
        | Milestone::TransportCustomsReleased
        | Milestone::TransportDeliveryAttempted
        | Milestone::FinanceInvoiced
        | Milestone::FinanceFreightInvoiced
        | Milestone::FinancePaid
        | Milestone::OrderCancelled => return None,
    })
}

fn event(base: &Base, order: &OrderId, told: Event<'_>) -> Option<Value> {
    let Event { id, reached, received, holds } = told;
    if reached.classifier != Classifier::Actual {
        return None;
    }
    let (step, disposition) = step(reached.milestone)?;
    let mut event = Map::new();
    let quantities = quantities(base, reached, holds);
    match (&reached.parcel, reached.milestone) {
        (Some(parcel), Milestone::FulfilmentPacked) => {
            event.insert("type".to_owned(), "AggregationEvent".into());
            event.insert("parentID".to_owned(), base.parcel(parcel.as_str()).into());
            event.insert("childEPCs".to_owned(), json!([]));
            event.insert("childQuantityList".to_owned(), quantities.into());
            event.insert("action".to_owned(), "ADD".into());
        }
        (Some(parcel), _) => {
            event.insert("type".to_owned(), "ObjectEvent".into());
            event.insert("epcList".to_owned(), json!([base.parcel(parcel.as_str())]));
            event.insert("action".to_owned(), "OBSERVE".into());
        }
        (None, _) => {
            event.insert("type".to_owned(), "ObjectEvent".into());
            event.insert("epcList".to_owned(), json!([]));
            event.insert("quantityList".to_owned(), quantities.into());
            event.insert("action".to_owned(), "OBSERVE".into());
        }
    }
    event.insert("eventID".to_owned(), uuid(id).into());
    event.insert("eventTime".to_owned(), reached.occurred.at.to_string().into());
    event.insert("eventTimeZoneOffset".to_owned(), offset(&reached.occurred).into());
    event.insert("recordTime".to_owned(), received.to_string().into());
    event.insert("bizStep".to_owned(), step.into());
    if let Some(disposition) = disposition {
        event.insert("disposition".to_owned(), disposition.into());
    }
    if let Some(place) = place(base, reached) {
        event.insert("readPoint".to_owned(), json!({ "id": place }));
    }
    event.insert("bizTransactionList".to_owned(), transactions(base, order, reached.shipment.as_ref()));
    event.insert("waybill:milestone".to_owned(), reached.milestone.as_str().into());
    event.insert("waybill:stated".to_owned(), reached.occurred.to_string().into());
    if let Some(code) = &reached.code {
        event.insert("waybill:code".to_owned(), code.as_str().into());
    }
    Some(Value::Object(event))
}

/// How much of what: of the lines that are named, or of all.
fn quantities(base: &Base, reached: &MilestoneReached, holds: &[Line]) -> Vec<Value> {
    if reached.lines.is_empty() {
        return holds.iter().map(|line| quantity(base, &line.sku, &line.quantity)).collect();
    }
    let named = reached.lines.iter().filter(|part| !part.quantity.amount.is_zero());
    let known = named.filter_map(|part| Some((&holds.iter().find(|line| line.line == part.line)?.sku, &part.quantity)));
    known.map(|(sku, amount)| quantity(base, sku, amount)).collect()
}

fn quantity(base: &Base, sku: &Sku, quantity: &Quantity) -> Value {
    let mut element = Map::new();
    element.insert("epcClass".to_owned(), base.sku(sku).into());
    // A decimal is written as JSON writes numbers.
    let amount = quantity.amount.normalize().to_string();
    element.insert("quantity".to_owned(), amount.parse().map_or(Value::Null, Value::Number));
    // Without a unit, pieces are counted.
    let unit = quantity.unit.as_str();
    if !quantity.unit.counts_pieces() && (2..=3).contains(&unit.len()) {
        element.insert("uom".to_owned(), unit.into());
    }
    Value::Object(element)
}

fn transactions(base: &Base, order: &OrderId, shipment: Option<&ShipmentId>) -> Value {
    let mut list = vec![json!({ "type": "po", "bizTransaction": base.name("order", order.as_str()) })];
    if let Some(shipment) = shipment {
        let own = base.name("shipment", &format!("{order}/{shipment}"));
        list.push(json!({ "type": "desadv", "bizTransaction": own }));
    }
    list.into()
}

/// Where it happened, if that has a name.
fn place(base: &Base, reached: &MilestoneReached) -> Option<String> {
    let place = reached.place.as_ref()?;
    if let Some(location) = &place.location {
        return Some(base.location(location.as_str()));
    }
    let country = place.country.map(|country| country.to_string());
    // What nobody can read names no place.
    let clear = |personal: &Option<Personal>| personal.as_ref().and_then(Personal::as_clear).map(str::to_owned);
    let (postal_code, name) = (clear(&place.postal_code), clear(&place.name));
    let parts = [country, place.region.clone(), postal_code, place.city.clone(), name];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| base.name("place", &parts.join(" ")))
}

fn offset(when: &When) -> String {
    let minutes = match when.zone {
        Zone::Unknown => 0,
        Zone::Offset(minutes) => minutes,
    };
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

fn uuid(id: [u8; 16]) -> String {
    let hex: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("urn:uuid:{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// A byte as a URI holds it.
fn escaped(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

/// A GTIN of 8, 12, 13 or 14 digits, in 14.
fn gtin(text: &str) -> Option<String> {
    ([8, 12, 13, 14].contains(&text.len()) && is_checked(text)).then(|| format!("{text:0>14}"))
}

/// Whether a number is of digits of which the last checks the others (GS1 General Specifications, modulo 10).
fn is_checked(number: &str) -> bool {
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let weighed =
        number.bytes().rev().enumerate().map(|(nth, byte)| u32::from(byte - b'0') * if nth % 2 == 0 { 1 } else { 3 });
    weighed.sum::<u32>() % 10 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_gs1_are_known_by_their_check_digit() {
        let base = Base::new("https://id.example.com/").unwrap();
        let sku = |text: &str| base.sku(&Sku::new(text).unwrap());
        assert_eq!(sku("4006381333931"), "https://id.gs1.org/01/04006381333931");
        assert_eq!(sku("4006381333932"), "https://id.example.com/sku/4006381333932");
        assert_eq!(sku("BOLT 8"), "https://id.example.com/sku/BOLT%208");
        assert_eq!(base.parcel("00340123450000000017"), base.parcel("340123450000000017"));
        assert!(
            base.parcel("340123450000000017").starts_with("https://id.gs1.org/00/") == is_checked("340123450000000017")
        );
        assert_eq!(Base::new("urn:example").unwrap().location("W1"), "urn:example:location:W1");
    }

    #[test]
    fn a_base_is_the_start_of_a_uri() {
        for wrong in ["", "id.example.com", "https:", "http s://x", "1:2", "https://x?y=1"] {
            assert!(Base::new(wrong).is_err(), "{wrong}");
        }
    }
}
