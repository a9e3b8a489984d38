//! Asks as the simulated partners receive them.

use model::decision::AskedLine;
use model::{Ask, AskId, Country, LineId, LocationId, OrderId, Place, Quantity, Request, ShipmentId, Sku, System};
use partners::{EncodeError, Profile};
use serde_json::{Value, json};

use crate::{date, partner, progress, quantity, sending, shipped_profile};

fn ask(system: System, partner_id: &str, request: Request) -> Ask {
    let id = AskId::new(request.kind()).unwrap();
    Ask { id, system, partner: partner(partner_id), request }
}

fn ship_to() -> Place {
    Place { city: Some("Hamburg".into()), country: Country::new("DE").ok(), ..Place::default() }
}

fn asked(line: &str, sku: &str, quantity: Quantity) -> AskedLine {
    AskedLine { line: LineId::new(line).unwrap(), sku: Sku::new(sku).unwrap(), quantity }
}

fn allocate() -> Ask {
    let request = Request::Allocate {
        shipment: ShipmentId::new("SO-1-1").unwrap(),
        location: LocationId::new("EAST").unwrap(),
        ship_on: Some(date("2026-03-05")),
        ship_to: ship_to(),
        lines: vec![asked("10", "BOLT-8", quantity("5", "EA")), asked("20", "NUT-8", quantity("2.50", "KGM"))],
    };
    ask(System::Wms, "wms-east", request)
}

fn written(profile: &Profile, ask: &Ask) -> (String, Value) {
    let outgoing = profile.encode(&OrderId::new("SO-1").unwrap(), ask, sending()).unwrap();
    (outgoing.message, serde_json::from_slice(&outgoing.body).unwrap())
}

#[test]
fn an_allocation_is_a_release_to_the_warehouse() {
    let expected = json!({
        "request": "allocate", "order_no": "SO-1", "shipment_no": "SO-1-1", "site": "EAST", "ship_date": "2026-03-05",
        "consignee": {"city": "Hamburg", "country": "DE"},
        "items": [
            {"line": "10", "article": "BOLT-8", "qty": 5, "uom": "PC"},
            {"line": "20", "article": "NUT-8", "qty": 2.5, "uom": "KG"},
        ],
    });
    assert_eq!(written(&shipped_profile("sim-wms"), &allocate()), ("release".into(), expected));
}

#[test]
fn a_booking_is_a_tender() {
    let request = Request::Book {
        shipment: ShipmentId::new("SO-1-1").unwrap(),
        from: LocationId::new("EAST").unwrap(),
        ship_to: ship_to(),
        ship_on: None,
        mode: Some("TRUCK".into()),
        lines: vec![asked("10", "BOLT-8", quantity("5", "EA"))],
    };
    let expected = json!({
        "tender": "book", "service": "TRUCK", "shipper_ref": {"order": "SO-1", "shipment": "SO-1-1"},
        "pickup": {"site": "EAST"}, "deliver_to": {"city": "Hamburg", "country": "DE"},
        "goods": [{"line": "10", "article": "BOLT-8", "count": 5, "unit": "PCS"}],
    });
    let ask = ask(System::Tms, "tms-main", request);
    assert_eq!(written(&shipped_profile("sim-tms"), &ask), ("tender".into(), expected));
}

#[test]
fn the_erp_is_told_what_was_delivered_and_asked_to_bill_it() {
    let lines = vec![progress("10", "5", Some("EAST"))];
    let confirm = ask(System::Erp, "erp-main", Request::ConfirmShipment { lines: lines.clone(), sale: None });
    let expected = json!({
        "reference": "confirm_shipment", "vbeln": "SO-1",
        "items": [{"posnr": "10", "lfimg": 5, "meins": "ST", "werks": "EAST"}],
    });
    assert_eq!(written(&shipped_profile("sim-erp"), &confirm), ("shpcon".into(), expected));

    let bill = ask(System::Erp, "erp-main", Request::Bill { lines, sale: None });
    let expected = json!({
        "reference": "bill", "vbeln": "SO-1", "fkart": "F2",
        "items": [{"posnr": "10", "fkimg": 5, "meins": "ST"}],
    });
    assert_eq!(written(&shipped_profile("sim-erp"), &bill), ("billing".into(), expected));
}

#[test]
fn a_canonical_body_is_the_ask_as_it_is() {
    let text =
        "partner = \"w\"\nsystem = \"wms\"\nversion = 1\n[out.allocate]\nmessage = \"ask\"\nbody = \"canonical\"\n";
    let (message, body) = written(&Profile::load("w.toml", text).unwrap(), &allocate());
    assert_eq!(message, "ask");
    assert_eq!(body["kind"], "allocate");
    assert_eq!(body["order"], "SO-1");
    assert_eq!(body["lines"][1], json!({"line": "20", "sku": "NUT-8", "quantity": {"amount": "2.50", "unit": "KGM"}}));
}

#[test]
fn what_cannot_be_said_is_named() {
    let order = OrderId::new("SO-1").unwrap();
    let error = shipped_profile("sim-tms").encode(&order, &allocate(), sending()).unwrap_err();
    assert_eq!(error, EncodeError::NoSection { kind: "allocate" });

    let mut odd = allocate();
    if let Request::Allocate { lines, .. } = &mut odd.request {
        lines[1].quantity = quantity("1", "LBR");
    }
    let error = shipped_profile("sim-wms").encode(&order, &odd, sending()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the message `release` cannot be written: unknown code: `lines[1].quantity.unit` holds `LBR`, which is not in the \
         table `uom`"
    );
}
