//! The templates of trading partners on a message of each kind: what it says, line by line, as `tests/golden` has it.
//!
//! `BLESS=1` writes what is said as what is expected.

use std::path::PathBuf;

use model::decision::AskedLine;
use model::{
    Ask, AskId, Country, Currency, CustomerId, LineId, LocationId, Money, OrderId, Place, Reason, Request, Sale,
    ShipmentId, Sku, SoldLine, System,
};
use partners::format::{Known, Plain, plain};
use partners::{OrderRef, Told};

use crate::{date, partner, progress, quantity, received, sending, template};

/// Every kind of message that a template reads: its template, its name and its example.
const READ: [(&str, &str, &str); 14] = [
    ("x12-erp", "850", "edi"),
    ("x12-erp", "940", "edi"),
    ("x12-wms", "943", "edi"),
    ("x12-wms", "944", "edi"),
    ("x12-wms", "945", "edi"),
    ("x12-wms", "947", "edi"),
    ("x12-wms", "846", "edi"),
    ("x12-tms", "990", "edi"),
    ("x12-tms", "214", "edi"),
    ("x12-tms", "210", "edi"),
    ("edifact-erp", "orders", "edi"),
    ("edifact-tms", "iftsta", "edi"),
    ("sap-erp", "orders05", "xml"),
    ("sap-wms", "delvry07", "xml"),
];

pub fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// Holds a text against the one that is expected, or writes it down.
#[expect(clippy::disallowed_methods, reason = "a test may read what it expects")]
pub fn hold(name: &str, text: &str) {
    let path = golden(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(text == expected, "{name} differs; it says\n{text}");
}

/// What was told, a line each.
fn lines(told: &[Told]) -> String {
    let mut lines = String::new();
    let mut line = |line: String| {
        lines.push_str(&line);
        lines.push('\n');
    };
    for told in told {
        match told {
            Told::Order { workflow, order, facts, xrefs } => {
                let about = match order {
                    OrderRef::Order(order) => format!("{workflow} {order}"),
                    OrderRef::Reference(reference) => format!("{workflow} known as {reference}"),
                };
                facts.iter().for_each(|told| line(format!("{about}: {}", serde_json::to_string(&told.fact).unwrap())));
                xrefs.iter().for_each(|xref| line(format!("{about}: is known as {}", xref.reference)));
            }
            Told::Stock { movement, .. } => line(format!("stock: {}", serde_json::to_string(movement).unwrap())),
            Told::Master(record) => line(format!("master: {}", serde_json::to_string(record).unwrap())),
            Told::Snapshot(snapshot) => line(format!("list: {}", serde_json::to_string(snapshot).unwrap())),
            Told::Rejected(rejected) => line(format!("rejected: {}", rejected.why)),
        }
    }
    lines
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test may read its examples")]
fn every_kind_of_message_says_what_it_is_expected_to() {
    for (name, message, format) in READ {
        let raw = std::fs::read(golden(&format!("{name}.{message}.{format}"))).unwrap();
        let profile = template(name);
        let told = profile.decode(message, &raw, received()).unwrap_or_else(|why| panic!("{name} {message}: {why}"));
        hold(&format!("{name}.{message}.facts"), &lines(&told));
        let mut moved: Vec<_> =
            told.iter().filter_map(|told| if let Told::Stock { id, .. } = told { Some(*id) } else { None }).collect();
        let movements = moved.len();
        moved.sort_unstable();
        moved.dedup();
        assert_eq!(moved.len(), movements, "{name} {message}: each movement is one of its own");
        assert_eq!(profile.decode(message, &raw, received()).unwrap(), told, "{name} {message}: told again, the same");
    }
}

#[test]
fn every_message_of_a_template_has_an_example() {
    let names: Vec<&str> = READ.iter().map(|(name, ..)| *name).collect();
    for (name, _) in partners::templates().iter().filter(|(name, _)| names.contains(name)) {
        let mut read: Vec<&str> = READ.iter().filter(|(of, ..)| of == name).map(|(_, message, _)| *message).collect();
        read.sort_unstable();
        let profile = template(name);
        let mut known: Vec<&str> = profile.messages().collect();
        known.sort_unstable();
        assert_eq!(read, known, "{name}");
    }
}

fn ship_to() -> Place {
    Place {
        location: None,
        name: Some("J DOE + SON".into()),
        street: Some("12 OAK LN".into()),
        city: Some("AUSTIN".to_owned()),
        region: Some("TX".to_owned()),
        postal_code: Some("78701".into()),
        country: Country::new("US").ok(),
    }
}

fn asked() -> Vec<AskedLine> {
    let line = |line: &str, sku: &str, amount: &str, unit: &str| AskedLine {
        line: LineId::new(line).unwrap(),
        sku: Sku::new(sku).unwrap(),
        quantity: quantity(amount, unit),
    };
    vec![line("10", "LAMP-A", "3", "EA"), line("20", "FLOUR", "2.50", "KGM")]
}

fn sale() -> Sale {
    let usd = Currency::new("USD").unwrap();
    let line = |line: &str, sku: &str, price: &str| SoldLine {
        line: LineId::new(line).unwrap(),
        sku: Sku::new(sku).unwrap(),
        unit_price: Some(Money { amount: price.parse().unwrap(), currency: usd }),
    };
    Sale {
        customer: CustomerId::new("BS-1").unwrap(),
        currency: usd,
        ship_to: ship_to(),
        lines: vec![line("10", "LAMP-A", "3.25"), line("20", "FLOUR", "1.99")],
    }
}

/// One ask of each kind that an order makes of a system.
fn asks(system: System, of: &str) -> Vec<Ask> {
    let (s1, w1) = (ShipmentId::new("s1").unwrap(), LocationId::new("W1").unwrap());
    let undoes = |kind: &str| AskId::new(&format!("SO-5501/{kind}/s1")).unwrap();
    let mut lines = vec![progress("10", "3", None), progress("20", "0", None)];
    lines[1].quantity = quantity("2.50", "KGM");
    let ship_on = Some(date("2026-03-04"));
    let requests = match system {
        System::Erp => vec![
            Request::ConfirmShipment { lines: lines.clone(), sale: Some(Box::new(sale())) },
            Request::Bill { lines, sale: Some(Box::new(sale())) },
            Request::ConfirmCancellation { reason: Reason::ShipperCancelled },
        ],
        System::Wms => vec![
            Request::Allocate {
                shipment: s1.clone(),
                location: w1.clone(),
                ship_on,
                ship_to: ship_to(),
                lines: asked(),
            },
            Request::CancelAllocation { shipment: s1, undoes: undoes("allocate"), location: w1 },
        ],
        System::Tms => vec![
            Request::Book { shipment: s1.clone(), from: w1, ship_to: ship_to(), ship_on, mode: None, lines: asked() },
            Request::CancelBooking { shipment: s1, undoes: undoes("book"), tracking: Some("PRO-441".to_owned()) },
        ],
        System::View => Vec::new(),
    };
    let ask = |request: Request| {
        let id = match request.shipment() {
            Some(shipment) => format!("SO-5501/{}/{shipment}", request.kind()),
            None => format!("SO-5501/{}", request.kind()),
        };
        Ask { id: AskId::new(&id).unwrap(), system, partner: partner(of), request }
    };
    requests.into_iter().map(ask).collect()
}

#[test]
fn everything_an_order_asks_is_written_as_it_is_expected_to_be_and_read_without_fault() {
    let names: std::collections::BTreeSet<&str> = READ.iter().map(|(name, ..)| *name).collect();
    for name in names {
        let profile = template(name);
        let asks = asks(profile.system, name);
        let mut kinds: Vec<&str> = asks.iter().map(|ask| ask.request.kind()).collect();
        let mut written: Vec<&str> = profile.requests().collect();
        kinds.sort_unstable();
        written.sort_unstable();
        assert_eq!(written, kinds, "{name}");
        for ask in asks {
            let kind = ask.request.kind();
            let outgoing = profile.encode(&OrderId::new("SO-5501").unwrap(), &ask, sending()).unwrap();
            let known = Known::of(&outgoing.body);
            let Plain { wrong, .. } = plain(known, &outgoing.body).unwrap();
            assert!(wrong.is_empty(), "{name} {kind}: {wrong:?}");
            let extension = if matches!(known, Known::Xml) { "xml" } else { "edi" };
            let text = String::from_utf8(outgoing.body).unwrap();
            hold(&format!("{name}.{kind}.{}.{extension}", outgoing.message), &text);
            let is_named = matches!(kind, "allocate" | "book");
            let reference = outgoing.reference;
            assert_eq!(reference.is_some(), is_named, "{name} {kind}");
            assert!(
                reference.is_none_or(|key| key.len() == 10 && text.contains(&key)),
                "{name} {kind}: it is in the message"
            );
        }
    }
}

/// Real messages: how much the templates read of them, and how much is turned away. Some are too bare to say who ordered, or what
/// happened; one closes an interchange it never opened.
const SAMPLES: [(&str, &str, &str, usize, usize); 16] = [
    ("x12-erp", "850", "x12/004010_850.edi", 1, 0),
    ("x12-erp", "850", "x12/stupidedi_PO850.edi", 0, 1),
    ("x12-erp", "850", "x12/ASC_X12_004010_01_a_Sales_Order_Request_Inbound.edi", 1, 0),
    ("x12-erp", "940", "x12/005010_940.edi", 0, 1),
    ("x12-wms", "943", "x12/stupidedi_AR943.edi", 1, 0),
    ("x12-wms", "944", "x12/stupidedi_RE944.edi", 1, 0),
    ("x12-wms", "945", "x12/005010_945.edi", 1, 0),
    ("x12-wms", "846", "x12/005010_846.edi", 2, 0),
    ("x12-tms", "214", "x12/005010_214.edi", 0, 1),
    ("x12-tms", "210", "x12/005010_210.edi", 1, 0),
    ("edifact-erp", "orders", "edifact/UN_EDIFACT_D_96A_01_a_Sales_Order_Request_Inbound.edi", 1, 0),
    ("edifact-tms", "iftsta", "edifact/d00b_iftsta.edi", 1, 0),
    ("edifact-tms", "iftsta", "edifact/sample.txt", 5, 2),
    ("sap-erp", "orders05", "erp/sap-idoc/01_a_Sales_Order_Request_Outbound.xml", 1, 0),
    ("sap-erp", "orders05", "erp/sap-idoc/01_b_Sales_Order_Response_Outbound.xml", 0, 0),
    ("sap-wms", "delvry07", "erp/sap-idoc/02_Delivery_Notification_Outbound.xml", 1, 0),
];

#[test]
fn real_messages_are_read_as_far_as_they_say_what_the_templates_ask() {
    for (name, message, file, told, rejected) in SAMPLES {
        let Some(raw) = crate::sample(file) else { return };
        let (_, text) = partners::templates().iter().find(|(template, _)| *template == name).unwrap();
        // Some count their segments wrong.
        let mut text = (*text).to_owned();
        for format in ["x12", "edifact"] {
            let header = format!("[in.{message}]\nformat = \"{format}\"\n");
            text = text.replace(&header, &format!("{header}counts = \"forgiven\"\n"));
        }
        let read = partners::Profile::load(name, &text).unwrap().decode(message, raw.as_bytes(), received());
        let said = match read {
            Ok(told) => lines(&told),
            Err(why) => format!("rejected: {why}\n"),
        };
        let count = |is_rejected: bool| said.lines().filter(|line| line.starts_with("rejected") == is_rejected).count();
        assert_eq!((count(false), count(true)), (told, rejected), "{file}\n{said}");
    }
}
