//! The simulated ERP's messages.

use model::master::{CustomerMaster, ItemMaster, LocationMaster, MasterRecord, RouteMaster};
use model::{
    Answer, AskId, Country, Currency, CustomerId, Fact, Invoice, LineId, LocationId, Money, Order, OrderId, OrderLine,
    Outcome, Place, Reason, Sku,
};
use partners::{OrderRef, Told, UnreadableKind};

use crate::{date, decode, facts, one_order, partner, progress, quantity, received, shipped_profile, when};

const ORDER: &str = r#"{"documents": [{
    "vbeln": "SO 1/7", "kunnr": "C-77", "waerk": "EUR", "erdat": "20260301", "vdatu": "20260310", "vsart": "TRUCK",
    "partner_we": {"name1": "Muster GmbH", "stras": "Hafenstr. 1", "ort01": "Hamburg", "pstlz": "20457", "land1": "DE"},
    "items": [
        {"posnr": "10", "matnr": "BOLT-8", "menge": 5, "meins": "ST", "netpr": "12.50", "werks": "EAST",
         "wadat": "20260305", "edatu": "20260309"},
        {"posnr": "20", "matnr": "NUT-8", "menge": "2.5", "meins": "KG"}
    ]}]}"#;

fn money(amount: &str) -> Money {
    Money { amount: amount.parse().unwrap(), currency: Currency::new("EUR").unwrap() }
}

#[test]
fn a_released_order_in_full() {
    let (order, facts, xrefs) = one_order(decode("sim-erp", "order", ORDER));
    assert_eq!(order, OrderRef::Order(OrderId::new("SO 1/7").unwrap()));
    assert_eq!(xrefs, []);
    let expected = Order {
        erp: partner("erp-main"),
        customer: CustomerId::new("C-77").unwrap(),
        currency: Currency::new("EUR").unwrap(),
        ship_to: Place {
            location: None,
            name: Some("Muster GmbH".into()),
            street: Some("Hafenstr. 1".into()),
            city: Some("Hamburg".into()),
            region: None,
            postal_code: Some("20457".into()),
            country: Country::new("DE").ok(),
        },
        ordered: Some(when("2026-03-01")),
        promised: Some(when("2026-03-10")),
        mode: Some("TRUCK".into()),
        lines: vec![
            OrderLine {
                line: LineId::new("10").unwrap(),
                sku: Sku::new("BOLT-8").unwrap(),
                quantity: quantity("5", "EA"),
                unit_price: Some(money("12.50")),
                ship_from: LocationId::new("EAST").ok(),
                ship_on: Some(date("2026-03-05")),
                promised: Some(when("2026-03-09")),
            },
            OrderLine {
                line: LineId::new("20").unwrap(),
                sku: Sku::new("NUT-8").unwrap(),
                quantity: quantity("2.5", "KGM"),
                unit_price: None,
                ship_from: None,
                ship_on: None,
                promised: None,
            },
        ],
    };
    assert_eq!(facts.into_iter().map(|told| told.fact).collect::<Vec<_>>(), [Fact::Released(expected)]);
}

#[test]
fn a_resent_order_is_the_same_fact_and_a_changed_one_is_not() {
    let id = |raw: &str| one_order(decode("sim-erp", "order", raw)).1[0].id;
    assert_eq!(id(ORDER), id(&ORDER.replace("  ", "\n")));
    assert_ne!(id(ORDER), id(&ORDER.replace("12.50", "12.60")));
}

#[test]
fn one_bad_order_leaves_the_others_alone() {
    let sound = ORDER.strip_prefix(r#"{"documents": ["#).unwrap().strip_suffix("]}").unwrap();
    let without_lines = r#"{"vbeln": "SO-2", "kunnr": "C-1", "waerk": "EUR", "partner_we": {}, "items": []}"#;
    let wrong_unit = sound.replace("\"KG\"", "\"LB\"").replace("SO 1/7", "SO-3");
    let raw = format!(r#"{{"documents": [{without_lines}, {sound}, {wrong_unit}]}}"#);
    let told = decode("sim-erp", "order", &raw);
    let [Told::Rejected(first), Told::Order { .. }, Told::Rejected(last)] = &told[..] else { panic!("{told:?}") };
    assert_eq!(
        (first.part, first.why.kind, first.why.field.as_str()),
        (0, UnreadableKind::Empty, "documents[0].items")
    );
    assert_eq!(first.order, OrderId::new("SO-2").ok().map(OrderRef::Order));
    assert_eq!((last.part, last.why.kind), (2, UnreadableKind::UnknownCode));
    assert_eq!(
        last.why.to_string(),
        "unknown code: `documents[2].items[1].meins` holds `LB`, which is not in the table `unit`"
    );
}

#[test]
fn a_line_of_which_nothing_is_wanted_any_more_is_none() {
    let (_, told, _) = one_order(decode("sim-erp", "order", &ORDER.replace(r#""menge": 5"#, r#""menge": "0.000""#)));
    let Fact::Released(order) = &told[0].fact else { panic!("{told:?}") };
    assert_eq!(order.lines.iter().map(|line| line.line.as_str()).collect::<Vec<_>>(), ["20"]);
    let nothing = ORDER.replace(r#""menge": 5"#, r#""menge": 0"#).replace("2.5", "0.0");
    let why = shipped_profile("sim-erp").decode("order", nothing.as_bytes(), received()).unwrap_err();
    assert_eq!((why.kind, why.field.as_str()), (UnreadableKind::Empty, "documents[0].items"));
}

#[test]
fn a_wrong_field_is_named() {
    let profile = shipped_profile("sim-erp");
    for (sound, wrong, kind, field) in [
        (r#""menge": 5"#, r#""menge": "five""#, UnreadableKind::WrongValue, "documents[0].items[0].menge"),
        (r#""menge": 5"#, r#""menge": 4.5"#, UnreadableKind::WrongValue, "documents[0].items[0].menge"),
        (r#""menge": 5"#, r#""menge": -1"#, UnreadableKind::WrongValue, "documents[0].items[0].menge"),
        (r#""menge": 5"#, r#""menge": [5]"#, UnreadableKind::WrongValue, "documents[0].items[0].menge"),
        (r#""menge": 5,"#, "", UnreadableKind::Missing, "documents[0].items[0].menge"),
        (r#""erdat": "20260301""#, r#""erdat": "CCYYMMDD""#, UnreadableKind::WrongValue, "documents[0].erdat"),
        (r#""waerk": "EUR""#, r#""waerk": "Euro""#, UnreadableKind::WrongValue, "documents[0].waerk"),
        (r#""kunnr": "C-77""#, r#""kunnr": " ""#, UnreadableKind::Missing, "documents[0].kunnr"),
        (r#""vbeln": "SO 1/7""#, r#""vbeln": {}"#, UnreadableKind::WrongValue, "documents[0].vbeln"),
        (r#""posnr": "20""#, r#""posnr": "10""#, UnreadableKind::Contradictory, "documents[0].items[1].posnr"),
        (r#""land1": "DE""#, r#""land1": "Germany""#, UnreadableKind::WrongValue, "documents[0].partner_we.land1"),
        (r#"{"documents""#, r#"{"docs""#, UnreadableKind::Missing, "documents"),
    ] {
        let raw = ORDER.replace(sound, wrong);
        let why = profile.decode("order", raw.as_bytes(), received()).unwrap_err();
        assert_eq!((why.kind, why.field.as_str()), (kind, field), "{why}");
    }
}

#[test]
fn master_data_in_one_message() {
    let raw = r#"{
        "materials": [{"matnr": "BOLT-8", "maktx": "Bolt 8 mm"}, {"matnr": "NUT-8"}],
        "customers": [{"kunnr": "C-77", "name1": "Muster GmbH"}],
        "plants": [{"werks": "EAST", "name1": "East hall", "land1": "PL", "lgsystem": "wms-east"}],
        "lanes": [{"land_from": "PL", "land_to": "RU", "block": "embargo"}, {"land_from": "PL", "land_to": "DE"}]}"#;
    let told = decode("sim-erp", "master", raw);
    let country = |code| Country::new(code).unwrap();
    let location = LocationMaster { name: "East hall".into(), country: country("PL"), wms: partner("wms-east") };
    let bolt = ItemMaster { description: "Bolt 8 mm".into() };
    let expected = [
        MasterRecord::Item(Sku::new("BOLT-8").unwrap(), bolt),
        MasterRecord::Customer(CustomerId::new("C-77").unwrap(), CustomerMaster { name: "Muster GmbH".into() }),
        MasterRecord::Location(LocationId::new("EAST").unwrap(), location),
        MasterRecord::Route(country("PL"), country("RU"), RouteMaster { restricted: Some("embargo".into()) }),
        MasterRecord::Route(country("PL"), country("DE"), RouteMaster { restricted: None }),
    ];
    let (rejected, records): (Vec<_>, Vec<_>) = told.into_iter().partition(|told| matches!(told, Told::Rejected(_)));
    assert_eq!(records, expected.map(Told::Master));
    let [Told::Rejected(rejected)] = &rejected[..] else { panic!("{rejected:?}") };
    assert_eq!(rejected.why.field, "materials[1].maktx");
}

#[test]
fn a_confirmation_settles_the_ask() {
    let told = |status: &str| {
        facts(decode(
            "sim-erp",
            "confirmation",
            &format!(
                r#"{{"docnum": 17, "vbeln": "SO-1", "reference": "confirm_shipment", "status": "{status}",
                     "reason": "LESS", "text": "open quantity is 3"}}"#
            ),
        ))
    };
    let answered = |outcome| [Fact::Answered(Answer { ask: AskId::new("confirm_shipment").unwrap(), outcome })];
    let detail = "open quantity is 3".to_owned();
    assert_eq!(told("53"), answered(Outcome::Accepted));
    let refused = Outcome::Refused { reason: Reason::QuantityShort, detail: Some(detail.clone()) };
    assert_eq!(told("51"), answered(refused));
    assert_eq!(told("56"), answered(Outcome::Failed { detail }));
}

#[test]
fn an_invoice_settles_the_ask_and_bills() {
    let raw = r#"{"docnum": 18, "vbeln": "SO-1", "reference": "bill", "status": "53", "vbeln_vf": "90001",
        "netwr": 62.5, "waerk": "EUR", "items": [{"posnr": "10", "fkimg": 5, "meins": "ST"}]}"#;
    let invoice = Invoice { number: "90001".into(), total: money("62.5"), lines: vec![progress("10", "5", None)] };
    let answer = Answer { ask: AskId::new("bill").unwrap(), outcome: Outcome::Accepted };
    assert_eq!(facts(decode("sim-erp", "invoice", raw)), [Fact::Answered(answer), Fact::Billed(invoice)]);

    let refused = r#"{"docnum": 19, "vbeln": "SO-1", "reference": "bill", "status": "51"}"#;
    let outcome = Outcome::Refused { reason: Reason::Unknown, detail: None };
    let answer = Answer { ask: AskId::new("bill").unwrap(), outcome };
    assert_eq!(facts(decode("sim-erp", "invoice", refused)), [Fact::Answered(answer)]);
}
